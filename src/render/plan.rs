//! The plan for a terminal: every write that a run would make, with the exact lines that change, and what a failure leads to.

use crate::promotion::approvals::report::ApprovalReport;
use crate::promotion::canary::limit::Against;
use crate::promotion::edit::diff::Side;
use crate::promotion::facts::CommitSummary;
use crate::promotion::gates::explain::{describe, expected};
use crate::promotion::plan::{OnFailure, Plan, PlannedCommit};
use crate::promotion::rules::health::{HealthCheck, Smoke, SmokeDoes, Verb};
use crate::promotion::rules::rollback::RollbackWhen;
use crate::promotion::rules::{App, Gate, GateKind, SyncTo};
use crate::promotion::words::count as count_of;
use crate::render::diff::{FileDiff, Shown};
use crate::render::style::{COLUMNS, Style};
use crate::render::{approvals, diff, escape, words};

/// How many commits that would ship along are listed; the rest are counted.
const ALSO_SHOWN: usize = 20;

/// The whole plan, with a line end, and who must still approve it, where anybody must. A file without a diff is shown by its edits.
pub fn text(plan: &Plan, diffs: &[FileDiff], asked: Option<&ApprovalReport>, style: Style) -> String {
    let short: String = escape::line(&plan.digest).chars().take(12).collect();
    let path = words::way(&plan.from, &plan.to);
    let mut lines = vec![
        format!("{} {short}…  {path}   {}", style.strong("PLAN"), words::changes(&plan.images)),
        format!("  digest     {}", escape::line(&plan.digest)),
        format!("  promotion  {}", escape::line(&plan.id)),
    ];
    if let Some(hotfix) = &plan.hotfix {
        let said = escape::line(&hotfix.said());
        lines.extend(words::wrapped("  HOTFIX     ", 13, &said, COLUMNS).iter().map(|line| style.strong(line)));
    }
    for image in &plan.images {
        let note = words::mutable(&image.new);
        lines.push(format!("  image      {}{note}", escape::line(&image.new.to_string())));
    }
    lines.push(String::new());
    let mut number = 0;
    for commit in &plan.commits {
        number += 1;
        lines.extend(words::wrapped(&format!("{number} "), 4, &headline(commit), COLUMNS));
        for file in &diff::files(commit) {
            lines.push(format!("    {}", diff::place(commit, file, diffs)));
            let changed = diff::shown(commit, file, diffs);
            lines.extend(changed.iter().map(|line| format!("    {}", painted(line, style))));
        }
    }
    for step in steps(plan) {
        number += 1;
        lines.extend(words::wrapped(&format!("{number} "), 4, &step, COLUMNS));
    }
    if watched(plan) {
        let said = on_failure(&plan.on_failure);
        lines.extend(words::wrapped("  on failure: ", 4, &said, COLUMNS));
    }
    lines.extend(also(&plan.also_ships));
    let asked = asked.map(|report| approvals::still_needed(report, style)).filter(|asked| !asked.is_empty());
    lines.extend(asked.into_iter().flat_map(|asked| std::iter::once(String::new()).chain(asked)));
    lines.join("\n") + "\n"
}

/// `commit to acme/gitops main (tip 81ac0de)`.
pub fn headline(commit: &PlannedCommit) -> String {
    let place = format!("{} {}", escape::line(&commit.repository), escape::line(&commit.branch));
    let tip = words::short_commit(&commit.base);
    if commit.files.is_empty() {
        return format!("no commit to {place}: {} pins this version already (tip {tip})", escape::line(&commit.path));
    }
    format!("commit to {place} (tip {tip})")
}

fn painted(line: &Shown, style: Style) -> String {
    match line.side {
        Some(Side::Old) => style.removed(&line.text),
        Some(Side::New) => style.added(&line.text),
        None => style.faint(&line.text),
    }
}

fn watched(plan: &Plan) -> bool {
    !plan.apps.is_empty() || !plan.verify.health.is_empty() || !plan.verify.gates.is_empty()
}

/// What follows the commits, one sentence for each step.
pub fn steps(plan: &Plan) -> Vec<String> {
    let mut steps = Vec::new();
    let verify = &plan.verify;
    if plan.apps.is_empty() {
        steps.push("no Argo CD application is named: the delivery ends at the pushed commit".to_owned());
    } else {
        let apps: Vec<String> = plan.apps.iter().map(synced).collect();
        steps.push(format!(
            "sync {} (an application that syncs by itself is watched), and wait ≤ {}: our commit, our image live, \
             healthy for {} without a break",
            apps.join(", "),
            verify.timeout,
            verify.settle
        ));
    }
    if !verify.health.is_empty() {
        let checks: Vec<String> = verify.health.iter().map(probed).collect();
        steps.push(format!("verify for {}: {}", verify.settle, checks.join("; ")));
    }
    if !verify.gates.is_empty() {
        let gates: Vec<String> = verify.gates.iter().map(judged).collect();
        steps.push(format!("judge for {}, on {}: {}", verify.settle, escape::line(&plan.to), gates.join("; ")));
    }
    if !verify.smoke.is_empty() {
        let tests: Vec<String> = verify.smoke.iter().map(tested).collect();
        steps.push(format!("smoke test, once: {}", tests.join("; ")));
    }
    steps
}

