//! Conditions over named facts: what every typed gate is short for.
//!
//! Truth has three values. A field that could not be observed is *unknown*, and unknown spreads as in Kleene's logic:
//! `all` with a false part is false whatever else is unknown, `any` with a true part is true.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::promotion::fields::Unit;
use crate::promotion::number::Decimal;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater than.
    Gt,
    /// At least.
    Gte,
    /// Less than.
    Lt,
    /// At most.
    Lte,
    /// One of a list.
    In,
    /// Whether the fact was observed at all (`value: true | false`); never unknown.
    Exists,
}

/// What a field is compared with, in the canonical unit of the field: a ratio is a fraction (`70%` is `0.7`), a duration
/// is milliseconds, except for fields whose name says a unit (`duration_hours`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// A number in the field's canonical unit.
    Number(Decimal),
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// Several, for `in`.
    List(Vec<Self>),
}

/// One comparison of a named fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The fact's name: `unit.failed`, `coverage.line_rate`, `deployment.duration_hours`.
    pub field: String,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub value: Operand,
    /// The field's unit, for showing the value as people write it.
    pub unit: Unit,
}

/// A condition: comparisons joined by `all`, `any`, `not`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// One comparison.
    Is(Comparison),
    /// Every part holds.
    All(Vec<Self>),
    /// At least one part holds.
    Any(Vec<Self>),
    /// The part does not hold.
    Not(Box<Self>),
}

/// A named fact's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A whole or decimal number in the field's canonical unit.
    Number(Decimal),
    /// A ratio that is compared without division.
    Ratio {
        /// Numerator.
        num: u64,
        /// Denominator, never zero: a ratio of nothing is not observed.
        den: u64,
    },
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
}

impl Fact {
    /// The quotient of two numbers, compared without division; `None` where it makes no sense: below zero, or of nothing. Digits
    /// that do not fit are cut from both.
    pub fn quotient(num: Decimal, den: Decimal) -> Option<Self> {
        let ((mut n, n_scale), (mut d, d_scale)) = (num.parts(), den.parts());
        n = n.checked_mul(10i128.checked_pow(d_scale.saturating_sub(n_scale))?)?;
        d = d.checked_mul(10i128.checked_pow(n_scale.saturating_sub(d_scale))?)?;
        while n.max(d) > i128::from(u64::MAX) {
            (n, d) = (n / 10, d / 10);
        }
        let (num, den) = (u64::try_from(n).ok()?, u64::try_from(d).ok().filter(|den| *den > 0)?);
        Some(Self::Ratio { num, den })
    }
}

/// The answer to "what is this fact?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Observed.
    Yes(Fact),
    /// Missing, unreadable, about another version, or not a thing that was measured: why.
    No(String),
}

/// Kleene's three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// Could not be found out.
    Unknown,
}

impl Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Condition {
    /// Judges the condition over the facts that `lookup` answers.
    pub fn judge(&self, lookup: &dyn Fn(&str) -> Known) -> Truth {
        match self {
            Self::Is(comparison) => comparison.judge(&lookup(&comparison.field)),
            Self::All(parts) => fold(parts, lookup, Truth::False, Truth::True),
            Self::Any(parts) => fold(parts, lookup, Truth::True, Truth::False),
            Self::Not(part) => part.judge(lookup).not(),
        }
    }

    /// Every comparison, in order.
    pub fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::Is(comparison) => vec![comparison],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::comparisons).collect(),
            Self::Not(part) => part.comparisons(),
        }
    }
}

/// `decisive` as soon as one part is it; else unknown if any part is; else `otherwise`.
fn fold(parts: &[Condition], lookup: &dyn Fn(&str) -> Known, decisive: Truth, otherwise: Truth) -> Truth {
    let truths: Vec<Truth> = parts.iter().map(|part| part.judge(lookup)).collect();
    if truths.contains(&decisive) {
        decisive
    } else if truths.contains(&Truth::Unknown) {
        Truth::Unknown
    } else {
        otherwise
    }
}

