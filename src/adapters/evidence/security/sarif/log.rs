//! One log on its way: what its runs are poured into.

use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::Found;

/// One log on its way.
pub(super) struct Log<'a> {
    pub(super) path: &'a str,
    pub(super) found: &'a mut Found,
    pub(super) about: About,
    pub(super) version: Option<String>,
    pub(super) runs: u64,
    /// Whether a run says nothing of its time.
    pub(super) untimed: bool,
    pub(super) defects: Vec<Defect>,
}
