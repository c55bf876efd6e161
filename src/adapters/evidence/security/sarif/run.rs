//! One run: its results wait, in a few bytes each, until its rules are known.

use std::collections::HashMap;

use crate::adapters::evidence::said::{Defect, short};
use crate::adapters::evidence::security::found::{Keyed, Place};
use crate::adapters::evidence::security::same::Keys;
use crate::adapters::evidence::security::sarif::document::{
    Automation, Finding, Invocation, Location, Message, Provenance,
};
use crate::adapters::evidence::security::sarif::log::Log;
use crate::adapters::evidence::security::sarif::rules::{Class, Names, Rules};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::security::shown::{Seen, Shown, Worst};
use crate::adapters::evidence::times;
use crate::promotion::waivers::Waivers;

/// A run that is being read.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The rules, once they have been read: they may come after the results.
    pub(super) rules: Option<Rules>,
    pub(super) invocations: Option<Vec<Invocation>>,
    pub(super) provenance: Option<Vec<Provenance>>,
    pub(super) automation: Option<Automation>,
    pub(super) has_results: bool,
    keys: Keys,
    numbers: HashMap<Class, usize>,
    classes: Vec<Of>,
    waiting: Vec<Waiting>,
    /// The paths of results, each once; only where there are waivers, which may ask for them.
    paths: HashMap<String, usize>,
    /// The results that a waiver may name, with their classes.
    held: Vec<(usize, Shown)>,
}

/// What is known of a class before its severity is.
#[derive(Debug)]
struct Of {
    /// Its names, if the rules came first.
    names: Option<Names>,
    /// The results that may be shown.
    worst: Worst,
}

/// A result without its words.
#[derive(Debug)]
struct Waiting {
    /// What tells it from others of the run.
    mark: u64,
    place: u64,
    class: usize,
    path: usize,
    suppressed: bool,
    in_code: bool,
}

impl Run {
    /// Takes a result in; what a waiver may name is kept in words.
    pub(super) fn add(&mut self, finding: Finding, waivers: &Waivers) {
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
        let message = finding.message.as_ref();
        let (uri, line, column) = place(finding.locations.as_deref().and_then(<[Location]>::first));
        let text = message.and_then(|message| message.text.as_deref().or(message.id.as_deref())).unwrap_or_default();
        let place = self.keys.place(&Place::Code { path: uri, line, column, mark: text }, false);
        // The words matter: scanners of packages report every package of an image at the same place.
        let index = rule.index.filter(|_| rule.id.is_none()).unwrap_or(-1);
        let numbers = [place, column, index as u64].map(u64::to_le_bytes);
        let id = rule.id.as_deref().unwrap_or_default();
        let mut mark = self.keys.of([numbers.as_flattened(), id.as_bytes(), text.as_bytes()]);
        for argument in message.and_then(|message| message.arguments.as_deref()).unwrap_or_default() {
            mark = self.keys.of([&mark.to_le_bytes(), argument.as_bytes()]);
        }
        let class = self.class(Class {
            rule,
            level: finding.level,
            harmless: finding.kind.is_some_and(|kind| kind != "fail"),
            score: finding.properties.and_then(|properties| properties.score()),
        });
        let (severity, message, in_code) = (Severity::Info, said(message), line > 1);
        let seen = Seen { severity, path: uri, line, name: "", package: [""; 3], message, report: mark };
        let path = self.path(uri, waivers);
        let Some(of) = self.classes.get_mut(class) else { return };
        if !waivers.is_empty() && of.names.as_ref().is_none_or(|names| names.is_waived(in_code, uri, waivers)) {
            self.held.push((class, seen.clipped().owned()));
        }
        if !suppressed {
            of.worst.add(seen);
        }
        self.waiting.push(Waiting { mark, place, class, path, suppressed, in_code });
    }

    fn class(&mut self, class: Class) -> usize {
        let next = self.classes.len();
        if let Some(number) = self.numbers.get(&class) {
            return *number;
        }
        let names = self.rules.as_ref().map(|rules| rules.names(&class));
        self.numbers.insert(class, next);
        self.classes.push(Of { names, worst: Worst::default() });
        next
    }

    /// The number of a path, where waivers may ask for it.
    fn path(&mut self, path: &str, waivers: &Waivers) -> usize {
        let next = self.paths.len();
        match self.paths.get(path) {
            _ if waivers.is_empty() => 0,
            Some(number) => *number,
            None => {
                self.paths.insert(path.to_owned(), next);
                next
            }
        }
    }

