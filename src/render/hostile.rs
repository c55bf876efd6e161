//! A law for all renderers: whatever stands in any text of a report, a plan or a record, nobody who reads the output acts
//! on it. Each text is replaced by a hostile one in its turn; those that only some texts can be (times, marks) stay.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::promotion::folded::fold;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::record::Entry;
use crate::promotion::report::GateReport;
use crate::render::ending::Ending;
use crate::render::escape::is_unsafe;
use crate::render::markdown::{Summary, summary};
use crate::render::page::JOB_SUMMARY;
use crate::render::report::Heading;
use crate::render::style::Style;
use crate::render::{actions, approvals, ending, json, plan, record, report, samples};

const HOSTILE: &str = "\n::error::x\r\n::stop-commands::y ##[group]z \u{1b}[2J\u{9b}m\u{202e}|`a` @acme/sre <img src=x> [l](http://e.example)";

/// Every value that differs from the given one in a single text, which is hostile.
fn poisoned<T: Serialize + DeserializeOwned>(value: &T) -> Vec<T> {
    let whole = serde_json::to_value(value).unwrap();
    let mut places = Vec::new();
    collect(&whole, String::new(), &mut places);
    let replaced = places.iter().map(|place| {
        let mut copy = whole.clone();
        *copy.pointer_mut(place).unwrap() = Value::from(HOSTILE);
        copy
    });
    replaced.filter_map(|copy| serde_json::from_value(copy).ok()).collect()
}

fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(place),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| collect(item, format!("{place}/{n}"), places));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, item)| collect(item, format!("{place}/{key}"), places)),
        _ => {}
    }
}

fn assert_harmless(output: &str) {
    assert!(!output.contains("##["), "an old command in {output}");
    for line in output.lines() {
        assert!(!line.trim_start().starts_with("::"), "a command: {line}");
        let unseen = line.chars().find(|c| is_unsafe(*c) && *c != '\t');
        assert_eq!(unseen, None, "in {line:?}");
    }
}

/// As [`assert_harmless`], and HTML stands in code only.
fn assert_harmless_markdown(output: &str) {
    assert_harmless(output);
    let mut in_fence = false;
    for line in output.lines() {
        let is_fence = line.starts_with("```");
        in_fence ^= is_fence;
        // What stands in a link's address notifies nobody.
        let line = line.split("](https://a.example").next().unwrap_or(line);
        // The hostile text holds single backticks: a code span around it has two.
        let is_code = in_fence || line.contains("``");
        assert!(is_code || !line.contains("<img"), "HTML: {line}");
        assert!(is_code || !line.contains("@acme"), "a mention: {line}");
        // Between tags an address is no link.
        let is_tag = line.starts_with("<details");
        assert!(is_code || is_tag || !line.contains("http://e"), "a link: {line}");
    }
    assert!(!in_fence, "a fence is left open");
}

fn page(report: Option<&GateReport>, plan: Option<&Plan>) -> String {
    let images = [samples::new()];
    let (heading, diffs) = (samples::heading(&images), samples::diffs());
    summary(
        &Summary { heading, path: &[], ending: None, report, approvals: None, plan, diffs: &diffs, links: &[] },
        JOB_SUMMARY,
    )
}

#[test]
fn reports() {
    let images = [samples::new()];
    let heading = samples::heading(&images);
    let all: Vec<GateReport> = poisoned(&samples::report());
    assert!(all.len() > 60, "{} texts", all.len());
    for gates in &all {
        assert_harmless(&report::text(&heading, gates, Style::PLAIN));
        assert_harmless(&json::validate(&heading, gates, Outcome::Held));
        assert_harmless_markdown(&page(Some(gates), None));
        for line in actions::annotations(gates, &|_| true).lines() {
            assert!(line.starts_with("::error "), "{line}");
            assert!(!line.contains("##["), "{line}");
        }
    }
}

#[test]
fn plans() {
    let all: Vec<Plan> = poisoned(&samples::plan());
    assert!(all.len() > 30, "{} texts", all.len());
    for hostile in &all {
        assert_harmless(&plan::text(hostile, &samples::diffs(), None, Style::PLAIN));
        assert_harmless(&plan::text(hostile, &[], None, Style::PLAIN));
        assert_harmless(&json::plan(hostile, &samples::diffs(), &samples::ready(), Outcome::Planned));
        assert_harmless_markdown(&page(None, Some(hostile)));
    }
}

#[test]
fn approvals_of_roles() {
    for sample in [samples::approvals::waiting(), samples::approvals::refused()] {
        for hostile in &poisoned(&sample) {
            assert_harmless(&approvals::text(hostile, Style::PLAIN));
            assert_harmless(&approvals::still_needed(hostile, Style::PLAIN).join("\n"));
            assert_harmless(&approvals::title(hostile));
            assert_harmless_markdown(&approvals::markdown(hostile, Some(HOSTILE), JOB_SUMMARY));
        }
    }
}

#[test]
fn records() {
    let mut all: Vec<Vec<Entry>> = poisoned(&samples::rolled_back());
    assert!(all.len() > 100, "{} texts", all.len());
    let approved = samples::approvals::judged(samples::approvals::waiting());
    all.extend(poisoned(&samples::approvals::kept(&approved)));
    for entries in &all {
        assert_harmless(&record::text(entries, Style::PLAIN));
        if let Some(story) = fold(entries) {
            assert_harmless(&json::show::show(&story, entries));
        }
    }
}

#[test]
fn headings_and_endings() {
    let image = [samples::new()];
    for images in poisoned(&image.to_vec()) {
        let heading = Heading { service: HOSTILE, from: HOSTILE, to: HOSTILE, images: &images, commit: Some(HOSTILE) };
        assert_harmless(&report::text(&heading, &samples::ready(), Style::PLAIN));
        let bad = Ending {
            seen: vec![HOSTILE.to_owned()],
            next: vec![HOSTILE.to_owned()],
            record: Some(HOSTILE.to_owned()),
            ..Ending::of(Outcome::Failed, HOSTILE)
        };
        assert_harmless(&ending::text(&bad, Style::PLAIN));
        assert_harmless(&json::ending(&bad));
        let path = [HOSTILE.to_owned()];
        let links = [(HOSTILE.to_owned(), format!("https://a.example/{HOSTILE}"))];
        let (ending, report, plan, diffs) = (Some(&bad), None, None, &[][..]);
        let shown = summary(
            &Summary { heading, path: &path, ending, report, approvals: None, plan, diffs, links: &links },
            JOB_SUMMARY,
        );
        assert_harmless_markdown(&shown);
    }
    for refused in [Ending::refused(ending::USAGE, HOSTILE), Ending::refused(ending::USAGE, "")] {
        assert_harmless(&ending::text(&refused, Style::PLAIN));
    }
}
