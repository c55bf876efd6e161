//! The gate `canary`: one row for each limit, for each evidence.

use crate::promotion::canary::limit::{Action, Against, Canary, Limit};
use crate::promotion::fields::Kind;
use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::gates::{Canary as Written, CanaryActions};
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::resolve::gates::GateReader;
use crate::promotion::rules::{Gate, GateKind};

impl GateReader<'_> {
    pub(super) fn canary(&mut self, canary: &Placed<Written>) {
        let from = self.from(canary, "canary", "from", canary.from.as_ref(), Some(Kind::Levels));
        let limits = self.canary_limits(canary);
        let written = [
            canary.traffic_min.is_some(),
            canary.duration_min.is_some(),
            canary.success_rate_min.is_some(),
            canary.error_rate_increase_max.is_some(),
            canary.latency_p95_increase_max.is_some(),
            canary.latency_p99_increase_max.is_some(),
        ];
        if !written.contains(&true) {
            self.asks_nothing(canary, "canary", "add a limit, or remove the gate");
        }
        self.canary_place(canary);
        let mut rows = Vec::new();
        for (index, id) in from.iter().enumerate() {
            for (limit, at) in &limits {
                // How long the version has run is asked once.
                if matches!(limit, Limit::Duration(_)) && index > 0 {
                    continue;
                }
                let of = if from.len() > 1 && !matches!(limit, Limit::Duration(_)) {
                    format!("{id}.")
                } else {
                    String::new()
                };
                let against = self.against(*limit, canary.actions.as_ref());
                let kind = GateKind::Canary(Canary { evidence: id.clone(), limit: *limit, against });
                let id = format!("canary.{of}{}", limit.word());
                rows.push(Gate { id, kind, optional: canary.optional, at: *at });
            }
        }
        self.gates.push((canary.at, rows));
    }

    /// The limits that are written, in the order of their table.
    fn canary_limits(&mut self, canary: &Written) -> Vec<(Limit, At)> {
        let mut limits = Vec::new();
        let shares = [
            ("traffic_min", &canary.traffic_min, Limit::Traffic as fn(_) -> _),
            ("success_rate_min", &canary.success_rate_min, Limit::SuccessRate),
            ("error_rate_increase_max", &canary.error_rate_increase_max, Limit::ErrorRateIncrease),
        ];
        for (name, text, limit) in shares {
            let value = self.share(name, text.as_ref());
            limits.extend(value.zip(text.as_ref()).map(|(value, text)| (limit(value), text.at)));
        }
        let increases = [
            ("latency_p95_increase_max", &canary.latency_p95_increase_max, Limit::LatencyP95Increase as fn(_) -> _),
            ("latency_p99_increase_max", &canary.latency_p99_increase_max, Limit::LatencyP99Increase),
        ];
        for (name, text, limit) in increases {
            let value = self.percent(name, text.as_ref());
            limits.extend(value.zip(text.as_ref()).map(|(value, text)| (limit(value), text.at)));
        }
        let duration = self.span("duration_min", canary.duration_min.as_ref());
        let duration = duration.zip(canary.duration_min.as_ref()).map(|(min, text)| (Limit::Duration(min), text.at));
        let at = usize::from(matches!(limits.first(), Some((Limit::Traffic(_), _))));
        limits.splice(at..at, duration);
        limits
    }

    fn against(&self, limit: Limit, actions: Option<&Placed<CanaryActions>>) -> Against {
        if !self.verification {
            return Against::Target;
        }
        let written = actions.and_then(|actions| match limit {
            Limit::SuccessRate(_) => actions.success_rate_min.as_ref(),
            Limit::ErrorRateIncrease(_) => actions.error_rate_increase_max.as_ref(),
            Limit::LatencyP95Increase(_) => actions.latency_p95_increase_max.as_ref(),
            Limit::LatencyP99Increase(_) => actions.latency_p99_increase_max.as_ref(),
            Limit::Traffic(_) | Limit::Duration(_) => None,
        });
        Against::Before(written.map_or_else(|| Action::usual(limit), |action| action.value))
    }

    /// What is written at a place where it means nothing.
    fn canary_place(&mut self, canary: &Written) {
        if !self.verification {
            if let Some(actions) = &canary.actions {
                let wrong =
                    Wrong::of(actions, "`actions` are for `verify.gates`: a gate of a promotion that fails holds it");
                self.faults.push(wrong.help("move them to the `canary` under `verify.gates`, or remove them"));
            }
            return;
        }
        let of_time = canary.duration_min.as_ref().map(|text| text.map_text(|span| &span.0));
        let of_traffic = canary.traffic_min.as_ref().map(|text| text.map_text(|share| &share.0));
        for (name, place) in [("duration_min", of_time), ("traffic_min", of_traffic)] {
            if let Some(place) = place {
                let wrong = Wrong::of(&place, format!("`{name}` says nothing of a version that has just come"));
                self.faults
                    .push(wrong.help("write it under `gates`; how long a verification takes is `verify.settle`"));
            }
        }
        let Some(actions) = &canary.actions else { return };
        let pairs = [
            ("success_rate_min", &actions.success_rate_min, canary.success_rate_min.is_some()),
            ("error_rate_increase_max", &actions.error_rate_increase_max, canary.error_rate_increase_max.is_some()),
            ("latency_p95_increase_max", &actions.latency_p95_increase_max, canary.latency_p95_increase_max.is_some()),
            ("latency_p99_increase_max", &actions.latency_p99_increase_max, canary.latency_p99_increase_max.is_some()),
        ];
        for (name, action, limited) in pairs {
            if let Some(action) = action.as_ref().filter(|_| !limited) {
                let wrong = Wrong::of(action, format!("there is no limit `{name}` that this could follow from"));
                self.faults.push(wrong.help(format!("add `{name}` beside `actions`, or remove it here")));
            }
        }
    }
}
