//! Values for the tests of this folder: one promotion with everything that a report, a plan and a record can hold.

use crate::promotion::edit::diff::{DiffLine, Side};
use crate::promotion::edit::{Change, Edit, FileEdits};
use crate::promotion::facts::{CommitSummary, EnvironmentFacts, Facts, Snapshot};
use crate::promotion::head::Head;
use crate::promotion::image::{ImageChange, ImageRef};
use crate::promotion::measures::Detail;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, OnFailure, Plan, PlannedCommit};
use crate::promotion::record::{Closed, Entry, LiveApp, Milestone, Planned, Refuted, Requested, SCHEMA, Verified};
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::promotion::request::{Actor, ActorKnown, Request, RequestKind, Wanted};
use crate::promotion::rules::health::HealthCheck;
use crate::promotion::rules::rollback::RollbackWhen;
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::rules::{App, SyncTo, Verify};
use crate::promotion::time::{Millis, Time};
use crate::render::diff::FileDiff;
use crate::render::report::Heading;

pub(crate) mod approvals;

pub(crate) const ID: &str = "01JD5T0000000000000000000Z";
pub(crate) const COMMIT: &str = "c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1";
pub(crate) const TIP: &str = "81ac0de81ac0de81ac0de81ac0de81ac0de81ac0de";

pub(crate) fn at(time: &str) -> Time {
    format!("2026-11-22T{time}Z").parse().unwrap()
}

pub(crate) fn old() -> ImageRef {
    ImageRef::parse("registry.example.com/app:1.10").unwrap()
}

pub(crate) fn new() -> ImageRef {
    let digest = "9f2b".repeat(16);
    ImageRef::parse(&format!("registry.example.com/app:1.20@sha256:{digest}")).unwrap()
}

pub(crate) fn heading(images: &[ImageRef]) -> Heading<'_> {
    Heading { service: "app", from: "staging", to: "canary", images, commit: Some(COMMIT) }
}

pub(crate) fn row(id: &str, mark: Mark, expected: &str, observed: &str, evidence: &str) -> GateRow {
    GateRow {
        id: id.to_owned(),
        mark,
        expected: expected.to_owned(),
        observed: observed.to_owned(),
        because: None,
        hint: None,
        evidence: evidence.to_owned(),
        files: Vec::new(),
        details: Vec::new(),
        details_total: 0,
        not_before: None,
        rule: "promotion/promotion-rules.yaml:41".to_owned(),
    }
}

fn detail(name: &str, message: &str, at: &str) -> Detail {
    Detail { name: name.to_owned(), message: message.to_owned(), at: at.to_owned() }
}

/// A report with each mark, and with texts that want to be something else.
pub(crate) fn report() -> GateReport {
    let mut e2e = row("tests.e2e", Mark::Fail, "all pass", "19 of 31 failed", "artifacts/e2e/r.xml");
    e2e.because = Some("19 of 31 test cases failed.".to_owned());
    e2e.files = vec!["artifacts/e2e/r.xml".to_owned()];
    e2e.details = (1..=7)
        .map(|n| detail(&format!("checkout.spec › refunds {n}"), "", &format!("artifacts/e2e/r.xml:{n}62")))
        .collect();
    e2e.details[0] =
        detail("checkout.spec › pays with a saved card", "expected 200, got 504", "artifacts/e2e/r.xml:118");
    e2e.details[1] = detail(
        "::error::<b>|`x` @acme/sre\u{1b}[2J\u{202e}",
        "##[group]a message that is so long that it does not fit on the line, with https://evil.example/x in it",
        "artifacts/e2e/a-folder-with-a-long-name/and-another-one-below-it/report.xml:7",
    );
    e2e.details_total = 19;
    let mut scan = row("security.high", Mark::Unknown, "≤ 0", "no report", "nothing matches artifacts/scan/*.sarif");
    scan.because = Some("evidence `scan` is missing. A missing report is not a clean one.".to_owned());
    scan.hint = Some("upload the scan as artifacts/scan/*.sarif, or mark the gate optional".to_owned());
    let mut soak = row("soak.min", Mark::Fail, "≥ 2 h", "40 min", "record 01JD, since 11:25Z");
    soak.because = Some("The version has run in staging for 40 min.".to_owned());
    soak.not_before = Some(at("13:25:00"));
    let mut waived = row("slo.latency_p95", Mark::Waived, "≤ 800 ms", "912 ms", "30 d to 12:04:10Z");
    waived.because = Some("waived until 2026-12-01 by @ana: load test host".to_owned());
    let mut warn = row("tests.smoke", Mark::Warn, "all pass", "1 of 3 failed", "artifacts/smoke.xml");
    warn.because = Some("optional".to_owned());
    let mut skipped = row("tests.load", Mark::Skipped, "all pass", "no report", "nothing matches artifacts/load.xml");
    skipped.because = Some("optional, and there is no evidence".to_owned());
    GateReport::of(vec![
        row("tests.unit", Mark::Pass, "all pass", "412 of 412", "3 files, 2 min old"),
        row(
            "tests.integration",
            Mark::Pass,
            "all pass",
            "58 of 58, 1 flaky",
            "artifacts/integration/junit/results.xml",
        ),
        e2e,
        row("coverage.line", Mark::Pass, "≥ 80 %", "83.4 %", "9,120 of 10,934 lines"),
        scan,
        soak,
        waived,
        warn,
        skipped,
    ])
}

