//! One file of each kind, and what cannot be taken from it.

use proptest::prelude::*;

use super::*;
use crate::adapters::prometheus::reply::Reply;
use crate::promotion::levels::Level;
use crate::promotion::time::Millis;

const OPENSLO: &str = r#"
apiVersion: openslo/v1
kind: SLI
metadata: { name: good-ones }
spec:
  ratioMetric:
    counter: true
    good: { metricSource: { type: Prometheus, spec: { query: 'sum(http_requests_total{job="app",code!~"5.."})' } } }
    total: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{job="app"}' } } }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: app-availability }
spec:
  service: app
  indicatorRef: good-ones
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.995 }]
"#;

const SLOTH: &str = r#"
version: "prometheus/v1"
service: app
slos:
  - name: requests-availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{job="app",code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(http_requests_total{job="app"}[{{.window}}]))
    alerting: { name: High, page_alert: { labels: { severity: page } } }
  - name: recorded
    objective: 99
    sli: { raw: { error_ratio_query: 'job:errors:ratio_rate{{.window}}' } }
"#;

const PYRRA: &str = r#"
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: app-errors, labels: { a: b } }
spec:
  target: "99.5"
  window: 30d
  indicator:
    ratio:
      errors: { metric: 'http_requests_total{job="app",code=~"5.."}' }
      total: { metric: 'http_requests_total{job="app"}' }
"#;

fn only(text: &str, name: Option<&str>) -> Result<Definition, String> {
    parse(text.as_bytes()).and_then(|(_, objectives)| pick(objectives, name))
}

#[test]
fn an_openslo_file_names_its_counters() {
    let slo = only(OPENSLO, None).unwrap();
    assert_eq!((slo.objective.to_string().as_str(), slo.window), ("0.995", Some(Millis::secs(28 * 86_400))));
    let total = r#"sum(increase(http_requests_total{job="app"}[{window}]))"#;
    assert_eq!(slo.queries[&Level::Requests], total);
    let good = r#"sum(increase(http_requests_total{job="app",code!~"5.."}[{window}]))"#;
    let none = r#"sum(increase(http_requests_total{job="app",code!=""}[{window}]))"#;
    assert_eq!(slo.queries[&Level::Errors], format!("({total}) - (({good}) or 0 * ({none}))"));

    let latency = r#"
apiVersion: openslo/v1
kind: SLO
metadata: { name: fast }
spec:
  indicator:
    spec: { thresholdMetric: { metricSource: { type: prometheus, spec: { query: 'app:p99:5m' } } } }
  timeWindow: [{ duration: 7d, isRolling: true }]
  objectives: [{ op: lte, value: 0.8, targetPercent: 99 }]
"#;
    let slo = only(latency, Some("fast")).unwrap();
    assert_eq!(slo.queries[&Level::Availability], "avg_over_time(((app:p99:5m) <= bool 0.8)[{window}:1m])");
    assert_eq!(slo.objective.to_string(), "0.99");
}

