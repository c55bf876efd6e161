//! Rules as objects: the list of promotions, and what changed between two rules files.

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::promotion::gates::needs::name;
use crate::promotion::rules::compare::{Compared, Effect};
use crate::promotion::rules::{Promotion, Rules};
use crate::promotion::words::counted;
use crate::render::style::{COLUMNS, Style};
use crate::render::table::{lay, padded};
use crate::render::{escape, words};

/// How many lines stand around a change of the text.
const AROUND: usize = 3;
/// The column that what changed begins at.
const SAID_AT: usize = 13;

/// `rules list`: each promotion on a line, and below the table what the lines had to shorten.
pub fn list(rules: &Rules, style: Style) -> String {
    let rows: Vec<Vec<String>> = rules.promotions.iter().map(cells).collect();
    let heading = ["promotion", "gates", "approvals", "auto", "not built"];
    let laid = lay(&heading, &rows, COLUMNS);
    let mut lines = vec![style.faint(&laid.heading)];
    lines.extend(laid.lines);
    for (row, shortened) in rows.iter().zip(&laid.shortened) {
        for n in shortened {
            let first = format!("{}, {}: ", row[0], heading[*n]);
            lines.extend(words::wrapped(&first, 4, &row[*n], COLUMNS));
        }
    }
    lines.join("\n") + "\n"
}

fn cells(promotion: &Promotion) -> Vec<String> {
    let or_none = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    vec![
        format!(
            "{}{}",
            words::way(&promotion.from, &promotion.to),
            if promotion.is_ordinary() { "" } else { " (hotfix)" }
        ),
        or_none(gates(promotion)),
        approvals(promotion),
        if promotion.auto_promote { "yes" } else { "no" }.to_owned(),
        or_none(not_built(promotion)),
    ]
}

/// The gates by name, each once, in the order of the rules.
fn gates(promotion: &Promotion) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for gate in &promotion.gates {
        let name = name(gate).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn not_built(promotion: &Promotion) -> Vec<String> {
    promotion.not_built.iter().map(|part| escape::line(&part.part)).collect()
}

/// How many roles must approve.
fn approvals(promotion: &Promotion) -> String {
    match promotion.approvals.len() {
        0 => "none".to_owned(),
        roles => counted(roles as u64, "role"),
    }
}

/// `rules list --json`.
pub fn list_document(path: &str, rules: &Rules) -> String {
    let one = |promotion: &Promotion| {
        json!({
            "from": promotion.from,
            "to": promotion.to,
            "gates": promotion.gates.iter().map(|gate| &gate.id).collect::<Vec<_>>(),
            "optional": promotion.gates.iter().filter(|gate| gate.optional).map(|gate| &gate.id).collect::<Vec<_>>(),
            "approvals": !promotion.approvals.is_empty(),
            "roles": promotion.approvals,
            "hotfix": promotion.hotfix,
            "auto_promote": promotion.auto_promote,
            "trust_baseline": promotion.trust_baseline,
            "rollback": promotion.rollback.when,
            "not_built": promotion.not_built.iter().map(|part| &part.part).collect::<Vec<_>>(),
            "line": promotion.at.line,
        })
    };
    let promotions: Vec<Value> = rules.promotions.iter().map(one).collect();
    written(&json!({ "schema": crate::render::json::SCHEMA, "path": path, "promotions": promotions }))
}

/// Two rules files, as they are compared.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// What the older one is: `promotion 01JD…`.
    pub since: &'a str,
    /// The path of the newer one.
    pub path: &'a str,
    /// The older text.
    pub old: &'a str,
    /// The newer text.
    pub new: &'a str,
    /// What changed in meaning; absent where the older one has faults for this version of promote.
    pub compared: Option<&'a [Compared]>,
}

