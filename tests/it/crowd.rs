//! Sixteen processes move promotions of eight services through their lives, all at once: no event is lost, no state is
//! impossible, and no two hold one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, WRITE_TOKEN};

/// Processes at once.
const WORKERS: usize = 16;
/// Services.
const SERVICES: usize = 8;

/// One process's word, and what came of it.
struct Said {
    who: String,
    service: usize,
    verb: &'static str,
    code: i32,
    outcome: String,
    id: String,
    all: String,
}

struct Crowd {
    bare: Arc<Bare>,
    server: GitServer,
    dir: TempDir,
    repository: String,
    ledger: String,
    /// The newest promotion of each service that somebody heard of.
    heard: Mutex<BTreeMap<usize, String>>,
}

/// What a worker does in a round: which verb, on which service. Every service is the aim of two of them at once.
fn turn(worker: usize, round: usize) -> (&'static str, usize) {
    const VERBS: [&str; 9] =
        ["request", "run", "approve", "execute", "reject", "request", "cancel", "resume", "execute"];
    (VERBS[(worker * 5 + round * 7 + worker / SERVICES) % VERBS.len()], (worker + round) % SERVICES)
}

impl Crowd {
    fn new(ledger: &str, local: bool) -> Self {
        let pin = |n: usize, environment: &str| {
            let path = format!("k8s/s{n}/{environment}/kustomization.yaml");
            (path, format!("images:\n  - name: s{n}\n    newTag: \"1.0\"\n"))
        };
        let files: Vec<_> = (0..SERVICES).flat_map(|n| [pin(n, "dev"), pin(n, "staging")]).collect();
        let bare = Bare::new(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
        bare.git(&["config", "uploadpack.allowFilter", "true"], &[]);
        let bare = Arc::new(bare);
        let server = GitServer::start(&bare);
        let dir = TempDir::new().unwrap();
        for folder in ["tmp", "unit"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for n in 0..SERVICES {
            let rules = format!(
                "version: 1\nservice: s{n}\nenvironments:\n  dev: {{ path: k8s/s{n}/dev }}\n  staging: {{ path: k8s/s{n}/staging }}\nevidence:\n  unit: unit/*.xml\npromotions:\n  - {{ from: dev, to: staging, gates: {{ tests: {{ required: [unit] }} }} }}\n"
            );
            std::fs::write(dir.path().join(format!("s{n}.yaml")), rules).unwrap();
        }
        let tests =
            "<testsuite name=\"unit\" tests=\"1\" failures=\"0\"><testcase classname=\"a\" name=\"b\"/></testsuite>\n";
        std::fs::write(dir.path().join("unit/junit.xml"), tests).unwrap();
        let repository = if local { bare.path().display().to_string() } else { server.url() };
        Self { bare, server, dir, repository, ledger: ledger.to_owned(), heard: Mutex::default() }
    }

    /// A new version of every service is in dev.
    fn release(&self, round: usize) {
        let files: Vec<_> = (0..SERVICES)
            .map(|n| {
                let text = format!("images:\n  - name: s{n}\n    newTag: \"1.{}\"\n", round + 1);
                (format!("k8s/s{n}/dev/kustomization.yaml"), text)
            })
            .collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
        self.bare.commit("main", &files, &format!("Release 1.{}", round + 1));
    }

    fn command(&self, words: &[&str], service: usize, who: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
        command
            .args(words)
            .env_clear()
            .current_dir(self.dir.path())
            .env("TMPDIR", self.dir.path().join("tmp"))
            .env("USER", who)
            .env("GITOPS_REPO", &self.repository)
            .env("GITOPS_TOKEN", WRITE_TOKEN)
            .env("PROMOTE_RULES", format!("s{service}.yaml"))
            .env("PROMOTE_LEDGER", &self.ledger)
            .env("FROM_ENV", "dev")
            .env("TO_ENV", "staging")
            .env("SERVICE", format!("s{service}"));
        command.output().unwrap()
    }

    fn act(&self, worker: usize, round: usize) -> Said {
        let (verb, service) = turn(worker, round);
        let who = format!("w{worker}r{round}");
        let heard = self.heard.lock().unwrap().get(&service).cloned();
        let (verb, id) = match (verb, heard) {
            ("request" | "run" | "resume", _) => (verb, None),
            (verb, Some(id)) => (verb, Some(id)),
            (_, None) => ("request", None),
        };
        let words: Vec<&str> =
            [verb].into_iter().chain(id.as_deref()).chain(["--json", "--reason", "a crowd"]).collect();
        let out = self.command(&words, service, &who);
        let all = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        let document: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{who} {words:?}: {all}"));
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let (outcome, id) = (text("outcome"), text("promotion_id"));
        if matches!(verb, "request" | "run") && !id.is_empty() {
            self.heard.lock().unwrap().insert(service, id.clone());
        }
        Said { who, service, verb, code: out.status.code().unwrap(), outcome, id, all }
    }

    fn rounds(&self, rounds: usize) -> Vec<Said> {
        let mut said = Vec::new();
        for round in 0..rounds {
            self.release(round);
            let now: Vec<Said> = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || self.act(worker, round))).collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).collect()
            });
            said.extend(now);
        }
        said
    }

    /// The record of a promotion, as `show --json` has it.
    fn record(&self, id: &str) -> Value {
        let out = self.command(&["show", id, "--json"], 0, "reader");
        serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
    }
}

