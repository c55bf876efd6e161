//! Promotions: what each needs, and what verification and rollback mean for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::rules::fault::{Wrong, advice};
use crate::promotion::rules::file::gates::Gates;
use crate::promotion::rules::file::shape::{Placed, Span};
use crate::promotion::rules::file::{
    OnUnknown, Promotion as Written, Rollback as WrittenRollback, Verify as WrittenVerify,
};
use crate::promotion::rules::resolve::evidence::Sources;
use crate::promotion::rules::resolve::gates::GateReader;
use crate::promotion::rules::resolve::health;
use crate::promotion::rules::resolve::names::bound;
use crate::promotion::rules::resolve::places::Places;
use crate::promotion::rules::resolve::{hotfix, roles};
use crate::promotion::rules::rollback::{Rollback, RollbackWhen};
use crate::promotion::rules::soak::SoakSince;
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::rules::{NotBuilt, Promotion, Verify, quantity};
use crate::promotion::time::Millis;

/// The settle time with live gates, which need some traffic to speak of.
const LIVE_SETTLE: Millis = Millis::mins(5);

/// The most automatic rollbacks of a day: as many as the ledger's heads tell of with certainty.
const PER_DAY_MAX: u32 = 10;

/// Reads promotions, and keeps what must be compared among all of them.
pub struct PromotionReader<'a> {
    /// The environments.
    pub places: &'a Places,
    /// The evidence.
    pub sources: &'a Sources,
    /// Where faults go.
    pub faults: &'a mut Vec<Wrong>,
    /// By evidence id, the environments that it is asked about.
    pub asked: BTreeMap<String, BTreeSet<String>>,
}

