//! Who asks, and what they may.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::GitHub;

/// What a workflow's `permissions:` may name. Administration, members and secret scanning are not among them.
const WORKFLOW_KEYS: &[&str] = &[
    "actions",
    "artifact_metadata",
    "attestations",
    "checks",
    "code_quality",
    "contents",
    "deployments",
    "discussions",
    "id_token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull_requests",
    "repository_projects",
    "security_events",
    "statuses",
    "vulnerability_alerts",
];

/// What kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `GITHUB_TOKEN` of a job.
    Workflow,
    /// A person's.
    Personal,
    /// A GitHub App's for its installation.
    Installation,
}

/// A token, as it is made.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// What it is called in the log of requests.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Whose it is: `github-actions[bot]` for a workflow's.
    pub(crate) user: String,
    /// `actions` → `read`. A personal token with none is a classic one: it may what its owner may, but checks.
    pub(crate) permissions: BTreeMap<String, String>,
    /// The repositories that it opens; a personal one opens its owner's.
    pub(crate) repositories: Vec<String>,
}

/// A token that was given out.
pub(super) struct Issued {
    pub(super) token: Token,
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) ends: Option<Timestamp>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    Nobody,
    /// The App itself, by a JWT.
    App,
    Holder {
        text: String,
        token: Token,
    },
}

impl Token {
    /// `GITHUB_TOKEN` of a job in a repository, with the job's `permissions:`.
    pub(crate) fn workflow(repository: &str, permissions: &[(&str, &str)]) -> Self {
        let permissions = map(permissions);
        for key in permissions.keys() {
            assert!(WORKFLOW_KEYS.contains(&key.as_str()), "a workflow cannot have the permission {key:?}");
        }
        Self {
            name: "workflow".to_owned(),
            kind: Kind::Workflow,
            user: "github-actions[bot]".to_owned(),
            permissions,
            repositories: vec![repository.to_lowercase()],
        }
    }

    /// A person's classic token.
    pub(crate) fn personal(user: &str) -> Self {
        Self::fine_grained(user, &[])
    }

    /// A person's token with these permissions only. There is none for checks.
    pub(crate) fn fine_grained(user: &str, permissions: &[(&str, &str)]) -> Self {
        let permissions = map(permissions);
        assert!(!permissions.contains_key("checks"), "a personal token cannot have the permission \"checks\"");
        let (name, user) = (user.to_owned(), user.to_owned());
        Self { name, kind: Kind::Personal, user, permissions, repositories: Vec::new() }
    }

    /// A GitHub App's for some repositories.
    pub(crate) fn installation(repositories: &[&str], permissions: &[(&str, &str)]) -> Self {
        Self {
            name: "installation".to_owned(),
            kind: Kind::Installation,
            user: "promote-app[bot]".to_owned(),
            permissions: map(permissions),
            repositories: repositories.iter().map(|name| name.to_lowercase()).collect(),
        }
    }

    /// What it is called in the log of requests.
    pub(crate) fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Whether it grants this much: `contents`, `write`.
    pub(super) fn grants(&self, permission: &str, level: &str) -> bool {
        permission == "metadata" || self.permissions.get(permission).is_some_and(|has| rank(has) >= rank(level))
    }
}

pub(super) fn rank(level: &str) -> usize {
    ["none", "read", "write", "admin"].iter().position(|known| *known == level).unwrap_or(0)
}

fn map(permissions: &[(&str, &str)]) -> BTreeMap<String, String> {
    permissions.iter().map(|(key, level)| (key.replace('-', "_"), (*level).to_owned())).collect()
}

impl Caller {
    /// The login of who asks.
    pub(super) fn user(&self) -> Option<&str> {
        match self {
            Self::Holder { token, .. } => Some(&token.user),
            Self::Nobody | Self::App => None,
        }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Holder { token, .. } => Some(token.kind),
            Self::Nobody | Self::App => None,
        }
    }

    /// The person who asks, if it is one.
    pub(super) fn person(&self) -> Option<&str> {
        self.user().filter(|_| self.kind() == Some(Kind::Personal))
    }
}

impl GitHub {
    /// Gives a token out: the text to send.
    pub(crate) fn token(&self, token: Token) -> String {
        if token.kind == Kind::Personal {
            self.person(&token.user);
        }
        self.lock().issue(token, None)
    }

    /// The token is good for so many requests still.
    pub(crate) fn requests_left(&self, token: &str, left: u64) {
        let mut world = self.lock();
        let issued = world.tokens.get_mut(token).expect("a token that was given out");
        issued.used = issued.limit.saturating_sub(left);
    }

    /// Takes a token back: from now on it is bad credentials.
    pub(crate) fn revoke(&self, token: &str) {
        self.lock().tokens.remove(token);
    }
}

impl super::state::World {
    /// Gives a token out.
    pub(super) fn issue(&mut self, token: Token, ends: Option<Timestamp>) -> String {
        let number = self.id();
        let (prefix, limit) = match token.kind {
            Kind::Workflow => ("ghs", 1000),
            Kind::Personal if token.permissions.is_empty() => ("ghp", 5000),
            Kind::Personal => ("github_pat", 5000),
            Kind::Installation => ("ghs", 5000),
        };
        let text = format!("{prefix}_StandIn{number:028}");
        self.tokens.insert(text.clone(), Issued { token, limit, used: 0, ends });
        text
    }
}
