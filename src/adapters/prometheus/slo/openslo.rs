//! [OpenSLO](https://github.com/OpenSLO/OpenSLO) v1: an `SLO` with its indicator in it, or in an `SLI` of the same file.

use std::collections::BTreeMap;

use crate::adapters::prometheus::promql;
use crate::adapters::prometheus::slo::definition::{Definition, follows, queries_of, share, span};
use crate::adapters::prometheus::slo::forms::{Document, MetricSource, Objective, RatioMetric, Spec};
use crate::promotion::levels::Level;
use crate::promotion::number::Decimal;

/// What an `SLO` says; `all` are the documents of its file.
pub fn read(spec: &Spec, all: &[Document]) -> Result<Definition, String> {
    match spec.budgeting_method.as_deref() {
        None | Some("Occurrences") => {}
        Some(other) => return Err(format!("its budgetingMethod is {other}, and only Occurrences is known")),
    }
    let [window] = spec.time_window.as_deref().unwrap_or_default() else {
        return Err("it has not exactly one timeWindow".to_owned());
    };
    if !window.is_rolling {
        return Err(
            "its timeWindow is one of the calendar, and only rolling ones are known (isRolling: true)".to_owned()
        );
    }
    let [objective] = spec.objectives.as_deref().unwrap_or_default() else {
        return Err("it has not exactly one objective".to_owned());
    };
    let indicator = indicator(spec, all)?;
    let queries = match (&indicator.ratio, &indicator.threshold) {
        (Some(ratio), None) => ratio_queries(ratio)?,
        (None, Some(threshold)) => threshold_query(threshold, objective)?,
        _ => return Err("its indicator has not exactly one of ratioMetric and thresholdMetric".to_owned()),
    };
    let duration = window.duration.as_deref().ok_or("its timeWindow has no duration")?;
    Ok(Definition { objective: target(objective)?, window: Some(span(duration)?), usual_window: None, queries })
}

fn target(objective: &Objective) -> Result<Decimal, String> {
    match (&objective.target, &objective.target_percent) {
        (Some(target), None) => share(target, 0),
        (None, Some(target)) => share(target, 2),
        _ => Err("its objective has not exactly one of target and targetPercent".to_owned()),
    }
}

fn indicator<'a>(spec: &'a Spec, all: &'a [Document]) -> Result<&'a Spec, String> {
    if let Some(inline) = spec.indicator.as_ref().and_then(|indicator| indicator.spec.as_deref()) {
        return Ok(inline);
    }
    let name = spec.indicator_ref.as_deref().ok_or("it has no indicator")?;
    let is_it = |document: &&Document| {
        let named = document.metadata.as_ref().and_then(|metadata| metadata.name.as_deref());
        document.kind.as_deref() == Some("SLI") && named == Some(name)
    };
    let found = all.iter().find(is_it).and_then(|document| document.spec.as_ref());
    found.ok_or_else(|| format!("its indicator `{name}` is no SLI of the same file"))
}

fn query(metric: &MetricSource) -> Result<String, String> {
    if let Some(other) = metric.source.kind.as_deref().filter(|kind| !kind.eq_ignore_ascii_case("prometheus")) {
        return Err(format!("it asks {other}, and not Prometheus"));
    }
    let text = metric.source.spec.query.as_deref().ok_or("a metricSource has no query")?;
    Ok(follows(text))
}

/// A counter over the window: as the query says it, or of a counter that is only named.
fn counted(metric: &MetricSource, counter: bool) -> Result<String, String> {
    let text = query(metric)?;
    if text.contains("{window}") {
        return Ok(text);
    }
    match promql::counter(&text).filter(|_| counter) {
        Some(selector) => Ok(format!("sum(increase({selector}[{{window}}]))")),
        None => Err(format!(
            "`{text}` cannot be asked about a time: write a counter (with counter: true), or {{{{.window}}}} where the range stands"
        )),
    }
}

fn ratio_queries(ratio: &RatioMetric) -> Result<BTreeMap<Level, String>, String> {
    if let (Some(raw), Some(kind)) = (&ratio.raw, ratio.raw_type.as_deref()) {
        let text = query(raw)?;
        if !text.contains("{window}") {
            return Err(format!("`{text}` cannot be asked about a time: write {{{{.window}}}} where the range stands"));
        }
        let availability = match kind {
            "success" => text,
            "failure" => format!("1 - ({text})"),
            other => return Err(format!("its rawType is {other}, and success or failure is known")),
        };
        return Ok(BTreeMap::from([(Level::Availability, availability)]));
    }
    let total = ratio.total.as_ref().ok_or("its ratioMetric has no total")?;
    let total = counted(total, ratio.counter)?;
    match (&ratio.good, &ratio.bad) {
        (Some(good), None) => {
            let good = promql::or_none(&counted(good, ratio.counter)?, &total);
            Ok(queries_of(&format!("({total}) - ({good})"), &total))
        }
        (None, Some(bad)) => Ok(queries_of(&promql::or_none(&counted(bad, ratio.counter)?, &total), &total)),
        _ => Err("its ratioMetric has not exactly one of good and bad".to_owned()),
    }
}

/// The share of the time in which a metric keeps to its threshold.
fn threshold_query(metric: &MetricSource, objective: &Objective) -> Result<BTreeMap<Level, String>, String> {
    let sign = match objective.op.as_deref() {
        Some("lte") => "<=",
        Some("lt") => "<",
        Some("gte") => ">=",
        Some("gt") => ">",
        _ => return Err("its objective has no op among lte, lt, gte and gt".to_owned()),
    };
    let value = objective.value.as_deref().ok_or("its objective has no value")?;
    let value: Decimal = value.parse().map_err(|_| format!("its objective's value `{value}` is no number"))?;
    let text = query(metric)?;
    if text.contains("{window}") {
        return Err(format!("`{text}` is compared at each moment, and has no window"));
    }
    let share = format!("avg_over_time((({text}) {sign} bool {value})[{{window}}:1m])");
    Ok(BTreeMap::from([(Level::Availability, share)]))
}