pub(crate) fn ready() -> GateReport {
    GateReport::of(vec![
        row("tests.unit", Mark::Pass, "all pass", "412 of 412", "3 files, 2 min old"),
        row("coverage.line", Mark::Pass, "≥ 80 %", "83.4 %", "9,120 of 10,934 lines"),
    ])
}

fn changes() -> Vec<ImageChange> {
    vec![ImageChange { name: "app".to_owned(), old: old(), new: new() }]
}

pub(crate) fn plan() -> Plan {
    let set = |selector: &str, old: &str, new: &str| Edit {
        document: 0,
        selector: selector.to_owned(),
        change: Change::Set { old: old.to_owned(), new: new.to_owned() },
    };
    Plan {
        id: ID.to_owned(),
        digest: "7f3a".repeat(16),
        service: "app".to_owned(),
        from: "dev".to_owned(),
        to: "staging".to_owned(),
        hotfix: None,
        images: changes(),
        commits: vec![PlannedCommit {
            target: "default".to_owned(),
            repo: "default".to_owned(),
            repository: "acme/gitops".to_owned(),
            branch: "main".to_owned(),
            base: TIP.to_owned(),
            path: "k8s/overlays/staging".to_owned(),
            files: vec![
                FileEdits {
                    path: "k8s/overlays/staging/kustomization.yaml".to_owned(),
                    edits: vec![set("images[name=app].newTag", "\"1.10\"", "\"1.20\"")],
                },
                FileEdits {
                    path: "k8s/overlays/staging/values.yaml".to_owned(),
                    edits: vec![set("image.tag", "'1.10'", "'1.20'")],
                },
            ],
            release: None,
            message: "Promote app 1.20 to staging".to_owned(),
        }],
        apps: vec![App {
            server: "default".to_owned(),
            name: "app-staging".to_owned(),
            project: None,
            namespace: None,
            sync: SyncTo::Branch,
        }],
        verify: Verify {
            settle: Millis::mins(5),
            health: vec![HealthCheck {
                contains: Some("ok".to_owned()),
                timeout: Millis::secs(5),
                ..HealthCheck::of("https://staging.example.com/healthz")
            }],
            ..Verify::default()
        },
        on_failure: OnFailure {
            when: RollbackWhen::Auto,
            restore: vec![ImageChange { name: "app".to_owned(), old: new(), new: old() }],
            verified_by: Some("01JD4000000000000000000000".to_owned()),
        },
        also_ships: vec![CommitSummary {
            id: "d00dfeedd00dfeedd00dfeedd00dfeedd00dfeed".to_owned(),
            author: "dan".to_owned(),
            at: at("09:00:00"),
            subject: "Raise memory limit ::warning::see <b>#12</b>".to_owned(),
        }],
    }
}

pub(crate) fn diffs() -> Vec<FileDiff> {
    let line = |side, text: &str| DiffLine { side, line: 12, text: text.to_owned(), ended: true };
    vec![FileDiff {
        target: "default".to_owned(),
        path: "k8s/overlays/staging/kustomization.yaml".to_owned(),
        lines: vec![
            line(Side::Old, "    newTag: \"1.10\"\t# set by promote"),
            line(Side::New, "    newTag: \"1.20\"\t# set by promote"),
        ],
    }]
}

fn facts() -> Facts {
    let environment = |name: &str| EnvironmentFacts {
        name: name.to_owned(),
        snapshot: Snapshot {
            repository: "acme/gitops".to_owned(),
            branch: "main".to_owned(),
            commit: TIP.to_owned(),
            path: format!("k8s/overlays/{name}"),
            files: Default::default(),
            trees: Default::default(),
            releases: None,
        },
        apps: Default::default(),
        head: Head::default(),
    };
    Facts {
        at: at("12:10:00"),
        commit: Some(COMMIT.to_owned()),
        source: environment("dev"),
        target: environment("staging"),
        version: Vec::new(),
        path: Vec::new(),
        readings: Default::default(),
        merged: Default::default(),
        soak: None,
        canary: Default::default(),
        soaking: Vec::new(),
        replaced: None,
        hotfix: None,
        before: Default::default(),
        failing_before: Default::default(),
        alone: false,
        excepted: Vec::new(),
        set_aside: None,
        waivers: None,
        also_ships: Vec::new(),
    }
}

