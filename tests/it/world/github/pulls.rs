//! Pull requests and their reviews.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Repository;
use super::answer::{Answer, Answered, Call, key};
use super::fields::{Is, check};
use super::shapes::{SITE, merge, node, when};
use super::state::{Repo, World};
use super::tokens::Kind;

/// A pull request. Its number is an issue's too.
pub(super) struct Pull {
    pub(super) number: u64,
    id: u64,
    title: String,
    author: String,
    head: String,
    head_sha: String,
    base: String,
    base_sha: String,
    created: Timestamp,
    merged: Option<(Timestamp, String, String)>,
    is_closed: bool,
    reviews: Vec<PullReview>,
}

struct PullReview {
    id: u64,
    /// When its text was changed. Only GraphQL tells.
    edited: Option<Timestamp>,
    user: String,
    state: &'static str,
    body: String,
    commit: String,
    at: Timestamp,
}

impl Repository<'_> {
    /// Opens a pull request from a branch to another; its number.
    pub(crate) fn pull(&self, author: &str, head: &str, base: &str, title: &str) -> u64 {
        let number = self.issue();
        let mut world = self.github.lock();
        world.person(author);
        let (id, created) = (world.id(), world.now());
        let repo = world.repos.get_mut(&self.name.to_lowercase()).unwrap();
        let tip = |branch: &str| repo.branches.get(branch).cloned().expect("the branch");
        let (head_sha, base_sha) = (tip(head), tip(base));
        let (author, head, base, title) = (author.to_owned(), head.to_owned(), base.to_owned(), title.to_owned());
        repo.pulls.push(Pull {
            number,
            id,
            title,
            author,
            head,
            head_sha,
            base,
            base_sha,
            created,
            merged: None,
            is_closed: false,
            reviews: Vec::new(),
        });
        number
    }

    /// A person reviews on the site: `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`; the review's id.
    pub(crate) fn pull_review(&self, number: u64, user: &str, state: &'static str, body: &str) -> u64 {
        let mut world = self.github.lock();
        world.add_review(&self.name.to_lowercase(), number, user, state, body, None)
    }

    /// Somebody edits a review on the site. The REST API does not show that he did.
    pub(crate) fn edit_review(&self, number: u64, review: u64, body: &str) {
        let now = self.github.lock().now();
        self.with(|repo| {
            let pull = repo.pulls.iter_mut().find(|pull| pull.number == number).expect("the pull request");
            let one = pull.reviews.iter_mut().find(|one| one.id == review).expect("the review");
            body.clone_into(&mut one.body);
            one.edited = Some(now);
        });
    }

    /// Dismisses a review.
    pub(crate) fn dismiss(&self, number: u64, review: u64) {
        self.with(|repo| {
            let pull = repo.pulls.iter_mut().find(|pull| pull.number == number).expect("the pull request");
            pull.reviews.iter_mut().find(|one| one.id == review).expect("the review").state = "DISMISSED";
        });
    }

    /// Takes new commits of the head branch in.
    pub(crate) fn push_to_pull(&self, number: u64) {
        self.with(|repo| {
            let pull = repo.pulls.iter_mut().find(|pull| pull.number == number).expect("the pull request");
            pull.head_sha.clone_from(&repo.branches[&pull.head]);
        });
    }

    /// Merges one, by a merge commit; its id.
    pub(crate) fn merge_pull(&self, number: u64, by: &str) -> String {
        let mut world = self.github.lock();
        world.person(by);
        let now = world.now();
        let repo = world.repos.get_mut(&self.name.to_lowercase()).unwrap();
        let at = repo.pulls.iter().position(|pull| pull.number == number).expect("the pull request");
        let pull = &repo.pulls[at];
        let (base, head) = (pull.base.clone(), pull.head_sha.clone());
        let message = format!("Merge pull request #{number} from acme/{}\n\n{}", pull.head, pull.title);
        let (tip, files) = (repo.branches[&base].clone(), repo.commits[&head].files.clone());
        let sha = repo.add_commit("", vec![tip, head], by, &message, now, files);
        repo.branches.insert(base, sha.clone());
        let pull = &mut repo.pulls[at];
        pull.merged = Some((now, by.to_owned(), sha.clone()));
        pull.is_closed = true;
        sha
    }
}