#[test]
fn a_sloth_file_has_its_window_in_its_queries() {
    let slo = only(SLOTH, Some("requests-availability")).unwrap();
    assert_eq!((slo.objective.to_string().as_str(), slo.window), ("0.999", None));
    assert_eq!(slo.usual_window, Some(Millis::secs(30 * 86_400)));
    let total = r#"sum(rate(http_requests_total{job="app"}[{window}]))"#;
    assert_eq!(slo.queries[&Level::Requests], format!("({total}) * {{seconds}}"));
    assert!(slo.queries[&Level::Errors].contains(r#"or 0 * (sum(rate(http_requests_total{job="app",code!=""}"#));
    let raw = only(SLOTH, Some("recorded")).unwrap();
    assert_eq!(raw.queries[&Level::Availability], "1 - (job:errors:ratio_rate{window})");

    let resource = format!(
        "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata: {{ name: app }}\nspec:\n  slos:\n{}",
        r#"    - { name: a, objective: 99.95, sli: { events: { errorQuery: "increase(e[{{.window}}])", totalQuery: "increase(t[{{.window}}])" } } }"#
    );
    let slo = only(&resource, None).unwrap();
    assert_eq!(slo.objective.to_string(), "0.9995");
    assert_eq!(slo.queries[&Level::Errors], "increase(e[{window}])");
}

#[test]
fn a_pyrra_file_names_its_metrics() {
    let slo = only(PYRRA, Some("app-errors")).unwrap();
    assert_eq!((slo.objective.to_string().as_str(), slo.window), ("0.995", Some(Millis::secs(30 * 86_400))));
    assert_eq!(slo.queries[&Level::Requests], r#"sum(increase(http_requests_total{job="app"}[{window}]))"#);
    let latency = PYRRA.replace("ratio:", "latency:").replace("errors:", "success:");
    let errors = &only(&latency, None).unwrap().queries[&Level::Errors];
    assert!(errors.starts_with(r#"(sum(increase(http_requests_total{job="app"}[{window}]))) - (sum("#), "{errors}");
}

#[test]
fn what_is_not_known_is_refused() {
    for (text, part) in [
        (OPENSLO.replace("openslo/v1", "openslo/v1alpha"), "no objective that is known"),
        (OPENSLO.replace("isRolling: true", "isRolling: false"), "calendar"),
        (OPENSLO.replace("Occurrences", "Timeslices"), "Timeslices"),
        (OPENSLO.replace("indicatorRef: good-ones", "indicatorRef: other"), "`other`"),
        (OPENSLO.replace("type: Prometheus", "type: Datadog"), "Datadog"),
        (OPENSLO.replace("0.995", "1"), "no error budget"),
        (OPENSLO.replace("{ target: 0.995 }", "{ target: 0.995 }, { target: 0.9 }"), "exactly one objective"),
        (OPENSLO.replace("counter: true", "counter: false"), "cannot be asked about a time"),
        (OPENSLO.replace("4w", "1M"), "cannot be read"),
        (SLOTH.to_owned(), "several objectives, `requests-availability`, `recorded`"),
        (PYRRA.replace("metric: 'http_requests_total{job=\"app\"}'", "metric: 'sum(a)'"), "no selector"),
        (PYRRA.replace("    ratio:\n", "    ratio:\n      grouping: [handler]\n"), "grouping by handler"),
        (PYRRA.replace("ratio:", "latencyNative:"), "native histograms"),
        (format!("{PYRRA}---{OPENSLO}"), "mixes"),
        ("a: [".to_owned(), "no SLO file"),
        (String::new(), "no objective that is known"),
    ] {
        let why = only(&text, None).expect_err(&text);
        assert!(why.contains(part), "{why}\nfor {part} in {text}");
    }
    assert!(only(PYRRA, Some("other")).unwrap_err().contains("no objective `other`, but `app-errors`"));
}

#[test]
fn a_file_outside_the_directory_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("work");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(dir.path().join("out.yaml"), PYRRA).unwrap();
    std::os::unix::fs::symlink(dir.path().join("out.yaml"), root.join("link.yaml")).unwrap();
    std::fs::write(root.join("slo.yaml"), PYRRA).unwrap();
    let (outside, file) = read(&root, "link.yaml", None);
    assert!(outside.unwrap_err().contains("outside") && file.is_none());
    let (missing, _) = read(&root, "none.yaml", None);
    assert!(missing.unwrap_err().starts_with("none.yaml: it cannot be read"));
    let (inside, file) = read(&root, "slo.yaml", None);
    assert!(inside.is_ok());
    assert_eq!(file.map(|file| (file.format, file.bytes)), Some(("pyrra".to_owned(), PYRRA.len() as u64)));
}

/// What a fuzzer starts from: answers, and files of every form.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir("fuzz/corpus/monitoring").unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

/// Reads bytes as an answer and as a file; a fault says why.
fn survive(bytes: &[u8]) -> bool {
    let answer = serde_json::from_slice::<Reply>(bytes).map_err(|error| error.to_string()).and_then(Reply::samples);
    let file = parse(bytes);
    for why in [answer.as_ref().err(), file.as_ref().err()].into_iter().flatten() {
        assert!(!why.is_empty());
    }
    answer.is_ok() || file.is_ok_and(|(_, objectives)| objectives.iter().any(|(_, definition)| definition.is_ok()))
}

#[test]
fn the_fuzz_corpus_is_read() {
    let corpus = corpus();
    assert!(corpus.len() >= 6, "{}", corpus.len());
    for (name, bytes) in corpus {
        assert_ne!(survive(&bytes), name.starts_with("refused"), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_damage_is_survived(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        put in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let corpus = corpus();
        let (_, mut bytes) = which.get(&corpus).clone();
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put);
        survive(&bytes);
    }
}
