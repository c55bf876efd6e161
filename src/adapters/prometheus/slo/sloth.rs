//! [Sloth](https://sloth.dev): its own files (`version: prometheus/v1`) and its resource, `PrometheusServiceLevel`.

use std::collections::BTreeMap;

use crate::adapters::prometheus::promql;
use crate::adapters::prometheus::slo::definition::{Definition, follows, queries_of, share};
use crate::adapters::prometheus::slo::forms::SlothSlo;
use crate::promotion::levels::Level;
use crate::promotion::time::Millis;

/// The window is no part of the file: Sloth is started with it, and takes this one where it is not told.
const USUAL: Millis = Millis::secs(30 * 86_400);

/// What an objective says.
pub fn read(slo: &SlothSlo) -> Result<Definition, String> {
    let queries = match (&slo.sli.events, &slo.sli.raw) {
        (Some(events), None) => {
            let (errors, total) = (follows(&events.error_query), follows(&events.total_query));
            queries_of(&promql::or_none(&errors, &total), &total)
        }
        (None, Some(raw)) => {
            BTreeMap::from([(Level::Availability, format!("1 - ({})", follows(&raw.error_ratio_query)))])
        }
        _ if slo.sli.plugin.is_some() => return Err("its sli is a plugin's, which only Sloth can run".to_owned()),
        _ => return Err("its sli has not exactly one of events and raw".to_owned()),
    };
    Ok(Definition { objective: share(&slo.objective, 2)?, window: None, usual_window: Some(USUAL), queries })
}