impl PromotionReader<'_> {
    /// Resolves one promotion; `None` if its environments are not known.
    pub fn read(&mut self, written: &Placed<Written>) -> Option<Promotion> {
        let from = self.environment(&written.from);
        let to = self.environment(&written.to);
        if let (Some(from), Some(to)) = (&from, &to)
            && from == to
        {
            let wrong = Wrong::of(&written.to, format!("a promotion from `{from}` to itself moves nothing"));
            self.faults.push(wrong.help("name another environment"));
        }
        let (mut gates, mut not_built) = (Vec::new(), Vec::new());
        if let Some(own) = &written.gates {
            let mut reader = GateReader::new(self.sources, self.faults);
            gates = reader.read(own);
            let uses = std::mem::take(&mut reader.uses);
            not_built.append(&mut reader.not_built);
            self.asked_about(&uses, from.as_deref(), &mut not_built);
        }
        let approvals = written.approvals.as_ref().map(|roles| roles::roles(roles, self.faults)).unwrap_or_default();
        let hotfix = hotfix::read(written, &approvals, self.places, self.faults);
        if let Some(from) = &from {
            self.soak_can_be_asked(written, from);
        }
        let bypass = written.bypass.as_ref().map(|bypass| roles::bypass(bypass, self.faults)).unwrap_or_default();
        let verify = self.verify(written.verify.as_ref(), to.as_deref(), &mut not_built);
        let verify_gates = written.verify.as_ref().and_then(|verify| verify.gates.as_ref());
        let rollback = self.rollback(written.rollback.as_ref(), verify_gates);
        let (from, to) = (from?, to?);
        for name in [&from, &to] {
            not_built.extend(self.places.not_built.get(name).into_iter().flatten().cloned());
        }
        let not_built = once(not_built);
        Some(Promotion {
            from,
            to,
            gates,
            require_digest: written.require_digest,
            require_subject: written.require_subject,
            trust_baseline: written.trust_baseline,
            auto_promote: written.auto_promote,
            approvals,
            same_person: written.same_person,
            bypass,
            hotfix,
            freeze: Vec::new(),
            verify,
            rollback,
            not_built,
            at: written.at,
        })
    }

    /// A soak since what Argo CD's history says needs an application to ask for.
    fn soak_can_be_asked(&mut self, written: &Written, from: &str) {
        let soak = written.gates.as_ref().and_then(|gates| gates.soak.as_ref());
        if let Some(soak) = soak.filter(|soak| soak.since == Some(SoakSince::Argocd) && !self.is_watched(from)) {
            let message = format!("`since: argocd` asks Argo CD, and `{from}` has no `argocd`");
            self.faults.push(Wrong::of(soak, message).help("name the application that runs it, or remove `since`"));
        }
    }

    fn environment(&mut self, name: &Placed<String>) -> Option<String> {
        if self.places.readable { bound("environment", name, self.places.names(), self.faults) } else { None }
    }

    /// Notes which environment the evidence is asked about, and whether that has sources of its own.
    fn asked_about(&mut self, uses: &BTreeSet<String>, environment: Option<&str>, not_built: &mut Vec<NotBuilt>) {
        let Some(environment) = environment else { return };
        let own = self.sources.overrides.get(environment);
        for id in uses {
            if let Some(at) = own.and_then(|own| own.get(id)) {
                not_built.push(NotBuilt { part: format!("environments.{environment}.evidence.{id}"), at: *at });
            } else {
                self.asked.entry(id.clone()).or_default().insert(environment.to_owned());
            }
        }
    }

    fn verify(
        &mut self,
        written: Option<&Placed<WrittenVerify>>,
        to: Option<&str>,
        not_built: &mut Vec<NotBuilt>,
    ) -> Verify {
        let mut verify = Verify::default();
        let Some(written) = written else { return verify };
        if let Some(gates) = &written.gates {
            let mut reader = GateReader::of_verification(self.sources, self.faults);
            let read = reader.read(gates);
            let uses = std::mem::take(&mut reader.uses);
            not_built.append(&mut reader.not_built);
            verify.gates = read;
            if uses.iter().any(|id| self.sources.is_live(id)) {
                verify.settle = LIVE_SETTLE;
            }
            self.asked_about(&uses, to, not_built);
        }
        verify.settle = self.span("settle", written.settle.as_ref(), false).unwrap_or(verify.settle);
        verify.timeout = self.span("timeout", written.timeout.as_ref(), true).unwrap_or(verify.timeout);
        verify.watch = self.span("watch", written.watch.as_ref(), true);
        verify.grace = self.span("grace", written.grace.as_ref(), false).unwrap_or(verify.grace);
        let place = written.settle.as_ref().or(written.timeout.as_ref());
        if let Some(place) = place.filter(|_| verify.settle >= verify.timeout && !written.faulty) {
            let message = format!("`settle` ({}) does not fit into `timeout` ({})", verify.settle, verify.timeout);
            self.faults.push(Wrong::of(place, message).help("`timeout` includes it: make it longer"));
        }
        let before = self.faults.len();
        verify.health = written.health.iter().flatten().map(|one| health::health(one, self.faults)).collect();
        verify.smoke = health::smoke(written.smoke.as_deref().unwrap_or_default(), verify.timeout, self.faults);
        let asked = [
            ("health", written.health.iter().flatten().next().map(|one| one.map_text(|one| &one.url))),
            ("smoke", written.smoke.iter().flatten().next().map(|one| one.map_text(|_| ""))),
        ];
        for (name, first) in asked {
            if let (Some(first), Some(to)) = (first, to)
                && self.faults.len() == before
                && !self.is_watched(to)
            {
                let message = format!("`{name}` is checked once the new version is live, and `{to}` has no `argocd`");
                let help = format!("name the application that runs it, or remove `{name}`");
                self.faults.push(Wrong::of(&first, message).help(help));
            }
        }
        if let (Some(gates), Some(to)) = (&written.gates, to)
            && !verify.gates.is_empty()
            && !self.is_watched(to)
        {
            let message = format!("`gates` are judged once the new version is live, and `{to}` has no `argocd`");
            self.faults.push(Wrong::of(gates, message).help("name the application that runs it, or remove them"));
        }
        verify
    }

    /// Whether Argo CD tells when a version is live there; where nothing is known of an environment, it is let through.
    fn is_watched(&self, name: &str) -> bool {
        let known = self.places.environments.iter().find(|environment| environment.name == name);
        known.is_none_or(|environment| environment.targets.iter().any(|target| !target.apps.is_empty()))
    }

    fn rollback(&mut self, written: Option<&Placed<WrittenRollback>>, gates: Option<&Placed<Gates>>) -> Rollback {
        let mut rollback = Rollback::default();
        let Some(written) = written else { return rollback };
        rollback.when = written.when.unwrap_or(RollbackWhen::Auto);
        rollback.on_unknown = written.on_unknown == Some(OnUnknown::Rollback);
        rollback.hold = self.span("hold", written.hold.as_ref(), true).unwrap_or(rollback.hold);
        rollback.cooldown = self.span("cooldown", written.cooldown.as_ref(), false).unwrap_or(rollback.cooldown);
        if let Some(per_day) = &written.per_day {
            let few = u32::try_from(per_day.value).ok().filter(|count| (1..=PER_DAY_MAX).contains(count));
            if few.is_none() && !per_day.faulty {
                let wrong = Wrong::of(per_day, format!("`{}` cannot be `per_day`", per_day.value));
                self.faults.push(wrong.help(format!("write 1 to {PER_DAY_MAX}; `when: ask` leaves each to a person")));
            }
            rollback.per_day = few.unwrap_or(rollback.per_day);
        }
        let Some(on) = &written.on else { return rollback };
        rollback.on.clear();
        let present = gates.map(|gates| gate_names(&gates.value)).unwrap_or_default();
        for name in on.0.iter().filter(|name| !name.faulty) {
            match name.as_str() {
                "deployment" => drop(rollback.on.insert(Trigger::Deployment)),
                "health" => drop(rollback.on.insert(Trigger::Health)),
                gate if present.iter().any(|(known, has)| *known == gate && *has) => {
                    rollback.on.extend(Trigger::of_gate(gate));
                }
                gate if present.iter().any(|(known, _)| *known == gate) || gates.is_none() && is_gate(gate) => {
                    let wrong = Wrong::of(name, format!("`{gate}` is not judged after the sync"));
                    self.faults.push(wrong.help(format!("add it under `verify.gates`, or remove `{gate}` here")));
                }
                other => {
                    let known = ["deployment", "health"].into_iter();
                    let known = known.chain(present.iter().filter(|(_, has)| *has).map(|(known, _)| *known));
                    let mut wrong = Wrong::of(name, format!("unknown trigger `{other}`"));
                    wrong.help = advice(other, known);
                    self.faults.push(wrong);
                }
            }
        }
        if on.0.is_empty() && !on.faulty {
            self.faults.push(Wrong::of(on, "nothing would lead to a rollback").help("write `when: never` instead"));
        }
        rollback
    }

    fn span(&mut self, name: &str, text: Option<&Placed<Span>>, positive: bool) -> Option<Millis> {
        let text = text.filter(|text| !text.faulty)?;
        let help = match quantity::span(&text.value.0) {
            Ok(span) if span.0 > 0 || !positive => return Some(span),
            Ok(_) => "write a longer time".to_owned(),
            Err(help) => help,
        };
        self.faults.push(Wrong::of(text, format!("`{}` cannot be `{name}`", text.value.0)).help(help));
        None
    }
}

/// The gates by name, and whether each is written.
fn gate_names(gates: &Gates) -> [(&'static str, bool); 13] {
    [
        ("tests", gates.tests.is_some()),
        ("coverage", gates.coverage.is_some()),
        ("security", gates.security.is_some()),
        ("checks", gates.checks.is_some()),
        ("review", gates.review.is_some()),
        ("slo", gates.slo.is_some()),
        ("error_budget", gates.error_budget.is_some()),
        ("alerts", gates.alerts.is_some()),
        ("performance", gates.performance.is_some()),
        ("soak", gates.soak.is_some()),
        ("canary", gates.canary.is_some()),
        ("quality", gates.quality.is_some()),
        ("conditions", gates.conditions.is_some()),
    ]
}

fn is_gate(name: &str) -> bool {
    gate_names(&Gates::default()).iter().any(|(known, _)| *known == name)
}

/// Each part once, in the order of the file.
fn once(mut parts: Vec<NotBuilt>) -> Vec<NotBuilt> {
    parts.sort_by_key(|part| (part.at.line, part.at.column));
    let mut seen = BTreeSet::new();
    parts.retain(|part| seen.insert(part.part.clone()));
    parts
}
