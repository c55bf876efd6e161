//! Findings of many reports, merged by identity: the same tool saying the same of the same place is one finding.

use std::collections::HashMap;
use std::sync::Arc;

use crate::adapters::evidence::identity::identity;
use crate::promotion::facts::{DETAILS_KEPT, Detail, Findings};
use crate::promotion::waivers::Waivers;

/// How bad a finding is, as it counts for a gate: one without a severity stands just below high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Information only.
    Info,
    /// CVSS 0.1–3.9, or `note`.
    Low,
    /// CVSS 4.0–6.9, or `warning`.
    Medium,
    /// The tool gave none that we understand.
    Unknown,
    /// CVSS 7.0–8.9, or `error`.
    High,
    /// CVSS 9.0 and more.
    Critical,
}

impl Severity {
    /// The band of a CVSS score, as GitHub draws the borders; a score outside of 0–10 is no score.
    pub fn of_score(text: &str) -> Self {
        match text.trim().parse::<f64>() {
            Ok(score) if !(0.0..=10.0).contains(&score) => Self::Unknown,
            Ok(score) if score >= 9.0 => Self::Critical,
            Ok(score) if score >= 7.0 => Self::High,
            Ok(score) if score >= 4.0 => Self::Medium,
            Ok(score) if score > 0.0 => Self::Low,
            Ok(_) => Self::Info,
            Err(_) => Self::Unknown,
        }
    }

    /// The severity of a SARIF level.
    pub fn of_level(level: &str) -> Self {
        match level {
            "error" => Self::High,
            "warning" => Self::Medium,
            "note" => Self::Low,
            "none" => Self::Info,
            _ => Self::Unknown,
        }
    }
}

/// The identity of a finding: a hash of all that tells it from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FindingKey(u128);

impl FindingKey {
    /// The key of some parts.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(identity(parts))
    }

    /// Its bytes, to make a key of it and something else.
    pub fn bytes(&self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

/// All findings of a source.
#[derive(Debug, Default)]
pub struct Found {
    /// `None`: suppressed.
    kept: HashMap<FindingKey, Option<Severity>>,
    worst: Vec<(Severity, FindingKey, Detail)>,
    repeated: u64,
    waivers: Arc<Waivers>,
}

impl Found {
    /// No findings yet.
    pub fn new(waivers: Arc<Waivers>) -> Self {
        Self { waivers, ..Self::default() }
    }

    /// Takes in the findings of other reports.
    pub fn absorb(&mut self, other: Self) {
        let mut details: HashMap<FindingKey, Detail> =
            other.worst.into_iter().map(|(_, key, detail)| (key, detail)).collect();
        for (key, severity) in other.kept {
            let detail = details.remove(&key);
            self.add(key, severity, detail);
        }
        self.repeated += other.repeated;
    }

    /// Adds a finding; `None` for one that is suppressed. Of two that are the same the worse one stands, and one that is
    /// suppressed in one report only is not suppressed.
    pub fn add(&mut self, key: FindingKey, severity: Option<Severity>, detail: Option<Detail>) {
        let before = self.kept.insert(key, severity);
        if let Some(before) = before {
            self.repeated += 1;
            self.kept.insert(key, before.max(severity));
            if before >= severity {
                return;
            }
            self.worst.retain(|(_, other, _)| *other != key);
        }
        if let (Some(severity), Some(detail)) = (severity, detail) {
            let place = self.worst.partition_point(|(other, _, _)| *other >= severity);
            self.worst.insert(place, (severity, key, detail));
            self.worst.truncate(DETAILS_KEPT);
        }
    }

    /// The findings by severity. None at all is a clean scan: whether there was a scan is for the parser to say.
    pub fn finish(self) -> (Findings, Vec<String>) {
        let mut findings = Findings::default();
        for severity in self.kept.values() {
            *match severity {
                None => &mut findings.suppressed,
                Some(Severity::Info) => &mut findings.info,
                Some(Severity::Low) => &mut findings.low,
                Some(Severity::Medium) => &mut findings.medium,
                Some(Severity::Unknown) => &mut findings.unknown,
                Some(Severity::High) => &mut findings.high,
                Some(Severity::Critical) => &mut findings.critical,
            } += 1;
        }
        findings.worst = self.worst.into_iter().map(|(_, _, detail)| detail).collect();
        let notes = match self.repeated {
            0 => Vec::new(),
            1 => vec!["1 finding is reported twice, and counts once".to_owned()],
            n => vec![format!("{n} findings are repeats of others, and do not count again")],
        };
        (findings, notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(name: &str) -> Option<Detail> {
        Some(Detail { name: name.to_owned(), message: String::new(), at: String::new() })
    }

    #[test]
    fn bands_are_closed_below() {
        for (score, severity) in [
            ("10.0", Severity::Critical),
            ("9.0", Severity::Critical),
            ("8.9", Severity::High),
            ("7", Severity::High),
            ("6.9", Severity::Medium),
            ("4.0", Severity::Medium),
            ("3.9", Severity::Low),
            ("0.1", Severity::Low),
            ("0.0", Severity::Info),
            ("10.1", Severity::Unknown),
            ("-1", Severity::Unknown),
            ("NaN", Severity::Unknown),
            ("high", Severity::Unknown),
        ] {
            assert_eq!(Severity::of_score(score), severity, "{score}");
        }
    }

    #[test]
    fn of_two_that_are_the_same_the_worse_stands() {
        let key = FindingKey::of([b"a".as_slice()]);
        for (pair, wanted) in [
            ([None, Some(Severity::High)], (1, 0, 0)),
            ([Some(Severity::High), None], (1, 0, 0)),
            ([Some(Severity::Low), Some(Severity::High)], (1, 0, 0)),
            ([Some(Severity::Low), Some(Severity::Low)], (0, 1, 0)),
            ([None, None], (0, 0, 1)),
        ] {
            let mut found = Found::default();
            for severity in pair {
                found.add(key, severity, detail("a"));
            }
            let (findings, notes) = found.finish();
            assert_eq!((findings.high, findings.low, findings.suppressed), wanted, "{pair:?}");
            assert_eq!((findings.worst.len() as u64, notes.len()), (1 - wanted.2, 1));
        }
    }

    #[test]
    fn the_worst_come_first_and_are_limited() {
        let mut found = Found::default();
        for n in 0..100u8 {
            let severity = if n == 99 { Severity::Critical } else { Severity::Low };
            found.add(FindingKey::of([[n].as_slice()]), Some(severity), detail(&n.to_string()));
        }
        let (findings, _) = found.finish();
        let names: Vec<&str> = findings.worst.iter().map(|detail| detail.name.as_str()).collect();
        assert_eq!((findings.low, names.len(), &names[..3]), (99, DETAILS_KEPT, ["99", "0", "1"].as_slice()));
    }
}
