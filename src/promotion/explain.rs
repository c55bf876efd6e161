//! `promote explain`: what a gate asks for, what an end means, what is wrong where a row or a message says a word. The
//! sentences are the README's own; a test compares those of the ends.

pub mod ends;
pub mod gates;
pub mod topic;
pub mod troubles;

use crate::promotion::explain::topic::{Explained, Topic};
use crate::promotion::outcome::Outcome;
use crate::promotion::rules::fault::meant;

/// What a word means: a gate or a row of a report (`tests`, `tests.unit`, `coverage line`), an exit code (`11`, `exit 11`),
/// an outcome, or a word of a report or message. Several where one exit code has several outcomes. Else the nearest known
/// word, if one is near.
pub fn explain(words: &str) -> Result<Vec<Explained>, Option<&'static str>> {
    let asked = spaced(words);
    // `error budget` is a gate, so what a word may be called goes away only where the whole means nothing.
    let called = ["exit code ", "exit ", "gate ", "error ", "outcome "];
    let short = called.iter().find_map(|before| asked.strip_prefix(before));
    let found = find(&asked).or_else(|| find(short?));
    found.ok_or_else(|| meant(short.unwrap_or(&asked), known()))
}

fn find(asked: &str) -> Option<Vec<Explained>> {
    if let Ok(code) = asked.parse::<u8>() {
        return Some(ends::of_code(code)).filter(|found| !found.is_empty());
    }
    if let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| spaced(outcome.word()) == asked) {
        return Some(vec![Explained::End(outcome, ends::advice(outcome))]);
    }
    // A row of a report begins with its gate.
    let gate = || asked.split(' ').next().and_then(|first| gates::GATES.iter().find(|topic| says(topic, first)));
    Some(vec![Explained::Topic(topic(asked).or_else(gate)?)])
}

/// Every name that can be asked for, gates first.
pub fn known() -> Vec<&'static str> {
    let topics = gates::GATES.iter().chain(troubles::TROUBLES).map(Topic::name);
    topics.chain(Outcome::ALL.iter().map(|outcome| outcome.word())).collect()
}

fn topic(asked: &str) -> Option<&'static Topic> {
    gates::GATES.iter().chain(troubles::TROUBLES).find(|topic| says(topic, asked))
}

fn says(topic: &Topic, asked: &str) -> bool {
    topic.words.iter().any(|word| spaced(word) == asked)
}

