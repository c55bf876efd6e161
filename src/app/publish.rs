//! What is shown of a run at GitHub, and where: a check run or status at the commit, a comment on the pull request, a
//! deployment of the target environment.
//!
//! Nothing here decides anything: what cannot be published is a warning that names the permission, and the exit code stays.

use std::path::Path;

use crate::adapters::github::client::Client;
use crate::adapters::github::publish::Publisher;
use crate::app::mask::Mask;
use crate::app::settings::Settings;
use crate::app::settings::github::GitHub;
use crate::app::told::{Parts, Told};
use crate::ports::Fault;
use crate::promotion::publication::{Deployment, Place, places};
use crate::promotion::request::RequestKind;
use crate::promotion::time::Time;
use crate::render::github::check::check;
use crate::render::github::comment::comment;
use crate::render::github::deployment::deployment;
use crate::render::github::shown::Shown;
use crate::render::github::status::status;

/// Where a run is shown.
pub struct Where<'a> {
    /// The repository.
    pub client: &'a Client,
    /// What is shown there.
    pub places: Vec<Place>,
    /// The commit that the run is about: of a pull request its head, else `GITHUB_SHA`.
    pub head_sha: Option<&'a str>,
    /// Whether a pull request started the run: then its checks stand at its head, whatever version they are about.
    pub of_pull_request: bool,
    /// The pull request (or issue) that gets the comment.
    pub pull_request: Option<u64>,
    /// The run's page.
    pub run_url: Option<&'a str>,
    /// The repository's files.
    pub workspace: Option<&'a Path>,
    /// Now.
    pub at: Time,
}

/// Shows a run where the settings say; warnings. `client` is the client of the settings' repository.
pub fn close(settings: &Settings, mask: &Mask, client: &Client, at: Time, told: &Told<'_>) -> Vec<String> {
    let Some(github) = &settings.github else { return Vec::new() };
    let run = github.run.as_ref();
    let to = Where {
        client,
        places: wanted(github),
        head_sha: github.head_sha.as_deref(),
        of_pull_request: run.is_some_and(|run| run.event.starts_with("pull_request")),
        pull_request: github.pull_request,
        run_url: settings.actions.as_ref().and_then(|actions| actions.run_url.as_deref()),
        workspace: settings.actions.as_ref().and_then(|actions| actions.workspace.as_deref()),
        at,
    };
    publish(&to, mask, told, &Parts::of(settings, told))
}

/// What is shown: what the setting names; else, in GitHub Actions, a check run, and a comment where there is a pull request.
pub fn wanted(github: &GitHub) -> Vec<Place> {
    if !github.publish.is_empty() {
        return places(&github.publish);
    }
    let has_credential = github.token.is_some() || github.app_id.is_some();
    match github.run {
        Some(_) if has_credential && github.pull_request.is_some() => vec![Place::Check, Place::Comment],
        Some(_) if has_credential => vec![Place::Check],
        _ => Vec::new(),
    }
}

/// Shows a run; warnings.
pub fn publish(to: &Where<'_>, mask: &Mask, told: &Told<'_>, parts: &Parts) -> Vec<String> {
    if to.places.is_empty() {
        return Vec::new();
    }
    let publisher = Publisher::new(to.client);
    let id = told.end.and_then(|end| end.id.as_deref());
    let shown = Shown { summary: parts.summary(told), id, run_url: to.run_url, at: to.at };
    let needs_commit = to.places.iter().any(|place| *place != Place::Comment);
    let head = if needs_commit { commit(to, &publisher, told) } else { None };
    let mut warnings = Vec::new();
    for place in &to.places {
        let came = match (place, &head) {
            (Place::Comment, _) => commented(to, &publisher, mask, &shown),
            (_, None) => Err("no commit is known that it could stand at".to_owned()),
            (Place::Check, Some(head)) => checked(to, &publisher, mask, &shown, head),
            (Place::Status, Some(head)) => {
                hidden(mask, status(&shown, head)).and_then(|status| publisher.status(&status).map_err(words)).map(drop)
            }
            (Place::Deployment, Some(head)) => deployed(&publisher, mask, told, &shown, head),
        };
        if let Err(why) = came {
            let (word, permission) = (place.word(), place.permission());
            warnings.push(format!("no {word} was published at GitHub (it needs `{permission}`): {why}"));
        }
    }
    warnings
}

/// The commit that is marked: of a pull request its head; else the one that the version was built from, if it is one of this
/// repository; else the run's own.
fn commit(to: &Where<'_>, publisher: &Publisher<'_>, told: &Told<'_>) -> Option<String> {
    let run = to.head_sha.map(str::to_owned);
    let built = told.end.and_then(|end| end.facts.as_deref()).and_then(|facts| facts.commit.as_deref());
    let Some(built) = built.filter(|_| !to.of_pull_request) else { return run };
    if run.as_ref().is_some_and(|run| run.starts_with(built)) {
        return run;
    }
    publisher
        .commit(built)
        .unwrap_or_else(|fault| {
            tracing::debug!(why = fault.why, "the version's commit was not found: the run's own is marked");
            None
        })
        .or(run)
}

fn checked(
    to: &Where<'_>,
    publisher: &Publisher<'_>,
    mask: &Mask,
    shown: &Shown<'_>,
    head: &str,
) -> Result<(), String> {
    let in_repository = |file: &str| to.workspace.is_some_and(|workspace| workspace.join(file).is_file());
    let (check, status) = (hidden(mask, check(shown, head, &in_repository))?, hidden(mask, status(shown, head))?);
    publisher.check(&check, &status).map(drop).map_err(words)
}

fn commented(to: &Where<'_>, publisher: &Publisher<'_>, mask: &Mask, shown: &Shown<'_>) -> Result<(), String> {
    let Some(number) = to.pull_request else {
        return Err("no pull request is known: set pull-request".to_owned());
    };
    publisher.comment(number, &hidden(mask, comment(shown))?).map(drop).map_err(words)
}

/// The deployment of what went live; a rollback also says that what it undid is no longer live.
fn deployed(
    publisher: &Publisher<'_>,
    mask: &Mask,
    told: &Told<'_>,
    shown: &Shown<'_>,
    head: &str,
) -> Result<(), String> {
    let Some(ours) = deployment(shown, head) else { return Ok(()) };
    let kind = told.end.and_then(|end| end.request.as_ref()).map(|request| &request.kind);
    let undone = match kind {
        Some(RequestKind::Rollback { undoes }) => ours.undoing(undoes),
        _ => None,
    };
    let all: Vec<Deployment> = undone.into_iter().chain([ours]).collect();
    all.into_iter().try_for_each(|one| publisher.deployment(&hidden(mask, one)?).map(drop).map_err(words))
}

fn hidden<T: serde::Serialize + serde::de::DeserializeOwned>(mask: &Mask, value: T) -> Result<T, String> {
    mask.hide_in(value).ok_or_else(|| "a secret of this run stands in it where it cannot be hidden".to_owned())
}

fn words(fault: Fault) -> String {
    let hint = fault.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}{hint}", fault.to_string().replace('\n', "; "))
}
