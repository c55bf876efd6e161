//! Whose lifts count. Where the rules say `ledger: { trust: runs }`, an order that lifts another counts only if GitHub confirms it: the
//! workflow run that it was written in, or what a person said there, as `promote approve` has it.

use crate::pipeline::job::Job;
use crate::pipeline::trust::doubt;
use crate::ports::{Approvals, Fault, FaultKind, World};
use crate::promotion::approvals::asked::ApprovalsAsked;
use crate::promotion::approvals::facts::{Member, WordPlace};
use crate::promotion::approvals::heard::{may_approve, membership, people};
use crate::promotion::approvals::words;
use crate::promotion::order::{Lifted, Order};
use crate::promotion::rules::Trust;
use crate::promotion::time::Millis;
use crate::promotion::words::moment;

/// How far what was said may be from the order that it confirms: it is written right before. So an old word lifts nothing that was
/// ordered since.
const APART: Millis = Millis::mins(10);

/// Why an order that lifts another is not to be believed; `None` if it is. To give an order needs no proof: it only closes.
pub fn unconfirmed(world: &World<'_>, job: &Job<'_>, order: &Order, lifted: &Lifted) -> Result<Option<String>, Fault> {
    if job.rules.trust == Trust::Push {
        return Ok(None);
    }
    let by = format!("{} lifted it at {}, which does not count", order.actor.name, moment(order.at));
    let Some(github) = world.approvals else {
        return Ok(Some(format!("{by}: no GitHub is configured that could confirm it")));
    };
    let (place, why) = match (&lifted.word, &order.ci_run) {
        (Some(word), _) => (format!("what was said in {}", word.url), unsaid(github, job, (order, lifted), word)),
        (None, Some(page)) => (format!("its run {page}"), unrun(github, job, order, page)),
        (None, None) => return Ok(Some(format!("{by}: it names neither a workflow run nor a comment at GitHub"))),
    };
    match why {
        Ok(why) => Ok(why.map(|why| format!("{by}: {place} does not confirm it: {why}"))),
        Err(fault) if matches!(fault.kind, FaultKind::Denied | FaultKind::Broken) => {
            Ok(Some(format!("{by}: {place} does not confirm it: {fault}")))
        }
        Err(fault) => Err(fault),
    }
}

fn unrun(github: &dyn Approvals, job: &Job<'_>, order: &Order, page: &str) -> Result<Option<String>, Fault> {
    match github.run(page)? {
        Some(run) => Ok(doubt(job, &run, &github.default_branch()?, order.at)),
        None => Ok(Some("GitHub knows no such run".to_owned())),
    }
}

/// Why a comment does not confirm a lift. It must be by a person whom the promotion asks for approval, where it asks anybody.
fn unsaid(
    github: &dyn Approvals,
    job: &Job<'_>,
    (order, lifted): (&Order, &Lifted),
    place: &WordPlace,
) -> Result<Option<String>, Fault> {
    let roles = &job.promotion.approvals;
    let teams = roles.iter().filter_map(|role| role.team.clone()).collect();
    let facts = github.read(&ApprovalsAsked { words: vec![place.clone()], teams, ..ApprovalsAsked::default() })?;
    let Some(word) = facts.words.iter().find(|word| word.place == *place) else {
        return Ok(Some("there is no such comment".to_owned()));
    };
    let author = match may_approve(word.author.as_ref(), &[]) {
        Ok(author) => author,
        Err(why) => return Ok(Some(why)),
    };
    let what = lifted.said(order.service.as_deref(), order.environment.as_deref());
    if word.edited {
        return Ok(Some("it was edited".to_owned()));
    }
    if !words::lifts(&word.body, &what) {
        return Ok(Some(format!("it does not say `promote: {what}`")));
    }
    let (first, last) = if word.at < order.at { (word.at, order.at) } else { (order.at, word.at) };
    if Millis::between(first, last) > APART {
        return Ok(Some(format!("it is of another time, {}", moment(word.at))));
    }
    let standings: Vec<Member> = roles.iter().map(|role| membership(role, author, &facts)).collect();
    if roles.is_empty() || standings.contains(&Member::Yes) {
        return Ok(None);
    }
    let unknown = standings.into_iter().find_map(|member| match member {
        Member::Unknown { why } => Some(why),
        Member::Yes | Member::No => None,
    });
    let asked = roles.iter().map(people).collect::<Vec<_>>().join(", ");
    Ok(Some(unknown.unwrap_or_else(|| format!("@{} is none of {asked}", author.login))))
}
