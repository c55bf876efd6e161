//! Laws of all formats of tests: shards say what the whole says, and a failure says what and where.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::adapters::evidence::intake;
use crate::adapters::evidence::tests::cases::Cases;
use crate::adapters::evidence::tests::parse;
use crate::adapters::evidence::window::Window;
use crate::promotion::measures::Tests;
use crate::promotion::rules::format::Format;

/// A case in short: the number that names it, and how it came out.
type Item = (u8, u8);

/// Writes a report of some cases.
type Writer = fn(&[Item]) -> String;

fn each(items: &[Item], words: [&str; 4], write: impl Fn(&mut String, u8, &str)) -> String {
    items.iter().fold(String::new(), |mut text, (name, outcome)| {
        write(&mut text, *name, words[usize::from(*outcome) % 4]);
        text
    })
}

fn trx(items: &[Item]) -> String {
    let cases = each(items, ["Passed", "Failed", "Error", "NotExecuted"], |text, name, outcome| {
        write!(text, "<UnitTestResult testId='t{name}' testName='n{name}' outcome='{outcome}'/>").unwrap();
    });
    format!("<TestRun><Results>{cases}</Results></TestRun>")
}

fn nunit(items: &[Item]) -> String {
    let words = ["'Passed'", "'Failed'", "'Failed' label='Error'", "'Skipped'"];
    let cases = each(items, words, |text, name, outcome| {
        write!(text, "<test-case name='n{name}' fullname='c.n{name}' result={outcome}/>").unwrap();
    });
    format!("<test-run><test-suite type='Assembly' name='a.dll'>{cases}</test-suite></test-run>")
}

fn nunit2(items: &[Item]) -> String {
    let words = ["'Success'", "'Failure'", "'Error'", "'Ignored' executed='False'"];
    let cases = each(items, words, |text, name, outcome| {
        write!(text, "<test-case name='n{name}' result={outcome}/>").unwrap();
    });
    format!("<test-results><test-suite name='/b/a.dll'><results>{cases}</results></test-suite></test-results>")
}

fn xunit(items: &[Item]) -> String {
    let cases = each(items, ["Pass", "Fail", "Odd", "Skip"], |text, name, outcome| {
        write!(text, "<test name='n{name}' type='c' method='m' result='{outcome}'/>").unwrap();
    });
    format!("<assemblies><assembly name='/b/a.dll'><collection>{cases}</collection></assembly></assemblies>")
}

fn ctrf(items: &[Item]) -> String {
    let cases = each(items, ["passed", "failed", "other", "skipped"], |text, name, outcome| {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, r#"{comma}{{"name":"n{name}","status":"{outcome}"}}"#).unwrap();
    });
    format!(r#"{{"results":{{"tests":[{cases}]}}}}"#)
}

const WRITERS: [(Format, Writer); 5] = [
    (Format::Trx, trx),
    (Format::Nunit, nunit),
    (Format::Nunit2, nunit2),
    (Format::Xunit, xunit),
    (Format::Ctrf, ctrf),
];

fn read(format: Format, path: &str, text: &[u8]) -> Cases {
    let mut cases = Cases::default();
    parse(format, Window::new(text), path, &mut cases).unwrap();
    cases
}

fn merged(format: Format, texts: &[String]) -> Option<Tests> {
    let mut all = Cases::default();
    texts.iter().for_each(|text| all.absorb(read(format, "r", text.as_bytes())));
    // Which line a case stands on is another matter.
    all.finish().ok().map(|(tests, _)| Tests { failures: Vec::new(), ..tests })
}

proptest! {
    #[test]
    fn shards_say_what_the_whole_says(items in prop::collection::vec((0u8..20, 0u8..4), 1..40), cut in any::<prop::sample::Index>()) {
        let (left, right) = items.split_at(cut.index(items.len()));
        for (format, write) in WRITERS {
            let whole = merged(format, &[write(&items)]);
            prop_assert_eq!(&merged(format, &[write(left), write(right)]), &whole, "{:?}", format);
            prop_assert_eq!(&merged(format, &[write(right), write(left)]), &whole, "{:?}", format);
        }
    }
}

#[test]
fn failures_say_what_and_where() {
    for (format, file, wanted) in [
        (Format::Trx, "trx/vstest.trx", &["Totals(False) | Expected: False | r:5"] as &[&str]),
        (
            Format::Trx,
            "trx/crashed.trx",
            &["(the run itself) | The active test run was aborted. Reason: Test host process crashed | r:5"],
        ),
        (
            Format::Nunit,
            "nunit/console.xml",
            &[
                "Shop.CartTests.Fails | Expected: 12 | r:10",
                "Shop.CartTests.Throws | System.Exception : no database | r:19",
                "Shop.DbTests.Reads | OneTimeSetUp: no database | r:29",
                "Shop.DbTests.Writes |  | r:30",
            ],
        ),
        (
            Format::Nunit,
            "nunit/tear-down.xml",
            &["DbTests › (the suite itself) | TearDown : cannot drop the table | r:3"],
        ),
        (
            Format::Nunit2,
            "nunit2/success-only.xml",
            &["Shop.CartTests.Fails | Expected 12 | r:7", "Shop.CartTests.Silent | no success is said | r:8"],
        ),
        (Format::Xunit, "xunit/v2.xml", &["Shop.CartTests.Fails | Assert.Equal() Failure | r:7"]),
        (
            Format::Xunit,
            "xunit/clean-up.xml",
            &[
                "Shop.Tests.dll › (outside of its tests) Shop.CartTests | the port is still open | r:4",
                "Shop.Tests.dll › (outside of its tests) assembly-cleanup | no | r:5",
            ],
        ),
        (
            Format::Ctrf,
            "ctrf/traps.json",
            &[
                "cart > other › adds | no window | r:11",
                "never passed |  | r:14",
                "todo |  | r:17",
                "peculiar |  | r:18",
            ],
        ),
    ] {
        let bytes = std::fs::read(format!("fixtures/evidence/{file}")).unwrap();
        let mut cases = Cases::default();
        parse(format, intake::open(bytes.as_slice()).unwrap().text, "r", &mut cases).unwrap();
        let failures = cases.finish().unwrap().0.failures;
        let shown: Vec<String> =
            failures.iter().map(|bad| format!("{} | {} | {}", bad.name, bad.message, bad.at)).collect();
        assert_eq!(shown, wanted, "{file}");
    }
}
