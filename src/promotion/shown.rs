//! The plan as approvers were shown it: kept beside its evidence (`plan.json`), so that the run which carries it out can say what
//! has changed since.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::promotion::plan::Plan;

/// The number of the document's form.
pub const SCHEMA: u32 = 1;
/// The document's name in the directory.
pub const PLAN_FILE: &str = "plan.json";
/// The folder of that directory which holds the evidence files, by their paths in the workspace.
pub const EVIDENCE_FOLDER: &str = "evidence";

/// A plan with what its digest was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    /// The number of the document's form.
    pub schema: u32,
    /// The plan's digest.
    pub digest: String,
    /// What the digest is the SHA-256 of, in canonical form: exactly what an approval binds.
    pub binds: Value,
    /// The plan.
    pub plan: Plan,
}

impl Shown {
    /// What is bound now and was not then, a line each; empty if nothing is.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        const PARTS: [(&str, &str); 10] = [
            ("images", "the versions"),
            ("commits", "the edits"),
            ("files", "the evidence files"),
            ("promotion", "the promotion's rule"),
            ("target", "the target environment's rule"),
            ("evidence", "the definition of the evidence"),
            ("waivers", "the waivers in force"),
            ("trees", "what else stands in the target's directory"),
            ("sequence", "how often the target was promoted to"),
            ("approved_in", "the environments that approve"),
        ];
        let mut lines: Vec<String> = Vec::new();
        let differ = |part: &str| self.binds.get(part) != now.binds.get(part);
        for (part, name) in PARTS {
            if !differ(part) {
                continue;
            }
            lines.push(match part {
                "images" => format!("{name}: approved {}, now {}", images(&self.plan), images(&now.plan)),
                "files" => format!("{name}: {}", members(&self.binds[part], &now.binds[part])),
                "sequence" => "another promotion of the target has ended meanwhile".to_owned(),
                _ => format!("{name} changed"),
            });
        }
        let known = |key: &&String| PARTS.iter().all(|(part, _)| part != key);
        let keys = [&self.binds, &now.binds].into_iter().filter_map(Value::as_object).flat_map(|map| map.keys());
        let mut others: Vec<&String> = keys.filter(known).filter(|key| differ(key)).collect();
        others.sort();
        others.dedup();
        lines.extend(others.into_iter().map(|key| format!("{key} changed")));
        lines
    }
}

fn images(plan: &Plan) -> String {
    let one = |change: &crate::promotion::image::ImageChange| format!("{} → {}", change.old, change.new);
    plan.images.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The members of an object that are not the same on both sides.
fn members(was: &Value, is: &Value) -> String {
    let keys = [was, is].into_iter().filter_map(Value::as_object).flat_map(|map| map.keys());
    let mut differ: Vec<&str> = keys.filter(|key| was.get(key) != is.get(key)).map(String::as_str).collect();
    differ.sort_unstable();
    differ.dedup();
    differ.join(", ")
}
