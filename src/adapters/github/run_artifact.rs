//! An artifact of one workflow run, by its name.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::adapters::github::client::Client;
use crate::adapters::github::download::Downloaded;
use crate::ports::{Fault, FaultKind};

/// An artifact as GitHub lists it.
#[derive(Debug, Deserialize)]
struct Listed {
    id: u64,
    name: String,
    #[serde(default)]
    expired: bool,
    digest: Option<String>,
}

impl Client {
    /// Downloads the newest artifact of this name that a run has, at most `max_bytes` of it, and compares it with the digest that
    /// GitHub keeps. `NotFound` if it has none, `Broken` if the bytes are others. Needs `actions: read`.
    pub fn run_artifact(&self, run: u64, name: &str, max_bytes: usize) -> Result<Downloaded, Fault> {
        let doing = format!("get the artifact {name} of run {run}");
        let route = self.route(&["actions", "runs", &run.to_string(), "artifacts"]);
        let listed: Vec<Listed> = self.pages(&doing, &route, &[("name", name)], Some("artifacts"))?;
        let newest = listed.into_iter().filter(|one| one.name == name && !one.expired).max_by_key(|one| one.id);
        let Some(artifact) = newest else {
            let fault = Fault::new(FaultKind::NotFound, &doing, "the run has no such artifact, or it has expired");
            return Err(fault.hint("start a new run: its plan job makes it anew"));
        };
        let route = self.route(&["actions", "artifacts", &artifact.id.to_string(), "zip"]);
        let downloaded = self.download(&doing, &route, max_bytes)?;
        let seen = format!("sha256:{}", hex::encode(Sha256::digest(&downloaded.bytes)));
        match artifact.digest {
            Some(digest) if digest != seen => {
                let why = format!("GitHub keeps it as {digest}, and what came is {seen}");
                Err(Fault::new(FaultKind::Broken, doing, why).hint("run it again"))
            }
            _ => Ok(downloaded),
        }
    }
}
