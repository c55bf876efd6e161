//! Order: a version comes to an environment by the way that the rules have, and in no environment before it is left out.
//! The newest record of the version counts, and it must still stand there or have soaked.

use crate::promotion::facts::Facts;
use crate::promotion::head::Baseline;
use crate::promotion::image::{ImageRef, versions};
use crate::promotion::outcome::Outcome;
use crate::promotion::path::{Past, Pins, Predecessor, Running, Stay};
use crate::promotion::report::{GateRow, Mark};
use crate::promotion::rules::Promotion;

/// The gate's name: what stands before the dot of its ids.
pub const NAME: &str = "order";

/// How one environment came out.
struct Judged {
    mark: Mark,
    expected: &'static str,
    observed: String,
    because: Option<String>,
    hint: Option<String>,
    evidence: String,
}

/// One row for each environment before the target, from the first one on.
pub fn rows(promotion: &Promotion, facts: &Facts, rules_path: &str) -> Vec<GateRow> {
    let row = |environment: &str, judged: Judged| GateRow {
        id: format!("{NAME}.{environment}"),
        mark: judged.mark,
        expected: judged.expected.to_owned(),
        observed: judged.observed,
        because: judged.because,
        hint: judged.hint,
        evidence: judged.evidence,
        files: Vec::new(),
        details: Vec::new(),
        details_total: 0,
        not_before: None,
        rule: format!("{rules_path}:{}", promotion.at.line),
    };
    if facts.path.is_empty() {
        let why = format!("what {} holds of this version was not read", promotion.from);
        return vec![row(&promotion.from, unknown("completed", "not read", why, None, "records".to_owned()))];
    }
    let judge = Judge { promotion, version: &facts.version, path: &facts.path };
    // Where a version was taken as given, its way begins.
    let begin = (0..facts.path.len()).rev().find(|at| judge.baseline(*at).is_some()).unwrap_or(0);
    (begin..facts.path.len()).map(|at| row(&facts.path[at].environment, judge.judged(at))).collect()
}

struct Judge<'a> {
    promotion: &'a Promotion,
    version: &'a [ImageRef],
    path: &'a [Predecessor],
}

