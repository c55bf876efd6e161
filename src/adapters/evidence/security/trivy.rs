//! Trivy JSON (Aqua Security), as `trivy … --format json` writes it: pkg/types/report.go of aquasecurity/trivy.
//!
//! Vulnerabilities, misconfigurations, secrets and licences stand in four arrays of each result; a clean one is left out.
//! Three shapes: an object with `Results` (since 0.20), a bare array of results (before), and `trivy k8s`, whose results
//! stand in `Resources`, before 0.28 in `Vulnerabilities` and `Misconfigurations`.
//!
//! Traps: no `Results` at all means that Trivy recognised nothing, which is no clean scan. Of misconfigurations only `FAIL`
//! counts. What VEX or an ignore file sets aside stands in `ExperimentalModifiedFindings`. The digest in `RepoDigests` is
//! that of the image; `ImageID` is not. `VendorIDs` are advisories for several CVEs, and no other names of one.

use serde::Deserialize;

use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect, short};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts;
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report { found, about: About::default(), owner: String::new(), results: 0, nameless: false };
    let mut version = None;
    Json::document(input, "Trivy JSON", |json| match json.peek()? {
        Kind::Array => json.array(|json| report.result(json)),
        Kind::Null => json.skip(),
        _ => report.whole(json, &mut version),
    })?;
    report.about.made_by("Trivy", version.as_deref());
    if report.nameless {
        return Err(Defect::Unreadable("it is not Trivy JSON: a finding has no id".to_owned()));
    }
    if report.results == 0 {
        return Err(Defect::Missing("it holds no result: Trivy recognised nothing to scan".to_owned()));
    }
    Ok(report.about)
}

/// One report on its way.
struct Report<'a> {
    found: &'a mut Found,
    about: About,
    /// The resource of a cluster that results are about: `default/Deployment/web`.
    owner: String,
    results: u64,
    /// Whether a finding goes by no name.
    nameless: bool,
}

