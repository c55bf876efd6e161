//! Which rules govern a run. In GitHub Actions, where the rules of the default branch ask for approvals, they are the ones: a
//! branch that drops the approvals or loosens a gate is not judged by itself (DECISIONS B.10). The waivers beside them are held in
//! the same way.

use crate::adapters::github::client::Client;
use crate::app::rules_file::{self, Loaded, RulesError};
use crate::app::settings::Settings;
use crate::ports::Fault;
use crate::render::rules::{Pair, diff, text_diff};
use crate::render::style::Style;

/// Why no rules govern.
pub enum NoRules {
    /// The file cannot be used.
    File(RulesError),
    /// GitHub could not be asked.
    Fault(Fault),
    /// A run that writes has another file in its workspace than the one that governs.
    Differ(Differs),
}

/// A file of the workspace that is not the one that governs.
pub struct Differs {
    /// What it is: `rules`, `waivers`.
    pub noun: &'static str,
    /// The difference.
    pub text: String,
}

/// The rules that govern, and what to say about them.
pub struct Governing {
    /// The rules.
    pub loaded: Loaded,
    /// How the workspace's files differ, where they do and nothing is written.
    pub differ: Vec<Differs>,
    /// The branch that the rules are of.
    branch: Option<Branch>,
}

/// A branch whose rules were read.
struct Branch {
    name: String,
    /// Whether it governs every run: its rules ask for approvals. Else it only stands in for what a workspace does not have.
    governs: bool,
}

/// Loads the rules that govern, and the waivers beside them; `writes`: whether the command may write.
pub fn load(settings: &Settings, github: Option<&Client>, writes: bool) -> Result<Governing, NoRules> {
    let mut governing = rules(settings, github, writes)?;
    waivers(settings, github, writes, &mut governing)?;
    Ok(governing)
}

/// The waivers that govern. Those of a workspace count where no branch governs; else they must be the branch's, or absent.
fn waivers(
    settings: &Settings,
    github: Option<&Client>,
    writes: bool,
    governing: &mut Governing,
) -> Result<(), NoRules> {
    let place = rules_file::waivers_beside(&settings.rules);
    let path = place.display().to_string();
    let local = rules_file::waivers_text(&place).map_err(NoRules::File)?;
    let text = match (&governing.branch, github) {
        (Some(branch), Some(client)) if branch.governs || local.is_none() => {
            let theirs = client.file_at(&path, &branch.name).map_err(NoRules::Fault)?.map(|file| file.text);
            if let Some(local) = local.filter(|local| Some(local) != theirs.as_ref()) {
                let since = format!("the head of {}, which governs", branch.name);
                let old = theirs.as_deref().unwrap_or_default();
                let pair = Pair { since: &since, path: &path, old, new: &local, compared: None };
                let differs = Differs { noun: "waivers", text: text_diff(&pair, Style::PLAIN) };
                if writes {
                    return Err(NoRules::Differ(differs));
                }
                governing.differ.push(differs);
            }
            theirs
        }
        _ => local,
    };
    let read = |text: String| rules_file::waivers(&path, &text).map_err(NoRules::File);
    governing.loaded.waivers = text.map(read).transpose()?;
    Ok(())
}

fn rules(settings: &Settings, github: Option<&Client>, writes: bool) -> Result<Governing, NoRules> {
    let local = rules_file::load(&settings.rules);
    let of_workspace = |loaded| Governing { loaded, differ: Vec::new(), branch: None };
    let in_run = settings.github.as_ref().is_some_and(|github| github.run.is_some());
    let path = settings.rules.to_str().filter(|_| settings.rules.is_relative());
    let (Some(client), Some(path)) = (github.filter(|_| in_run), path) else {
        return local.map(of_workspace).map_err(NoRules::File);
    };
    let branch = client.default_branch().map_err(NoRules::Fault)?;
    let Some(file) = client.file_at(path, &branch).map_err(NoRules::Fault)? else {
        return local.map(of_workspace).map_err(NoRules::File);
    };
    let governing = rules_file::parse(path, file.text.into_bytes()).map_err(NoRules::File)?;
    let asks = governing.rules.promotions.iter().any(|promotion| !promotion.approvals.is_empty());
    let of_branch = |loaded| {
        let branch = Branch { name: branch.clone(), governs: asks };
        Governing { loaded, differ: Vec::new(), branch: Some(branch) }
    };
    let local = match local {
        Ok(local) if !asks => return Ok(of_workspace(local)),
        Err(RulesError::Missing { .. }) => return Ok(of_branch(governing)),
        Ok(local) if local.text == governing.text => return Ok(of_branch(local)),
        Ok(local) => local.text,
        Err(error) if !asks => return Err(NoRules::File(error)),
        Err(_) => String::new(),
    };
    let compared = rules_file::parse(path, local.clone().into_bytes()).ok();
    let compared = compared.map(|local| crate::promotion::rules::compare::compare(&governing.rules, &local.rules));
    let since = format!("the head of {branch}, which governs");
    let pair = Pair { since: &since, path, old: &governing.text, new: &local, compared: compared.as_deref() };
    let differs = Differs { noun: "rules", text: diff(&pair, Style::PLAIN) };
    if writes {
        return Err(NoRules::Differ(differs));
    }
    Ok(Governing { differ: vec![differs], ..of_branch(governing) })
}
