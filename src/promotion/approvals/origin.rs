//! Where a run comes from, and who started it.

use crate::promotion::approvals::facts::{ApprovalFacts, Person, RunFacts};
use crate::promotion::approvals::obstacle::Obstacle;
use crate::promotion::approvals::report::Standing;

/// What may start a run that promotes. Others run what somebody without write access chose, or with their words as input.
const EVENTS: [&str; 5] = ["workflow_dispatch", "schedule", "push", "workflow_run", "repository_dispatch"];
/// What to do about a run of something else.
const FROM_DEFAULT: &str = "start a new run, of the workflow that the rules name, on the default branch";

/// Why nothing that was approved in this run stands.
pub fn obstacles(run: &RunFacts, facts: &ApprovalFacts, workflow: &str) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut broken = |what: &str, expected: &str, seen: &str| {
        let because = format!("{what} of the run is to be {expected}, and is {seen}");
        found.push(Obstacle::new(Standing::Broken, because).hint(FROM_DEFAULT));
    };
    if !run.repository.eq_ignore_ascii_case(&facts.repository) {
        broken("the repository", &facts.repository, &run.repository);
    }
    let head = run.head_repository.as_deref();
    if !head.is_some_and(|head| head.eq_ignore_ascii_case(&facts.repository)) {
        broken("the repository of the commit", &facts.repository, head.unwrap_or("gone"));
    }
    if let Some(default) = &facts.default_branch
        && run.branch.as_ref() != Some(default)
    {
        broken("the branch", default, run.branch.as_deref().unwrap_or("none"));
    }
    if run.path != workflow {
        broken("the workflow", workflow, &run.path);
    }
    if !EVENTS.contains(&run.event.as_str()) {
        broken("the event", &EVENTS.join(", "), &run.event);
    }
    if facts.default_branch.is_none() {
        let because = format!("the default branch of {} could not be read", facts.repository);
        found.push(Obstacle::new(Standing::Unknown, because).hint("give the token of the run contents: read"));
    }
    found
}

/// Who started it: whoever asked, the actors of this run and of those that led here. Somebody who is gone has no login.
pub fn starters(facts: &ApprovalFacts, requested_by: &[String]) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    let mut add = |person: Person| {
        if !people.contains(&person) {
            people.push(person);
        }
    };
    for run in facts.run.iter().chain(&facts.led_here) {
        for actor in [&run.actor, &run.triggering_actor] {
            add(actor.clone().unwrap_or_else(|| known_by_name("")));
        }
    }
    for login in requested_by {
        let login = login.trim_start_matches('@');
        if !people.iter().any(|known| known.login.eq_ignore_ascii_case(login)) {
            people.push(known_by_name(login));
        }
    }
    people
}

/// Somebody of whom only the login is known: the number 0 is nobody's.
fn known_by_name(login: &str) -> Person {
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    Person { login: login.to_owned(), id: 0, kind: kind.to_owned() }
}

/// Everybody who may not approve, because they started it: a chain that ends at a program leads on to who wrote the commits. Why that
/// could not be found out stands beside it.
pub fn barred(facts: &ApprovalFacts, requested_by: &[String]) -> (Vec<Person>, Option<Obstacle>) {
    let mut people = starters(facts, requested_by);
    let unknown = |because: String, hint: &str| Some(Obstacle::new(Standing::Unknown, because).hint(hint));
    if people.is_empty() {
        let obstacle = unknown(
            "who asked for this is not known, and they may not approve it".to_owned(),
            "ask for it anew: promote request",
        );
        return (people, obstacle);
    }
    let after_a_run = facts.run.as_ref().is_some_and(|run| run.event == "workflow_run");
    if after_a_run && facts.led_here.is_empty() {
        let because = "the run was started by another run, and who started that one could not be found out".to_owned();
        return (people, unknown(because, "start a run by hand: workflow_dispatch"));
    }
    let Some(bot) = people.iter().find(|person| person.is_bot()) else { return (people, None) };
    let who = if bot.login.is_empty() { "somebody who is gone".to_owned() } else { format!("a bot (@{})", bot.login) };
    match &facts.authors {
        // A commit whose author has no account could be anybody's.
        Some(authors) if authors.iter().all(|author| !author.login.is_empty()) => {
            people.extend(authors.iter().cloned());
            (people, None)
        }
        _ => {
            let because = format!(
                "the run was started by {who}, and it could not be found out who wrote the commits since the last verified version"
            );
            (people, unknown(because, "start a run by hand: workflow_dispatch"))
        }
    }
}

/// Whether somebody is among these: by number, or by login where only that is known.
pub fn among(people: &[Person], person: &Person) -> bool {
    let same_login = |other: &Person| !other.login.is_empty() && other.login.eq_ignore_ascii_case(&person.login);
    people.iter().any(|other| (other.id != 0 && other.is(person)) || same_login(other))
}