impl Report<'_> {
    fn whole(&mut self, json: &mut Json<'_>, version: &mut Option<String>) -> Result<(), Error> {
        let (mut schema, mut cluster) = (false, false);
        json.object(|name, json| match name {
            "SchemaVersion" => {
                schema = true;
                json.skip()
            }
            "ClusterName" => {
                cluster = true;
                json.skip()
            }
            "CreatedAt" => {
                let created: Option<String> = json.read()?;
                parts::taken(&mut self.about, created.as_deref());
                Ok(())
            }
            "Trivy" => {
                *version = json.read::<Option<Program>>()?.and_then(|program| program.version);
                Ok(())
            }
            "Metadata" => {
                let metadata: Option<Metadata> = json.read()?;
                self.metadata(&metadata.unwrap_or_default());
                Ok(())
            }
            "Results" => self.results(json),
            "Resources" | "Vulnerabilities" | "Misconfigurations" if json.peek()? != Kind::Null => {
                json.array(|json| self.resource(json))
            }
            _ => json.skip(),
        })?;
        if schema || cluster {
            return Ok(());
        }
        Err(Error::Data("it has no `SchemaVersion`".to_owned()))
    }

    fn metadata(&mut self, metadata: &Metadata) {
        let digests = metadata.repo_digests.as_deref().unwrap_or_default();
        parts::image(&mut self.about, digests.iter().map(String::as_str));
        if let Some(commit) = metadata.commit.as_deref().filter(|commit| !commit.is_empty()) {
            self.about.subjects.insert(commit.to_owned());
        }
    }

    fn results(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        match json.peek()? {
            Kind::Null => json.skip(),
            _ => json.array(|json| self.result(json)),
        }
    }

    /// A resource of a cluster, with results of its own.
    fn resource(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        let (mut parts, mut error) = ([const { None }; 3], None::<String>);
        self.owner.clear();
        json.object(|name, json| {
            match name {
                "Namespace" => parts[0] = json.read()?,
                "Kind" => parts[1] = json.read()?,
                "Name" => parts[2] = json.read()?,
                "Error" => error = json.read()?,
                "Results" => {
                    let known: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
                    self.owner = known.join("/");
                    self.results(json)?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        self.owner.clear();
        match error.filter(|error| !error.is_empty()) {
            None => Ok(()),
            Some(error) => {
                let resource: Vec<String> = parts.into_iter().flatten().collect();
                let why = format!("the scan of {} failed: {}", short(&resource.join("/")), short(&error));
                Err(Defect::Unreadable(why).into())
            }
        }
    }

    fn result(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        let (mut target, mut kind) = (None::<String>, None::<String>);
        // The target stands first in what Trivy writes; where names were sorted, findings wait for it.
        let mut waiting: Vec<(Class, bool, Entry)> = Vec::new();
        json.object(|name, json| {
            let mut add = |class: Class, suppressed: bool, entry: Entry| match &target {
                Some(target) => self.add(target, kind.as_deref(), class, suppressed, &entry),
                None => waiting.push((class, suppressed, entry)),
            };
            match name {
                "Target" => target = json.read()?,
                "Type" => kind = json.read()?,
                "Vulnerabilities" => json.each(|entry| add(Class::Vulnerability, false, entry))?,
                "Misconfigurations" => json.each(|entry| add(Class::Misconfiguration, false, entry))?,
                "Secrets" => json.each(|entry| add(Class::Secret, false, entry))?,
                "Licenses" => json.each(|entry| add(Class::License, false, entry))?,
                "ExperimentalModifiedFindings" => json.each(|one: Modified| {
                    if let (Some(class), Some(entry)) = (one.class, one.finding) {
                        add(class, true, entry);
                    }
                })?,
                _ => json.skip()?,
            }
            Ok(())
        })?;
        let Some(target) = target else { return Err(Error::Data("a result has no `Target`".to_owned())) };
        for (class, suppressed, entry) in &waiting {
            self.add(&target, kind.as_deref(), *class, *suppressed, entry);
        }
        self.results += 1;
        Ok(())
    }

    fn add(&mut self, target: &str, kind: Option<&str>, class: Class, suppressed: bool, entry: &Entry) {
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let severity = entry.severity.as_deref().map_or(Severity::Unknown, Severity::of_word);
        let (package, version) = (text(&entry.pkg_name), text(&entry.installed_version));
        let path = entry.pkg_path.as_deref().or(entry.file_path.as_deref()).filter(|path| !path.is_empty());
        let path = path.unwrap_or(target);
        let ecosystem = kind.unwrap_or_default();
        let in_package = Place::Package { ecosystem, name: &package, version: &version, path };
        let message = entry.message.as_deref().or(entry.title.as_deref()).unwrap_or_default();
        let cause = entry.cause_metadata.as_ref();
        let mark = format!("{}\n{}\n{message}", self.owner, entry.matched.as_deref().unwrap_or_default());
        let line =
            entry.start_line.or_else(|| cause?.start_line).and_then(|line| u64::try_from(line).ok()).unwrap_or(0);
        let in_code = Place::Code { path, line, column: 0, mark: &mark };
        let (ids, place, suppressed) = match class {
            Class::Vulnerability => ([&entry.vulnerability_id, &None], in_package, suppressed),
            Class::License if !package.is_empty() => ([&entry.name, &None], in_package, suppressed),
            Class::License => ([&entry.name, &None], in_code, suppressed),
            Class::Secret => ([&entry.rule_id, &None], in_code, suppressed),
            Class::Misconfiguration => match entry.status.as_deref() {
                Some("PASS") => return,
                status => ([&entry.id, &entry.avd_id], in_code, suppressed || status == Some("EXCEPTION")),
            },
        };
        let ids: Vec<&str> = ids.into_iter().flatten().map(String::as_str).filter(|id| !id.is_empty()).collect();
        self.nameless |= ids.is_empty();
        self.found.add(&Finding { ids: &ids, tool: "Trivy", severity, suppressed, place, message });
    }
}

/// The kinds of findings, as `ExperimentalModifiedFindings` names them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    Vulnerability,
    Misconfiguration,
    Secret,
    License,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Program {
    version: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    repo_digests: Option<Vec<String>>,
    /// The commit of a repository that was scanned.
    commit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modified {
    #[serde(rename = "Type")]
    class: Option<Class>,
    finding: Option<Entry>,
}

/// A finding of any kind.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(rename = "VulnerabilityID")]
    vulnerability_id: Option<String>,
    pkg_name: Option<String>,
    pkg_path: Option<String>,
    installed_version: Option<String>,
    severity: Option<String>,
    title: Option<String>,
    message: Option<String>,
    #[serde(rename = "ID")]
    id: Option<String>,
    #[serde(rename = "AVDID")]
    avd_id: Option<String>,
    status: Option<String>,
    cause_metadata: Option<Cause>,
    #[serde(rename = "RuleID")]
    rule_id: Option<String>,
    start_line: Option<i64>,
    /// The line with the secret, masked.
    #[serde(rename = "Match")]
    matched: Option<String>,
    /// The licence.
    name: Option<String>,
    file_path: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    start_line: Option<i64>,
}