impl Comparison {
    /// Judges one comparison of a fact; a fact of another kind than the operand is unknown, not false.
    pub fn judge(&self, known: &Known) -> Truth {
        let fact = match (self.op, known) {
            (Op::Exists, _) => {
                let wanted = self.value != Operand::Bool(false);
                return Truth::from(wanted == matches!(known, Known::Yes(_)));
            }
            (_, Known::No(_)) => return Truth::Unknown,
            (_, Known::Yes(fact)) => fact,
        };
        if let (Op::In, Operand::List(items)) = (self.op, &self.value) {
            let equal: Vec<Option<Ordering>> = items.iter().map(|item| compare(fact, item)).collect();
            if equal.contains(&Some(Ordering::Equal)) {
                return Truth::True;
            }
            return if equal.contains(&None) { Truth::Unknown } else { Truth::False };
        }
        let Some(order) = compare(fact, &self.value) else { return Truth::Unknown };
        Truth::from(match self.op {
            Op::Eq | Op::In => order == Ordering::Equal,
            Op::Ne => order != Ordering::Equal,
            Op::Gt => order == Ordering::Greater,
            Op::Gte => order != Ordering::Less,
            Op::Lt => order == Ordering::Less,
            Op::Lte => order != Ordering::Greater,
            Op::Exists => true,
        })
    }
}

/// How a fact stands to an operand of the same kind; `None` for different kinds.
fn compare(fact: &Fact, operand: &Operand) -> Option<Ordering> {
    match (fact, operand) {
        (Fact::Number(a), Operand::Number(b)) => Some(a.cmp(b)),
        (Fact::Ratio { num, den }, Operand::Number(b)) if *den > 0 => Some(b.cmp_ratio(*num, *den).reverse()),
        (Fact::Text(a), Operand::Text(b)) => Some(a.cmp(b)),
        (Fact::Bool(a), Operand::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(field: &str, op: Op, value: &str) -> Condition {
        let value = Operand::Number(value.parse().unwrap());
        Condition::Is(Comparison { field: field.to_owned(), op, value, unit: Unit::Count })
    }

    fn facts(field: &str) -> Known {
        match field {
            "rate" => Known::Yes(Fact::Ratio { num: 7, den: 10 }),
            "count" => Known::Yes(Fact::Number(Decimal::whole(5))),
            _ => Known::No("nobody measured it".to_owned()),
        }
    }

    #[test]
    fn every_comparison_at_equality() {
        for (op, at, below, above) in [
            (Op::Eq, Truth::True, Truth::False, Truth::False),
            (Op::Ne, Truth::False, Truth::True, Truth::True),
            (Op::Gt, Truth::False, Truth::True, Truth::False),
            (Op::Gte, Truth::True, Truth::True, Truth::False),
            (Op::Lt, Truth::False, Truth::False, Truth::True),
            (Op::Lte, Truth::True, Truth::False, Truth::True),
        ] {
            assert_eq!(is("rate", op, "0.7").judge(&facts), at, "{op:?} at the limit");
            assert_eq!(is("rate", op, "0.69").judge(&facts), below, "{op:?}, limit below");
            assert_eq!(is("rate", op, "0.71").judge(&facts), above, "{op:?}, limit above");
        }
    }

    #[test]
    fn unknown_spreads_only_where_it_decides() {
        let (yes, no, what) = (is("count", Op::Eq, "5"), is("count", Op::Eq, "6"), is("lost", Op::Eq, "0"));
        assert_eq!(Condition::All(vec![yes.clone(), what.clone()]).judge(&facts), Truth::Unknown);
        assert_eq!(Condition::All(vec![no.clone(), what.clone()]).judge(&facts), Truth::False);
        assert_eq!(Condition::Any(vec![yes, what.clone()]).judge(&facts), Truth::True);
        assert_eq!(Condition::Any(vec![no, what.clone()]).judge(&facts), Truth::Unknown);
        assert_eq!(Condition::Not(Box::new(what)).judge(&facts), Truth::Unknown);
    }
}