/// `rules diff`: first what changed in meaning, then in the text.
pub fn diff(pair: &Pair<'_>, style: Style) -> String {
    let head = format!("{} since {}", changed_word(pair), escape::line(pair.since));
    let mut lines = words::wrapped(&format!("{}: ", escape::line(pair.path)), 2, &head, COLUMNS);
    match pair.compared {
        None => lines
            .push("  the older rules have faults for this version of promote: only their text is compared".to_owned()),
        Some(compared) => lines.extend(compared.iter().flat_map(|compared| meaning(compared, style))),
    }
    with_text(lines, pair, style)
}

/// The change of a text alone, of a file that has no meaning to compare.
pub fn text_diff(pair: &Pair<'_>, style: Style) -> String {
    let head = format!("changed since {}", escape::line(pair.since));
    with_text(words::wrapped(&format!("{}: ", escape::line(pair.path)), 2, &head, COLUMNS), pair, style)
}

fn with_text(mut lines: Vec<String>, pair: &Pair<'_>, style: Style) -> String {
    let text = unified(pair, style);
    if !text.is_empty() {
        lines.push(String::new());
        lines.extend(text);
    }
    lines.join("\n") + "\n"
}

fn changed_word(pair: &Pair<'_>) -> String {
    let Some(compared) = pair.compared else { return "changed".to_owned() };
    let count = |effect| compared.iter().flat_map(|one| &one.changes).filter(|change| change.effect == effect).count();
    let counts = [(Effect::Loosened, "loosened"), (Effect::Tightened, "tightened"), (Effect::Changed, "changed")];
    let said: Vec<String> = counts
        .into_iter()
        .filter(|(effect, _)| count(*effect) > 0)
        .map(|(effect, word)| format!("{} {word}", count(effect)))
        .collect();
    match (said.is_empty(), pair.old == pair.new) {
        (true, true) => "the same".to_owned(),
        (true, false) => "the same in meaning, other in text,".to_owned(),
        (false, _) => said.join(", "),
    }
}

fn meaning(compared: &Compared, style: Style) -> Vec<String> {
    if compared.changes.is_empty() && compared.by_name_only.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), style.strong(&words::way(&compared.from, &compared.to))];
    for change in &compared.changes {
        let sign = if change.effect == Effect::Loosened { "!" } else { " " };
        let first = format!("{sign} {}", padded(change.effect.word(), SAID_AT - 2));
        let said = format!("{}: {}", words::gate(&change.part), escape::line(&change.what));
        lines.extend(words::wrapped(&first, SAID_AT, &said, COLUMNS));
    }
    if !compared.by_name_only.is_empty() {
        let names: Vec<String> = compared.by_name_only.iter().map(|name| escape::line(name)).collect();
        let first = format!("  {}", padded("not built", SAID_AT - 2));
        let said = format!("{}: compared in the text only", names.join(", "));
        lines.extend(words::wrapped(&first, SAID_AT, &said, COLUMNS));
    }
    lines
}

fn unified(pair: &Pair<'_>, style: Style) -> Vec<String> {
    let diff = TextDiff::from_lines(pair.old, pair.new);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        lines.push(style.faint(&hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let text = escape::source(change.value().trim_end_matches(['\n', '\r']));
            lines.push(match change.tag() {
                ChangeTag::Delete => style.removed(&format!("-{text}")),
                ChangeTag::Insert => style.added(&format!("+{text}")),
                ChangeTag::Equal => format!(" {text}"),
            });
            if change.missing_newline() {
                lines.push("\\ No newline at end of file".to_owned());
            }
        }
    }
    lines
}

/// `rules diff --json`.
pub fn diff_document(pair: &Pair<'_>) -> String {
    let loosened = pair.compared.map(|compared| {
        compared.iter().flat_map(|one| &one.changes).filter(|change| change.effect == Effect::Loosened).count()
    });
    written(&json!({
        "schema": crate::render::json::SCHEMA,
        "since": pair.since,
        "path": pair.path,
        "same_text": pair.old == pair.new,
        "loosened": loosened,
        "promotions": pair.compared,
        "text": unified(pair, Style::PLAIN),
    }))
}

fn written(document: &Value) -> String {
    escape::json(&format!("{document:#}\n"))
}
