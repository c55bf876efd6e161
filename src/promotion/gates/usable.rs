//! May a reading be believed? It must be there, be about this version, and be young enough. Everything else is unknown.

use crate::promotion::facts::{Facts, Observation, Reading, Subject, SubjectKnown};
use crate::promotion::image::{ImageRef, all_among};
use crate::promotion::measures::Measure;
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::time::{Millis, Time};

/// Why a reading counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Whether there is nothing at all, as opposed to something that cannot be believed. An optional gate skips it.
    pub missing: bool,
    /// In the table's column: `no report`, `too old`.
    pub observed: String,
    /// In a sentence.
    pub because: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The shortest prefix of a commit id that names it.
const COMMIT_PREFIX: usize = 7;

/// The observation of a source, if it may be believed.
pub fn usable<'a>(
    source: &Source,
    reading: Option<&'a Reading>,
    facts: &Facts,
    version: &[ImageRef],
    require_subject: bool,
) -> Result<&'a Observation, Unusable> {
    let id = &source.id;
    let observation = match reading {
        Some(Reading::Observed(observation)) => observation,
        Some(Reading::Missing { why }) => {
            return Err(Unusable {
                missing: true,
                observed: "no report".to_owned(),
                because: format!("evidence `{id}` is missing: {why}. A missing report is not a good one."),
                hint: Some(missing_hint(source)),
            });
        }
        Some(Reading::Unreadable { why, .. }) => {
            return Err(Unusable {
                missing: false,
                observed: "unreadable".to_owned(),
                because: format!("evidence `{id}` cannot be read: {why}"),
                hint: None,
            });
        }
        None => {
            return Err(Unusable {
                missing: true,
                observed: "not read".to_owned(),
                because: format!("evidence `{id}` was not read"),
                hint: None,
            });
        }
    };
    // What is read of a repository as it is now is of no version, and is not older than this evaluation.
    let of_now = source.is_live() || matches!(&source.kind, SourceKind::GitHub(source) if source.is_of_now());
    about_this_version(id, observation.subject.as_ref(), facts, version, require_subject && !of_now)?;
    in_its_time(id, observation, facts, version)?;
    young_enough(source, observation, facts)?;
    Ok(observation)
}

fn missing_hint(source: &Source) -> String {
    match &source.kind {
        SourceKind::Files { globs, .. } => {
            format!("let CI write {}, or mark the gate optional in the rules", globs.join(" or "))
        }
        SourceKind::GitHub(source) => {
            format!(
                "see what GitHub has of this commit ({}), or mark the gate optional in the rules",
                source.asks.word()
            )
        }
        SourceKind::Prometheus(_) => {
            format!("ask the server for what `{id}` asks it, or mark the gate optional in the rules", id = source.id)
        }
        SourceKind::Alerts(_) => format!("see what the server answers to `{id}`", id = source.id),
    }
}

fn about_this_version(
    id: &str,
    subject: Option<&Subject>,
    facts: &Facts,
    version: &[ImageRef],
    require_subject: bool,
) -> Result<(), Unusable> {
    let refuse = |observed: &str, because: String, hint: &str| {
        Err(Unusable { missing: false, observed: observed.to_owned(), because, hint: Some(hint.to_owned()) })
    };
    let bound = subject.filter(|subject| subject.known != SubjectKnown::Claimed);
    if require_subject && bound.is_none() {
        return refuse(
            "not bound to a version",
            format!("the rules say `require_subject`, and nothing shows which version `{id}` is about"),
            "let whoever makes it say so: promote evidence stamp --image <image> <file>",
        );
    }
    let Some(subject) = subject else { return Ok(()) };
    let mut is_known = false;
    for name in subject.names() {
        let expected: Vec<&str> = if name.starts_with("sha256:") {
            version.iter().filter_map(|image| image.digest.as_deref()).collect()
        } else {
            facts.commit.as_deref().into_iter().collect()
        };
        if expected.iter().any(|expected| same_version(expected, name)) {
            is_known = true;
        } else if !expected.is_empty() {
            return refuse(
                "of another version",
                format!("`{id}` is about {name}, and this version is {}", expected.join(", ")),
                "run the checks for this version, and promote with their reports",
            );
        }
    }
    if is_known || !require_subject {
        return Ok(());
    }
    refuse(
        "version not known",
        format!("`{id}` is about {}, and it is not known which commit this version was built from", subject.version),
        "give the commit with --commit",
    )
}