    /// Gives the results their severities, now that the rules are known, and the log what the run says of itself.
    pub(super) fn finish(mut self, log: &mut Log<'_>) {
        let rules = self.rules.take().unwrap_or_default();
        let invocations = self.invocations.take().unwrap_or_default();
        let driver = rules.driver();
        let name = driver.and_then(|driver| driver.name.clone()).unwrap_or_else(|| "a tool without a name".to_owned());
        if let Some(driver) = driver {
            log.about.made_by(driver.name.as_deref().unwrap_or_default(), driver.version());
        }
        if !self.has_results {
            let why = format!("the run of {} has no results: it did not run", short(&name));
            log.defects.push(Defect::Missing(why));
        }
        if invocations.iter().any(|invocation| invocation.execution_successful == Some(false)) {
            let why = format!("the run of {} did not finish (executionSuccessful: false)", short(&name));
            log.defects.push(Defect::Unreadable(why));
        }
        note_errors(&invocations, &short(&name), log);
        note_times(&invocations, log);
        let provenance = self.provenance.take().unwrap_or_default();
        let revisions = provenance.into_iter().filter_map(|part| part.revision_id);
        log.about.subjects.extend(revisions.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()));
        self.pour(&name, &rules, &invocations, log);
    }

    /// Gives the results to the accumulator.
    fn pour(mut self, name: &str, rules: &Rules, invocations: &[Invocation], log: &mut Log<'_>) {
        // What stands before the last slash names the category; behind it is what tells repeated runs apart.
        let id = self.automation.as_ref().and_then(|details| details.id.as_deref()).unwrap_or_default();
        let category = id.rsplit_once('/').map_or("", |(category, _)| category);
        // Apart from the same tool's own format, so that both of them for one scan count once.
        let tool = self.keys.tool(&format!("{name} in SARIF"));
        let run = self.keys.of([&tool.to_le_bytes(), category.as_bytes()]).to_le_bytes();
        let mut classes: Vec<(usize, Severity, Names)> = Vec::new();
        for (class, number) in &self.numbers {
            classes.push((*number, rules.severity(class, invocations), rules.names(class)));
        }
        classes.sort_unstable_by_key(|(number, ..)| *number);
        let mut paths: Vec<(String, usize)> = self.paths.into_iter().collect();
        paths.sort_unstable_by_key(|(_, number)| *number);
        let mut waived: HashMap<u64, u32> = HashMap::new();
        for result in &self.waiting {
            let Some((_, severity, names)) = classes.get(result.class) else { continue };
            let report = self.keys.of([&run, &result.mark.to_le_bytes()]);
            let path = paths.get(result.path).map_or("", |(path, _)| path.as_str());
            let waiver = names.waiver(result.in_code, path, log.found);
            if waiver != 0 {
                waived.insert(result.mark, waiver);
            }
            let grade = (!result.suppressed).then_some(*severity);
            let keyed = Keyed { report, tool, grade, any_version: false };
            log.found.put(keyed, names.all(result.in_code), result.place, waiver);
        }
        let mut show = |class: usize, shown: &Shown, is_held: bool| {
            let (Some((_, severity, names)), seen) = (classes.get(class), shown.seen()) else { return };
            let waiver = waived.get(&seen.report).copied().unwrap_or(0);
            if is_held == (waiver != 0) {
                let report = self.keys.of([&run, &seen.report.to_le_bytes()]);
                let path = if seen.path.is_empty() { log.path } else { seen.path };
                let seen = Seen { severity: *severity, name: names.first(), path, report, ..seen };
                log.found.show(seen, waiver, false);
            }
        };
        self.held.iter().for_each(|(class, shown)| show(*class, shown, true));
        for (class, of) in self.classes.iter().enumerate() {
            of.worst.iter().for_each(|shown| show(class, shown, false));
        }
    }
}

/// The file, line and column of a result; what is not known is 0.
fn place(location: Option<&Location>) -> (&str, u64, u64) {
    let physical = location.and_then(|location| location.physical_location.as_ref());
    let region = physical.and_then(|physical| physical.region.as_ref());
    let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    let uri = physical.and_then(|physical| physical.artifact_location.as_ref()?.uri.as_deref());
    let line = number(region.and_then(|region| region.start_line));
    (uri.unwrap_or_default(), line, number(region.and_then(|region| region.start_column)))
}

fn said(message: Option<&Message>) -> &str {
    let texts = message.map(|message| [&message.text, &message.markdown, &message.id]);
    let mut texts = texts.into_iter().flatten().flatten().map(String::as_str);
    texts.find(|text| !text.trim().is_empty()).unwrap_or_default()
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
