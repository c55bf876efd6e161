//! What is shown of a promotion at GitHub: a check run or a commit status, a comment that is kept up to date, a deployment.
//!
//! Texts are ready to be sent: escaped, and within the limits that stand here. Sources: GitHub's REST API, "Check runs",
//! "Commit statuses", "Issue comments" and "Deployments".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::outcome::Outcome;
use crate::promotion::time::Time;

/// The most that GitHub takes as a check run's summary, and again as its text, in bytes.
pub const CHECK_TEXT_MAX: usize = 65_535;
/// The most annotations that one request may carry.
pub const ANNOTATIONS_MAX: usize = 50;
/// The longest description of a commit status or a deployment's status, in characters.
pub const DESCRIPTION_MAX: usize = 140;
/// The longest comment, in characters.
pub const COMMENT_MAX: usize = 65_536;

/// What can be published, each by its word in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A check run on the commit; a commit status where the token cannot make one.
    Check,
    /// A commit status.
    Status,
    /// A comment on the pull request.
    Comment,
    /// A deployment of the target environment.
    Deployment,
}

impl Place {
    /// Every place, in the order in which they are published.
    pub const ALL: [Self; 4] = [Self::Check, Self::Status, Self::Comment, Self::Deployment];

    /// The word in settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Status => "status",
            Self::Comment => "comment",
            Self::Deployment => "deployment",
        }
    }

    /// The permission that a workflow's token needs for it.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Check => "checks: write",
            Self::Status => "statuses: write",
            Self::Comment => "pull-requests: write",
            Self::Deployment => "deployments: write",
        }
    }
}

/// What the words of a setting ask for, in the order in which it is published; `none` outweighs the others.
pub fn places(words: &[String]) -> Vec<Place> {
    let asked = |word: &str| words.iter().any(|asked| asked == word);
    Place::ALL.into_iter().filter(|place| asked(place.word()) && !asked("none")).collect()
}

/// What a check run concludes. `neutral` and `skipped` are left out on purpose: a branch that requires the check takes both
/// for passing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It may go, or has gone.
    Success,
    /// It may not go, or has gone wrong.
    Failure,
    /// Somebody has to do something first.
    ActionRequired,
    /// It was stopped, or somebody else was first.
    Cancelled,
}

impl Conclusion {
    /// What an outcome concludes; without one the run was refused before it began.
    pub fn of(outcome: Option<Outcome>) -> Self {
        use Outcome as O;
        match outcome {
            Some(O::Ready | O::Planned | O::Recorded | O::Promoted | O::Delivered | O::Unchanged) => Self::Success,
            Some(O::Waiting | O::Unconfirmed) => Self::ActionRequired,
            Some(O::Superseded | O::Interrupted) => Self::Cancelled,
            Some(O::Held | O::Unknown | O::Rejected | O::Failed | O::RolledBack | O::Stuck) | None => Self::Failure,
        }
    }
}

/// A check run, which is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Its name, the same for every run of this promotion.
    pub name: String,
    /// The commit that it stands at, 40 hexadecimal digits.
    pub head_sha: String,
    /// What it is known by again: the promotion's id.
    pub external_id: String,
    /// The page that has all.
    pub details_url: Option<String>,
    /// When it was over.
    pub at: Time,
    /// What it came to.
    pub conclusion: Conclusion,
    /// One line, plain.
    pub title: String,
    /// Markdown, at most [`CHECK_TEXT_MAX`] bytes.
    pub summary: String,
    /// Markdown, at most [`CHECK_TEXT_MAX`] bytes; empty: none.
    pub text: String,
    /// Places in the repository's files that explain it.
    pub annotations: Vec<Annotation>,
}

/// Something that is shown at a line of a file. GitHub takes none without a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Annotation {
    /// The file, from the repository's root.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// One line, plain, at most 255 characters.
    pub title: String,
    /// Plain lines.
    pub message: String,
}

/// How a commit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// It may go, or has gone.
    Success,
    /// A definite no.
    Failure,
    /// Something is still open.
    Pending,
    /// It could not be found out or done.
    Error,
}

