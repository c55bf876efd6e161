//! One integration binary: the whole program, against servers that it starts itself.

mod argocd;
mod http;
mod tls;
mod world;
