//! What people say: comments on a pull request or issue, and reviews of a pull request.

use serde::Deserialize;
use serde_json::json;

use crate::adapters::github::client::Client;
use crate::adapters::github::people::User;
use crate::ports::Fault;
use crate::promotion::approvals::facts::{Person, Word, WordKind, WordPlace};
use crate::promotion::time::Time;

#[derive(Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    html_url: String,
    /// `…/issues/12`: the issue or pull request that it is on.
    #[serde(default)]
    issue_url: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<User>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Deserialize)]
struct Review {
    id: u64,
    #[serde(default)]
    node_id: String,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    commit_id: Option<String>,
    /// Absent where it is not yet given.
    #[serde(default)]
    submitted_at: Option<Time>,
}

#[derive(Deserialize)]
struct PullRequest {
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

/// What a review says of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is good.
    Approve,
    /// It is not.
    RequestChanges,
    /// Neither.
    Comment,
}

impl Client {
    /// All comments on a pull request or issue, oldest first. Needs `pull-requests: read` (`issues: read`).
    pub fn comments(&self, number: u64) -> Result<Vec<Word>, Fault> {
        let route = self.route(&["issues", &number.to_string(), "comments"]);
        let all: Vec<Comment> = self.pages(&format!("list the comments on #{number}"), &route, &[], None)?;
        Ok(all.into_iter().map(|comment| word_of(comment, number)).collect())
    }

    /// One comment, where it is on this pull request or issue; `None` if it is gone.
    pub fn comment(&self, number: u64, id: u64) -> Result<Option<Word>, Fault> {
        let route = self.route(&["issues", "comments", &id.to_string()]);
        let found: Option<Comment> = self.get_optional(&format!("read the comment {id}"), &route, &[])?;
        let here = |comment: &Comment| comment.issue_url.as_deref().and_then(number_of) == Some(number);
        Ok(found.filter(here).map(|comment| word_of(comment, number)))
    }

    /// Writes a comment. Needs `pull-requests: write` (`issues: write`).
    pub fn write_comment(&self, number: u64, body: &str) -> Result<WordPlace, Fault> {
        let route = self.route(&["issues", &number.to_string(), "comments"]);
        let made: Comment = self.post(&format!("comment on #{number}"), &route, &json!({ "body": body }))?;
        Ok(WordPlace { kind: WordKind::Comment, number, id: made.id, url: made.html_url })
    }

    /// Writes a comment anew. Nobody is notified of it.
    pub fn rewrite_comment(&self, id: u64, body: &str) -> Result<(), Fault> {
        let route = self.route(&["issues", "comments", &id.to_string()]);
        let doing = format!("update the comment {id}");
        self.patch::<serde::de::IgnoredAny>(&doing, &route, &json!({ "body": body })).map(drop)
    }

    /// The commit that a pull request would merge now; `None` if there is no such pull request. Needs `pull-requests: read`.
    pub fn pull_request_head(&self, number: u64) -> Result<Option<String>, Fault> {
        let route = self.route(&["pulls", &number.to_string()]);
        let found: Option<PullRequest> = self.get_optional(&format!("read the pull request #{number}"), &route, &[])?;
        Ok(found.map(|found| found.head.sha))
    }

    /// The reviews of a pull request that were given, oldest first, each with `head` as the pull request's present head. One
    /// that is not `wanted` is left out. Whether a text was changed only GraphQL tells: one that it does not vouch for counts
    /// as changed.
    pub fn reviews(&self, number: u64, head: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Word>, Fault> {
        let route = self.route(&["pulls", &number.to_string(), "reviews"]);
        let mut all: Vec<Review> = self.pages(&format!("list the reviews of #{number}"), &route, &[], None)?;
        all.retain(|review| wanted(review.body.as_deref().unwrap_or_default()));
        self.words_of(all, number, head)
    }

    /// One review of a pull request; `None` if it is gone or was never given.
    pub fn review(&self, number: u64, id: u64, head: &str) -> Result<Option<Word>, Fault> {
        let route = self.route(&["pulls", &number.to_string(), "reviews", &id.to_string()]);
        let found: Option<Review> = self.get_optional(&format!("read the review {id}"), &route, &[])?;
        Ok(self.words_of(found.into_iter().collect(), number, head)?.pop())
    }

    /// Reviews a pull request at a commit. Needs `pull-requests: write`; a token cannot approve what its own user opened.
    pub fn write_review(&self, number: u64, commit: &str, verdict: Verdict, body: &str) -> Result<WordPlace, Fault> {
        let event = match verdict {
            Verdict::Approve => "APPROVE",
            Verdict::RequestChanges => "REQUEST_CHANGES",
            Verdict::Comment => "COMMENT",
        };
        let route = self.route(&["pulls", &number.to_string(), "reviews"]);
        let body = json!({ "commit_id": commit, "event": event, "body": body });
        let made: Review = self.post(&format!("review #{number}"), &route, &body)?;
        Ok(WordPlace { kind: WordKind::Review, number, id: made.id, url: made.html_url })
    }

    fn words_of(&self, mut reviews: Vec<Review>, number: u64, head: &str) -> Result<Vec<Word>, Fault> {
        reviews.retain(|review| review.submitted_at.is_some());
        let ids: Vec<&str> = reviews.iter().map(|review| review.node_id.as_str()).filter(|id| !id.is_empty()).collect();
        let untouched = if ids.is_empty() { Ok(Default::default()) } else { self.untouched(&ids) };
        let untouched = untouched.unwrap_or_else(|fault| {
            tracing::debug!(why = %fault, "reviews count as edited");
            Default::default()
        });
        let word = |review: Review| {
            Some(Word {
                place: WordPlace { kind: WordKind::Review, number, id: review.id, url: review.html_url },
                author: review.user.map(Person::from),
                body: review.body.unwrap_or_default(),
                at: review.submitted_at?,
                edited: !untouched.contains(&review.node_id),
                state: Some(review.state),
                commit: review.commit_id,
                head: Some(head.to_owned()),
            })
        };
        Ok(reviews.into_iter().filter_map(word).collect())
    }
}

fn word_of(comment: Comment, number: u64) -> Word {
    Word {
        place: WordPlace { kind: WordKind::Comment, number, id: comment.id, url: comment.html_url },
        author: comment.user.map(Person::from),
        body: comment.body.unwrap_or_default(),
        at: comment.created_at,
        edited: comment.updated_at != comment.created_at,
        state: None,
        commit: None,
        head: None,
    }
}

/// The number at the end of an issue's address.
fn number_of(issue_url: &str) -> Option<u64> {
    issue_url.rsplit('/').next()?.parse().ok()
}
