//! Whose records count. Closing is cheap, opening needs proof: where the rules say `ledger: { trust: runs }`, a record that opens
//! something (a completed promotion, which satisfies order and may be restored) counts only if GitHub confirms the workflow
//! run that wrote it. Whoever can push to the ledger can write a record; they cannot make such a run.

use std::collections::BTreeSet;

use crate::pipeline::job::Job;
use crate::pipeline::past;
use crate::ports::{Approvals, Fault, FaultKind, World};
use crate::promotion::approvals::asked::ApprovalsAsked;
use crate::promotion::approvals::facts::{JobFacts, RunFacts, WordPlace};
use crate::promotion::approvals::report::ApprovalReport;
use crate::promotion::approvals::slots::{Slot, short, slots};
use crate::promotion::approvals::{legs, words};
use crate::promotion::folded::Folded;
use crate::promotion::image::ImageRef;
use crate::promotion::record::{Entry, Milestone, Planned};
use crate::promotion::replay::again::{self, Saved};
use crate::promotion::request::RequestKind;
use crate::promotion::rules::Trust;
use crate::promotion::time::Time;

/// Why the record of a promotion is not to be believed; `None` if it is.
pub fn unconfirmed(world: &World<'_>, job: &Job<'_>, id: &str) -> Result<Option<String>, Fault> {
    if job.rules.trust == Trust::Push {
        return Ok(None);
    }
    let Some(github) = world.approvals else {
        return Ok(Some(
            "no GitHub is configured that could confirm its run: set GITHUB_REPOSITORY and GITHUB_TOKEN".to_owned(),
        ));
    };
    let entries = world.ledger.entries(id)?;
    let Some(story) = crate::promotion::folded::fold(&entries) else {
        return Ok(Some("the ledger holds no such record".to_owned()));
    };
    let mut pages: BTreeSet<&str> = BTreeSet::new();
    for entry in entries.iter().filter(|entry| opens(entry)) {
        match &entry.ci_run {
            Some(page) => drop(pages.insert(page)),
            None => return Ok(Some(format!("its entry {} names no workflow run", entry.seq))),
        }
    }
    if pages.is_empty() {
        return Ok(Some("it names no workflow run".to_owned()));
    }
    let branch = github.default_branch()?;
    for page in pages {
        let doubt = match github.run(page) {
            Ok(Some(run)) => match doubt(job, &run, &branch, story.last) {
                None => unapproved(github, job, &run, &story)?,
                doubt => doubt,
            },
            Ok(None) => Some("GitHub knows no such run".to_owned()),
            Err(fault) if matches!(fault.kind, FaultKind::Denied | FaultKind::Broken) => Some(fault.to_string()),
            Err(fault) => return Err(fault),
        };
        if let Some(doubt) = doubt {
            return Ok(Some(format!("its run {page} does not confirm it: {doubt}")));
        }
    }
    Ok(None)
}

/// Whether an entry opens something for a later promotion.
fn opens(entry: &Entry) -> bool {
    matches!(
        entry.event,
        Milestone::Planned(_) | Milestone::Committed { .. } | Milestone::Verified(_) | Milestone::Closed(_)
    )
}

/// Why a run does not confirm the record that names it.
pub(super) fn doubt(job: &Job<'_>, run: &RunFacts, default_branch: &str, written: Time) -> Option<String> {
    let workflow = &job.rules.github.workflow;
    if run.path != *workflow {
        return Some(format!("it is a run of {}, and promotions are run by {workflow}", run.path));
    }
    if run.head_repository.as_ref() != Some(&run.repository) {
        return Some("its commit is of another repository".to_owned());
    }
    if run.branch.as_deref() != Some(default_branch) {
        let branch = run.branch.as_deref().unwrap_or("no branch");
        return Some(format!("it is a run of {branch}, not of {default_branch}"));
    }
    if written < run.created {
        return Some("the record is older than the run".to_owned());
    }
    None
}