/// In lower case, with single spaces for whatever stands between two words.
fn spaced(words: &str) -> String {
    let lower = words.to_lowercase();
    lower
        .split(['.', '_', '-', ' ', '\t', '\n', '`', '"'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::promotion::rules::read::read;
    use crate::promotion::rules::schema::schema;
    use crate::promotion::waivers::file as waivers;

    fn names(words: &str) -> Vec<String> {
        let name = |explained: Explained| match explained {
            Explained::Topic(topic) => topic.name().to_owned(),
            Explained::End(outcome, _) => format!("={}", outcome.word()),
            Explained::Refused(code, ..) => code.to_string(),
        };
        explain(words).unwrap_or_else(|near| panic!("{words}: {near:?}")).into_iter().map(name).collect()
    }

    #[test]
    fn a_word_is_found_however_it_is_written() {
        for (words, found) in [
            ("tests", vec!["tests"]),
            ("tests.unit", vec!["tests"]),
            ("coverage line", vec!["coverage"]),
            ("Gate Security", vec!["security"]),
            ("11", vec!["=unknown"]),
            ("exit 11", vec!["=unknown"]),
            ("exit code 3", vec!["3"]),
            ("rolled back", vec!["=rolled_back"]),
            ("ROLLED_BACK", vec!["=rolled_back"]),
            ("no report", vec!["no report"]),
            ("not bound to a version", vec!["not bound to a version"]),
            ("order dev", vec!["order"]),
            ("error-budget", vec!["error_budget"]),
        ] {
            assert_eq!(names(words), found, "{words}");
        }
        assert_eq!(names("0").len(), Outcome::ALL.iter().filter(|outcome| outcome.exit_code() == 0).count());
    }

    #[test]
    fn what_is_not_known_is_near_something_or_not() {
        for (words, near) in
            [("tets", Some("tests")), ("stael", Some("stale")), ("xyzzy", None), ("99", None), ("", None)]
        {
            assert_eq!(explain(words), Err(near), "{words}");
        }
    }

    #[test]
    fn every_gate_and_every_end_has_its_words() {
        let schema = serde_json::to_value(schema()).unwrap();
        let gates = schema["$defs"]["Gates"]["properties"].as_object().unwrap();
        assert!(gates.len() > 5);
        for gate in gates.keys().map(String::as_str).chain(["order", "approvals"]) {
            assert!(gates::GATES.iter().any(|topic| topic.name() == gate), "{gate} is not explained");
        }
        for outcome in Outcome::ALL {
            assert!(names(outcome.word()).contains(&format!("={}", outcome.word())));
            assert!(!ends::meaning(outcome).is_empty());
        }
    }

    /// A rules file around an example, as its topic means it.
    fn around(topic: &Topic, example: &str) -> String {
        let evidence = "  unit: a.xml\n  integration: b.xml\n  e2e: c.xml\n  coverage: d.info\n  main: g.info\n  security: e.sarif\n  load: f.json\n  quality: h.json\n";
        let known = match example.strip_prefix("evidence: ") {
            Some(own) => format!("evidence: {own}\n"),
            None => format!(
                "evidence:\n{evidence}  checks: {{ github: {{ ask: checks }} }}\n  review: {{ github: {{ ask: review }} }}\n  slo: {{ prometheus: {{ window: 30d, objective: 99.9%, selector: 'env=\"{{environment}}\"' }} }}\n  alerts: {{ alertmanager: {{ matchers: ['env=\"{{environment}}\"'] }} }}\n"
            ),
        };
        let asked = match (topic.name(), example) {
            (_, example) if example.starts_with("evidence:") => "    gates: { soak: { min: 1h } }\n".to_owned(),
            ("approvals", example) => format!("    {example}\n"),
            (_, example) => format!("    gates:\n      {example}\n"),
        };
        format!(
            "version: 1\nservice: app\nenvironments: {{ dev: {{ path: a }}, staging: {{ path: b }} }}\n{known}promotions:\n  - from: dev\n    to: staging\n{asked}"
        )
    }

    #[test]
    fn every_example_is_one_that_the_rules_take() {
        let mut tried = 0;
        for topic in gates::GATES.iter().chain(troubles::TROUBLES) {
            let examples = topic.text.iter().filter_map(|paragraph| paragraph.strip_prefix("    "));
            for example in examples.filter(|example| !example.starts_with("promote ")) {
                tried += 1;
                if example.starts_with("- ") {
                    assert!(waivers::read("waivers.yaml", example).is_ok(), "{example}");
                    continue;
                }
                let text = around(topic, example);
                let rules = read("rules.yaml", &text).unwrap_or_else(|faults| panic!("{text}\n{faults:?}"));
                assert!(rules.promotions[0].not_built.is_empty() || topic.name() == "approvals", "{text}");
            }
        }
        assert!(tried >= 12, "{tried}");
    }

    #[test]
    fn no_word_has_two_meanings_and_every_text_says_something() {
        let all: Vec<&Topic> = gates::GATES.iter().chain(troubles::TROUBLES).collect();
        let words: Vec<String> = all.iter().flat_map(|topic| topic.words).map(|word| spaced(word)).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{words:?}");
        for topic in all {
            assert!(!topic.title.is_empty() && !topic.text.is_empty(), "{}", topic.name());
            assert!(topic.text.iter().all(|paragraph| !paragraph.contains('\n')), "{}", topic.name());
        }
    }
}
