//! The repository itself, its files and branches.

use serde_json::{Value, json};

use super::answer::{Answer, Answered, Call, key};
use super::commits::blob_id;
use super::shapes::{SITE, node};
use super::state::World;

/// `GET /repos/{owner}/{repo}`.
pub(super) fn repository(world: &mut World, call: &Call) -> Answered {
    let role = match call.caller.person() {
        Some(login) => world.role_of(login, &key(call)),
        None => "read",
    };
    Ok(Answer::new(200, world.full_repository(world.repo(call), role)))
}

/// Base64 as GitHub sends it: a line break after each 60 characters, and at the end.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (at, three) in bytes.chunks(3).enumerate() {
        let number = (0..3).fold(0_u32, |number, at| number << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for part in 0..4 {
            let letter = ALPHABET[(number >> (18 - 6 * part) & 63) as usize];
            text.push(if part > three.len() { '=' } else { char::from(letter) });
        }
        if at % 15 == 14 {
            text.push('\n');
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// `GET /repos/{owner}/{repo}/contents/{path}`: a file, or the list of a folder.
pub(super) fn file(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let name = call.query("ref").unwrap_or(&repo.default_branch);
    let no_ref = || Answer::error(404, &format!("No commit found for the ref {name}"));
    let commit = &repo.commits[&repo.resolve(name).ok_or_else(no_ref)?];
    let path = call.argument("path").trim_matches('/');
    let (base, site) = (format!("{}/repos/{}", world.url, repo.full_name), format!("{SITE}/{}", repo.full_name));
    let shown = |path: &str, kind: &str, sha: &str, size: usize| {
        let (url, git) = (format!("{base}/contents/{path}?ref={name}"), format!("{base}/git/blobs/{sha}"));
        let html = format!("{site}/blob/{name}/{path}");
        json!({
            "name": path.rsplit('/').next(), "path": path, "sha": sha, "size": size, "type": kind, "url": url,
            "git_url": git, "html_url": html, "download_url": format!("{site}/raw/{name}/{path}"),
            "_links": {"self": url, "git": git, "html": html},
        })
    };
    if let Some(bytes) = commit.files.get(path) {
        let mut body = shown(path, "file", &blob_id(bytes), bytes.len());
        // Beyond 1 MB the text is left out.
        let is_small = bytes.len() <= 1_048_576;
        body["content"] = if is_small { base64(bytes) } else { String::new() }.into();
        body["encoding"] = if is_small { "base64" } else { "none" }.into();
        return Ok(Answer::new(200, body));
    }
    let mut entries: Vec<Value> = Vec::new();
    let below = format!("{path}/");
    for (other, bytes) in &commit.files {
        let Some(rest) = other.strip_prefix(&below) else { continue };
        let (name, kind) = rest.split_once('/').map_or((rest, "file"), |(folder, _)| (folder, "dir"));
        let full = format!("{below}{name}");
        if entries.last().is_none_or(|last| last["path"] != full.as_str()) {
            entries.push(shown(&full, kind, &blob_id(bytes), if kind == "file" { bytes.len() } else { 0 }));
        }
    }
    if entries.is_empty() { Err(Answer::not_found()) } else { Ok(Answer::new(200, Value::Array(entries))) }
}

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`: `heads/main`, exactly.
pub(super) fn reference(world: &mut World, call: &Call) -> Answered {
    let (repo, name) = (world.repo(call), call.argument("ref"));
    let sha = name.strip_prefix("heads/").and_then(|branch| repo.branches.get(branch)).ok_or_else(Answer::not_found)?;
    let base = format!("{}/repos/{}", world.url, repo.full_name);
    let object = json!({"sha": sha, "type": "commit", "url": format!("{base}/git/commits/{sha}")});
    let body = json!({"ref": format!("refs/{name}"), "node_id": node(repo.id), "url": format!("{base}/git/refs/{name}"), "object": object});
    Ok(Answer::new(200, body))
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`.
pub(super) fn branch(world: &mut World, call: &Call) -> Answered {
    let (repo, name) = (world.repo(call), call.argument("branch"));
    let sha = repo.branches.get(name).ok_or_else(|| Answer::error(404, "Branch not found"))?;
    let url = format!("{}/repos/{}/branches/{name}", world.url, repo.full_name);
    let is_protected = repo.protected.contains(name);
    let body = json!({
        "name": name, "commit": world.commit_json(repo, &repo.commits[sha]), "protected": is_protected,
        "_links": {"self": url, "html": format!("{SITE}/{}/tree/{name}", repo.full_name)},
        "protection": {"enabled": is_protected, "required_status_checks": {
            "enforcement_level": "off", "contexts": [], "checks": [],
        }},
        "protection_url": format!("{url}/protection"),
    });
    Ok(Answer::new(200, body))
}

/// `GET /repos/{owner}/{repo}/rules/branches/{branch}`: for a branch that is not there too.
pub(super) fn rules(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let mut rules = repo.rules.get(call.argument("branch")).cloned().unwrap_or_default();
    for rule in &mut rules {
        rule["ruleset_source_type"] = "Repository".into();
        rule["ruleset_source"] = repo.full_name.clone().into();
        rule["ruleset_id"] = 42.into();
    }
    Ok(call.list(rules))
}