/// What was measured in an environment counts only for the time in which that environment ran this version: reports whose stamp
/// names one, and load tests.
fn in_its_time(id: &str, observation: &Observation, facts: &Facts, version: &[ImageRef]) -> Result<(), Unusable> {
    let stamped = observation.subject.as_ref().and_then(|subject| subject.environment.as_deref());
    let is_load = matches!(observation.measure, Measure::Performance(_));
    let here = facts.source.name.as_str();
    let refuse = |observed: String, because: String, hint: String| {
        Err(Unusable { missing: false, observed, because, hint: Some(hint) })
    };
    if let Some(other) = stamped.filter(|name| !name.eq_ignore_ascii_case(here)) {
        return refuse(
            format!("of {other}"),
            format!("`{id}` was taken in {other}, and the version comes from {here}"),
            format!("take it in {here}, and promote with its report"),
        );
    }
    if !is_load && stamped.is_none() {
        return Ok(());
    }
    let Some(since) = running_since(facts, version) else { return Ok(()) };
    match observation.taken {
        Some(taken) if taken < since => refuse(
            format!("taken before {here} ran this version"),
            format!("`{id}` was taken at {taken}, and {here} runs this version since {since}"),
            format!("take it again in {here}, and promote with its report"),
        ),
        Some(_) => Ok(()),
        None if names_digest(observation, version) => Ok(()),
        None => refuse(
            "time not known".to_owned(),
            format!("`{id}` does not say when it was taken, and {here} runs this version since {since}"),
            "write down when and of what it was taken: promote evidence stamp --image <image> <file>".to_owned(),
        ),
    }
}

/// Since when the source runs this version, where the ledger knows it.
fn running_since(facts: &Facts, version: &[ImageRef]) -> Option<Time> {
    let head = &facts.source.head;
    if let Some(verified) = head.last_verified.as_ref().filter(|verified| all_among(version, &verified.images)) {
        return Some(verified.since);
    }
    // What was declared before something else was verified here is over.
    let declared = head.baseline.as_ref().filter(|baseline| all_among(version, &baseline.images))?;
    let is_newest = head.last_verified.as_ref().is_none_or(|verified| verified.since < declared.at);
    is_newest.then_some(declared.at)
}

/// Whether a reading is bound to the very images of this version, and not by anybody's claim.
fn names_digest(observation: &Observation, version: &[ImageRef]) -> bool {
    let bound = observation.subject.as_ref().filter(|subject| subject.known != SubjectKnown::Claimed);
    let digests: Vec<&str> = version.iter().filter_map(|image| image.digest.as_deref()).collect();
    bound.is_some_and(|subject| subject.names().any(|name| digests.iter().any(|digest| same_version(digest, name))))
}

/// Whether two names of a version mean the same: equal, or one commit id is a prefix of the other.
fn same_version(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    short == long || (short.len() >= COMMIT_PREFIX && !short.starts_with("sha256:") && long.starts_with(short.as_str()))
}

/// Whether a source's evidence is no older than the rules allow.
pub fn young_enough(source: &Source, observation: &Observation, facts: &Facts) -> Result<(), Unusable> {
    let Some(max_age) = source.max_age() else { return Ok(()) };
    let refuse = |observed: String, because: String| {
        Err(Unusable {
            missing: false,
            observed,
            because,
            hint: Some("run the check again, and promote with its new report".to_owned()),
        })
    };
    let Some(taken) = observation.taken else {
        return refuse(
            "age not known".to_owned(),
            format!("`{}` may be at most {max_age} old, and the report does not say when it was made", source.id),
        );
    };
    let age = Millis::between(taken, facts.at);
    if age > max_age {
        return refuse(
            format!("{age} old"),
            format!("`{}` was made at {taken}, {age} ago; it may be at most {max_age} old", source.id),
        );
    }
    Ok(())
}
