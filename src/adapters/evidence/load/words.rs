//! Words that the parsers of load tests have in common.

use crate::adapters::evidence::said::Defect;

/// That the latencies of a report are those of all requests.
pub(super) const WITH_FAILED: &str = "its latencies include those of failed requests";
/// That the latencies of a report are those of some requests.
pub(super) const ANSWERED_ONLY: &str = "its latencies leave out requests that got no answer";

/// Whether a status code is one of an answer that did not fail.
pub(super) fn is_good(code: &str) -> bool {
    code.parse().is_ok_and(|code: u16| (200..400).contains(&code))
}

/// That a report is not of its format: `it is not oha JSON: it has no `summary``.
pub(super) fn lacks(format: &str, what: &str) -> Defect {
    Defect::Unreadable(format!("it is not {format}: it has no `{what}`"))
}
