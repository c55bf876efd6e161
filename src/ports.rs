//! The seams, on one page: everything that is remote or not deterministic stands behind one of these traits.
//!
//! They take and return types of [`promotion`](crate::promotion) only. An adapter is tested on the wire (a loopback
//! server, a bare repository), the road is tested against the same adapters: there is no mocked HTTP in between.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::promotion::approvals::asked::ApprovalsAsked;
use crate::promotion::approvals::facts::{ApprovalFacts, RunFacts, WordPlace};
use crate::promotion::event::Event;
use crate::promotion::facts::{CommitSummary, Reading, Snapshot};
use crate::promotion::head::Head;
use crate::promotion::heads::HeadFile;
use crate::promotion::history::pieces::Piece;
use crate::promotion::holder::{Asking, Holder};
use crate::promotion::live::AppState;
use crate::promotion::live::rollout::{Rollout, RolloutAction};
use crate::promotion::order::Order;
use crate::promotion::record::Entry;
use crate::promotion::rules::health::{HealthCheck, Smoke};
use crate::promotion::rules::{App, Rules, Source};
use crate::promotion::smoked::{SmokeRun, Smoked};
use crate::promotion::time::{Over, Time};
use crate::promotion::waivers::Waivers;
use crate::promotion::waivers::facts::Blame;

/// What the road is given: its only way to the world.
pub struct World<'a> {
    /// Reads evidence.
    pub evidence: &'a dyn Evidence,
    /// Reads and writes GitOps repositories.
    pub delivery: &'a dyn Delivery,
    /// Knows who approved; absent where no GitHub is configured.
    pub approvals: Option<&'a dyn Approvals>,
    /// Watches and syncs applications; absent where no Argo CD is configured.
    pub deployer: Option<&'a dyn Deployer>,
    /// Keeps records.
    pub ledger: &'a dyn Ledger,
    /// Tells the time, and waits.
    pub clock: &'a dyn Clock,
    /// Hears what happens.
    pub tell: &'a dyn Fn(&Event),
    /// Reads the rules again that govern a run.
    pub rules: &'a dyn Fn() -> Result<RulesNow, Fault>,
}

/// The rules that govern, as they are now.
#[derive(Debug)]
pub struct RulesNow {
    /// Where they stand: `promotion/promotion-rules.yaml at the head of main`.
    pub place: String,
    /// What they mean; else why they can no longer be used.
    pub rules: Result<Rules, String>,
}

/// Reads evidence. It cannot fail: failing is a reading.
pub trait Evidence: Sync {
    /// Reads sources as one: what stands in two of them counts once. Several are files of the workspace, or it is one.
    fn read(&self, sources: &[&Source], about: &About<'_>) -> Reading;
    /// Performs one health check, once.
    fn probe(&self, check: &HealthCheck, service: &str, environment: &str) -> Reading;
    /// Runs a smoke test, once. One that somebody else runs is only begun.
    fn smoke(&self, test: &Smoke, service: &str, environment: &str) -> Smoked;
    /// How a smoke test that was begun stands.
    fn smoke_run(&self, run: &SmokeRun) -> Smoked;
}

/// What evidence is asked about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The service.
    pub service: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The commit that the version was built from, where it is known; may be the beginning of its id.
    pub commit: Option<&'a str>,
    /// The parts of the tree whose coverage is wanted by itself, as globs.
    pub parts: &'a [String],
    /// The waivers that are in force.
    pub waivers: &'a Arc<Waivers>,
    /// The time that live evidence is asked about; absent: its own window, until now.
    pub over: Option<Over>,
    /// How long a monitoring system may take to answer everything; absent: each question has the time that it usually has.
    pub within: Option<Duration>,
}

impl<'a> About<'a> {
    /// A service in an environment, as it is now, with nothing else known or wanted.
    pub fn of(service: &'a str, environment: &'a str, waivers: &'a Arc<Waivers>) -> Self {
        Self { service, environment, commit: None, parts: &[], waivers, over: None, within: None }
    }
}

/// Knows who approved. What is not there, or what the token may not see, is a part of the answer; a fault means that the answer
/// as a whole cannot be had.
pub trait Approvals {
    /// Reads everything that was asked about, each thing once.
    fn read(&self, asked: &ApprovalsAsked) -> Result<ApprovalFacts, Fault>;
    /// Writes a comment on a pull request or issue, by the token of whoever runs this.
    fn say(&self, number: u64, body: &str) -> Result<WordPlace, Fault>;
    /// How the run that an entry of the ledger names (by its page) stands, with its jobs; `None` if GitHub knows no such run.
    fn run(&self, page: &str) -> Result<Option<RunFacts>, Fault>;
    /// The repository's default branch.
    fn default_branch(&self) -> Result<String, Fault>;
    /// The newest commit of the default branch that changed a file, by the login of its author where there is one.
    fn last_change(&self, path: &str) -> Result<Option<CommitSummary>, Fault>;
    /// Who brought the lines of a file of the default branch there, in one request; `None` if it has no such file.
    fn blame(&self, path: &str) -> Result<Option<Blame>, Fault>;
    /// How many requests were sent so far, for the record.
    fn requests(&self) -> u64;
}

