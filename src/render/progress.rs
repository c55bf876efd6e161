//! Progress: one line for each thing that happened, with the time since the start.

use crate::promotion::approvals::report::{ApprovalReport, RoleRow, Standing};
use crate::promotion::event::{Event, Phase};
use crate::promotion::report::{GateReport, Mark};
use crate::promotion::time::Millis;
use crate::render::style::COLUMNS;
use crate::render::table::{padded, shorten, width};
use crate::render::{escape, words};

/// The column that what happened begins at: seven for the time, two spaces, sixteen for the name.
const SAID_AT: usize = 25;

/// What happened, as a line with the time since the start (` 14.0 s  app-staging     Progressing`), broken into several if
/// it is long; no line end. A phase is no line of its own: see [`phase`].
pub fn line(event: &Event, since_start: Millis) -> Option<String> {
    let (name, said) = said(event)?;
    let first = format!("{}  {}", words::since_start(since_start), padded(&name, SAID_AT - 11));
    Some(words::wrapped(&format!("{first}  "), SAID_AT, &said, COLUMNS).join("\n"))
}

/// The same as exactly one line that never wraps, for the live line of a terminal this many columns wide.
pub fn live(event: &Event, since_start: Millis, columns: usize) -> Option<String> {
    let (name, said) = said(event)?;
    let first = format!("{}  {}  ", words::since_start(since_start), padded(&name, SAID_AT - 11));
    let room = columns.saturating_sub(width(&first) + 1);
    Some(shorten(&format!("{first}{}", shorten(&said, room)), columns.saturating_sub(1)))
}

/// A phase as the title of a group in a CI log.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Collect => "Read evidence and environments",
        Phase::Preflight => "Check that every write will be possible",
        Phase::Commit => "Write to the GitOps repository",
        Phase::Verify => "Wait until it is live, and verify",
        Phase::Rollback => "Restore the old version",
    }
}

/// The name that a line begins with, and what it says.
fn said(event: &Event) -> Option<(String, String)> {
    let (name, said) = match event {
        Event::Phase(_) => return None,
        Event::Resumed { id, reached } => ("resumed", format!("promotion {id}, which had got as far as: {reached}")),
        Event::Judged(report) => ("gates", counts(report)),
        Event::Approvals(report) => ("approvals", approvals(report)),
        Event::Moved { attempt } => {
            ("commit", format!("the branch had moved; trying again ({} try)", ordinal(*attempt)))
        }
        Event::Committed { commit, branch, attempt, found } => {
            ("commit", format!("{} on {branch}{}", words::short_commit(commit), how(*attempt, *found)))
        }
        Event::NothingToCommit { commit } => {
            ("commit", format!("none needed: {} pins this version already", words::short_commit(commit)))
        }
        Event::Syncing { app, ours: true } => (app.as_str(), "sync started (ours)".to_owned()),
        Event::Syncing { app, ours: false } => (app.as_str(), "sync started (auto-sync)".to_owned()),
        Event::App { app, state } => (app.as_str(), state.clone()),
        Event::Settling { settle } => ("settling", format!("all is as it should be; it must stay so for {settle}")),
        Event::Doubt { what, grace } => ("doubt", format!("{what}; definite if it lasts {grace}")),
        Event::Smoke { name, says } => ("smoke test", format!("{name} passed: {says}")),
        Event::Settled { settle } => ("verified", format!("settled for {settle}")),
        Event::Refuted { trigger, what } => ("failed", format!("{}: {what}", trigger.word())),
        Event::RollingBack { to } => ("rollback", format!("restoring {to}")),
        Event::Waiting { on, left } => ("waiting", format!("{on} ({left} left)")),
        Event::Warning(text) => ("warning", text.clone()),
    };
    Some((escape::line(name), escape::line(&said)))
}

fn counts(report: &GateReport) -> String {
    let always = [(Mark::Pass, "pass"), (Mark::Fail, "fail"), (Mark::Unknown, "unknown")];
    let sometimes = [(Mark::Warn, "warn"), (Mark::Waived, "waived"), (Mark::Skipped, "skipped")];
    let all = always.into_iter().chain(sometimes.into_iter().filter(|(mark, _)| report.count(*mark) > 0));
    all.map(|(mark, word)| format!("{} {word}", report.count(mark))).collect::<Vec<_>>().join(", ")
}

