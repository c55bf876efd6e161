//! SARIF 2.1.0 (OASIS). Results are read one by one; of the rules, which may come after them, only severities are kept.
//!
//! A run without `results` did not run, one with `executionSuccessful: false` did not finish: neither is a clean scan.

mod document;
mod log;
mod run;

use std::fmt;
use std::io::{BufRead, BufReader};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::adapters::evidence::found::Found;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::sarif::log::Log;
use crate::adapters::evidence::sarif::run::Run;

/// Reads one log into the accumulator.
pub fn parse(input: impl BufRead, path: &str, found: &mut Found) -> Result<About, Defect> {
    let mut log =
        Log { path, found, about: About::default(), version: None, runs: 0, untimed: false, defects: Vec::new() };
    // The parser asks for single bytes: a buffer of its own spares it the way down to the file for each.
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, input));
    LogSeed(&mut log).deserialize(&mut json).and_then(|()| json.end()).map_err(|fault| bad(&fault))?;
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

fn bad(fault: &serde_json::Error) -> Defect {
    use serde_json::error::Category;
    Defect::Unreadable(match fault.classify() {
        Category::Io => fault.to_string(),
        Category::Eof => format!("it is cut off: it ends at line {}", fault.line()),
        Category::Syntax => format!("it is not JSON: {fault}"),
        Category::Data => format!("it is not SARIF 2.1.0: {fault}"),
    })
}

struct LogSeed<'a, 'l>(&'a mut Log<'l>);

impl<'de> DeserializeSeed<'de> for LogSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LogSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SARIF log, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "version" => self.0.version = fields.next_value()?,
                "runs" => fields.next_value_seed(RunsSeed(self.0))?,
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct RunsSeed<'a, 'l>(&'a mut Log<'l>);

impl<'de> DeserializeSeed<'de> for RunsSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RunsSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`runs`, which is an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut runs: A) -> Result<(), A::Error> {
        while runs.next_element_seed(RunSeed(self.0))?.is_some() {}
        Ok(())
    }
}

struct RunSeed<'a, 'l>(&'a mut Log<'l>);

impl<'de> DeserializeSeed<'de> for RunSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RunSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut run = Run::default();
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "tool" => run.tool = fields.next_value()?,
                "invocations" => run.invocations = fields.next_value()?,
                "versionControlProvenance" => run.provenance = fields.next_value()?,
                "automationDetails" => run.automation = fields.next_value()?,
                "results" => fields.next_value_seed(ResultsSeed(&mut run))?,
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        self.0.runs += 1;
        run.finish(self.0);
        Ok(())
    }
}

struct ResultsSeed<'a>(&'a mut Run);

impl<'de> DeserializeSeed<'de> for ResultsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ResultsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`results`, which is an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut results: A) -> Result<(), A::Error> {
        self.0.has_results = true;
        while let Some(result) = results.next_element()? {
            self.0.add(result);
        }
        Ok(())
    }
}
