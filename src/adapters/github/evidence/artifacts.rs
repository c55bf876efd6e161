//! Reports in the artifacts of a run. The run is chosen first, by GitHub's record of it; an artifact of its name in any other
//! run is nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::adapters::github::evidence::asking::{Artifact, Asking};
use crate::adapters::github::evidence::place::{No, Place, commit};
use crate::adapters::github::evidence::runs::{self, Run};
use crate::promotion::facts::{Reading, Subject, SubjectKnown};
use crate::promotion::time::Time;

/// The most bytes of one artifact, packed.
const ONE_MAX: usize = 64 << 20;
/// The most bytes of all artifacts of a source, packed.
const ALL_MAX: u64 = 256 << 20;
/// The most artifacts of a source.
const COUNT_MAX: usize = 100;
/// How many artifacts are named where there is no right one.
const NAMED: usize = 5;
/// What a zip archive begins with; an empty one has only its end.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// An artifact in a run's list. Source: GitHub's OpenAPI description, `artifact`.
#[derive(Debug, Clone, Deserialize)]
struct Listed {
    id: u64,
    name: String,
    size_in_bytes: u64,
    expired: bool,
    created_at: Option<Time>,
    expires_at: Option<Time>,
    /// Not given by older GitHub Enterprise Servers.
    #[serde(default)]
    digest: Option<String>,
}

/// Finds the run, downloads what is named so, and has it read.
pub(super) fn read(
    place: &Place<'_>,
    wanted: &runs::Wanted<'_>,
    name: &str,
    asking: &Asking<'_>,
    parse: &dyn Fn(Vec<Artifact>) -> Reading,
) -> Result<Reading, No> {
    let sha = commit(place, asking.about)?;
    let branch = place.branch(wanted.branch)?;
    let run = runs::choose(&runs::all(place, &sha)?, wanted, &branch, &sha)?;
    let name = name.replace("{service}", asking.about.service).replace("{environment}", asking.about.environment);
    let doing = format!("list the artifacts of {}", run.shown());
    let route = place.route(&["actions", "runs", &run.id.to_string(), "artifacts"]);
    let listed: Vec<Listed> = place.client.pages(&doing, &route, &[], Some("artifacts"))?;
    let (chosen, mut notes) = choose(listed, &name, &run)?;
    let artifacts = chosen.iter().map(|one| download(place, one)).collect::<Result<Vec<_>, No>>()?;
    let mut reading = parse(artifacts);
    if let Reading::Observed(observation) = &mut reading {
        // A report that names another commit than its run contradicts it, and is not overruled.
        let stated = observation.subject.take();
        let (digests, commits): (Vec<String>, Vec<String>) =
            stated.iter().flat_map(Subject::names).map(str::to_owned).partition(|name| name.starts_with("sha256:"));
        observation.subject = if commits.iter().all(|commit| sha.starts_with(&commit.to_ascii_lowercase())) {
            let environment = stated.and_then(|stated| stated.environment);
            Some(Subject { also: digests, environment, ..Subject::of(sha, SubjectKnown::Run) })
        } else {
            stated
        };
        observation.taken = Some(observation.taken.map_or(run.updated_at, |taken| taken.min(run.updated_at)));
        observation.notes.append(&mut notes);
    }
    Ok(reading)
}

/// The newest artifact of each name that is meant, by name.
fn choose(listed: Vec<Listed>, name: &str, run: &Run) -> Result<(Vec<Listed>, Vec<String>), No> {
    let all: Vec<String> = listed.iter().map(|one| one.name.clone()).collect();
    let mut newest: BTreeMap<String, Listed> = BTreeMap::new();
    for one in listed.into_iter().filter(|one| matches(name, &one.name)) {
        let age = |one: &Listed| (one.created_at, one.id);
        if newest.get(&one.name).is_none_or(|other| age(other) < age(&one)) {
            newest.insert(one.name.clone(), one);
        }
    }
    let conclusion = run.conclusion.as_deref().unwrap_or("unknown");
    if newest.is_empty() {
        return Err(No::Missing(format!(
            "{} ended with {conclusion} and has no artifact {name}{}",
            run.shown(),
            instead(all)
        )));
    }
    let mut notes = Vec::new();
    if conclusion != "success" {
        notes.push(format!("{} ended with {conclusion}", run.shown()));
    }
    for one in newest.values() {
        if one.expired {
            let at = one.expires_at.map_or_else(String::new, |at| format!(" at {at}"));
            return Err(No::Missing(format!(
                "the artifact {} of {} has expired{at}: let the workflow run again, or keep it for longer (retention-days)",
                one.name,
                run.shown()
            )));
        }
        let is_of_earlier = run.run_attempt.is_some_and(|attempt| attempt > 1)
            && one.created_at.is_none_or(|created| created < run.began());
        // In an attempt that did not succeed, the job that should have written it anew may be the one that did not get there.
        if is_of_earlier && conclusion != "success" {
            return Err(No::Missing(format!(
                "{} ended with {conclusion}, and the artifact {} is of an earlier attempt: run all jobs again",
                run.shown(),
                one.name
            )));
        }
        if is_of_earlier {
            notes.push(format!("the artifact {} is of an earlier attempt of {}", one.name, run.shown()));
        }
    }
    let total: u64 = newest.values().map(|one| one.size_in_bytes).sum();
    if newest.len() > COUNT_MAX || total > ALL_MAX {
        return Err(No::Unreadable(format!(
            "{name} is {} artifacts of {} MiB; at most {COUNT_MAX} of {} MiB are read",
            newest.len(),
            total >> 20,
            ALL_MAX >> 20
        )));
    }
    Ok((newest.into_values().collect(), notes))
}

fn instead(mut names: Vec<String>) -> String {
    if names.is_empty() {
        return "; it has none at all".to_owned();
    }
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("; it has {}{more}", names.join(", "))
}

/// Whether a name is one of those that a pattern means; `*` is any number of any characters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn download(place: &Place<'_>, one: &Listed) -> Result<Artifact, No> {
    let doing = format!("download the artifact {}", one.name);
    let route = place.route(&["actions", "artifacts", &one.id.to_string(), "zip"]);
    let downloaded = place.client.download(&doing, &route, ONE_MAX)?;
    if let Some(wanted) = one.digest.as_deref().and_then(|digest| digest.strip_prefix("sha256:")) {
        let found = hex::encode(Sha256::digest(&downloaded.bytes));
        if !found.eq_ignore_ascii_case(wanted) {
            return Err(No::Unreadable(format!(
                "the artifact {} is not what was uploaded: GitHub lists sha256:{wanted}, and sha256:{found} came",
                one.name
            )));
        }
    }
    let is_zip = ZIP.iter().any(|magic| downloaded.bytes.starts_with(magic))
        || matches!(downloaded.content_type.as_str(), "application/zip" | "application/x-zip-compressed");
    let file = (!is_zip).then(|| downloaded.name.clone().unwrap_or_else(|| one.name.clone()));
    Ok(Artifact { name: one.name.clone(), file, bytes: downloaded.bytes })
}

#[cfg(test)]
mod tests;