/// A branch of a GitOps repository, by its names in the rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Branch {
    /// The repository's name under `repos:`; `default` is `GITOPS_REPO`.
    pub repo: String,
    /// The branch; absent: `GITOPS_BRANCH`, else the repository's default branch.
    pub branch: Option<String>,
}

/// A commit to be made and pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The commit that it is made on, and that must be the branch's tip at the moment of the push.
    pub base: String,
    /// The new contents of files that already exist, by path.
    pub files: BTreeMap<String, String>,
    /// The message.
    pub message: String,
    /// The time that the commit carries.
    pub at: Time,
}

/// What came of a push. Anything else is a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The branch's tip is our commit: read back from the server.
    Landed(String),
    /// The branch had moved; nothing was written.
    Moved,
}

/// How a revision stands to our commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descent {
    /// It is our commit.
    Same,
    /// It is later, and contains our commit.
    Descendant,
    /// It does not contain our commit.
    Other,
    /// The repository does not tell within the limits: why is in the log.
    Unknown,
}

/// A commit that carries our promotion's trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The commit.
    pub commit: CommitSummary,
    /// Its whole message.
    pub message: String,
    /// Its first parent.
    pub parent: String,
    /// For every file that it changes: the text before and after; `None` where there was or is none, or where it is not text.
    pub changes: BTreeMap<String, (Option<String>, Option<String>)>,
}

/// What a branch held before, as far back as the depth limit goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past<T> {
    /// The repository as it may be shown.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// Whether the whole history was seen.
    pub whole: bool,
    /// What was found, newest first.
    pub items: Vec<T>,
}

/// A commit that changed a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The commit.
    pub found: Found,
    /// The directory before, if it could be read; without files where there was no commit before.
    pub before: Result<Snapshot, Fault>,
    /// The directory after, if it could be read.
    pub after: Result<Snapshot, Fault>,
}

/// Reads and writes GitOps repositories, without a checkout and without ever forcing a push.
pub trait Delivery {
    /// Fetches a branch's tip and reads the YAML files of a directory (not below it) and of its local bases' tree ids.
    /// `NotFound` when the branch does not exist; a directory that does not exist is a snapshot without files.
    fn snapshot(&self, branch: &Branch, path: &str) -> Result<Snapshot, Fault>;
    /// The text of files at a commit that has been fetched or can be; `None` for a file that is not there.
    fn read(&self, branch: &Branch, commit: &str, paths: &[String]) -> Result<BTreeMap<String, Option<String>>, Fault>;
    /// Commits on the named base and pushes as a compare-and-swap; reads the ref back before it says `Landed`.
    fn push(&self, branch: &Branch, proposal: &Proposal) -> Result<Pushed, Fault>;
    /// The commits of the branch that have this line among their trailers, newest first, within the depth limit.
    fn find(&self, branch: &Branch, trailer: &str) -> Result<Vec<Found>, Fault>;
    /// The commits of the branch that have a trailer of this key, whatever its value.
    fn carriers(&self, branch: &Branch, key: &str) -> Result<Past<Found>, Fault>;
    /// The commits of the branch that changed a directory.
    fn steps(&self, branch: &Branch, path: &str) -> Result<Past<Step>, Fault>;
    /// How `revision` stands to `ours`, deepening the shallow history up to a limit.
    fn descent(&self, branch: &Branch, revision: &str, ours: &str) -> Result<Descent, Fault>;
    /// The commits after `from` up to `to` that touch one of the paths, newest first; best effort, to the depth limit.
    fn between(&self, branch: &Branch, from: &str, to: &str, paths: &[String]) -> Result<Vec<CommitSummary>, Fault>;
    /// Checks, without writing, that a push would be accepted from us: credentials, and where the server tells, permission.
    fn preflight(&self, branch: &Branch) -> Result<(), Fault>;
}

/// What came of asking for a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncAnswer {
    /// Our operation was accepted.
    Started,
    /// Another operation is in progress, or auto-sync is in the way: look again.
    Busy(String),
}

/// Watches and syncs applications.
pub trait Deployer {
    /// Checks, without writing, that the application exists, deploys the given repository path, and may be synced by us.
    fn preflight(&self, app: &App, snapshot: &Snapshot) -> Result<AppState, Fault>;
    /// The application as it is now; with `refresh` Argo CD is asked to compare with git first.
    fn state(&self, app: &App, refresh: bool) -> Result<AppState, Fault>;
    /// Starts a sync that carries `nonce` in its infos; `revision` pins it to a commit.
    fn sync(&self, app: &App, revision: Option<&str>, nonce: &str) -> Result<SyncAnswer, Fault>;
    /// Ends a running operation; returns at once, the end comes later.
    fn terminate(&self, app: &App) -> Result<(), Fault>;
    /// The images of the application's live manifests (containers and init containers), sorted, each once.
    fn images(&self, app: &App) -> Result<Vec<String>, Fault>;
    /// The Argo Rollouts of the application, each as it is now; empty where it has none.
    fn rollouts(&self, app: &App) -> Result<Vec<Rollout>, Fault>;
    /// Tells a Rollout of the application to do something; returns when it was told.
    fn act(&self, app: &App, rollout: &Rollout, action: RolloutAction) -> Result<(), Fault>;
    /// How many pods of the application are well.
    fn pods(&self, app: &App) -> Result<u64, Fault>;
}

