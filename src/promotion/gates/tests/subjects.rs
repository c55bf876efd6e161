//! Of which version, and of which time of an environment, a reading is.

use super::*;
use crate::promotion::head::LastVerified;

#[test]
fn every_name_of_a_subject_has_to_fit() {
    let sources = [source("unit", None)];
    let about = |version: &str, also: &str| {
        let subject = Subject { also: vec![also.to_owned()], ..Subject::of(version, SubjectKnown::Stamped) };
        facts(&[("unit", with(tests(1, 0, 0), |reading| reading.subject = Some(subject)))])
    };
    for (version, also, mark) in [
        ("c0ffee1", "sha256:aa", Mark::Pass),
        ("c0ffee1", "sha256:bb", Mark::Unknown),
        ("0ddba11", "sha256:aa", Mark::Unknown),
    ] {
        assert_eq!(one(all_pass("unit"), &sources, &about(version, also)).mark, mark, "{version} {also}");
    }
    let mut of_image = about("c0ffee1", "sha256:aa");
    of_image.commit = None;
    let strict = Promotion { require_subject: true, ..promotion(vec![all_pass("unit")]) };
    assert_eq!(judge(&strict, &sources, &of_image).rows[0].mark, Mark::Pass, "one name that is known is enough");
}

#[test]
fn evidence_of_an_environment_counts_only_while_it_ran_this_version() {
    let sources = [source("unit", None)];
    let since = |facts: &mut Facts, text: &str| {
        let since = text.parse().unwrap();
        let verified = LastVerified { promotion: "P".to_owned(), images: facts.version.clone(), since };
        facts.source.head.last_verified = Some(verified);
    };
    let taken_in = |environment: &str, taken: Option<&str>| {
        let mut subject = Subject::of("c0ffee1", SubjectKnown::Stamped);
        subject.environment = Some(environment.to_owned());
        let reading = with(tests(1, 0, 0), |reading| {
            reading.subject = Some(subject);
            reading.taken = taken.map(|time| time.parse().unwrap());
        });
        facts(&[("unit", reading)])
    };
    let row = |facts: &Facts| one(all_pass("unit"), &sources, facts);
    let other = row(&taken_in("dev", Some(NOW)));
    assert_eq!((other.mark, other.observed.as_str()), (Mark::Unknown, "of dev"));
    assert_eq!(row(&taken_in("staging", Some(NOW))).mark, Mark::Pass, "since when is not known");
    for (taken, mark, observed) in [
        (Some("2026-11-21T10:00:00Z"), Mark::Pass, "1 of 1"),
        (Some("2026-11-21T09:59:59.999Z"), Mark::Unknown, "taken before staging ran this version"),
        (None, Mark::Unknown, "time not known"),
    ] {
        let mut facts = taken_in("staging", taken);
        since(&mut facts, "2026-11-21T10:00:00Z");
        let row = row(&facts);
        assert_eq!((row.mark, row.observed.as_str()), (mark, observed));
    }
    let mut other_version = taken_in("staging", Some("2026-11-21T09:00:00Z"));
    since(&mut other_version, "2026-11-21T10:00:00Z");
    let verified = other_version.source.head.last_verified.as_mut().unwrap();
    verified.images = vec![ImageRef::parse("r/app:1.19@sha256:bb").unwrap()];
    assert_eq!(
        row(&other_version).mark,
        Mark::Pass,
        "the ledger knows another version there: it tells nothing of this one"
    );
}
