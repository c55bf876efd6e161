//! The one scale of severities, and how the words, levels and scores of all tools stand on it.
//!
//! | ours | CVSS | words |
//! |---|---|---|
//! | critical | 9.0–10.0 | `critical` |
//! | high | 7.0–8.9 | `high`, `important`, `error`, `serious` |
//! | medium | 4.0–6.9 | `medium`, `moderate`, `warning`, `warn` |
//! | low | 0.1–3.9 | `low`, `minor`, `note`, and `INFO` in capitals |
//! | info | 0.0 | `info`, `informational`, `information`, `negligible`, `none` |
//! | unknown | | `unknown`, no word at all, and every word that does not stand here |
//!
//! Words are compared without case, but for `INFO`: in capitals it is the lowest of Semgrep's three levels (ERROR, WARNING,
//! INFO) and tells of a weakness; `info` is what npm and CycloneDX call a remark.

use cvss::Cvss;

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
    /// The severity of a tool's word; the table above has them all.
    pub fn of_word(word: &str) -> Self {
        let word = word.trim();
        if word == "INFO" {
            return Self::Low;
        }
        match word.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" | "error" | "serious" => Self::High,
            "medium" | "moderate" | "warning" | "warn" => Self::Medium,
            "low" | "minor" | "note" => Self::Low,
            "info" | "informational" | "information" | "negligible" | "none" => Self::Info,
            _ => Self::Unknown,
        }
    }

    /// The band of a CVSS score that is written as a text; what is no number is no score.
    pub fn of_score(text: &str) -> Self {
        text.trim().parse().map_or(Self::Unknown, Self::of_number)
    }

    /// The band of a CVSS score, as GitHub draws the borders; a score outside of 0–10 is no score.
    pub fn of_number(score: f64) -> Self {
        match score {
            score if !(0.0..=10.0).contains(&score) => Self::Unknown,
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::Info,
        }
    }

    /// The severity of a CVSS vector (first.org), by its base score. One of version 2 has no `critical`, and may stand in
    /// brackets. A vector that lacks a metric, or cannot be read, says nothing.
    pub fn of_vector(text: &str) -> Self {
        let text = text.trim().trim_start_matches('(').trim_end_matches(')').trim_end_matches('/');
        match text.parse::<Cvss>() {
            Ok(vector @ Cvss::CvssV20(_)) => Self::of_number(vector.score()).min(Self::High),
            Ok(Cvss::CvssV30(vector) | Cvss::CvssV31(vector)) => {
                let scope_and_impact = [vector.s.is_some(), vector.c.is_some(), vector.i.is_some(), vector.a.is_some()];
                let exploit = [vector.av.is_some(), vector.ac.is_some(), vector.pr.is_some(), vector.ui.is_some()];
                let whole = scope_and_impact.into_iter().chain(exploit).all(|there| there);
                if whole { Self::of_number(vector.score().value()) } else { Self::Unknown }
            }
            Ok(vector @ Cvss::CvssV40(_)) => Self::of_number(vector.score()),
            Ok(_) | Err(_) => Self::Unknown,
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn words_stand_on_one_scale() {
        for (words, severity) in [
            (["critical", "CRITICAL", " Critical "], Severity::Critical),
            (["high", "Important", "ERROR"], Severity::High),
            (["Medium", "moderate", "WARNING"], Severity::Medium),
            (["LOW", "INFO", "note"], Severity::Low),
            (["Negligible", "info", "none"], Severity::Info),
            (["", "unknown", "INVENTORY"], Severity::Unknown),
        ] {
            for word in words {
                assert_eq!(Severity::of_word(word), severity, "{word}");
            }
        }
    }

    #[test]
    fn vectors_are_scored_and_half_of_one_is_none() {
        for (vector, severity) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity::Critical),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:P", Severity::High),
            ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:N/A:N", Severity::Low),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity::Info),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Severity::Critical),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Severity::High),
            ("(AV:N/AC:M/Au:N/C:N/I:P/A:N)", Severity::Medium),
            ("CVSS:3.1/AV:N/AC:L", Severity::Unknown),
            ("CVSS:4.0/AV:N/AC:L", Severity::Unknown),
            ("AV:N/AC:L", Severity::Unknown),
            ("CVSS:5.0/AV:N/AC:L/PR:N", Severity::Unknown),
            ("9.8", Severity::Unknown),
            ("", Severity::Unknown),
            ("/", Severity::Unknown),
        ] {
            assert_eq!(Severity::of_vector(vector), severity, "{vector}");
        }
    }
}
