//! The port [`Approvals`]: everything that was asked about is read at the same time, each thing once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::adapters::github::client::Client;
use crate::adapters::github::environments::protection;
use crate::adapters::github::people::member;
use crate::adapters::github::runs::reviews;
use crate::adapters::github::transcript::Transcript;
use crate::ports::{Approvals, Fault, FaultKind};
use crate::promotion::approvals::asked::ApprovalsAsked;
use crate::promotion::approvals::facts::{
    ApprovalFacts, JobFacts, Member, Person, Review, RunFacts, Word, WordKind, WordPlace,
};
use crate::promotion::facts::CommitSummary;
use crate::promotion::waivers::facts::Blame;

/// How many requests are under way at the same time: GitHub asks for few.
const AT_ONCE: usize = 8;
/// What a comment or review must hold to be of interest: all others are nobody's approval, and not ours to keep.
const KEYWORD: &str = "promote:";

/// The workflow run that this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThisRun {
    /// Its number: `GITHUB_RUN_ID`.
    pub id: u64,
    /// The run that led to it, where it was started by `workflow_run`: from the event's file.
    pub led_by: Option<u64>,
}

/// What GitHub knows of approvals.
pub struct GitHubApprovals {
    client: Arc<Client>,
    run: Option<ThisRun>,
}

/// What one thing that was read changes.
type Change = Box<dyn FnOnce(&mut Found) + Send>;

