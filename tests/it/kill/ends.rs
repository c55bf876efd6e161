//! What a promotion has come to, without what may differ from one time to the next: times, ids of runs and of commits.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stage::Stage;

/// Fields that hold a time, a span, a process, or a hash over an address.
const DIFFERENT: [&str; 14] = [
    "run",
    "at",
    "since",
    "until",
    "settled",
    "digest",
    "elapsed",
    "reconciled_at",
    "finished_at",
    "started_at",
    "server_time",
    "resource_version",
    "modified",
    "age",
];

/// Where everything stands.
#[derive(Debug, PartialEq)]
pub(crate) struct Ends {
    /// The branch's commits, oldest first: tree and message.
    pub(crate) commits: Vec<(String, String)>,
    /// The records, by file.
    pub(crate) records: BTreeMap<String, Value>,
    /// The head of the environment, as the next promotion reads it.
    pub(crate) head: Value,
    /// Syncs that Argo CD was asked for.
    pub(crate) syncs: usize,
}

impl Ends {
    /// Reads them.
    pub(crate) fn of(stage: &Stage, environment: &str) -> Self {
        let mut log = stage.bare.log("main");
        log.reverse();
        let mut known: Vec<(String, String)> =
            log.iter().enumerate().map(|(n, logged)| (logged.id.clone(), format!("<commit {n}>"))).collect();
        known.push((stage.git.url(), "<repository>".to_owned()));
        let trees = stage.bare.git(&["log", "--first-parent", "--reverse", "--format=%T", "main"], &[]);
        let commits = log.iter().zip(trees.lines()).map(|(logged, tree)| {
            let lines = logged
                .message
                .lines()
                .filter(|line| !line.starts_with("Promotion-Run: ") && !line.starts_with("Ledger-Tip: "));
            (tree.to_owned(), lines.collect::<Vec<_>>().join("\n"))
        });
        let record =
            |(file, bytes): (String, Vec<u8>)| (file, scrubbed(serde_json::from_slice(&bytes).unwrap(), &known));
        let head = stage.head(environment);
        Self {
            commits: commits.collect(),
            records: stage.records().into_iter().map(record).collect(),
            head: scrubbed(serde_json::to_value(head).unwrap(), &known),
            syncs: stage.asked(&format!("POST /api/v1/applications/app-{environment}/sync")),
        }
    }

    /// Where they differ from what was wanted, a line each.
    pub(crate) fn differences(&self, wanted: &Self) -> Vec<String> {
        let (mut seen, mut expected) = (Vec::new(), Vec::new());
        flat("", &self.document(), &mut seen);
        flat("", &wanted.document(), &mut expected);
        let only = |sign: &str, of: &[String], other: &[String]| -> Vec<String> {
            of.iter().filter(|line| !other.contains(line)).map(|line| format!("{sign} {line}")).collect()
        };
        [only("wanted", &expected, &seen), only("seen  ", &seen, &expected)].concat()
    }

    fn document(&self) -> Value {
        json!({ "commits": self.commits, "records": self.records, "head": self.head, "syncs": self.syncs })
    }

    /// The outcomes of the promotions that have ended.
    pub(crate) fn outcomes(&self) -> Vec<&str> {
        self.records.values().filter_map(|entry| entry["event"]["outcome"].as_str()).collect()
    }
}

/// A document as lines, each with its path.
fn flat(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flat(&format!("{path}/{key}"), value, lines)),
        Value::Array(items) => {
            lines.push(format!("{path}: {} items", items.len()));
            items.iter().enumerate().for_each(|(n, item)| flat(&format!("{path}/{n}"), item, lines));
        }
        scalar => lines.push(format!("{path}: {scalar}")),
    }
}

fn scrubbed(value: Value, known: &[(String, String)]) -> Value {
    match value {
        Value::Object(fields) => {
            let scrub = |(key, value): (String, Value)| {
                let value = if DIFFERENT.contains(&key.as_str()) && !value.is_null() {
                    Value::from(format!("<{key}>"))
                } else {
                    scrubbed(value, known)
                };
                (key, value)
            };
            Value::Object(fields.into_iter().map(scrub).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| scrubbed(item, known)).collect()),
        Value::String(text) => {
            let text = known.iter().fold(text, |text, (from, to)| text.replace(from, to));
            Value::from(without_spans(&text))
        }
        other => other,
    }
}

/// `turned Degraded 48 s after …, and stayed so for 1 min 2 s`, whatever the spans are. When it was first seen to be so is
/// not the same after a kill.
fn without_spans(text: &str) -> String {
    if text.starts_with("app-staging turned Degraded") || text.starts_with("app-staging is Degraded") {
        return "<app-staging is Degraded>".to_owned();
    }
    text.to_owned()
}
