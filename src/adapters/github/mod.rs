//! GitHub's REST API, through octocrab on the one HTTP client.
//!
//! [`client`] is the way in: it knows whose credentials to send, reads a list to its end, and remembers what has not changed.
//! Below it `door` makes one request, again where that is safe, and `fault` says what an answer means.

pub mod app_token;
pub mod approvals;
pub mod blame;
pub mod client;
pub mod commits;
pub mod dispatch;
mod door;
pub mod download;
pub mod environments;
mod etags;
pub mod evidence;
mod fault;
mod graphql;
pub mod guards;
mod limits;
pub mod people;
pub mod publish;
pub mod repository;
pub mod route;
pub mod run_artifact;
pub mod runs;
pub mod transcript;
pub mod words;
