//! Looking back: whoever alters, removes, reorders or forges a record is found and named, and hides nothing else; and what
//! was done is told line by line.

pub(crate) mod forge;

use serde_json::Value;

use self::forge::Forge;
use crate::harness::{RULES, Ran, Sandbox};

const RULES_TEXT: &str = "version: 1
service: app
environments:
  dev: { path: k8s/dev }
  staging: { path: k8s/staging }
  prod: { path: k8s/prod }
promotions:
  - { from: dev, to: staging }
  - { from: staging, to: prod }
";

fn pinned(version: &str) -> String {
    format!("images:\n  - name: app\n    newTag: \"{version}\"\n")
}

/// The two places that a ledger can be in.
const LEDGERS: [&str; 2] = [".promote", "branch:promotions"];

/// A sandbox with three promotions: 1.20 and 1.21 to staging, and 1.21 to prod.
fn told(ledger: &str) -> Sandbox {
    let files: Vec<(String, String)> = [("dev", "1.20"), ("staging", "1.10"), ("prod", "1.10")]
        .into_iter()
        .map(|(name, version)| (format!("k8s/{name}/kustomization.yaml"), pinned(version)))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut sandbox = Sandbox::new(&files);
    sandbox.write(RULES, RULES_TEXT);
    sandbox.set("PROMOTE_LEDGER", ledger);
    promote(&sandbox, "dev", "staging");
    sandbox.gitops.commit("main", &[("k8s/dev/kustomization.yaml", pinned("1.21").as_bytes())], "Pin 1.21 in dev");
    promote(&sandbox, "dev", "staging");
    promote(&sandbox, "staging", "prod");
    sandbox
}

fn promote(sandbox: &Sandbox, from: &str, to: &str) {
    let ran = sandbox.promote(&["run", "--from", from, "--to", to]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
}

fn verify(sandbox: &Sandbox) -> Ran {
    sandbox.promote(&["history", "verify"])
}

/// Lines are wrapped at the screen's width.
fn said(ran: &Ran) -> String {
    ran.all().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn finds(sandbox: &Sandbox, words: &[&str]) -> String {
    let ran = verify(sandbox);
    assert_eq!(ran.exit, Some(10), "{}", ran.all());
    let said = said(&ran);
    for word in words {
        assert!(said.contains(word), "`{word}` in {}", ran.all());
    }
    // Nothing else is hidden.
    let listed = sandbox.promote(&["history", "--jsonl"]);
    assert_eq!(listed.exit, Some(0), "{}", listed.all());
    said
}

#[track_caller]
fn finds_only(sandbox: &Sandbox, words: &[&str]) {
    let said = finds(sandbox, words);
    assert!(said.contains("1 finding in"), "{said}");
}

#[test]
fn an_untouched_ledger_is_found_so() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let ran = verify(&sandbox);
        assert_eq!(ran.exit, Some(0), "{ledger}: {}", ran.all());
        let said = said(&ran);
        assert!(said.contains("3 promotions, 12 entries, 2 environments"), "{said}");
        assert!(said.contains("3 commits in the GitOps repository: nothing was rewritten"), "{said}");
        let json = sandbox.promote(&["history", "verify", "--json", "--no-gitops"]);
        let document: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!((&document["intact"], &document["counts"]["gitops_commits"]), (&true.into(), &0.into()));
        // What was looked at was not touched.
        assert_eq!(verify(&sandbox).exit, Some(0));
    }
}

#[test]
fn an_entry_altered_by_hand_is_named() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let forge = Forge::of(&sandbox, ledger);
        let request = forge.entries("requested")[0].clone();
        forge.put(&request, &forge.text(&request).replace("1.20", "6.66"));
        finds(&sandbox, &[&request, "its id is not the hash of what it asks for"]);
        if forge.is_branch() {
            finds(&sandbox, &["it was altered by commit", "by Dana", "git show"]);
        }
    }
    // What its id does not cover: in a branch the commit shows it, in a directory the hash that the delivery's commit names.
    let sandbox = told(LEDGERS[1]);
    let forge = Forge::of(&sandbox, LEDGERS[1]);
    let closed = forge.entries("closed")[1].clone();
    forge.put(&closed, &forge.text(&closed).replace("dana", "eve"));
    finds_only(&sandbox, &[&closed, "it was altered by commit"]);
    let sandbox = told(LEDGERS[0]);
    let forge = Forge::of(&sandbox, LEDGERS[0]);
    let planned = forge.entries("planned")[1].clone();
    forge.put(&planned, &forge.text(&planned).replace("\"dana\"", "\"eve\""));
    finds_only(&sandbox, &["an entry of promotion", "stood in the ledger when it was made (SHA-256"]);
}

#[test]
fn an_entry_altered_by_a_rewritten_branch_is_named() {
    let sandbox = told(LEDGERS[1]);
    let forge = Forge::of(&sandbox, LEDGERS[1]);
    let planned = forge.entries("planned")[0].clone();
    let forged = forge.text(&planned).replace("\"dana\"", "\"eve\"");
    forge.rewrite(|steps| {
        for step in steps.iter_mut() {
            step.iter_mut().filter(|(path, _)| *path == planned).for_each(|(_, text)| text.clone_from(&forged));
        }
    });
    finds(&sandbox, &["the ledger's branch stood at", "does not contain that any more"]);
}

