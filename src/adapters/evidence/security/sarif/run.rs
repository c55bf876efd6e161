//! One run: its results wait, in a few bytes each, until its rules are known.

use std::collections::HashMap;

use crate::adapters::evidence::said::{Defect, first_line, short};
use crate::adapters::evidence::security::found::{FindingKey, Severity};
use crate::adapters::evidence::security::sarif::document::{
    Automation, Component, Descriptor, Finding, Invocation, Location, Message, Provenance, Rule, Tool,
};
use crate::adapters::evidence::security::sarif::log::Log;
use crate::adapters::evidence::times;
use crate::promotion::facts::{DETAILS_KEPT, Detail};

/// A run that is being read.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) tool: Option<Tool>,
    pub(super) invocations: Option<Vec<Invocation>>,
    pub(super) provenance: Option<Vec<Provenance>>,
    pub(super) automation: Option<Automation>,
    pub(super) has_results: bool,
    classes: HashMap<Class, usize>,
    waiting: Vec<Waiting>,
    details: Vec<Vec<Detail>>,
}

/// All that the severity of a result depends on, before its rule is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Class {
    rule: Descriptor,
    level: Option<String>,
    /// Whether its kind says that it is no failure.
    harmless: bool,
    score: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    key: FindingKey,
    class: usize,
    suppressed: bool,
    detail: Option<usize>,
}

impl Run {
    /// Takes a result in.
    pub(super) fn add(&mut self, finding: Finding) {
        let fixed = finding.baseline_state.as_deref() == Some("absent");
        let no_finding = matches!(finding.kind.as_deref(), Some("pass" | "notApplicable"));
        if fixed || no_finding {
            return;
        }
        let suppressions = finding.suppressions.unwrap_or_default();
        // Strict: one entry that is under review or rejected keeps the finding alive.
        let suppressed = !suppressions.is_empty() && suppressions.iter().all(|entry| entry.is_accepted());
        let mut rule = finding.rule.unwrap_or_default();
        rule.id = rule.id.or(finding.rule_id);
        rule.index = rule.index.or(finding.rule_index).filter(|index| *index >= 0);
        let place = Place::of(finding.locations.as_deref().and_then(<[Location]>::first));
        let message = finding.message.as_ref();
        let key = key(&rule, &place, message);
        let name = rule.id.clone().unwrap_or_default();
        let harmless = finding.kind.is_some_and(|kind| kind != "fail");
        let score = finding.properties.and_then(|properties| properties.score());
        let next = self.classes.len();
        let class = *self.classes.entry(Class { rule, level: finding.level, harmless, score }).or_insert(next);
        if class == next {
            self.details.push(Vec::new());
        }
        let details = &mut self.details[class];
        let detail = (!suppressed && details.len() < DETAILS_KEPT).then(|| {
            details.push(Detail { name: short(&name), message: said(message), at: place.shown() });
            details.len() - 1
        });
        self.waiting.push(Waiting { key, class, suppressed, detail });
    }

    /// Gives the results their severities, now that the rules are known, and the log what the run says of itself.
    pub(super) fn finish(mut self, log: &mut Log<'_>) {
        let tool = self.tool.take().unwrap_or_default();
        let name = tool.driver.as_ref().and_then(|driver| driver.name.as_deref()).unwrap_or("a tool without a name");
        let shown = short(name);
        if !self.has_results {
            log.defects.push(Defect::Missing(format!("the run of {shown} has no results: it did not run")));
        }
        let invocations = self.invocations.take().unwrap_or_default();
        if invocations.iter().any(|invocation| invocation.execution_successful == Some(false)) {
            let why = format!("the run of {shown} did not finish (executionSuccessful: false)");
            log.defects.push(Defect::Unreadable(why));
        }
        note_errors(&invocations, &shown, log);
        note_times(&invocations, log);
        let provenance = self.provenance.take().unwrap_or_default();
        let revisions = provenance.into_iter().filter_map(|part| part.revision_id);
        log.about.subjects.extend(revisions.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()));

        // What stands before the last slash names the category; behind it is what tells repeated runs apart.
        let id = self.automation.as_ref().and_then(|details| details.id.as_deref()).unwrap_or_default();
        let category = id.rsplit_once('/').map_or("", |(category, _)| category);
        let mut severities = vec![Severity::Unknown; self.classes.len()];
        for (class, place) in &self.classes {
            severities[*place] = class.severity(&tool, &invocations);
        }
        for result in self.waiting {
            let key = FindingKey::of([name.as_bytes(), category.as_bytes(), &result.key.bytes()]);
            let severity = (!result.suppressed).then_some(severities[result.class]);
            let mut detail = result.detail.map(|place| self.details[result.class][place].clone());
            if let Some(detail) = detail.as_mut().filter(|detail| detail.at.is_empty()) {
                detail.at = log.path.to_owned();
            }
            log.found.add(key, severity, detail);
        }
    }
}

