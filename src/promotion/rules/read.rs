//! Reads a rules file: tree, schema, types, meaning. All faults are found in one run, each with its place.

use crate::promotion::rules::at::At;
use crate::promotion::rules::check::check;
use crate::promotion::rules::fault::{RulesFault, Wrong};
use crate::promotion::rules::file::File;
use crate::promotion::rules::resolve::resolve;
use crate::promotion::rules::schema::schema;
use crate::promotion::rules::tree::{self, Kind, Tree};
use crate::promotion::rules::{Rules, de};
use crate::promotion::yaml::{self, YamlFault};

/// The longest rules file, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The rules that a text holds, or every fault in it, in the order of the text. `path` is only for showing.
pub fn read(path: &str, text: &str) -> Result<Rules, Vec<RulesFault>> {
    let mut faults = Vec::new();
    let rules = meaning(text, &mut faults);
    if let (Some(rules), true) = (rules, faults.is_empty()) {
        return Ok(rules);
    }
    Err(placed(path, text, faults))
}

/// The faults of a text in its order, each once, with their lines.
pub fn placed(path: &str, text: &str, mut faults: Vec<Wrong>) -> Vec<RulesFault> {
    faults.sort_by_key(|fault| (fault.at.line, fault.at.column));
    faults.dedup();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    faults.into_iter().map(|wrong| RulesFault::of(path, &lines, wrong)).collect()
}

fn meaning(text: &str, faults: &mut Vec<Wrong>) -> Option<Rules> {
    let mut tree = only_document(text, "a rules file", faults)?;
    if matches!(tree.kind, Kind::Null) {
        let wrong = Wrong::new(At { line: 1, column: 1 }, 1, "this file holds no rules");
        faults.push(wrong.help("begin with `version: 1`, `service:`, `environments:` and `promotions:`"));
        return None;
    }
    if !check(&mut tree, &schema(), faults) {
        return None;
    }
    match de::read::<File>(&tree) {
        Ok(file) => Some(resolve(&file, faults)),
        Err(misfit) => {
            faults.push(misfit.into());
            None
        }
    }
}

/// The tree of the only document; a null where the text is empty, and `None` where it cannot be read, which is a fault. `noun` is
/// what the text should be: `a rules file`.
pub fn only_document(text: &str, noun: &str, faults: &mut Vec<Wrong>) -> Option<Tree> {
    if text.len() > MAX_BYTES {
        let message = format!("this file has {} bytes, and at most {MAX_BYTES} are read", text.len());
        faults.push(Wrong::new(At { line: 1, column: 1 }, 1, message));
        return None;
    }
    let documents = match yaml::parse(text) {
        Ok(documents) => documents,
        Err(fault) => {
            faults.push(not_yaml(text, fault));
            return None;
        }
    };
    if let Some(second) = documents.get(1) {
        let at = At { line: second.root.line, column: second.root.column };
        let wrong = Wrong::new(at, 1, "a second document begins here");
        faults.push(wrong.help(format!("{noun} is one document: remove the line `---` before it")));
    }
    let nothing = || Tree { at: At { line: 1, column: 1 }, width: 1, faulty: false, kind: Kind::Null };
    Some(documents.first().map_or_else(nothing, |document| tree::resolve(text, &document.root, faults)))
}

/// A fault of the syntax. The parser's place is where it gave up, which for a tab is not where the tab is.
fn not_yaml(text: &str, fault: YamlFault) -> Wrong {
    let tab = text.lines().position(|line| line.trim_start_matches(' ').starts_with('\t'));
    if let Some(index) = tab {
        let spaces = text.lines().nth(index).map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
        let number = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        let at = At { line: number(index), column: number(spaces) };
        return Wrong::new(at, 1, "this is not YAML: a tab indents here").help("indent with spaces");
    }
    Wrong::new(At { line: fault.line, column: fault.column }, 1, format!("this is not YAML: {}", fault.message))
}