/// What must be in the ledger of what was said.
fn kept(said: &Said) -> Option<&'static str> {
    match (said.verb, said.outcome.as_str()) {
        ("approve", "recorded") => Some("approved"),
        ("reject", "recorded") => Some("rejected"),
        ("cancel", "recorded") => Some("cancelled"),
        // Of one that had ended before, the end is said again and not kept again.
        ("run" | "execute" | "resume", "delivered") if !said.all.contains("already") => Some("closed"),
        _ => None,
    }
}

fn assert_no_two_held_one_lock(service: usize, records: &[&Value]) {
    // From the first to the last entry of a run: it had the lock all the while.
    let mut spans: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for event in records.iter().flat_map(|record| record["events"].as_array().unwrap()) {
        if matches!(event["event"].as_str(), Some("approved" | "rejected")) {
            continue;
        }
        let (run, at) = (event["run"].as_str().unwrap(), event["at"].as_str().unwrap());
        let span = spans.entry(run).or_insert((at, at));
        *span = (span.0.min(at), span.1.max(at));
    }
    let mut sorted: Vec<_> = spans.into_iter().map(|(run, (from, to))| (from, to, run)).collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "s{service}: {} and {} held the lock at once", pair[0].2, pair[1].2);
    }
}

fn rounds() -> usize {
    if std::env::var_os("PROMOTE_SOAK").is_some() { 200 } else { 10 }
}

fn a_crowd(ledger: &str, local: bool) {
    let crowd = Crowd::new(ledger, local);
    let said = crowd.rounds(rounds());
    for said in &said {
        // 2: several promotions are open, and `resume` does not choose; 10: dev has moved on; 12: rejected; 14: somebody
        // else was first.
        assert!(matches!(said.code, 0 | 2 | 10 | 12 | 14), "{} {}: {}\n{}", said.who, said.verb, said.code, said.all);
    }
    let ids: BTreeSet<(usize, &str)> =
        said.iter().filter(|said| !said.id.is_empty()).map(|said| (said.service, said.id.as_str())).collect();
    let records: BTreeMap<&str, (usize, Value)> =
        ids.iter().map(|(service, id)| (*id, (*service, crowd.record(id)))).collect();
    for (id, (_, record)) in &records {
        let events = record["events"].as_array().unwrap();
        let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>(), "{id}: no gap");
        assert!(record.get("impossible").is_none_or(|entries| entries == &Value::Array(Vec::new())), "{id}: {record}");
    }
    let mut moved = 0;
    for said in &said {
        let Some(event) = kept(said) else { continue };
        let events = records[said.id.as_str()].1["events"].as_array().unwrap();
        let is = |entry: &&Value| entry["event"] == event && entry["actor"]["name"] == said.who.as_str();
        assert_eq!(events.iter().filter(is).count(), 1, "{} said {}, and it is not kept", said.who, said.verb);
        moved += 1;
    }
    assert!(moved >= rounds(), "most of it led to something: {moved}");
    for service in 0..SERVICES {
        let of: Vec<&Value> = records.values().filter(|(of, _)| *of == service).map(|(_, record)| record).collect();
        assert_no_two_held_one_lock(service, &of);
        // Each version that was delivered has its one commit, and nothing else has.
        let delivered = of.iter().filter(|record| record["outcome"] == "delivered").count();
        let subject = format!(" s{service} ");
        let commits = crowd.bare.log("main").iter().filter(|logged| logged.message.contains(&subject)).count();
        assert_eq!(commits, delivered, "s{service}");
    }
    let verified = crowd.command(&["history", "verify"], 0, "reader");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    crowd.bare.check();
    drop(crowd.server);
}

#[test]
fn of_a_crowd_over_http_nothing_is_lost() {
    a_crowd("branch:promotions", false);
}

#[test]
fn of_a_crowd_at_a_local_repository_nothing_is_lost() {
    a_crowd("branch:promotions", true);
}

#[test]
fn of_a_crowd_with_a_directory_nothing_is_lost() {
    a_crowd("records", true);
}
