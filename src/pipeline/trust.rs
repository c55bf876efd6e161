//! Whose records count. Closing is cheap, opening needs proof: where the rules say `ledger: { trust: runs }`, a record that opens
//! something (a completed promotion, which satisfies order and may be restored) counts only if GitHub confirms the workflow
//! run that wrote it. Whoever can push to the ledger can write a record; they cannot make such a run.

use std::collections::BTreeSet;

use crate::pipeline::job::Job;
use crate::pipeline::past;
use crate::ports::{Fault, FaultKind, World};
use crate::promotion::approvals::facts::RunFacts;
use crate::promotion::approvals::slots::short;
use crate::promotion::folded::Folded;
use crate::promotion::head::Head;
use crate::promotion::record::{Entry, Milestone};
use crate::promotion::rules::Trust;

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
            Ok(Some(run)) => doubt(job, &run, &branch, &story),
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
fn doubt(job: &Job<'_>, run: &RunFacts, default_branch: &str, story: &Folded) -> Option<String> {
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
    if story.last < run.created {
        return Some("the record is older than the run".to_owned());
    }
    // Somebody could name a run that promoted something else. Where roles approved, its jobs say which plan that was.
    let plan = story.planned.as_ref().filter(|planned| planned.approvals.is_some())?;
    let digest = short(&plan.plan.digest);
    let approves = run.jobs.iter().any(|one| one.name.contains("approve ") && one.name.ends_with(digest));
    let in_comments = plan.approvals.as_ref().is_some_and(|approvals| approvals.facts.run.is_none());
    (!approves && !in_comments).then(|| format!("no job of it approved the plan {digest}"))
}

/// A head without a last verified version that is not to be believed.
pub fn believed(world: &World<'_>, job: &Job<'_>, mut head: Head) -> Result<Head, Fault> {
    let Some(last) = head.last_verified.clone().filter(|_| job.rules.trust != Trust::Push) else { return Ok(head) };
    let same = past::story(world, &last.promotion)?.is_some_and(|story| {
        let asked = &story.requested.request;
        story.verified.is_some() && asked.images.iter().all(|wanted| last.images.contains(&wanted.new))
    });
    if !same || unconfirmed(world, job, &last.promotion)?.is_some() {
        head.last_verified = None;
    }
    Ok(head)
}
