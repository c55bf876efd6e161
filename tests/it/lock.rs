//! The wait for a lock, by a clock that the test turns: a claim that is not renewed for its whole term is taken over, one
//! that is renewed is not, and whoever lost it learns that before its next write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use promote::adapters::gitops::{GitOps, GitOpsSettings};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::ledger::Records;
use promote::pipeline::job::{Approving, End, Job, Me, TERM};
use promote::pipeline::lock;
use promote::ports::{About, Claim, Claimed, Clock, Evidence, Hold, Ledger, World};
use promote::promotion::facts::Reading;
use promote::promotion::holder::Asking;
use promote::promotion::outcome::Outcome;
use promote::promotion::request::{Actor, ActorKnown};
use promote::promotion::rules::health::{HealthCheck, Smoke};
use promote::promotion::rules::{Source, read};
use promote::promotion::smoked::{SmokeRun, Smoked};
use promote::promotion::time::{Millis, Time};

const RULES: &str = "version: 1\nservice: app\nenvironments:\n  dev: { path: dev }\n  staging: { path: staging }\npromotions:\n  - { from: dev, to: staging }\n";

/// A clock that is moved by whoever waits; at each wait the test has its say.
struct Turned<'a> {
    now: AtomicI64,
    at_each: &'a (dyn Fn(Time) + Sync),
}

impl Clock for Turned<'_> {
    fn now(&self) -> Time {
        Time::from_millisecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    fn sleep(&self, span: Duration) {
        self.now.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
        (self.at_each)(self.now());
    }

    fn stopped(&self) -> bool {
        false
    }
}

/// No evidence: a lock asks for none.
struct Nothing;

impl Evidence for Nothing {
    fn read(&self, _: &[&Source], _: &About<'_>) -> Reading {
        Reading::Missing { why: "a lock reads none".to_owned() }
    }

    fn probe(&self, _: &HealthCheck, _: &str, _: &str) -> Reading {
        Reading::Missing { why: "a lock probes nothing".to_owned() }
    }

    fn smoke(&self, _: &Smoke, _: &str, _: &str) -> Smoked {
        Smoked::Over(Reading::Missing { why: "a lock tests nothing".to_owned() })
    }

    fn smoke_run(&self, _: &SmokeRun) -> Smoked {
        Smoked::Over(Reading::Missing { why: "a lock tests nothing".to_owned() })
    }
}

fn asking(run: &str, at: Time) -> Asking<'_> {
    Asking { service: "app", environment: "staging", run, owner: "erin", ci_run: None, at, term: TERM, expired: None }
}

/// Waits for the lock as long as is said; `at_each` is called at each look with the time.
fn wait(
    ledger: &Records,
    wait_lock: Millis,
    start: i64,
    at_each: &(dyn Fn(Time) + Sync),
) -> (Result<Box<dyn Claim>, End>, Time) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let http = Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap();
    let settings = GitOpsSettings { repos: BTreeMap::new(), ..GitOpsSettings::default() };
    let delivery = GitOps::new(&settings, &http).unwrap();
    let clock = Turned { now: AtomicI64::new(start), at_each };
    let world = World {
        evidence: &Nothing,
        delivery: &delivery,
        deployer: None,
        approvals: None,
        ledger,
        clock: &clock,
        tell: &|_| {},
        rules: &|| panic!("a lock needs no rules"),
    };
    let rules = read::read("rules.yaml", RULES).unwrap();
    let actor = Actor { name: "dana".to_owned(), known: ActorKnown::Claimed };
    let job = Job {
        rules: &rules,
        rules_path: "rules.yaml",
        rules_text: RULES,
        waivers: None,
        service: rules.service(None).unwrap(),
        promotion: &rules.promotions[0],
        commit: None,
        reason: None,
        version: None,
        me: Me { run: "ours", actor: &actor, ci_run: None },
        approving: Approving::default(),
        wait_lock,
        promote: "0",
    };
    let claimed = lock::claim(&world, &job).unwrap();
    (claimed, clock.now())
}

fn theirs(ledger: &Records, at: Time) -> Box<dyn Claim> {
    match ledger.claim(&asking("theirs", at)).unwrap() {
        Claimed::Ours(claim) => claim,
        Claimed::Held(holder) => panic!("held by {holder:?}"),
    }
}

#[test]
fn a_claim_that_is_not_renewed_for_its_term_is_taken_over_and_its_holder_learns_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Records::directory(dir.path().to_owned());
    let start = Time::from_second(1_800_000_000).unwrap();
    let lost = theirs(&ledger, start);
    let (claimed, at) = wait(&ledger, Millis::mins(10), start.as_millisecond(), &|_| {});
    assert!(claimed.is_ok(), "it is ours");
    let waited = Millis::between(start, at);
    assert!(waited >= TERM && waited < Millis::mins(6), "after the whole term, by our own clock: {waited}");
    assert!(matches!(lost.hold(at, true).unwrap(), Hold::Lost(Some(holder)) if holder.run == "ours"));
}

#[test]
fn a_claim_that_is_renewed_is_never_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Records::directory(dir.path().to_owned());
    let start = Time::from_second(1_800_000_000).unwrap();
    let kept = theirs(&ledger, start);
    let renew = |now| assert_eq!(kept.hold(now, false).unwrap(), Hold::Ours);
    let (claimed, at) = wait(&ledger, Millis::mins(30), start.as_millisecond(), &renew);
    let Err(end) = claimed else { panic!("it was renewed all the while") };
    assert_eq!(end.outcome, Outcome::Superseded);
    assert!(end.seen[0].contains("run theirs of erin"), "{end:?}");
    assert!(Millis::between(start, at) >= Millis::mins(30));
}

#[test]
fn without_a_wait_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Records::directory(dir.path().to_owned());
    let start = Time::from_second(1_800_000_000).unwrap();
    let _kept = theirs(&ledger, start);
    let (claimed, at) = wait(&ledger, Millis(0), start.as_millisecond(), &|_| panic!("it waits"));
    assert!(claimed.is_err_and(|end| end.outcome.exit_code() == 14));
    assert_eq!(at, start);
}
