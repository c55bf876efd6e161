//! How fast the road's waits for machines are, compared with the git program doing the same on the same server, in the
//! same run: start-up, and fetching the tip of a branch to read one file.
//!
//! `cargo bench --bench delivery` prints one line for each: the baseline, ours, the ratio, and what ours asked the server.

#![expect(clippy::print_stdout, reason = "its result is what it prints")]

#[expect(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../tests/it/world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use promote::adapters::gitops::{GitOps, GitOpsSettings, RepoSettings};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::{Branch, Delivery as _};
use world::bare::Bare;
use world::git_server::{GitServer, WRITE_TOKEN};

/// How often each thing is done; the median counts.
const TIMES: usize = 15;
/// How many environments the repository has.
const ENVIRONMENTS: usize = 200;

fn main() {
    let git = median(|| run(Command::new("git").arg("--version")));
    let ours = median(|| run(Command::new(env!("CARGO_BIN_EXE_promote")).arg("--version")));
    line("start-up", "git --version", git, ours, "");

    let files: Vec<(String, String)> = (0..ENVIRONMENTS)
        .map(|n| {
            let image = format!("images:\n  - name: registry.example.com/app\n    newTag: \"1.{n}\"\n");
            (format!("k8s/overlays/env-{n}/kustomization.yaml"), image)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let bare = Bare::new(&files);
    let server = GitServer::start(&bare);
    let git = median(|| clone(&server));
    let before = server.requests();
    let ours = median(|| snapshot(&server));
    let asked = format!("{} requests each", (server.requests() - before) / TIMES);
    line("tip and one file", "git clone --depth 1", git, ours, &asked);
}

fn line(what: &str, baseline: &str, git: Duration, ours: Duration, note: &str) {
    let ratio = ours.as_secs_f64() / git.as_secs_f64();
    println!("{what:<18} {baseline:<20} {git:>9.1?}   ours {ours:>9.1?}   ratio {ratio:.2}   {note}");
}

fn median(mut act: impl FnMut()) -> Duration {
    let mut spans: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed()
        })
        .collect();
    spans.sort();
    spans[TIMES / 2]
}

fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} must run");
}

fn clone(server: &GitServer) {
    let target = tempfile::tempdir().expect("a directory");
    let url = server.url().replace("http://", &format!("http://x-access-token:{WRITE_TOKEN}@"));
    run(Command::new("git").args(["clone", "--quiet", "--bare", "--depth", "1", &url]).arg(target.path().join("c")));
}

fn snapshot(server: &GitServer) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let http = Http::new(&HttpSettings::default(), runtime.handle().clone()).expect("a client");
    let repo = RepoSettings {
        address: server.url(),
        token: Secret::new(WRITE_TOKEN),
        token_name: "GITOPS_TOKEN".to_owned(),
        branch: Some("main".to_owned()),
    };
    let repos = BTreeMap::from([("default".to_owned(), repo)]);
    let gitops = GitOps::new(&GitOpsSettings { repos, ..GitOpsSettings::default() }, &http).expect("settings");
    let branch = Branch { repo: "default".to_owned(), branch: None };
    let snapshot = gitops.snapshot(&branch, "k8s/overlays/env-7").expect("a snapshot");
    assert_eq!(snapshot.files.len(), 1);
}
