//! The text of a first rules file, with a comment for everything that was guessed.

use std::fmt::Write as _;

use crate::promotion::init::{Application, Environment, Known, Pinned};
use crate::promotion::rules::ImageRule;
use crate::promotion::yaml::plain_is_string;

/// The column that comments begin at, where there is room.
const COMMENT: usize = 50;
/// How long a line may be before its parts stand below each other.
const LONG: usize = 100;

/// The rules file.
pub(super) fn text(known: &Known) -> String {
    let mut out = String::from(
        "# What a promotion needs. `promote init` wrote this from what it found: read it, and correct what is wrong.\n\
         # `promote rules check` names every fault; `promote explain <gate>` says what a gate asks for.\n\
         version: 1\n",
    );
    line(&mut out, &format!("service: {}", scalar(&known.service)), &known.service_why);
    if !known.images.is_empty() {
        let names: Vec<String> = known.images.iter().map(|name| scalar(name)).collect();
        line(&mut out, &format!("images: [{}]", names.join(", ")), "these move together: strike what does not");
    }
    line(&mut out, "environments:", "in the order that a version goes");
    let widest = known.environments.iter().map(|one| scalar(&one.name).len()).max().unwrap_or_default();
    for environment in &known.environments {
        self::environment(&mut out, environment, known, widest + 1);
    }
    evidence(&mut out, known);
    out.push_str("\npromotions:\n");
    let last = known.promotions.len().saturating_sub(1);
    for (number, (from, to)) in known.promotions.iter().enumerate() {
        promotion(&mut out, known, (from.as_str(), to.as_str()), number, number == last);
    }
    out
}

/// A line with a comment behind it.
fn line(out: &mut String, text: &str, comment: &str) {
    let gap = COMMENT.saturating_sub(text.chars().count()).max(1);
    let _ = writeln!(out, "{text}{}# {comment}", " ".repeat(gap));
}

fn environment(out: &mut String, environment: &Environment, known: &Known, width: usize) {
    let place = &environment.place;
    let mut parts = vec![format!("path: {}", scalar(if place.path.is_empty() { "." } else { &place.path }))];
    match environment.apps.as_slice() {
        [] => {}
        [only] => parts.push(format!("argocd: {}", app(only))),
        several => parts.push(format!("argocd: [{}]", several.iter().map(app).collect::<Vec<_>>().join(", "))),
    }
    let rules: Vec<String> =
        place.images.iter().filter_map(|image| Some(self::image(image, image.rule.as_ref()?, known))).collect();
    if !rules.is_empty() {
        parts.push(format!("images: [{}]", rules.join(", ")));
    }
    let name = format!("{}:", scalar(&environment.name));
    let short = format!("  {name:<width$} {{ {} }}", parts.join(", "));
    if short.chars().count() <= LONG {
        let _ = writeln!(out, "{short}");
    } else {
        let _ = writeln!(out, "  {name}\n    {}", parts.join("\n    "));
    }
}

fn app(app: &Application) -> String {
    if app.project.is_none() && app.namespace.is_none() {
        return scalar(&app.name);
    }
    let mut parts = vec![format!("name: {}", scalar(&app.name))];
    parts.extend(app.project.iter().map(|project| format!("project: {}", scalar(project))));
    parts.extend(app.namespace.iter().map(|namespace| format!("namespace: {}", scalar(namespace))));
    format!("{{ {} }}", parts.join(", "))
}

fn image(image: &Pinned, rule: &ImageRule, known: &Known) -> String {
    let mut parts = vec![format!("name: {}", scalar(image.name.as_deref().unwrap_or(&known.service)))];
    for (key, value) in [("file", &rule.file), ("tag", &rule.tag), ("digest", &rule.digest)] {
        parts.extend(value.iter().map(|value| format!("{key}: {}", scalar(value))));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn evidence(out: &mut String, known: &Known) {
    out.push('\n');
    line(out, "evidence:", "files below the working directory; a missing one is not a good one");
    let widest = known.evidence.iter().map(|one| one.id.len()).max().unwrap_or_default() + 1;
    for one in &known.evidence {
        let globs: Vec<String> = one.globs.iter().map(|glob| scalar(glob)).collect();
        let files = match globs.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let name = format!("{}:", one.id);
        let seen = if one.found == 0 { ": none was found yet" } else { "" };
        line(out, &format!("  {name:<widest$} {files}"), &format!("{}{seen}", one.format_name()));
    }
}

fn promotion(out: &mut String, known: &Known, (from, to): (&str, &str), number: usize, last: bool) {
    let _ = writeln!(out, "  - from: {}\n    to: {}", scalar(from), scalar(to));
    line(out, "    gates:", &format!("judged on {from}; what cannot be judged holds too"));
    let has = |id: &str| known.evidence.iter().any(|one| one.id == id);
    // A load test says nothing of itself before there are limits for it.
    let suites = known.evidence.iter().map(|one| one.id.as_str()).filter(|id| !matches!(*id, "coverage" | "security"));
    let suites: Vec<&str> = suites.collect();
    line(out, &format!("      tests: {{ required: [{}] }}", suites.join(", ")), "every case that ran has passed");
    if has("coverage") {
        let min = if number == 0 { "70%" } else { "80%" };
        line(out, &format!("      coverage: {{ line_min: {min} }}"), "a first guess: raise it to what you have");
    }
    if has("security") {
        let high = if number == 0 { 5 } else { 0 };
        line(out, &format!("      security: {{ critical_max: 0, high_max: {high} }}"), "findings by CVSS score");
    }
    if number > 0 {
        line(out, "      # soak: { min: 2h }", &format!("how long {from} must have run this version"));
    }
    if last {
        line(out, "    # approvals:", "who says yes, besides the gates; teams cannot be guessed");
        out.push_str("    #   - { role: sre, team: your-org/sre-team }\n");
        out.push_str("    #   - { role: product-owner, users: [their-login] }\n");
    }
}

/// A text as YAML reads it as this text, also inside braces and brackets.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/*+=@".contains(c))
        && plain_is_string(text);
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        for (text, written) in [
            ("k8s/overlays/dev", "k8s/overlays/dev"),
            ("artifacts/**/*.xml", "artifacts/**/*.xml"),
            ("*.xml", "'*.xml'"),
            ("1.10", "'1.10'"),
            ("on", "'on'"),
            ("a b", "'a b'"),
            ("it's", "'it''s'"),
            ("", "''"),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
