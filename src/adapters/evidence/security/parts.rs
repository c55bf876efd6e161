//! What reports of several scanners have in common: scores that are numbers or texts, times, digests, and names of advisories.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::adapters::evidence::said::About;
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::times;

/// A CVSS score, which is a number, or a number as a text; an empty text is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Score(pub(super) Option<f64>);

impl Score {
    /// Its band.
    pub(super) fn severity(self) -> Option<Severity> {
        self.0.map(Severity::of_number)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl Visitor<'_> for Numbers {
            type Value = Score;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a score")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Score, E> {
                Ok(Score(Some(number)))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Score, E> {
                Ok(Score(Some(number as f64)))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Score, E> {
                Ok(Score(Some(number as f64)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Score, E> {
                match text.trim() {
                    "" => Ok(Score(None)),
                    text => {
                        text.parse().map(|number| Score(Some(number))).map_err(|_| E::custom("a score is no number"))
                    }
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Score, E> {
                Ok(Score(None))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

/// Notes when the report says that it was made.
pub(super) fn taken(about: &mut About, text: Option<&str>) {
    if let Some(moment) = text.and_then(times::moment) {
        about.older(moment.time);
        if !moment.zoned {
            about.notes.push("its time names no zone and is taken as UTC".to_owned());
        }
    }
}

/// Notes the image that was scanned, by the digests of its repositories (`alpine@sha256:…`). Where they differ, none of them
/// is known to be the one that is meant.
pub(super) fn image<'a>(about: &mut About, repo_digests: impl IntoIterator<Item = &'a str>) {
    let digests = repo_digests.into_iter().filter_map(|one| one.rsplit_once('@')).map(|(_, digest)| digest);
    let digests: BTreeSet<&str> = digests.filter(|digest| digest.starts_with("sha256:")).collect();
    if let (1, Some(digest)) = (digests.len(), digests.first()) {
        about.subjects.insert((*digest).to_owned());
    }
}

/// The names of an advisory, the best known one first: CVE, then GHSA, then any other; each once.
pub(super) fn known_first<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for name in names.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
        if !all.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            all.push(name);
        }
    }
    all.sort_by_key(|name| match name.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("CVE-") => 0,
        Some(start) if start.eq_ignore_ascii_case("GHSA") => 1,
        _ => 2,
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_known_name_comes_first_and_each_once() {
        assert_eq!(
            known_first(["SNYK-1", "GHSA-1", "", "CVE-2", "ghsa-1", "CVE-1"]),
            ["CVE-2", "CVE-1", "GHSA-1", "SNYK-1"]
        );
    }

    #[test]
    fn an_image_is_known_by_one_digest() {
        for (digests, subject) in [
            (vec!["a@sha256:aa"], Some("sha256:aa")),
            (vec!["a@sha256:aa", "localhost:5000/a@sha256:aa"], Some("sha256:aa")),
            (vec!["a@sha256:aa", "b@sha256:bb"], None),
            (vec!["a:latest"], None),
        ] {
            let mut about = About::default();
            image(&mut about, digests.iter().copied());
            assert_eq!(about.subjects.first().map(String::as_str), subject, "{digests:?}");
        }
    }
}
