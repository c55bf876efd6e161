use super::*;
use crate::render::samples;

#[test]
fn a_report_with_every_mark() {
    let images = [samples::new()];
    let shown = text(&samples::heading(&images), &samples::report(), Style::PLAIN);
    insta::assert_snapshot!(shown, @"");
}

#[test]
fn a_report_that_is_ready_is_short() {
    let images = [samples::old()];
    let shown = text(&Heading { commit: None, ..samples::heading(&images) }, &samples::ready(), Style::PLAIN);
    insta::assert_snapshot!(shown, @"");
}

#[test]
fn color_only_adds_and_no_line_is_too_wide() {
    let images = [samples::new()];
    let plain = text(&samples::heading(&images), &samples::report(), Style::PLAIN);
    let colored = text(&samples::heading(&images), &samples::report(), Style { color: true });
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
    assert_ne!(colored, plain);
    for line in plain.lines() {
        let is_one_word = line.split_whitespace().count() == 1;
        assert!(width(line) <= COLUMNS || is_one_word, "{line}");
    }
}

#[test]
fn nothing_that_the_table_shortens_is_lost() {
    let images = [samples::new()];
    let report = samples::report();
    let shown = text(&samples::heading(&images), &report, Style::PLAIN);
    let flat = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in &report.rows {
        for text in [&row.expected, &row.observed, &row.evidence] {
            assert!(flat.contains(text.as_str()) || row.mark == Mark::Waived, "{}: {text}", row.id);
        }
    }
}

#[test]
fn the_answer_counts_what_holds() {
    let row = |mark, wait: bool| GateRow {
        not_before: wait.then(|| samples::at("14:05:00")),
        ..samples::row("g.x", mark, "a", "b", "c")
    };
    for (marks, said) in [
        (vec![], "READY: the rules ask for no gate."),
        (vec![(Mark::Pass, false)], "READY: 1 gate passes."),
        (
            vec![(Mark::Pass, false), (Mark::Pass, false), (Mark::Waived, false), (Mark::Skipped, false)],
            "READY: 2 gates pass, 1 is waived, 1 optional one has no evidence.",
        ),
        (vec![(Mark::Fail, false)], "HELD: 1 gate failed."),
        (vec![(Mark::Fail, false), (Mark::Unknown, false)], "HELD: 1 gate failed, 1 could not be evaluated."),
        (
            vec![(Mark::Unknown, false), (Mark::Fail, true)],
            "UNKNOWN: 1 gate could not be evaluated, 1 lacks only time.",
        ),
        (
            vec![(Mark::Pass, false), (Mark::Fail, true)],
            "WAITING: only time is lacking, not before 2026-11-22 14:05Z; 1 gate passes already.",
        ),
    ] {
        let report = GateReport::of(marks.into_iter().map(|(mark, wait)| row(mark, wait)).collect());
        assert_eq!(answer(&report), said);
    }
}
