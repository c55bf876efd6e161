//! Tests of [`report`](super).

use super::*;
use crate::render::samples;

#[test]
fn a_report_with_every_mark() {
    let images = [samples::new()];
    let shown = text(&samples::heading(&images), &samples::report(), Style::PLAIN);
    insta::assert_snapshot!(shown, @r###"
        staging → canary   app
          registry.example.com/app:1.20 @sha256:9f2b9f2b9f2b…   commit c0ffee1

          gate               wanted    found              evidence
        ✓ tests unit         all pass  412 of 412         3 files, 2 min old
        ✓ tests integration  all pass  58 of 58, 1 flaky  artifacts/…n/junit/results.xml
        ✗ tests e2e          all pass  19 of 31 failed    artifacts/e2e/r.xml
        ✓ coverage line      ≥ 80 %    83.4 %             9,120 of 10,934 lines
        ? security high      ≤ 0       no report          nothing matches artifacts/sca…
        ✗ soak min           ≥ 2 h     40 min             record 01JD, since 11:25Z
        ~ slo latency_p95    ≤ 800 ms  912 ms             waived until 2026-12-01 by @a…
        ! tests smoke        all pass  1 of 3 failed      artifacts/smoke.xml
        - tests load         all pass  no report          nothing matches artifacts/loa…

        HELD: 1 gate failed, 1 could not be evaluated, 1 lacks only time.

          tests integration: evidence: artifacts/integration/junit/results.xml
        ✗ tests e2e: 19 of 31 test cases failed.
              checkout.spec › pays with a saved card           (artifacts/e2e/r.xml:118)
                expected 200, got 504
              \x3a:error::<b>|`x` @acme/sre\x1b[2J\u{202e}
                (artifacts/e2e/a-folder-with-a-long-name/and-another-one-below-it/report.xml:7)
                #\x23[group]a message that is so long that it does not fit on the line,
                with https://evil.example/x in it
              checkout.spec › refunds 3                        (artifacts/e2e/r.xml:362)
              checkout.spec › refunds 4                        (artifacts/e2e/r.xml:462)
              checkout.spec › refunds 5                        (artifacts/e2e/r.xml:562)
              and 14 more, all in artifacts/e2e/r.xml
              rule promotion/promotion-rules.yaml:41
        ? security high: evidence `scan` is missing. A missing report is not a clean
              one.
              evidence: nothing matches artifacts/scan/*.sarif
            → upload the scan as artifacts/scan/*.sarif, or mark the gate optional
              rule promotion/promotion-rules.yaml:41
        ✗ soak min: The version has run in staging for 40 min.
              not before 2026-11-22 13:25Z
              rule promotion/promotion-rules.yaml:41
        ~ slo latency_p95: waived until 2026-12-01 by @ana: load test host
              evidence: 30 d to 12:04:10Z
        ! tests smoke: optional
              rule promotion/promotion-rules.yaml:41
        - tests load: optional, and there is no evidence
              evidence: nothing matches artifacts/load.xml
    "###);
}

#[test]
fn a_report_that_is_ready_is_short() {
    let images = [samples::old()];
    let shown = text(&Heading { commit: None, ..samples::heading(&images) }, &samples::ready(), Style::PLAIN);
    insta::assert_snapshot!(shown, @r###"
        staging → canary   app   registry.example.com/app:1.10 (mutable tag)

          gate           wanted    found       evidence
        ✓ tests unit     all pass  412 of 412  3 files, 2 min old
        ✓ coverage line  ≥ 80 %    83.4 %      9,120 of 10,934 lines

        READY: 2 gates pass.
    "###);
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
            assert!(flat.contains(text.as_str()), "{}: {text}", row.id);
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