/// Why the run does not confirm that a record's plan was approved, as the rules ask now. Somebody could name a run that promoted
/// something else: its jobs say which plan its reviewers saw, and words name their plan themselves.
fn unapproved(github: &dyn Approvals, job: &Job<'_>, run: &RunFacts, story: &Folded) -> Result<Option<String>, Fault> {
    let request = &story.requested.request;
    let asks = job.rules.promotion(&request.from, &request.to).filter(|promotion| !promotion.approvals.is_empty());
    let Some(promotion) = asks.filter(|_| request.kind == RequestKind::Promotion) else { return Ok(None) };
    let planned = story.planned.as_ref();
    let Some((plan, approvals)) = planned.and_then(|planned| Some((&planned.plan, planned.approvals.as_ref()?))) else {
        return Ok(Some("the rules ask for approvals, and it has none".to_owned()));
    };
    if let Some(why) = planned.and_then(|planned| other_plan(story, planned)) {
        return Ok(Some(why));
    }
    let let_through = |slot: &Slot| {
        let name = legs::name(slot, &plan.digest);
        let named = |one: &JobFacts| one.name == name || one.name.ends_with(&format!(" / {name}"));
        run.jobs.iter().any(|one| named(one) && one.conclusion.as_deref() == Some("success"))
    };
    let mut words = standing(github, &approvals.report, &plan.digest)?;
    for slot in slots(promotion, &job.rules.github).iter().filter(|slot| !let_through(slot)) {
        match words.iter().position(|role| *role == slot.role) {
            Some(at) => drop(words.remove(at)),
            None => {
                let digest = short(&plan.digest);
                return Ok(Some(format!("no job of it approved the plan {digest} for {}", slot.role)));
            }
        }
    }
    Ok(None)
}

/// Why a record's plan is not the one that its digest names: it could claim another version with the digest of a plan that was
/// approved. What it says was read gives the plan again.
fn other_plan(story: &Folded, planned: &Planned) -> Option<String> {
    let asked = &story.requested;
    let rules = planned.rules.as_ref().map_or((&asked.rules_path, &asked.rules), |rules| (&rules.path, &rules.text));
    let saved =
        Saved { id: &story.id, request: &asked.request, rules_path: rules.0, rules: rules.1, facts: &planned.facts };
    match again::plan(&saved, &planned.report) {
        Ok(Some((plan, _))) if plan.digest == planned.plan.digest && plan.images == planned.plan.images => None,
        Ok(_) => Some("its plan does not follow from what it says was read".to_owned()),
        Err(why) => Some(format!("its plan cannot be made again: {why}")),
    }
}

/// The roles for which a record's approvals by word stand at GitHub still, one for each word.
fn standing(github: &dyn Approvals, report: &ApprovalReport, digest: &str) -> Result<Vec<String>, Fault> {
    let given = report.roles.iter().flat_map(|role| role.given.iter().map(|given| (role.role.clone(), given)));
    let given: Vec<_> = given.filter_map(|(role, given)| Some((role, given, given.word.clone()?))).collect();
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let words = given.iter().map(|(_, _, place)| place.clone()).collect();
    let facts = github.read(&ApprovalsAsked { words, ..ApprovalsAsked::default() })?;
    let mut counted: BTreeSet<&WordPlace> = BTreeSet::new();
    let mut roles = Vec::new();
    for (role, given, place) in &given {
        let stands = facts.words.iter().any(|word| {
            let by = word.author.as_ref().is_some_and(|author| author.login.eq_ignore_ascii_case(&given.login));
            let said = words::said(&word.body).is_some_and(|said| said.approve && digest.starts_with(&said.digest));
            word.place == *place && by && said && !word.edited
        });
        if stands && counted.insert(place) {
            roles.push(role.clone());
        }
    }
    Ok(roles)
}

/// Whether a record that is said to have verified these images did so, and is to be believed.
pub fn verified(world: &World<'_>, job: &Job<'_>, promotion: &str, images: &[ImageRef]) -> Result<bool, Fault> {
    if job.rules.trust == Trust::Push {
        return Ok(true);
    }
    let same = past::story(world, promotion)?.is_some_and(|story| {
        let asked = &story.requested.request;
        story.verified.is_some() && asked.images.iter().all(|wanted| images.contains(&wanted.new))
    });
    Ok(same && unconfirmed(world, job, promotion)?.is_none())
}