impl Repo {
    /// The merged pull requests that brought a commit, as GraphQL shows them.
    pub(super) fn brought(&self, sha: &str) -> Vec<Value> {
        let brought = |pull: &&Pull| {
            pull.merged.as_ref().is_some_and(|(_, _, merge)| {
                let before = &self.commits[merge].parents[0];
                self.reaches(merge, sha) && !self.reaches(before, sha)
            })
        };
        let shown = |pull: &Pull| {
            let (at, by) = pull.merged.as_ref().map(|(at, by, _)| (*at, by.clone())).unzip();
            json!({
                "number": pull.number, "merged": at.is_some(), "mergedAt": when(at), "baseRefName": pull.base,
                "mergedBy": by.map(|login| json!({"login": login})),
            })
        };
        self.pulls.iter().filter(brought).map(shown).collect()
    }
}

impl World {
    fn add_review(
        &mut self,
        place: &str,
        number: u64,
        user: &str,
        state: &'static str,
        body: &str,
        commit: Option<&str>,
    ) -> u64 {
        self.person(user);
        let (id, at) = (self.id(), self.now());
        let repo = self.repos.get_mut(place).unwrap();
        let pull = repo.pulls.iter_mut().find(|pull| pull.number == number).expect("the pull request");
        let commit = commit.unwrap_or(&pull.head_sha).to_owned();
        pull.reviews.push(PullReview {
            id,
            edited: None,
            user: user.to_owned(),
            state,
            body: body.to_owned(),
            commit,
            at,
        });
        id
    }

    /// `pull-request-simple`.
    fn pull_json(&self, repo: &Repo, pull: &Pull) -> Value {
        let base = format!("{}/repos/{}", self.url, repo.full_name);
        let (url, issue) = (format!("{base}/pulls/{}", pull.number), format!("{base}/issues/{}", pull.number));
        let html = format!("{SITE}/{}/pull/{}", repo.full_name, pull.number);
        let statuses = format!("{base}/statuses/{}", pull.head_sha);
        let link = |to: &str| json!({ "href": to });
        let merged = pull.merged.as_ref();
        let side = |name: &str, sha: &str| {
            json!({
                "label": format!("{}:{name}", repo.owner()), "ref": name, "sha": sha, "user": self.organisation(),
                "repo": self.full_repository(repo, "read"),
            })
        };
        let links = json!({
            "self": link(&url), "html": link(&html), "issue": link(&issue), "statuses": link(&statuses),
            "comments": link(&format!("{issue}/comments")), "commits": link(&format!("{url}/commits")),
            "review_comments": link(&format!("{url}/comments")),
            "review_comment": link(&format!("{base}/pulls/comments{{/number}}")),
        });
        json!({
            "id": pull.id, "node_id": node(pull.id), "number": pull.number, "url": url, "html_url": html,
            "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"), "issue_url": issue,
            "commits_url": format!("{url}/commits"), "review_comments_url": format!("{url}/comments"),
            "review_comment_url": format!("{base}/pulls/comments{{/number}}"), "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses, "state": if pull.is_closed { "closed" } else { "open" }, "locked": false,
            "title": pull.title, "user": self.user_json(&pull.author), "body": null, "labels": [], "milestone": null,
            "created_at": when(Some(pull.created)), "updated_at": when(Some(merged.map_or(pull.created, |one| one.0))),
            "closed_at": when(merged.map(|one| one.0)), "merged_at": when(merged.map(|one| one.0)),
            "merge_commit_sha": merged.map(|one| &one.2), "assignee": null, "assignees": [], "requested_reviewers": [],
            "requested_teams": [], "draft": false, "auto_merge": null, "head": side(&pull.head, &pull.head_sha),
            "base": side(&pull.base, &pull.base_sha),
            "author_association": self.association(&pull.author, &repo.full_name.to_lowercase()),
            "_links": links,
        })
    }

    fn review_json(&self, repo: &Repo, pull: &Pull, one: &PullReview) -> Value {
        let html = format!("{SITE}/{}/pull/{}#pullrequestreview-{}", repo.full_name, pull.number, one.id);
        let url = format!("{}/repos/{}/pulls/{}", self.url, repo.full_name, pull.number);
        json!({
            "id": one.id, "node_id": node(one.id), "user": self.user_json(&one.user), "body": one.body, "state": one.state,
            "html_url": html, "pull_request_url": url, "submitted_at": when(Some(one.at)), "commit_id": one.commit,
            "author_association": self.association(&one.user, &repo.full_name.to_lowercase()),
            "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        })
    }
}

fn find<'a>(repo: &'a Repo, call: &Call) -> Result<&'a Pull, Answer> {
    let number = call.number("pull_number")?;
    repo.pulls.iter().find(|pull| pull.number == number).ok_or_else(Answer::not_found)
}