impl StatusState {
    /// What an outcome means for the commit; without one the run was refused before it began.
    pub fn of(outcome: Option<Outcome>) -> Self {
        use Outcome as O;
        match outcome {
            Some(O::Ready | O::Planned | O::Recorded | O::Promoted | O::Delivered | O::Unchanged) => Self::Success,
            Some(O::Waiting) => Self::Pending,
            Some(O::Held | O::Rejected | O::Failed | O::RolledBack | O::Stuck) => Self::Failure,
            Some(O::Unknown | O::Superseded | O::Unconfirmed | O::Interrupted) | None => Self::Error,
        }
    }
}

/// A commit status: the newest of its context is what counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The commit, 40 hexadecimal digits.
    pub head_sha: String,
    /// What it is of: `promote/app/canary`.
    pub context: String,
    /// How it stands.
    pub state: StatusState,
    /// One line, plain, at most [`DESCRIPTION_MAX`] characters.
    pub description: String,
    /// The page that has all.
    pub target_url: Option<String>,
}

/// A comment of which there is one for each promotion on a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// The first line, which nobody sees, and by which it is found again.
    pub marker: String,
    /// Markdown that begins with the marker, at most [`COMMENT_MAX`] characters.
    pub body: String,
}

/// How a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It is being written, or what came of it is not known yet.
    InProgress,
    /// It is live.
    Success,
    /// It went wrong.
    Failure,
    /// It was live, and was undone.
    Inactive,
}

impl DeploymentState {
    /// What an outcome means for a deployment; `None` where nothing was deployed.
    pub fn of(outcome: Option<Outcome>) -> Option<Self> {
        use Outcome as O;
        match outcome? {
            O::Promoted | O::Delivered | O::Unchanged => Some(Self::Success),
            O::Failed | O::RolledBack | O::Stuck => Some(Self::Failure),
            O::Unconfirmed => Some(Self::InProgress),
            O::Ready
            | O::Planned
            | O::Recorded
            | O::Held
            | O::Unknown
            | O::Rejected
            | O::Waiting
            | O::Superseded
            | O::Interrupted => None,
        }
    }
}

/// A deployment with its present state: one for each promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// The commit that the version was built from, 40 hexadecimal digits.
    pub head_sha: String,
    /// The environment.
    pub environment: String,
    /// What it is known by again: the promotion's id.
    pub promotion: String,
    /// How it stands.
    pub state: DeploymentState,
    /// One line, plain, at most [`DESCRIPTION_MAX`] characters.
    pub description: String,
    /// The page that has all.
    pub log_url: Option<String>,
    /// Where the service can be reached.
    pub environment_url: Option<String>,
}

impl Deployment {
    /// That the promotion which this one undid is no longer live; nothing unless this one is.
    pub fn undoing(&self, undone: &str) -> Option<Self> {
        let description = format!("undone by promotion {}", self.promotion);
        let undone =
            Self { promotion: undone.to_owned(), state: DeploymentState::Inactive, description, ..self.clone() };
        (self.state == DeploymentState::Success).then_some(undone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_name_places_and_nothing_else() {
        for (given, meant) in [
            (&["comment", "check", "comment"][..], &[Place::Check, Place::Comment][..]),
            (&["status", "deployment"], &[Place::Status, Place::Deployment]),
            (&["none", "check"], &[]),
            (&["checks"], &[]),
            (&[], &[]),
        ] {
            assert_eq!(places(&words(given)), meant);
        }
    }

    #[test]
    fn only_an_exit_of_zero_ever_passes() {
        for outcome in Outcome::ALL {
            let passes = outcome.exit_code() == 0;
            assert_eq!(Conclusion::of(Some(outcome)) == Conclusion::Success, passes, "{outcome:?}");
            assert_eq!(StatusState::of(Some(outcome)) == StatusState::Success, passes, "{outcome:?}");
            assert!(passes || DeploymentState::of(Some(outcome)) != Some(DeploymentState::Success), "{outcome:?}");
        }
        assert_eq!(Conclusion::of(None), Conclusion::Failure);
        assert_eq!(StatusState::of(None), StatusState::Error);
        assert_eq!(DeploymentState::of(None), None);
    }

    #[test]
    fn no_conclusion_is_one_that_a_required_check_takes_for_passing() {
        for outcome in Outcome::ALL {
            let word = serde_json::to_value(Conclusion::of(Some(outcome))).unwrap();
            assert!(!["neutral", "skipped", "stale"].contains(&word.as_str().unwrap()), "{word}");
        }
    }
}
