//! The published JSON Schemas (draft 2020-12), generated from the structs that the documents are written from.
//!
//! A schema says what this version writes. Fields may be added to a document while its `schema` number stays the same, so
//! none forbids fields that it does not know.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::promotion::record::Entry;
use crate::promotion::report::GateReport;
use crate::promotion::rules::schema as rules;
use crate::promotion::stamp::Stamp;
use crate::promotion::trail::Line;
use crate::promotion::waivers::file as waivers;
use crate::render::doctor::Doctor;
use crate::render::evidence::Found;
use crate::render::history::{Audit, Examination};
use crate::render::json::list::List;
use crate::render::json::orders::Standing;
use crate::render::json::show::Show;
use crate::render::json::{Ending, Plan, Validate};

/// A document whose form is published.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// Its name: `schemas/<name>.schema.json`.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its JSON Schema.
    pub schema: fn() -> Value,
}

/// Every document whose form is published, by name.
pub const DOCUMENTS: &[Document] = &[
    Document { name: "audit", about: "`promote audit --json`", schema: of::<Audit> },
    Document { name: "doctor", about: "`promote doctor --json`", schema: of::<Doctor<'_>> },
    Document {
        name: "ending",
        about: "how a command ended, where there is nothing else to print",
        schema: of::<Ending<'_>>,
    },
    Document { name: "evidence", about: "`promote evidence --json`", schema: of::<Found<'_>> },
    Document { name: "history", about: "`promote history verify --json`", schema: of::<Examination> },
    Document { name: "list", about: "`promote list --json`", schema: of::<List<'_>> },
    Document { name: "orders", about: "`promote hold list --json`, as of veto and freeze", schema: of::<Standing<'_>> },
    Document { name: "plan", about: "`promote plan --json`", schema: of::<Plan<'_>> },
    Document {
        name: "record",
        about: "an entry of a record: `0000-requested.json` and the files after it",
        schema: of::<Entry>,
    },
    Document { name: "report", about: "the gate report: the action's output `report`", schema: of::<GateReport> },
    Document { name: "rules", about: "the rules file", schema: rules::schema },
    Document { name: "show", about: "`promote show <id> --json`", schema: of::<Show<'_>> },
    Document { name: "stamp", about: "a stamp beside a report: `<report>.stamp.json`", schema: of::<Stamp> },
    Document { name: "trail", about: "a line of `promote history --jsonl`", schema: of::<Line> },
    Document { name: "validate", about: "`promote validate --json`", schema: of::<Validate<'_>> },
    Document { name: "waivers", about: "the waivers file", schema: waivers::schema },
];

/// The document of this name.
pub fn document(name: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.name == name)
}

/// The names with what they are, a line each.
pub fn names() -> String {
    let widest = DOCUMENTS.iter().map(|document| document.name.len()).max().unwrap_or_default();
    DOCUMENTS.iter().map(|document| format!("  {:<widest$}  {}\n", document.name, document.about)).collect()
}

fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}
