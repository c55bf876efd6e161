use super::*;
use crate::promotion::waivers::file;

const TEXT: &str = "\
- id: A
  reason: r
  approved_by: ana
  expires: 2026-12-01
- { gate: tests.e2e, reason: r, approved_by: ana, expires: 2026-11-01 }
";

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn read() -> (WaiversFile, WaiversFacts) {
    let file = file::read("promotion/waivers.yaml", TEXT).unwrap();
    let facts = WaiversFacts::of(&file, at("2026-11-15T00:00:00Z"));
    (file, facts)
}

fn merged(by: &str, pull_request: Option<u64>) -> Merged {
    Merged { by: by.to_owned(), pull_request, commit: "c".to_owned() }
}

#[test]
fn a_date_counts_to_its_end_and_not_beyond() {
    let (file, _) = read();
    for (now, state) in [("2026-12-01T23:59:59.999Z", State::InForce), ("2026-12-02T00:00:00Z", State::Expired)] {
        assert_eq!(WaiversFacts::of(&file, at(now)).list[0].state, state, "{now}");
    }
}

#[test]
fn only_those_in_force_are_asked() {
    let (file, facts) = read();
    let named = crate::promotion::waivers::Named { ids: &["A"], ..Default::default() };
    assert_eq!(facts.in_force().finding(&named), Some("promotion/waivers.yaml:1"));
    assert_eq!(facts.of_gate("tests.e2e"), None, "it is over");
    let before = WaiversFacts::of(&file, at("2026-10-01T00:00:00Z"));
    assert_eq!(before.of_gate("tests.e2e").unwrap().at, "promotion/waivers.yaml:5");
    assert_eq!(before.of_gate("tests.e2"), None);
}

#[test]
fn who_merged_it_answers_for_it() {
    let (_, facts) = read();
    let waiver = |merged: Vec<Merged>| WaiverFacts { merged, ..facts.list[0].clone() };
    for (merges, by, known_by) in [
        (vec![], "@ana", "approved by @ana, by the file's word"),
        (vec![merged("Ana", Some(7))], "@Ana", "merged by @Ana in #7"),
        (vec![merged("bo", Some(12))], "@bo", "merged by @bo in #12; the file says @ana"),
        (vec![merged("ana", None)], "@ana", "committed by @ana, without a pull request"),
        (vec![merged("A Name", None)], "A Name", "committed by A Name, without a pull request; the file says @ana"),
        (
            vec![merged("ana", Some(7)), merged("bo", Some(12))],
            "@ana and @bo",
            "merged by @ana in #7 and merged by @bo in #12",
        ),
    ] {
        let waiver = waiver(merges);
        assert_eq!((waiver.by().as_str(), waiver.known_by().as_str()), (by, known_by));
    }
}

#[test]
fn lines_of_another_text_say_nothing() {
    let (file, facts) = read();
    let ranges = vec![
        (Lines { first: 1, last: 3 }, merged("ana", Some(7))),
        (Lines { first: 4, last: 4 }, merged("bo", Some(12))),
        (Lines { first: 5, last: 5 }, merged("cy", None)),
    ];
    for (text, names) in [(TEXT, ["@ana and @bo", "@cy"]), ("- {}\n", ["@ana", "@ana"])] {
        let mut facts = facts.clone();
        facts.blamed(&file, &Blame { text: text.to_owned(), ranges: ranges.clone() });
        let found: Vec<String> = facts.list.iter().map(WaiverFacts::by).collect();
        assert_eq!(found, names);
        assert_eq!(facts.unknown_merges.is_some(), text != TEXT);
    }
}

#[test]
fn old_facts_without_what_is_new_still_read() {
    let (_, facts) = read();
    let text = serde_json::to_string(&facts).unwrap();
    assert!(!text.contains("merged") && !text.contains("null"), "{text}");
    assert_eq!(serde_json::from_str::<WaiversFacts>(&text).unwrap(), facts);
}
