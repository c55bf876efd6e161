//! Approvals on the road: what is asked of GitHub for a plan, and what its answer means for the run.

use std::collections::BTreeMap;

use crate::pipeline::asked::Asked;
use crate::pipeline::collect;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::past;
use crate::ports::World;
use crate::promotion::approvals::asked::ApprovalsAsked;
use crate::promotion::approvals::facts::{ApprovalFacts, Person, Protection, Review, RunFacts, WordPlace};
use crate::promotion::approvals::judge::{self, Question};
use crate::promotion::approvals::report::{ApprovalReport, JudgedApprovals, Standing};
use crate::promotion::approvals::{bypass, origin, protection, slots};
use crate::promotion::event::Event;
use crate::promotion::facts::{Excepted, Facts, SetAside};
use crate::promotion::outcome::Outcome;
use crate::promotion::planning::PlanFault;
use crate::promotion::record::{Bypass, Entry, Milestone};
use crate::promotion::request::ActorKnown;
use crate::promotion::rule;
use crate::promotion::rules::{Promotion, read as rules_reader};
use crate::promotion::shown::Shown;
use crate::promotion::time::Time;
use crate::promotion::words;

/// What the ledger knows of a promotion's approvals before this run.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// Who asked for it.
    requested_by: Vec<String>,
    /// The words that were said, and where.
    words: Vec<WordPlace>,
    /// When each plan was first shown, by its digest.
    shown_at: BTreeMap<String, Time>,
}

impl Before {
    /// What the entries of a promotion say.
    pub fn of(entries: &[Entry]) -> Self {
        let mut before = Self::default();
        for entry in entries {
            match &entry.event {
                Milestone::Requested(_) => before.requested_by.push(entry.actor.name.clone()),
                Milestone::Approved(approved) => before.words.extend(approved.word.clone()),
                Milestone::Judged(judged) => {
                    if let Some(approvals) = &judged.approvals {
                        before.shown_at.entry(approvals.digest.clone()).or_insert(entry.at);
                    }
                }
                _ => {}
            }
        }
        before
    }
}

/// Judges the approvals of a plan; `None` where the rules ask for none. With `run` the reviews of this workflow run are read; a
/// plan that nobody could have seen yet has none, and only who would be asked is looked at.
pub fn judged(
    world: &World<'_>,
    job: &Job<'_>,
    (asked, facts): (&Asked, &Facts),
    shown: &Shown,
    run: bool,
) -> Result<Option<JudgedApprovals>, Halt> {
    let promotion = job.promotion;
    if promotion.approvals.is_empty() {
        return Ok(None);
    }
    let before = match run {
        true => Before::of(&world.ledger.entries(&asked.id)?),
        false => Before::default(),
    };
    let read = read(
        world,
        &ApprovalsAsked {
            environments: slots::slots(promotion, &job.rules.github).into_iter().map(|slot| slot.environment).collect(),
            run: run && job.approving.in_run,
            pull_request: job.approving.pull_request.filter(|_| run),
            words: before.words.clone(),
            teams: promotion.approvals.iter().filter_map(|role| role.team.clone()).collect(),
            users: Vec::new(),
            since: since(asked, facts),
        },
    )?;
    let mut requested_by = before.requested_by.clone();
    if requested_by.is_empty() {
        // This run asks for it: the ledger hears of that together with the judgement.
        requested_by.push(job.me.actor.name.clone());
    }
    requested_by.extend(job.approving.started_by.iter().cloned());
    let question = Question {
        promotion,
        github: &job.rules.github,
        digest: &shown.digest,
        planned_at: before.shown_at.get(&shown.digest).copied(),
        now: facts.at,
        requested_by: &requested_by,
    };
    let mut judged = judge::judged(&question, read);
    if !run {
        let rows = judge::protections(promotion, &job.rules.github, &judged.facts);
        judged.report = ApprovalReport::of(rows, Vec::new(), Vec::new());
    }
    if run && job.approving.bypass.contains(&Bypass::Approvals) {
        let by = allowed(world, job, &promotion.bypass.approvals, Bypass::Approvals)?;
        set_all_aside(&mut judged.report, &by, job.reason.unwrap_or_default());
    }
    (world.tell)(&Event::Approvals(judged.report.clone()));
    Ok(Some(judged))
}

