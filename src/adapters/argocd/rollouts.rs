//! Argo Rollouts, read and told through Argo CD's API: the live object of a resource, and its resource actions.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::argocd::server::Ask;
use crate::adapters::argocd::{ArgoCd, place};
use crate::ports::{Fault, FaultKind};
use crate::promotion::live::rollout::{Rollout, RolloutAction};
use crate::promotion::rules::App;

/// The API group of Rollouts.
const GROUP: &str = "argoproj.io";
/// Their kind.
const KIND: &str = "Rollout";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tree {
    nodes: Option<Vec<Node>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Node {
    group: Option<String>,
    version: Option<String>,
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    health: Option<NodeHealth>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NodeHealth {
    status: Option<String>,
}

/// The live object: JSON in a string.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Live {
    manifest: Option<String>,
}

impl ArgoCd {
    fn tree(&self, app: &App) -> Result<Vec<Node>, Fault> {
        let doing = format!("read the resources of {} from Argo CD", app.name);
        let path = ["api", "v1", "applications", &app.name, "resource-tree"];
        let reply = self.server(app)?.ask(&Ask::get(&doing, &path, &place(app)))?;
        if !reply.ok() {
            return Err(self.refusal(app, &reply, &doing));
        }
        Ok(reply.granted::<Tree>(&doing)?.nodes.unwrap_or_default())
    }

    /// The Rollouts of an application, each as it is now.
    pub(super) fn read_rollouts(&self, app: &App) -> Result<Vec<Rollout>, Fault> {
        let is_one = |node: &Node| node.kind.as_deref() == Some(KIND) && node.group.as_deref() == Some(GROUP);
        self.tree(app)?.iter().filter(|node| is_one(node)).map(|node| self.read_rollout(app, node)).collect()
    }

    /// How many of an application's pods are well.
    pub(super) fn count_pods(&self, app: &App) -> Result<u64, Fault> {
        let is_well = |node: &&Node| {
            let health = node.health.as_ref().and_then(|health| health.status.as_deref());
            node.kind.as_deref() == Some("Pod") && health == Some("Healthy")
        };
        Ok(self.tree(app)?.iter().filter(is_well).count() as u64)
    }

    fn read_rollout(&self, app: &App, node: &Node) -> Result<Rollout, Fault> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let (name, namespace, version) = (text(&node.name), text(&node.namespace), text(&node.version));
        let doing = format!("read Rollout {name} of {} from Argo CD", app.name);
        let path = ["api", "v1", "applications", &app.name, "resource"];
        let query = query(app, &name, &namespace, &version);
        let reply = self.server(app)?.ask(&Ask::get(&doing, &path, &query))?;
        if !reply.ok() {
            return Err(self.refusal(app, &reply, &doing));
        }
        let live = reply.granted::<Live>(&doing)?.manifest.unwrap_or_default();
        let object: Value = serde_json::from_str(&live).map_err(|error| {
            Fault::new(FaultKind::Broken, &doing, format!("its live manifest is no JSON that can be read: {error}"))
        })?;
        Ok(meaning(&object, name, namespace, version))
    }

    /// Tells a Rollout to do something. From v3.1 on the action stands in the body; before, the body is its name alone.
    pub(super) fn tell_rollout(&self, app: &App, rollout: &Rollout, action: RolloutAction) -> Result<(), Fault> {
        let Rollout { name, namespace, version, .. } = rollout;
        let doing = format!("{} Rollout {name} of {}", action.word(), app.name);
        let server = self.server(app)?;
        let mut body = json!({
            "namespace": namespace, "resourceName": name, "version": version, "group": GROUP, "kind": KIND,
            "action": action.word(),
        });
        for (name, value) in place(app) {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let path = ["api", "v1", "applications", &app.name, "resource", "actions", "v2"];
        let ask = Ask { method: Method::POST, body: Some(body), ..Ask::get(&doing, &path, &[]) };
        let reply = match server.ask(&ask) {
            Ok(reply) if reply.status != 404 => reply,
            // An unknown route answers in plain text, which is no answer of the API; and so may an unknown application.
            Err(fault) if fault.kind != FaultKind::Broken => return Err(fault),
            Ok(_) | Err(_) => {
                let path = ["api", "v1", "applications", &app.name, "resource", "actions"];
                let query = query(app, name, namespace, version);
                let body = Some(json!(action.word()));
                server.ask(&Ask { method: Method::POST, body, ..Ask::get(&doing, &path, &query) })?
            }
        };
        if reply.ok() {
            return Ok(());
        }
        let fault = self.refusal(app, &reply, &doing);
        let right = format!("applications, action/{GROUP}/{KIND}/{}, {}/{}", action.word(), "<project>", app.name);
        Err(match fault.kind {
            FaultKind::Denied => fault.hint(format!("grant it: p, <role>, {right}, allow")),
            _ => fault,
        })
    }
}

fn query<'a>(app: &'a App, name: &'a str, namespace: &'a str, version: &'a str) -> Vec<(&'a str, Option<&'a str>)> {
    let mut query = place(app).to_vec();
    query.extend([
        ("namespace", Some(namespace)),
        ("resourceName", Some(name)),
        ("version", Some(version)),
        ("group", Some(GROUP)),
        ("kind", Some(KIND)),
    ]);
    query
}

