//! Gates on measures: one row for each limit, over the merge of the evidence that the gate names.

use crate::promotion::condition::{Op, Operand};
use crate::promotion::fields::{Kind, Unit};
use crate::promotion::number::Decimal;
use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::gates::{Coverage, Performance, Security};
use crate::promotion::rules::file::shape::{OneOrMany, Placed};
use crate::promotion::rules::quantity;
use crate::promotion::rules::resolve::gates::{GateReader, count, is};
use crate::promotion::rules::{Gate, GateKind};

/// A limit that is written.
struct Limit {
    /// What stands behind the dot of the gate's id: `line`.
    row: &'static str,
    /// What stands behind the dot of the fact: `line_rate`.
    measure: &'static str,
    op: Op,
    value: Operand,
    unit: Unit,
    at: At,
}

/// A gate of this form: its name, its kind, the evidence that it names, and what to write if it has no limit.
struct Form<'a> {
    name: &'static str,
    kind: Kind,
    from: Option<&'a OneOrMany<String>>,
    optional: bool,
    help: &'static str,
}

impl GateReader<'_> {
    pub(super) fn coverage(&mut self, coverage: &Placed<Coverage>) {
        let mut limits = Vec::new();
        let written = [("line", "line_rate", &coverage.line_min), ("branch", "branch_rate", &coverage.branch_min)];
        for (row, measure, text) in written {
            let share = self.share(&format!("{row}_min"), text.as_ref());
            limits.extend(share.zip(text.as_ref()).map(|(value, text)| {
                let value = Operand::Number(value);
                Limit { row, measure, op: Op::Gte, value, unit: Unit::Percent, at: text.at }
            }));
        }
        let asks = coverage.line_min.is_some() || coverage.branch_min.is_some();
        let form = Form {
            name: "coverage",
            kind: Kind::Coverage,
            from: coverage.from.as_ref(),
            optional: coverage.optional,
            help: "add `line_min:` or `branch_min:`",
        };
        self.measured(coverage, &form, limits, asks);
    }

    pub(super) fn security(&mut self, security: &Placed<Security>) {
        let written = [
            ("critical", &security.critical_max),
            ("high", &security.high_max),
            ("medium", &security.medium_max),
            ("low", &security.low_max),
        ];
        let limit = |row: &'static str, limit: &Placed<u64>| {
            let (value, at) = (count(limit.value), limit.at);
            Limit { row, measure: row, op: Op::Lte, value, unit: Unit::Count, at }
        };
        let limits: Vec<Limit> =
            written.iter().filter_map(|(row, text)| text.as_ref().map(|text| limit(row, text))).collect();
        let asks = !limits.is_empty();
        let form = Form {
            name: "security",
            kind: Kind::Security,
            from: security.from.as_ref(),
            optional: security.optional,
            help: "add `critical_max: 0` or another limit",
        };
        self.measured(security, &form, limits, asks);
    }

    pub(super) fn performance(&mut self, performance: &Placed<Performance>) {
        let mut limits = Vec::new();
        let spans = [("p50", &performance.p50_max), ("p95", &performance.p95_max), ("p99", &performance.p99_max)];
        for (row, text) in spans {
            let span = self.span(&format!("{row}_max"), text.as_ref());
            limits.extend(span.zip(text.as_ref()).map(|(span, text)| {
                let value = Operand::Number(Decimal::whole(span.0));
                Limit { row, measure: row, op: Op::Lte, value, unit: Unit::Duration, at: text.at }
            }));
        }
        let share = self.share("error_rate_max", performance.error_rate_max.as_ref());
        limits.extend(share.zip(performance.error_rate_max.as_ref()).map(|(value, text)| Limit {
            row: "error_rate",
            measure: "error_rate",
            op: Op::Lte,
            value: Operand::Number(value),
            unit: Unit::Ratio,
            at: text.at,
        }));
        if let Some(text) = &performance.throughput_min {
            let rate = self.quantity("throughput_min", &text.map_text(|rate| &rate.0), quantity::rate);
            limits.extend(rate.map(|value| Limit {
                row: "throughput",
                measure: "throughput",
                op: Op::Gte,
                value: Operand::Number(value),
                unit: Unit::PerSecond,
                at: text.at,
            }));
        }
        let asks = spans.iter().any(|(_, text)| text.is_some())
            || performance.error_rate_max.is_some()
            || performance.throughput_min.is_some();
        let form = Form {
            name: "performance",
            kind: Kind::Performance,
            from: performance.from.as_ref(),
            optional: performance.optional,
            help: "add `p95_max: 800ms` or another limit",
        };
        self.measured(performance, &form, limits, asks);
    }

    /// One row for each limit; a gate that asks for nothing is a fault.
    fn measured<T>(&mut self, gate: &Placed<T>, form: &Form<'_>, limits: Vec<Limit>, asks: bool) {
        let from = self.from(gate, form.name, "from", form.from, Some(form.kind));
        self.cannot_be_joined(gate, form, &from);
        let row = |limit: Limit| {
            let Limit { row, measure, op, value, unit, at } = limit;
            let condition = is(format!("{}.{measure}", form.name), op, value, unit);
            let kind = GateKind::Measured { from: from.clone(), condition };
            Gate { id: format!("{}.{row}", form.name), kind, optional: form.optional, at }
        };
        let rows = limits.into_iter().map(row).collect();
        if !asks {
            self.asks_nothing(gate, form.name, form.help);
        }
        self.gates.push((gate.at, rows));
    }

    /// What comes from GitHub is read source by source, and of some measures only numbers are left then.
    fn cannot_be_joined<T>(&mut self, gate: &Placed<T>, form: &Form<'_>, from: &[String]) {
        let why = match form.kind {
            Kind::Coverage => "be merged with other evidence line by line",
            Kind::Performance => "be joined with that of other evidence",
            _ => return,
        };
        if let Some(id) = from.iter().find(|id| from.len() > 1 && self.sources.is_from_github(id)) {
            let message = format!("{} of `{id}` cannot {why}", form.name);
            let help = "read it from one source: `artifact` may hold `*`, and one artifact may hold several reports";
            self.faults.push(Wrong::of(gate, message).help(help));
        }
    }
}
