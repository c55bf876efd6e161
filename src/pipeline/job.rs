//! What a run is given, and how it ends.

use crate::ports::Fault;
use crate::promotion::approvals::report::ApprovalReport;
use crate::promotion::facts::Facts;
use crate::promotion::holder::Asking;
use crate::promotion::order::{Order, Ordered};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning::PlanFault;
use crate::promotion::record::{Bypass, Entry, Milestone, SCHEMA};
use crate::promotion::report::GateReport;
use crate::promotion::request::{Actor, Request};
use crate::promotion::rules::{Environment, NotBuilt, Promotion, Rules, Service, Target};
use crate::promotion::shown::Shown;
use crate::promotion::time::{Millis, Time};
use crate::promotion::waivers::file::WaiversFile;

/// For how long a claim is believed without a renewal. It is renewed several times in that span; whoever waits for it
/// watches it for all of it, by their own clock, before they take it over.
pub const TERM: Millis = Millis::mins(5);

/// Who acts: what every entry, order and claim of one process says.
#[derive(Debug, Clone, Copy)]
pub struct Me<'a> {
    /// This process.
    pub run: &'a str,
    /// Who runs it.
    pub actor: &'a Actor,
    /// The CI run's page, where there is one.
    pub ci_run: Option<&'a str>,
}

impl<'a> Me<'a> {
    /// An entry of a promotion.
    pub fn entry(&self, at: Time, id: &str, seq: u32, event: Milestone) -> Entry {
        Entry {
            schema: SCHEMA,
            id: id.to_owned(),
            run: self.run.to_owned(),
            seq,
            at,
            actor: self.actor.clone(),
            ci_run: self.ci_run.map(str::to_owned),
            event,
        }
    }

    /// An order for an environment.
    pub fn order(&self, at: Time, service: &str, environment: &str, event: Ordered) -> Order {
        Order {
            schema: SCHEMA,
            run: self.run.to_owned(),
            seq: 0,
            at,
            actor: self.actor.clone(),
            ci_run: self.ci_run.map(str::to_owned),
            service: Some(service.to_owned()),
            environment: Some(environment.to_owned()),
            event,
        }
    }

    /// A claim of an environment.
    pub fn asking(&self, at: Time, service: &'a str, environment: &'a str) -> Asking<'a> {
        Asking {
            service,
            environment,
            run: self.run,
            owner: &self.actor.name,
            ci_run: self.ci_run,
            at,
            term: TERM,
            expired: None,
        }
    }
}

/// How a run is approved, and what whoever started it sets aside.
#[derive(Debug, Clone, Default)]
pub struct Approving {
    /// Whether this is a workflow run, whose reviews are read.
    pub in_run: bool,
    /// The pull request (or issue) whose comments and reviews are read.
    pub pull_request: Option<u64>,
    /// The plan as approvers were shown it, where this run has that.
    pub shown: Option<Box<Shown>>,
    /// What is asked to be set aside.
    pub bypass: Vec<Bypass>,
    /// The logins of whoever started this run, as GitHub says.
    pub started_by: Vec<String>,
    /// Whether no person asked for it: it goes by itself.
    pub alone: bool,
}

/// One promotion to be judged, planned or run.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// Their file.
    pub rules_path: &'a str,
    /// Their text, for the record.
    pub rules_text: &'a str,
    /// The waivers, where there is a file of them.
    pub waivers: Option<&'a WaiversFile>,
    /// The service.
    pub service: &'a Service,
    /// The promotion's rule.
    pub promotion: &'a Promotion,
    /// The commit that the version was built from, if the caller says so.
    pub commit: Option<&'a str>,
    /// Why, in the caller's words.
    pub reason: Option<&'a str>,
    /// Only if the source pins this version: a tag or a digest.
    pub version: Option<&'a str>,
    /// Who acts.
    pub me: Me<'a>,
    /// How it is approved.
    pub approving: Approving,
    /// How long to wait for a lock that somebody else holds; zero: not at all.
    pub wait_lock: Millis,
    /// The version of promote.
    pub promote: &'a str,
}

