//! The commit status: for tokens that cannot make a check run, and for who wants one.

use crate::promotion::publication::{DESCRIPTION_MAX, Status, StatusState};
use crate::render::escape;
use crate::render::github::shown::{Shown, cut};
use crate::render::github::title::title;

/// The status of a commit.
pub fn status(shown: &Shown<'_>, head_sha: &str) -> Status {
    let heading = &shown.summary.heading;
    let outcome = shown.summary.ending.and_then(|ending| ending.exit.outcome());
    Status {
        head_sha: head_sha.to_owned(),
        context: format!("promote/{}/{}", escape::line(heading.service), escape::line(heading.to)),
        state: StatusState::of(outcome),
        description: cut(&title(shown), DESCRIPTION_MAX),
        target_url: shown.run_url.map(str::to_owned),
    }
}
