//! What was heard for one approval: who gave it, who refused it, what was passed over and why. Here: the reviews of environments.

use crate::promotion::approvals::facts::{ApprovalFacts, Member, Person, Protection};
use crate::promotion::approvals::obstacle::Obstacle;
use crate::promotion::approvals::report::Given;
use crate::promotion::approvals::slots::Slot;
use crate::promotion::approvals::{origin, protection};
use crate::promotion::rules::roles::Role;

/// Somebody who gave an approval that counts for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub person: Person,
    /// How, as the report shows it.
    pub given: Given,
}

/// What was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Approvals that count, one for each person.
    pub votes: Vec<Vote>,
    /// Refusals.
    pub refused: Vec<Given>,
    /// What does not count, and why.
    pub passed_over: Vec<String>,
    /// What keeps an approval from being known; where enough others stand, it does not matter.
    pub obstacles: Vec<Obstacle>,
    /// What holds even then: a refusal of which nobody knows whether it counts.
    pub holding: Vec<Obstacle>,
}

impl Heard {
    /// Adds an approval; a person's second one is the same as the first.
    pub fn add(&mut self, vote: Vote) {
        if !self.votes.iter().any(|known| known.person.is(&vote.person)) {
            self.votes.push(vote);
        }
    }
}

/// Whether somebody has a role now.
pub fn membership(role: &Role, person: &Person, facts: &ApprovalFacts) -> Member {
    if role.names(&person.login) {
        return Member::Yes;
    }
    match &role.team {
        None => Member::No,
        Some(team) => in_team(team, person, facts),
    }
}

/// Whether somebody is in a team, as it was read.
fn in_team(team: &str, person: &Person, facts: &ApprovalFacts) -> Member {
    let known = facts.members.iter().filter(|(name, _)| name.eq_ignore_ascii_case(team));
    let mut found = known.filter_map(|(_, members)| members.get(&person.login.to_ascii_lowercase()));
    let unknown = || Member::Unknown { why: format!("@{} was not looked up in {team}", person.login) };
    found.next().cloned().unwrap_or_else(unknown)
}

/// Whether a deputy speaks for the role's own people.
pub fn deputises(role: &Role, person: &Person) -> bool {
    let is = |login: &String| login.eq_ignore_ascii_case(&person.login);
    role.deputies.iter().any(is) && !role.users.iter().any(is)
}

/// What the reviews of a slot's environment say. That it is protected, and that the run may be believed, is judged elsewhere.
pub fn reviewed(role: &Role, slot: &Slot, facts: &ApprovalFacts, barred: &[Person]) -> Heard {
    let mut heard = Heard::default();
    let number = protection::number(&slot.environment, facts);
    for review in facts.run.iter().flat_map(|run| &run.reviews) {
        let login = review.user.as_ref().map_or("", |user| user.login.as_str());
        let given = Given {
            login: login.to_owned(),
            environment: Some(slot.environment.clone()),
            word: None,
            comment: review.comment.clone(),
            deputy: review.user.as_ref().is_some_and(|user| deputises(role, user)),
        };
        let here = number.is_some_and(|number| review.environments.contains(&number));
        match review.state.as_str() {
            // A refusal in an environment that could not be read may be this one's: it counts for all of those.
            "rejected" if here || (number.is_none() && unexplained(&review.environments, facts)) => {
                heard.refused.push(given);
            }
            "approved" if here => match counts(role, review.user.as_ref(), facts, barred) {
                Ok(person) => heard.add(Vote { person, given }),
                Err(why) => heard.passed_over.push(format!("the review in {} does not count: {why}", slot.environment)),
            },
            _ => {}
        }
    }
    heard.votes.sort_by_key(|vote| vote.person.id);
    heard
}

/// Whether one of these environments is none of those that are known.
fn unexplained(environments: &[u64], facts: &ApprovalFacts) -> bool {
    let known = |id: &u64| {
        facts
            .environments
            .values()
            .any(|found| matches!(found, Protection::Known(environment) if environment.id == *id))
    };
    environments.iter().any(|id| !known(id))
}

fn counts(role: &Role, user: Option<&Person>, facts: &ApprovalFacts, barred: &[Person]) -> Result<Person, String> {
    let person = may_approve(user, barred)?;
    // That GitHub asked the team's members only is what the environment's protection says.
    match membership(role, person, facts) {
        Member::No => Err(format!("@{} is not {}", person.login, people(role))),
        Member::Yes | Member::Unknown { .. } => Ok(person.clone()),
    }
}

/// Whether this is a person who did not start it; else why they cannot approve.
pub fn may_approve<'a>(user: Option<&'a Person>, barred: &[Person]) -> Result<&'a Person, String> {
    let Some(person) = user.filter(|user| !user.login.is_empty()) else {
        return Err("whoever gave it is gone from GitHub".to_owned());
    };
    if person.is_bot() {
        return Err(format!("@{} is a bot, and a person is to approve", person.login));
    }
    if origin::among(barred, person) {
        return Err(format!("@{} started this or wrote what it brings, and somebody else is to approve", person.login));
    }
    Ok(person)
}

/// Who has a role, as it is shown: `acme/sre-team`, `@ana @bo`.
pub fn people(role: &Role) -> String {
    let named = role.named().map(|login| format!("@{login}"));
    role.team.iter().cloned().chain(named).collect::<Vec<_>>().join(" ")
}
