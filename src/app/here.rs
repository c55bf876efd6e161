//! The repository of this directory, where none is named: whoever begins in a repository that holds the environments can plan
//! at once.

use std::path::Path;

use crate::adapters::workspace::Place;
use crate::app::settings::Settings;
use crate::promotion::rules::Rules;

/// What is said where that was assumed.
pub const SAID: &str = "GITOPS_REPO is not set: what is read is the repository of this directory";

/// The settings with this directory as the GitOps repository; `None` where one is named, or where this directory is not the
/// top of a repository that holds every directory that the rules name. For commands that only read.
pub fn assumed(settings: &Settings, rules: &Rules) -> Option<Settings> {
    if settings.gitops_repo.is_some() {
        return None;
    }
    let environments = rules.services.values().flat_map(|service| &service.environments);
    let mut targets = environments.flat_map(|environment| &environment.targets);
    let holds = targets.all(|target| target.repo == "default" && Path::new(".").join(&target.path).is_dir());
    let place = Place::of(Path::new("."), &settings.github_server)?;
    (holds && place.below.is_empty()).then(|| Settings { gitops_repo: Some(".".to_owned()), ..settings.clone() })
}
