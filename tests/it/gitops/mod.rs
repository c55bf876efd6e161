//! GitOps delivery on the wire: git's own http-backend, local repositories, and ssh, each with its troubles.

mod github;
mod history;
mod races;
mod servers;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use promote::adapters::gitops::{GitOps, GitOpsSettings, RepoSettings};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::{Branch, Delivery, Fault, Proposal};
use promote::promotion::time::Time;

use crate::world::bare::Bare;
use crate::world::git_server::{WRITE_TOKEN, base64};

const STAGING: &str = "k8s/overlays/staging";
const KUSTOMIZATION: &str = "k8s/overlays/staging/kustomization.yaml";

/// A repository with one environment, and a file that nobody reads.
fn bare() -> Bare {
    Bare::new(&[
        (KUSTOMIZATION, "resources:\n  - ../../base\nimages:\n  - name: app\n    newTag: \"1.10\"\n"),
        ("k8s/overlays/staging/README.md", "Not a manifest.\n"),
        ("k8s/overlays/staging/deeper/x.yaml", "not: read\n"),
        ("k8s/base/deployment.yaml", "kind: Deployment\n"),
        ("README.md", "Hello.\n"),
    ])
}

fn http() -> Http {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap()
}

fn settings(address: &str, token: Option<&str>) -> GitOpsSettings {
    let repo = RepoSettings {
        address: address.to_owned(),
        token: token.and_then(Secret::new),
        token_name: "GITOPS_TOKEN".to_owned(),
        branch: None,
    };
    let repos = BTreeMap::from([("default".to_owned(), repo)]);
    GitOpsSettings { repos, temp: std::env::temp_dir(), ..GitOpsSettings::default() }
}

/// A process' own view of a repository.
fn gitops(address: &str) -> GitOps {
    GitOps::new(&settings(address, Some(WRITE_TOKEN)), &http()).unwrap()
}

fn main_branch() -> Branch {
    Branch { repo: "default".to_owned(), branch: Some("main".to_owned()) }
}

fn at() -> Time {
    "2026-11-21T06:00:00Z".parse().unwrap()
}

fn proposal(base: &str, path: &str, text: &str, message: &str) -> Proposal {
    let files = BTreeMap::from([(path.to_owned(), text.to_owned())]);
    Proposal { base: base.to_owned(), files, message: message.to_owned(), at: at() }
}

/// Reads the tip and proposes a new text for the kustomization on it.
fn bump(gitops: &GitOps, text: &str, message: &str) -> Proposal {
    let snapshot = gitops.snapshot(&main_branch(), STAGING).unwrap();
    proposal(&snapshot.commit, KUSTOMIZATION, text, message)
}

/// All that a fault says holds no token, plain or encoded.
fn assert_no_secret(fault: &Fault) {
    let said = format!("{fault:?} {fault}");
    let encoded = base64(format!("x-access-token:{WRITE_TOKEN}").as_bytes());
    for secret in [WRITE_TOKEN, &encoded, "hunter2", &base64(b"me:hunter2"), "bWU6aHVudGVy"] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// That nothing is left behind in a directory.
fn assert_empty(dir: &Path) {
    let left: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
