//! Live evidence by a script, and the gates that ask for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use promote::pipeline::wait::goal::Gated;
use promote::ports::About;
use promote::promotion::alerts::{Alert, Alerts};
use promote::promotion::facts::{EnvironmentFacts, Facts, Observation, Reading};
use promote::promotion::gates::target::{self, Readings};
use promote::promotion::head::Head;
use promote::promotion::image::ImageRef;
use promote::promotion::levels::{Level, Levels};
use promote::promotion::measures::Measure;
use promote::promotion::rules::read::read;
use promote::promotion::rules::{Promotion, Rules};
use promote::promotion::time::{Millis, Time};

use super::scene::{NEW, snapshot};

/// What the rules of these tests say of live evidence; `GATES` are those of the verification.
const RULES: &str = "version: 1
service: app
environments:
  dev: { path: k8s/dev, argocd: app-dev }
  staging: { path: k8s/staging, argocd: app }
evidence:
  slo: { prometheus: { window: 30d, objective: 99.9%, selector: 'service=\"{service}\",env=\"{environment}\"' } }
  alerts: { alertmanager: { matchers: ['service=\"{service}\"', 'env=\"{environment}\"'] } }
promotions:
  - from: dev
    to: staging
    verify: { settle: 1m, timeout: 10m, gates: GATES }
";

/// What a source says from a moment on (in milliseconds of the clock).
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// Requests and errors since the time that is asked about.
    Counts(u32, u32),
    /// These alerts fire.
    Fires(&'static [&'static str]),
    /// It cannot be asked.
    Down,
}

/// The script, the gates, and what was known before.
pub(crate) struct Live {
    rules: Rules,
    lens: Promotion,
    facts: Facts,
    pub(crate) before: Readings,
    failed_before: BTreeSet<String>,
    pub(crate) failed_lately: BTreeSet<String>,
    pub(crate) accepted: BTreeSet<String>,
    said: Vec<(i64, Said)>,
    /// When each source was asked, and about the time since when.
    pub(crate) asked: Mutex<Vec<(String, i64, i64)>>,
}

impl Live {
    /// Gates as the rules write them, what their evidence says, and what it said of the time before.
    pub(crate) fn new(gates: &str, said: &[(i64, Said)], before: &[Said]) -> Self {
        let rules = read("rules.yaml", &RULES.replace("GATES", gates)).unwrap();
        let promotion = rules.promotion("dev", "staging").unwrap();
        let lens = target::lens(promotion);
        let version = vec![ImageRef::parse(NEW).unwrap()];
        let target = EnvironmentFacts {
            name: "staging".to_owned(),
            snapshot: snapshot("k8s/staging", "main"),
            apps: BTreeMap::new(),
            head: Head::default(),
        };
        let facts = Facts::of_target(at(0), version, target);
        let id = |said: &Said| if matches!(said, Said::Fires(_)) { "alerts" } else { "slo" };
        let before: Readings =
            before.iter().map(|said| (id(said).to_owned(), reading(said, at(-60_000), at(0)))).collect();
        let failed_before = target::failed_before(&lens, &rules.evidence, &facts, &before, &lens.verify);
        let facts = Facts { before: before.clone(), ..facts };
        let (failed_lately, accepted, asked) = (BTreeSet::new(), BTreeSet::new(), Mutex::default());
        Self { rules, lens, facts, before, failed_before, failed_lately, accepted, said: said.to_vec(), asked }
    }

    pub(crate) fn verify(&self) -> promote::promotion::rules::Verify {
        self.lens.verify.clone()
    }

    pub(crate) fn gated(&self) -> Gated<'_> {
        Gated {
            lens: &self.lens,
            evidence: &self.rules.evidence,
            rules_path: "rules.yaml",
            facts: &self.facts,
            before: &self.before,
            failed_before: &self.failed_before,
            failed_lately: &self.failed_lately,
            accepted: &self.accepted,
            since: None,
        }
    }

    pub(crate) fn read(&self, id: &str, now: Time, about: &About<'_>) -> Reading {
        let since = about.over.expect("live evidence is asked about a time").since;
        assert_eq!(about.environment, "staging");
        self.asked.lock().unwrap().push((id.to_owned(), now.as_millisecond(), since.as_millisecond()));
        let is_of = |said: &Said| match said {
            Said::Fires(_) => id == "alerts",
            Said::Counts(..) => id == "slo",
            Said::Down => true,
        };
        let said = self.said.iter().rev().find(|(from, said)| *from <= now.as_millisecond() && is_of(said));
        said.map_or_else(|| Reading::Missing { why: "no series".to_owned() }, |(_, said)| reading(said, since, now))
    }
}

fn at(ms: i64) -> Time {
    Millis(ms).after(Time::UNIX_EPOCH)
}

fn reading(said: &Said, since: Time, until: Time) -> Reading {
    let measure = match said {
        Said::Down => {
            let why = "Prometheus answered 503".to_owned();
            return Reading::Unreadable { why, files: Vec::new() };
        }
        Said::Counts(requests, errors) => {
            let seen = [(Level::Requests, requests), (Level::Errors, errors)];
            let seen = seen.map(|(level, count)| (level, count.to_string().parse().unwrap())).into();
            let objective = "0.999".parse().ok();
            Measure::Levels(Levels { since, until, objective, seen, unknown: [].into(), burns: [].into() })
        }
        Said::Fires(names) => {
            let alert = |name: &&str| Alert {
                fingerprint: (*name).to_owned(),
                name: (*name).to_owned(),
                severity: Some("critical".to_owned()),
                says: "it is bad".to_owned(),
                since: None,
            };
            Measure::Alerts(Alerts { active: names.iter().map(alert).collect(), silenced: 0, inhibited: 0 })
        }
    };
    let (files, tools, notes) = (Vec::new(), Vec::new(), Vec::new());
    Reading::Observed(Observation { files, subject: None, taken: None, tools, measure, notes })
}
