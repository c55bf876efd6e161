//! The gates on what GitHub knows of a commit: its checks, and its review.

use crate::promotion::condition::{Comparison, Condition, Op, Operand};
use crate::promotion::fields::{Kind, Unit};
use crate::promotion::number::Decimal;
use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::gates::{Checks, Review};
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::github::OfCommit;
use crate::promotion::rules::resolve::gates::GateReader;
use crate::promotion::rules::{Gate, GateKind};

impl GateReader<'_> {
    /// One gate for each piece of evidence: no check has failed, none is pending, and there are enough.
    pub(super) fn checks(&mut self, checks: &Placed<Checks>) -> (At, Vec<Gate>) {
        let from = self.from(checks, "checks", "from", checks.from.as_ref(), Some(Kind::Checks));
        let help = "write 1 or more: where nothing was checked, nothing is green";
        let min = self.least(checks.min.as_ref(), help);
        let limits = [("failed", Op::Eq, 0), ("pending", Op::Eq, 0), ("total", Op::Gte, min)];
        let gate = |id: String| one("checks", id, &limits, GateKind::Checks, (checks.optional, checks.at));
        (checks.at, from.into_iter().map(gate).collect())
    }

    /// One gate for each piece of evidence: enough people approved, and nobody asked for changes.
    pub(super) fn review(&mut self, review: &Placed<Review>) -> (At, Vec<Gate>) {
        let from = self.from(review, "review", "from", review.from.as_ref(), Some(Kind::Review));
        let min = self.least(review.min.as_ref(), "write 1 or more, or remove the gate");
        let limits = [("approved", Op::Gte, min), ("changes_requested", Op::Eq, 0)];
        let gate = |id: String| one("review", id, &limits, GateKind::Review, (review.optional, review.at));
        (review.at, from.into_iter().map(gate).collect())
    }

    /// The least number of something; 1 where the rules do not say, and never 0.
    fn least(&mut self, min: Option<&Placed<u64>>, help: &str) -> u64 {
        if let Some(min) = min.filter(|min| min.value == 0) {
            self.faults.push(Wrong::of(min, "`0` cannot be `min`").help(help));
        }
        min.map_or(1, |min| min.value)
    }
}

fn one(
    name: &str,
    evidence: String,
    limits: &[(&str, Op, u64)],
    kind: fn(OfCommit) -> GateKind,
    (optional, at): (bool, At),
) -> Gate {
    let is = |(measure, op, value): &(&str, Op, u64)| {
        let value = Operand::Number(Decimal::new(i128::from(*value), 0));
        Condition::Is(Comparison { field: format!("{evidence}.{measure}"), op: *op, value, unit: Unit::Count })
    };
    let condition = Condition::All(limits.iter().map(is).collect());
    Gate { id: format!("{name}.{evidence}"), kind: kind(OfCommit { evidence, condition }), optional, at }
}
