//! `promote doctor`: looks at everything that a real run needs, changes nothing, and says what to set.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::adapters::git::address::Address;
use crate::adapters::workspace::{self, Place};
use crate::app::actions;
use crate::app::mask::Mask;
use crate::app::rules_file::Loaded;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring::{self, Given};
use crate::pipeline::doctor::{self, Snapshots, faulted};
use crate::ports::Deployer;
use crate::promotion::doctor::{Finding, Group, Health, Sign};
use crate::render::doctor::{self as words, Checkup};

/// What a checkup is made with.
pub struct Doctor<'a> {
    /// Where its words go.
    pub screen: &'a Screen,
    /// What it was told.
    pub settings: &'a Settings,
    /// The rules.
    pub loaded: &'a Loaded,
    /// What must not be shown.
    pub mask: &'a Mask,
    /// Set when the process is asked to stop.
    pub stop: &'a Arc<AtomicBool>,
    /// Whether the GitOps repository was not set, and is taken to be this directory's own.
    pub assumed: bool,
}

impl Doctor<'_> {
    /// Looks at everything. `github` is what others found out about GitHub. The exit code.
    pub fn run(&self, github: Vec<Finding>) -> u8 {
        let rules = &self.loaded.rules;
        let mut findings = doctor::rules(rules, &self.loaded.path);
        let (gitops, snapshots) = self.gitops();
        findings.extend(gitops);
        match wiring::books(self.settings, self.stop) {
            Ok(books) => findings.extend(doctor::ledger(&books.ledger)),
            Err(fault) => findings.push(faulted(Group::Ledger, "ledger", &fault)),
        }
        findings.extend(self.argocd(&snapshots));
        findings.extend(github);
        match wiring::local(self.settings, self.mask, Given::default(), self.stop) {
            Ok(local) => findings.extend(doctor::evidence(&local.evidence, rules, self.settings.commit.as_deref())),
            Err(fault) => findings.push(faulted(Group::Evidence, "health checks", &fault)),
        }
        self.tell(&findings)
    }

    fn gitops(&self) -> (Vec<Finding>, Snapshots) {
        let opened = match wiring::repositories(self.settings, self.stop) {
            Ok(opened) => opened,
            Err(fault) => return (vec![faulted(Group::Gitops, "GITOPS_REPO", &fault)], Snapshots::new()),
        };
        let hint = self.checkout().then(|| {
            let place = Place::of(Path::new("."), &self.settings.github_server).filter(|_| self.assumed);
            let server = place.and_then(|place| place.hosted.or(place.origin));
            let server = server.unwrap_or_else(|| "owner/name, or a URL".to_owned());
            format!(
                "`plan` only reads, and works so; before `run`, set GITOPS_REPO to the server's repository: {server}"
            )
        });
        let (mut findings, snapshots) = doctor::gitops(&opened.delivery, &self.loaded.rules, hint.as_deref());
        if self.assumed {
            let seen = "not set: read is the repository of this directory, which holds what the rules name";
            findings.insert(0, Finding::new(Group::Gitops, Sign::Ok, "GITOPS_REPO", seen));
        }
        (findings, snapshots)
    }

    /// Whether the GitOps repository is a directory with files beside it.
    fn checkout(&self) -> bool {
        let address = self.settings.gitops_repo.as_deref();
        let address = address.and_then(|text| Address::parse(text, &self.settings.github_server).ok());
        matches!(address, Some(Address::Local(path)) if workspace::is_checkout(&path))
    }

    fn argocd(&self, snapshots: &Snapshots) -> Vec<Finding> {
        match wiring::watcher(self.settings, self.stop) {
            Ok(watcher) => {
                let deployer = watcher.as_ref().map(|watcher| &watcher.deployer as &dyn Deployer);
                doctor::argocd(deployer, &self.loaded.rules, snapshots)
            }
            Err(fault) => vec![faulted(Group::Argocd, "ARGOCD_SERVER", &fault)],
        }
    }

    fn tell(&self, findings: &[Finding]) -> u8 {
        let health = Health::of(findings);
        let next = match (health, self.loaded.rules.promotions.as_slice()) {
            (Health::Fit, [only]) if self.settings.from.is_none() => {
                format!("promote plan --from {} --to {}", only.from, only.to)
            }
            (Health::Fit, [first, ..]) => format!("promote plan --from {} --to {}", first.from, first.to),
            _ => "mend what has ✗, then type: promote doctor".to_owned(),
        };
        let checkup = Checkup { findings, next: &next };
        if self.screen.json() {
            self.screen.document(&words::json(checkup));
        } else {
            self.screen.say(&words::text(checkup, self.screen.style()));
        }
        if let Some(to) = &self.settings.actions {
            actions::page(self.screen, to, &words::markdown(checkup));
        }
        health.exit_code()
    }
}
