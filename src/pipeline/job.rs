//! What a run is given, and how it ends.

use crate::ports::Fault;
use crate::promotion::facts::Facts;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning::PlanFault;
use crate::promotion::report::GateReport;
use crate::promotion::request::{Actor, Request};
use crate::promotion::rules::{Environment, NotBuilt, Promotion, Rules, Service, Target};
use crate::promotion::time::Millis;

/// One promotion to be judged, planned or run.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// Their file.
    pub rules_path: &'a str,
    /// Their text, for the record.
    pub rules_text: &'a str,
    /// The service.
    pub service: &'a Service,
    /// The promotion's rule.
    pub promotion: &'a Promotion,
    /// The commit that the version was built from, if the caller says so.
    pub commit: Option<&'a str>,
    /// Why, in the caller's words.
    pub reason: Option<&'a str>,
    /// This process.
    pub run: &'a str,
    /// Who runs it.
    pub actor: &'a Actor,
    /// The CI run's page, where there is one.
    pub ci_run: Option<&'a str>,
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