fn committed(commit: &str) -> Vec<Committed> {
    vec![Committed {
        target: "default".to_owned(),
        repository: "acme/gitops".to_owned(),
        branch: "main".to_owned(),
        commit: commit.to_owned(),
        base: Some(TIP.to_owned()),
        unchanged: false,
    }]
}

fn verified(since: &str, revision: &str, image: &ImageRef) -> Verified {
    Verified {
        since: at(since),
        settled: Millis::mins(5),
        apps: vec![LiveApp {
            app: "app-staging".to_owned(),
            revision: revision.to_owned(),
            images: vec![image.to_string()],
        }],
        health: vec!["https://staging.example.com/healthz".to_owned()],
        smoke: Vec::new(),
        gates: Vec::new(),
        before: Vec::new(),
    }
}

fn entries(events: Vec<(&str, Milestone)>) -> Vec<Entry> {
    let entry = |(seq, (time, event)): (usize, (&str, Milestone))| Entry {
        schema: SCHEMA,
        id: ID.to_owned(),
        run: "0193-run".to_owned(),
        seq: u32::try_from(seq).unwrap(),
        at: at(time),
        actor: Actor { name: "bo".to_owned(), known: ActorKnown::Github },
        ci_run: None,
        event,
    };
    events.into_iter().enumerate().map(entry).collect()
}

fn begun() -> Vec<(&'static str, Milestone)> {
    let request = Request {
        service: "app".to_owned(),
        kind: RequestKind::Promotion,
        from: "dev".to_owned(),
        to: "staging".to_owned(),
        images: vec![Wanted { old: old(), new: new() }],
        previous: String::new(),
        reason: None,
    };
    vec![
        (
            "12:10:00",
            Milestone::Requested(Box::new(Requested {
                request,
                rules_path: "promotion/promotion-rules.yaml".to_owned(),
                rules: "version: 1\n".to_owned(),
                waivers: None,
                bypassed: Vec::new(),
                promote: "0.1.0".to_owned(),
                hotfix: None,
                alone: false,
                source: None,
                target: None,
            })),
        ),
        (
            "12:10:01",
            Milestone::Planned(Box::new(Planned {
                facts: facts(),
                report: ready(),
                plan: plan(),
                rules: None,
                waivers: None,
                approvals: None,
            })),
        ),
        ("12:10:02", Milestone::Committed { commits: committed(COMMIT) }),
    ]
}

fn closed(outcome: Outcome, what: &str) -> Milestone {
    Milestone::Closed(Closed { outcome, what: what.to_owned(), next: None, github_requests: None })
}

/// A promotion that went well.
pub(crate) fn promoted() -> Vec<Entry> {
    let mut events = begun();
    events.push(("12:16:02", Milestone::Verified(verified("12:11:02", COMMIT, &new()))));
    events.push(("12:16:02", closed(Outcome::Promoted, "app 1.20 is live in staging.")));
    entries(events)
}

/// A promotion that was written, and whose run was killed.
pub(crate) fn killed() -> Vec<Entry> {
    entries(begun())
}

/// A promotion that did not verify and was taken back.
pub(crate) fn rolled_back() -> Vec<Entry> {
    let mut events = begun();
    let refuted = Refuted {
        trigger: Trigger::Deployment,
        what: "app-staging turned Degraded 48 s after the sync and stayed so for 60 s".to_owned(),
        detail: Some("Pod app-6d CrashLoopBackOff:\n##[error]DATABASE_URL is not set".to_owned()),
        gates: Vec::new(),
    };
    let mut back = plan();
    back.images = vec![ImageChange { name: "app".to_owned(), old: new(), new: old() }];
    events.push(("12:12:00", Milestone::Refuted(refuted)));
    events.push(("12:12:01", Milestone::RollbackPlanned { plan: Box::new(back) }));
    events.push(("12:12:02", Milestone::RollbackCommitted { commits: committed(TIP) }));
    events.push(("12:18:02", Milestone::RollbackVerified(verified("12:13:02", TIP, &old()))));
    events.push(("12:18:03", closed(Outcome::RolledBack, "staging is back on app 1.10.")));
    entries(events)
}
