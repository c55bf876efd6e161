//! Gates on measures: one row for each limit, over the merge of the evidence that the gate names.

use crate::promotion::condition::{Op, Operand};
use crate::promotion::fields::{Kind, Unit};
use crate::promotion::number::Decimal;
use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::gates::{Coverage, Performance, Quality, Security};
use crate::promotion::rules::file::shape::{OneOrMany, Percent, Placed};
use crate::promotion::rules::quantity;
use crate::promotion::rules::resolve::gates::{GateReader, count, is};
use crate::promotion::rules::resolve::names::bound;
use crate::promotion::rules::{Gate, GateKind};

/// A limit that is written.
pub(super) struct Limit {
    /// What stands behind the dot of the gate's id: `line`.
    row: String,
    /// What stands behind the dot of the fact: `line_rate`.
    measure: String,
    op: Op,
    value: Operand,
    unit: Unit,
    at: At,
}

impl Limit {
    /// A limit whose row is called like the measure.
    pub(super) fn on(name: &str, op: Op, value: Operand, unit: Unit, at: At) -> Self {
        Self { row: name.to_owned(), measure: name.to_owned(), op, value, unit, at }
    }
}

/// Limits on how many there may be, as far as they are written.
pub(super) fn most(written: &[(&str, &Option<Placed<u64>>)]) -> Vec<Limit> {
    let limit = |name: &str, most: &Placed<u64>| Limit::on(name, Op::Lte, count(most.value), Unit::Count, most.at);
    written.iter().filter_map(|(name, most)| most.as_ref().map(|most| limit(name, most))).collect()
}

/// A gate of this form: its name, its kind, the evidence that it names, and what to write if it has no limit.
pub(super) struct Form<'a> {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) from: Option<&'a OneOrMany<String>>,
    pub(super) tool: Option<&'a OneOrMany<String>>,
    pub(super) base: Option<String>,
    pub(super) optional: bool,
    pub(super) help: &'static str,
}

impl Form<'_> {
    fn is_live(&self) -> bool {
        matches!(self.kind, Kind::Levels | Kind::Alerts)
    }
}

