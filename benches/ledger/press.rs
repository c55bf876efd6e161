//! Records as `promote run` writes them: the first is its own, the others are made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use promote::adapters::ledger::Records;
use promote::ports::Ledger as _;
use promote::promotion::folded;
use promote::promotion::heads::HeadFile;
use promote::promotion::id::{self, sha256};
use promote::promotion::outcome::Outcome;
use promote::promotion::record::{Entry, LiveApp, Milestone, Verified};
use promote::promotion::time::Millis;
use serde_json::Value;
use tempfile::TempDir;

use crate::world::bare::Bare;

/// Where promotions go to, and from where: three environments of each of four services.
const SERVICES: usize = 4;
const ROAD: [(&str, &str); 3] = [("dev", "staging"), ("staging", "canary"), ("canary", "production")];

const RULES: &str = "version: 1
service: app
environments:
  dev:     { path: k8s/overlays/dev }
  staging: { path: k8s/overlays/staging }
evidence:
  unit:        artifacts/unit/*.xml
  integration: artifacts/integration/*.xml
  coverage:    artifacts/coverage/*
  security:    artifacts/scan/*.sarif
promotions:
  - from: dev
    to: staging
    gates:
      tests:    { required: [unit, integration] }
      coverage: { line_min: 70% }
      security: { critical_max: 0, high_max: 5 }
";

/// Makes promotions, one after the other.
#[derive(Clone)]
pub(crate) struct Press {
    /// The entries of the first one: requested, planned, committed, verified, closed.
    entries: Vec<Value>,
    made: usize,
    /// The newest promotion of each service and environment, and their heads.
    newest: BTreeMap<(String, String), String>,
    heads: BTreeMap<(String, String), HeadFile>,
}

impl Press {
    /// Has promote itself make the first record.
    pub(crate) fn new() -> Self {
        let mut entries = real();
        let last = entries.pop().expect("a promotion has entries");
        let Milestone::Closed(mut closed) = last.event.clone() else { panic!("it ends with {}", last.event.word()) };
        let verified = Verified {
            since: last.at,
            settled: Millis::mins(5),
            apps: vec![LiveApp {
                app: "app-staging".to_owned(),
                revision: sha256("a commit")[..40].to_owned(),
                images: vec!["registry.example.com/acme/app:1.20".to_owned()],
            }],
            health: vec!["https://app.example.com/healthz".to_owned()],
            smoke: Vec::new(),
            gates: Vec::new(),
            before: Vec::new(),
        };
        closed.outcome = Outcome::Promoted;
        closed.what = "app 1.20 is live in staging".to_owned();
        entries.push(Entry { event: Milestone::Verified(verified), ..last.clone() });
        entries.push(Entry { seq: last.seq + 1, event: Milestone::Closed(closed), ..last });
        let words: Vec<&str> = entries.iter().map(|entry| entry.event.word()).collect();
        assert_eq!(words, ["requested", "planned", "committed", "verified", "closed"]);
        let entries = entries.iter().map(|entry| serde_json::to_value(entry).expect("an entry is JSON")).collect();
        Self { entries, made: 0, newest: BTreeMap::new(), heads: BTreeMap::new() }
    }

    /// The next promotion, from its request to its end. Its hashes are of its own, as real ones are.
    pub(crate) fn next(&mut self) -> Vec<Entry> {
        let number = self.made;
        self.made += 1;
        let (from, to) = ROAD[number % ROAD.len()];
        let key = (format!("shop-{}", number / ROAD.len() % SERVICES), to.to_owned());
        let fresh = |entry: &Value| {
            let mut entry = entry.clone();
            rehash(&mut entry, number);
            serde_json::from_value::<Entry>(entry).expect("it is an entry still")
        };
        let mut entries: Vec<Entry> = self.entries.iter().map(fresh).collect();
        let Milestone::Requested(requested) = &mut entries[0].event else { panic!("it begins with a request") };
        let request = &mut requested.request;
        (request.service, request.from, request.to) = (key.0.clone(), from.to_owned(), to.to_owned());
        request.previous = self.newest.get(&key).cloned().unwrap_or_default();
        for wanted in &mut request.images {
            let tag = |number: usize| Some(format!("1.{number}"));
            (wanted.old.tag, wanted.new.tag) = (tag(number), tag(number + 1));
        }
        let id = id::of(request);
        let begun = "2026-01-01T00:00:00Z".parse().expect("a time");
        for entry in &mut entries {
            entry.id.clone_from(&id);
            entry.run = sha256(format!("run {number}"))[..32].to_owned();
            entry.at = Millis(number as i64 * 600_000 + i64::from(entry.seq) * 30_000).after(begun);
            if let Milestone::Planned(planned) = &mut entry.event {
                let plan = &mut planned.plan;
                plan.id.clone_from(&id);
                (plan.service, plan.from, plan.to) = (key.0.clone(), from.to_owned(), to.to_owned());
            }
        }
        let story = folded::fold(&entries).expect("they begin with a request");
        assert!(story.is_over() && story.impossible.is_empty(), "a life that can be");
        let head = self.heads.entry(key.clone()).or_default();
        *head = head.after(&story);
        self.newest.insert(key, id);
        entries
    }

    /// The heads after all that was made.
    pub(crate) fn heads(&self) -> &BTreeMap<(String, String), HeadFile> {
        &self.heads
    }
}

/// Gives a record hashes of its own: of commits, trees, files, plans.
fn rehash(value: &mut Value, number: usize) {
    match value {
        Value::String(text) => {
            let (prefix, digits) = text.split_once(':').map_or(("", text.as_str()), |(_, digits)| ("sha256:", digits));
            let is_hash = matches!(digits.len(), 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_hash {
                *text = format!("{prefix}{}", &sha256(format!("{digits} {number}"))[..digits.len()]);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rehash(item, number)),
        Value::Object(fields) => fields.values_mut().for_each(|field| rehash(field, number)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The entries of a promotion that promote has made: delivered, for want of an Argo CD.
fn real() -> Vec<Entry> {
    let image = |tag: &str| {
        let kustomization = "images:\n  - name: app\n    newName: registry.example.com/acme/app\n    newTag: ";
        format!("{kustomization}\"{tag}\"\n")
    };
    let (dev, staging) = (image("1.20"), image("1.10"));
    let files =
        [("k8s/overlays/dev/kustomization.yaml", &*dev), ("k8s/overlays/staging/kustomization.yaml", &*staging)];
    let gitops = Bare::new(&files);
    let work = TempDir::new().expect("a directory");
    let put = |path: &str, text: &str| {
        let path = work.path().join(path);
        let folder = path.parent().expect("a folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).expect("a file");
    };
    let tests = |suite: &str| {
        let case = |n| format!("<testcase classname='{suite}' name='works {n}' time='0.01'/>");
        let cases: String = (0..40).map(case).collect();
        format!("<testsuites><testsuite name='{suite}' tests='40'>{cases}</testsuite></testsuites>")
    };
    put("promotion/promotion-rules.yaml", RULES);
    put("artifacts/unit/results.xml", &tests("unit"));
    put("artifacts/integration/results.xml", &tests("integration"));
    put("artifacts/coverage/lcov.info", "TN:\nSF:src/app.js\nDA:1,1\nDA:2,3\nend_of_record\n");
    let sarif =
        "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"scan\",\"rules\":[]}},\"results\":[]}]}";
    put("artifacts/scan/scan.sarif", sarif);
    let ran = promote(work.path())
        .args(["run", "--from", "dev", "--to", "staging", "--ledger", "records"])
        .env("GITOPS_REPO", gitops.path())
        .output()
        .expect("promote starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()));
    let records = Records::directory(work.path().join("records"));
    let ids = records.matching("").expect("records");
    records.entries(&ids[0]).expect("a record")
}

/// promote, with nothing of this machine's environment but `PATH`.
pub(crate) fn promote(work: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
    command.current_dir(work).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", work).env("USER", "dana").stdin(Stdio::null());
    command
}
