//! Roles: who must approve, who may set what aside, and that the environments which ask them cannot be mistaken for each other.

use std::collections::BTreeSet;

use crate::promotion::approvals::slots::{self, Slot};
use crate::promotion::rules::Promotion;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::bypass::{Bypass, BypassRule};
use crate::promotion::rules::file::shape::{OneOrMany, Placed};
use crate::promotion::rules::file::{Approval, GitHub};
use crate::promotion::rules::quantity;
use crate::promotion::rules::resolve::places::Places;
use crate::promotion::rules::roles::{AtGitHub, MayBypass, Role};

/// GitHub runs at most this many reviews of one promotion here: more roles than anybody has.
const MIN_MAX: u64 = 20;

/// The roles of one promotion.
pub fn roles(approvals: &Placed<Vec<Placed<Approval>>>, faults: &mut Vec<Wrong>) -> Vec<Role> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut roles = Vec::new();
    for approval in &approvals.value {
        let role = &approval.role;
        if !role.faulty && !names.insert(role.to_ascii_lowercase()) {
            let message = format!("the role `{}` stands here twice", role.value);
            faults.push(Wrong::of(role, message).help("use `min:` for several approvals of one role"));
        }
        if !role.faulty && !role.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            let message = format!("`{}` cannot be a role: it becomes a part of an environment's name", role.value);
            faults.push(Wrong::of(role, message).help("write letters, digits, `-`, `_` and `.`"));
        }
        if approval.team.is_some() == approval.users.is_some() && !approval.faulty {
            let wrong = Wrong::of(approval, "a role is either a team or a list of users");
            faults.push(wrong.help("write `team: org/team` or `users: [name]`"));
        }
        if let Some(team) = approval.team.as_ref().filter(|team| !team.faulty) {
            self::team(team, faults);
        }
        let texts = |list: &Option<Placed<OneOrMany<String>>>| -> Vec<String> {
            list.iter().flat_map(|list| &list.0).map(|name| name.trim_start_matches('@').to_owned()).collect()
        };
        roles.push(Role {
            name: role.value.clone(),
            team: approval.team.as_ref().map(|team| team.value.clone()),
            users: texts(&approval.users),
            deputies: texts(&approval.deputies),
            min: min(approval, faults),
            within: within(approval, faults),
            at: approval.at,
        });
    }
    roles
}

fn min(approval: &Approval, faults: &mut Vec<Wrong>) -> u32 {
    let people = approval.users.as_ref().map(|users| users.0.len());
    let deputies = approval.deputies.as_ref().map_or(0, |deputies| deputies.0.len());
    let Some(min) = &approval.min else { return 1 };
    if min.value == 0 {
        let wrong = Wrong::of(min, "`0` cannot be `min`: the role would never be asked");
        faults.push(wrong.help("write 1 or more, or remove the role"));
    } else if people.is_some_and(|people| min.value > (people + deputies) as u64) {
        let message = format!("{} cannot approve: fewer people are named", min.value);
        faults.push(Wrong::of(min, message).help("name more users, or lower `min`"));
    } else if min.value > MIN_MAX {
        let wrong = Wrong::of(min, format!("{} approvals of one role are too many", min.value));
        faults.push(wrong.help(format!("write {MIN_MAX} or less")));
    }
    u32::try_from(min.value.clamp(1, MIN_MAX)).unwrap_or(1)
}

fn within(approval: &Approval, faults: &mut Vec<Wrong>) -> Option<crate::promotion::time::Millis> {
    let within = approval.within.as_ref().filter(|within| !within.faulty)?;
    let help = match quantity::span(&within.value.0) {
        Ok(span) if span.0 > 0 => return Some(span),
        Ok(_) => "write a longer time".to_owned(),
        Err(help) => help,
    };
    faults.push(Wrong::of(within, format!("`{}` cannot be `within`", within.value.0)).help(help));
    None
}

fn team(team: &Placed<String>, faults: &mut Vec<Wrong>) {
    let fits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !team.split_once('/').is_some_and(|(org, name)| fits(org) && fits(name)) {
        let wrong = Wrong::of(team, format!("`{}` is not a team", team.value));
        faults.push(wrong.help("write org/team"));
    }
}

