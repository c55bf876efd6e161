//! GitHub's REST API, through octocrab on the one HTTP client.
//!
//! [`client`] is the way in: it knows whose credentials to send, reads a list to its end, and remembers what has not changed.
//! Below it `door` makes one request, again where that is safe, and `fault` says what an answer means.

pub mod app_token;
pub mod client;
mod door;
pub mod download;
mod etags;
mod fault;
mod limits;
pub mod repository;
pub mod route;