impl Job<'_> {
    /// The source environment and its one target.
    pub fn source(&self) -> Result<(&Environment, &Target), Halt> {
        self.place(&self.promotion.from)
    }

    /// The target environment and its one target.
    pub fn target(&self) -> Result<(&Environment, &Target), Halt> {
        self.place(&self.promotion.to)
    }

    /// An environment and its one target.
    pub fn place(&self, name: &str) -> Result<(&Environment, &Target), Halt> {
        let environment = self.service.environment(name);
        let place = environment.and_then(|environment| environment.targets.first().map(|target| (environment, target)));
        place.ok_or_else(|| {
            Halt::Invalid(PlanFault {
                what: format!("the rules define no environment `{name}` with a path"),
                seen: format!("service {}", self.service.name),
                hint: format!("add `{name}` under `environments:`"),
            })
        })
    }
}

/// A run cannot even begin, or could not find out: nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The rules ask for parts that this version cannot do (exit 3).
    NotBuilt(Vec<NotBuilt>),
    /// Rules, settings or manifests cannot be (exit 3).
    Invalid(PlanFault),
    /// The world could not be read or would refuse to be written (exit 20).
    Fault(Fault),
    /// The run has to stop where it stands, and this is its end: it lost its lock, or somebody else moved the promotion.
    Ended(Box<End>),
}

impl Halt {
    /// The road's result: a run that had to stop where it stood has an end like any other.
    pub fn ended(came: Result<End, Self>) -> Result<End, Self> {
        match came {
            Err(Self::Ended(end)) => Ok(*end),
            other => other,
        }
    }
}

impl From<End> for Halt {
    fn from(end: End) -> Self {
        Self::Ended(Box::new(end))
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<PlanFault> for Halt {
    fn from(fault: PlanFault) -> Self {
        Self::Invalid(fault)
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// What happened, in one sentence.
    pub what: String,
    /// What was expected and seen, a line each.
    pub seen: Vec<String>,
    /// What to do next, a line each.
    pub next: Vec<String>,
    /// The promotion's id, once it is known.
    pub id: Option<String>,
    /// Whether the ledger holds a record of it.
    pub recorded: bool,
    /// What was asked for.
    pub request: Option<Request>,
    /// What was read.
    pub facts: Option<Box<Facts>>,
    /// What the gates said.
    pub report: Option<GateReport>,
    /// What was planned.
    pub plan: Option<Box<Plan>>,
    /// The plan as approvers are shown it.
    pub shown: Option<Box<Shown>>,
    /// What the approvals came to.
    pub approvals: Option<Box<ApprovalReport>>,
    /// The commit that holds the version which the environment now pins.
    pub commit: Option<String>,
    /// Entries that could not be written to the ledger, as JSON, for whoever has to keep them.
    pub unkept: Vec<String>,
}

impl End {
    /// An end with a sentence.
    pub fn of(outcome: Outcome, what: impl Into<String>) -> Self {
        Self {
            outcome,
            what: what.into(),
            seen: Vec::new(),
            next: Vec::new(),
            id: None,
            recorded: false,
            request: None,
            facts: None,
            report: None,
            plan: None,
            shown: None,
            approvals: None,
            commit: None,
            unkept: Vec::new(),
        }
    }

    /// The same end with what was expected or seen.
    #[must_use]
    pub fn seen(mut self, line: impl Into<String>) -> Self {
        self.seen.push(line.into());
        self
    }

    /// The same end with what to do next.
    #[must_use]
    pub fn next(mut self, line: impl Into<String>) -> Self {
        self.next.push(line.into());
        self
    }

    /// The same end with a fault's words.
    #[must_use]
    pub fn because(mut self, fault: &Fault) -> Self {
        self.seen.extend(fault.to_string().lines().map(str::to_owned));
        self.next.extend(fault.hint.clone());
        self
    }
}
