//! The world that the tests and the sandbox start themselves: real repositories and honest servers, on loopback only.
//!
//! It is compiled into the integration binary and into the examples, each of which uses a part of it.
#![allow(dead_code, reason = "each binary uses a part")]

pub(crate) mod argo;
pub(crate) mod bare;
pub(crate) mod canned;
pub(crate) mod git_server;
pub(crate) mod health;