fn read(world: &World<'_>, asked: &ApprovalsAsked) -> Result<ApprovalFacts, Halt> {
    let Some(github) = world.approvals else {
        let why = "no GitHub is configured: set GITHUB_REPOSITORY and GITHUB_TOKEN (or github-token)";
        let unreadable = |name: &String| (name.clone(), Protection::Unreadable { why: why.to_owned() });
        let environments = asked.environments.iter().map(unreadable).collect();
        return Ok(ApprovalFacts { environments, ..ApprovalFacts::default() });
    };
    Ok(github.read(asked)?)
}

/// The commits of the last verified version and of this one.
fn since(asked: &Asked, facts: &Facts) -> Option<(String, String)> {
    let last = asked.target.head.last_verified.as_ref()?;
    Some((last.images.iter().find_map(collect::commit_in_tag)?, facts.commit.clone()?))
}

/// The end of a run whose plan is not approved; `None` if it is.
pub fn holds(job: &Job<'_>, judged: &JudgedApprovals, shown: &Shown) -> Option<End> {
    let report = &judged.report;
    // Of several that are open, those that are worst off say what is wrong.
    let worst = report.open().filter(|role| role.standing == report.standing);
    let open = words::list(&worst.map(|role| format!("{} ({})", role.role, role.people)).collect::<Vec<_>>());
    let digest = slots::short(&judged.digest);
    let (outcome, what) = match report.standing {
        Standing::Approved | Standing::Bypassed => return None,
        Standing::Open => (Outcome::Waiting, format!("plan {digest} waits for approval by {open}")),
        Standing::Unknown => {
            (Outcome::Unknown, format!("it could not be found out whether {open} approved plan {digest}"))
        }
        Standing::Broken => (Outcome::Held, format!("plan {digest} cannot be approved by {open} as things are")),
        Standing::Rejected => (Outcome::Rejected, format!("plan {digest} was refused by {open}")),
    };
    let mut end = End::of(outcome, what);
    end.seen.extend(changed(job, shown, &judged.facts));
    end.seen.extend(report.because.iter().cloned());
    for role in report.open() {
        end.seen.extend(role.because.iter().map(|why| format!("{}: {why}", role.role)));
    }
    let hints = report.hints.iter().chain(report.open().flat_map(|role| &role.hints));
    for hint in hints {
        if !end.next.contains(hint) {
            end.next.push(hint.clone());
        }
    }
    if end.next.is_empty() && outcome == Outcome::Waiting {
        end.next.push("run it again when they have".to_owned());
    }
    Some(end)
}

/// What is bound now and was not when the plan was shown to approvers: both digests, the parts, and who had approved.
fn changed(job: &Job<'_>, now: &Shown, facts: &ApprovalFacts) -> Vec<String> {
    let Some(then) = job.approving.shown.as_deref().filter(|then| then.digest != now.digest) else { return Vec::new() };
    let (was, is) = (slots::short(&then.digest), slots::short(&now.digest));
    let mut lines = vec![format!("what was shown to approvers is plan {was}; what would run now is plan {is}")];
    lines.extend(then.changes(now));
    let approved = approved_then(job, was, facts);
    if !approved.is_empty() {
        lines.push(format!("plan {was} was approved by {}", approved.join(", ")));
    }
    lines
}

