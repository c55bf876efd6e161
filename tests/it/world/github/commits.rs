//! Commits: each knows all its files. They are set up here and asked for in [`super::history`] and [`super::contents`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use git2::{ObjectType, Oid};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Repository;
use super::shapes::{SITE, node, when};
use super::state::{Repo, World};

/// A commit's files, by path.
pub(super) type Files = BTreeMap<String, Arc<[u8]>>;

/// A commit.
pub(super) struct Commit {
    /// The how-manieth it is.
    order: usize,
    pub(super) sha: String,
    tree: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    /// The login of its author: empty where the address belongs to no account.
    pub(super) author: String,
    date: Timestamp,
    pub(super) files: Files,
}

/// The id that git gives a file.
pub(super) fn blob_id(bytes: &[u8]) -> String {
    Oid::hash_object(ObjectType::Blob, bytes).expect("an id").to_string()
}

impl Commit {
    /// `simple-commit`.
    pub(super) fn simple(&self) -> Value {
        let name = if self.author.is_empty() { "unknown" } else { &self.author };
        let person = json!({"name": name, "email": format!("{name}@users.noreply.github.com")});
        json!({
            "id": self.sha, "tree_id": self.tree, "message": self.message, "timestamp": when(Some(self.date)),
            "author": person, "committer": person,
        })
    }
}

/// Commits changes to a branch of a repository; the id.
fn commit(
    world: &mut World,
    (name, branch): (&str, &str),
    (sha, author, message): (&str, &str, &str),
    changes: &[(&str, Option<&str>)],
) -> String {
    if !author.is_empty() {
        world.person(author);
    }
    let date = world.now();
    let repo = world.repos.get_mut(&name.to_lowercase()).expect("the repository");
    let parents: Vec<String> = repo.branches.get(branch).cloned().into_iter().collect();
    let mut files = parents.first().map(|tip| repo.commits[tip].files.clone()).unwrap_or_default();
    for (path, text) in changes {
        match text {
            Some(text) => drop(files.insert((*path).to_owned(), Arc::from(text.as_bytes()))),
            None => drop(files.remove(*path)),
        }
    }
    let sha = repo.add_commit(sha, parents, author, message, date, files);
    repo.branches.insert(branch.to_owned(), sha.clone());
    sha
}

impl Repository<'_> {
    /// Commits changes to a branch, which begins here if it is not there; the id.
    pub(crate) fn commit(&self, branch: &str, author: &str, message: &str, changes: &[(&str, &str)]) -> String {
        self.commit_as("", branch, author, message, changes)
    }

    /// The same with a given id, as a repository elsewhere has it.
    pub(crate) fn commit_as(
        &self,
        sha: &str,
        branch: &str,
        author: &str,
        message: &str,
        changes: &[(&str, &str)],
    ) -> String {
        let changes: Vec<(&str, Option<&str>)> = changes.iter().map(|(path, text)| (*path, Some(*text))).collect();
        commit(&mut self.github.lock(), (&self.name, branch), (sha, author, message), &changes)
    }

    /// Has a file of a branch changed, or with no text removed, right before the n-th request from the start (from 1) is answered.
    pub(crate) fn change_on_request(&self, n: usize, branch: &str, author: &str, (path, text): (&str, Option<&str>)) {
        let [name, branch, author, path] = [&self.name, branch, author, path].map(str::to_owned);
        let (text, world) = (text.map(str::to_owned), Arc::clone(&self.github.world));
        self.github.on_request(n, move || {
            let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
            let change = [(path.as_str(), text.as_deref())];
            commit(&mut world, (&name, &branch), ("", &author, "Change it"), &change);
        });
    }

    /// Begins a branch at another's tip, or at a commit.
    pub(crate) fn branch(&self, name: &str, from: &str) -> &Self {
        self.with(|repo| {
            let sha = repo.resolve(from).expect("where the branch begins");
            repo.branches.insert(name.to_owned(), sha);
        });
        self
    }

    /// Protects a branch, with these rules of a ruleset: `{"type": "deletion"}`.
    pub(crate) fn protect(&self, branch: &str, rules: Vec<Value>) -> &Self {
        self.with(|repo| {
            repo.protected.insert(branch.to_owned());
            repo.rules.insert(branch.to_owned(), rules);
        });
        self
    }
}

impl Repo {
    pub(super) fn add_commit(
        &mut self,
        sha: &str,
        parents: Vec<String>,
        author: &str,
        message: &str,
        date: Timestamp,
        files: Files,
    ) -> String {
        let listed: String = files.iter().map(|(path, bytes)| format!("{path} {}\n", blob_id(bytes))).collect();
        let tree = Oid::hash_object(ObjectType::Tree, listed.as_bytes()).expect("an id").to_string();
        let text = format!("tree {tree}\n{parents:?}\n{author} {date}\n{}\n\n{message}\n", self.commits.len());
        let made = Oid::hash_object(ObjectType::Commit, text.as_bytes()).expect("an id").to_string();
        let sha = if sha.is_empty() { made } else { sha.to_owned() };
        let (author, message, order) = (author.to_owned(), message.to_owned(), self.commits.len());
        self.commits
            .insert(sha.clone(), Commit { order, sha: sha.clone(), tree, parents, message, author, date, files });
        sha
    }

