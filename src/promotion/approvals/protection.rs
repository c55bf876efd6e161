//! Whether an environment asks the people that the rules name, and nobody can walk past it.

use std::collections::BTreeSet;

use crate::promotion::approvals::facts::{ApprovalFacts, Branches, EnvironmentFacts, Protection, Reviewer};
use crate::promotion::approvals::obstacle::Obstacle;
use crate::promotion::approvals::report::Standing;
use crate::promotion::rules::roles::Role;

/// How many reviewers GitHub takes for one environment.
const REVIEWERS_MAX: usize = 6;
/// What sets environments right.
const SYNC: &str = "promote environments sync creates or updates it from the rules";
/// What serves where environments cannot be protected.
const BY_WORD: &str = "where environments cannot be protected, let the role approve by a comment: promote approve";

/// The environment of this name in what was read. GitHub compares names without case.
pub fn find<'a>(name: &str, facts: &'a ApprovalFacts) -> Option<&'a Protection> {
    let same = || facts.environments.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    facts.environments.get(name).or_else(|| same().map(|(_, protection)| protection))
}

/// Its number, where it is known.
pub fn number(name: &str, facts: &ApprovalFacts) -> Option<u64> {
    match find(name, facts) {
        Some(Protection::Known(environment)) => Some(environment.id),
        _ => None,
    }
}

/// Why a review in this environment would not stand for the role; empty where it is protected as the rules say.
pub fn obstacles(role: &Role, name: &str, facts: &ApprovalFacts) -> Vec<Obstacle> {
    match find(name, facts) {
        None => vec![Obstacle::new(Standing::Unknown, format!("the environment {name} was not read"))],
        Some(Protection::Unreadable { why }) => {
            vec![Obstacle::new(Standing::Unknown, format!("the environment {name} could not be read: {why}"))]
        }
        Some(Protection::Missing) => vec![
            Obstacle::new(
                Standing::Broken,
                format!(
                    "the environment {name} does not exist; GitHub creates one that a workflow names, without any protection"
                ),
            )
            .hint(SYNC),
            words_serve(),
        ],
        Some(Protection::Known(environment)) => {
            let mut found = reviewers(role, name, environment, &facts.repository);
            found.extend(admins(name, environment));
            found.extend(branches(name, environment, facts.default_branch.as_deref()));
            found
        }
    }
}

fn words_serve() -> Obstacle {
    Obstacle::new(
        Standing::Broken,
        "on GitHub's Free, Pro and Team plans required reviewers exist for public repositories only",
    )
    .hint(BY_WORD)
}

/// The reviewers that the rules say, as they are shown: `acme/sre-team`, `@ana`, in the order of the rules.
fn expected(role: &Role) -> Vec<String> {
    let named = role.named().map(|login| format!("@{login}"));
    role.team.iter().cloned().chain(named).collect()
}

fn reviewers(role: &Role, name: &str, environment: &EnvironmentFacts, repository: &str) -> Vec<Obstacle> {
    let broken = |because: String| Obstacle::new(Standing::Broken, because);
    let owner = repository.split('/').next().unwrap_or_default();
    let mut found = Vec::new();
    if let Some(team) = role.team.as_ref().filter(|team| !owner_is(team, owner)) {
        let because =
            format!("{name} is to ask {team}, and an environment of {repository} takes only teams of {owner}");
        found.push(broken(because).hint("name a team of that organisation, or users, in the rules"));
    }
    let wanted: BTreeSet<String> = expected(role).iter().map(|who| who.to_ascii_lowercase()).collect();
    if wanted.len() > REVIEWERS_MAX {
        let because =
            format!("the rules name {} reviewers for {name}, and GitHub takes at most {REVIEWERS_MAX}", wanted.len());
        found.push(broken(because).hint("name a team, or fewer users, in the rules"));
    }
    let seen: Vec<String> = environment.reviewers.iter().map(|reviewer| shown(reviewer, owner)).collect();
    let lower: BTreeSet<String> = seen.iter().map(|who| who.to_ascii_lowercase()).collect();
    if seen.is_empty() {
        let because = format!("the environment {name} has no required reviewers, so that it lets everybody through");
        found.push(broken(because).hint(SYNC));
        found.push(words_serve());
    } else if lower != wanted {
        let because =
            format!("the environment {name} is to ask {}, and asks {}", expected(role).join(" "), seen.join(" "));
        found.push(broken(because).hint(SYNC));
    }
    found
}

fn owner_is(team: &str, owner: &str) -> bool {
    team.split_once('/').is_some_and(|(org, _)| org.eq_ignore_ascii_case(owner))
}

fn shown(reviewer: &Reviewer, owner: &str) -> String {
    match reviewer {
        Reviewer::Team { slug, .. } => format!("{owner}/{slug}"),
        Reviewer::User(person) => format!("@{}", person.login),
    }
}

fn admins(name: &str, environment: &EnvironmentFacts) -> Option<Obstacle> {
    match environment.admins_bypass {
        Some(false) => None,
        Some(true) => {
            let because = format!("administrators may start jobs of {name} without a review");
            Some(Obstacle::new(Standing::Broken, because).hint(SYNC))
        }
        None => {
            let because =
                format!("GitHub does not say whether administrators may start jobs of {name} without a review");
            Some(Obstacle::new(Standing::Unknown, because).hint("set can_admins_bypass to false on the environment"))
        }
    }
}

fn branches(name: &str, environment: &EnvironmentFacts, default: Option<&str>) -> Option<Obstacle> {
    let unknown = |because: String| Some(Obstacle::new(Standing::Unknown, because));
    match (&environment.branches, default) {
        (Branches::Protected, _) => None,
        (Branches::Any, _) => {
            let because = format!("any branch may use {name}, so that anybody could run an altered workflow there");
            Some(Obstacle::new(Standing::Broken, because).hint(SYNC))
        }
        (Branches::Named(names), _) if names.is_empty() => {
            unknown(format!("which branches may use {name} could not be read"))
        }
        (Branches::Named(names), None) => {
            unknown(format!("{} may use {name}, and which branch is the default one is not known", names.join(", ")))
        }
        (Branches::Named(names), Some(default)) if names.iter().all(|name| name == default) => None,
        (Branches::Named(names), Some(default)) => {
            let because = format!("only {default} is to use {name}, and {} may", names.join(", "));
            Some(Obstacle::new(Standing::Broken, because).hint(SYNC))
        }
    }
}
