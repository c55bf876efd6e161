//! One integration binary: the whole program, against servers that it starts itself.
#![expect(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod argocd;
mod http;
mod tls;
mod world;