/// `GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls`: that which brought it to the default branch, else those with it.
pub(super) fn of_commit(world: &mut World, call: &Call) -> Answered {
    let (repo, name) = (world.repo(call), call.argument("commit_sha"));
    let no_commit = || Answer::error(422, &format!("No commit found for SHA: {name}"));
    let sha = repo.resolve(name).ok_or_else(no_commit)?;
    let has = |pull: &&Pull| {
        let merged = pull.merged.as_ref().is_some_and(|one| one.2 == sha);
        merged || (repo.reaches(&pull.head_sha, &sha) && !repo.reaches(&pull.base_sha, &sha))
    };
    Ok(call.list(repo.pulls.iter().filter(has).map(|pull| world.pull_json(repo, pull)).collect()))
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let pull = find(repo, call)?;
    let mut body = world.pull_json(repo, pull);
    let commits =
        repo.before(&pull.head_sha).len() - repo.before(&pull.base_sha).len().min(repo.before(&pull.head_sha).len());
    let comments = repo.comments.len();
    merge(
        &mut body,
        json!({
            "merged": pull.merged.is_some(), "mergeable": (!pull.is_closed).then_some(true), "mergeable_state": "clean",
            "rebaseable": (!pull.is_closed).then_some(true),
            "merged_by": pull.merged.as_ref().map_or(Value::Null, |one| world.user_json(&one.1)), "comments": comments,
            "review_comments": 0, "maintainer_can_modify": false, "commits": commits, "additions": 1, "deletions": 0,
            "changed_files": 1,
        }),
    );
    Ok(Answer::new(200, body))
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews`: oldest first.
pub(super) fn reviews(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let pull = find(repo, call)?;
    Ok(call.list(pull.reviews.iter().map(|one| world.review_json(repo, pull, one)).collect()))
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}`.
pub(super) fn one_review(world: &mut World, call: &Call) -> Answered {
    let (repo, id) = (world.repo(call), call.number("review_id")?);
    let pull = find(repo, call)?;
    let one = pull.reviews.iter().find(|one| one.id == id).ok_or_else(Answer::not_found)?;
    Ok(Answer::new(200, world.review_json(repo, pull, one)))
}

impl Repo {
    /// When the review of this node id was edited; `None` if there is no such review here.
    pub(super) fn review_edited(&self, wanted: &str) -> Option<Option<Timestamp>> {
        let mut all = self.pulls.iter().flat_map(|pull| &pull.reviews);
        all.find(|one| node(one.id) == wanted).map(|one| one.edited)
    }
}

/// `POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews`.
pub(super) fn review(world: &mut World, call: &Call) -> Answered {
    let fields = [
        ("event", Is::OneOf(&["APPROVE", "REQUEST_CHANGES", "COMMENT"]), false),
        ("body", Is::Text(65_536), false),
        ("commit_id", Is::Text(64), false),
        ("comments", Is::List(1000), false),
    ];
    check("PullRequestReview", &call.body, &fields)?;
    let refuse = |why: &str| Answer::error(422, &format!("Unprocessable Entity: {why}"));
    let (repo, user) = (world.repo(call), call.caller.user().unwrap_or_default().to_owned());
    let (number, author) = find(repo, call).map(|pull| (pull.number, pull.author.clone()))?;
    let state = match call.text("event") {
        Some("APPROVE") => "APPROVED",
        Some("REQUEST_CHANGES") => "CHANGES_REQUESTED",
        Some(_) => "COMMENTED",
        None => "PENDING",
    };
    if state != "COMMENTED" && author.eq_ignore_ascii_case(&user) {
        return Err(refuse("Can not approve your own pull request"));
    }
    if state == "APPROVED" && call.caller.kind() == Some(Kind::Workflow) && !repo.actions_approve_pulls {
        return Err(refuse("GitHub Actions is not permitted to approve pull requests."));
    }
    let body = call.text("body").unwrap_or_default();
    if body.is_empty() && matches!(state, "COMMENTED" | "CHANGES_REQUESTED") {
        return Err(Answer::invalid("PullRequestReview", "body", "missing_field", "body is required"));
    }
    if call.text("commit_id").is_some_and(|sha| !repo.commits.contains_key(sha)) {
        return Err(refuse("commit_id is not part of the pull request"));
    }
    world.add_review(&key(call), number, &user, state, body, call.text("commit_id"));
    let repo = world.repo(call);
    let pull = find(repo, call)?;
    Ok(Answer::new(200, world.review_json(repo, pull, &pull.reviews[pull.reviews.len() - 1])))
}
