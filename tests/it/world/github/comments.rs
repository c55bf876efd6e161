//! Comments on issues and pull requests.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Repository;
use super::answer::{Answer, Answered, Call, key};
use super::fields::{Is, check};
use super::shapes::{SITE, node, when};
use super::state::{Repo, World};
use super::tokens::Kind;

/// A comment.
pub(super) struct Comment {
    id: u64,
    issue: u64,
    author: String,
    body: String,
    created: Timestamp,
    updated: Timestamp,
}

impl Repository<'_> {
    /// Opens an issue; its number.
    pub(crate) fn issue(&self) -> u64 {
        self.with(|repo| {
            let number = repo.issues.len() as u64 + 1;
            repo.issues.insert(number);
            number
        })
    }

    /// A person comments on the site; the comment's id.
    pub(crate) fn comment(&self, issue: u64, author: &str, body: &str) -> u64 {
        let mut world = self.github.lock();
        world.add_comment(&self.name.to_lowercase(), issue, author, body)
    }

    /// Somebody edits a comment on the site: its author stays, its time of change does not.
    pub(crate) fn edit_comment(&self, id: u64, body: &str) {
        let mut world = self.github.lock();
        world.edit(&self.name.to_lowercase(), id, body);
    }

    /// The comments of an issue, oldest first: author and text.
    pub(crate) fn comments(&self, issue: u64) -> Vec<(String, String)> {
        self.with(|repo| {
            let there = repo.comments.iter().filter(|one| one.issue == issue);
            there.map(|one| (one.author.clone(), one.body.clone())).collect()
        })
    }
}

impl World {
    fn add_comment(&mut self, place: &str, issue: u64, author: &str, body: &str) -> u64 {
        self.person(author);
        let (id, now) = (self.id(), self.now());
        let (author, body) = (author.to_owned(), body.to_owned());
        let repo = self.repos.get_mut(place).unwrap();
        repo.comments.push(Comment { id, issue, author, body, created: now, updated: now });
        id
    }

    /// An edit is seen: it is never of the second in which the comment was made.
    fn edit(&mut self, place: &str, id: u64, body: &str) {
        let now = self.now();
        let one = self.repos.get_mut(place).unwrap().comments.iter_mut().find(|one| one.id == id).expect("the comment");
        body.clone_into(&mut one.body);
        let after = Timestamp::from_second(one.updated.as_second() + 1).unwrap();
        one.updated = now.max(after);
    }

    fn comment_json(&self, repo: &Repo, one: &Comment) -> Value {
        let base = format!("{}/repos/{}/issues", self.url, repo.full_name);
        let url = format!("{base}/comments/{}", one.id);
        let kind = if repo.pulls.iter().any(|pull| pull.number == one.issue) { "pull" } else { "issues" };
        let reactions: Value = ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes", "total_count"]
            .into_iter()
            .map(|name| (name.to_owned(), Value::from(0)))
            .chain([("url".to_owned(), Value::from(format!("{url}/reactions")))])
            .collect::<serde_json::Map<_, _>>()
            .into();
        json!({
            "id": one.id, "node_id": node(one.id), "url": url, "issue_url": format!("{base}/{}", one.issue),
            "html_url": format!("{SITE}/{}/{kind}/{}#issuecomment-{}", repo.full_name, one.issue, one.id),
            "body": one.body, "user": self.user_json(&one.author), "created_at": when(Some(one.created)),
            "updated_at": when(Some(one.updated)), "reactions": reactions, "performed_via_github_app": null,
            "author_association": self.association(&one.author, &repo.full_name.to_lowercase()),
        })
    }
}

/// The issue or pull request that a request names.
fn issue(repo: &Repo, call: &Call) -> Result<u64, Answer> {
    let number = call.number("issue_number")?;
    if repo.issues.contains(&number) { Ok(number) } else { Err(Answer::not_found()) }
}

fn find<'a>(repo: &'a Repo, call: &Call) -> Result<&'a Comment, Answer> {
    let id = call.number("comment_id")?;
    repo.comments.iter().find(|one| one.id == id).ok_or_else(Answer::not_found)
}

fn text(call: &Call) -> Result<String, Answer> {
    check("IssueComment", &call.body, &[("body", Is::Any, true)])?;
    let body = call.text("body").unwrap_or_default();
    if body.trim().is_empty() {
        return Err(Answer::invalid("IssueComment", "body", "custom", "Body can't be blank"));
    }
    if body.chars().count() > 65_536 {
        let why = "Body is too long (maximum is 65536 characters)";
        return Err(Answer::invalid("IssueComment", "data", "unprocessable", why));
    }
    Ok(body.to_owned())
}

/// `GET /repos/{owner}/{repo}/issues/{issue_number}/comments`: oldest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let number = issue(repo, call)?;
    let there = repo.comments.iter().filter(|one| one.issue == number);
    Ok(call.list(there.map(|one| world.comment_json(repo, one)).collect()))
}

/// `POST /repos/{owner}/{repo}/issues/{issue_number}/comments`.
pub(super) fn create(world: &mut World, call: &Call) -> Answered {
    let (number, body) = (issue(world.repo(call), call)?, text(call)?);
    let author = call.caller.user().unwrap_or_default().to_owned();
    world.add_comment(&key(call), number, &author, &body);
    let repo = world.repo(call);
    Ok(Answer::new(201, world.comment_json(repo, &repo.comments[repo.comments.len() - 1])))
}

/// `GET /repos/{owner}/{repo}/issues/comments/{comment_id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    Ok(Answer::new(200, world.comment_json(repo, find(repo, call)?)))
}

/// Refuses to let somebody change another's comment who may not: a person needs to write, unless it is his own.
fn may_change(world: &World, call: &Call) -> Result<u64, Answer> {
    let one = find(world.repo(call), call)?;
    let user = call.caller.user().unwrap_or_default();
    let by_role = call.caller.kind() != Some(Kind::Personal) || world.role_of(user, &key(call)) != "read";
    if by_role || one.author.eq_ignore_ascii_case(user) { Ok(one.id) } else { Err(Answer::error(403, "Forbidden")) }
}

/// `PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}`.
pub(super) fn update(world: &mut World, call: &Call) -> Answered {
    let (id, body) = (may_change(world, call)?, text(call)?);
    world.edit(&key(call), id, &body);
    get(world, call)
}

/// `DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answered {
    let id = may_change(world, call)?;
    world.repo_mut(call).comments.retain(|one| one.id != id);
    Ok(Answer::empty(204))
}
