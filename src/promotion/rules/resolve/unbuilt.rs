//! Gates that parse and cannot be evaluated yet. Their values and references are judged all the same.

use crate::promotion::number::Decimal;
use crate::promotion::rules::NotBuilt;
use crate::promotion::rules::file::gates::{Canary, ErrorBudget, Gates, Slo};
use crate::promotion::rules::file::shape::{OneOrMany, Placed};
use crate::promotion::rules::resolve::gates::GateReader;

impl GateReader<'_> {
    /// Judges the gates that are not built, and notes each.
    pub(super) fn unbuilt(&mut self, written: &Gates) {
        if let Some(slo) = &written.slo {
            let asks = self.slo(slo);
            self.note(slo, "slo", slo.from.as_ref(), asks);
        }
        if let Some(budget) = &written.error_budget {
            let asks = self.error_budget(budget);
            self.note(budget, "error_budget", budget.from.as_ref(), asks);
        }
        if let Some(alerts) = &written.alerts {
            let asks = alerts.critical_max.is_some() || alerts.warning_max.is_some();
            self.note(alerts, "alerts", alerts.from.as_ref(), asks);
        }
        if let Some(canary) = &written.canary {
            let asks = self.canary(canary);
            self.note(canary, "canary", canary.from.as_ref(), asks);
        }
        if let Some(quality) = &written.quality {
            let limits = [&quality.errors_max, &quality.warnings_max, &quality.complexity_max];
            self.note(quality, "quality", quality.from.as_ref(), limits.iter().any(|limit| limit.is_some()));
        }
    }

    fn note<T>(&mut self, gate: &Placed<T>, name: &str, from: Option<&OneOrMany<String>>, asks: bool) {
        self.from(gate, name, "from", from, None);
        if !asks {
            self.asks_nothing(gate, name, "add a limit, or remove the gate");
        }
        self.not_built.push(NotBuilt { part: format!("gates.{name}"), at: gate.at });
    }

    fn slo(&mut self, slo: &Slo) -> bool {
        self.share("availability_min", slo.availability_min.as_ref());
        self.share("error_rate_max", slo.error_rate_max.as_ref());
        self.span("latency_p50_max", slo.latency_p50_max.as_ref());
        self.span("latency_p95_max", slo.latency_p95_max.as_ref());
        self.span("latency_p99_max", slo.latency_p99_max.as_ref());
        slo.availability_min.is_some()
            || slo.error_rate_max.is_some()
            || [&slo.latency_p50_max, &slo.latency_p95_max, &slo.latency_p99_max].iter().any(|limit| limit.is_some())
    }

    fn error_budget(&mut self, budget: &ErrorBudget) -> bool {
        // More than the whole budget can be used up, so more than 100% can be meant.
        self.percent("consumption_max", budget.consumption_max.as_ref());
        if let Some(rate) = &budget.burn_rate_max {
            let help = || "write a number without unit, such as 14.4".to_owned();
            let text = rate.map_text(|rate| &rate.0);
            self.quantity("burn_rate_max", &text, |text| text.parse::<Decimal>().map_err(|_| help()));
        }
        budget.consumption_max.is_some() || budget.burn_rate_max.is_some()
    }

    fn canary(&mut self, canary: &Canary) -> bool {
        self.share("traffic_min", canary.traffic_min.as_ref());
        self.span("duration_min", canary.duration_min.as_ref());
        self.share("success_rate_min", canary.success_rate_min.as_ref());
        self.share("error_rate_increase_max", canary.error_rate_increase_max.as_ref());
        self.percent("latency_p95_increase_max", canary.latency_p95_increase_max.as_ref());
        self.percent("latency_p99_increase_max", canary.latency_p99_increase_max.as_ref());
        let shares = [
            &canary.traffic_min,
            &canary.success_rate_min,
            &canary.error_rate_increase_max,
            &canary.latency_p95_increase_max,
            &canary.latency_p99_increase_max,
        ];
        canary.duration_min.is_some() || shares.iter().any(|limit| limit.is_some())
    }
}
