//! Looking back: whether the ledger is as it was written, what was done, and what was done beside it.

use crate::pipeline::asked::branch;
use crate::ports::{Branch, Delivery, Descent, Fault, FaultKind, Found, Ledger, Past};
use crate::promotion::audit::{self, Looked, Step, Unrecorded};
use crate::promotion::history::delivered::{self, Carrier, Walked};
use crate::promotion::history::story::Told;
use crate::promotion::history::{Examined, Examiner};
use crate::promotion::order::Ordered;
use crate::promotion::planning::ID_TRAILER;
use crate::promotion::rules::{Rules, Target};
use crate::promotion::time::Time;
use crate::promotion::trail::{Line, Trail, Wanted};

/// Examines the ledger, and with the GitOps repository whether both say the same.
pub fn verify(ledger: &dyn Ledger, delivery: Option<&dyn Delivery>) -> Result<Examined, Fault> {
    let mut examined = examine(ledger)?;
    if let Some(delivery) = delivery {
        let walked = walked(delivery, &examined.told)?;
        delivered::compare(&mut examined, &walked);
    }
    Ok(examined)
}

fn examine(ledger: &dyn Ledger) -> Result<Examined, Fault> {
    let mut examiner = Examiner::default();
    ledger.history(&mut |piece| examiner.take(piece))?;
    Ok(examiner.finish())
}

/// Walks the default branch, and every branch that a plan names.
fn walked(delivery: &dyn Delivery, told: &[Told]) -> Result<Vec<Walked>, Fault> {
    let mut all: Vec<Walked> = Vec::new();
    let default = Branch { repo: "default".to_owned(), branch: None };
    match delivery.carriers(&default, ID_TRAILER) {
        Ok(past) => all.push(carried(past)),
        Err(fault) if fault.kind == FaultKind::NotFound => {}
        Err(fault) => return Err(fault),
    }
    let planned = told.iter().flat_map(|promotion| &promotion.plans);
    for plan in planned {
        if all.iter().any(|walked| walked.branch == plan.branch) {
            continue;
        }
        let named = Branch { repo: plan.repo.clone(), branch: Some(plan.branch.clone()) };
        all.push(match delivery.carriers(&named, ID_TRAILER) {
            Ok(past) => carried(past),
            // A branch that is gone holds nothing: each record that names a commit of it is a finding.
            Err(fault) if fault.kind == FaultKind::NotFound => Walked {
                repository: plan.repository.clone(),
                branch: plan.branch.clone(),
                whole: true,
                commits: Vec::new(),
            },
            Err(fault) => return Err(fault),
        });
    }
    Ok(all)
}

fn carried(past: Past<Found>) -> Walked {
    let carrier = |found: Found| Carrier { commit: found.commit, message: found.message, changes: found.changes };
    Walked {
        repository: past.repository,
        branch: past.branch,
        whole: past.whole,
        commits: past.items.into_iter().map(carrier).collect(),
    }
}

/// The audit trail, and the files of the ledger that could not be read for it.
pub fn trail(ledger: &dyn Ledger, wanted: &Wanted) -> Result<(Vec<Line>, Vec<String>), Fault> {
    let mut trail = Trail::default();
    ledger.history(&mut |piece| trail.take(piece))?;
    Ok(trail.finish(wanted))
}

/// What an audit of the environments found.
#[derive(Debug, Default)]
pub struct Audited {
    /// How many directories of environments were looked at.
    pub directories: usize,
    /// How many commits changed them.
    pub commits: usize,
    /// Changes without a record.
    pub unrecorded: Vec<Unrecorded>,
    /// What could not be read.
    pub notes: Vec<String>,
}

/// Looks for changes of pinned versions that no record knows, in every environment of the rules or the one that is named. What
/// an environment held when it was adopted is covered by that, with all that led there.
pub fn audit(
    ledger: &dyn Ledger,
    delivery: &dyn Delivery,
    rules: &Rules,
    environment: Option<&str>,
    since: Option<Time>,
) -> Result<Audited, Fault> {
    let examined = examine(ledger)?;
    let mut audited = Audited::default();
    for service in rules.services.values() {
        let wanted = service
            .environments
            .iter()
            .filter(|known| environment.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&known.name)));
        for known in wanted {
            let looked = Looked { service: &service.name, environment: &known.name, images: &known.images };
            for target in &known.targets {
                directory(delivery, &examined, &looked, target, since, &mut audited)?;
            }
        }
    }
    audited.unrecorded.sort_by(|a, b| (b.at, &a.environment, &a.image).cmp(&(a.at, &b.environment, &b.image)));
    Ok(audited)
}

fn directory(
    delivery: &dyn Delivery,
    examined: &Examined,
    looked: &Looked<'_>,
    target: &Target,
    since: Option<Time>,
    audited: &mut Audited,
) -> Result<(), Fault> {
    let branch = branch(target);
    let past = delivery.steps(&branch, &target.path)?;
    audited.directories += 1;
    audited.commits += past.items.len();
    if !past.whole {
        audited
            .notes
            .push(format!("{}: only the newest part of the history of {} was read", looked.environment, past.branch));
    }
    let mut steps = Vec::new();
    for item in past.items {
        let id = item.found.commit.id.clone();
        match step(item) {
            Ok(step) => steps.push(step),
            Err(fault) => audited.notes.push(format!("commit {id} was left out: {fault}")),
        }
    }
    let (found, notes) = audit::unrecorded(looked, &steps, &examined.told);
    audited.notes.extend(notes);
    let adopted: Vec<&str> = examined
        .given
        .iter()
        .map(|given| &given.order)
        .filter(|order| order.service.as_deref() == Some(looked.service))
        .filter(|order| order.environment.as_deref() == Some(looked.environment))
        .filter_map(|order| match &order.event {
            Ordered::Adopted(adopted) => Some(adopted.commit.as_str()),
            _ => None,
        })
        .collect();
    for change in found.into_iter().filter(|change| since.is_none_or(|since| change.at >= since)) {
        let mut covered = false;
        for commit in &adopted {
            let stands = delivery.descent(&branch, commit, &change.commit)?;
            covered = covered || matches!(stands, Descent::Same | Descent::Descendant);
        }
        if !covered {
            audited.unrecorded.push(change);
        }
    }
    Ok(())
}

fn step(step: crate::ports::Step) -> Result<Step, Fault> {
    Ok(Step {
        commit: step.found.commit,
        message: step.found.message,
        changes: step.found.changes,
        before: step.before?,
        after: step.after?,
    })
}
