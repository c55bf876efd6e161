//! The checkup: what a real run would need of the world, looked at without changing anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::pipeline::asked::branch;
use crate::ports::{About, Branch, Delivery, Deployer, Evidence, Fault, Ledger};
use crate::promotion::doctor::{Finding, Group, Sign};
use crate::promotion::facts::{Reading, Snapshot};
use crate::promotion::gates::needs::needs;
use crate::promotion::image;
use crate::promotion::live::AppState;
use crate::promotion::measured;
use crate::promotion::pins::select;
use crate::promotion::planning;
use crate::promotion::rules::{App, Environment, Rules, Service, Target};
use crate::promotion::words::{counted, list};

/// What each directory of a branch held.
pub type Snapshots = BTreeMap<(Branch, String), Snapshot>;

/// A finding that a fault is.
pub fn faulted(group: Group, what: impl Into<String>, fault: &Fault) -> Finding {
    let finding = Finding::new(group, Sign::Fail, what, fault.to_string());
    match &fault.hint {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}

/// Whether every part of the rules can be done.
pub fn rules(rules: &Rules, path: &str) -> Vec<Finding> {
    let count = counted(rules.promotions.len() as u64, "promotion");
    let mut findings = vec![Finding::new(Group::Rules, Sign::Ok, path, format!("no faults, {count}"))];
    for promotion in rules.promotions.iter().filter(|promotion| !promotion.not_built.is_empty()) {
        let parts: Vec<&str> = promotion.not_built.iter().map(|part| part.part.as_str()).collect();
        let seen = format!("asks for what this version of promote cannot do yet: {}", parts.join(", "));
        let what = format!("{} → {}", promotion.from, promotion.to);
        let finding = Finding::new(Group::Rules, Sign::Fail, what, seen);
        findings.push(finding.hint("take these parts out, or promote with another rule of the file"));
    }
    findings
}

/// What every environment pins, and whether a push would be accepted. `checkout` says what it means where the repository
/// has files beside it, so that only reading is possible.
pub fn gitops(delivery: &dyn Delivery, rules: &Rules, checkout: Option<&str>) -> (Vec<Finding>, Snapshots) {
    let (mut findings, mut snapshots) = (Vec::new(), Snapshots::new());
    let mut branches = BTreeSet::new();
    for (service, environment, target) in targets(rules) {
        let at = branch(target);
        branches.insert(at.clone());
        match delivery.snapshot(&at, &target.path) {
            Ok(snapshot) => {
                findings.extend(pinned(service, environment, &snapshot));
                snapshots.insert((at, target.path.clone()), snapshot);
            }
            Err(fault) => findings.push(faulted(Group::Gitops, &environment.name, &fault)),
        }
    }
    findings.extend(paired(rules, &snapshots));
    for at in branches {
        let read = snapshots.iter().find(|((other, _), _)| *other == at).map(|(_, snapshot)| snapshot);
        // Where nothing could be read, that is said already.
        let Some(snapshot) = read else { continue };
        let what = format!("push to {}", snapshot.branch);
        findings.push(match (delivery.preflight(&at), checkout) {
            (Ok(()), _) => {
                Finding::new(Group::Gitops, Sign::Ok, what, format!("{} would take it", snapshot.repository))
            }
            (Err(fault), Some(hint)) => Finding::new(Group::Gitops, Sign::Warn, what, fault.why).hint(hint),
            (Err(fault), None) => faulted(Group::Gitops, what, &fault),
        });
    }
    (findings, snapshots)
}

type Targeted<'a> = (&'a Service, &'a Environment, &'a Target);

fn targets(rules: &Rules) -> impl Iterator<Item = Targeted<'_>> {
    rules.services.values().flat_map(|service| {
        service
            .environments
            .iter()
            .flat_map(move |environment| environment.targets.iter().map(move |target| (service, environment, target)))
    })
}

/// What an environment pins. Where that cannot be told of it alone, it may still be told of both ends of a promotion.
fn pinned(service: &Service, environment: &Environment, snapshot: &Snapshot) -> Option<Finding> {
    let place = format!("{} on {} of {}", snapshot.path, snapshot.branch, snapshot.repository);
    let finding = |mark, seen: String| Finding::new(Group::Gitops, mark, &environment.name, seen);
    match select::read(snapshot, &service.name, &environment.images) {
        Ok(pins) => {
            let images: Vec<_> = pins.into_iter().map(|pin| pin.image).collect();
            Some(finding(Sign::Ok, format!("pins {} ({place})", image::versions(&images))))
        }
        Err(fault) if snapshot.files.is_empty() => Some(finding(Sign::Fail, fault.why).hint(fault.hint)),
        Err(_) => None,
    }
}

/// Whether there is a version for each promotion to move, and a place to write it to.
fn paired(rules: &Rules, snapshots: &Snapshots) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (promotion, service) in rules.promotions.iter().flat_map(|way| rules.services.values().map(move |of| (way, of)))
    {
        let end = |name: &str| {
            let environment = service.environment(name)?;
            let [target] = environment.targets.as_slice() else { return None };
            let snapshot = snapshots.get(&(branch(target), target.path.clone()))?;
            (!snapshot.files.is_empty()).then_some((environment, snapshot))
        };
        let (Some(source), Some(target)) = (end(&promotion.from), end(&promotion.to)) else { continue };
        if let Err(fault) = planning::paired(service, source, target) {
            let what = format!("{} → {}", promotion.from, promotion.to);
            let finding = Finding::new(Group::Gitops, Sign::Fail, what, format!("{}\n{}", fault.what, fault.seen));
            findings.push(finding.hint(fault.hint));
        }
    }
    findings
}

