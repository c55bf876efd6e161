//! A promotion as the shipped workflow runs it: *plan* in a checkout, a job for each approval, *promote* in an empty workspace. The
//! jobs are GitHub's stand-in's, promote is the real binary.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{RULES, Ran, Sandbox};
use crate::history::forge::Forge;
use crate::world::github::contract::Contract;
use crate::world::github::{GitHub, Protection, RunSpec, Token, team, zip};

const BASE: &str = include_str!("../../../fixtures/sandbox/gitops/k8s/base/kustomization.yaml");
const OVERLAY: &str = include_str!("../../../fixtures/sandbox/gitops/k8s/overlays/staging/kustomization.yaml");
/// A report of one test that passed.
pub(crate) const GREEN: &str = r#"<testsuite name="s" tests="1"><testcase classname="s" name="one"/></testsuite>"#;
/// A report of one that failed.
pub(crate) const RED: &str = r#"<testsuite name="s" tests="1" failures="1"><testcase classname="s" name="one"><failure message="no"/></testcase></testsuite>"#;
/// What a promotion by SRE and QA says of approvals.
pub(crate) const SRE_AND_QA: &str = "[{ role: sre, team: acme/sre-team }, { role: qa, team: acme/qa-team }]";
/// Where the records are.
pub(crate) const LEDGER: &str = "branch:promotions";
/// What the jobs' tokens may: that of the shipped workflow.
const MAY: [(&str, &str); 5] =
    [("actions", "read"), ("contents", "read"), ("checks", "write"), ("pull-requests", "read"), ("statuses", "read")];

/// The stage.
pub(crate) struct Stage {
    /// The workspace and the GitOps repository.
    pub(crate) sandbox: Sandbox,
    /// GitHub.
    pub(crate) github: GitHub,
    contract: Contract,
    /// The rules of the checkout.
    pub(crate) rules: String,
    /// The jobs of the run that was planned last: `plan`, and a role's name for each that approves.
    pub(crate) jobs: BTreeMap<String, u64>,
    /// The report of the checkout that is planned in.
    pub(crate) evidence: String,
}

/// Rules for dev → staging whose promotion says this besides its gates.
pub(crate) fn rules(more: &str) -> String {
    format!(
        "version: 1\nservice: app\nenvironments:\n  dev: {{ path: k8s/overlays/dev }}\n  staging: {{ path: k8s/overlays/staging }}\n\
         evidence:\n  unit: artifacts/unit/*.xml\npromotions:\n  - from: dev\n    to: staging\n    gates: {{ tests: {{ required: [unit] }} }}\n{more}"
    )
}

impl Stage {
    /// A stage whose promotion needs SRE and QA.
    pub(crate) fn new() -> Self {
        Self::with(&rules(&format!("    approvals: {SRE_AND_QA}\n")))
    }

    /// A stage with these rules, which stand on the default branch too.
    pub(crate) fn with(rules: &str) -> Self {
        let dev = OVERLAY.replace("1.10", "1.20");
        let mut sandbox = Sandbox::new(&[
            ("k8s/base/kustomization.yaml", BASE),
            ("k8s/overlays/dev/kustomization.yaml", &dev),
            ("k8s/overlays/staging/kustomization.yaml", OVERLAY),
            ("k8s/overlays/production/kustomization.yaml", OVERLAY),
        ]);
        let github = GitHub::start();
        let app = github.repository("acme/app");
        let tip = app.commit("main", "octocat", "Rules", &[(RULES, rules)]);
        github.team("sre-team", &["alice", "carol"]);
        github.team("qa-team", &["bob", "carol"]);
        for (name, reviewers) in [("sre", "sre-team"), ("qa", "qa-team")] {
            app.environment(&format!("staging-approval-{name}"), guarded(reviewers));
        }
        let contract = Contract::start(&github);
        sandbox.in_actions();
        sandbox.set("GITHUB_API_URL", contract.url());
        sandbox.set("GITHUB_SHA", tip);
        sandbox.set("GITHUB_TOKEN", github.token(Token::workflow("acme/app", &MAY)));
        sandbox.set("PROMOTE_LEDGER", LEDGER);
        Self { sandbox, github, contract, rules: rules.to_owned(), jobs: BTreeMap::new(), evidence: GREEN.to_owned() }
    }

    /// A run of the shipped workflow on the default branch.
    pub(crate) fn start(&mut self, actor: &str) -> u64 {
        self.start_of(RunSpec { event: "workflow_dispatch".to_owned(), actor: actor.to_owned(), ..RunSpec::default() })
    }

