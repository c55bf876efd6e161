//! A repository's environments: how each is protected, and setting that.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::adapters::github::client::Client;
use crate::adapters::github::door::Ask;
use crate::adapters::github::people::{Team, User, with_hint};
use crate::adapters::github::transcript::Transcript;
use crate::ports::{Fault, FaultKind};
use crate::promotion::approvals::facts::{Branches, EnvironmentFacts, Person, Protection, Reviewer};

#[derive(Deserialize)]
struct Environment {
    id: u64,
    name: String,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    protection_rules: Option<Vec<Rule>>,
    #[serde(default)]
    deployment_branch_policy: Option<BranchPolicy>,
    /// Not in GitHub's own description, but in its answers.
    #[serde(default)]
    can_admins_bypass: Option<bool>,
}

/// A protection rule of any type, known or not.
#[derive(Deserialize)]
struct Rule {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    wait_timer: Option<u64>,
    #[serde(default)]
    prevent_self_review: Option<bool>,
    #[serde(default)]
    reviewers: Option<Vec<Asked>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "reviewer")]
enum Asked {
    Team(Team),
    User(User),
}

/// Which branches may use an environment: exactly one of the two is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchPolicy {
    /// Those with a protection rule.
    pub protected_branches: bool,
    /// Those that fit a pattern of a list beside it.
    pub custom_branch_policies: bool,
}

/// A pattern of branches or tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchPattern {
    /// The pattern; `*` does not match `/`.
    pub name: String,
    /// `branch` or `tag`.
    #[serde(default = "branch", rename = "type")]
    pub kind: String,
}

fn branch() -> String {
    "branch".to_owned()
}

/// What an environment is set to. GitHub replaces what is there, so everything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentSettings {
    /// How long a job waits by itself, in minutes: at most 43,200.
    pub wait_timer: u64,
    /// Whether whoever started a run is kept from approving it.
    pub prevent_self_review: bool,
    /// Who can approve: at most six.
    pub reviewers: Vec<ReviewerId>,
    /// Which branches may use it; `None`: any.
    pub deployment_branch_policy: Option<BranchPolicy>,
    /// Whether administrators may start waiting jobs without a review.
    pub can_admins_bypass: bool,
}

/// A reviewer, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReviewerId {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ReviewerKind,
    /// Its number.
    pub id: u64,
}

/// What a reviewer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ReviewerKind {
    /// A team of the repository's organization.
    Team,
    /// A user.
    User,
}

#[derive(Deserialize)]
struct Patterns {
    #[serde(default)]
    branch_policies: Vec<BranchPattern>,
}

/// How an environment is protected, its branch patterns included. What cannot be read is [`Protection::Unreadable`].
pub fn protection(transcript: &Transcript<'_>, name: &str) -> Protection {
    match environment(transcript, name) {
        Ok(Some(found)) => Protection::Known(found),
        Ok(None) => Protection::Missing,
        Err(fault) => Protection::Unreadable { why: with_hint(&fault) },
    }
}

/// An environment; `None` if there is none of this name. Needs `actions: read`.
pub fn environment(transcript: &Transcript<'_>, name: &str) -> Result<Option<EnvironmentFacts>, Fault> {
    let doing = format!("read the environment {name}");
    let client = transcript.client();
    let route = client.route(&["environments", name]);
    let Some(found) = transcript.get_optional::<Environment>(&doing, &route)? else { return Ok(None) };
    // Names are compared without case, and an answer about another environment is none.
    if !found.name.eq_ignore_ascii_case(name) {
        let why = format!("GitHub answered with the environment {}", found.name);
        return Err(Fault::new(FaultKind::Broken, doing, why));
    }
    let mut facts = facts_of(found);
    if facts.branches == Branches::Named(Vec::new()) {
        let route = client.route(&["environments", name, "deployment-branch-policies"]);
        // Patterns that cannot be read stay unread: the list is empty then, and fits no branch.
        if let Ok(Some(Patterns { branch_policies })) = transcript.get_optional(&doing, &route) {
            let of_branches = branch_policies.into_iter().filter(|pattern| pattern.kind == "branch");
            facts.branches = Branches::Named(of_branches.map(|pattern| pattern.name).collect());
        }
    }
    Ok(Some(facts))
}

fn facts_of(found: Environment) -> EnvironmentFacts {
    let mut facts = EnvironmentFacts {
        id: found.id,
        name: found.name,
        url: found.html_url.unwrap_or_default(),
        reviewers: Vec::new(),
        prevent_self_review: false,
        admins_bypass: found.can_admins_bypass,
        wait_minutes: 0,
        branches: match found.deployment_branch_policy {
            None => Branches::Any,
            Some(policy) if policy.protected_branches => Branches::Protected,
            Some(_) => Branches::Named(Vec::new()),
        },
    };
    for rule in found.protection_rules.unwrap_or_default() {
        match rule.kind.as_str() {
            "wait_timer" => facts.wait_minutes = rule.wait_timer.unwrap_or(0),
            "required_reviewers" => {
                facts.prevent_self_review = rule.prevent_self_review.unwrap_or(false);
                facts.reviewers.extend(rule.reviewers.unwrap_or_default().into_iter().map(|reviewer| match reviewer {
                    Asked::Team(team) => Reviewer::Team { id: team.id, slug: team.slug },
                    Asked::User(user) => Reviewer::User(Person::from(user)),
                }));
            }
            _ => {}
        }
    }
    facts
}

impl Client {
    /// The names of all environments. Needs `actions: read`.
    pub fn environment_names(&self) -> Result<Vec<String>, Fault> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let route = self.route(&["environments"]);
        let all: Vec<Named> = self.pages("list the environments", &route, &[], Some("environments"))?;
        Ok(all.into_iter().map(|named| named.name).collect())
    }

    /// Creates an environment, or replaces what one is set to. Needs `Administration: write`, which no workflow's token has.
    pub fn set_environment(&self, name: &str, settings: &EnvironmentSettings) -> Result<(), Fault> {
        let doing = format!("set the environment {name}");
        self.put::<serde_json::Value>(&doing, &self.route(&["environments", name]), settings).map(drop)
    }

    /// Lets branches of one more pattern use an environment. One that is there already is no fault.
    pub fn add_branch_pattern(&self, name: &str, pattern: &BranchPattern) -> Result<(), Fault> {
        let doing = format!("let {} use the environment {name}", pattern.name);
        let route = self.route(&["environments", name, "deployment-branch-policies"]);
        let body = json!(pattern);
        let ask = Ask { body: Some(&body), ..Ask::new(&doing, &Method::POST, &route) };
        let answer = self.ask(&ask)?;
        // It points at the one that is there.
        if answer.ok() || answer.status == 303 { Ok(()) } else { Err(self.refusal(&ask, &answer)) }
    }
}
