//! The world on loopback: stand-ins that refuse what the real ones refuse. Used by the tests and by the sandbox.

pub(crate) mod alertmanager;
pub(crate) mod argo;
pub(crate) mod bare;
pub(crate) mod canned;
pub(crate) mod fake_ssh;
pub(crate) mod git_server;
pub(crate) mod github;
pub(crate) mod health;
pub(crate) mod prometheus;