    /// The commit that a branch, an id or the beginning of one names.
    pub(super) fn resolve(&self, name: &str) -> Option<String> {
        let branch = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("heads/")).unwrap_or(name);
        if let Some(sha) = self.branches.get(branch) {
            return Some(sha.clone());
        }
        let mut found = self.commits.keys().filter(|sha| name.len() >= 7 && sha.starts_with(name));
        found.next().filter(|_| found.next().is_none()).cloned()
    }

    /// A commit and all before it, newest first.
    pub(super) fn before(&self, sha: &str) -> Vec<&Commit> {
        let (mut found, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![sha]);
        while let Some(next) = open.pop() {
            if let Some(commit) = self.commits.get(next)
                && seen.insert(next)
            {
                found.push(commit);
                open.extend(commit.parents.iter().rev().map(String::as_str));
            }
        }
        found.sort_by_key(|commit| std::cmp::Reverse(commit.order));
        found
    }

    /// Whether one commit has another among those before it, or is it.
    pub(super) fn reaches(&self, sha: &str, other: &str) -> bool {
        self.before(sha).iter().any(|commit| commit.sha == other)
    }

    /// The paths that a commit changed against its first parent, with what became of each.
    pub(super) fn changed(&self, commit: &Commit) -> Vec<(String, &'static str)> {
        let none = Files::new();
        let parent = commit.parents.first().and_then(|sha| self.commits.get(sha)).map_or(&none, |parent| &parent.files);
        changes(parent, &commit.files)
    }

    /// Whether a commit made a path what it is: a merge only if it differs from each parent, as git's own history has it.
    pub(super) fn made(&self, commit: &Commit, path: &str) -> bool {
        let below = format!("{}/", path.trim_end_matches('/'));
        let differs =
            |old: &Files| changes(old, &commit.files).iter().any(|(one, _)| one == path || one.starts_with(&below));
        let parents: Vec<&Commit> = commit.parents.iter().filter_map(|sha| self.commits.get(sha)).collect();
        if parents.is_empty() { differs(&Files::new()) } else { parents.iter().all(|one| differs(&one.files)) }
    }
}

/// The paths in which two sets of files differ.
pub(super) fn changes(old: &Files, new: &Files) -> Vec<(String, &'static str)> {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let what = |path: &String| match (old.get(path), new.get(path)) {
        (None, Some(_)) => Some("added"),
        (Some(_), None) => Some("removed"),
        (before, after) => (before != after).then_some("modified"),
    };
    paths.into_iter().filter_map(|path| Some((path.clone(), what(path)?))).collect()
}

impl World {
    /// `commit`.
    pub(super) fn commit_json(&self, repo: &Repo, commit: &Commit) -> Value {
        let (base, site) = (format!("{}/repos/{}", self.url, repo.full_name), format!("{SITE}/{}", repo.full_name));
        let (sha, name) = (&commit.sha, if commit.author.is_empty() { "unknown" } else { &commit.author });
        let signature =
            json!({"name": name, "email": format!("{name}@users.noreply.github.com"), "date": when(Some(commit.date))});
        let parent = |sha: &String| json!({"sha": sha, "url": format!("{base}/commits/{sha}"), "html_url": format!("{site}/commit/{sha}")});
        let account = self.user_json(&commit.author);
        json!({
            "sha": sha, "node_id": node(commit.date.as_second().unsigned_abs()), "url": format!("{base}/commits/{sha}"),
            "html_url": format!("{site}/commit/{sha}"), "comments_url": format!("{base}/commits/{sha}/comments"),
            "commit": {
                "author": signature, "committer": signature, "message": commit.message, "comment_count": 0,
                "tree": {"sha": commit.tree, "url": format!("{base}/git/trees/{}", commit.tree)},
                "url": format!("{base}/git/commits/{sha}"),
                "verification": {
                    "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null,
                },
            },
            "author": account, "committer": account, "parents": commit.parents.iter().map(parent).collect::<Value>(),
        })
    }

    /// What a commit, or the way between two, changed.
    pub(super) fn diff_json(&self, repo: &Repo, sha: &str, changed: &[(String, &'static str)]) -> Value {
        let base = format!("{}/repos/{}", self.url, repo.full_name);
        let site = format!("{SITE}/{}", repo.full_name);
        let one = |(path, status): &(String, &'static str)| {
            let bytes = repo.commits.get(sha).and_then(|commit| commit.files.get(path));
            let added = usize::from(*status != "removed");
            json!({
                "sha": bytes.map(|bytes| blob_id(bytes)), "filename": path, "status": status, "additions": added,
                "deletions": 1, "changes": added + 1, "blob_url": format!("{site}/blob/{sha}/{path}"),
                "raw_url": format!("{site}/raw/{sha}/{path}"), "contents_url": format!("{base}/contents/{path}?ref={sha}"),
            })
        };
        changed.iter().map(one).collect()
    }
}
