//! People, bots, and the teams of the organisation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call, key};
use super::shapes::{SITE, merge, node, when};
use super::state::World;
use super::tokens::Kind;

/// An account.
pub(super) struct User {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) is_bot: bool,
    /// An owner of the organisation.
    pub(super) is_owner: bool,
}

/// A team.
pub(super) struct Team {
    pub(super) id: u64,
    pub(super) slug: String,
    pub(super) parent: Option<String>,
    /// Logins, with whether they accepted the invitation.
    pub(super) members: BTreeMap<String, bool>,
    pub(super) created: Timestamp,
}

impl GitHub {
    /// A person, made if not there. A login that ends with `[bot]` is a bot's.
    pub(crate) fn person(&self, login: &str) -> u64 {
        self.lock().person(login)
    }

    /// Makes somebody an owner of the organisation.
    pub(crate) fn owner(&self, login: &str) {
        self.person(login);
        self.lock().users.get_mut(&login.to_lowercase()).unwrap().is_owner = true;
    }

    /// Deletes an account: what it did is shown with `user: null`.
    pub(crate) fn delete_person(&self, login: &str) {
        let mut world = self.lock();
        world.users.remove(&login.to_lowercase());
        for team in world.teams.values_mut() {
            team.members.remove(&login.to_lowercase());
        }
    }

    /// A team with just these members; its id.
    pub(crate) fn team(&self, slug: &str, members: &[&str]) -> u64 {
        let mut world = self.lock();
        for member in members {
            world.person(member);
        }
        let members = members.iter().map(|login| (login.to_lowercase(), true)).collect();
        if let Some(team) = world.teams.get_mut(slug) {
            team.members = members;
            return team.id;
        }
        let (id, created) = (world.id(), world.now());
        world.teams.insert(slug.to_owned(), Team { id, slug: slug.to_owned(), parent: None, members, created });
        id
    }

    /// Puts a team below another: its members are members of both.
    pub(crate) fn team_below(&self, slug: &str, parent: &str) {
        self.lock().teams.get_mut(slug).expect("the team").parent = Some(parent.to_owned());
    }

    /// Invites somebody who has not accepted yet.
    pub(crate) fn invite(&self, slug: &str, login: &str) {
        let mut world = self.lock();
        world.person(login);
        world.teams.get_mut(slug).expect("the team").members.insert(login.to_lowercase(), false);
    }
}

impl World {
    /// A person or bot, made if not there.
    pub(super) fn person(&mut self, login: &str) -> u64 {
        if let Some(user) = self.users.get(&login.to_lowercase()) {
            return user.id;
        }
        let id = self.id();
        let user = User { id, login: login.to_owned(), is_bot: login.ends_with("[bot]"), is_owner: false };
        self.users.insert(login.to_lowercase(), user);
        id
    }

    /// Whether somebody is in a team or one below it, and has accepted that; `None` if not.
    pub(super) fn in_team(&self, slug: &str, login: &str) -> Option<bool> {
        let team = self.teams.get(slug)?;
        let below = self.teams.values().filter(|other| other.parent.as_deref() == Some(slug));
        let here = team.members.get(&login.to_lowercase()).copied();
        here.or_else(|| below.filter_map(|other| self.in_team(&other.slug, login)).max())
    }

    /// How somebody belongs to a repository of the organisation.
    pub(super) fn association(&self, login: &str, repository: &str) -> &'static str {
        match self.users.get(&login.to_lowercase()) {
            None => "NONE",
            Some(user) if user.is_bot => "NONE",
            Some(user) if user.is_owner => "OWNER",
            Some(_) if self.repos[repository].roles.get(&login.to_lowercase()) == Some(&"none") => "NONE",
            Some(_) => "MEMBER",
        }
    }

    fn find_team(&self, call: &Call) -> Result<&Team, Answer> {
        self.teams.get(call.argument("team_slug")).ok_or_else(Answer::not_found)
    }

    fn public_user(&self, user: &User) -> Value {
        let mut body = self.simple_user(user);
        merge(
            &mut body,
            json!({
                "name": user.login, "company": null, "blog": "", "location": null, "email": null, "hireable": null,
                "bio": null, "twitter_username": null, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
                "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
            }),
        );
        body
    }
}