/// Who approved the plan that was shown, where this run asked for that: `@ana (production-approval-sre)`.
fn approved_then(job: &Job<'_>, digest: &str, facts: &ApprovalFacts) -> Vec<String> {
    let asked = |run: &&RunFacts| run.jobs.iter().any(|one| one.name.ends_with(digest));
    let Some(run) = facts.run.as_ref().filter(asked) else { return Vec::new() };
    let mut approved = Vec::new();
    for slot in slots::slots(job.promotion, &job.rules.github) {
        let Some(number) = protection::number(&slot.environment, facts) else { continue };
        let here = |review: &&Review| review.state == "approved" && review.environments.contains(&number);
        for user in run.reviews.iter().filter(here).filter_map(|review| review.user.as_ref()) {
            approved.push(format!("@{} ({})", user.login, slot.environment));
        }
    }
    approved
}

/// Whether the gates are set aside for this run, and by whom; a fault where that is asked for and not allowed.
pub fn set_aside(world: &World<'_>, job: &Job<'_>) -> Result<Option<SetAside>, Halt> {
    if !job.approving.bypass.contains(&Bypass::Gates) {
        return Ok(None);
    }
    let by = allowed(world, job, &job.promotion.bypass.gates, Bypass::Gates)?;
    Ok(Some(SetAside { by, reason: job.reason.unwrap_or_default().to_owned() }))
}

/// The freeze windows in force that whoever started this run may go on in, and says why.
pub fn excepted(world: &World<'_>, job: &Job<'_>, at: Time) -> Result<Vec<Excepted>, Halt> {
    let reason = job.reason.filter(|reason| !reason.trim().is_empty() && !job.approving.alone);
    let Some(reason) = reason else { return Ok(Vec::new()) };
    let mut excepted = Vec::new();
    for window in job.promotion.freeze.iter().filter(|window| !window.except.is_empty()) {
        if window.in_force(at).is_none() {
            continue;
        }
        // Whoever cannot be told is nobody whom the rules name: the window holds.
        let (people, members) = match starters(world, job, &window.except) {
            Err(Halt::Invalid(_)) => continue,
            found => found?,
        };
        if bypass::may_bypass(&window.except, &people, &members).is_ok() {
            let by = people.iter().map(|person| person.login.clone()).collect::<Vec<_>>().join(", ");
            let set_aside = SetAside { by, reason: reason.to_owned() };
            excepted.push(Excepted { window: window.name.clone(), set_aside });
        }
    }
    Ok(excepted)
}

/// Who sets something aside, if everybody who started this run may.
fn allowed(world: &World<'_>, job: &Job<'_>, by: &[String], what: Bypass) -> Result<String, Halt> {
    let Promotion { from, to, .. } = job.promotion;
    let (setting, flag) = match what {
        Bypass::Gates => ("SKIP_VALIDATION", "--skip-validation"),
        Bypass::Approvals => ("AUTO_APPROVE", "--auto-approve"),
        Bypass::Hotfix => ("PROMOTE_HOTFIX", "--hotfix"),
        Bypass::Soak => ("PROMOTE_REPLACE", "--replace"),
    };
    let refused = |seen: String, hint: String| {
        let what = format!("the {} of {from} → {to} cannot be set aside", what.word());
        Halt::Invalid(PlanFault { what, seen, hint })
    };
    if by.is_empty() {
        let seen = format!("{setting} (or {flag}) is set, and the rules let nobody go past the {}", what.word());
        let hint =
            format!("take it away, or allow it: bypass: {{ {}: {{ by: [org/team], reason: required }} }}", what.word());
        return Err(refused(seen, hint));
    }
    if job.reason.is_none_or(|reason| reason.trim().is_empty()) {
        let again = format!("promote run --from {from} --to {to} {flag} --reason \"…\"");
        return Err(refused(format!("{setting} needs a reason, and REASON (or --reason) is not set"), again));
    }
    let (people, members) = starters(world, job, by)?;
    let names: Vec<String> = people.iter().map(|person| person.login.clone()).collect();
    match bypass::may_bypass(by, &people, &members) {
        Ok(()) => Ok(names.join(", ")),
        Err(why) => Err(refused(why, "ask somebody whom the rules name to start it".to_owned())),
    }
}

