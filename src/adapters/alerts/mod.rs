//! Alerts that are firing: of an Alertmanager, or of Prometheus' own rules.
//!
//! That none is firing is believed only of a server that can know it: one that has settled, and at Prometheus one that has a rule
//! which could fire for the matchers and which is evaluated. Everything else is unreadable, and holds.

pub mod alertmanager;
pub mod found;
pub mod prometheus;

use crate::adapters::http::server::Server;
use crate::ports::About;
use crate::promotion::facts::{Observation, Reading};
use crate::promotion::matchers::Matcher;
use crate::promotion::measures::Measure;
use crate::promotion::rules::live::{AlertsFrom, AlertsSource};
use crate::promotion::time::Millis;

/// How long after its start an Alertmanager may not have heard of every alert yet. It keeps none over a restart; Prometheus
/// sends each again within its resend delay (a minute) and an evaluation.
pub const WARM: Millis = Millis::mins(2);

/// Reads the alerts that a source means, once. `warm`: how long an Alertmanager must have been running (see [`WARM`]).
pub fn read(server: &Server, source: &AlertsSource, about: &About<'_>, warm: Millis) -> Reading {
    let matchers = source.matchers.iter().map(|text| {
        let matcher = Matcher::of(text, about.service, about.environment);
        matcher.map_err(|why| format!("the matcher `{text}`: {why}"))
    });
    let matchers: Vec<Matcher> = match matchers.collect() {
        Ok(matchers) => matchers,
        Err(why) => return unreadable(why),
    };
    let found = match source.from {
        AlertsFrom::Alertmanager => alertmanager::read(server, &matchers, warm),
        AlertsFrom::Prometheus => prometheus::read(server, &matchers),
    };
    match found {
        Ok((alerts, taken, notes)) => Reading::Observed(Observation {
            files: Vec::new(),
            subject: None,
            taken,
            tools: Vec::new(),
            measure: Measure::Alerts(alerts),
            notes,
        }),
        Err(why) => unreadable(why),
    }
}

fn unreadable(why: String) -> Reading {
    Reading::Unreadable { why, files: Vec::new() }
}
