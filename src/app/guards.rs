//! What `promote doctor` looks at in GitHub: the environments that ask roles, and what keeps rules and records from being bent.

use std::path::{Component, Path};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::adapters::github::client::Client;
use crate::adapters::github::environments::protection;
use crate::adapters::github::transcript::Transcript;
use crate::adapters::ledger::place::Place;
use crate::app::mask::Mask;
use crate::app::rules_file::Loaded;
use crate::app::settings::Settings;
use crate::app::wiring::github;
use crate::pipeline::doctor::faulted;
use crate::ports::Fault;
use crate::promotion::approvals::environments::{Impossible, wanted};
use crate::promotion::approvals::guards::{self, Seen};
use crate::promotion::doctor::{Finding, Group, Sign};

/// Looks at the repository that promote runs for, and at the ledger's. Nothing where neither is known to be at GitHub.
pub fn findings(settings: &Settings, mask: &Mask, loaded: &Loaded, stop: &Arc<AtomicBool>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.github.is_some() {
        match github::setting_up(settings, mask, stop) {
            Ok(opened) => findings.extend(of_repository(&opened.client, loaded)),
            Err(fault) => findings.push(unknown("GitHub", &fault)),
        }
    } else if loaded.rules.promotions.iter().any(|promotion| !promotion.approvals.is_empty()) {
        let seen = "the rules want approvals, and no repository is named whose environments ask for them";
        let hint = "set GITHUB_REPOSITORY to owner/name, and GITHUB_TOKEN";
        findings.push(Finding::new(Group::Github, Sign::Unknown, "approvals", seen).hint(hint));
    }
    findings.extend(of_ledger(settings, mask, stop));
    findings
}

fn of_repository(client: &Client, loaded: &Loaded) -> Vec<Finding> {
    let about = match client.about() {
        Ok(about) => about,
        Err(fault) => return vec![unknown("GitHub", &fault)],
    };
    let branch = about.default_branch.as_str();
    let mut findings = environments(client, loaded, branch);
    let rules = in_repository(&loaded.path);
    let workflow = loaded.rules.github.workflow.as_str();
    let decide: Vec<&str> = rules.as_deref().into_iter().chain([workflow]).collect();
    findings.extend(guards::files(&seen(client.codeowners(branch)), &decide));
    findings.push(guards::default_branch(branch, &seen(client.branch_facts(branch))));
    findings
}

fn environments(client: &Client, loaded: &Loaded, branch: &str) -> Vec<Finding> {
    let wanted = match wanted(&loaded.rules, client.owner()) {
        Ok(wanted) => wanted,
        Err(faults) => {
            let fault = |fault: Impossible| {
                let what = format!("{}:{}", loaded.path, fault.at.line);
                Finding::new(Group::Rules, Sign::Fail, what, fault.what).hint(fault.hint)
            };
            return faults.into_iter().map(fault).collect();
        }
    };
    let transcript = Transcript::new(client);
    let roles = wanted.roles.iter().map(|role| {
        let standing = role.judge(&protection(&transcript, &role.name), client.owner(), branch);
        guards::role_environment(role, &standing, branch)
    });
    let targets = wanted.targets.iter().map(|target| {
        let standing = target.judge(&protection(&transcript, &target.name), branch);
        guards::target_environment(target, &standing, branch)
    });
    roles.chain(targets).collect()
}

/// How the ledger's branch is guarded, where it is one at GitHub.
fn of_ledger(settings: &Settings, mask: &Mask, stop: &Arc<AtomicBool>) -> Option<Finding> {
    // Where it cannot be, the ledger's own finding says so.
    let Ok(Place::Branch { address, branch, token, token_name }) = settings.place() else { return None };
    let (owner, name) = address.hosted(&settings.github_server)?;
    Some(match github::at(settings, mask, stop, (&format!("{owner}/{name}"), token, token_name)) {
        Ok(opened) => guards::ledger_branch(&branch, &seen(opened.client.branch_facts(&branch))),
        Err(fault) => unknown("the ledger's branch", &fault),
    })
}

/// A path of the working directory as one of the repository, if it is in it.
fn in_repository(path: &str) -> Option<String> {
    let parts: Option<Vec<&str>> = Path::new(path)
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    parts.map(|parts| parts.join("/"))
}

fn seen<T>(answer: Result<T, Fault>) -> Seen<T> {
    answer.map_err(|fault| match &fault.hint {
        Some(hint) => format!("{fault}; {hint}"),
        None => fault.to_string(),
    })
}

/// What GitHub does not tell stops no run by itself.
fn unknown(what: &str, fault: &Fault) -> Finding {
    Finding { mark: Sign::Unknown, ..faulted(Group::Github, what, fault) }
}

#[cfg(test)]
mod tests {
    use super::in_repository;

    #[test]
    fn only_what_lies_in_the_repository_has_owners() {
        assert_eq!(in_repository("./promotion/./rules.yaml").as_deref(), Some("promotion/rules.yaml"));
        for outside in ["/etc/rules.yaml", "../rules.yaml", "a/../../b.yaml"] {
            assert_eq!(in_repository(outside), None, "{outside}");
        }
    }
}
