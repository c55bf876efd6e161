//! Environments and what protects them.

use globset::GlobBuilder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Repository;
use super::answer::{Answer, Answered, Call, key};
use super::fields::{Is, check};
use super::shapes::{SITE, node, when};
use super::state::{Repo, World};

/// Who may review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reviewer {
    /// A team, by its slug.
    Team(String),
    /// A person, by login.
    Person(String),
}

/// A team as a reviewer.
pub(crate) fn team(slug: &str) -> Reviewer {
    Reviewer::Team(slug.to_owned())
}

/// A person as a reviewer.
pub(crate) fn person(login: &str) -> Reviewer {
    Reviewer::Person(login.to_owned())
}

/// What protects an environment: nothing, by default, as GitHub has it.
#[derive(Debug, Clone)]
pub(crate) struct Protection {
    /// Minutes.
    pub(crate) wait_timer: u64,
    pub(crate) reviewers: Vec<Reviewer>,
    pub(crate) prevent_self_review: bool,
    pub(crate) can_admins_bypass: bool,
    /// `None` for any branch, else (protected branches, those of a list).
    pub(crate) branches: Option<(bool, bool)>,
    /// The list: names of branches, with `*`.
    pub(crate) policies: Vec<String>,
}

impl Default for Protection {
    fn default() -> Self {
        Self {
            wait_timer: 0,
            reviewers: Vec::new(),
            prevent_self_review: false,
            can_admins_bypass: true,
            branches: None,
            policies: Vec::new(),
        }
    }
}

/// An environment.
pub(super) struct Environment {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) protection: Protection,
}

impl Repository<'_> {
    /// Sets an environment up, as its settings page does; its id.
    pub(crate) fn environment(&self, name: &str, protection: Protection) -> u64 {
        let mut world = self.github.lock();
        for reviewer in &protection.reviewers {
            match reviewer {
                Reviewer::Team(slug) => assert!(world.teams.contains_key(slug), "there is no team {slug:?}"),
                Reviewer::Person(login) => drop(world.person(login)),
            }
        }
        world.environment(&self.name.to_lowercase(), name, protection)
    }

    /// Deletes one: the jobs that wait for it fail.
    pub(crate) fn delete_environment(&self, name: &str) {
        self.with(|repo| {
            repo.environments.retain(|one| !one.name.eq_ignore_ascii_case(name));
            for job in repo.runs.iter_mut().flat_map(|run| &mut run.jobs) {
                if job.status == "waiting"
                    && job.environment.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(name))
                {
                    job.status = "completed";
                    job.conclusion = Some("failure".to_owned());
                }
            }
        });
    }

    /// What protects an environment now; `None` if there is none of this name.
    pub(crate) fn protection(&self, name: &str) -> Option<Protection> {
        self.with(|repo| repo.environment(name).map(|one| one.protection.clone()))
    }
}

impl Repo {
    /// Whether an environment lets this branch deploy.
    pub(super) fn lets_deploy(&self, protection: &Protection, branch: &str) -> bool {
        match protection.branches {
            None => true,
            Some((true, _)) => self.protected.contains(branch),
            Some((false, _)) => protection.policies.iter().any(|name| {
                let glob = GlobBuilder::new(name).literal_separator(true).build();
                glob.is_ok_and(|glob| glob.compile_matcher().is_match(branch))
            }),
        }
    }
}

impl World {
    /// Makes an environment, or replaces what protects it; its id.
    pub(super) fn environment(&mut self, repository: &str, name: &str, protection: Protection) -> u64 {
        let (fresh, now) = (self.id(), self.now());
        let repo = self.repos.get_mut(repository).expect("the repository");
        if let Some(one) = repo.environments.iter_mut().find(|one| one.name.eq_ignore_ascii_case(name)) {
            one.protection = protection;
            one.updated = now;
            return one.id;
        }
        let name = name.to_owned();
        repo.environments.push(Environment { id: fresh, name, created: now, updated: now, protection });
        fresh
    }

