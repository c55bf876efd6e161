//! The Application as the API has it: every field where the real one has it, and left out where it is.

use serde_json::{Value, json};

use super::{Op, OpState, Sim};

impl Sim {
    /// The Application, as the API has it.
    pub(crate) fn json(&self, time: &dyn Fn(i64) -> String) -> Value {
        let spec = &self.spec;
        let mut pods = self.cluster.images.clone();
        if self.shown.health != "Healthy" {
            pods.extend(self.cluster.before.clone());
        }
        pods.sort();
        pods.dedup();
        let mut app = json!({
            "metadata": { "name": spec.name, "namespace": "argocd", "resourceVersion": self.version.to_string() },
            "spec": {
                "project": spec.project,
                "source": { "repoURL": spec.repository, "path": spec.path, "targetRevision": spec.branch },
                "destination": { "server": "https://kubernetes.default.svc", "namespace": spec.name },
            },
            "status": {
                "sync": { "status": self.shown.sync, "revision": self.shown.revision },
                "health": { "status": self.shown.health, "lastTransitionTime": time(self.shown.health_since) },
                "reconciledAt": time(self.shown.reconciled),
                "resources": [
                    { "group": "apps", "kind": "Deployment", "name": "app", "status": self.shown.sync,
                      "health": { "status": self.shown.health } },
                    { "kind": "Service", "name": "app", "status": "Synced" },
                ],
                "summary": { "images": pods },
            },
        });
        let entry = |(id, (revision, at)): (usize, &(String, i64))| {
            json!({
                "id": id, "revision": revision, "deployedAt": time(*at), "deployStartedAt": time(*at),
                "source": { "repoURL": spec.repository, "path": spec.path, "targetRevision": spec.branch },
            })
        };
        app["status"]["history"] = self.history.iter().enumerate().map(entry).collect();
        if spec.auto {
            app["spec"]["syncPolicy"] = json!({ "automated": { "prune": true } });
        }
        if spec.behaviour.hydrator {
            app["spec"]["sourceHydrator"] = json!({ "drySource": {} });
        }
        if self.refresh_pending {
            app["metadata"]["annotations"] = json!({ "argocd.argoproj.io/refresh": "normal" });
        }
        if let Some(why) = spec.behaviour.cannot_compare.as_ref().filter(|_| self.shown.sync == "Unknown") {
            app["status"]["conditions"] = json!([{ "type": "ComparisonError", "message": why }]);
        }
        if let Some(op) = &self.op {
            app["operation"] = op.json();
        }
        if let Some(state) = &self.state {
            app["status"]["operationState"] = state.json(time);
        }
        app
    }
}

impl Op {
    fn json(&self) -> Value {
        let mut op = json!({ "sync": {} });
        if !self.infos.is_null() {
            op["info"] = self.infos.clone();
        }
        if let Some(revision) = &self.revision {
            op["sync"]["revision"] = json!(revision);
        }
        op["initiatedBy"] = match &self.by {
            Some(user) => json!({ "username": user }),
            None => json!({ "automated": true }),
        };
        op
    }
}

impl OpState {
    fn json(&self, time: &dyn Fn(i64) -> String) -> Value {
        let mut state = json!({
            "operation": self.op.json(),
            "phase": self.phase,
            "message": self.message,
            "syncResult": { "revision": self.revision, "resources": [] },
        });
        if let Some(finished) = self.finished {
            state["finishedAt"] = json!(time(finished));
        }
        if self.retries > 0 {
            state["retryCount"] = json!(self.retries);
        }
        if self.phase == "Failed" {
            state["syncResult"]["resources"] = json!([
                { "group": "apps", "kind": "Deployment", "name": "app", "status": "SyncFailed", "message": self.message }
            ]);
        }
        state
    }
}