/// `GET /users/{username}`.
pub(super) fn user(world: &mut World, call: &Call) -> Answered {
    let user = world.users.get(&call.argument("username").to_lowercase()).ok_or_else(Answer::not_found)?;
    Ok(Answer::new(200, world.public_user(user)))
}

/// `GET /user`.
pub(super) fn own(world: &mut World, call: &Call) -> Answered {
    let login = call.caller.person().unwrap_or_default().to_lowercase();
    let user = world.users.get(&login).ok_or_else(|| Answer::error(401, "Bad credentials"))?;
    Ok(Answer::new(200, world.public_user(user)))
}

/// `GET /orgs/{org}/teams/{team_slug}`.
pub(super) fn team(world: &mut World, call: &Call) -> Answered {
    let team = world.find_team(call)?;
    let mut body = world.team_json(team);
    let url = format!("{}/orgs/acme", world.url);
    let at = when(Some(team.created));
    merge(
        &mut body,
        json!({
            "created_at": at, "updated_at": at, "members_count": team.members.len(), "repos_count": world.repos.len(),
            "organization": {
                "login": "acme", "id": 1, "node_id": node(1), "url": url, "repos_url": format!("{url}/repos"),
                "events_url": format!("{url}/events"), "hooks_url": format!("{url}/hooks"),
                "issues_url": format!("{url}/issues"), "members_url": format!("{url}/members{{/member}}"),
                "public_members_url": format!("{url}/public_members{{/member}}"),
                "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4", "description": null,
                "html_url": format!("{SITE}/acme"), "has_organization_projects": true, "has_repository_projects": true,
                "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "type": "Organization",
                "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z", "archived_at": null,
            },
        }),
    );
    Ok(Answer::new(200, body))
}

/// `GET /orgs/{org}/teams/{team_slug}/members`: with those of the teams below, without who was only invited.
pub(super) fn members(world: &mut World, call: &Call) -> Answered {
    let team = world.find_team(call)?;
    let people = world.users.values().filter(|user| world.in_team(&team.slug, &user.login) == Some(true));
    Ok(call.list(people.map(|user| world.simple_user(user)).collect()))
}

/// `GET /orgs/{org}/teams/{team_slug}/memberships/{username}`.
pub(super) fn membership(world: &mut World, call: &Call) -> Answered {
    let (team, login) = (world.find_team(call)?, call.argument("username"));
    let accepted = world.in_team(&team.slug, login).ok_or_else(Answer::not_found)?;
    let role = if world.users[&login.to_lowercase()].is_owner { "maintainer" } else { "member" };
    let url = format!("{}/organizations/1/team/{}/memberships/{login}", world.url, team.id);
    let state = if accepted { "active" } else { "pending" };
    Ok(Answer::new(200, json!({"url": url, "role": role, "state": state})))
}

/// `GET /repos/{owner}/{repo}/collaborators/{username}/permission`.
pub(super) fn permission(world: &mut World, call: &Call) -> Answered {
    // Who cannot push may not know who else can.
    if call.caller.kind() == Some(Kind::Personal) {
        let own = call.caller.person().unwrap_or_default();
        if !matches!(world.role_of(own, &key(call)), "admin" | "write") {
            return Err(Answer::error(403, "Must have push access to view collaborator permission."));
        }
    }
    let user = world.users.get(&call.argument("username").to_lowercase()).ok_or_else(Answer::not_found)?;
    let role = world.role_of(&user.login, &key(call));
    let mut shown = world.simple_user(user);
    shown["role_name"] = role.into();
    Ok(Answer::new(200, json!({"permission": role, "role_name": role, "user": shown})))
}
