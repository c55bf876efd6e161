//! One integration binary: the whole program, against servers that it starts itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands, and says where")]

mod action;
mod alerts;
mod approvals;
mod argocd;
mod auto;
mod bad_input;
mod bundle;
mod crowd;
mod documents;
mod environments;
mod evidence;
mod first;
mod github_client;
mod github_evidence;
mod github_publish;
mod github_world;
mod gitops;
mod harness;
mod history;
mod http;
mod kill;
mod layers;
mod lazy;
mod ledger;
mod life;
mod list;
mod lock;
mod order;
mod orders;
mod packages;
mod patience;
mod performance;
mod races;
mod readme;
mod real_prometheus;
mod rules;
mod rules_views;
mod scenarios;
mod secrets;
mod shipped;
mod smoke;
mod tls;
mod waivers;
mod world;
