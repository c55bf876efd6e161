//! `hold list --json`, `veto list --json` and `freeze list --json`: orders that stand.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::orders::Scope;
use crate::render::json::{SCHEMA, written};

/// What `promote hold list --json`, `promote veto list --json` and `promote freeze list --json` print: the orders of the kind
/// that stand.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote hold list, veto list and freeze list")]
pub(super) struct Standing<'a> {
    /// The number of the document's form.
    schema: u32,
    /// Each service and environment that orders of the kind stand for, with them.
    orders: &'a [Scope],
}

/// The orders that stand, as a document.
pub fn orders(scopes: &[Scope]) -> String {
    written(&Standing { schema: SCHEMA, orders: scopes })
}
