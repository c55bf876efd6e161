//! Which rules govern a run. In GitHub Actions, where the rules of the default branch ask for approvals, they are the ones: a
//! branch that drops the approvals or loosens a gate is not judged by itself (DECISIONS B.10).

use crate::adapters::github::client::Client;
use crate::app::rules_file::{self, Loaded, RulesError};
use crate::app::settings::Settings;
use crate::ports::Fault;
use crate::render::rules::{self, Pair};
use crate::render::style::Style;

/// Why no rules govern.
pub enum NoRules {
    /// The file cannot be used.
    File(RulesError),
    /// GitHub could not be asked.
    Fault(Fault),
    /// A run that writes has other rules in its workspace than those that govern: the difference.
    Differ(String),
}

/// The rules that govern, and what to say about them.
pub struct Governing {
    /// The rules.
    pub loaded: Loaded,
    /// How the workspace's differ, where they do and nothing is written.
    pub differ: Option<String>,
}

/// Loads the rules that govern; `writes`: whether the command may write.
pub fn load(settings: &Settings, github: Option<&Client>, writes: bool) -> Result<Governing, NoRules> {
    let local = rules_file::load(&settings.rules);
    let in_run = settings.github.as_ref().is_some_and(|github| github.run.is_some());
    let path = settings.rules.to_str().filter(|_| settings.rules.is_relative());
    let (Some(client), Some(path)) = (github.filter(|_| in_run), path) else {
        return local.map(|loaded| Governing { loaded, differ: None }).map_err(NoRules::File);
    };
    let branch = client.default_branch().map_err(NoRules::Fault)?;
    let Some(file) = client.file_at(path, &branch).map_err(NoRules::Fault)? else {
        return local.map(|loaded| Governing { loaded, differ: None }).map_err(NoRules::File);
    };
    let governing = rules_file::parse(path, file.text.into_bytes()).map_err(NoRules::File)?;
    let asks = governing.rules.promotions.iter().any(|promotion| !promotion.approvals.is_empty());
    let local = match local {
        Ok(local) if !asks => return Ok(Governing { loaded: local, differ: None }),
        Err(RulesError::Missing { .. }) => return Ok(Governing { loaded: governing, differ: None }),
        Ok(local) if local.text == governing.text => return Ok(Governing { loaded: local, differ: None }),
        Ok(local) => local.text,
        Err(error) if !asks => return Err(NoRules::File(error)),
        Err(_) => String::new(),
    };
    let compared = rules_file::parse(path, local.clone().into_bytes()).ok();
    let compared = compared.map(|local| crate::promotion::rules::compare::compare(&governing.rules, &local.rules));
    let since = format!("the head of {branch}, which governs");
    let pair = Pair { since: &since, path, old: &governing.text, new: &local, compared: compared.as_deref() };
    let differ = rules::diff(&pair, Style::PLAIN);
    if writes { Err(NoRules::Differ(differ)) } else { Ok(Governing { loaded: governing, differ: Some(differ) }) }
}
