//! The shapes that come again and again: a person, a team, the organisation, a repository.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::people::{Team, User};
use super::state::{Repo, World};

/// GitHub's own site, where `html_url` leads.
pub(super) const SITE: &str = "https://github.com";

/// What a repository's addresses are called, and where they lead.
const REPOSITORY_URLS: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// A moment as GitHub writes it; `null` for none.
pub(super) fn when(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| Value::String(time.to_string()))
}

/// The opaque id that stands beside each number.
pub(super) fn node(id: u64) -> String {
    format!("N_{id}")
}

/// Adds the fields of one object to another.
pub(super) fn merge(into: &mut Value, fields: Value) {
    if let (Value::Object(into), Value::Object(fields)) = (into, fields) {
        into.extend(fields);
    }
}

impl World {
    /// A person; `null` for one whose account is gone.
    pub(super) fn user_json(&self, login: &str) -> Value {
        self.users.get(&login.to_lowercase()).map_or(Value::Null, |user| self.simple_user(user))
    }

    /// `simple-user`.
    pub(super) fn simple_user(&self, user: &User) -> Value {
        let (name, path) = (&user.login, user.login.replace('[', "%5B").replace(']', "%5D"));
        let url = format!("{}/users/{path}", self.url);
        let site = match name.strip_suffix("[bot]") {
            Some(app) => format!("{SITE}/apps/{app}"),
            None => format!("{SITE}/{name}"),
        };
        json!({
            "login": name, "id": user.id, "node_id": node(user.id), "url": url,
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", user.id), "gravatar_id": "",
            "html_url": site, "events_url": format!("{url}/events{{/privacy}}"),
            "followers_url": format!("{url}/followers"), "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"), "organizations_url": format!("{url}/orgs"),
            "received_events_url": format!("{url}/received_events"), "repos_url": format!("{url}/repos"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"), "subscriptions_url": format!("{url}/subscriptions"),
            "type": if user.is_bot { "Bot" } else { "User" }, "site_admin": false,
        })
    }

    /// The organisation as the owner of a repository.
    pub(super) fn organisation(&self) -> Value {
        let mut owner = self.simple_user(&User { id: 1, login: "acme".to_owned(), is_bot: false, is_owner: false });
        owner["type"] = "Organization".into();
        owner
    }

    /// `team`, as reviewers are shown.
    pub(super) fn team_json(&self, team: &Team) -> Value {
        let url = format!("{}/organizations/1/team/{}", self.url, team.id);
        json!({
            "id": team.id, "node_id": node(team.id), "url": url, "name": team.slug, "slug": team.slug, "description": null,
            "html_url": format!("{SITE}/orgs/acme/teams/{}", team.slug), "privacy": "closed",
            "notification_setting": "notifications_enabled", "permission": "pull", "type": "organization",
            "organization_id": 1, "members_url": format!("{url}/members{{/member}}"),
            "repositories_url": format!("{url}/repos"), "parent": null,
        })
    }

    /// `minimal-repository`.
    pub(super) fn minimal_repository(&self, repo: &Repo) -> Value {
        let url = format!("{}/repos/{}", self.url, repo.full_name);
        let mut body = json!({
            "id": repo.id, "node_id": node(repo.id), "name": repo.name(), "full_name": repo.full_name,
            "private": repo.private, "owner": self.organisation(), "html_url": format!("{SITE}/{}", repo.full_name),
            "description": null, "fork": false, "url": url,
        });
        for (name, path) in REPOSITORY_URLS {
            body[*name] = format!("{url}{path}").into();
        }
        body
    }

    /// `full-repository`, with what this role may.
    pub(super) fn full_repository(&self, repo: &Repo, role: &str) -> Value {
        let mut body = self.minimal_repository(repo);
        let site = format!("{SITE}/{}", repo.full_name);
        let may = |wanted: &[&str]| wanted.contains(&role);
        merge(
            &mut body,
            json!({
                "default_branch": repo.default_branch, "archived": repo.archived, "disabled": false,
                "visibility": if repo.private { "private" } else { "public" },
                "permissions": {
                    "admin": may(&["admin"]), "maintain": may(&["admin"]), "push": may(&["admin", "write"]),
                    "triage": may(&["admin", "write"]), "pull": may(&["admin", "write", "read"]),
                },
                "clone_url": format!("{site}.git"), "git_url": format!("git://github.com/{}.git", repo.full_name),
                "ssh_url": format!("git@github.com:{}.git", repo.full_name), "svn_url": site, "mirror_url": null,
                "homepage": null, "language": null, "license": null, "forks": 0, "forks_count": 0, "open_issues": 0,
                "open_issues_count": 0, "size": 1, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
                "network_count": 0, "subscribers_count": 0, "has_issues": true, "has_projects": true, "has_wiki": true,
                "has_downloads": true, "has_pages": false, "has_discussions": false, "created_at": when(Some(repo.created)),
                "updated_at": when(Some(repo.created)), "pushed_at": when(Some(repo.created)),
            }),
        );
        body
    }
}
