//! Whether people approved a commit: by the reviews of the pull request that brought it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::adapters::github::evidence::asking::Found;
use crate::adapters::github::evidence::place::{No, Place, short};
use crate::promotion::measures::{Measure, Review};
use crate::promotion::time::Time;

/// Who is at home in the repository.
const AT_HOME: [&str; 3] = ["OWNER", "MEMBER", "COLLABORATOR"];

/// A pull request. Source: GitHub's OpenAPI description, `pull-request-simple`.
#[derive(Debug, Clone, Deserialize)]
struct Pull {
    number: u64,
    merged_at: Option<Time>,
    merge_commit_sha: Option<String>,
    user: Option<User>,
    head: Head,
    base: Base,
}

#[derive(Debug, Clone, Deserialize)]
struct Head {
    sha: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Base {
    #[serde(rename = "ref")]
    branch: String,
    repo: Repository,
}

#[derive(Debug, Clone, Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct User {
    id: u64,
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// A review. Source: GitHub's OpenAPI description, `pull-request-review`.
#[derive(Debug, Clone, Deserialize)]
struct Word {
    user: Option<User>,
    state: String,
    commit_id: Option<String>,
    submitted_at: Option<Time>,
    #[serde(default)]
    author_association: String,
}

/// Reads the newest word of everybody who counts.
pub(super) fn read(place: &Place<'_>, sha: &str) -> Result<Found, No> {
    let branch = place.branch(None)?;
    let doing = format!("find the pull request of {} in {}", short(sha), place.shown());
    let pulls: Vec<Pull> = place.client.pages(&doing, &place.route(&["commits", sha, "pulls"]), &[], None)?;
    let pull = choose(pulls, place, sha, &branch)?;
    let doing = format!("list the reviews of pull request #{}", pull.number);
    let route = place.route(&["pulls", &pull.number.to_string(), "reviews"]);
    let words: Vec<Word> = place.client.pages(&doing, &route, &[], None)?;
    Ok(judge(&pull, &words))
}

/// The merged pull request that brought the commit to the default branch: the one that it is the merge of, else the first.
fn choose(pulls: Vec<Pull>, place: &Place<'_>, sha: &str, branch: &str) -> Result<Pull, No> {
    let numbers = |pulls: &[Pull]| pulls.iter().map(|pull| format!("#{}", pull.number)).collect::<Vec<_>>().join(", ");
    if pulls.is_empty() {
        return Err(No::Missing(format!("{} was pushed without a pull request", short(sha))));
    }
    let (merged, open): (Vec<Pull>, Vec<Pull>) = pulls.into_iter().partition(|pull| pull.merged_at.is_some());
    if merged.is_empty() {
        return Err(No::Missing(format!("the pull request of {} ({}) was not merged", short(sha), numbers(&open))));
    }
    // A review on the way into another branch did not let it into this one.
    let elsewhere = numbers(&merged);
    let mut merged: Vec<Pull> =
        merged.into_iter().filter(|pull| pull.base.branch == branch && place.is(&pull.base.repo.full_name)).collect();
    merged.sort_by_key(|pull| (pull.merge_commit_sha.as_deref() != Some(sha), pull.merged_at));
    let other =
        || No::Missing(format!("the pull request of {} ({elsewhere}) was not merged into {branch}", short(sha)));
    merged.into_iter().next().ok_or_else(other)
}

fn judge(pull: &Pull, words: &[Word]) -> Found {
    let (mut newest, mut notes) = (BTreeMap::new(), Vec::new());
    let mut outside = 0;
    for word in
        words.iter().filter(|word| matches!(word.state.as_str(), "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED"))
    {
        // The words of deleted users have nobody who stands for them.
        let Some(user) = &word.user else { continue };
        let is_author = pull.user.as_ref().is_some_and(|author| author.id == user.id);
        let is_person = user.kind.eq_ignore_ascii_case("User");
        if is_author || !is_person || !AT_HOME.contains(&word.author_association.as_str()) {
            outside += 1;
            continue;
        }
        newest.insert(user.id, (user, word));
    }
    let mut review = Review { pull_request: Some(pull.number), ..Review::default() };
    let mut taken: Option<Time> = None;
    for (user, word) in newest.into_values() {
        match word.state.as_str() {
            "APPROVED" if word.commit_id.as_deref() == Some(pull.head.sha.as_str()) => {
                review.approved += 1;
                review.approvers.push(user.login.clone());
                taken = [taken, word.submitted_at].into_iter().flatten().min();
            }
            "APPROVED" => {
                notes.push(format!("{} approved an older commit of #{}, not its last one", user.login, pull.number))
            }
            "CHANGES_REQUESTED" => review.changes_requested += 1,
            _ => {}
        }
    }
    if outside > 0 {
        notes.push(format!("{outside} reviews of #{} by its author, bots or outsiders do not count", pull.number));
    }
    review.approvers.sort();
    (Measure::Review(review), taken.or(pull.merged_at), notes)
}

#[cfg(test)]
mod tests;