#[test]
fn a_removed_entry_and_a_removed_record_are_named() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let forge = Forge::of(&sandbox, ledger);
        let planned = forge.entries("planned")[0].clone();
        forge.remove(&[&planned]);
        finds(&sandbox, &["entry 0001 is missing"]);

        let sandbox = told(ledger);
        let forge = Forge::of(&sandbox, ledger);
        // The first of two promotions to staging: the second names it as the one before.
        let first = forge.first_to("staging");
        let files = forge.below(&first);
        forge.remove(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let id = first.rsplit('/').next().unwrap();
        finds(&sandbox, &[&format!("it names promotion {id} (previous), which the ledger does not hold")]);
        finds(&sandbox, &[&format!("it is of promotion {id}, which the ledger does not hold")]);
        finds(&sandbox, &["heads/app/staging.json", "`sequence` is 2, and the records say 1"]);
    }
}

#[test]
fn records_reordered_by_a_rewritten_branch_are_named() {
    let sandbox = told(LEDGERS[1]);
    let forge = Forge::of(&sandbox, LEDGERS[1]);
    forge.rewrite(|steps| steps.reverse());
    finds(&sandbox, &["the ledger's branch holds it from an older commit than", "the ledger's branch stood at"]);
    finds(&sandbox, &["as the one before it, and the branch holds that later"]);
}

#[test]
fn damaged_and_foreign_files_hide_nothing_else() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let forge = Forge::of(&sandbox, ledger);
        let closed = forge.entries("closed")[0].clone();
        let text = forge.text(&closed);
        forge.put(&closed, &text[..text.len() / 2]);
        forge.put("notes/todo.txt", "buy milk");
        forge.put("promotions/0/0/0/0/README.md", "hello");
        finds(
            &sandbox,
            &[&closed, "it is cut off after", "notes/todo.txt a foreign file", "promotions/0/0/0/0/README.md"],
        );
        let lines = sandbox.promote(&["history", "--jsonl"]);
        assert_eq!(lines.stdout.lines().count(), 11, "{}", lines.all());
        assert!(lines.stderr.contains("1 file of the ledger cannot be read"), "{}", lines.all());
        let list = sandbox.promote(&["audit"]);
        assert!(said(&list).contains("every change of a pinned version") || list.exit == Some(10), "{}", list.all());
    }
}

#[test]
fn an_altered_head_is_named_by_its_field() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let forge = Forge::of(&sandbox, ledger);
        let head = "heads/app/staging.json";
        forge.put(head, &forge.text(head).replace("\"sequence\": 2", "\"sequence\": 7"));
        finds_only(&sandbox, &[head, "`sequence` is 7, and the records say 2"]);
        forge.remove(&[head]);
        finds(&sandbox, &[head, "it is missing, and there are records of app in staging"]);
    }
}

#[test]
fn a_forged_end_is_not_believed() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        // Only asked for: no plan, no commit.
        sandbox.gitops.commit("main", &[("k8s/dev/kustomization.yaml", pinned("1.30").as_bytes())], "Pin 1.30 in dev");
        let ran = sandbox.promote(&["request", "--from", "dev", "--to", "staging"]);
        assert_eq!(ran.exit, Some(0), "{}", ran.all());
        assert_eq!(verify(&sandbox).exit, Some(0), "{}", verify(&sandbox).all());
        let forge = Forge::of(&sandbox, ledger);
        let (folder, id) = forge.newest_to("staging");
        let closed = forge.entries("closed")[0].clone();
        let old = closed.rsplit('/').nth(1).unwrap().to_owned();
        let forged = forge.text(&closed).replace(&old, &id).replace("\"seq\": 3", "\"seq\": 1");
        let place = format!("{folder}/0001-closed.json");
        forge.put(&place, &forged.replace("delivered", "promoted"));
        finds_only(&sandbox, &[&place, "`closed promoted` cannot follow what stands before it"]);
    }
}

#[test]
fn a_record_of_a_commit_that_is_not_there_is_named() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let tip = sandbox.gitops.tip("main").unwrap();
        sandbox.gitops.git(&["update-ref", "refs/heads/main", &format!("{tip}~1")], &[]);
        finds_only(&sandbox, &["names it, and the branch does not hold it"]);
        // And a commit that says it is of a promotion which never was.
        let text = "Sneak in\n\nPromotion-Id: 00000000000000000000000000\n";
        sandbox.gitops.commit("main", &[("k8s/prod/kustomization.yaml", pinned("9").as_bytes())], text);
        finds(&sandbox, &["it is of promotion 00000000000000000000000000, which the ledger does not hold"]);
    }
}

