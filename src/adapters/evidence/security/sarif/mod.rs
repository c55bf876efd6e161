//! SARIF 2.1.0 (OASIS). Results are read one by one; of the rules, which may come after them, only severities are kept.
//!
//! A run without `results` did not run, one with `executionSuccessful: false` did not finish: neither is a clean scan.

mod document;
mod log;
mod rules;
mod run;

use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::Found;
use crate::adapters::evidence::security::sarif::document::Tool;
use crate::adapters::evidence::security::sarif::log::Log;
use crate::adapters::evidence::security::sarif::rules::Rules;
use crate::adapters::evidence::security::sarif::run::Run;
use crate::adapters::evidence::window::Window;

/// Reads one log into the accumulator.
pub fn parse(input: Window<'_>, path: &str, found: &mut Found) -> Result<About, Defect> {
    let mut log =
        Log { path, found, about: About::default(), version: None, runs: 0, untimed: false, defects: Vec::new() };
    Json::document(input, "SARIF 2.1.0", |json| {
        json.object(|name, json| match name {
            "version" => {
                log.version = json.read()?;
                Ok(())
            }
            "runs" if json.peek()? != Kind::Null => json.array(|json| run(json, &mut log)),
            _ => json.skip(),
        })
    })?;
    if log.untimed {
        log.about.taken = None;
    }
    match log.version {
        None => Err(Defect::Unreadable("it is not SARIF: it names no version".to_owned())),
        Some(version) if !version.starts_with("2.1") => {
            Err(Defect::Unreadable(format!("it is SARIF {version}; what is read is 2.1.0")))
        }
        _ if log.runs == 0 => Err(Defect::Missing("it holds no run".to_owned())),
        _ => log.defects.into_iter().next().map_or(Ok(log.about), Err),
    }
}

fn run(json: &mut Json<'_>, log: &mut Log<'_>) -> Result<(), Error> {
    let mut run = Run::default();
    json.object(|name, json| {
        match name {
            "tool" => run.rules = json.read::<Option<Tool>>()?.map(Rules::new),
            "invocations" => run.invocations = json.read()?,
            "versionControlProvenance" => run.provenance = json.read()?,
            "automationDetails" => run.automation = json.read()?,
            "results" if json.peek()? != Kind::Null => {
                run.has_results = true;
                json.array(|json| {
                    run.add(json.read()?, log.found.waivers());
                    Ok(())
                })?;
            }
            _ => json.skip()?,
        }
        Ok(())
    })?;
    log.runs += 1;
    run.finish(log);
    Ok(())
}
