//! Where settings come from: flags, inputs of the action, and variables, in this order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::adapters::secret::Secret;
use crate::app::settings::inputs::INPUTS;
use crate::promotion::rules::quantity;
use crate::promotion::time::Millis;

/// A setting whose value cannot be (exit 2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: `{value}` is not {expected}")]
pub struct SettingFault {
    /// Where the value comes from.
    pub name: String,
    /// The value.
    pub value: String,
    /// What was expected.
    pub expected: &'static str,
}

/// Where values come from: flags by name, and the process's environment.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The flags that were given, by name without dashes.
    pub flags: BTreeMap<String, String>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
}

impl Sources {
    /// A value and where it comes from. Empty is as good as not given: the runner sets unset inputs to nothing.
    pub(super) fn find(&self, name: &str) -> Option<(String, &str)> {
        let input = INPUTS.iter().find(|input| input.input == name)?;
        if let Some(value) = self.flags.get(input.flag).filter(|value| !value.is_empty()) {
            return Some((format!("--{}", input.flag), value));
        }
        let as_input = format!("INPUT_{}", name.to_ascii_uppercase());
        let names = std::iter::once(as_input).chain(input.variables.iter().map(|name| (*name).to_owned()));
        names.into_iter().find_map(|name| {
            let value = self.environment.get(&name).map(|value| value.trim()).filter(|value| !value.is_empty())?;
            Some((name, value))
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.find(name).map(|(_, value)| value.to_owned())
    }

    /// Names with commas or white space between them.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let names = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).and_then(Secret::new)
    }

    pub(super) fn switch(&self, name: &str) -> Result<bool, SettingFault> {
        let Some((from, value)) = self.find(name) else { return Ok(false) };
        match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(SettingFault { name: from, value: value.to_owned(), expected: "`true` or `false`" }),
        }
    }

    pub(super) fn span(&self, name: &str) -> Result<Millis, SettingFault> {
        let Some((from, value)) = self.find(name) else { return Ok(Millis(0)) };
        let expected = "a time with its unit, such as `10m`";
        quantity::span(value).map_err(|_| SettingFault { name: from, value: value.to_owned(), expected })
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).filter(|value| !value.is_empty()).cloned()
    }
}
