//! The images that the live manifests run: the last proof, since a comparison can be of manifests that are out of date.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// The answer of `managed-resources`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ManagedResources {
    items: Option<Vec<Managed>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Managed {
    /// JSON in a string; empty or `null` where the resource is not there.
    live_state: Option<String>,
}

impl ManagedResources {
    /// The images of all containers and init containers, wherever a kind of workload keeps its pods' template.
    pub(super) fn images(&self) -> BTreeSet<String> {
        let mut images = BTreeSet::new();
        for item in self.items.iter().flatten() {
            let live = item.live_state.as_deref().filter(|text| !text.is_empty());
            // A state that is not JSON holds no container that we could name.
            if let Some(value) = live.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
                collect(&value, &mut images);
            }
        }
        images
    }
}

fn collect(value: &Value, images: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if matches!(key.as_str(), "containers" | "initContainers") {
                    let containers = value.as_array().into_iter().flatten();
                    images.extend(containers.filter_map(|one| Some(one.get("image")?.as_str()?.to_owned())));
                }
                // Of a pod's status come names of what ran, not of what shall run.
                if key != "status" && key != "managedFields" {
                    collect(value, images);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, images)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_workload_shows_its_images() {
        let pod = |image: &str| serde_json::json!({ "spec": { "containers": [{ "name": "a", "image": image }] } });
        let states = [
            serde_json::json!({ "kind": "Deployment", "spec": { "template": pod("d:1") }, "status": pod("not:1") })
                .to_string(),
            serde_json::json!({ "kind": "CronJob", "spec": { "jobTemplate": { "spec": { "template": pod("c:1") } } } })
                .to_string(),
            serde_json::json!({ "kind": "Pod", "spec": { "initContainers": [{ "image": "i:1" }], "containers": [] } })
                .to_string(),
            serde_json::json!({ "kind": "Rollout", "spec": { "template": pod("d:1") } }).to_string(),
            "null".to_owned(),
            String::new(),
            "{".to_owned(),
        ];
        let items: Vec<Value> =
            states.iter().map(|state| serde_json::json!({ "kind": "x", "liveState": state })).collect();
        let answer: ManagedResources = serde_json::from_value(serde_json::json!({ "items": items })).unwrap();
        assert_eq!(answer.images().into_iter().collect::<Vec<_>>(), ["c:1", "d:1", "i:1"]);
        assert!(serde_json::from_str::<ManagedResources>(r#"{"items":null}"#).unwrap().images().is_empty());
    }
}
