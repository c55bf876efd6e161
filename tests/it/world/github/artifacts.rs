//! Artifacts of runs. Their bytes are in a store of its own, [`super::blobs`], where a link leads once.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::blobs::Blob;
use super::runs::find;
use super::shapes::{node, when};
use super::state::{Repo, World};

/// An artifact.
pub(super) struct Artifact {
    id: u64,
    run: u64,
    name: String,
    bytes: Vec<u8>,
    /// The file's name where it was stored unzipped.
    single: Option<String>,
    created: Timestamp,
    is_expired: bool,
    /// `None` as on an older GitHub Enterprise Server.
    digest: Option<String>,
}

impl GitHub {
    /// A run uploads an artifact: the bytes of a zip; its id.
    pub(crate) fn artifact(&self, run: u64, name: &str, zip: impl Into<Vec<u8>>) -> u64 {
        self.upload(run, name, zip.into(), None)
    }

    /// A run uploads one file, unzipped.
    pub(crate) fn single_artifact(&self, run: u64, name: &str, file: &str, bytes: impl Into<Vec<u8>>) -> u64 {
        self.upload(run, name, bytes.into(), Some(file.to_owned()))
    }

    /// Its time is over: 410.
    pub(crate) fn expire_artifact(&self, id: u64) {
        self.with_artifact(id, |one| one.is_expired = true);
    }

    /// Has the list say another digest, or none, and the store give what it has.
    pub(crate) fn digest_of_artifact(&self, id: u64, digest: Option<&str>) {
        self.with_artifact(id, |one| one.digest = digest.map(str::to_owned));
    }

    /// How often a download came with a credential that was not the store's: it never should.
    pub(crate) fn credentials_leaked(&self) -> usize {
        let blobs = self.lock().blobs.clone();
        blobs.lock().unwrap().leaked
    }

    fn upload(&self, run: u64, name: &str, bytes: Vec<u8>, single: Option<String>) -> u64 {
        let mut world = self.lock();
        let (place, id, created) = (world.place_of(run), world.id(), world.now());
        let digest = Some(format!("sha256:{}", hex::encode(Sha256::digest(&bytes))));
        let name = name.to_owned();
        let one = Artifact { id, run, name, bytes, single, created, is_expired: false, digest };
        world.repos.get_mut(&place).unwrap().artifacts.push(one);
        id
    }

    fn with_artifact(&self, id: u64, change: impl FnOnce(&mut Artifact)) {
        let mut world = self.lock();
        let mut all = world.repos.values_mut().flat_map(|repo| &mut repo.artifacts);
        change(all.find(|one| one.id == id).expect("the artifact"));
    }
}

impl World {
    fn artifact_json(&self, repo: &Repo, one: &Artifact) -> Value {
        let url = format!("{}/repos/{}/actions/artifacts/{}", self.url, repo.full_name, one.id);
        let expires = Timestamp::from_second(one.created.as_second() + 90 * 86_400).expect("a time");
        let run = repo.runs.iter().find(|run| run.id == one.run).map(|run| {
            let head = self.repos.get(&run.spec.head_repository.to_lowercase());
            json!({
                "id": run.id, "repository_id": repo.id, "head_repository_id": head.map_or(repo.id + 500_000, |head| head.id),
                "head_branch": run.spec.head_branch, "head_sha": run.spec.head_sha,
            })
        });
        let mut body = json!({
            "id": one.id, "node_id": node(one.id), "name": one.name, "size_in_bytes": one.bytes.len(), "url": url,
            "archive_download_url": format!("{url}/zip"), "expired": one.is_expired, "created_at": when(Some(one.created)),
            "expires_at": when(Some(expires)), "updated_at": when(Some(one.created)), "workflow_run": run,
        });
        if let Some(digest) = &one.digest {
            body["digest"] = digest.as_str().into();
        }
        body
    }
}

/// `GET …/actions/runs/{run_id}/artifacts`: newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let (repo, run) = find(world, call)?;
    let named = |one: &&Artifact| one.run == run.id && call.query("name").is_none_or(|name| name == one.name);
    let mut found: Vec<Value> = repo.artifacts.iter().filter(named).map(|one| world.artifact_json(repo, one)).collect();
    if call.query("direction") != Some("asc") {
        found.reverse();
    }
    Ok(call.counted("artifacts", found))
}

/// `GET …/actions/artifacts/{artifact_id}/{archive_format}`: 302 to the store, for a minute and one use.
pub(super) fn download(world: &mut World, call: &Call) -> Answered {
    let (repo, id) = (world.repo(call), call.number("artifact_id")?);
    let one = repo.artifacts.iter().find(|one| one.id == id).ok_or_else(Answer::not_found)?;
    if call.argument("archive_format") != "zip" {
        return Err(Answer::not_found());
    }
    if one.is_expired {
        return Err(Answer::error(410, "Artifact has expired"));
    }
    let (bytes, file) = (one.bytes.clone(), one.single.clone().unwrap_or_else(|| format!("{}.zip", one.name)));
    let kind = if one.single.is_some() { "application/octet-stream" } else { "application/zip" };
    let ends = Timestamp::from_second(world.now().as_second() + 60).expect("a time");
    let link = format!("/artifacts/{}?sig=blob-signature-{}", id, world.id());
    let blob = Blob { bytes, kind, file, ends };
    world.blobs.lock().expect("the store").links.insert(link.clone(), blob);
    Ok(Answer::empty(302).with("location", format!("{}{link}", world.blob_url)))
}