    /// A run as it is told.
    pub(crate) fn start_of(&mut self, spec: RunSpec) -> u64 {
        self.sandbox.set("GITHUB_ACTOR", spec.actor.clone());
        self.sandbox.set("GITHUB_TRIGGERING_ACTOR", spec.actor.clone());
        self.sandbox.set("GITHUB_EVENT_NAME", spec.event.clone());
        let run = self.github.run(spec);
        self.sandbox.set("GITHUB_RUN_ID", run.to_string());
        self.sandbox.set("GITHUB_RUN_ATTEMPT", "1");
        run
    }

    /// The checkout that *plan* works in.
    pub(crate) fn checkout(&self, report: &str) {
        self.sandbox.write(RULES, &self.rules);
        self.sandbox.write("artifacts/unit/a.xml", report);
    }

    /// Has promote run as a job of this run again, after others.
    pub(crate) fn enter(&mut self, run: u64, attempt: u64) {
        self.sandbox.set("GITHUB_RUN_ID", run.to_string());
        self.sandbox.set("GITHUB_RUN_ATTEMPT", attempt.to_string());
    }

    /// `promote plan` as the job *plan* runs it, in a checkout.
    pub(crate) fn try_plan(&self) -> Ran {
        self.checkout(&self.evidence);
        self.sandbox.promote(&["plan", "-f", "dev", "-t", "staging", "--plan-dir", "promote-plan"])
    }

    /// The job *plan*: the plan goes into an artifact, and a job is made for each approval. Its outputs.
    pub(crate) fn plan(&mut self, run: u64) -> BTreeMap<String, String> {
        let job = self.github.running_job(run, "plan", None);
        self.plan_in(run, job)
    }

    /// The same in a job that is there.
    pub(crate) fn plan_in(&mut self, run: u64, job: u64) -> BTreeMap<String, String> {
        let ran = self.try_plan();
        assert_eq!(ran.exit, Some(0), "{}", ran.all());
        self.upload(run);
        self.github.finish_job(job, "success");
        self.jobs.insert("plan".to_owned(), job);
        let told = self.outputs();
        let matrix: Value = serde_json::from_str(&told["approvals"]).unwrap();
        for leg in matrix["include"].as_array().unwrap() {
            let label = leg["leg"].as_str().unwrap();
            let name = format!("approve {label} {}", told["plan-digest-short"]);
            let job = self.github.job(run, &name, leg["environment"].as_str());
            self.jobs.insert(label.to_owned(), job);
        }
        told
    }

    /// A run that is planned, and approved by alice for SRE and bob for QA.
    pub(crate) fn approved(&mut self) -> u64 {
        let run = self.start("dana");
        self.plan(run);
        self.review(run, "sre", "alice");
        self.review(run, "qa", "bob");
        run
    }

    /// Has promote run at dana's terminal, with this token.
    pub(crate) fn outside_actions(&mut self, token: &str) {
        for name in ["GITHUB_ACTIONS", "GITHUB_ACTOR", "GITHUB_RUN_ID", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
            self.sandbox.unset(name);
        }
        self.sandbox.set("GITHUB_TOKEN", token);
    }

    /// Somebody who can push to the ledger writes there that this person approved, in a comment (issue, id) if one is named.
    pub(crate) fn forge_approval(&self, who: &str, role: &str, word: Option<(u64, u64)>) {
        let forge = Forge::of(&self.sandbox, LEDGER);
        let (folder, _) = forge.newest_to("staging");
        let last = forge.below(&folder).pop().unwrap();
        let mut entry: Value = serde_json::from_str(&forge.text(&last)).unwrap();
        let seq = entry["seq"].as_u64().unwrap() + 1;
        let place = |(number, id): (u64, u64)| {
            let url = format!("https://github.com/acme/app/issues/{number}#issuecomment-{id}");
            json!({"kind": "comment", "number": number, "id": id, "url": url})
        };
        entry["seq"] = seq.into();
        entry["actor"] = json!({"name": who, "known": "github"});
        entry["event"] = json!({"kind": "approved", "role": role});
        if let Some(word) = word {
            entry["event"]["word"] = place(word);
        }
        forge.put(&format!("{folder}/{seq:04}-approved.json"), &entry.to_string());
    }

