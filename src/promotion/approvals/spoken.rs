//! Approvals by word: comments and reviews of a pull request that name the plan.

use crate::promotion::approvals::facts::{ApprovalFacts, Member, Person, Word, WordKind};
use crate::promotion::approvals::heard::{Heard, Vote, deputises, may_approve, membership, people};
use crate::promotion::approvals::obstacle::Obstacle;
use crate::promotion::approvals::report::{Given, Standing};
use crate::promotion::approvals::slots::short;
use crate::promotion::approvals::words::{Said, said};
use crate::promotion::rules::Promotion;
use crate::promotion::rules::roles::Role;
use crate::promotion::time::Time;

/// What words are held against.
#[derive(Debug, Clone, Copy)]
pub struct Hearing<'a> {
    /// The promotion, for its roles.
    pub promotion: &'a Promotion,
    /// The plan's digest, whole.
    pub digest: &'a str,
    /// When the plan was published first: nobody could know its digest before. Absent: not known, so that no word counts.
    pub planned_at: Option<Time>,
    /// Who may not approve.
    pub barred: &'a [Person],
    /// What was read.
    pub facts: &'a ApprovalFacts,
}

/// What was said for a role.
pub fn spoken(role: &Role, hearing: &Hearing<'_>) -> Heard {
    let mut heard = Heard::default();
    let mut words: Vec<&Word> = hearing.facts.words.iter().collect();
    words.sort_by_key(|word| (word.at, &word.place));
    for word in words {
        if let Some(said) = said(&word.body) {
            hear(role, word, &said, hearing, &mut heard);
        }
    }
    heard.votes.sort_by_key(|vote| vote.person.id);
    heard
}

fn hear(role: &Role, word: &Word, said: &Said, hearing: &Hearing<'_>, heard: &mut Heard) {
    let author = word.author.as_ref();
    let login = author.map_or("", |author| author.login.as_str());
    let of = |role: &Role| author.map_or(Member::No, |author| membership(role, author, hearing.facts));
    let member = of(role);
    let pass_over = |heard: &mut Heard, why: &str| {
        heard.passed_over.push(format!("what @{login} wrote does not count: {why} ({})", word.place.url));
    };
    let roles = &hearing.promotion.approvals;
    let of_this_plan = hearing.digest.starts_with(&said.digest);
    if let Some(named) = &said.role
        && !named.eq_ignore_ascii_case(&role.name)
    {
        let is_role = roles.iter().any(|role| named.eq_ignore_ascii_case(&role.name));
        if !is_role && of_this_plan && member != Member::No {
            pass_over(heard, &format!("`{named}` is no role of this promotion"));
        }
        return;
    }
    if member == Member::No {
        let in_none = roles.iter().all(|role| of(role) == Member::No);
        if of_this_plan && (said.role.is_some() || in_none) {
            let why = if login.is_empty() {
                "the author is gone".to_owned()
            } else {
                format!("they are not {}", people(role))
            };
            pass_over(heard, &why);
        }
        return;
    }
    if !of_this_plan {
        if said.approve {
            let (was, now) = (short(&said.digest), short(hearing.digest));
            pass_over(heard, &format!("it is of plan {was}, what would run now is plan {now}"));
        }
        return;
    }
    let counts = if said.approve { approves(role, word, hearing) } else { refuses(word) };
    let given = Given {
        login: login.to_owned(),
        environment: None,
        word: Some(word.place.clone()),
        comment: said.rest.clone(),
        deputy: author.is_some_and(|author| deputises(role, author)),
    };
    match (counts, author, member) {
        (Err(why), ..) => pass_over(heard, &why),
        (Ok(()), _, Member::Unknown { why }) => doubted(role, login, said.approve, &why, heard),
        (Ok(()), Some(person), _) if said.approve => heard.add(Vote { person: person.clone(), given }),
        (Ok(()), ..) => heard.refused.push(given),
    }
}

/// Whether a word that approves counts, whoever's it is; else why not.
fn approves(role: &Role, word: &Word, hearing: &Hearing<'_>) -> Result<(), String> {
    may_approve(word.author.as_ref(), hearing.barred)?;
    if word.edited {
        return Err("it was edited; write a new one".to_owned());
    }
    let Some(planned_at) = hearing.planned_at else {
        return Err("it is not known since when this plan is published".to_owned());
    };
    if word.at < planned_at {
        return Err(format!("it is of {}, before the plan, which is of {planned_at}", word.at));
    }
    if let Some(within) = role.within.filter(|within| word.at > within.after(planned_at)) {
        return Err(format!("it is of {}, more than {within} after the plan", word.at));
    }
    match (word.place.kind, word.state.as_deref()) {
        (WordKind::Comment, _) => Ok(()),
        (WordKind::Review, Some("APPROVED")) if word.commit.is_some() && word.commit == word.head => Ok(()),
        (WordKind::Review, Some("APPROVED")) => Err("the pull request has other commits since".to_owned()),
        (WordKind::Review, state) => {
            Err(format!("the review is to be APPROVED, and is {}", state.unwrap_or("of no known state")))
        }
    }
}

/// Whether a word that refuses counts: nobody needs more than to be of the role, and refusing can be done late and by an edit.
fn refuses(word: &Word) -> Result<(), String> {
    if word.author.as_ref().is_none_or(Person::is_bot) {
        return Err("a person is to refuse".to_owned());
    }
    match word.state.as_deref() {
        Some(state @ ("DISMISSED" | "PENDING")) => Err(format!("the review is {state}")),
        _ => Ok(()),
    }
}

/// A word by somebody of whom it could not be found out whether they have the role.
fn doubted(role: &Role, login: &str, approve: bool, why: &str, heard: &mut Heard) {
    let did = if approve { "approved" } else { "refused" };
    let because = format!("@{login} {did}, and whether they are in {} could not be found out: {why}", people(role));
    let hint = "give the token Members: read of the organisation, or name users instead of a team";
    let obstacle = Obstacle::new(Standing::Unknown, because);
    if approve {
        heard.obstacles.push(obstacle.hint(hint));
    } else {
        heard.holding.push(obstacle.hint(format!("{hint}; a comment by a stranger can be deleted")));
    }
}
