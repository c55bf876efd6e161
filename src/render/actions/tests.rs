//! Tests of [`actions`](super).

use super::*;
use crate::render::samples;

#[test]
fn places_are_read_as_reports_write_them() {
    for (at, file, line) in [
        ("artifacts/e2e/r.xml:118", "artifacts/e2e/r.xml", Some(118)),
        ("src/a.rs:3:7", "src/a.rs", Some(3)),
        ("src/a.rs", "src/a.rs", None),
        ("C:\\a.rs:0", "C:\\a.rs:0", None),
        ("", "", None),
    ] {
        assert_eq!(place(at), Place { file: file.to_owned(), line }, "{at}");
    }
}

#[test]
fn failing_gates_are_annotated_once_each() {
    let shown = annotations(&samples::report(), &|file| file == "artifacts/e2e/r.xml");
    insta::assert_snapshot!(shown, @r###"
        ::error file=artifacts/e2e/r.xml,line=118,title=tests e2e%3A wanted all pass%2C found 19 of 31 failed::19 of 31 test cases failed.%0Acheckout.spec › pays with a saved card - expected 200, got 504 - artifacts/e2e/r.xml:118%0A\x3a:error::<b>|`x` @acme/sre\x1b[2J\u{202e} - #\x23[group]a message that is so long that it does not fit on the line, with https://evil.example/x in it - artifacts/e2e/a-folder-with-a-long-name/and-another-one-below-it/report.xml:7%0Acheckout.spec › refunds 3 - artifacts/e2e/r.xml:362%0Acheckout.spec › refunds 4 - artifacts/e2e/r.xml:462%0Acheckout.spec › refunds 5 - artifacts/e2e/r.xml:562%0Aand 14 more, all in artifacts/e2e/r.xml%0Arule promotion/promotion-rules.yaml:41
        ::error title=security high%3A wanted ≤ 0%2C found no report::evidence `scan` is missing. A missing report is not a clean one.%0Aupload the scan as artifacts/scan/*.sarif, or mark the gate optional%0Arule promotion/promotion-rules.yaml:41
    "###);
}

#[test]
fn at_most_ten_annotations_and_none_is_forgotten() {
    let rows = |count: usize| {
        GateReport::of((0..count).map(|n| samples::row(&format!("g.{n}"), Mark::Fail, "a", "b", "c")).collect())
    };
    assert_eq!(annotations(&rows(10), &|_| false).lines().count(), 10);
    let many = annotations(&rows(12), &|_| false);
    assert_eq!(many.lines().count(), 10);
    assert!(many.ends_with("::error title=3 more gates do not pass::g 9, g 10, g 11: the job summary has them all\n"));
    assert_eq!(annotations(&samples::ready(), &|_| true), "");
}

#[test]
fn a_long_message_is_cut_as_the_runner_would() {
    let shown = warning("t", None, &"é".repeat(5000));
    assert_eq!(shown.matches('é').count(), MESSAGE);
}

#[test]
fn a_title_cannot_add_properties_or_lines() {
    assert_eq!(group("a\n::error::b"), "::group::a\\n\\x3a:error::b\n");
    let place = Place { file: "a,b:c.xml".to_owned(), line: Some(3) };
    assert_eq!(
        error("x,file=/etc/passwd::y\n::stop", Some(&place), "100%\n::error::z"),
        "::error file=a%2Cb%3Ac.xml,line=3,title=x%2Cfile=/etc/passwd%3A%3Ay\\n\\x3a%3Astop::100%25%0A\\x3a:error::z\n"
    );
}

#[test]
fn every_line_of_a_secret_is_masked() {
    let shown = masks(&["hunter2", "", "  ", "-----BEGIN\r\nabc%d\n\n-----END\n", "hunter2"]);
    assert_eq!(
        shown,
        "::add-mask::hunter2\n::add-mask::-----BEGIN%0D%0Aabc%25d%0A%0A-----END%0A\n::add-mask::-----BEGIN\n\
         ::add-mask::abc%25d\n::add-mask::-----END\n"
    );
}

#[test]
fn an_output_cannot_write_another_output() {
    assert_eq!(output("outcome", "held", "gh_1").unwrap(), "outcome<<gh_1\nheld\ngh_1\n");
    assert_eq!(output("report", "a\nb", "gh_1").unwrap(), "report<<gh_1\na\nb\ngh_1\n");
    assert_eq!(output("report", "a\ngh_1\nevil=1", "gh_1"), Err(OutputFault::Delimiter("report".to_owned())));
    assert_eq!(output("report", "a", ""), Err(OutputFault::Delimiter("report".to_owned())));
    assert_eq!(output("a=b", "c", "gh_1"), Err(OutputFault::Name("a=b".to_owned())));
}