/// The right to write to a service and environment; given back when it is dropped.
pub trait Claim: Sync {
    /// Whether it is still ours. Renews it when a good part of its term has passed. Nobody is asked before that, unless
    /// it must be `sure`: before a write.
    fn hold(&self, now: Time, sure: bool) -> Result<Hold, Fault>;
}

/// Whether a claim is still ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// It is.
    Ours,
    /// It was taken away: by whom, if somebody has it now.
    Lost(Option<Holder>),
}

/// What came of claiming a service and environment.
pub enum Claimed {
    /// It is ours until the claim is dropped, taken away, or not renewed for its term.
    Ours(Box<dyn Claim>),
    /// Somebody else has it.
    Held(Holder),
}

/// Every head with its newest promotions, by service and environment, or why it makes no sense.
pub type Heads = BTreeMap<(String, String), Result<HeadFile, Fault>>;

/// Keeps records: append-only, one folder of immutable files for each promotion.
pub trait Ledger {
    /// Takes the right to write to a service and environment: when it is free, when its holder is certainly gone, or when
    /// it is the expired one.
    fn claim(&self, asking: &Asking<'_>) -> Result<Claimed, Fault>;
    /// Takes the right away from whoever has it; who that was.
    fn unlock(&self, service: &str, environment: &str) -> Result<Option<Holder>, Fault>;
    /// Writes entries in their order, and orders that follow from them, durably and together, before it returns; `Conflict` if
    /// one of their places is taken. An order that follows from a promotion is written once.
    fn write(&self, entries: &[Entry], orders: &[Order]) -> Result<(), Fault>;
    /// Writes entries.
    fn append(&self, entries: &[Entry]) -> Result<(), Fault> {
        self.write(entries, &[])
    }
    /// What names the ledger as it is now, with the newest entry of a promotion in it: a commit of the ledger's branch; in a
    /// directory the SHA-256 of that entry's file. `None` if it has no such promotion.
    fn tip(&self, id: &str) -> Result<Option<String>, Fault>;
    /// Writes an order.
    fn order(&self, order: &Order) -> Result<(), Fault> {
        self.write(&[], std::slice::from_ref(order))
    }
    /// Every order that applies to a service in an environment, as it was given, oldest first: its own, and those for every
    /// service or every environment.
    fn orders(&self, service: &str, environment: &str) -> Result<Vec<Order>, Fault>;
    /// Every entry of a promotion, in order; empty if there is none.
    fn entries(&self, id: &str) -> Result<Vec<Entry>, Fault>;
    /// The ids that start with a text. Where some of those that the heads list do, older ones are not looked through.
    fn matching(&self, prefix: &str) -> Result<Vec<String>, Fault>;
    /// The head of a service and environment, derived from its records.
    fn head(&self, service: &str, environment: &str) -> Result<Head, Fault> {
        self.recent(service, environment).map(|file| file.head)
    }
    /// The head with its newest promotions.
    fn recent(&self, service: &str, environment: &str) -> Result<HeadFile, Fault>;
    /// Every head with its newest promotions, by service and environment. One that cannot be read hides no other.
    fn heads(&self) -> Result<Heads, Fault>;
    /// Shows the whole ledger as it is written, damaged and foreign files too: the commits of a branch, oldest first, then every
    /// file. What cannot be read is a piece like any other; a fault means that the ledger as a whole cannot be read.
    fn history(&self, show: &mut dyn FnMut(Piece)) -> Result<(), Fault>;
    /// Where it is, for people: `.promote/`, `branch promotions of acme/gitops`.
    fn place(&self) -> String;
}

/// Tells the time, and waits.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> Time;
    /// Waits; returns early when the run was asked to stop.
    fn sleep(&self, span: Duration);
    /// Whether the run was asked to stop: looked at between two steps and two polls.
    fn stopped(&self) -> bool;
}

/// Could not find out, or could not do. A gate's result is never one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What callers branch on.
    pub kind: FaultKind,
    /// What was being done, fitting "failed to …": `push to main of acme/gitops`.
    pub doing: String,
    /// What was expected and seen, one or more lines.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The kinds of fault that callers branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// May be gone the next time: a lost connection, a 503.
    Transient,
    /// Somebody else was first.
    Conflict,
    /// Credentials are missing, wrong, or not enough.
    Denied,
    /// What was named does not exist.
    NotFound,
    /// A deadline passed.
    TimedOut,
    /// A write was sent and its answer was lost: it may or may not have happened.
    Uncertain,
    /// The other side said something that makes no sense, or refuses for good.
    Broken,
    /// The settings name something that cannot be.
    Settings,
}

impl Fault {
    /// A fault without a hint.
    pub fn new(kind: FaultKind, doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self { kind, doing: doing.into(), why: why.into(), hint: None }
    }

    /// The same fault with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}: {}", self.doing, self.why)
    }
}

impl std::error::Error for Fault {}
