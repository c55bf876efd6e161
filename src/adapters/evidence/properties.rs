//! Laws that hold for every report: nothing makes a parser panic, and shards say what the whole says.

use std::path::Path;

use proptest::prelude::*;

use crate::adapters::evidence::fixtures::{ROOT, samples};
use crate::adapters::evidence::intake;
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::sniff::sniff;
use crate::adapters::evidence::tally::{Asked, Tally};
use crate::adapters::evidence::window::Window;
use crate::promotion::measures::Measure;
use crate::promotion::rules::format::Format;

/// Reads bytes as every format. What comes out does not matter: that it does, does.
fn survive(bytes: &[u8]) {
    let Ok(opened) = intake::open(bytes) else { return };
    sniff(&opened.head);
    for format in Format::all() {
        let Ok(opened) = intake::open(bytes) else { return };
        let mut tally = Tally::new(format.family(), &Asked::default());
        if tally.pour(format, opened.text, "path").is_ok() {
            let _ = tally.finish();
        }
    }
}

fn measured(format: Format, texts: &[String]) -> Result<Measure, Defect> {
    let mut tally = Tally::new(format.family(), &Asked::default());
    for text in texts {
        tally.pour(format, Window::new(text.as_bytes()), "path")?;
    }
    tally.finish().map(|(measure, _)| measure)
}

fn junit(cases: &[(u8, u8)]) -> String {
    let cases: String = cases
        .iter()
        .map(|(name, outcome)| {
            let child = match outcome {
                0 => "<failure/>",
                1 => "<error/>",
                2 => "<skipped/>",
                3 => "<flakyFailure/>",
                _ => "",
            };
            format!("<testcase classname='c' name='n{name}'>{child}</testcase>")
        })
        .collect();
    format!("<testsuites><testsuite name='s'>{cases}</testsuite></testsuites>")
}

fn sarif(results: &[(u8, u8)]) -> String {
    let levels = ["error", "warning", "note", "none"];
    let results: Vec<String> = results
        .iter()
        .map(|(rule, level)| {
            let suppressions = if level % 5 == 4 { r#","suppressions":[{"kind":"inSource"}]"# } else { "" };
            let level = levels[usize::from(*level) % 4];
            format!(r#"{{"ruleId":"r{rule}","level":"{level}","message":{{"text":"m"}}{suppressions}}}"#)
        })
        .collect();
    let results = results.join(",");
    format!(r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"t"}}}},"results":[{results}]}}]}}"#)
}

#[test]
fn the_fuzz_corpus_is_survived() {
    for folder in std::fs::read_dir("fuzz/corpus").unwrap().map(|entry| entry.unwrap().path()) {
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{}", folder.display());
        for file in files {
            survive(&std::fs::read(file).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes);
    }

    #[test]
    fn any_damage_to_a_sample_is_survived(
        sample in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        put in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let samples = samples();
        let mut bytes = std::fs::read(Path::new(ROOT).join(&sample.get(&samples).path)).unwrap();
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put);
        survive(&bytes);
    }

    #[test]
    fn markup_in_any_order_is_survived(parts in prop::collection::vec(prop::sample::select(vec![
        "<testsuites>", "</testsuites>", "<testsuite name='a'>", "</testsuite>", "<testcase name='b'>", "</testcase>", "<failure>",
        "</failure>", "<error/>", "<coverage line-rate='1'>", "<class filename='f'>", "<line number='1' hits='1'/>", "</class>",
        "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE a [", "]>", "&amp;", "&x;", "<?xml", "?>", "\n", "text", "'", "\"", "<", ">",
        "{\"version\":\"2.1.0\",", "\"runs\":[{", "\"results\":[{", "\"ruleId\":\"a\"", "\"ruleIndex\":-1", ",", "}]", "}", "null",
        "SF:a\n", "DA:1,1\n", "BRDA:1,0,0,-\n", "end_of_record\n",
    ]), 0..30)) {
        survive(parts.concat().as_bytes());
    }

    #[test]
    fn shards_say_what_the_whole_says(items in prop::collection::vec((0u8..30, 0u8..8), 1..60), cut in any::<prop::sample::Index>()) {
        let (left, right) = items.split_at(cut.index(items.len()));
        for (format, write) in [(Format::Junit, junit as fn(&[(u8, u8)]) -> String), (Format::Sarif, sarif)] {
            let whole = measured(format, &[write(&items)]);
            prop_assert_eq!(measured(format, &[write(left), write(right)]), whole);
        }
    }

    #[test]
    fn a_test_more_never_turns_a_failure_into_a_pass(items in prop::collection::vec((0u8..9, 0u8..6), 1..20), more in (0u8..9, 0u8..6)) {
        let bad = |items: &[(u8, u8)]| match measured(Format::Junit, &[junit(items)]) {
            Ok(Measure::Tests(tests)) => tests.failed + tests.errored,
            _ => 0,
        };
        let with_more: Vec<_> = items.iter().copied().chain([more]).collect();
        prop_assert!(bad(&with_more) >= bad(&items));
    }
}