/// One thing to read.
enum Task<'a> {
    DefaultBranch,
    Environment(&'a str),
    Run(u64),
    Jobs(u64),
    Reviews(u64),
    LedBy(u64),
    PullRequest(u64),
    Word(&'a WordPlace),
}

impl GitHubApprovals {
    /// Approvals of a repository; `run` is absent outside GitHub Actions. Nothing is read yet.
    pub fn new(client: Arc<Client>, run: Option<ThisRun>) -> Self {
        Self { client, run }
    }

    /// Reads one thing, as a change of the facts.
    fn one(&self, transcript: &Transcript<'_>, task: &Task<'_>) -> Result<Change, Fault> {
        let client = &*self.client;
        Ok(match *task {
            Task::DefaultBranch => {
                let branch = client.default_branch().inspect_err(|fault| tracing::debug!(why = %fault)).ok();
                Box::new(move |found| found.facts.default_branch = branch)
            }
            Task::Environment(name) => {
                let (name, protection) = (name.to_owned(), protection(transcript, name));
                Box::new(move |found| drop(found.facts.environments.insert(name, protection)))
            }
            Task::Run(id) => {
                let run = self.known(id)?;
                Box::new(move |found| found.run = Some(run))
            }
            Task::Jobs(id) => {
                let jobs = client.jobs(id)?;
                Box::new(move |found| found.jobs = jobs)
            }
            Task::Reviews(id) => {
                let reviews = reviews(transcript, id)?;
                Box::new(move |found| found.reviews = reviews)
            }
            Task::LedBy(id) => {
                let run = self.known(id)?;
                Box::new(move |found| found.facts.led_here.push(run))
            }
            Task::PullRequest(number) => {
                let words = self.words_on(number)?;
                Box::new(move |found| found.facts.words.extend(words))
            }
            Task::Word(place) => {
                let word = self.word(place)?;
                Box::new(move |found| found.facts.words.extend(word))
            }
        })
    }

    /// A run that must be there: what is built on it would be judged by nothing otherwise.
    fn known(&self, id: u64) -> Result<RunFacts, Fault> {
        self.client.run(id)?.ok_or_else(|| {
            let (owner, name) = (self.client.owner(), self.client.name());
            let why = format!("GitHub knows no run {id} of {owner}/{name}, or the token may not see it");
            Fault::new(FaultKind::NotFound, format!("read the workflow run {id}"), why)
                .hint("the job needs `permissions:` with `actions: read`")
        })
    }

    fn words_on(&self, number: u64) -> Result<Vec<Word>, Fault> {
        let mut words = self.client.comments(number)?;
        words.retain(|word| of_interest(&word.body));
        // An issue is no pull request, and has no reviews.
        if let Some(head) = self.client.pull_request_head(number)? {
            words.extend(self.client.reviews(number, &head, of_interest)?);
        }
        Ok(words)
    }

    /// A word that the ledger knows of, as it is now; `None` if it is gone.
    fn word(&self, place: &WordPlace) -> Result<Option<Word>, Fault> {
        match place.kind {
            WordKind::Comment => self.client.comment(place.number, place.id),
            WordKind::Review => match self.client.pull_request_head(place.number)? {
                Some(head) => self.client.review(place.number, place.id, &head),
                None => Ok(None),
            },
        }
    }

    /// Who is in which team, of everybody who reviewed, wrote, or was named.
    fn members(&self, transcript: &Transcript<'_>, asked: &ApprovalsAsked, facts: &ApprovalFacts) -> Members {
        let reviewers = facts.run.iter().flat_map(|run| &run.reviews).filter_map(|review| review.user.as_ref());
        let authors = facts.words.iter().filter_map(|word| word.author.as_ref());
        let people = reviewers.chain(authors).filter(|person| !person.is_bot()).map(|person| &person.login);
        let logins: BTreeSet<String> = people.chain(&asked.users).map(|login| login.to_lowercase()).collect();
        let teams: BTreeSet<&str> = asked.teams.iter().map(String::as_str).collect();
        let pairs: Vec<(&str, &str)> =
            teams.iter().flat_map(|team| logins.iter().map(move |login| (*team, login.as_str()))).collect();
        let found = together(&pairs, |(team, login)| member(transcript, team, login));
        let mut members: Members = teams.iter().map(|team| ((*team).to_owned(), BTreeMap::new())).collect();
        for ((team, login), member) in pairs.into_iter().zip(found) {
            members.entry(team.to_owned()).or_default().insert(login.to_owned(), member);
        }
        members
    }

    /// Who wrote what is new, where a program started one of the runs.
    fn authors(&self, asked: &ApprovalsAsked, facts: &ApprovalFacts) -> Option<Vec<Person>> {
        let (base, head) = asked.since.as_ref()?;
        let by_a_bot = |person: &Option<Person>| person.as_ref().is_none_or(Person::is_bot);
        let mut runs = facts.run.iter().chain(&facts.led_here);
        if !runs.any(|run| by_a_bot(&run.actor) || by_a_bot(&run.triggering_actor)) {
            return None;
        }
        self.client.authors(base, head).inspect_err(|fault| tracing::debug!(why = %fault)).ok().flatten()
    }
}

type Members = BTreeMap<String, BTreeMap<String, Member>>;

/// What was read so far.
#[derive(Default)]
struct Found {
    facts: ApprovalFacts,
    run: Option<RunFacts>,
    jobs: Vec<JobFacts>,
    reviews: Vec<Review>,
}

impl Approvals for GitHubApprovals {
    fn read(&self, asked: &ApprovalsAsked) -> Result<ApprovalFacts, Fault> {
        let transcript = Transcript::new(&self.client);
        let environments: BTreeSet<&str> = asked.environments.iter().map(String::as_str).collect();
        let mut tasks = vec![Task::DefaultBranch];
        if let Some(run) = self.run.filter(|_| asked.run) {
            tasks.extend([Task::Run(run.id), Task::Jobs(run.id), Task::Reviews(run.id)]);
            tasks.extend(run.led_by.map(Task::LedBy));
        }
        tasks.extend(asked.pull_request.map(Task::PullRequest));
        tasks.extend(environments.into_iter().map(Task::Environment));
        let elsewhere: BTreeSet<&WordPlace> =
            asked.words.iter().filter(|place| asked.pull_request != Some(place.number)).collect();
        tasks.extend(elsewhere.into_iter().map(Task::Word));
        let mut found = Found::default();
        for read in together(&tasks, |task| self.one(&transcript, task)) {
            read?(&mut found);
        }
        let Found { mut facts, run, jobs, reviews } = found;
        facts.repository = format!("{}/{}", self.client.owner(), self.client.name());
        facts.run = run.map(|run| RunFacts { jobs, reviews, ..run });
        facts.members = self.members(&transcript, asked, &facts);
        facts.authors = self.authors(asked, &facts);
        facts.answers = transcript.into_answers();
        Ok(facts)
    }

    fn say(&self, number: u64, body: &str) -> Result<WordPlace, Fault> {
        self.client.write_comment(number, body)
    }

    fn run(&self, page: &str) -> Result<Option<RunFacts>, Fault> {
        let Some(id) = run_of(page) else { return Ok(None) };
        let same = |run: &RunFacts| {
            let (page, url) = (page.to_ascii_lowercase(), run.url.to_ascii_lowercase());
            !url.is_empty() && page.strip_prefix(&url).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // A run of another repository, or of another server, has our number by chance at most.
        let Some(run) = self.client.run(id)?.filter(same) else { return Ok(None) };
        Ok(Some(RunFacts { jobs: self.client.jobs(id)?, ..run }))
    }

    fn default_branch(&self) -> Result<String, Fault> {
        self.client.default_branch()
    }

    fn last_change(&self, path: &str) -> Result<Option<CommitSummary>, Fault> {
        let branch = self.client.default_branch()?;
        let newest = self.client.changes(path, &branch, 1)?.into_iter().next();
        Ok(newest.and_then(|change| {
            Some(CommitSummary { id: change.commit, author: change.author, at: change.at?, subject: change.subject })
        }))
    }

    fn blame(&self, path: &str) -> Result<Option<Blame>, Fault> {
        self.client.blame(path)
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }
}

fn of_interest(body: &str) -> bool {
    body.to_ascii_lowercase().contains(KEYWORD)
}

/// The number of a run in its page's address: `https://github.com/acme/app/actions/runs/12/attempts/1`.
fn run_of(page: &str) -> Option<u64> {
    let (_, rest) = page.split_once("/actions/runs/")?;
    rest.split('/').next()?.parse().ok()
}

/// Does the same with each of many at the same time, a few at once; the results in their order.
fn together<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results = Vec::with_capacity(all.len());
    for some in all.chunks(AT_ONCE) {
        results.extend(std::thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|one| scope.spawn(|| work(one))).collect();
            let joined = running.into_iter().map(|thread| match thread.join() {
                Ok(result) => result,
                // It panicked: so do we, with its own words.
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect::<Vec<_>>()
        }));
    }
    results
}
