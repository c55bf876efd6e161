//! Deployments: one for each promotion, found again by the promotion's id in its payload.
//!
//! A job that names an `environment:` makes a deployment by itself, so that this is only for those that ask for it. Neither may
//! it merge anything, nor is it held by other checks: the gates have decided.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::adapters::github::publish::{Anything, Published, Publisher};
use crate::ports::{Fault, FaultKind};
use crate::promotion::publication::{Deployment, DeploymentState};

/// A deployment as it is found.
#[derive(Deserialize)]
struct Found {
    id: u64,
    /// An object, or JSON in a text.
    #[serde(default)]
    payload: Value,
}

/// What came of making one: without an id GitHub has merged something instead.
#[derive(Deserialize)]
struct Made {
    id: Option<u64>,
}

#[derive(Serialize)]
struct State<'a> {
    state: DeploymentState,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_url: Option<&'a str>,
}

impl Found {
    fn is_of(&self, promotion: &str) -> bool {
        let inner = self.payload.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        inner.as_ref().unwrap_or(&self.payload)["promotion"].as_str() == Some(promotion)
    }
}

impl Publisher<'_> {
    /// Makes the promotion's deployment where there is none yet, and says how it stands. One that was undone is not made for
    /// that.
    pub fn deployment(&self, deployment: &Deployment) -> Result<Published, Fault> {
        let known = self.deployed(deployment)?;
        let (id, came) = match known {
            Some(id) => (id, Published::Updated),
            None if deployment.state == DeploymentState::Inactive => return Ok(Published::Same),
            None => (self.deploy(deployment)?, Published::Made),
        };
        let doing = format!("set the state of the deployment to {}", deployment.environment);
        let route = self.client.route(&["deployments", &id.to_string(), "statuses"]);
        let state = State {
            state: deployment.state,
            description: &deployment.description,
            log_url: deployment.log_url.as_deref(),
            environment_url: deployment.environment_url.as_deref(),
        };
        self.client.post::<Anything>(&doing, &route, &state)?;
        Ok(came)
    }

    fn deployed(&self, deployment: &Deployment) -> Result<Option<u64>, Fault> {
        let doing = format!("find the deployment to {}", deployment.environment);
        let route = self.client.route(&["deployments"]);
        let environment = ("environment", deployment.environment.as_str());
        let sha = ("sha", deployment.head_sha.as_str());
        // What is undone was deployed from another commit than the one that takes its place.
        let query =
            if deployment.state == DeploymentState::Inactive { vec![environment] } else { vec![sha, environment] };
        let all: Vec<Found> = self.client.pages(&doing, &route, &query, None)?;
        Ok(all.iter().find(|one| one.is_of(&deployment.promotion)).map(|one| one.id))
    }

    fn deploy(&self, deployment: &Deployment) -> Result<u64, Fault> {
        let doing = format!("make the deployment to {}", deployment.environment);
        let body = json!({
            "ref": deployment.head_sha,
            "environment": deployment.environment,
            "description": deployment.description,
            "payload": { "promotion": deployment.promotion },
            "auto_merge": false,
            "required_contexts": [],
        });
        match self.client.post::<Made>(&doing, &self.client.route(&["deployments"]), &body) {
            Ok(Made { id: Some(id) }) => Ok(id),
            Ok(Made { id: None }) => {
                let why = "GitHub answered without a deployment, although it was asked not to merge anything";
                Err(Fault::new(FaultKind::Broken, doing, why))
            }
            Err(fault) if fault.kind == FaultKind::Uncertain => self.deployed(deployment)?.ok_or(fault),
            Err(fault) => Err(fault),
        }
    }
}
