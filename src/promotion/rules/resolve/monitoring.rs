//! Sources that are asked about an environment at the moment of the question: service levels and alerts.

use std::collections::BTreeMap;

use crate::promotion::levels::Level;
use crate::promotion::matchers;
use crate::promotion::number::Decimal;
use crate::promotion::rules::SourceKind;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::places::{Evidence, Matchers, Prometheus, Queries, SloFile};
use crate::promotion::rules::file::shape::{Percent, Placed};
use crate::promotion::rules::live::{self, AlertsFrom, AlertsSource, PrometheusSource};
use crate::promotion::rules::quantity;
use crate::promotion::rules::resolve::names::placeholders;
use crate::promotion::rules::resolve::spans::span;

/// The live source that is written, if one is.
pub fn live(written: &Placed<Evidence>, faults: &mut Vec<Wrong>) -> Option<SourceKind> {
    let Evidence { prometheus, alertmanager, prometheus_alerts, .. } = &written.value;
    if let Some(written) = prometheus {
        return Some(SourceKind::Prometheus(prometheus_source(written, faults)));
    }
    let alerts = [(alertmanager, AlertsFrom::Alertmanager), (prometheus_alerts, AlertsFrom::Prometheus)];
    alerts.into_iter().find_map(|(matchers, from)| {
        let matchers = matchers.as_ref()?;
        Some(SourceKind::Alerts(AlertsSource { from, matchers: alert_matchers(matchers, faults) }))
    })
}

fn prometheus_source(written: &Placed<Prometheus>, faults: &mut Vec<Wrong>) -> PrometheusSource {
    let Prometheus { window, objective, selector, queries, slo } = &written.value;
    let queries = queries.as_ref().map(|queries| asked(&queries.value)).unwrap_or_default();
    for text in selector.iter().chain(queries.values().copied()) {
        placeholders_of_query(text, faults);
    }
    let counts = queries.contains_key(&Level::Requests) as usize + queries.contains_key(&Level::Errors) as usize;
    let (window_at, help) = (window.is_some(), "add `window: 30d`, or take it from a file with `slo:`");
    if !written.faulty && slo.is_none() {
        if !window_at {
            faults.push(Wrong::of(written, "`prometheus` does not say which time it looks at").help(help));
        }
        if selector.is_none() && queries.is_empty() {
            let wrong = Wrong::of(written, "`prometheus` does not say which service it looks at");
            faults.push(wrong.help("add `selector: 'service=\"{service}\"'`, or `queries:`, or `slo:`"));
        }
        if selector.is_none() && counts == 1 {
            let wrong = Wrong::of(written, "of `requests` and `errors` only one is asked for");
            faults.push(wrong.help("add the other one: their quotient is the error rate"));
        }
    }
    PrometheusSource {
        window: span("window", window.as_ref().map(|span| span.map_text(|span| &span.0)).as_ref(), faults),
        objective: share(objective.as_ref(), faults),
        selector: selector.as_ref().map(|selector| selector.value.clone()),
        queries: queries.into_iter().map(|(level, query)| (level, query.value.clone())).collect(),
        slo: slo.as_ref().map(|slo| slo_file(slo, faults)),
    }
}

fn asked(queries: &Queries) -> BTreeMap<Level, &Placed<String>> {
    let Queries { requests, errors, availability, latency_p50, latency_p95, latency_p99, throughput } = queries;
    [
        (Level::Requests, requests),
        (Level::Errors, errors),
        (Level::Availability, availability),
        (Level::LatencyP50, latency_p50),
        (Level::LatencyP95, latency_p95),
        (Level::LatencyP99, latency_p99),
        (Level::Throughput, throughput),
    ]
    .into_iter()
    .filter_map(|(level, query)| Some((level, query.as_ref()?)))
    .collect()
}

/// PromQL has braces of its own; only the words that we replace are ours.
fn placeholders_of_query(text: &Placed<String>, faults: &mut Vec<Wrong>) {
    if text.trim().is_empty() && !text.faulty {
        faults.push(Wrong::of(text, "an empty query asks for nothing").help("write PromQL, or remove it"));
    }
}

fn slo_file(written: &Placed<SloFile>, faults: &mut Vec<Wrong>) -> live::SloFile {
    let path = &written.path;
    placeholders(path, faults);
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        let wrong = Wrong::of(path, format!("`{}` leads outside the working directory", path.value));
        faults.push(wrong.help("write a path below it, such as slo/app.yaml"));
    }
    live::SloFile { path: path.value.clone(), name: written.name.as_ref().map(|name| name.value.clone()) }
}

fn alert_matchers(written: &Placed<Matchers>, faults: &mut Vec<Wrong>) -> Vec<String> {
    let list = &written.matchers;
    if list.0.is_empty() && !list.faulty {
        let wrong = Wrong::of(list, "without matchers, the alerts of every service would count");
        faults.push(wrong.help("write matchers: ['service=\"{service}\"', 'env=\"{environment}\"']"));
    }
    for matcher in list.0.iter().filter(|matcher| !matcher.faulty) {
        placeholders(matcher, faults);
        if let Some(why) = matchers::fault(matcher) {
            let wrong = Wrong::of(matcher, format!("`{}` is no matcher: {why}", matcher.value));
            faults.push(wrong.help("write label=\"value\", or with != =~ !~, as Alertmanager does"));
        }
    }
    list.0.iter().map(|matcher| matcher.value.clone()).collect()
}

fn share(text: Option<&Placed<Percent>>, faults: &mut Vec<Wrong>) -> Option<Decimal> {
    let text = text.filter(|text| !text.faulty)?.map_text(|share| &share.0);
    let help = match quantity::percent(&text.value) {
        Ok(share) if share < Decimal::whole(1) => return Some(share),
        Ok(_) => "write less than 100%: the rest is the error budget".to_owned(),
        Err(help) => help,
    };
    faults.push(Wrong::of(&text, format!("`{}` cannot be `objective`", text.value)).help(help));
    None
}

/// Whether one source can serve several environments: it is files, or its text names the environment.
pub fn says_environment(written: &Evidence) -> bool {
    let says = |text: &Placed<String>| text.contains("{environment}");
    let Evidence { prometheus, alertmanager, prometheus_alerts, .. } = written;
    if let Some(prometheus) = prometheus {
        let queries = prometheus.queries.as_ref().map(|queries| asked(&queries.value)).unwrap_or_default();
        let path = prometheus.slo.as_ref().map(|slo| &slo.path);
        return prometheus.selector.iter().chain(queries.into_values()).chain(path).any(says);
    }
    match alertmanager.as_ref().or(prometheus_alerts.as_ref()) {
        Some(alerts) => alerts.matchers.0.iter().any(says),
        None => true,
    }
}