impl GateReader<'_> {
    pub(super) fn coverage(&mut self, coverage: &Placed<Coverage>) {
        let whole =
            [("line", &coverage.line_min), ("branch", &coverage.branch_min), ("function", &coverage.function_min)];
        let mut limits = self.rates("", whole);
        let mut asks = whole.iter().any(|(_, text)| text.is_some());
        for (glob, part) in coverage.parts.iter().flat_map(|parts| &parts.0) {
            let rates = [("line", &part.line_min), ("branch", &part.branch_min), ("function", &part.function_min)];
            if rates.iter().all(|(_, text)| text.is_none()) && !part.faulty {
                let wrong = Wrong::of(glob, format!("the part `{}` asks for nothing", glob.value));
                self.faults.push(wrong.help("add `line_min:`, `branch_min:` or `function_min:`"));
            }
            if let Err(fault) = globset::Glob::new(glob) {
                let wrong = Wrong::of(glob, format!("`{}` is not a glob that can be read", glob.value));
                self.faults.push(wrong.help(fault.kind().to_string()));
            }
            limits.extend(self.rates(&format!("@{}", glob.value), rates));
            asks = true;
        }
        let drop = self.share("line_drop_max", coverage.line_drop_max.as_ref());
        asks |= coverage.line_drop_max.is_some();
        limits.extend(
            drop.zip(coverage.line_drop_max.as_ref())
                .map(|(value, text)| Limit::on("line_drop", Op::Lte, Operand::Number(value), Unit::Percent, text.at)),
        );
        let form = Form {
            name: "coverage",
            kind: Kind::Coverage,
            from: coverage.from.as_ref(),
            tool: None,
            base: self.base(coverage),
            optional: coverage.optional,
            help: "add `line_min:`, `branch_min:` or another limit",
        };
        self.measured(coverage, &form, limits, asks);
    }

    /// The rates of the whole, or of a part of the tree.
    fn rates(&mut self, part: &str, written: [(&str, &Option<Placed<Percent>>); 3]) -> Vec<Limit> {
        let mut limits = Vec::new();
        for (row, text) in written {
            let share = self.share(&format!("{row}_min"), text.as_ref());
            limits.extend(share.zip(text.as_ref()).map(|(value, text)| {
                let value = Operand::Number(value);
                let (row, measure) = (format!("{row}{part}"), format!("{row}_rate{part}"));
                Limit { row, measure, op: Op::Gte, value, unit: Unit::Percent, at: text.at }
            }));
        }
        limits
    }

    /// The evidence that the coverage is compared with: it is named where a limit needs it, and only there.
    fn base(&mut self, coverage: &Placed<Coverage>) -> Option<String> {
        let wrong = match (&coverage.base, &coverage.line_drop_max) {
            (None, None) => return None,
            (None, Some(limit)) => Wrong::of(limit, "`line_drop_max` does not say what the coverage is compared with")
                .help("add `base: <evidence id>`, such as the coverage report of the default branch"),
            (Some(base), None) => Wrong::of(base, "`base` is compared with nothing").help("add `line_drop_max: 1%`"),
            (Some(base), Some(_)) => {
                let id = bound("evidence", base, self.sources.ids(), self.faults)?;
                self.accept(&id, base.at, base.width, Some(Kind::Coverage));
                return Some(id);
            }
        };
        self.faults.push(wrong);
        None
    }

    pub(super) fn security(&mut self, security: &Placed<Security>) {
        let written = [
            ("critical", &security.critical_max),
            ("high", &security.high_max),
            ("medium", &security.medium_max),
            ("low", &security.low_max),
        ];
        let limits = most(&written);
        let asks = !limits.is_empty();
        let form = Form {
            name: "security",
            kind: Kind::Security,
            from: security.from.as_ref(),
            tool: security.tool.as_ref(),
            base: None,
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
                Limit::on(row, Op::Lte, value, Unit::Duration, text.at)
            }));
        }
        let share = self.share("error_rate_max", performance.error_rate_max.as_ref());
        limits.extend(
            share
                .zip(performance.error_rate_max.as_ref())
                .map(|(value, text)| Limit::on("error_rate", Op::Lte, Operand::Number(value), Unit::Ratio, text.at)),
        );
        if let Some(text) = &performance.throughput_min {
            let rate = self.quantity("throughput_min", &text.map_text(|rate| &rate.0), quantity::rate);
            limits.extend(
                rate.map(|value| Limit::on("throughput", Op::Gte, Operand::Number(value), Unit::PerSecond, text.at)),
            );
        }
        let asks = spans.iter().any(|(_, text)| text.is_some())
            || performance.error_rate_max.is_some()
            || performance.throughput_min.is_some();
        let form = Form {
            name: "performance",
            kind: Kind::Performance,
            from: performance.from.as_ref(),
            tool: performance.tool.as_ref(),
            base: None,
            optional: performance.optional,
            help: "add `p95_max: 800ms` or another limit",
        };
        self.measured(performance, &form, limits, asks);
    }

    pub(super) fn quality(&mut self, quality: &Placed<Quality>) {
        let written = [
            ("errors", &quality.errors_max),
            ("warnings", &quality.warnings_max),
            ("complexity", &quality.complexity_max),
        ];
        let limits = most(&written);
        let asks = !limits.is_empty();
        let form = Form {
            name: "quality",
            kind: Kind::Quality,
            from: quality.from.as_ref(),
            tool: quality.tool.as_ref(),
            base: None,
            optional: quality.optional,
            help: "add `errors_max: 0` or another limit",
        };
        self.measured(quality, &form, limits, asks);
    }

    /// One row for each limit; a gate that asks for nothing is a fault.
    pub(super) fn measured<T>(&mut self, gate: &Placed<T>, form: &Form<'_>, limits: Vec<Limit>, asks: bool) {
        let from = self.from(gate, form.name, "from", form.from, Some(form.kind));
        let whole = from.as_slice();
        self.cannot_be_joined(gate, form, &from);
        let tools: Vec<String> = form.tool.iter().flat_map(|tool| &tool.0).map(|tool| tool.value.clone()).collect();
        if let Some(tool) = form.tool.iter().flat_map(|tool| &tool.0).find(|tool| tool.trim().is_empty()) {
            self.faults
                .push(Wrong::of(tool, "a tool without a name").help("write the name of the scanner, such as trivy"));
        }
        let row = |limit: &Limit, from: &[String]| {
            let Limit { row, measure, op, value, unit, at } = limit;
            // What is live is never merged: each source answers for itself.
            let of = if form.is_live() && from != whole { format!("{}.", from.join(",")) } else { String::new() };
            let condition = is(format!("{}.{measure}", form.name), *op, value.clone(), *unit);
            let base = form.base.clone().filter(|_| measure == "line_drop");
            let kind = GateKind::Measured { from: from.to_vec(), tools: tools.clone(), base, condition };
            Gate { id: format!("{}.{of}{row}", form.name), kind, optional: form.optional, at: *at }
        };
        let groups: Vec<&[String]> = if form.is_live() { whole.chunks(1).collect() } else { vec![whole] };
        let rows = groups.iter().flat_map(|from| limits.iter().map(|limit| row(limit, from))).collect();
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
