//! A service that is promoted from dev to staging, and what Argo CD, Prometheus, Alertmanager and the service itself say of it: that
//! depends on the version that staging pins.

use std::sync::{Arc, Mutex};

use super::weather::{Mood, Outage, Weather, alertmanager, prometheus, service};
use crate::harness::{REPOSITORY, RULES, Ran, Sandbox};
use crate::world::argo::behaviour::{AppSpec, Away, Behaviour, Step};
use crate::world::argo::{Argo, ArgoBuilder};
use crate::world::bare::Bare;
use crate::world::canned::Canned;

const STAGING: &str = "k8s/overlays/staging/kustomization.yaml";
const APP: &str = "app-staging";

/// What the rules say, and what the application is.
#[derive(Clone, Default)]
pub(super) struct Terms<'a> {
    /// Gates on dev, beside its tests.
    pub(super) gates: &'a str,
    /// What `verify:` says beside its times. `SERVICE` is the service's address.
    pub(super) verify: &'a str,
    /// Until when it is waited; 3 s where that is empty.
    pub(super) timeout: &'a str,
    /// `rollback:`.
    pub(super) rollback: &'a str,
    /// What the application in staging does beyond the usual.
    pub(super) app: Behaviour,
}

/// The service, and the servers around it.
pub(super) struct Shop {
    sandbox: Sandbox,
    weather: Arc<Mutex<Weather>>,
    _servers: [Canned; 3],
}

impl Shop {
    /// With this verification, of which this trigger leads back.
    pub(super) fn new(trigger: &str, verify: &str) -> Self {
        Self::of(&Terms { verify, rollback: &format!("{{ on: [{trigger}] }}"), ..Terms::default() })
    }

    pub(super) fn of(terms: &Terms<'_>) -> Self {
        let pin = |tag: &str| format!("images:\n  - name: app\n    newTag: \"{tag}\"\n");
        let (dev, staging) = (pin("1.20"), pin("1.10"));
        let mut sandbox = Sandbox::new(&[("k8s/overlays/dev/kustomization.yaml", &dev), (STAGING, &staging)]);
        let weather = Arc::new(Mutex::new(Weather::default()));
        let at = |answer: fn(&Weather, &str, &str) -> Vec<u8>| {
            let (weather, gitops) = (Arc::clone(&weather), Arc::clone(&sandbox.gitops));
            Canned::told(move |_, head, body| {
                answer(&weather.lock().unwrap(), &pinned(&gitops), &format!("{head}\n{body}"))
            })
        };
        let servers = [at(prometheus), at(alertmanager), at(service)];
        sandbox.write(RULES, rules(terms, &servers[2].url("")));
        sandbox.write("artifacts/unit.xml", "<testsuite name='u'><testcase classname='a' name='b'/></testsuite>");
        sandbox.set("PROMETHEUS_URL", servers[0].url(""));
        sandbox.set("ALERTMANAGER_URL", servers[1].url(""));
        sandbox.set("FROM_ENV", "dev");
        sandbox.set("TO_ENV", "staging");
        let mut spec = AppSpec::deploying(APP, &sandbox.gitops.path(), "main", "k8s/overlays/staging");
        REPOSITORY.clone_into(&mut spec.repository);
        spec.behaviour = terms.app.clone();
        sandbox.argo(ArgoBuilder::new().step(1500).app(spec));
        Self { sandbox, weather, _servers: servers }
    }

    pub(super) fn promote(&self, args: &[&str]) -> Ran {
        self.sandbox.promote(args)
    }

    /// From now on all is well.
    pub(super) fn well(&self) {
        *self.weather.lock().unwrap() = Weather::default();
        self.argo().behaves(APP, |app| (app.bad, app.away) = (None, None));
    }

    /// This is bad while staging pins the version, and all is well otherwise.
    pub(super) fn bad_with(&self, version: &'static str, mood: Mood) {
        self.well();
        self.weather.lock().unwrap().bad = Some((Some(version), mood));
        if mood == Mood::Degraded {
            let rollout = vec![(0, "Progressing"), (2000, "Degraded")];
            self.argo().behaves(APP, |app| app.bad = Some((format!(":{version}"), rollout)));
        }
    }

