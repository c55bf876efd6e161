//! The plan for a terminal: every write that a run would make, with the exact lines that change, and what a failure leads to.

use crate::promotion::edit::{Change, Edit, FileEdits};
use crate::promotion::facts::CommitSummary;
use crate::promotion::plan::{OnFailure, Plan, PlannedCommit};
use crate::promotion::rules::{App, HealthCheck, RollbackWhen, SyncTo};
use crate::render::escape;
use crate::render::style::{COLUMNS, Style};
use crate::render::words;

/// How many commits that would ship along are listed; the rest are counted.
const ALSO_SHOWN: usize = 20;

/// The lines of one file that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The target whose commit it is.
    pub target: String,
    /// The file, from the repository's root.
    pub path: String,
    /// The lines in the order of a unified diff.
    pub lines: Vec<DiffLine>,
}

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// What happens to it.
    pub sign: Sign,
    /// The line, without its end.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It stays, and is shown for orientation.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

impl DiffLine {
    /// The line as a unified diff has it: sign and text, made harmless.
    pub fn shown(&self) -> String {
        let sign = match self.sign {
            Sign::Kept => ' ',
            Sign::Removed => '-',
            Sign::Added => '+',
        };
        format!("{sign}{}", escape::source(&self.text))
    }
}

/// The whole plan, with a line end. A file without a diff is shown by its edits.
pub fn text(plan: &Plan, diffs: &[FileDiff], style: Style) -> String {
    let short: String = escape::line(&plan.digest).chars().take(12).collect();
    let path = format!("{} → {}", escape::line(&plan.from), escape::line(&plan.to));
    let mut lines = vec![
        format!("{} {short}…  {path}   {}", style.strong("PLAN"), words::changes(&plan.images)),
        format!("  digest     {}", escape::line(&plan.digest)),
        format!("  promotion  {}", escape::line(&plan.id)),
    ];
    for image in &plan.images {
        let note = words::mutable(&image.new);
        lines.push(format!("  image      {}{note}", escape::line(&image.new.to_string())));
    }
    lines.push(String::new());
    let mut number = 0;
    for commit in &plan.commits {
        number += 1;
        lines.extend(words::wrapped(&format!("{number} "), 4, &headline(commit), COLUMNS));
        for file in &commit.files {
            lines.push(format!("    {}", escape::line(&file.path)));
            lines.extend(changed(commit, file, diffs, style));
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

fn changed(commit: &PlannedCommit, file: &FileEdits, diffs: &[FileDiff], style: Style) -> Vec<String> {
    let Some(diff) = diff_of(commit, file, diffs) else {
        return file.edits.iter().flat_map(edited).map(|text| format!("      {text}")).collect();
    };
    let painted = |line: &DiffLine| match line.sign {
        Sign::Kept => line.shown(),
        Sign::Removed => style.removed(&line.shown()),
        Sign::Added => style.added(&line.shown()),
    };
    diff.lines.iter().map(|line| format!("    {}", painted(line))).collect()
}

/// The diff of one file of a commit, if it was given.
pub fn diff_of<'a>(commit: &PlannedCommit, file: &FileEdits, diffs: &'a [FileDiff]) -> Option<&'a FileDiff> {
    diffs.iter().find(|diff| diff.target == commit.target && diff.path == file.path)
}

/// An edit in words, where no diff is at hand: `images[name=app].newTag: "1.10" → "1.20"`.
pub fn edited(edit: &Edit) -> Vec<String> {
    let at = escape::line(&edit.selector);
    let bare = |line: &str| escape::line(line.trim_end_matches(['\n', '\r']).trim_start());
    match &edit.change {
        Change::Set { old, new } => vec![format!("{at}: {} → {}", escape::line(old), escape::line(new))],
        Change::InsertKey { after, line } => vec![format!("{at}: + {} (after {})", bare(line), escape::line(after))],
        Change::RemoveKey { after, line } => vec![format!("{at}: - {} (after {})", bare(line), escape::line(after))],
    }
}

fn watched(plan: &Plan) -> bool {
    !plan.apps.is_empty() || !plan.verify.health.is_empty()
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
    steps
}

fn synced(app: &App) -> String {
    let name = escape::line(&app.name);
    match app.sync {
        SyncTo::Branch => name,
        SyncTo::Commit => format!("{name} to exactly our commit"),
    }
}

fn probed(check: &HealthCheck) -> String {
    let status = check.status.map_or_else(|| "200 to 299".to_owned(), |status| status.to_string());
    let contains = check.contains.as_ref().map(|text| format!(" and contains \"{}\"", escape::line(text)));
    let contains = contains.unwrap_or_default();
    format!("{} answers {status}{contains} within {}", escape::line(&check.url), check.timeout)
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
        lines.push(format!("    and {} more", words::thousands((commits.len() - ALSO_SHOWN) as u64)));
    }
    lines
}

/// `subject (author, 2026-11-22 12:10Z)`.
pub fn shipped(commit: &CommitSummary) -> String {
    format!("{} ({}, {})", escape::line(&commit.subject), escape::line(&commit.author), words::minute(commit.at))
}

#[cfg(test)]
mod tests;
