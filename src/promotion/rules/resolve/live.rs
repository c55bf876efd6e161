//! Gates on live evidence: service levels, the error budget, alerts.

use crate::promotion::condition::{Op, Operand};
use crate::promotion::fields::{Kind, Unit};
use crate::promotion::number::Decimal;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::gates::{Alerts, BurnRate, ErrorBudget, Slo};
use crate::promotion::rules::file::shape::{Number, Percent, Placed, Span};
use crate::promotion::rules::resolve::gates::GateReader;
use crate::promotion::rules::resolve::measured::{Form, Limit, most};

impl GateReader<'_> {
    pub(super) fn slo(&mut self, slo: &Placed<Slo>) {
        let mut limits = Vec::new();
        limits.extend(self.limit_share("availability", Op::Gte, Unit::Percent, slo.availability_min.as_ref()));
        limits.extend(self.limit_share("error_rate", Op::Lte, Unit::Ratio, slo.error_rate_max.as_ref()));
        for (measure, text) in [
            ("latency_p50", &slo.latency_p50_max),
            ("latency_p95", &slo.latency_p95_max),
            ("latency_p99", &slo.latency_p99_max),
        ] {
            limits.extend(self.limit_span(measure, text.as_ref()));
        }
        let form = Form {
            name: "slo",
            kind: Kind::Levels,
            from: slo.from.as_ref(),
            tool: None,
            base: None,
            optional: slo.optional,
            help: "add `availability_min: 99.9%` or another limit",
        };
        let asks = [&slo.availability_min, &slo.error_rate_max].iter().any(|limit| limit.is_some())
            || [&slo.latency_p50_max, &slo.latency_p95_max, &slo.latency_p99_max].iter().any(|limit| limit.is_some());
        self.measured(slo, &form, limits, asks);
    }

    pub(super) fn error_budget(&mut self, budget: &Placed<ErrorBudget>) {
        let mut limits = Vec::new();
        // More than the whole budget can be used up, so more than 100% can be meant.
        if let (Some(most), Some(text)) =
            (self.percent("consumption_max", budget.consumption_max.as_ref()), &budget.consumption_max)
        {
            limits.push(Limit::on("consumption", Op::Lte, Operand::Number(most), Unit::Percent, text.at));
        }
        if let Some(text) = &budget.burn_rate_max {
            limits.extend(self.limit_burn("burn_rate_max", "burn_rate", text));
        }
        for pair in budget.burn_rates.iter().flat_map(|pairs| &pairs.value) {
            limits.extend(self.burn_rate(pair));
        }
        let form = Form {
            name: "error_budget",
            kind: Kind::Levels,
            from: budget.from.as_ref(),
            tool: None,
            base: None,
            optional: budget.optional,
            help: "add `consumption_max: 50%` or `burn_rate_max: 14.4`",
        };
        let pairs = budget.burn_rates.as_ref().is_some_and(|pairs| !pairs.is_empty());
        let asks = budget.consumption_max.is_some() || budget.burn_rate_max.is_some() || pairs;
        self.measured(budget, &form, limits, asks);
    }

    /// A limit over a pair of windows; the fact is named by the pair as it is written: `burn_rate@6h/30m`.
    fn burn_rate(&mut self, pair: &Placed<BurnRate>) -> Option<Limit> {
        let (long, short) = (self.span("long", Some(&pair.long))?, self.span("short", Some(&pair.short))?);
        if short.0 < 1000 || short >= long {
            let wrong = Wrong::of(&pair.short, format!("`{}` is not the shorter window", pair.short.value.0));
            self.faults.push(wrong.help("write a shorter one than `long`, such as 30m for 6h"));
            return None;
        }
        let name = format!("burn_rate@{}/{}", pair.long.value.0.replace(' ', ""), pair.short.value.0.replace(' ', ""));
        self.limit_burn("max", &name, &pair.max)
    }

    fn limit_burn(&mut self, key: &str, name: &str, text: &Placed<Number>) -> Option<Limit> {
        let read = |text: &str| match text.parse::<Decimal>() {
            Ok(rate) if !rate.is_negative() => Ok(rate),
            _ => Err("write a number without unit, such as 14.4".to_owned()),
        };
        let most = self.quantity(key, &text.map_text(|rate| &rate.0), read)?;
        Some(Limit::on(name, Op::Lte, Operand::Number(most), Unit::Number, text.at))
    }

    pub(super) fn alerts(&mut self, alerts: &Placed<Alerts>) {
        let limits = most(&[("critical", &alerts.critical_max), ("warning", &alerts.warning_max)]);
        let asks = !limits.is_empty();
        let form = Form {
            name: "alerts",
            kind: Kind::Alerts,
            from: alerts.from.as_ref(),
            tool: None,
            base: None,
            optional: alerts.optional,
            help: "add `critical_max: 0`",
        };
        self.measured(alerts, &form, limits, asks);
    }

    fn limit_share(&mut self, measure: &str, op: Op, unit: Unit, text: Option<&Placed<Percent>>) -> Option<Limit> {
        let end = if op == Op::Gte { "min" } else { "max" };
        let value = self.share(&format!("{measure}_{end}"), text)?;
        Some(Limit::on(measure, op, Operand::Number(value), unit, text?.at))
    }

    fn limit_span(&mut self, measure: &str, text: Option<&Placed<Span>>) -> Option<Limit> {
        let span = self.span(&format!("{measure}_max"), text)?;
        Some(Limit::on(measure, Op::Lte, Operand::Number(Decimal::whole(span.0)), Unit::Duration, text?.at))
    }
}