/// What a live object means. Nothing in it is required.
fn meaning(object: &Value, name: String, namespace: String, version: String) -> Rollout {
    let (spec, status) = (&object["spec"], &object["status"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let message = text(&status["message"]).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect();
    let steps = spec["strategy"]["canary"]["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let step = status["currentStepIndex"].as_u64();
    let pauses = status["pauseConditions"].as_array().is_some_and(|pauses| !pauses.is_empty());
    let (pod, stable) = (status["currentPodHash"].as_str(), status["stableRS"].as_str());
    // Until the controller has seen the new manifest, its status speaks of the one before.
    let observed = match (&status["observedGeneration"], object["metadata"]["generation"].as_u64()) {
        (Value::String(seen), Some(wanted)) => *seen == wanted.to_string(),
        _ => true,
    };
    let by_hand = spec["paused"].as_bool().unwrap_or(false);
    let aborted = status["abort"].as_bool().unwrap_or(false);
    // The last weight that was set; its share of the pods comes near it where no router splits the traffic.
    let set = steps.iter().take(usize::try_from(step.unwrap_or(0)).unwrap_or(usize::MAX));
    let set = set.filter_map(|step| step["setWeight"].as_u64()).next_back();
    let full = observed && pod.is_some() && pod == stable;
    let weight = match status["canary"]["weights"]["canary"]["weight"].as_u64() {
        Some(weight) => Some(weight),
        None if full => Some(100),
        None if steps.is_empty() => None,
        None => Some(set.unwrap_or(0)),
    };
    Rollout {
        name,
        namespace,
        version,
        phase: text(&status["phase"]),
        message,
        step,
        steps: steps.len() as u64,
        weight: if aborted { Some(0) } else { weight },
        paused: pauses || status["controllerPause"].as_bool().unwrap_or(false) || by_hand,
        by_hand,
        aborted,
        full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(object: &Value) -> Rollout {
        meaning(object, "app".to_owned(), "prod".to_owned(), "v1alpha1".to_owned())
    }

    fn canary(status: &Value) -> Value {
        let steps =
            json!([{ "setWeight": 10 }, { "pause": {} }, { "setWeight": 50 }, { "pause": { "duration": "10m" } }]);
        json!({ "metadata": { "generation": 7 }, "spec": { "strategy": { "canary": { "steps": steps } } }, "status": status })
    }

    #[test]
    fn a_pause_knows_its_step_and_weight() {
        let status = json!({
            "phase": "Paused", "message": "CanaryPauseStep", "observedGeneration": "7", "currentStepIndex": 3,
            "currentPodHash": "new", "stableRS": "old", "controllerPause": true,
            "pauseConditions": [{ "reason": "CanaryPauseStep" }],
        });
        let seen = rollout(&canary(&status));
        assert_eq!((seen.step, seen.steps, seen.weight), (Some(3), 4, Some(50)));
        assert!(seen.paused && seen.is_in_progress());
        let mut routed = status;
        routed["canary"] = json!({ "weights": { "canary": { "weight": 42 } } });
        assert_eq!(rollout(&canary(&routed)).weight, Some(42), "the router knows better");
    }

    #[test]
    fn what_was_seen_of_an_older_manifest_is_not_through() {
        let status = |seen: &str| json!({ "phase": "Healthy", "observedGeneration": seen, "currentPodHash": "old", "stableRS": "old" });
        assert!(rollout(&canary(&status("7"))).full);
        assert!(!rollout(&canary(&status("6"))).full);
        assert_eq!(rollout(&canary(&status("7"))).weight, Some(100));
    }

    #[test]
    fn an_abort_has_no_weight_and_nothing_is_required() {
        let aborted =
            rollout(&canary(&json!({ "abort": true, "phase": "Degraded", "message": "RolloutAborted: \n why" })));
        assert_eq!((aborted.aborted, aborted.weight, aborted.message.as_str()), (true, Some(0), "RolloutAborted: why"));
        let nothing = rollout(&json!({}));
        assert_eq!((nothing.weight, nothing.step, nothing.full, nothing.paused), (None, None, false, false));
    }
}
