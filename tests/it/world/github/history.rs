//! What is asked about commits: one, a list of them, and the way from one to another.

use serde_json::{Value, json};

use super::answer::{Answer, Answered, Call};
use super::commits::{Commit, changes};
use super::shapes::SITE;
use super::state::World;

/// 422: no commit of that name.
fn no_commit(name: &str) -> Answer {
    Answer::error(422, &format!("No commit found for SHA: {name}"))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let (repo, name) = (world.repo(call), call.argument("ref"));
    let sha = repo.resolve(name).ok_or_else(|| no_commit(name))?;
    let (commit, mut body) = (&repo.commits[&sha], world.commit_json(repo, &repo.commits[&sha]));
    let changed = repo.changed(commit);
    body["stats"] = json!({"additions": changed.len(), "deletions": 0, "total": changed.len()});
    body["files"] = world.diff_json(repo, &sha, &changed);
    Ok(Answer::new(200, body))
}

/// `GET /repos/{owner}/{repo}/commits`: newest first; with `path`, those that changed it.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let name = call.query("sha").unwrap_or(&repo.default_branch);
    if repo.commits.is_empty() {
        return Err(Answer::error(409, "Git Repository is empty."));
    }
    let sha = repo.resolve(name).ok_or_else(Answer::not_found)?;
    let fits = |commit: &&Commit| {
        let path = call.query("path").is_none_or(|path| repo.made(commit, path));
        path && call.wants("author", &commit.author)
    };
    Ok(call.list(repo.before(&sha).into_iter().filter(fits).map(|commit| world.commit_json(repo, commit)).collect()))
}

/// `GET /repos/{owner}/{repo}/compare/{basehead}`: the commits oldest first, 250 on a page.
pub(super) fn compare(world: &mut World, call: &Call) -> Answered {
    let (repo, names) = (world.repo(call), call.argument("basehead"));
    let (base, head) = names.split_once("...").ok_or_else(Answer::not_found)?;
    let base_sha = repo.resolve(base).ok_or_else(Answer::not_found)?;
    let head_sha = repo.resolve(head).ok_or_else(Answer::not_found)?;
    let (behind, ahead) = (repo.before(&base_sha), repo.before(&head_sha));
    let only = |these: &[&Commit], those: &[&Commit]| -> Vec<String> {
        let new = these.iter().filter(|one| !those.iter().any(|other| other.sha == one.sha));
        new.map(|one| one.sha.clone()).collect()
    };
    let (mut new, old) = (only(&ahead, &behind), only(&behind, &ahead));
    new.reverse();
    let common = behind
        .iter()
        .find(|one| ahead.iter().any(|other| other.sha == one.sha))
        .ok_or_else(|| Answer::error(404, &format!("No common ancestor between {base} and {head}.")))?;
    let status = match (new.is_empty(), old.is_empty()) {
        (true, true) => "identical",
        (false, true) => "ahead",
        (true, false) => "behind",
        (false, false) => "diverged",
    };
    let changed = changes(&common.files, &repo.commits[&head_sha].files);
    let shown: Vec<Value> = new.iter().map(|sha| world.commit_json(repo, &repo.commits[sha])).collect();
    let (shown, link) = call.page(shown, 250);
    let url = format!("{}/repos/{}/compare/{names}", world.url, repo.full_name);
    let site = format!("{SITE}/{}/compare/{names}", repo.full_name);
    let body = json!({
        "url": url, "html_url": site, "permalink_url": site, "diff_url": format!("{site}.diff"),
        "patch_url": format!("{site}.patch"), "base_commit": world.commit_json(repo, &repo.commits[&base_sha]),
        "merge_base_commit": world.commit_json(repo, common), "status": status, "ahead_by": new.len(),
        "behind_by": old.len(), "total_commits": new.len(), "commits": shown,
        "files": world.diff_json(repo, &head_sha, &changed),
    });
    let answer = Answer::new(200, body);
    Ok(match link {
        Some(link) => answer.with("link", link),
        None => answer,
    })
}