/// Who stands for which role, and who is still asked: `sre @bo, qa open`.
fn approvals(report: &ApprovalReport) -> String {
    let role = |row: &RoleRow| {
        let people: Vec<String> = row.given.iter().map(|given| format!("@{}", escape::line(&given.login))).collect();
        let stands = match row.standing {
            Standing::Approved => "",
            Standing::Bypassed => " set aside",
            Standing::Open => " open",
            Standing::Unknown => " not known",
            Standing::Broken => " cannot be given",
            Standing::Rejected => " refused",
        };
        let people = if people.is_empty() { String::new() } else { format!(" {}", people.join(" ")) };
        format!("{}{people}{stands}", escape::line(&row.role))
    };
    report.roles.iter().map(role).collect::<Vec<_>>().join(", ")
}

fn how(attempt: u32, found: bool) -> String {
    match (found, attempt) {
        (true, _) => " (found: an earlier run made it)".to_owned(),
        (false, 0 | 1) => String::new(),
        (false, n) => format!(" ({} try: the branch had moved, the target was untouched)", ordinal(n)),
    }
}

fn ordinal(n: u32) -> String {
    match n {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => {
            let end = match (n % 100, n % 10) {
                (11..=13, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            format!("{n}{end}")
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::promotion::rules::trigger::Trigger;

    fn lines(events: &[(i64, Event)]) -> String {
        events.iter().filter_map(|(ms, event)| line(event, Millis(*ms))).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_run_reads_like_a_diary() {
        let commit = "c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1".to_owned();
        let branch = "main".to_owned();
        let app = || "app-staging".to_owned();
        let shown = lines(&[
            (0, Event::Phase(Phase::Collect)),
            (100, Event::Resumed { id: "01JD".to_owned(), reached: "planned".to_owned() }),
            (400, Event::Judged(GateReport::of(Vec::new()))),
            (900, Event::Moved { attempt: 2 }),
            (1900, Event::Committed { commit: commit.clone(), branch: branch.clone(), attempt: 2, found: false }),
            (1900, Event::Committed { commit: commit.clone(), branch, attempt: 1, found: true }),
            (1950, Event::NothingToCommit { commit }),
            (2300, Event::Syncing { app: app(), ours: true }),
            (14_000, Event::App { app: app(), state: "Progressing: 1 of 3\nreplicas \u{1b}[31mupdated".to_owned() }),
            (20_000, Event::Settling { settle: Millis::mins(5) }),
            (21_000, Event::Doubt { what: "app-staging is Degraded".to_owned(), grace: Millis::secs(60) }),
            (62_000, Event::Waiting { on: "app-staging to be Healthy".to_owned(), left: Millis::mins(14) }),
            (90_000, Event::Refuted { trigger: Trigger::Health, what: "https://a.example answered 503".to_owned() }),
            (91_000, Event::RollingBack { to: "app 1.10".to_owned() }),
            (362_000, Event::Settled { settle: Millis::mins(5) }),
            (
                362_000,
                Event::Warning("::error::the ledger is on a disk that is nearly full, which will end badly".to_owned()),
            ),
        ]);
        insta::assert_snapshot!(shown, @r###"
             0.1 s  resumed         promotion 01JD, which had got as far as: planned
             0.4 s  gates           0 pass, 0 fail, 0 unknown
             0.9 s  commit          the branch had moved; trying again (second try)
             1.9 s  commit          c0ffee1 on main (second try: the branch had moved, the
                                    target was untouched)
             1.9 s  commit          c0ffee1 on main (found: an earlier run made it)
             1.9 s  commit          none needed: c0ffee1 pins this version already
             2.3 s  app-staging     sync started (ours)
            14.0 s  app-staging     Progressing: 1 of 3\nreplicas \x1b[31mupdated
            20.0 s  settling        all is as it should be; it must stay so for 5 min
            21.0 s  doubt           app-staging is Degraded; definite if it lasts 1 min
            1m 02s  waiting         app-staging to be Healthy (14 min left)
            1m 30s  failed          health: https://a.example answered 503
            1m 31s  rollback        restoring app 1.10
            6m 02s  verified        settled for 5 min
            6m 02s  warning         \x3a:error::the ledger is on a disk that is nearly
                                    full, which will end badly
        "###);
    }

    #[test]
    fn the_live_line_is_one_line() {
        let event = Event::Waiting {
            on: "an application with a very long name to be Healthy".to_owned(),
            left: Millis::mins(1),
        };
        let shown = live(&event, Millis(0), 60).unwrap();
        assert_eq!(shown, "  0.0 s  waiting         an application with a very long n…");
        assert_eq!(width(&shown), 59);
    }

    #[test]
    fn tries_are_counted_as_people_do() {
        for (n, word) in
            [(2, "second"), (3, "third"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (22, "22nd")]
        {
            assert_eq!(ordinal(n), word);
        }
    }
}