#[test]
fn a_ledger_and_a_repository_behind_a_server_are_looked_at_too() {
    let mut sandbox = told(LEDGERS[1]);
    sandbox.serve();
    let ran = verify(&sandbox);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(said(&ran).contains("3 promotions, 12 entries"), "{}", ran.all());
    let forge = Forge::of(&sandbox, LEDGERS[1]);
    forge.remove(&[&forge.entries("committed")[2]]);
    finds(&sandbox, &["it was removed by commit", "entry 0002 is missing"]);
    let audit = sandbox.promote(&["audit", "--env", "staging"]);
    assert_eq!(audit.exit, Some(0), "{}", audit.all());
    // A server that is not there is no finding.
    sandbox.set("GITOPS_REPO", "http://127.0.0.1:1/gitops.git");
    assert_eq!(verify(&sandbox).exit, Some(20));
}

#[test]
fn without_a_gitops_repository_that_is_said() {
    let mut sandbox = told(LEDGERS[0]);
    sandbox.unset("GITOPS_REPO");
    let ran = verify(&sandbox);
    assert_eq!(ran.exit, Some(3), "{}", ran.all());
    assert!(said(&ran).contains("promote history verify --no-gitops"), "{}", ran.all());
    assert_eq!(sandbox.promote(&["history", "verify", "--no-gitops"]).exit, Some(0));
}

#[test]
fn the_trail_tells_each_action_on_a_line() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let ran = sandbox.promote(&["history", "--jsonl"]);
        let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let actions: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["requested", "planned", "committed", "closed"].repeat(3), "{ledger}");
        let times: Vec<&str> = lines.iter().map(|line| line["timestamp"].as_str().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
        let last = &lines[11];
        for (field, wanted) in [
            ("version", "1.21"),
            ("from_stage", "staging"),
            ("to_stage", "prod"),
            ("outcome", "delivered"),
            ("actor", "dana"),
            ("actor_known", "claimed"),
            ("commit_sha", &sandbox.gitops.tip("main").unwrap()),
        ] {
            assert_eq!(last[field], wanted, "{field} in {last}");
        }
        let only = |args: &[&str]| {
            let ran = sandbox.promote(&[&["history", "--jsonl"], args].concat());
            assert_eq!(ran.exit, Some(0), "{}", ran.all());
            ran.stdout.lines().count()
        };
        assert_eq!(only(&["--env", "prod"]), 4);
        assert_eq!(only(&["--service", "other"]), 0);
        assert_eq!((only(&["--since", "1d"]), only(&["--until", "2020-01-01"])), (12, 0));
        let text = sandbox.promote(&["history"]);
        assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{}", text.stdout);
        assert!(text.stdout.contains("closed delivered"), "{}", text.stdout);
        let wrong = sandbox.promote(&["history", "--since", "yesterday"]);
        assert_eq!(wrong.exit, Some(2), "{}", wrong.all());
    }
}

#[test]
fn a_change_by_hand_is_named_until_it_is_recorded() {
    for ledger in LEDGERS {
        let sandbox = told(ledger);
        let audit = |args: &[&str]| sandbox.promote(&[&["audit"], args].concat());
        // Dev is bumped by CI, which no record knows.
        let all = audit(&[]);
        assert_eq!(all.exit, Some(10), "{}", all.all());
        assert!(said(&all).contains("app in dev: app:1.20 → app:1.21 “Pin 1.21 in dev”"), "{}", all.all());
        let staging = audit(&["--env", "staging"]);
        assert_eq!(staging.exit, Some(0), "{}", staging.all());
        sandbox.gitops.commit(
            "main",
            &[("k8s/staging/kustomization.yaml", pinned("1.5").as_bytes())],
            "Hotfix\n\nPromotion-Id: 00000000000000000000000000",
        );
        let found = audit(&["--env", "staging"]);
        assert_eq!(found.exit, Some(10), "{}", found.all());
        assert!(said(&found).contains("app in staging: app:1.21 → app:1.5 “Hotfix”"), "{}", found.all());
        let json = audit(&["--env", "staging", "--json", "--since", "2026-01-01"]);
        let document: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(document["unrecorded"][0]["author"], "Dana", "{document}");
        assert_eq!(audit(&["--env", "nowhere"]).exit, Some(2));
        // What is adopted is covered; what comes after is not.
        let adopted = sandbox.promote(&["adopt", "--env", "staging", "--reason", "the hotfix is good"]);
        assert_eq!(adopted.exit, Some(0), "{}", adopted.all());
        assert_eq!(audit(&["--env", "staging"]).exit, Some(0), "{}", audit(&["--env", "staging"]).all());
        let trail = sandbox.promote(&["history", "--jsonl", "--env", "staging"]);
        let line: Value = serde_json::from_str(trail.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&line["action"], &line["reason"]), (&"adopted".into(), &"the hotfix is good".into()));
        assert_eq!(verify(&sandbox).exit, Some(10), "the commit that claims to be of a promotion is still there");
        sandbox.gitops.commit("main", &[("k8s/staging/kustomization.yaml", pinned("1.6").as_bytes())], "Again");
        assert!(said(&audit(&["--env", "staging"])).starts_with("1 change without a record"));
    }
}
