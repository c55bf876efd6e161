//! One integration binary: the whole program, against servers that it starts itself.

// `cfg(test)` is what tells clippy that these are tests, also outside the test functions.
#[cfg(test)]
mod argocd;
#[cfg(test)]
mod http;
#[cfg(test)]
mod tls;
mod world;
