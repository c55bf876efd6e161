//! GitHub's REST API, through octocrab on the one HTTP client.

pub mod repository;