    /// The fields that every mention of an environment has.
    pub(super) fn environment_short(&self, repo: &Repo, one: &Environment) -> Value {
        let path = one.name.replace('%', "%25").replace('/', "%2F").replace(' ', "%20");
        json!({
            "id": one.id, "node_id": node(one.id), "name": one.name,
            "url": format!("{}/repos/{}/environments/{path}", self.url, repo.full_name),
            "html_url": format!("{SITE}/{}/deployments/activity_log?environments_filter={path}", repo.full_name),
        })
    }

    /// The reviewers of an environment, as they are shown.
    pub(super) fn reviewers_json(&self, protection: &Protection) -> Value {
        let one = |reviewer: &Reviewer| match reviewer {
            Reviewer::Team(slug) => json!({"type": "Team", "reviewer": self.team_json(&self.teams[slug])}),
            Reviewer::Person(login) => json!({"type": "User", "reviewer": self.user_json(login)}),
        };
        protection.reviewers.iter().map(one).collect()
    }

    fn environment_json(&self, repo: &Repo, one: &Environment) -> Value {
        let (protection, id) = (&one.protection, one.id * 10);
        let mut rules = Vec::new();
        if protection.wait_timer > 0 {
            rules.push(
                json!({"id": id, "node_id": node(id), "type": "wait_timer", "wait_timer": protection.wait_timer}),
            );
        }
        if !protection.reviewers.is_empty() {
            rules.push(json!({
                "id": id + 1, "node_id": node(id + 1), "type": "required_reviewers",
                "prevent_self_review": protection.prevent_self_review, "reviewers": self.reviewers_json(protection),
            }));
        }
        if protection.branches.is_some() {
            rules.push(json!({"id": id + 2, "node_id": node(id + 2), "type": "branch_policy"}));
        }
        let mut body = self.environment_short(repo, one);
        body["created_at"] = when(Some(one.created));
        body["updated_at"] = when(Some(one.updated));
        body["can_admins_bypass"] = protection.can_admins_bypass.into();
        body["protection_rules"] = Value::Array(rules);
        body["deployment_branch_policy"] = protection.branches.map_or(
            Value::Null,
            |(protected, custom)| json!({"protected_branches": protected, "custom_branch_policies": custom}),
        );
        body
    }

    /// What a `PUT` asks for; everything that it leaves out goes back to GitHub's default.
    fn wanted(&self, call: &Call) -> Result<Protection, Answer> {
        let fields = [
            ("wait_timer", Is::Number, false),
            ("prevent_self_review", Is::Flag, false),
            ("can_admins_bypass", Is::Flag, false),
            ("reviewers", Is::List(6), false),
            ("deployment_branch_policy", Is::Object, false),
        ];
        check("Environment", &call.body, &fields)?;
        let flag = |name: &str, usual: bool| call.body.get(name).and_then(Value::as_bool).unwrap_or(usual);
        let wait_timer =
            call.body.get("wait_timer").map_or(Some(0), Value::as_u64).filter(|minutes| *minutes <= 43_200);
        let wait_timer =
            wait_timer.ok_or_else(|| Answer::invalid("Environment", "wait_timer", "invalid", "0 to 43200 minutes"))?;
        let branches = match call.body.get("deployment_branch_policy").filter(|policy| !policy.is_null()) {
            None => None,
            Some(policy) => {
                match (policy["protected_branches"].as_bool(), policy["custom_branch_policies"].as_bool()) {
                    (Some(protected), Some(custom)) if protected != custom => Some((protected, custom)),
                    _ => {
                        let why = "protected_branches and custom_branch_policies cannot have the same value";
                        return Err(Answer::invalid("Environment", "deployment_branch_policy", "invalid", why));
                    }
                }
            }
        };
        let reviewers = call.body.get("reviewers").and_then(Value::as_array).cloned().unwrap_or_default();
        let reviewers = reviewers.iter().map(|one| self.wanted_reviewer(one)).collect::<Result<_, _>>()?;
        Ok(Protection {
            wait_timer,
            reviewers,
            prevent_self_review: flag("prevent_self_review", false),
            can_admins_bypass: flag("can_admins_bypass", true),
            branches,
            policies: Vec::new(),
        })
    }