/// Who may set what aside.
pub fn bypass(bypass: &Placed<Bypass>, faults: &mut Vec<Wrong>) -> MayBypass {
    let mut by = |rule: &Option<Placed<BypassRule>>| -> Vec<String> {
        let Some(rule) = rule else { return Vec::new() };
        if rule.by.0.is_empty() && !rule.faulty {
            faults.push(Wrong::of(rule, "nobody may go past this").help("name users or teams under `by`"));
        }
        rule.by.0.iter().map(|name| name.trim_start_matches('@').to_owned()).collect()
    };
    MayBypass { approvals: by(&bypass.approvals), gates: by(&bypass.gates) }
}

/// How GitHub asks for approvals.
pub fn at_github(written: Option<&Placed<GitHub>>, faults: &mut Vec<Wrong>) -> AtGitHub {
    let mut github = AtGitHub::default();
    let Some(written) = written else { return github };
    if let Some(name) = written.approval_environment.as_ref().filter(|name| !name.faulty) {
        if name.contains("{role}") {
            github.approval_environment = name.value.clone();
        } else {
            let message = format!("`{}` gives all roles one environment", name.value);
            faults.push(Wrong::of(name, message).help("write {role} in it: GitHub lets any one reviewer approve"));
        }
    }
    if let Some(workflow) = written.workflow.as_ref().filter(|workflow| !workflow.faulty) {
        let yaml = workflow.ends_with(".yml") || workflow.ends_with(".yaml");
        if workflow.starts_with(".github/workflows/") && yaml {
            github.workflow = workflow.value.clone();
        } else {
            let wrong = Wrong::of(workflow, format!("`{}` is not a workflow", workflow.value));
            faults.push(wrong.help("write its path, such as .github/workflows/promotion-workflow.yml"));
        }
    }
    github
}

/// Reports environments that would ask the wrong people: one that two roles share without sharing their people, and one that is
/// a target too, where the write credentials live. GitHub compares their names without case.
pub fn apart(promotions: &[Promotion], github: &AtGitHub, places: &Places, faults: &mut Vec<Wrong>) {
    let mut asked: Vec<(usize, Slot, &Role)> = Vec::new();
    for (nth, promotion) in promotions.iter().enumerate() {
        for slot in slots::slots(promotion, github) {
            let Some(role) = promotion.approvals.iter().find(|role| role.name == slot.role) else { continue };
            let width = u32::try_from(role.name.len()).unwrap_or(1);
            let name = slot.environment.clone();
            if places.names().any(|environment| environment.eq_ignore_ascii_case(&name)) {
                let message = format!("the role `{}` would be asked in `{name}`, which is promoted to", role.name);
                let help = "name it otherwise: github: { approval_environment: '{environment}-approval-{role}' }";
                faults.push(Wrong::new(role.at, width, message).help(help));
            }
            // A role that stands there twice is told of as such.
            let twice = |of: usize, other: &Role| of == nth && other.name.eq_ignore_ascii_case(&role.name);
            let other = asked.iter().find(|(_, other, _)| other.environment.eq_ignore_ascii_case(&name));
            let mixed = other.filter(|(of, _, others)| !same_people(role, others) && !twice(*of, others));
            if let Some((_, other, others)) = mixed {
                let message = format!(
                    "`{name}` would ask the people of `{}` for `{}`, and of `{}` for `{}`",
                    people(others),
                    other.role,
                    people(role),
                    role.name
                );
                let help = "give each its own: approval_environment: '{environment}-approval-{role}'";
                faults.push(Wrong::new(role.at, width, message).help(help));
            }
            asked.push((nth, slot, role));
        }
    }
}

fn people(role: &Role) -> String {
    role.team.iter().map(String::as_str).chain(role.named()).collect::<Vec<_>>().join(", ")
}

fn same_people(a: &Role, b: &Role) -> bool {
    let people = |role: &Role| -> BTreeSet<String> {
        role.team.iter().map(String::as_str).chain(role.named()).map(str::to_ascii_lowercase).collect()
    };
    people(a) == people(b)
}