    /// This is bad whatever staging pins.
    pub(super) fn always_bad(&self, mood: Mood) {
        self.well();
        self.weather.lock().unwrap().bad = Some((None, mood));
        if mood == Mood::Degraded {
            self.argo().degrade(APP);
        }
    }

    /// Prometheus cannot say anything while staging pins the version.
    pub(super) fn out_with(&self, version: &'static str, outage: Outage) {
        self.well();
        self.weather.lock().unwrap().out = Some((version, outage));
    }

    /// Argo CD cannot be asked anything while staging pins the version, whatever else is bad.
    pub(super) fn argo_away_with(&self, version: &str, away: Away) {
        self.argo().behaves(APP, |app| app.away = Some((format!(":{version}"), away)));
    }

    /// Whether staging pins a version.
    pub(super) fn pins(&self, version: &str) -> bool {
        pinned(&self.sandbox.gitops).contains(version)
    }

    /// Whether staging really runs a version, and well.
    pub(super) fn runs(&self, version: &str) -> bool {
        self.argo().runs(APP, &format!("app:{version}"))
    }

    /// Somebody pins a version by hand.
    pub(super) fn pin(&self, version: &str) {
        let text = format!("images:\n  - name: app\n    newTag: \"{version}\"\n");
        self.sandbox.gitops.commit("main", &[(STAGING, text.as_bytes())], "Pin it by hand");
    }

    /// Everything that can be written: the branch's tip, what Argo CD was told to do, and the files of the ledger.
    pub(super) fn written(&self) -> (Option<String>, Vec<String>, usize) {
        let is_kept = |path: &std::path::Path| {
            let mut parts = path.components().map(|part| part.as_os_str());
            parts.any(|part| part == ".promote") && !parts.any(|part| part == "locks")
        };
        let files = self.sandbox.files();
        (self.sandbox.gitops.tip("main"), self.told(), files.keys().filter(|path| is_kept(path)).count())
    }

    /// What Argo CD was told to do, and took on: `sync`, `terminate`, and the names of what a Rollout is told.
    pub(super) fn told(&self) -> Vec<String> {
        self.argo().told(APP)
    }

    /// From now on the application's Rollout takes these steps.
    pub(super) fn steps(&self, steps: &[Step]) {
        self.argo().behaves(APP, |app| app.canary = Some(steps.to_vec()));
    }

    fn argo(&self) -> &Argo {
        self.sandbox.argo_cd().unwrap()
    }
}

fn rules(terms: &Terms<'_>, service: &str) -> String {
    let Terms { gates, verify, rollback, .. } = terms;
    let timeout = if terms.timeout.is_empty() { "3s" } else { terms.timeout };
    let verify = verify.replace("SERVICE", service);
    format!(
        "version: 1
service: app
environments:
  dev: {{ path: k8s/overlays/dev }}
  staging: {{ path: k8s/overlays/staging, argocd: {APP} }}
evidence:
  unit: artifacts/unit.xml
  slo:
    prometheus:
      window: 1h
      objective: 99.9%
      queries:
        requests: 'sum(increase(asked{{env=\"{{environment}}\"}}[{{window}}]))'
        errors: 'sum(increase(failed{{env=\"{{environment}}\"}}[{{window}}]))'
  alerts: {{ alertmanager: {{ matchers: ['env=\"{{environment}}\"'] }} }}
promotions:
  - from: dev
    to: staging
    auto_promote: true
    gates: {{ tests: {{ required: [unit] }}, {gates} }}
    verify: {{ settle: 1500ms, grace: 400ms, timeout: {timeout}, {verify} }}
    rollback: {rollback}
"
    )
}

fn pinned(gitops: &Bare) -> String {
    gitops.text("main", STAGING).unwrap_or_default()
}