impl Class {
    /// Kind, then score, then level: of the result, of the invocation, of the rule, else `warning` (§3.27.10).
    fn severity(&self, tool: &Tool, invocations: &[Invocation]) -> Severity {
        if self.harmless {
            return Severity::Info;
        }
        let rule = find(&self.rule, tool);
        let score = self.score.clone().or_else(|| rule?.properties.as_ref()?.score());
        if let Some(score) = score {
            return Severity::of_score(&score);
        }
        let overridden = || {
            let all =
                invocations.iter().filter_map(|invocation| invocation.rule_configuration_overrides.as_ref()).flatten();
            let ours = all.filter(|one| one.descriptor.as_ref().is_some_and(|other| self.is_meant(other, rule)));
            ours.filter_map(|one| one.configuration.as_ref()?.level.as_deref()).next()
        };
        let default = || rule?.default_configuration.as_ref()?.level.as_deref();
        Severity::of_level(self.level.as_deref().or_else(overridden).or_else(default).unwrap_or("warning"))
    }

    /// Whether an override's descriptor means our rule.
    fn is_meant(&self, other: &Descriptor, rule: Option<&Rule>) -> bool {
        let id = rule.and_then(|rule| rule.id.as_ref()).or(self.rule.id.as_ref());
        match (&other.id, other.index) {
            (Some(other), _) => Some(other) == id,
            (None, Some(index)) => Some(index) == self.rule.index && other.tool_component == self.rule.tool_component,
            (None, None) => false,
        }
    }
}

/// The rule of a result: by index in its component, else by id, else by the parent of a hierarchical id (`CA5350/md5`).
fn find<'t>(wanted: &Descriptor, tool: &'t Tool) -> Option<&'t Rule> {
    let extensions = tool.extensions.as_deref().unwrap_or_default();
    let named = |component: &&Component, name: &Option<String>, guid: &Option<String>| {
        (guid.is_some() && component.guid == *guid) || (name.is_some() && component.name == *name)
    };
    let component = match &wanted.tool_component {
        None => tool.driver.as_ref(),
        Some(reference) => match reference.index.and_then(|index| usize::try_from(index).ok()) {
            Some(index) => extensions.get(index),
            None => extensions.iter().chain(&tool.driver).find(|other| named(other, &reference.name, &reference.guid)),
        },
    };
    let rules = |component: &'t Component| component.rules.as_deref().unwrap_or_default();
    let by_index = || component.map(rules)?.get(usize::try_from(wanted.index?).ok()?);
    let by_id = |id: &str| {
        let all = component.into_iter().chain(&tool.driver).chain(extensions).flat_map(rules);
        all.into_iter().find(|rule| rule.id.as_deref() == Some(id))
    };
    by_index().or_else(|| {
        let mut id = wanted.id.as_deref()?;
        loop {
            if let Some(rule) = by_id(id) {
                return Some(rule);
            }
            id = id.rsplit_once('/')?.0;
        }
    })
}

/// Where a result is.
#[derive(Debug, Default)]
struct Place<'f> {
    uri: &'f str,
    line: i64,
    column: i64,
}

impl<'f> Place<'f> {
    fn of(location: Option<&'f Location>) -> Self {
        let physical = location.and_then(|location| location.physical_location.as_ref());
        let region = physical.and_then(|physical| physical.region.as_ref());
        Self {
            uri: physical.and_then(|physical| physical.artifact_location.as_ref()?.uri.as_deref()).unwrap_or_default(),
            line: region.and_then(|region| region.start_line).unwrap_or(0),
            column: region.and_then(|region| region.start_column).unwrap_or(0),
        }
    }

    fn shown(&self) -> String {
        if self.line > 0 { format!("{}:{}", short(self.uri), self.line) } else { short(self.uri) }
    }
}

/// Rule, place and words. The words matter: scanners of packages report every package of an image at the same place.
fn key(rule: &Descriptor, place: &Place<'_>, message: Option<&Message>) -> FindingKey {
    let index = rule.index.filter(|_| rule.id.is_none()).unwrap_or(-1).to_le_bytes();
    let id = rule.id.as_deref().unwrap_or_default();
    let text = message.and_then(|message| message.text.as_deref().or(message.id.as_deref())).unwrap_or_default();
    let arguments = message.and_then(|message| message.arguments.as_deref()).unwrap_or_default();
    let (line, column) = (place.line.to_le_bytes(), place.column.to_le_bytes());
    let parts: [&[u8]; 6] = [id.as_bytes(), &index, place.uri.as_bytes(), &line, &column, text.as_bytes()];
    FindingKey::of(parts.into_iter().chain(arguments.iter().map(String::as_bytes)))
}

fn said(message: Option<&Message>) -> String {
    let texts = message.map(|message| [&message.text, &message.markdown, &message.id]);
    texts.into_iter().flatten().flatten().find_map(|text| first_line(text)).unwrap_or_default()
}

fn note_errors(invocations: &[Invocation], tool: &str, log: &mut Log<'_>) {
    let all = invocations.iter().filter_map(|invocation| invocation.tool_execution_notifications.as_ref()).flatten();
    let errors = all.filter(|notification| notification.level.as_deref() == Some("error")).count();
    if errors > 0 {
        log.about.notes.push(format!("{tool} reports {errors} errors of its own: the scan may be incomplete"));
    }
}

fn note_times(invocations: &[Invocation], log: &mut Log<'_>) {
    let times = invocations.iter().filter_map(|one| one.end_time_utc.as_deref().or(one.start_time_utc.as_deref()));
    let oldest = times.filter_map(times::moment).map(|moment| moment.time).min();
    match oldest {
        Some(time) => log.about.older(time),
        None => log.untimed = true,
    }
}
