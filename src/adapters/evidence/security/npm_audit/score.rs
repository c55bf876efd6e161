//! How bad an advisory is, and its name, in both versions.

use serde::Deserialize;

use crate::adapters::evidence::security::severity::Severity;

/// A CVSS score, in both versions.
#[derive(Debug, Deserialize)]
pub(super) struct Cvss {
    pub(super) score: Option<f64>,
    #[serde(rename = "vectorString")]
    pub(super) vector: Option<String>,
}

/// The word, else the vector, else a score above 0.
pub(super) fn severity(word: Option<&str>, cvss: Option<&Cvss>) -> Severity {
    let vector = cvss.and_then(|cvss| cvss.vector.as_deref()).unwrap_or_default();
    let score = cvss.and_then(|cvss| cvss.score).filter(|score| *score > 0.0);
    let known = |severity: &Severity| *severity != Severity::Unknown;
    Some(Severity::of_word(word.unwrap_or_default()))
        .filter(known)
        .or_else(|| Some(Severity::of_vector(vector)).filter(known))
        .unwrap_or_else(|| score.map_or(Severity::Unknown, Severity::of_number))
}

/// The GHSA id at the end of an advisory's address.
pub(super) fn ghsa(url: &str) -> Option<&str> {
    url.rsplit('/').next().filter(|id| id.starts_with("GHSA-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_comes_first_and_no_score_is_not_zero() {
        let cvss = |score, vector: Option<&str>| Some(Cvss { score, vector: vector.map(str::to_owned) });
        let vector = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L");
        for (word, cvss, wanted) in [
            (Some("moderate"), cvss(Some(9.8), None), Severity::Medium),
            (None, cvss(Some(6.1), None), Severity::Medium),
            (None, cvss(None, vector), Severity::Medium),
            (None, cvss(Some(0.0), None), Severity::Unknown),
            (Some("dreadful"), None, Severity::Unknown),
            (None, None, Severity::Unknown),
        ] {
            assert_eq!(severity(word, cvss.as_ref()), wanted, "{word:?} {cvss:?}");
        }
    }
}
