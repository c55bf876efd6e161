//! One integration binary: the whole program, against servers that it starts itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands, and says where")]

mod action;
mod argocd;
mod gitops;
mod http;
mod kill;
mod layers;
mod packages;
mod races;
mod readme;
mod rules;
mod tls;
mod world;
