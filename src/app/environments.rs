//! `promote environments check` and `sync`: the environments at GitHub that ask the roles of the rules.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::adapters::github::client::Client;
use crate::adapters::github::environments::{
    BranchPattern, BranchPolicy, EnvironmentSettings, ReviewerId, ReviewerKind, protection,
};
use crate::adapters::github::transcript::Transcript;
use crate::app::mask::Mask;
use crate::app::rules_file::Loaded;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring::github;
use crate::ports::{Fault, FaultKind};
use crate::promotion::approvals::environments::{Asked, Impossible, Standing, Wanted, wanted};
use crate::promotion::approvals::facts::Protection;
use crate::promotion::approvals::survey::{Purpose, Row, Survey};
use crate::promotion::outcome::Outcome;
use crate::promotion::words;
use crate::render::ending::{self, Ending, Exit, INVALID};
use crate::render::environments as rendered;

/// What to do about the environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Say how they differ from the rules.
    Check,
    /// Make them as the rules want them.
    Sync {
        /// Whether it may write; else it says what it would write.
        yes: bool,
    },
}

/// What a token needs to write environments.
const ADMINISTRATION: &str = "setting environments needs the permission \"Administration: write\", which a workflow's own token \
                              cannot have: put the token of an administrator into GITHUB_TOKEN, or use a GitHub App that has it";
/// What to do where the plan has no required reviewers.
const PLAN: &str = "required reviewers of private repositories come with GitHub's Enterprise plan only; without it let the role \
                    approve by a comment: promote approve";

/// Does it; the exit code.
pub fn run(
    screen: &Screen,
    settings: &Settings,
    mask: &Mask,
    stop: &Arc<AtomicBool>,
    loaded: &Loaded,
    deed: Deed,
) -> Result<u8> {
    let github = match github::setting_up(settings, mask, stop) {
        Ok(github) => github,
        Err(fault) => return Ok(screen.end(&unread(&fault))),
    };
    let work = Work { client: &github.client, loaded };
    let mut written = Vec::new();
    let came = work.survey().and_then(|survey| {
        if !screen.json() {
            screen.say(&format!("{}\n", rendered::text(&survey, screen.style())));
        }
        match deed {
            Deed::Check => Ok((checked(&survey), survey)),
            Deed::Sync { yes } => work.sync(survey, yes, &mut written),
        }
    });
    let ending = match came {
        Ok((ending, survey)) => {
            if screen.json() {
                screen.document(&rendered::document(&survey, &written));
            }
            ending
        }
        Err(mut ending) => {
            if !written.is_empty() {
                ending.seen.push(format!("written before that: {}", written.join(", ")));
            }
            return Ok(screen.end(&ending));
        }
    };
    screen.say(&ending::text(&ending, screen.style()));
    Ok(ending.exit.code())
}

/// The end of something that could not be found out.
fn unread(fault: &Fault) -> Ending {
    let exit = match fault.kind {
        FaultKind::Settings => Exit::Refused(INVALID),
        _ => Exit::Outcome(Outcome::Unknown),
    };
    Ending::fault(exit, &fault.doing, &fault.why, fault.hint.as_deref())
}

fn checked(survey: &Survey) -> Ending {
    let mut ending = Ending::of(survey.outcome(), rendered::found(survey));
    if survey.to_write().next().is_some() {
        ending.next.push("promote environments sync".to_owned());
    }
    ending
}

/// The repository, and the rules that it is compared with.
struct Work<'a> {
    client: &'a Client,
    loaded: &'a Loaded,
}

