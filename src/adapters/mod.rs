//! The world: one file or folder for each outside system. Siblings do not import each other, except `http`, `git`,
//! `secret` and `clock`, which are shared.

pub mod alerts;
pub mod argocd;
pub mod clock;
pub mod evidence;
pub mod git;
pub mod github;
pub mod gitops;
pub mod health;
pub mod http;
pub mod ledger;
pub mod prometheus;
pub mod secret;
pub mod workspace;
