use std::sync::Arc;

use super::*;
use crate::promotion::measures::Findings;
use crate::promotion::waivers::{Waivers, Waives};

const TOOL: &str = r#""tool":{"driver":{"name":"t","semanticVersion":"1.2.0","rules":[
    {"id":"js/xss","properties":{"security-severity":"6.1","tags":["security","external/cwe/cwe-079"]}},
    {"id":"js/log","defaultConfiguration":{"level":"note"}}]}}"#;

const RESULTS: &str = r#""results":[
    {"ruleIndex":0,"message":{"text":"a"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/a.js"},"region":{"startLine":7}}}]},
    {"ruleId":"js/xss","message":{"text":"b"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"test/b.js"},"region":{"startLine":7}}}]},
    {"ruleId":"js/log","message":{"text":"c"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/a.js"},"region":{"startLine":9}}}]}]"#;

fn read(parts: [&str; 2], waives: Option<Waives>) -> (Findings, About) {
    let text = format!(r#"{{"version":"2.1.0","runs":[{{{}}}]}}"#, parts.join(","));
    let waivers = Waivers::new(waives.into_iter().map(|waives| ("w:1".to_owned(), waives)));
    let mut found = Found::new(Arc::new(waivers));
    let about = parse(Window::new(text.as_bytes()), "r.sarif", &mut found).unwrap();
    (found.finish().unwrap().0, about)
}

#[test]
fn waivers_hold_wherever_the_rules_stand() {
    let waives = |id: Option<&str>, path: Option<&str>| {
        Some(Waives { id: id.map(str::to_owned), path: path.map(str::to_owned), ..Waives::default() })
    };
    for (waives, waived, medium, low) in [
        (None, vec![], 2, 1),
        (waives(Some("js/xss"), None), vec!["src/a.js:7", "test/b.js:7"], 0, 1),
        (waives(Some("CWE-79"), Some("test/**")), vec!["test/b.js:7"], 1, 1),
        (waives(None, Some("src/*")), vec!["src/a.js:7", "src/a.js:9"], 1, 0),
        (waives(Some("js/sql"), None), vec![], 2, 1),
    ] {
        for parts in [[TOOL, RESULTS], [RESULTS, TOOL]] {
            let (findings, _) = read(parts, waives.clone());
            assert_eq!((findings.medium, findings.low, findings.high), (medium, low, 0), "{waives:?}");
            let seen: Vec<&str> = findings.waived.iter().map(|one| one.detail.at.as_str()).collect();
            assert_eq!(seen, waived, "{waives:?}");
            assert_eq!(findings.worst.len() as u64, medium + low);
            assert!(findings.worst.iter().all(|detail| detail.name.starts_with("js/")), "{:?}", findings.worst);
        }
    }
}

#[test]
fn the_tool_and_its_version_are_noted() {
    let (_, about) = read([TOOL, RESULTS], None);
    let tools: Vec<_> = about.tools.iter().map(|tool| (tool.name.as_str(), tool.version.as_deref())).collect();
    assert_eq!(tools, [("t", Some("1.2.0"))]);
}

#[test]
fn another_tool_that_tells_of_the_same_weakness_on_the_same_line_counts_once() {
    let [one, other, first_line] = [("u", "x1", 7), ("v", "x2", 7), ("w", "x3", 1)];
    let run = |(tool, rule, line): (&str, &str, u64)| {
        format!(
            r#"{{"tool":{{"driver":{{"name":"{tool}","rules":[{{"id":"{rule}","properties":{{"tags":["CWE-79: Cross-site"]}}}}]}}}},
               "results":[{{"ruleId":"{rule}","message":{{"text":"{tool}"}},"locations":[{{"physicalLocation":
               {{"artifactLocation":{{"uri":"a.js"}},"region":{{"startLine":{line}}}}}}}]}}]}}"#
        )
    };
    let count = |runs: &[String]| {
        let text = format!(r#"{{"version":"2.1.0","runs":[{}]}}"#, runs.join(","));
        let mut found = Found::default();
        parse(Window::new(text.as_bytes()), "r.sarif", &mut found).unwrap();
        found.finish().unwrap().0.medium
    };
    assert_eq!(count(&[run(one), run(other)]), 1);
    // A scanner of packages puts all that it finds on the first line.
    assert_eq!(count(&[run(first_line), run(("x", "x4", 1))]), 2);
}