    fn wanted_reviewer(&self, one: &Value) -> Result<Reviewer, Answer> {
        let id = one["id"].as_u64();
        let found = match one["type"].as_str() {
            Some("Team") => {
                self.teams.values().find(|team| Some(team.id) == id).map(|team| Reviewer::Team(team.slug.clone()))
            }
            Some("User") => self
                .users
                .values()
                .find(|user| Some(user.id) == id && !user.is_bot)
                .map(|user| Reviewer::Person(user.login.clone())),
            _ => None,
        };
        found.ok_or_else(|| {
            let why = "Reviewers must be users or teams with read access to the repository";
            Answer::invalid("Environment", "reviewers", "invalid", why)
        })
    }

    fn find_environment(&self, call: &Call) -> Result<&Environment, Answer> {
        self.repo(call).environment(call.argument("environment_name")).ok_or_else(Answer::not_found)
    }
}

/// `GET /repos/{owner}/{repo}/environments`.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let all = repo.environments.iter().map(|one| world.environment_json(repo, one)).collect();
    Ok(call.counted("environments", all))
}

/// `GET /repos/{owner}/{repo}/environments/{environment_name}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let one = world.find_environment(call)?;
    Ok(Answer::new(200, world.environment_json(world.repo(call), one)))
}

/// `PUT /repos/{owner}/{repo}/environments/{environment_name}`: replaces what is there.
pub(super) fn put(world: &mut World, call: &Call) -> Answered {
    let mut wanted = world.wanted(call)?;
    let (repo, name) = (world.repo(call), call.argument("environment_name"));
    if repo.private && !repo.enterprise && !wanted.reviewers.is_empty() {
        let why = "Failed to create the environment protection rule. Please ensure the billing plan include the required \
                   reviewers protection rule.";
        return Err(Answer::error(422, why));
    }
    if let Some(known) = repo.environment(name)
        && wanted.branches == Some((false, true))
    {
        wanted.policies.clone_from(&known.protection.policies);
    }
    world.environment(&key(call), name, wanted);
    get(world, call)
}

/// `GET …/environments/{environment_name}/deployment-branch-policies`.
pub(super) fn policies(world: &mut World, call: &Call) -> Answered {
    let one = world.find_environment(call)?;
    let all = one.protection.policies.iter().enumerate().map(|(at, name)| policy(one, at, name)).collect();
    Ok(call.counted("branch_policies", all))
}

fn policy(one: &Environment, at: usize, name: &str) -> Value {
    let id = one.id * 100 + at as u64;
    json!({"id": id, "node_id": node(id), "name": name, "type": "branch"})
}

/// `POST …/environments/{environment_name}/deployment-branch-policies`.
pub(super) fn add_policy(world: &mut World, call: &Call) -> Answered {
    let fields = [("name", Is::Text(255), true), ("type", Is::OneOf(&["branch", "tag"]), false)];
    check("DeploymentBranchPolicy", &call.body, &fields)?;
    if world.find_environment(call)?.protection.branches != Some((false, true)) {
        return Err(Answer::not_found());
    }
    let (name, wanted) =
        (call.argument("environment_name").to_owned(), call.text("name").unwrap_or_default().to_owned());
    let repo = world.repo_mut(call);
    let one = repo.environments.iter_mut().find(|one| one.name.eq_ignore_ascii_case(&name)).expect("it was found");
    if one.protection.policies.contains(&wanted) {
        return Ok(Answer::empty(303));
    }
    one.protection.policies.push(wanted.clone());
    Ok(Answer::new(200, policy(one, one.protection.policies.len() - 1, &wanted)))
}
