//! What a file comes to, whatever its form: an objective, its window, and the queries that measure it.

use std::collections::BTreeMap;

use crate::promotion::levels::Level;
use crate::promotion::number::Decimal;
use crate::promotion::rules::quantity;
use crate::promotion::time::Millis;

/// What an objective is, and how it is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The promised share of good requests.
    pub objective: Decimal,
    /// Over which time, where the file says it.
    pub window: Option<Millis>,
    /// Over which time else, by the format's custom.
    pub usual_window: Option<Millis>,
    /// Queries, with `{window}`.
    pub queries: BTreeMap<Level, String>,
}

/// A query with the window's place marked as ours is, whichever of the usual ways the file has.
pub fn follows(query: &str) -> String {
    ["{{.window}}", "{{ .window }}", "{{window}}", "${window}"]
        .iter()
        .fold(query.trim().to_owned(), |query, mark| query.replace(mark, "{window}"))
}

/// The queries of failed ones and of all. They are counts where they say so by `increase` or `rate`; else only their quotient means
/// something.
pub fn queries_of(errors: &str, total: &str) -> BTreeMap<Level, String> {
    match (count(errors), count(total)) {
        (Some(errors), Some(total)) => BTreeMap::from([(Level::Errors, errors), (Level::Requests, total)]),
        _ => BTreeMap::from([(Level::Availability, format!("1 - ({errors}) / ({total})"))]),
    }
}

fn count(query: &str) -> Option<String> {
    let has = |function: &str| query.contains(function);
    match (has("increase("), has("rate("), has("irate(")) {
        (true, false, _) => Some(query.to_owned()),
        (false, true, false) => Some(format!("({query}) * {{seconds}}")),
        _ => None,
    }
}

/// A share that is promised, of a number with its point so many places to the right.
pub fn share(text: &str, places: u32) -> Result<Decimal, String> {
    let share: Decimal =
        text.trim().trim_end_matches('%').parse().map_err(|_| format!("its target `{text}` is no number"))?;
    let share = share.shifted_left(places);
    if share > Decimal::ZERO && share < Decimal::whole(1) {
        return Ok(share);
    }
    Err(format!("its target `{text}` leaves no error budget, or promises nothing"))
}

/// The time that an objective is over: a minute or more.
pub fn span(text: &str) -> Result<Millis, String> {
    let span = quantity::span(text).map_err(|help| format!("its window `{text}` cannot be read: {help}"))?;
    if span < Millis::mins(1) { Err(format!("its window `{text}` is too short")) } else { Ok(span) }
}
