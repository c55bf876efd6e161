//! Which rules govern a run. In GitHub Actions, where the rules of the default branch ask for approvals, they are the ones: a
//! branch that drops the approvals or loosens a gate is not judged by itself (DECISIONS B.10). The waivers beside them are held in
//! the same way.

use std::cell::OnceCell;

use crate::adapters::github::client::Client;
use crate::app::rules_file::{self, Loaded, RulesError};
use crate::app::settings::Settings;
use crate::ports::{Fault, FaultKind, RulesNow};
use crate::promotion::rules::compare;
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
    /// Whether they are those of the default branch.
    of_branch: Option<OfBranch>,
}

/// What the rules of the default branch are to a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OfBranch {
    /// They ask for approvals, so they govern every run.
    Governs,
    /// They stand in for what the workspace does not have.
    StandsIn,
}

/// Where the rules of a run are.
pub struct Place<'a> {
    settings: &'a Settings,
    /// In GitHub Actions: who is asked for the default branch's rules, and the path of both.
    github: Option<(&'a Client, &'a str)>,
    /// The default branch, once it is known.
    branch: OnceCell<String>,
}

impl<'a> Place<'a> {
    /// The place that the settings name; nothing is read yet.
    pub fn new(settings: &'a Settings, github: Option<&'a Client>) -> Self {
        let in_run = settings.github.as_ref().is_some_and(|github| github.run.is_some());
        let path = settings.rules.to_str().filter(|_| settings.rules.is_relative());
        Self { settings, github: github.filter(|_| in_run).zip(path), branch: OnceCell::new() }
    }

    /// Loads the rules that govern, and the waivers beside them; `writes`: whether the command may write.
    pub fn load(&self, writes: bool) -> Result<Governing, NoRules> {
        let mut governing = self.rules(writes)?;
        self.waivers(writes, &mut governing)?;
        Ok(governing)
    }

    /// The rules that govern now, for a run that has begun. That the workspace's own are others was said at its beginning.
    pub fn now(&self) -> Result<RulesNow, Fault> {
        let path = self.settings.rules.display().to_string();
        let (place, governing) = match self.at_branch()? {
            Ok(theirs) if !theirs.as_ref().is_some_and(asks) => {
                match (rules_file::load(&self.settings.rules), theirs) {
                    (Err(RulesError::Missing { .. }), Some(theirs)) => (path, Ok(theirs)),
                    (local, _) => (path, local),
                }
            }
            theirs => {
                let place = format!("{path} at the head of {}", self.branch()?);
                let missing = RulesError::Missing { path };
                (place, theirs.and_then(|theirs| theirs.ok_or(missing)))
            }
        };
        let rules = match governing {
            Ok(loaded) => Ok(loaded.rules),
            Err(RulesError::Missing { .. }) => Err("the file is gone".to_owned()),
            Err(error @ RulesError::Unreadable { .. }) => {
                return Err(Fault::new(FaultKind::Broken, "read the rules again", error.to_string()));
            }
            Err(error) => Err(error.to_string()),
        };
        Ok(RulesNow { place, rules })
    }

    /// The default branch's name.
    fn branch(&self) -> Result<&str, Fault> {
        if let (None, Some((client, _))) = (self.branch.get(), self.github) {
            let name = client.default_branch()?;
            return Ok(self.branch.get_or_init(|| name));
        }
        Ok(self.branch.get().map_or("", String::as_str))
    }

    /// The rules of the default branch, where it is asked and has any.
    fn at_branch(&self) -> Result<Result<Option<Loaded>, RulesError>, Fault> {
        let Some((client, path)) = self.github else { return Ok(Ok(None)) };
        let file = client.file_at(path, self.branch()?)?;
        Ok(file.map(|file| rules_file::parse(path, file.text.into_bytes())).transpose())
    }

    fn rules(&self, writes: bool) -> Result<Governing, NoRules> {
        let local = rules_file::load(&self.settings.rules);
        let Some(governing) = self.at_branch().map_err(NoRules::Fault)?.map_err(NoRules::File)? else {
            let of_workspace = |loaded| Governing { loaded, differ: Vec::new(), of_branch: None };
            return local.map(of_workspace).map_err(NoRules::File);
        };
        let asks = asks(&governing);
        let of_branch = Some(if asks { OfBranch::Governs } else { OfBranch::StandsIn });
        let of_branch = |loaded| Governing { loaded, differ: Vec::new(), of_branch };
        let local = match local {
            Ok(loaded) if !asks => return Ok(Governing { loaded, differ: Vec::new(), of_branch: None }),
            Err(RulesError::Missing { .. }) => return Ok(of_branch(governing)),
            Ok(local) if local.text == governing.text => return Ok(of_branch(local)),
            Ok(local) => local.text,
            Err(error) if !asks => return Err(NoRules::File(error)),
            Err(_) => String::new(),
        };
        let path = governing.path.as_str();
        let compared = rules_file::parse(path, local.clone().into_bytes()).ok();
        let compared = compared.map(|local| compare::compare(&governing.rules, &local.rules));
        let since = self.which_governs()?;
        let pair = Pair { since: &since, path, old: &governing.text, new: &local, compared: compared.as_deref() };
        let differs = Differs { noun: "rules", text: diff(&pair, Style::PLAIN) };
        if writes {
            return Err(NoRules::Differ(differs));
        }
        Ok(Governing { differ: vec![differs], ..of_branch(governing) })
    }

    /// The waivers that govern. Those of a workspace count where no branch governs; else they must be the branch's, or absent.
    fn waivers(&self, writes: bool, governing: &mut Governing) -> Result<(), NoRules> {
        let place = rules_file::waivers_beside(&self.settings.rules);
        let path = place.display().to_string();
        let local = rules_file::waivers_text(&place).map_err(NoRules::File)?;
        let text = match (governing.of_branch, self.github) {
            (Some(of_branch), Some((client, _))) if of_branch == OfBranch::Governs || local.is_none() => {
                let branch = self.branch().map_err(NoRules::Fault)?;
                let theirs = client.file_at(&path, branch).map_err(NoRules::Fault)?.map(|file| file.text);
                if let Some(local) = local.filter(|local| Some(local) != theirs.as_ref()) {
                    let since = self.which_governs()?;
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

    fn which_governs(&self) -> Result<String, NoRules> {
        Ok(format!("the head of {}, which governs", self.branch().map_err(NoRules::Fault)?))
    }
}

/// Whether rules ask anybody for an approval.
fn asks(loaded: &Loaded) -> bool {
    loaded.rules.promotions.iter().any(|promotion| !promotion.approvals.is_empty())
}
