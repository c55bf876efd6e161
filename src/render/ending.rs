//! How a run ends, in words: what happened, what was expected and seen, what to do, and the exit code.

use crate::promotion::outcome::Outcome;
use crate::promotion::report::GateReport;
use crate::promotion::time::Millis;
use crate::render::style::{COLUMNS, Style};
use crate::render::{escape, report, words};

/// Bad flags or inputs.
pub const USAGE: u8 = 2;
/// Rules or settings that are invalid.
pub const INVALID: u8 = 3;

/// The end of a run, filled in by whoever ran it; all texts may come from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How it ended.
    pub exit: Exit,
    /// What happened, in one sentence: `staging is back on app 1.10.`
    pub what: String,
    /// What was expected and what was seen, a line each.
    pub seen: Vec<String>,
    /// What to do now, a line each.
    pub next: Vec<String>,
    /// The promotion's id, where there is a record.
    pub record: Option<String>,
    /// How long it took.
    pub took: Option<Millis>,
}

/// How a run ended: with an outcome, or before there could be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With an outcome.
    Outcome(Outcome),
    /// Refused before anything was read or written: [`USAGE`] or [`INVALID`].
    Refused(u8),
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Outcome(outcome) => outcome.exit_code(),
            Self::Refused(code) => code,
        }
    }

    /// The outcome, if there is one.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Outcome(outcome) => Some(outcome),
            Self::Refused(_) => None,
        }
    }
}

impl Ending {
    /// An ending with an outcome.
    pub fn of(outcome: Outcome, what: impl Into<String>) -> Self {
        Self::new(Exit::Outcome(outcome), what.into())
    }

    /// An ending that says what the gates say.
    pub fn judged(outcome: Outcome, gates: &GateReport) -> Self {
        let answer = report::answer(gates);
        Self::of(outcome, answer.split_once(": ").map_or(answer.as_str(), |(_, said)| said))
    }

    /// An ending before there could be an outcome: [`USAGE`] or [`INVALID`].
    pub fn refused(code: u8, what: impl Into<String>) -> Self {
        Self::new(Exit::Refused(code), what.into())
    }

    /// An ending by a fault: `doing` fits "failed to …", `why` and `hint` may have several lines.
    pub fn fault(exit: Exit, doing: &str, why: &str, hint: Option<&str>) -> Self {
        let mut ending = Self::new(exit, format!("could not {doing}."));
        ending.seen = why.lines().map(str::to_owned).collect();
        ending.next = hint.into_iter().flat_map(str::lines).map(str::to_owned).collect();
        ending
    }

    fn new(exit: Exit, what: String) -> Self {
        Self { exit, what, seen: Vec::new(), next: Vec::new(), record: None, took: None }
    }

    /// What happened in one line: `ROLLED BACK: staging is back on app 1.10.`
    pub fn headline(&self) -> String {
        let what = escape::line(&self.what);
        match self.exit.outcome() {
            Some(outcome) => format!("{}: {what}", words::shouted(outcome)),
            None => {
                let mut chars = what.chars();
                let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
                format!("{first}{}", chars.as_str())
            }
        }
    }
}

/// The whole ending, with a line end: the headline, what was seen, what to do, and
/// `exit 21   record 01JD…   took 6 min 2 s`.
pub fn text(ending: &Ending, style: Style) -> String {
    let headline = ending.headline();
    let mut lines = words::wrapped("", 2, &headline, COLUMNS);
    if let Some(first) = lines.first_mut() {
        let (word, rest) = match (ending.exit.outcome(), first.split_once(": ")) {
            (Some(_), Some((word, rest))) => (format!("{word}:"), format!(" {rest}")),
            _ => (first.clone(), String::new()),
        };
        *first = format!("{}{rest}", style.ending(ending.exit.outcome(), &word));
    }
    lines.extend(below(ending));
    lines.join("\n") + "\n"
}

/// The ending below a report that has said the answer already: all but the headline.
pub fn after_report(ending: &Ending) -> String {
    below(ending).join("\n") + "\n"
}