/// Whether the records can be read, and how many there are.
pub fn ledger(ledger: &dyn Ledger) -> Vec<Finding> {
    let place = ledger.place();
    match ledger.heads() {
        Err(fault) => vec![faulted(Group::Ledger, place, &fault)],
        Ok(heads) => {
            let broken = heads.iter().filter_map(|((service, environment), head)| {
                let fault = head.as_ref().err()?;
                Some(faulted(Group::Ledger, format!("head of {service} in {environment}"), fault))
            });
            let open = heads.values().flatten().filter(|file| file.head.open.is_some()).count() as u64;
            let seen = match (heads.len() as u64, open) {
                (0, _) => "readable, and empty: the first run begins it".to_owned(),
                (known, 0) => format!("readable, records of {}, no promotion is open", counted(known, "environment")),
                (known, open) => {
                    format!(
                        "readable, records of {}, {} open",
                        counted(known, "environment"),
                        counted(open, "promotion")
                    )
                }
            };
            std::iter::once(Finding::new(Group::Ledger, Sign::Ok, place, seen)).chain(broken).collect()
        }
    }
}

/// Whether each application exists, deploys its environment's directory, and may be synced.
pub fn argocd(deployer: Option<&dyn Deployer>, rules: &Rules, snapshots: &Snapshots) -> Vec<Finding> {
    let named = targets(rules).flat_map(|(_, environment, target)| {
        target.apps.iter().map(move |app| (format!("{} ({})", app.name, environment.name), app, target))
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        let seen = "the rules name none: a promotion ends at the pushed commit, and nothing is watched or verified";
        let finding = Finding::new(Group::Argocd, Sign::Warn, "no application", seen);
        return vec![finding.hint("name each environment's application under `argocd:`, if Argo CD deploys them")];
    }
    let Some(deployer) = deployer else {
        let names: Vec<String> = named.into_iter().map(|(what, ..)| what).collect();
        let seen = "named by the rules, and no Argo CD server is set";
        let finding = Finding::new(Group::Argocd, Sign::Fail, list(&names), seen);
        return vec![finding.hint("set ARGOCD_SERVER, and ARGOCD_AUTH_TOKEN or ARGOCD_USERNAME and ARGOCD_PASSWORD")];
    };
    let look =
        |(what, app, target): (String, &App, &Target)| match snapshots.get(&(branch(target), target.path.clone())) {
            Some(snapshot) => watched(what, deployer.preflight(app, snapshot)),
            None => existing(what, deployer, app),
        };
    named.into_iter().map(look).collect()
}

fn watched(what: String, state: Result<AppState, Fault>) -> Finding {
    match state {
        Ok(state) => Finding::new(Group::Argocd, Sign::Ok, what, described(&state)),
        Err(fault) => faulted(Group::Argocd, what, &fault),
    }
}

/// Where the directory could not be read, only whether the application is there can be told.
fn existing(what: String, deployer: &dyn Deployer, app: &App) -> Finding {
    match deployer.state(app, false) {
        Ok(state) => {
            let seen = format!("{}; whether it deploys the right directory could not be found out", described(&state));
            Finding::new(Group::Argocd, Sign::Unknown, what, seen)
        }
        Err(fault) => faulted(Group::Argocd, what, &fault),
    }
}

fn described(state: &AppState) -> String {
    let how = if state.auto_sync { "it syncs by itself" } else { "it may be synced by this account" };
    let server = state.server.as_deref().map(|version| format!(", Argo CD {version}")).unwrap_or_default();
    format!("found, {how}{server}")
}

/// Whether what the gates read is there now; `commit` is what the version was built from, where that is known. A warning only: it may come with the next CI run.
pub fn evidence(evidence: &dyn Evidence, rules: &Rules, commit: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for promotion in &rules.promotions {
        for id in needs(promotion, &rules.evidence).readings {
            let Some(source) = rules.evidence.get(&id) else { continue };
            for service in rules.services.values() {
                if !seen.insert((service.name.clone(), promotion.from.clone(), id.clone())) {
                    continue;
                }
                let what = format!("{id} of {}", promotion.from);
                let waivers = Arc::default();
                let about = About { commit, ..About::of(&service.name, &promotion.from, &waivers) };
                findings.push(match evidence.read(&[source], &about) {
                    Reading::Observed(observation) if source.is_live() => {
                        Finding::new(Group::Evidence, Sign::Ok, what, measured::words(&observation.measure))
                    }
                    Reading::Observed(observation) => {
                        let count = counted(observation.files.len() as u64, "file");
                        let whose = observation
                            .subject
                            .map_or("it names no version".to_owned(), |subject| format!("about {}", subject.version));
                        Finding::new(Group::Evidence, Sign::Ok, what, format!("{count}, readable; {whose}"))
                    }
                    Reading::Missing { why } => Finding::new(Group::Evidence, Sign::Warn, what, why)
                        .hint("it must be there when a promotion is judged: `promote explain missing`"),
                    Reading::Unreadable { why, .. } => {
                        Finding::new(Group::Evidence, Sign::Warn, what, why).hint("`promote explain unreadable`")
                    }
                });
            }
        }
    }
    findings
}
