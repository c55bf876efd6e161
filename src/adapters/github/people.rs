//! People and teams: who somebody is, and whether they are in a team now.

use serde::Deserialize;

use crate::adapters::github::client::Client;
use crate::adapters::github::route::path;
use crate::adapters::github::transcript::Transcript;
use crate::ports::{Fault, FaultKind};
use crate::promotion::approvals::facts::{Member, Person};

/// A user as GitHub names one; `null` where the user is gone.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    #[serde(default)]
    login: String,
    #[serde(default)]
    id: u64,
    /// `User`, `Bot`, `Organization`.
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl From<User> for Person {
    fn from(User { login, id, kind }: User) -> Self {
        // Who does not say what they are is no person.
        Self { login, id, kind: kind.unwrap_or_default() }
    }
}

/// A team of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Team {
    /// Its number, which environments name it by.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    #[serde(default)]
    pub name: String,
}

#[derive(Deserialize)]
struct Membership {
    #[serde(default)]
    state: String,
}

impl Client {
    /// A team by its name in the rules, `org/team`; `None` where GitHub says 404, which it also says of what the token may not
    /// see. Needs `Members: read`, which no workflow's token has.
    pub fn team(&self, name: &str) -> Result<Option<Team>, Fault> {
        let doing = format!("read the team {name}");
        let (org, slug) = parts(name).ok_or_else(|| not_a_team(&doing))?;
        self.get_optional(&doing, &path(&["orgs", org, "teams", slug]), &[])
    }

    /// A user by login; `None` if there is none.
    pub fn user(&self, login: &str) -> Result<Option<Person>, Fault> {
        let doing = format!("read the user {login}");
        let user: Option<User> = self.get_optional(&doing, &path(&["users", login]), &[])?;
        Ok(user.map(Person::from))
    }
}

/// Whether somebody is an active member of a team (`org/team`), child teams included. What cannot be found out is
/// [`Member::Unknown`].
pub fn member(transcript: &Transcript<'_>, team: &str, login: &str) -> Member {
    match membership(transcript, team, login) {
        Ok(member) => member,
        Err(fault) => Member::Unknown { why: with_hint(&fault) },
    }
}

fn membership(transcript: &Transcript<'_>, team: &str, login: &str) -> Result<Member, Fault> {
    let doing = format!("find out whether @{login} is in {team}");
    let (org, slug) = parts(team).ok_or_else(|| not_a_team(&doing))?;
    let route = path(&["orgs", org, "teams", slug, "memberships", login]);
    match transcript.get_optional::<Membership>(&doing, &route)? {
        Some(found) if found.state == "active" => Ok(Member::Yes),
        Some(_) => Ok(Member::No),
        // Not a member, or not to be seen: whoever sees the team is told the truth about its members.
        None if transcript.get_optional::<Team>(&doing, &path(&["orgs", org, "teams", slug]))?.is_some() => {
            Ok(Member::No)
        }
        None => {
            let token = transcript.client().token_name();
            let why = format!("GitHub shows no team {team} to the token of {token}");
            Err(Fault::new(FaultKind::NotFound, doing, why).hint(format!(
                "check the team's name; the token needs the organization permission \"Members: read\", which a workflow's own \
                 token cannot have: use a GitHub App's or a person's in {token}"
            )))
        }
    }
}

/// A fault in one text, with what to do about it.
pub(super) fn with_hint(fault: &Fault) -> String {
    match &fault.hint {
        Some(hint) => format!("{fault}; {hint}"),
        None => fault.to_string(),
    }
}

fn parts(team: &str) -> Option<(&str, &str)> {
    team.split_once('/').filter(|(org, slug)| !org.is_empty() && !slug.is_empty() && !slug.contains('/'))
}

fn not_a_team(doing: &str) -> Fault {
    Fault::new(FaultKind::Settings, doing, "a team is named as org/team").hint("write it so in the rules")
}
