//! NUnit 2 XML (`test-results`, or a `test-suite` alone), which nunit-console 2 wrote, and other tools still do.
//!
//! A case that was not executed is skipped, but for one that is `NotRunnable`: it is written wrongly, and NUnit's own exit code counts it
//! among the bad. Up to 2.4 there is no `result` but `success`, which may be missing beside a `failure`.

use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tests::cases::{CaseOutcome, Cases};
use crate::adapters::evidence::tests::nunit::{Dialect, Said, walk};
use crate::adapters::evidence::window::Window;

const NUNIT_2: Dialect = Dialect { title: "NUnit 2 XML", root: "test-results", mark: "executed", judge, is_bad };

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    walk(&NUNIT_2, input, path, cases)
}

fn is(word: &str, wanted: &str) -> bool {
    word.trim().eq_ignore_ascii_case(wanted)
}

fn judge(said: &Said<'_>) -> Option<CaseOutcome> {
    Some(match said.result {
        "NotRunnable" => CaseOutcome::Errored,
        _ if is(said.executed, "false") => CaseOutcome::Skipped,
        "Success" | "Passed" => CaseOutcome::Passed,
        "Failure" | "Failed" => CaseOutcome::Failed,
        "Ignored" | "Skipped" | "Inconclusive" => CaseOutcome::Skipped,
        "" if is(said.success, "true") => CaseOutcome::Passed,
        "" if is(said.success, "false") => CaseOutcome::Failed,
        "" => return None,
        _ => CaseOutcome::Errored,
    })
}

fn is_bad(said: &Said<'_>) -> bool {
    match said.result {
        "Failure" | "Failed" | "Error" | "Cancelled" | "NotRunnable" => true,
        "" => is(said.success, "false") && !is(said.executed, "false"),
        _ => false,
    }
}