fn synced(app: &App) -> String {
    let name = escape::line(&app.name);
    match app.sync {
        SyncTo::Branch => name,
        SyncTo::Commit => format!("{name} to exactly our commit"),
    }
}

/// A gate and what it wants: `slo availability ≥ 99 %`.
fn judged(gate: &Gate) -> String {
    let wants = match &gate.kind {
        GateKind::Soak(soak) => format!("≥ {}", soak.min),
        GateKind::Canary(canary) => match canary.against {
            Against::Before(action) => format!("{}, else {}", canary.limit.wanted(), action.word()),
            Against::Target => canary.limit.wanted(),
        },
        GateKind::Condition(condition) => describe(condition),
        GateKind::Tests { condition, .. } | GateKind::Measured { condition, .. } => expected(&gate.kind, condition),
        GateKind::Checks(of) | GateKind::Review(of) => expected(&gate.kind, &of.condition),
    };
    format!("{} {}", words::gate(&gate.id), escape::line(&wants))
}

fn probed(check: &HealthCheck) -> String {
    let verb = if check.verb == Verb::Get { String::new() } else { format!("{} ", check.verb.word()) };
    format!("{verb}{} answers {}", escape::line(&check.url), answered(check))
}

/// What an answer must be. Texts of the rules are escaped: they are shown beside what others wrote.
fn answered(check: &HealthCheck) -> String {
    let mut parts = vec![check.status.map_or_else(|| "200 to 299".to_owned(), |status| status.to_string())];
    parts.extend(check.contains.iter().map(|part| format!(" and contains \"{}\"", escape::line(part))));
    parts.extend(check.not_contains.iter().map(|part| format!(" and does not contain \"{}\"", escape::line(part))));
    let held =
        |(path, value): (&String, &String)| format!(" and {} is \"{}\"", escape::line(path), escape::line(value));
    parts.extend(check.json.iter().map(held));
    parts.push(match check.latency_max {
        Some(most) => format!(" within {most} (asked for {} at most)", check.timeout),
        None => format!(" within {}", check.timeout),
    });
    let valid = |days| format!(", its certificate valid for {days} days or more");
    parts.extend(check.certificate_days_min.map(valid));
    parts.concat()
}

fn tested(smoke: &Smoke) -> String {
    let name = escape::line(&smoke.name);
    match &smoke.does {
        SmokeDoes::Steps(steps) if steps.len() == 1 => format!("{name} (1 request)"),
        SmokeDoes::Steps(steps) => format!("{name} ({} requests)", steps.len()),
        SmokeDoes::Workflow(workflow) => {
            let at = workflow.git_ref.as_ref().map(|git_ref| format!(" at {}", escape::line(git_ref)));
            let at = at.unwrap_or_default();
            format!("{name} (starts {}{at}, ≤ {})", escape::line(&workflow.workflow), workflow.timeout)
        }
    }
}

/// What a failed verification leads to, as an approver must know it.
pub fn on_failure(on_failure: &OnFailure) -> String {
    if on_failure.restore.is_empty() {
        return "nothing to restore; the run ends stuck, and a person decides".to_owned();
    }
    let versions = words::versions(on_failure.restore.iter().map(|change| &change.new));
    let known = match &on_failure.verified_by {
        Some(id) => format!("last verified by promotion {}", escape::line(id)),
        None => "never verified here".to_owned(),
    };
    match on_failure.when {
        RollbackWhen::Auto => format!("restore {versions} ({known})"),
        RollbackWhen::Ask => format!("a person decides whether to restore {versions} ({known}); the run ends stuck"),
        RollbackWhen::Never => {
            format!("nothing is restored; the run ends stuck on the new version ({versions} before)")
        }
    }
}

fn also(commits: &[CommitSummary]) -> Vec<String> {
    let mut lines = Vec::new();
    if commits.is_empty() {
        return lines;
    }
    let these = if commits.len() == 1 { "this commit waits" } else { "these commits wait" };
    lines.extend([String::new(), format!("also ships, since {these} in the target's path:")]);
    for commit in commits.iter().take(ALSO_SHOWN) {
        let first = format!("    {}  ", words::short_commit(&commit.id));
        lines.extend(words::wrapped(&first, first.len(), &shipped(commit), COLUMNS));
    }
    if commits.len() > ALSO_SHOWN {
        lines.push(format!("    and {} more", count_of((commits.len() - ALSO_SHOWN) as u64)));
    }
    lines
}

/// `subject (author, 2026-11-22 12:10Z)`.
pub fn shipped(commit: &CommitSummary) -> String {
    format!("{} ({}, {})", escape::line(&commit.subject), escape::line(&commit.author), words::minute(commit.at))
}

#[cfg(test)]
mod tests;
