//! The deployment of the target environment.

use crate::promotion::publication::{DESCRIPTION_MAX, Deployment, DeploymentState};
use crate::render::github::shown::{Shown, cut};
use crate::render::github::title::title;

/// The deployment; `None` where nothing was deployed, or the promotion has no id yet.
pub fn deployment(shown: &Shown<'_>, head_sha: &str) -> Option<Deployment> {
    let outcome = shown.summary.ending.and_then(|ending| ending.exit.outcome());
    Some(Deployment {
        head_sha: head_sha.to_owned(),
        environment: shown.summary.heading.to.to_owned(),
        promotion: shown.id?.to_owned(),
        state: DeploymentState::of(outcome)?,
        description: cut(&title(shown), DESCRIPTION_MAX),
        log_url: shown.run_url.map(str::to_owned),
        environment_url: None,
    })
}