fn below(ending: &Ending) -> Vec<String> {
    let mut lines = Vec::new();
    for seen in &ending.seen {
        // What a program or a resource said may be indented by its meaning: that is kept.
        let indent = 2 + seen.len() - seen.trim_start_matches(' ').len();
        lines.extend(words::wrapped(&" ".repeat(indent), indent + 2, &escape::line(seen), COLUMNS));
    }
    for next in &ending.next {
        lines.extend(words::wrapped("  → ", 4, &escape::line(next), COLUMNS));
    }
    lines.push(exit_line(ending));
    lines
}

fn exit_line(ending: &Ending) -> String {
    let record = ending.record.as_ref().map(|id| format!("   record {}", escape::line(id))).unwrap_or_default();
    let took = ending.took.map(|took| format!("   took {took}")).unwrap_or_default();
    format!("exit {}{record}{took}", ending.exit.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn a_rollback_says_what_why_and_what_to_do() {
        let ending = Ending {
            seen: vec![
                "app-staging turned Degraded 48 s after the sync and stayed so for 60 s (grace 60 s):".to_owned(),
                "  Deployment/app: Pod app-6d CrashLoopBackOff: \"DATABASE_URL\nis not set\u{1b}[2J\"".to_owned(),
            ],
            next: vec!["promote show 01JD5T0000000000000000000Z".to_owned()],
            record: Some("01JD5T0000000000000000000Z".to_owned()),
            took: Some(Millis::secs(362)),
            ..Ending::of(Outcome::RolledBack, "staging is back on app 1.10.")
        };
        insta::assert_snapshot!(text(&ending, Style::PLAIN), @r###"
            ROLLED BACK: staging is back on app 1.10.
              app-staging turned Degraded 48 s after the sync and stayed so for 60 s (grace
                60 s):
                Deployment/app: Pod app-6d CrashLoopBackOff: "DATABASE_URL\nis not
                  set\x1b[2J"
              → promote show 01JD5T0000000000000000000Z
            exit 21   record 01JD5T0000000000000000000Z   took 6 min 2 s
        "###);
    }

    #[test]
    fn a_fault_reads_as_a_sentence_and_never_as_a_chain() {
        let ending = Ending::fault(
            Exit::Outcome(Outcome::Failed),
            "log in to Argo CD at https://argo.example.com",
            "expected JSON from POST /api/v1/session\nseen 200 text/html (title: \"Sign in\")",
            Some("set ARGOCD_OPTS=\"--grpc-web-root-path /argocd\", or give the runner a way around the login proxy"),
        );
        insta::assert_snapshot!(text(&ending, Style::PLAIN), @r###"
            FAILED: could not log in to Argo CD at https://argo.example.com.
              expected JSON from POST /api/v1/session
              seen 200 text/html (title: "Sign in")
              → set ARGOCD_OPTS="--grpc-web-root-path /argocd", or give the runner a way
                around the login proxy
            exit 20
        "###);
    }

    #[test]
    fn below_a_report_the_answer_is_not_said_again() {
        let mut ending = Ending::judged(Outcome::Held, &samples::report());
        assert_eq!(ending.headline(), report::answer(&samples::report()));
        ending.next = vec!["promote explain tests".to_owned()];
        assert_eq!(after_report(&ending), "  → promote explain tests\nexit 10\n");
    }

    #[test]
    fn a_refusal_has_no_outcome() {
        let ending = Ending::refused(USAGE, "there is no environment `stagin`.");
        assert_eq!(text(&ending, Style::PLAIN), "There is no environment `stagin`.\nexit 2\n");
    }

    #[test]
    fn every_outcome_has_its_word_and_code_and_color_only_adds() {
        for outcome in Outcome::ALL {
            let plain = text(&Ending::of(outcome, "x."), Style::PLAIN);
            assert_eq!(plain, format!("{}: x.\nexit {}\n", words::shouted(outcome), outcome.exit_code()));
            let colored = text(&Ending::of(outcome, "x."), Style { color: true });
            assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
            assert_ne!(colored, plain);
        }
    }
}
