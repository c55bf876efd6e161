//! Who may write to a service and environment: one run at a time.

use crate::promotion::time::{Millis, Time};

/// Who holds the right to write to a service and environment, or asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub run: String,
    /// Who runs it.
    pub owner: String,
    /// The CI run's page, where there is one.
    pub ci_run: Option<String>,
    /// Since when.
    pub since: Time,
    /// For how long it is believed without a renewal.
    pub term: Millis,
    /// Changes with every renewal: two equal stamps mean that nothing was renewed between them.
    pub stamp: String,
}

/// What is asked for with a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking<'a> {
    /// The service.
    pub service: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The process that asks.
    pub run: &'a str,
    /// Who runs it.
    pub owner: &'a str,
    /// The CI run's page, where there is one.
    pub ci_run: Option<&'a str>,
    /// Now.
    pub at: Time,
    /// For how long the claim is to be believed without a renewal.
    pub term: Millis,
    /// The stamp of a claim that was seen not to be renewed for its whole term, and is taken over.
    pub expired: Option<&'a str>,
}
