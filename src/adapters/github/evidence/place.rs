//! A repository that evidence is asked of, the commit in it, and why there may be no answer.

use serde::Deserialize;

use crate::adapters::github::client::Client;
use crate::adapters::github::route::path;
use crate::ports::{About, Fault};
use crate::promotion::facts::Reading;

/// The length of a whole commit id.
const SHA: usize = 40;
/// The shortest beginning of one that names a commit.
const SHA_MIN: usize = 7;

/// Why there is no observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum No {
    /// There is nothing.
    Missing(String),
    /// There is something that cannot be believed, or GitHub did not say.
    Unreadable(String),
}

impl No {
    pub(super) fn reading(self) -> Reading {
        match self {
            Self::Missing(why) => Reading::Missing { why },
            Self::Unreadable(why) => Reading::Unreadable { why, files: Vec::new() },
        }
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        let hint = fault.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        Self::Unreadable(format!("{fault}{hint}"))
    }
}

/// A repository.
pub(super) struct Place<'a> {
    pub(super) client: &'a Client,
    owner: String,
    name: String,
}

impl<'a> Place<'a> {
    /// The named repository (`owner/name`), else the client's own.
    pub(super) fn of(client: &'a Client, repository: Option<&str>) -> Self {
        let (owner, name) =
            repository.and_then(|whole| whole.split_once('/')).unwrap_or((client.owner(), client.name()));
        Self { client, owner: owner.to_owned(), name: name.to_owned() }
    }

    /// A route below it.
    pub(super) fn route(&self, segments: &[&str]) -> String {
        format!("{}{}", path(&["repos", &self.owner, &self.name]), path(segments))
    }

    /// Its name, for people: `acme/app`.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Whether a name, as GitHub writes it, is this one's.
    pub(super) fn is(&self, full_name: &str) -> bool {
        full_name.eq_ignore_ascii_case(&self.shown())
    }

    /// Whether it is the client's own repository.
    pub(super) fn is_own(&self) -> bool {
        self.is(&format!("{}/{}", self.client.owner(), self.client.name()))
    }

    /// The named branch, else the default branch.
    pub(super) fn branch(&self, named: Option<&str>) -> Result<String, No> {
        #[derive(Deserialize)]
        struct Repository {
            default_branch: String,
        }
        if let Some(named) = named {
            return Ok(named.to_owned());
        }
        let doing = format!("find the default branch of {}", self.shown());
        let repository: Repository = self.client.get(&doing, &self.route(&[]), &[])?;
        Ok(repository.default_branch)
    }
}

/// The whole id of the commit that the version was built from.
pub(super) fn commit(place: &Place<'_>, about: &About<'_>) -> Result<String, No> {
    #[derive(Deserialize)]
    struct Commit {
        sha: String,
    }
    let Some(named) = about.commit else {
        let why = "it is not known which commit this version was built from: use --commit, or a tag that is the commit";
        return Err(No::Unreadable(why.to_owned()));
    };
    let named = named.to_ascii_lowercase();
    // A branch or a tag would be resolved too, and mean something else tomorrow.
    if !(SHA_MIN..=SHA).contains(&named.len()) || !named.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(No::Unreadable(format!("`{named}` is not the id of a commit")));
    }
    if named.len() == SHA {
        return Ok(named);
    }
    let doing = format!("find the commit {named} in {}", place.shown());
    let commit: Commit = place.client.get(&doing, &place.route(&["commits", &named]), &[])?;
    let is_whole = commit.sha.len() == SHA && commit.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_whole || !commit.sha.to_ascii_lowercase().starts_with(&named) {
        return Err(No::Unreadable(format!(
            "in {} `{named}` names {}, which is another commit",
            place.shown(),
            commit.sha
        )));
    }
    Ok(commit.sha.to_ascii_lowercase())
}

/// The beginning of a commit id, for people.
pub(super) fn short(sha: &str) -> &str {
    sha.get(..SHA_MIN).unwrap_or(sha)
}