impl Judge<'_> {
    fn judged(&self, at: usize) -> Judged {
        let here = &self.path[at];
        if here.comes_from.is_none() {
            return self.first(at);
        }
        if let Some(baseline) = self.baseline(at) {
            return self.runs(here, "completed", "adopted", format!("adopted by {}", baseline.by.name));
        }
        match &here.record {
            Some(record) if record.stands() => self.recorded(here, record),
            Some(Past { unconfirmed: Some(why), revoked: None, promotion, .. }) => {
                self.unconfirmed(here, promotion, why)
            }
            Some(record) => self.refused(at, record),
            None => self.unrecorded(at),
        }
    }

    /// The baseline that stands for a record: where the rules trust it, it is still pinned, and no record is newer.
    fn baseline(&self, at: usize) -> Option<&Baseline> {
        let here = &self.path[at];
        let baseline = here.baseline.as_ref().filter(|_| self.promotion.trust_baseline)?;
        let newer = here.record.as_ref().is_none_or(|record| !record.stands() && record.at < baseline.at);
        (newer && here.comes_from.is_some() && here.pins == Pins::Version).then_some(baseline)
    }

    fn version(&self) -> String {
        versions(self.version)
    }

    /// The environment that a way begins with needs no record: it pins the version and runs it, or did when it went on.
    fn first(&self, at: usize) -> Judged {
        let here = &self.path[at];
        let onward = self.path.get(at + 1).and_then(|next| next.record.as_ref());
        match (&here.pins, onward) {
            (Pins::Version, _) => self.runs(here, "pinned", "pinned", here.place.clone()),
            (Pins::Other(_), Some(onward)) if onward.stands() && onward.from == here.environment => {
                pass("pinned", "promoted on", record(onward))
            }
            (Pins::Other(images), _) => {
                let because = format!("{} pins {} now, not {}", here.environment, versions(images), self.version());
                let hint = format!("put {} in {} again", self.version(), here.environment);
                fail("pinned", versions(images), because, Some(hint), here.place.clone())
            }
            (Pins::Unreadable(why), _) => self.unreadable(here, "pinned", why),
        }
    }

    /// A version that came here by a promotion: it is still here, or was for long enough.
    fn recorded(&self, here: &Predecessor, past: &Past) -> Judged {
        match &here.pins {
            Pins::Version => self.runs(here, "completed", past.outcome.word(), record(past)),
            Pins::Other(images) => self.left(here, past, images),
            Pins::Unreadable(why) => self.unreadable(here, "completed", why),
        }
    }

    fn left(&self, here: &Predecessor, past: &Past, images: &[ImageRef]) -> Judged {
        let now = versions(images);
        let (because, by) = match (&here.stay, here.soak_min) {
            (Some(Stay::Until { span, .. }), Some(min)) if *span >= min => {
                return pass("completed", &format!("stood {span}"), record(past));
            }
            (Some(Stay::Until { .. }), None) => return pass("completed", past.outcome.word(), record(past)),
            (Some(Stay::Until { by, span }), Some(min)) => {
                let because = format!("it stood there for {span} only, and the rules want {min}; {now} took its place");
                (because, Some(by))
            }
            (Some(Stay::Unknown) | None, _) => (
                format!(
                    "{now} is pinned there now, which no promotion put there, so it is not known how long it stood"
                ),
                None,
            ),
        };
        let because = format!("{} was completed in {}, but {because}", self.version(), here.environment);
        let evidence = by.map_or_else(|| record(past), |by| format!("record {by}"));
        fail("completed", now, because, Some(self.again(here)), evidence)
    }

    /// What is pinned must run, where somebody can be asked.
    fn runs(&self, here: &Predecessor, expected: &'static str, seen: &str, evidence: String) -> Judged {
        match &here.running {
            Running::NotAsked => pass(expected, seen, evidence),
            Running::Live { .. } => pass(expected, &format!("{seen}, live"), evidence),
            Running::Not(why) => {
                let because = format!("{} pins {}, and does not run it well: {why}", here.environment, self.version());
                let hint = format!("see that {} is Healthy there, or promote another version", self.version());
                fail(expected, "not live".to_owned(), because, Some(hint), evidence)
            }
            Running::Unreadable { why, hint } => {
                let because =
                    format!("it could not be found out whether {} runs {}: {why}", here.environment, self.version());
                unknown(expected, "not known", because, hint.clone(), evidence)
            }
        }
    }

    /// The newest record says yes, and is not to be believed.
    fn unconfirmed(&self, here: &Predecessor, promotion: &str, why: &str) -> Judged {
        let because = format!("the record of {} in {} does not count: {why}", self.version(), here.environment);
        let hint = "promote it there again, in the workflow that the rules name (`github: { workflow }`)";
        unknown("completed", "unconfirmed", because, Some(hint.to_owned()), format!("record {promotion}"))
    }

    /// The newest record of the version says no.
    fn refused(&self, at: usize, past: &Past) -> Judged {
        let here = &self.path[at];
        let (version, to) = (self.version(), &here.environment);
        if let Some(revoked) = &past.revoked {
            let because = format!("{version} was verified in {to}, and that was revoked {revoked}");
            return fail("completed", "revoked".to_owned(), because, Some(self.help(at)), record(past));
        }
        let because = match (&past.undone_by, past.outcome) {
            (Some(by), _) => format!("{version} was taken back in {to} by the rollback {by}"),
            (None, Outcome::RolledBack) => format!("{version} did not verify in {to}, and was rolled back"),
            (None, Outcome::Rejected) => format!("{version} was rejected for {to}"),
            (None, _) => format!("the newest promotion of {version} to {to} failed"),
        };
        let observed = if past.undone_by.is_some() { "taken back" } else { past.outcome.word() };
        let because = format!("{because}; the newest record counts");
        let evidence = past.undone_by.as_ref().map_or_else(|| record(past), |by| format!("record {by}"));
        fail("completed", observed.replace('_', " "), because, Some(self.help(at)), evidence)
    }

    fn unrecorded(&self, at: usize) -> Judged {
        let here = &self.path[at];
        let (version, to) = (self.version(), &here.environment);
        let more = match (&here.baseline, self.promotion.trust_baseline, &here.pins) {
            (Some(_), false, _) => {
                "; it was adopted there, which this promotion does not trust (`trust_baseline`)".to_owned()
            }
            (Some(_), true, _) => format!("; it was adopted there, and {to} no longer pins it"),
            (None, _, Pins::Version) => format!("; {to} pins it, and nothing shows how it came there"),
            (None, _, _) => String::new(),
        };
        let next = &here.leads_to;
        let because =
            format!("no completed promotion of {version} to {to} is recorded, and {to} comes before {next}{more}");
        fail("completed", "no record".to_owned(), because, Some(self.help(at)), "records".to_owned())
    }

    fn unreadable(&self, here: &Predecessor, expected: &'static str, why: &str) -> Judged {
        let because = format!("what {} pins cannot be read: {why}", here.environment);
        unknown(expected, "unreadable", because, None, here.place.clone())
    }

    /// The command that would help: the promotion that is missing, or taking what runs as given.
    fn help(&self, at: usize) -> String {
        let here = &self.path[at];
        let before = at.checked_sub(1).and_then(|before| self.path.get(before));
        let there = before.is_some_and(|before| before.pins == Pins::Version);
        if !there && self.promotion.trust_baseline && here.pins == Pins::Version {
            return format!("promote adopt --env {} --reason \"…\"", here.environment);
        }
        if there { command(here) } else { self.again(here) }
    }

    /// The promotion, once the version is back where it comes from.
    fn again(&self, here: &Predecessor) -> String {
        let from = here.comes_from.as_deref().unwrap_or(&here.environment);
        format!("once {from} pins {}: {}", self.version(), command(here))
    }
}

fn command(here: &Predecessor) -> String {
    format!("promote run --from {} --to {}", here.comes_from.as_deref().unwrap_or_default(), here.environment)
}

fn record(past: &Past) -> String {
    format!("record {}", past.promotion)
}

fn pass(expected: &'static str, observed: &str, evidence: String) -> Judged {
    Judged { mark: Mark::Pass, expected, observed: observed.to_owned(), because: None, hint: None, evidence }
}

fn fail(expected: &'static str, observed: String, because: String, hint: Option<String>, evidence: String) -> Judged {
    Judged { mark: Mark::Fail, expected, observed, because: Some(because), hint, evidence }
}

fn unknown(expected: &'static str, seen: &str, because: String, hint: Option<String>, evidence: String) -> Judged {
    Judged { mark: Mark::Unknown, expected, observed: seen.to_owned(), because: Some(because), hint, evidence }
}

#[cfg(test)]
mod tests;
