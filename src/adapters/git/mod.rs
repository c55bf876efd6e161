//! git, shared by the adapters that keep things in repositories: where one is ([`address`]), how it is reached ([`wire`],
//! with [`smart_http`] over the one HTTP client and [`ssh`] over a child process), what can be done with it ([`store`]:
//! [`local`] and [`remote`]), and what is read from and written to its objects ([`objects`], [`history`]). Where a branch
//! is too large to be fetched, objects come one at a time ([`lazy`]).
//!
//! libgit2 brings its own HTTP and ssh, which need OpenSSL and know nothing of our authorities, proxies and limits. So it
//! only ever sees addresses of our own scheme, `promote://7/`, and no token or host can stand in one of its messages.
//! Nothing here is ever checked out, and nothing is ever forced.

pub mod address;
pub mod branch;
pub mod fault;
pub mod history;
pub mod lazy;
pub mod local;
pub mod objects;
pub mod remote;
pub mod smart_http;
pub mod ssh;
pub mod store;
pub mod wire;