impl Work<'_> {
    /// Reads what there is.
    fn survey(&self) -> Result<Survey, Ending> {
        let wanted = wanted(&self.loaded.rules, self.client.owner()).map_err(|faults| self.impossible(&faults))?;
        let about = self.client.about().map_err(|fault| unread(&fault))?;
        let names = self.client.environment_names().map_err(|fault| unread(&fault))?;
        let repository = format!("{}/{}", self.client.owner(), self.client.name());
        let found = self.read(&wanted);
        Ok(Survey::of((&repository, &about.default_branch, about.private), &wanted, &found, &names))
    }

    fn read(&self, wanted: &Wanted) -> BTreeMap<String, Protection> {
        let transcript = Transcript::new(self.client);
        let roles = wanted.roles.iter().map(|role| &role.name);
        let names = roles.chain(wanted.targets.iter().map(|target| &target.name));
        names.map(|name| (name.clone(), protection(&transcript, name))).collect()
    }

    fn impossible(&self, faults: &[Impossible]) -> Ending {
        let mut ending = Ending::refused(INVALID, "the rules ask for what environments of GitHub's cannot do");
        for fault in faults {
            ending.seen.push(format!("{}:{}: {}", self.loaded.path, fault.at.line, fault.what));
            ending.next.push(fault.hint.clone());
        }
        ending
    }

    /// Writes what differs, if it may, and reads it back. `written` gets the names as they are written.
    fn sync(&self, survey: Survey, yes: bool, written: &mut Vec<String>) -> Result<(Ending, Survey), Ending> {
        let rows: Vec<&Row> = survey.to_write().collect();
        if rows.is_empty() {
            let mut ending = checked(&survey);
            ending.seen.push("there is nothing to write".to_owned());
            return Ok((ending, survey));
        }
        let count = words::counted(rows.len() as u64, "environment");
        if !yes {
            let mut ending = Ending::of(Outcome::Planned, format!("{count} would be written."));
            ending.seen.push("nothing was written: --yes".to_owned());
            return Ok((ending, survey));
        }
        // Everybody is found before anything is written.
        let mut ids = BTreeMap::new();
        for row in &rows {
            self.find(row, &mut ids)?;
        }
        for row in rows {
            self.write(row, &ids, &survey.default_branch).map_err(|fault| unwritten(&fault, &row.name))?;
            written.push(row.name.clone());
        }
        let after = self.survey()?;
        let left: Vec<&Row> = after.to_write().collect();
        if left.is_empty() {
            let mut ending = Ending::of(Outcome::Ready, format!("{count} written: {}.", written.join(", ")));
            if after.outcome() != Outcome::Ready {
                ending.seen.push("what is not for promote to write is still as above".to_owned());
                ending.exit = Exit::Outcome(after.outcome());
            }
            return Ok((ending, after));
        }
        let mut ending = Ending::of(Outcome::Held, "GitHub did not keep all that was written.".to_owned());
        let branch = &after.default_branch;
        for row in left {
            if let Standing::Differs(differences) = &row.standing {
                let said: Vec<String> = differences.iter().map(|difference| difference.words(branch)).collect();
                ending.seen.push(format!("{}: {}", row.name, said.join("; ")));
            }
        }
        ending
            .next
            .push("check that each team and user may read the repository: others cannot review there".to_owned());
        Ok((ending, after))
    }

    /// Looks a row's reviewers up, each once.
    fn find(&self, row: &Row, ids: &mut BTreeMap<Asked, ReviewerId>) -> Result<(), Ending> {
        let Purpose::Asks { reviewers, roles, .. } = &row.purpose else { return Ok(()) };
        for asked in reviewers {
            if ids.contains_key(asked) {
                continue;
            }
            let found = match asked {
                Asked::Team { .. } => self.client.team(&asked.to_string()).map(|team| {
                    let hint = "check its name in the rules; to see teams, the token needs the organisation's permission \
                                \"Members: read\", which a workflow's own token cannot have";
                    team.map(|team| ReviewerId { kind: ReviewerKind::Team, id: team.id }).ok_or(hint)
                }),
                Asked::User(login) => self.client.user(login).map(|user| {
                    let hint = "check the login in the rules";
                    user.map(|user| ReviewerId { kind: ReviewerKind::User, id: user.id }).ok_or(hint)
                }),
            };
            match found.map_err(|fault| nothing_written(unread(&fault)))? {
                Ok(id) => drop(ids.insert(asked.clone(), id)),
                Err(hint) => {
                    let why = format!("the rules name {asked} ({}), and GitHub shows none", roles.join(", "));
                    let exit = Exit::Outcome(Outcome::Unknown);
                    return Err(nothing_written(Ending::fault(exit, &format!("find {asked}"), &why, Some(hint))));
                }
            }
        }
        Ok(())
    }

    /// Writes one environment. GitHub replaces all of it, so what is somebody else's own setting is sent as it is.
    fn write(&self, row: &Row, ids: &BTreeMap<Asked, ReviewerId>, default_branch: &str) -> Result<(), Fault> {
        let Purpose::Asks { reviewers, wait_minutes, protected_branches, .. } = &row.purpose else { return Ok(()) };
        let settings = EnvironmentSettings {
            wait_timer: *wait_minutes,
            prevent_self_review: true,
            reviewers: reviewers.iter().filter_map(|asked| ids.get(asked).copied()).collect(),
            deployment_branch_policy: Some(BranchPolicy {
                protected_branches: *protected_branches,
                custom_branch_policies: !protected_branches,
            }),
            can_admins_bypass: false,
        };
        self.client.set_environment(&row.name, &settings)?;
        if *protected_branches {
            return Ok(());
        }
        let pattern = BranchPattern { name: default_branch.to_owned(), kind: "branch".to_owned() };
        self.client.add_branch_pattern(&row.name, &pattern)
    }
}

fn nothing_written(mut ending: Ending) -> Ending {
    ending.seen.push("nothing was written".to_owned());
    ending
}

/// The end of a write that failed, with what it takes.
fn unwritten(fault: &Fault, name: &str) -> Ending {
    let outcome = if fault.kind == FaultKind::Uncertain { Outcome::Unconfirmed } else { Outcome::Failed };
    let hint = match fault.kind {
        FaultKind::Broken if fault.why.contains("billing plan") => Some(PLAN),
        FaultKind::Denied | FaultKind::NotFound => Some(ADMINISTRATION),
        _ => fault.hint.as_deref(),
    };
    let mut ending = Ending::fault(Exit::Outcome(outcome), &fault.doing, &fault.why, hint);
    if outcome == Outcome::Unconfirmed {
        ending.next.push(format!("promote environments check   # how {name} stands now"));
    }
    ending
}