    /// Somebody pins another version in dev.
    pub(crate) fn pin_dev(&self, version: &str) {
        let text = OVERLAY.replace("1.10", version);
        let change = [("k8s/overlays/dev/kustomization.yaml", text.as_bytes())];
        self.sandbox.gitops.commit("main", &change, &format!("Pin {version} in dev"));
    }

    /// The entries of the ledger with this word, oldest first.
    pub(crate) fn entries(&self, word: &str) -> Vec<Value> {
        let forge = Forge::of(&self.sandbox, LEDGER);
        let texts = forge.entries(word).into_iter().map(|path| forge.text(&path));
        texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
    }

    /// Puts the plan's directory into the run's artifact.
    pub(crate) fn upload(&self, run: u64) {
        let root = self.sandbox.work().join("promote-plan");
        let mut files = Vec::new();
        for path in ["plan.json", "evidence/artifacts/unit/a.xml"] {
            files.push((path, std::fs::read(root.join(path)).unwrap()));
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (*path, bytes.as_slice())).collect();
        self.github.artifact(run, "promote-plan", zip::of(&files));
    }

    /// A review of an environment of the run.
    pub(crate) fn review(&self, run: u64, role: &str, user: &str) {
        self.github.review(run, &[&format!("staging-approval-{role}")], user, "approved", "Ship it!").unwrap();
    }

    /// The job *promote*: one step, in a workspace that holds nothing.
    pub(crate) fn promote(&self) -> Ran {
        self.promote_with(&[])
    }

    /// The same with more flags.
    pub(crate) fn promote_with(&self, more: &[&str]) -> Ran {
        std::fs::remove_dir_all(self.sandbox.work()).unwrap();
        std::fs::create_dir(self.sandbox.work()).unwrap();
        let args = ["run", "-f", "dev", "-t", "staging", "--plan-artifact", "promote-plan"];
        self.sandbox.promote(&[&args[..], more].concat())
    }

    /// Promote in a checkout, whose evidence is its own: for what is not bound by the plan.
    pub(crate) fn promote_here(&self, report: &str, more: &[&str]) -> Ran {
        self.checkout(report);
        self.sandbox.promote(&[&["run", "-f", "dev", "-t", "staging"], more].concat())
    }

    /// What a job expects to end with, and what it is to say.
    #[track_caller]
    pub(crate) fn ends(&self, ran: &Ran, exit: i32, parts: &[&str]) {
        self.says(ran, exit, parts);
        let landed = self.pinned() == "1.20";
        assert_eq!(landed, exit == 0, "staging pins {}\n{}", self.pinned(), ran.all());
    }

    /// The same of a command that reads only.
    #[track_caller]
    pub(crate) fn ends_planned(&self, ran: &Ran, exit: i32, parts: &[&str]) {
        self.says(ran, exit, parts);
        assert_eq!(self.pinned(), "1.10", "{}", ran.all());
    }

    /// That a command said this.
    #[track_caller]
    pub(crate) fn says(&self, ran: &Ran, exit: i32, parts: &[&str]) {
        assert_eq!(ran.exit, Some(exit), "{}", ran.all());
        let words = ran.all().split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(words.contains(part), "`{part}` is not in\n{}", ran.all());
        }
        if self.contract.is_held() {
            assert_eq!(self.contract.violations(), Vec::<String>::new());
        }
    }

    /// What staging pins.
    pub(crate) fn pinned(&self) -> String {
        self.pinned_in("staging")
    }

    /// What an environment pins.
    pub(crate) fn pinned_in(&self, environment: &str) -> String {
        let path = format!("k8s/overlays/{environment}/kustomization.yaml");
        let text = self.sandbox.gitops.text("main", &path).unwrap();
        let line = text.lines().find(|line| line.contains("newTag")).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    }

    /// The outputs of the job that ran last.
    pub(crate) fn outputs(&self) -> BTreeMap<String, String> {
        let (text, _) = self.sandbox.told_github();
        let mut outputs = BTreeMap::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let (name, end) = line.split_once("<<").unwrap();
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            outputs.insert(name.to_owned(), value.join("\n"));
        }
        outputs
    }
}

/// An environment that asks one team, on the default branch only, and lets no administrator past.
pub(crate) fn guarded(slug: &str) -> Protection {
    Protection {
        reviewers: vec![team(slug)],
        prevent_self_review: true,
        can_admins_bypass: false,
        branches: Some((false, true)),
        policies: vec!["main".to_owned()],
        ..Protection::default()
    }
}
