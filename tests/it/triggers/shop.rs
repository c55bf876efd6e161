//! A service that is promoted from dev to staging, and what Prometheus and Alertmanager say of it: that depends on the version that
//! staging pins.

use std::sync::{Arc, Mutex};

use crate::harness::{REPOSITORY, RULES, Ran, Sandbox};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::AppSpec;
use crate::world::bare::Bare;
use crate::world::canned::Canned;

const STAGING: &str = "k8s/overlays/staging/kustomization.yaml";

/// What is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// One request of twenty fails.
    Errors,
    /// A critical alert fires.
    Alert,
}

/// What Prometheus answers with when it cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outage {
    /// The connection is closed.
    Closed,
    /// 422: it cannot execute the query.
    Refuses,
    /// 503.
    Unavailable,
    /// A login page, with status 200.
    Page,
    /// The beginning of an answer.
    Half,
}

/// What happens under which version; under every one, if none is named.
#[derive(Debug, Clone, Default)]
struct Weather {
    bad: Option<(Option<&'static str>, Mood)>,
    out: Option<(&'static str, Outage)>,
}

/// The service, and the servers around it.
pub(super) struct Shop {
    sandbox: Sandbox,
    weather: Arc<Mutex<Weather>>,
    _servers: [Canned; 2],
}

impl Shop {
    /// With these gates after the sync, and this rule on rollbacks.
    pub(super) fn new(gates: &str, rollback: &str) -> Self {
        Self::with(gates, "", rollback)
    }

    /// The same, under watch.
    pub(super) fn watched(gates: &str, rollback: &str) -> Self {
        Self::with(gates, "watch: 24h, ", rollback)
    }

    fn with(gates: &str, watch: &str, rollback: &str) -> Self {
        let pin = |tag: &str| format!("images:\n  - name: app\n    newTag: \"{tag}\"\n");
        let (dev, staging) = (pin("1.20"), pin("1.10"));
        let mut sandbox = Sandbox::new(&[("k8s/overlays/dev/kustomization.yaml", &dev), (STAGING, &staging)]);
        let (trigger, _) = gates.split_once(':').unwrap();
        let rollback =
            if rollback.is_empty() { format!("rollback: {{ on: [{trigger}] }}") } else { rollback.to_owned() };
        sandbox.write(
            RULES,
            format!(
                "version: 1\nservice: app\nenvironments:\n  dev: {{ path: k8s/overlays/dev }}\n  \
                 staging: {{ path: k8s/overlays/staging, argocd: app-staging }}\nevidence:\n  unit: artifacts/unit.xml\n  \
                 slo:\n    prometheus:\n      window: 1h\n      objective: 99.9%\n      queries:\n        \
                 requests: 'sum(increase(asked{{env=\"{{environment}}\"}}[{{window}}]))'\n        \
                 errors: 'sum(increase(failed{{env=\"{{environment}}\"}}[{{window}}]))'\n  \
                 alerts: {{ alertmanager: {{ matchers: ['env=\"{{environment}}\"'] }} }}\npromotions:\n  - from: dev\n    \
                 to: staging\n    gates: {{ tests: {{ required: [unit] }} }}\n    verify: {{ settle: 1500ms, grace: 400ms, \
                 timeout: 3s, {watch}gates: {{ {gates} }} }}\n    {rollback}\n"
            ),
        );
        sandbox.write("artifacts/unit.xml", "<testsuite name='u'><testcase classname='a' name='b'/></testsuite>");
        let weather = Arc::new(Mutex::new(Weather::default()));
        let at = |answer: fn(&Weather, &str, &str) -> Vec<u8>| {
            let (weather, gitops) = (Arc::clone(&weather), Arc::clone(&sandbox.gitops));
            Canned::told(move |_, head, body| {
                answer(&weather.lock().unwrap(), &pinned(&gitops), &format!("{head}\n{body}"))
            })
        };
        let servers = [at(prometheus), at(alertmanager)];
        sandbox.set("PROMETHEUS_URL", servers[0].url(""));
        sandbox.set("ALERTMANAGER_URL", servers[1].url(""));
        sandbox.set("FROM_ENV", "dev");
        sandbox.set("TO_ENV", "staging");
        let mut spec = AppSpec::deploying("app-staging", &sandbox.gitops.path(), "main", "k8s/overlays/staging");
        REPOSITORY.clone_into(&mut spec.repository);
        sandbox.argo(ArgoBuilder::new().step(1500).app(spec));
        Self { sandbox, weather, _servers: servers }
    }

    pub(super) fn promote(&self, args: &[&str]) -> Ran {
        self.sandbox.promote(args)
    }

    /// From now on all is well.
    pub(super) fn well(&self) {
        *self.weather.lock().unwrap() = Weather::default();
    }

    /// This is bad while staging pins the version, and all is well otherwise.
    pub(super) fn bad_with(&self, version: &'static str, mood: Mood) {
        *self.weather.lock().unwrap() = Weather { bad: Some((Some(version), mood)), out: None };
    }

    /// This is bad whatever staging pins.
    pub(super) fn always_bad(&self, mood: Mood) {
        *self.weather.lock().unwrap() = Weather { bad: Some((None, mood)), out: None };
    }

    /// Prometheus cannot say anything while staging pins the version.
    pub(super) fn out_with(&self, version: &'static str, outage: Outage) {
        *self.weather.lock().unwrap() = Weather { bad: None, out: Some((version, outage)) };
    }

    /// Whether staging pins a version.
    pub(super) fn pins(&self, version: &str) -> bool {
        pinned(&self.sandbox.gitops).contains(version)
    }

    /// Somebody pins a version by hand.
    pub(super) fn pin(&self, version: &str) {
        let text = format!("images:\n  - name: app\n    newTag: \"{version}\"\n");
        self.sandbox.gitops.commit("main", &[(STAGING, text.as_bytes())], "Pin it by hand");
    }

    pub(super) fn tip(&self) -> Option<String> {
        self.sandbox.gitops.tip("main")
    }

    /// How many syncs were asked for.
    pub(super) fn syncs(&self) -> usize {
        let asked = self.sandbox.argo_cd().unwrap().requests();
        asked.iter().filter(|request| request.starts_with("POST") && request.ends_with("/sync")).count()
    }
}

fn pinned(gitops: &Bare) -> String {
    gitops.text("main", STAGING).unwrap_or_default()
}

impl Weather {
    fn is_bad(&self, pinned: &str, mood: Mood) -> bool {
        self.bad.is_some_and(|(version, bad)| bad == mood && version.is_none_or(|version| pinned.contains(version)))
    }
}

fn json(body: &str) -> Vec<u8> {
    Canned::answer("200 OK", "content-type: application/json\r\n", body)
}

fn prometheus(weather: &Weather, pinned: &str, request: &str) -> Vec<u8> {
    let now = jiff::Timestamp::now().as_millisecond();
    let now = format!("{}.{:03}", now / 1000, now % 1000);
    let vector = |value: u32| {
        json(&format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{now},"{value}"]}}]}}}}"#
        ))
    };
    let out = weather.out.filter(|(version, _)| pinned.contains(version)).map(|(_, outage)| outage);
    match out {
        Some(Outage::Closed) => Vec::new(),
        Some(Outage::Refuses) => Canned::answer(
            "422 Unprocessable Entity",
            "content-type: application/json\r\n",
            r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples"}"#,
        ),
        Some(Outage::Unavailable) => Canned::answer("503 Service Unavailable", "content-type: text/plain\r\n", "no"),
        Some(Outage::Page) => Canned::answer("200 OK", "content-type: text/html\r\n", "<title>Sign in</title>"),
        Some(Outage::Half) => {
            let mut whole = vector(1000);
            whole.truncate(whole.len() - 20);
            whole
        }
        None if request.contains("time%28%29") => {
            json(&format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[{now},"{now}"]}}}}"#))
        }
        None if request.contains("failed") => vector(if weather.is_bad(pinned, Mood::Errors) { 50 } else { 0 }),
        None => vector(1000),
    }
}

fn alertmanager(weather: &Weather, pinned: &str, request: &str) -> Vec<u8> {
    if request.contains("/api/v2/status") {
        return json(r#"{"cluster":{"status":"ready"}}"#);
    }
    if !weather.is_bad(pinned, Mood::Alert) {
        return json("[]");
    }
    json(
        r#"[{"labels":{"alertname":"HighErrorRate","severity":"critical","env":"staging"},"annotations":{},
            "fingerprint":"f1","startsAt":"2026-11-21T10:00:00Z","status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}]"#,
    )
}
