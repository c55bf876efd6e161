//! The gate `canary` of a promotion: the canary environment beside the one that it is to replace, over the same time.

use std::sync::{Arc, Mutex};

use crate::harness::{REPOSITORY, RULES, Sandbox};
use crate::order::ends;
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::AppSpec;
use crate::world::canned::Canned;

/// Requests, and those of them that failed.
type Counts = (u32, u32);

/// What Prometheus counts in the canary and in production, and the questions that it was asked.
#[derive(Default)]
struct Counted {
    canary: Counts,
    production: Counts,
    asked: Vec<String>,
}

/// A version that is verified in the canary, and is to replace another in production.
struct Stage {
    sandbox: Sandbox,
    counted: Arc<Mutex<Counted>>,
    _prometheus: Canned,
}

const PROMETHEUS: &str = "
evidence:
  unit: artifacts/unit.xml
  slo:
    prometheus:
      window: 1h
      queries:
        requests: 'sum(increase(asked{env=\"{environment}\"}[{window}]))'
        errors: 'sum(increase(failed{env=\"{environment}\"}[{window}]))'
";

impl Stage {
    fn new() -> Self {
        let environments = [("dev", "1.20"), ("canary", "1.10"), ("production", "1.10")];
        let path = |name: &str| format!("k8s/overlays/{name}");
        let files = environments.map(|(name, tag)| {
            (path(name) + "/kustomization.yaml", format!("images:\n  - name: app\n    newTag: \"{tag}\"\n"))
        });
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut sandbox = Sandbox::new(&files);
        let of = |name: &str| format!("  {name}: {{ path: {}, argocd: app-{name} }}\n", path(name));
        let rules = format!(
            "version: 1\nservice: app\nenvironments:\n{}{}{}{}promotions:\n  - from: dev\n    to: canary\n    \
             gates: {{ tests: {{ required: [unit] }} }}\n    verify: {{ settle: 1s, grace: 1s, timeout: 30s }}\n  \
             - from: canary\n    to: production\n    gates:\n      \
             canary: {{ from: [slo], error_rate_increase_max: 1%, traffic_min: 10% }}\n    \
             verify: {{ settle: 1s, grace: 1s, timeout: 30s }}\n",
            of("dev"),
            of("canary"),
            of("production"),
            PROMETHEUS.trim_start()
        );
        sandbox.write(RULES, rules);
        sandbox.write("artifacts/unit.xml", "<testsuite name='u'><testcase classname='a' name='b'/></testsuite>");
        let mut argo = ArgoBuilder::new().step(1500);
        for (name, _) in environments {
            let mut spec = AppSpec::deploying(&format!("app-{name}"), &sandbox.gitops.path(), "main", &path(name));
            REPOSITORY.clone_into(&mut spec.repository);
            argo = argo.app(spec);
        }
        sandbox.argo(argo);
        let counted = Arc::new(Mutex::new(Counted::default()));
        let shared = Arc::clone(&counted);
        let prometheus = Canned::told(move |_, _, body| answer(&mut shared.lock().unwrap(), body));
        sandbox.set("PROMETHEUS_URL", prometheus.url(""));
        ends(&sandbox.promote(&["run", "--from", "dev", "--to", "canary"]), 0, &["PROMOTED"]);
        // A server counts whole seconds.
        std::thread::sleep(std::time::Duration::from_secs(1));
        Self { sandbox, counted, _prometheus: prometheus }
    }

    fn counts(&self, canary: Counts, production: Counts) {
        *self.counted.lock().unwrap() = Counted { canary, production, asked: Vec::new() };
    }

    fn ends(&self, exit: i32, words: &[&str]) {
        ends(&self.sandbox.promote(&["run", "--from", "canary", "--to", "production"]), exit, words);
    }

    fn production_pins(&self, tag: &str) -> bool {
        self.sandbox.gitops.text("main", "k8s/overlays/production/kustomization.yaml").unwrap().contains(tag)
    }
}

fn answer(counted: &mut Counted, body: &str) -> Vec<u8> {
    let form = reqwest::Url::parse(&format!("form:?{body}")).unwrap();
    let query = form.query_pairs().find(|(name, _)| name == "query").map(|(_, query)| query.into_owned()).unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    let now = format!("{}.{:03}", now / 1000, now % 1000);
    let data = if query == "time()" {
        format!(r#"{{"resultType":"scalar","result":[{now},"{now}"]}}"#)
    } else {
        let (requests, failed) = if query.contains("canary") { counted.canary } else { counted.production };
        let value = if query.contains("failed") { failed } else { requests };
        format!(r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[{now},"{value}"]}}]}}"#)
    };
    counted.asked.push(query);
    let body = format!(r#"{{"status":"success","data":{data}}}"#);
    Canned::answer("200 OK", "content-type: application/json\r\n", &body)
}

#[test]
fn a_canary_that_is_no_worse_is_promoted_and_one_that_is_is_not() {
    let stage = Stage::new();
    let tip = stage.sandbox.gitops.tip("main");
    // 2 percentage points more.
    stage.counts((100_000, 3000), (100_000, 1000));
    let worse = [
        "HELD",
        "✗ canary error_rate_incre… ≤ +1 points +2 points",
        "3,000 of 100,000 requests failed in canary (3 %), 1,000 of 100,000 requests failed in production (1 %)",
    ];
    stage.ends(10, &worse);
    // One failure more than the limit.
    stage.counts((100_000, 2001), (100_000, 1000));
    stage.ends(10, &["✗ canary error_rate_increase:", "2,001 of 100,000 requests failed in canary"]);
    // Nobody can tell that from chance.
    stage.counts((50, 0), (450, 4));
    stage
        .ends(11, &["UNKNOWN", "? canary error_rate_increase:", "too few requests to tell that from chance; it takes"]);
    // Good, and nearly nobody saw it.
    stage.counts((9_999, 0), (90_001, 900));
    stage.ends(10, &["✗ canary traffic ≥ 10 %"]);
    assert_eq!(stage.sandbox.gitops.tip("main"), tip, "nothing was written");
    assert!(stage.production_pins("1.10"));
    // At both limits.
    stage.counts((10_000, 200), (90_000, 900));
    stage.ends(0, &["gates 4 pass, 0 fail, 0 unknown", "PROMOTED"]);
    assert!(stage.production_pins("1.20"));
    let asked = stage.counted.lock().unwrap().asked.clone();
    let spans = |environment: &str| {
        let of = asked.iter().filter(|query| query.contains(environment) && query.contains("failed"));
        of.filter_map(|query| Some(query.split_once('[')?.1.split_once(']')?.0.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(spans("canary"), spans("production"), "both over the same time");
    assert!(!spans("canary").is_empty());
}
