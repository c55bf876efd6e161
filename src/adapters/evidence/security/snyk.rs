//! Snyk JSON, as `snyk test --json` and `snyk container test --json` write it (docs.snyk.io, "Snyk CLI: test"): an object for one
//! project, an array for several.
//!
//! Traps: a vulnerability stands once for each path to its package; the project's file follows behind them. `ok: false`
//! alone means that something was found, with an `error` that the scan failed. Issues of licences (`type: "license"`) stand
//! apart, and so does what a policy ignores (`filtered`). A container has more projects inside (`applications`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect, short};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts::{Score, known_first};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report { found, projects: 0, licenses: 0 };
    Json::document(input, "Snyk JSON", |json| match json.peek()? {
        Kind::Array => json.array(|json| report.project(json)),
        _ => report.project(json),
    })?;
    if report.projects == 0 {
        return Err(Defect::Missing("it holds no project".to_owned()));
    }
    let mut about = About::default();
    about.made_by("Snyk", None);
    match report.licenses {
        0 => {}
        1 => about.notes.push("1 issue of a licence stands apart, and does not count".to_owned()),
        n => about.notes.push(format!("{n} issues of licences stand apart, and do not count")),
    }
    Ok(about)
}

struct Report<'a> {
    found: &'a mut Found,
    projects: u64,
    licenses: u64,
}

/// The issues of one project until its name is known, each once: by id, package and version, and whether it is ignored.
type Issues = BTreeMap<(String, String, String, bool), Issue>;

/// What a project says of itself, the file first.
#[derive(Default)]
struct Project {
    names: [Option<String>; 4],
    error: Option<String>,
    ok: Option<bool>,
    has_issues: bool,
}

impl Report<'_> {
    fn project(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        let (mut issues, mut project) = (Issues::new(), Project::default());
        json.object(|name, json| {
            match name {
                "vulnerabilities" => {
                    project.has_issues = json.peek()? != Kind::Null;
                    json.each(|issue: Issue| self.keep(&mut issues, issue, false))?;
                }
                "filtered" if json.peek()? == Kind::Object => json.object(|_, json| match json.peek()? {
                    Kind::Array => json.each(|issue: Issue| self.keep(&mut issues, issue, true)),
                    _ => json.skip(),
                })?,
                "applications" if json.peek()? == Kind::Array => json.array(|json| self.project(json))?,
                "displayTargetFile" => project.names[0] = json.read()?,
                "targetFile" => project.names[1] = json.read()?,
                "projectName" => project.names[2] = json.read()?,
                "path" => project.names[3] = json.read()?,
                "error" => project.error = json.read()?,
                "ok" => project.ok = json.read()?,
                _ => json.skip()?,
            }
            Ok(())
        })?;
        let named = project.names.iter().flatten().find(|name| !name.is_empty()).map_or("", String::as_str);
        if let Some(error) = project.error.filter(|_| project.ok != Some(true)) {
            let of = if named.is_empty() { String::new() } else { format!(" of {}", short(named)) };
            return Err(Defect::Unreadable(format!("the scan{of} failed: {}", short(&error))).into());
        }
        if !project.has_issues {
            return Err(Error::Data("it has no `vulnerabilities`".to_owned()));
        }
        self.projects += 1;
        issues.iter().for_each(|(key, issue)| self.add(key, issue, named));
        Ok(())
    }

    fn keep(&mut self, issues: &mut Issues, issue: Issue, ignored: bool) {
        if issue.kind.as_deref() == Some("license") {
            self.licenses += 1;
            return;
        }
        let package = [&issue.package_name, &issue.module_name, &issue.name].into_iter().flatten().next();
        let version = [&issue.version, &issue.package_version].into_iter().flatten().next();
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let (id, package, version) = (issue.id.clone(), text(package), text(version));
        issues.entry((id, package, version, ignored)).or_insert(issue);
    }

    fn add(&mut self, (id, name, version, ignored): &(String, String, String, bool), issue: &Issue, path: &str) {
        let other = issue.identifiers.as_ref();
        let other = other.into_iter().flat_map(|other| [&other.cve, &other.ghsa]).flatten().flatten();
        let ids = known_first([id.as_str()].into_iter().chain(other.map(String::as_str)));
        let severity = match issue.severity.as_deref() {
            Some(word) if !word.is_empty() => Severity::of_word(word),
            _ => {
                let score = issue.cvss_score.and_then(Score::severity);
                score.or_else(|| issue.cvss_v3.as_deref().map(Severity::of_vector)).unwrap_or(Severity::Unknown)
            }
        };
        let ecosystem = issue.package_manager.as_deref().or(issue.language.as_deref()).unwrap_or_default();
        let place = Place::Package { ecosystem, name, version, path };
        let message = issue.title.as_deref().unwrap_or_default();
        self.found.add(&Finding { ids: &ids, tool: "Snyk", severity, suppressed: *ignored, place, message });
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue {
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    severity: Option<String>,
    cvss_score: Option<Score>,
    #[serde(rename = "CVSSv3")]
    cvss_v3: Option<String>,
    package_name: Option<String>,
    module_name: Option<String>,
    name: Option<String>,
    version: Option<String>,
    package_version: Option<String>,
    package_manager: Option<String>,
    language: Option<String>,
    identifiers: Option<Identifiers>,
}

#[derive(Deserialize)]
struct Identifiers {
    #[serde(rename = "CVE")]
    cve: Option<Vec<String>>,
    #[serde(rename = "GHSA")]
    ghsa: Option<Vec<String>>,
}
