//! Commits and what is in them: who wrote those between two, a file at one, a branch's newest, who last changed a file.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::github::client::Client;
use crate::ports::{Fault, FaultKind};
use crate::promotion::approvals::facts::Person;
use crate::promotion::time::Time;

#[derive(Deserialize)]
struct Commit {
    sha: String,
    /// Who wrote it, as a user; `null` where GitHub knows none of this address.
    #[serde(default)]
    author: Option<Maybe>,
    #[serde(default)]
    committer: Option<Maybe>,
    commit: Inner,
}

/// A user, or the empty object that GitHub gives for nobody.
#[derive(Deserialize)]
#[serde(untagged)]
enum Maybe {
    User(Known),
    Nobody {},
}

#[derive(Deserialize)]
struct Known {
    login: String,
    id: u64,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    message: String,
    #[serde(default)]
    author: Option<Signature>,
    #[serde(default)]
    committer: Option<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    #[serde(default)]
    name: String,
    #[serde(default)]
    date: Option<Time>,
}

/// A commit that changed a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it: the login, else the name in the commit, which anybody can choose.
    pub author: String,
    /// When it was committed.
    pub at: Option<Time>,
}

/// A file at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAt {
    /// Its text.
    pub text: String,
    /// Its blob's id.
    pub sha: String,
}

impl Client {
    /// Who wrote or committed what lies after `base` up to `head`. `None` where that is not known: GitHub does not know a
    /// commit, or whose it is. Needs `contents: read`.
    pub fn authors(&self, base: &str, head: &str) -> Result<Option<Vec<Person>>, Fault> {
        let doing = "find out who wrote the commits since the last verified version";
        let route = self.route(&["compare", &format!("{base}...{head}")]);
        let commits: Vec<Commit> = match self.pages(doing, &route, &[], Some("commits")) {
            Ok(commits) => commits,
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let mut people: Vec<Person> = Vec::new();
        for commit in commits {
            let Some(author) = person(commit.author) else { return Ok(None) };
            for one in [Some(author), person(commit.committer)].into_iter().flatten() {
                if !people.iter().any(|known| known.is(&one)) {
                    people.push(one);
                }
            }
        }
        Ok(Some(people))
    }

    /// A file's text at a branch, tag or commit; `None` if there is no such file. Needs `contents: read`.
    pub fn file_at(&self, file: &str, reference: &str) -> Result<Option<FileAt>, Fault> {
        #[derive(Deserialize)]
        struct File {
            content: String,
            encoding: String,
            sha: String,
        }
        let doing = format!("read {file} at {reference}");
        let mut segments = vec!["contents"];
        segments.extend(file.split('/').filter(|segment| !segment.is_empty()));
        let broken = |why: &str| Fault::new(FaultKind::Broken, doing.as_str(), why);
        let found: Option<Value> = self.get_optional(&doing, &self.route(&segments), &[("ref", reference)])?;
        let Some(found) = found else { return Ok(None) };
        // A directory is a list, a submodule has no content.
        let File { content, encoding, sha } = serde_json::from_value(found).map_err(|_| broken("it is not a file"))?;
        if encoding != "base64" {
            return Err(broken("it is larger than the 1 MiB that GitHub gives this way"));
        }
        let packed: String = content.split_whitespace().collect();
        let bytes = BASE64_STANDARD.decode(packed).map_err(|_| broken("GitHub's base64 cannot be read"))?;
        let text = String::from_utf8(bytes).map_err(|_| broken("it is not text in UTF-8"))?;
        Ok(Some(FileAt { text, sha }))
    }

    /// A branch's newest commit; `None` if there is no such branch. Needs `contents: read`.
    pub fn branch_head(&self, branch: &str) -> Result<Option<String>, Fault> {
        #[derive(Deserialize)]
        struct Branch {
            commit: Head,
        }
        #[derive(Deserialize)]
        struct Head {
            sha: String,
        }
        let doing = format!("read the branch {branch}");
        let branch: Option<Branch> = self.get_optional(&doing, &self.route(&["branches", branch]), &[])?;
        Ok(branch.map(|branch| branch.commit.sha))
    }

    /// The newest commits up to a branch, tag or commit that changed a file, newest first, at most 100. Needs `contents: read`.
    pub fn changes(&self, file: &str, reference: &str, most: u8) -> Result<Vec<Change>, Fault> {
        let most = most.clamp(1, 100).to_string();
        let query = [("path", file), ("sha", reference), ("per_page", most.as_str())];
        let commits: Vec<Commit> =
            self.get(&format!("find out who changed {file}"), &self.route(&["commits"]), &query)?;
        Ok(commits.into_iter().map(Change::from).collect())
    }
}

fn person(found: Option<Maybe>) -> Option<Person> {
    match found? {
        Maybe::User(Known { login, id, kind }) => Some(Person { login, id, kind }),
        Maybe::Nobody {} => None,
    }
}

impl From<Commit> for Change {
    fn from(commit: Commit) -> Self {
        let Inner { message, author, committer } = commit.commit;
        let login = person(commit.author).map(|person| person.login);
        Self {
            commit: commit.sha,
            subject: message.lines().next().unwrap_or_default().to_owned(),
            author: login.or_else(|| author.map(|author| author.name)).unwrap_or_default(),
            at: committer.and_then(|committer| committer.date),
        }
    }
}
