//! GitHub as a run knows it: where its API is logged in to, and which workflow run this is.

use std::path::PathBuf;

use serde_json::Value;

use crate::adapters::secret::Secret;
use crate::app::settings::sources::{SettingFault, Sources};

/// GitHub's API and the run that this is.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// The repository that promote runs for: `GITHUB_REPOSITORY`.
    pub repository: String,
    /// The token.
    pub token: Option<Secret>,
    /// A GitHub App to log in as.
    pub app_id: Option<String>,
    /// Its private key.
    pub app_private_key: Option<Secret>,
    /// The workflow run; absent outside GitHub Actions.
    pub run: Option<WorkflowRun>,
    /// The pull request (or issue) that shows the promotion.
    pub pull_request: Option<u64>,
    /// The commit that the run is about: of a pull request its head, else `GITHUB_SHA`.
    pub head_sha: Option<String>,
    /// What GitHub is told; empty: what fits.
    pub publish: Vec<String>,
}

/// The workflow run that this is.
#[derive(Debug, Clone, Default)]
pub struct WorkflowRun {
    /// Its number.
    pub id: u64,
    /// Which attempt.
    pub attempt: u32,
    /// What started it.
    pub event: String,
    /// The logins of whoever started it and whoever started this attempt.
    pub started_by: Vec<String>,
    /// The run that led to this one, where it was started by `workflow_run`.
    pub led_by: Option<u64>,
    /// The branch or tag, as a ref: `refs/heads/main`.
    pub git_ref: Option<String>,
}

/// What a run may tell GitHub.
const PUBLISH: [&str; 5] = ["check", "status", "comment", "deployment", "none"];

impl Sources {
    /// What is known of GitHub; `None` where no repository is known.
    pub(super) fn github(&self) -> Result<Option<GitHub>, SettingFault> {
        let Some(repository) = self.variable("GITHUB_REPOSITORY") else { return Ok(None) };
        let event = self.event();
        let in_actions = self.variable("GITHUB_ACTIONS").as_deref() == Some("true");
        let number = |value: &Value| value.as_u64();
        let of_event = event
            .as_ref()
            .and_then(|event| number(&event["pull_request"]["number"]).or_else(|| number(&event["issue"]["number"])));
        let head = event.as_ref().and_then(|event| event["pull_request"]["head"]["sha"].as_str().map(str::to_owned));
        Ok(Some(GitHub {
            repository,
            token: self.secret("github-token"),
            app_id: self.text("app-id"),
            app_private_key: self.secret("app-private-key"),
            run: if in_actions { self.workflow_run(event.as_ref()) } else { None },
            pull_request: self.number("pull-request")?.or(of_event),
            head_sha: head.or_else(|| self.variable("GITHUB_SHA")),
            publish: self.words("publish", &PUBLISH)?,
        }))
    }

    fn workflow_run(&self, event: Option<&Value>) -> Option<WorkflowRun> {
        let number = |name: &str| self.variable(name)?.parse::<u64>().ok();
        let started_by = ["GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"];
        Some(WorkflowRun {
            id: number("GITHUB_RUN_ID")?,
            attempt: number("GITHUB_RUN_ATTEMPT").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            event: self.variable("GITHUB_EVENT_NAME").unwrap_or_default(),
            started_by: started_by.iter().filter_map(|name| self.variable(name)).collect(),
            led_by: event.and_then(|event| event["workflow_run"]["id"].as_u64()),
            git_ref: self.variable("GITHUB_REF"),
        })
    }

    /// The event that started the run, as GitHub left it in a file. What cannot be read is no event: nothing is believed of it
    /// that is not asked of GitHub again.
    fn event(&self) -> Option<Value> {
        let path = PathBuf::from(self.variable("GITHUB_EVENT_PATH")?);
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    fn number(&self, name: &str) -> Result<Option<u64>, SettingFault> {
        let Some((from, value)) = self.find(name) else { return Ok(None) };
        let fault = || SettingFault { name: from, value: value.to_owned(), expected: "a number" };
        value.trim_start_matches('#').parse().map(Some).map_err(|_| fault())
    }

    /// Words of a list, apart by spaces or commas.
    fn words(&self, name: &str, known: &[&str]) -> Result<Vec<String>, SettingFault> {
        let Some((from, value)) = self.find(name) else { return Ok(Vec::new()) };
        let words = value.split([',', ' ', '\n']).map(str::trim).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
        if words.iter().all(|word| known.contains(&word.as_str())) {
            return Ok(words);
        }
        let expected = "a list of `check`, `status`, `comment` and `deployment`, or `none`";
        Err(SettingFault { name: from, value: value.to_owned(), expected })
    }
}
