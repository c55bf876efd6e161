//! What GitHub knows of a repository that is to be written to, before anything is written to it.
//!
//! Only a definite no is a fault here. Where the API does not tell (another token, a rate limit, an outage), git's own
//! answer decides: this check comes after it and adds to it.

use octocrab::service::middleware::retry::RetryConfig;
use octocrab::{Error, Octocrab};
use serde::Deserialize;

use crate::adapters::http::{Http, fault, sensitive};
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// A repository on GitHub.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Where the API is: `https://api.github.com`, or `GITHUB_API_URL`.
    pub api: String,
    /// The owner.
    pub owner: String,
    /// The name.
    pub name: String,
    /// The token, if there is one.
    pub token: Option<Secret>,
    /// The variable that it comes from, for hints: `GITOPS_TOKEN`.
    pub token_name: String,
}

/// The part of `GET /repos/{owner}/{repo}` that matters here.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
    permissions: Option<Permissions>,
}

/// The role of the token's user.
#[derive(Debug, Deserialize)]
struct Permissions {
    #[serde(default)]
    pull: bool,
    #[serde(default)]
    push: bool,
}

impl Repository {
    /// Checks that the repository can be written to at all, and by this token's user. `Denied` if not.
    pub fn preflight(&self, http: &Http) -> Result<(), Fault> {
        if let Some(token) = &self.token {
            // octocrab panics on a token that no header can carry.
            sensitive("Bearer ", token)?;
        }
        let answer = http.handle().block_on(async { self.ask(http).await });
        match answer {
            Ok(answer) => self.judge(&answer),
            Err(error) => {
                tracing::debug!(
                    why = said(&error),
                    "GitHub's API does not tell whether the repository can be written to"
                );
                Ok(())
            }
        }
    }

    async fn ask(&self, http: &Http) -> Result<Answer, Error> {
        // Its own retries would repeat writes too; reads here are worth one try.
        let builder = Octocrab::builder().add_retry_config(RetryConfig::None).base_uri(self.api.as_str())?;
        let builder = match &self.token {
            Some(token) => builder.personal_token(token.expose().to_owned()),
            None => builder,
        };
        let github = builder.build_with_reqwest(http.client().clone())?;
        github.get(format!("/repos/{}/{}", self.owner, self.name), None::<&()>).await
    }

    fn judge(&self, answer: &Answer) -> Result<(), Fault> {
        let no =
            |why: &str| Fault::new(FaultKind::Denied, format!("prepare a push to {}/{}", self.owner, self.name), why);
        if answer.archived {
            return Err(
                no("the repository is archived, and so read-only").hint("unarchive it, or name another repository")
            );
        }
        if answer.disabled {
            return Err(no("GitHub has disabled the repository").hint("its owner can see why in its settings"));
        }
        // An app's token has no user, and so no role: GitHub says `push: false` for it whatever it may do.
        let app = self.token.as_ref().is_some_and(|token| token.expose().starts_with("ghs_"));
        match &answer.permissions {
            Some(role) if !app && role.pull && !role.push => Err(no(
                "the token's user may read the repository, but not push to it",
            )
            .hint(format!("give the user of {} the write role, or use a token of one who has it", self.token_name))),
            _ => Ok(()),
        }
    }
}

/// An error in words, without its backtrace.
fn said(error: &Error) -> String {
    match error {
        Error::GitHub { source, .. } => format!("{}: {}", source.status_code, source.message),
        other => fault::chain(other),
    }
}
