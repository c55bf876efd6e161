//! pip-audit's JSON (`pip-audit -f json`, _format/json.py of pypa/pip-audit), one finding for each vulnerability of a package.
//!
//! - Old versions write a bare array of dependencies, newer ones an object with `dependencies` and `fixes`.
//! - It knows no severity: each finding is of an unknown one, which counts like high.
//! - A dependency with `skip_reason` was not audited, and the tool still says that no vulnerability was found: such a report is
//!   not believed, except for what the user left out on purpose (`--skip-editable`), which is noted.
//! - All dependencies are listed, also those without a vulnerability: a report that lists none is of nothing.

use serde::Deserialize;

use crate::adapters::evidence::fields::{Faults, lacks, looked_at_nothing, message};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts::known_first;
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// One of `dependencies`.
#[derive(Debug, Deserialize)]
struct Dependency {
    name: Option<String>,
    version: Option<String>,
    skip_reason: Option<String>,
    vulns: Option<Vec<Vulnerability>>,
}

#[derive(Debug, Deserialize)]
struct Vulnerability {
    id: Option<String>,
    aliases: Option<Vec<String>>,
    fix_versions: Option<Vec<String>>,
    description: Option<String>,
}

#[derive(Debug, Default)]
struct Report {
    has_dependencies: bool,
    audited: u64,
    skipped: Faults,
    left_out: Faults,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report::default();
    Json::document(input, "pip-audit JSON", |json| {
        if json.peek()? == Kind::Array {
            return dependencies(json, &mut report, found);
        }
        json.object(|name, json| match name {
            "dependencies" => dependencies(json, &mut report, found),
            _ => json.skip(),
        })
    })?;
    if !report.has_dependencies {
        return Err(lacks(Format::PipAudit, "dependencies"));
    }
    if !report.skipped.is_empty() {
        let packages = report.skipped.said("package", "packages");
        return Err(Defect::Unreadable(format!("pip-audit did not audit {packages}: what it says is not all")));
    }
    if report.audited == 0 {
        return Err(looked_at_nothing("package"));
    }
    let mut about = About::default();
    if !report.left_out.is_empty() {
        about.notes.push(format!("pip-audit was told to leave out {}", report.left_out.said("package", "packages")));
    }
    about.made_by("pip-audit", None);
    Ok(about)
}

fn dependencies(json: &mut Json<'_>, report: &mut Report, found: &mut Found) -> Result<(), Error> {
    report.has_dependencies = true;
    json.array(|json| {
        let dependency: Dependency = json.read()?;
        let Some(name) = dependency.name.as_deref() else {
            return Err(Error::Data("a dependency has no `name`".to_owned()));
        };
        match (&dependency.skip_reason, &dependency.vulns) {
            (Some(why), _) if why.ends_with("marked as editable") => report.left_out.add(name, why),
            (Some(why), _) => report.skipped.add(name, why),
            (None, None) => return Err(Error::Data("a dependency has neither `vulns` nor `skip_reason`".to_owned())),
            (None, Some(vulnerabilities)) => {
                report.audited += 1;
                let version = dependency.version.as_deref().unwrap_or_default();
                return vulnerabilities.iter().try_for_each(|one| add(one, name, version, found));
            }
        }
        Ok(())
    })
}

fn add(one: &Vulnerability, name: &str, version: &str, found: &mut Found) -> Result<(), Error> {
    let Some(id) = one.id.as_deref() else {
        return Err(Error::Data("a vulnerability has no `id`".to_owned()));
    };
    let aliases = one.aliases.as_deref().unwrap_or_default();
    let ids = known_first([id].into_iter().chain(aliases.iter().map(String::as_str)));
    let fixed = one.fix_versions.as_deref().unwrap_or_default().join(", ");
    let fixed = (!fixed.is_empty()).then(|| format!("fixed in {fixed}"));
    found.add(&Finding {
        ids: &ids,
        tool: "pip-audit",
        severity: Severity::Unknown,
        suppressed: false,
        place: Place::Package { ecosystem: "pypi", name, version, path: "" },
        message: &message([&one.description, &fixed]),
    });
    Ok(())
}