type Members = BTreeMap<String, BTreeMap<String, crate::promotion::approvals::facts::Member>>;

/// Everybody who started this run, and in which teams they are. Where no GitHub is configured it is the name that the process
/// claims: whoever can push is trusted there.
fn starters(world: &World<'_>, job: &Job<'_>, by: &[String]) -> Result<(Vec<Person>, Members), Halt> {
    let claimed = Person { login: job.me.actor.name.clone(), id: 0, kind: "User".to_owned() };
    let Some(github) = world.approvals else { return Ok((vec![claimed], Members::new())) };
    let teams = by.iter().filter(|name| name.contains('/')).cloned().collect();
    let users = job.approving.started_by.clone();
    let asked = ApprovalsAsked { run: job.approving.in_run, teams, users, ..ApprovalsAsked::default() };
    let facts = github.read(&asked)?;
    let mut people = origin::starters(&facts, &job.approving.started_by);
    if people.is_empty() && job.me.actor.known == ActorKnown::Github {
        people.push(claimed);
    }
    if people.is_empty() {
        let seen = "who runs this could not be found out at GitHub".to_owned();
        let hint = "set GITHUB_TOKEN to a token of your own, or start it in GitHub Actions".to_owned();
        return Err(Halt::Invalid(PlanFault { what: "nothing can be set aside".to_owned(), seen, hint }));
    }
    Ok((people, facts.members))
}

fn set_all_aside(report: &mut ApprovalReport, by: &str, reason: &str) {
    for role in &mut report.roles {
        // A refusal is final for its plan, whoever may go past approvals.
        if !matches!(role.standing, Standing::Approved | Standing::Rejected) {
            role.standing = Standing::Bypassed;
            role.because = vec![format!("set aside by {by}: {reason}")];
            role.hints.clear();
        }
    }
    *report = ApprovalReport::of(std::mem::take(&mut report.roles), Vec::new(), Vec::new());
}

/// Who refused, and why, as the record keeps it.
pub fn refusal(report: &ApprovalReport) -> (Option<String>, String) {
    let refused = report.roles.iter().filter(|role| role.standing == Standing::Rejected);
    let by = refused.clone().flat_map(|role| &role.given).map(|given| given.login.clone()).next();
    let reasons: Vec<String> = refused.flat_map(|role| role.because.iter().cloned()).collect();
    (by, reasons.join("; "))
}

/// What changed in the rules since the target's last verified promotion, and who changed it, a line each: for approvers. Nothing
/// where nothing changed, or where there is nothing to compare with.
pub fn rules_changed(world: &World<'_>, job: &Job<'_>, asked: &Asked) -> Result<Vec<String>, Halt> {
    let Some(last) = &asked.target.head.last_verified else { return Ok(Vec::new()) };
    let Some(story) = past::story(world, &last.promotion)? else { return Ok(Vec::new()) };
    let planned = story.planned.as_ref().and_then(|planned| planned.rules.as_ref());
    let then = planned.map_or(&story.requested.rules, |rules| &rules.text);
    if then == job.rules_text {
        return Ok(Vec::new());
    }
    let by = match world.approvals.map(|github| github.last_change(job.rules_path)) {
        Some(Ok(Some(commit))) => format!(", last by @{}: {}", commit.author, commit.subject),
        _ => String::new(),
    };
    let mut lines =
        vec![format!("the rules changed since {} was verified (promotion {}){by}", job.promotion.to, last.promotion)];
    let Ok(then) = rules_reader::read(&story.requested.rules_path, then) else {
        lines.push("the older rules cannot be read by this version: promote rules diff shows their text".to_owned());
        return Ok(lines);
    };
    let changes = rule::changes(&then, job.rules, (&job.promotion.from, &job.promotion.to));
    if changes.is_empty() {
        lines.push("nothing of it changes what this promotion needs".to_owned());
    }
    lines.extend(changes);
    Ok(lines)
}
