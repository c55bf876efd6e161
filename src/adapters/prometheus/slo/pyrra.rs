//! [Pyrra](https://github.com/pyrra-dev/pyrra): its resource, `ServiceLevelObjective`.

use std::collections::BTreeMap;

use crate::adapters::prometheus::promql;
use crate::adapters::prometheus::slo::definition::{Definition, queries_of, share, span};
use crate::adapters::prometheus::slo::forms::{Indicator, Spec};
use crate::promotion::levels::Level;

/// What an objective says.
pub fn read(spec: &Spec) -> Result<Definition, String> {
    let target = spec.target.as_deref().ok_or("it has no target")?;
    let window = spec.window.as_deref().ok_or("it has no window")?;
    let indicator = spec.indicator.as_ref().ok_or("it has no indicator")?;
    let queries = queries(indicator)?;
    Ok(Definition { objective: share(target, 2)?, window: Some(span(window)?), usual_window: None, queries })
}

fn queries(indicator: &Indicator) -> Result<BTreeMap<Level, String>, String> {
    let Indicator { ratio, latency, bool_gauge, latency_native, .. } = indicator;
    match (ratio, latency, bool_gauge) {
        (Some(ratio), None, None) => {
            single(&ratio.grouping)?;
            let (errors, total) = (increase(&ratio.errors.metric)?, increase(&ratio.total.metric)?);
            Ok(queries_of(&promql::or_none(&errors, &total), &total))
        }
        (None, Some(latency), None) => {
            single(&latency.grouping)?;
            let (fast, total) = (increase(&latency.success.metric)?, increase(&latency.total.metric)?);
            Ok(queries_of(&format!("({total}) - ({fast})"), &total))
        }
        (None, None, Some(gauge)) => {
            single(&gauge.grouping)?;
            let metric = selector(&gauge.metric)?;
            Ok(BTreeMap::from([(Level::Availability, format!("avg(avg_over_time({metric}[{{window}}]))"))]))
        }
        _ if latency_native.is_some() => Err("its indicator is of native histograms, which are not known".to_owned()),
        _ => Err("its indicator has not exactly one of ratio, latency and bool_gauge".to_owned()),
    }
}

/// A grouped objective is one for each group.
fn single(grouping: &[String]) -> Result<(), String> {
    if grouping.is_empty() {
        return Ok(());
    }
    Err(format!("its grouping by {} makes it several objectives", grouping.join(", ")))
}

fn increase(metric: &str) -> Result<String, String> {
    Ok(format!("sum(increase({}[{{window}}]))", selector(metric)?))
}

fn selector(metric: &str) -> Result<&str, String> {
    let metric = metric.trim();
    promql::only_selector(metric).map(|_| metric).ok_or_else(|| format!("`{metric}` is no selector"))
}
