//! Which environments the rules want at GitHub, and how what is there differs from them.

use std::collections::BTreeSet;
use std::fmt;

use crate::promotion::approvals::facts::{Branches, EnvironmentFacts, Protection, Reviewer};
use crate::promotion::approvals::slots::slots;
use crate::promotion::rules::Rules;
use crate::promotion::rules::at::At;
use crate::promotion::rules::roles::Role;

/// The most reviewers that an environment of GitHub's can have, teams and users together.
pub const REVIEWERS_MAX: usize = 6;

/// Somebody whom the rules want to be asked, as it is compared: in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A team.
    Team {
        /// Its organisation.
        org: String,
        /// Its name in addresses.
        slug: String,
    },
    /// A user, by login.
    User(String),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team { org, slug } => write!(f, "{org}/{slug}"),
            Self::User(login) => write!(f, "@{login}"),
        }
    }
}

/// What the rules want there to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The environments that ask the roles, in the order of the rules, each once.
    pub roles: Vec<RoleEnvironment>,
    /// The environments that are promoted to, in the order of the rules, each once.
    pub targets: Vec<TargetEnvironment>,
}

/// An environment whose reviewers are a role's people. Besides: whoever starts a run may not approve it, administrators may not go on
/// without a review, and only the default branch may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEnvironment {
    /// Its name.
    pub name: String,
    /// What it is asked for: `sre for production`.
    pub asks: Vec<String>,
    /// Its reviewers.
    pub reviewers: BTreeSet<Asked>,
}

/// An environment that is promoted to: the secrets that write live there, for the default branch only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetEnvironment {
    /// Its name.
    pub name: String,
    /// Whether somebody must approve what gets there: then secrets that other branches can read are a way around that.
    pub guarded: bool,
}

/// A role that GitHub cannot ask in an environment (exit 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// What cannot be.
    pub what: String,
    /// What to do instead.
    pub hint: String,
    /// Where the role stands in the rules file.
    pub at: At,
}

/// What the rules want to be there, in a repository of this owner. A team of another owner and a seventh reviewer are impossible.
pub fn wanted(rules: &Rules, owner: &str) -> Result<Wanted, Vec<Impossible>> {
    let (mut wanted, mut faults) = (Wanted::default(), Vec::new());
    for promotion in &rules.promotions {
        for role in &promotion.approvals {
            faults.extend(impossible(role, owner));
        }
        for slot in slots(promotion, &rules.github) {
            let Some(role) = promotion.approvals.iter().find(|role| role.name == slot.role) else { continue };
            let of = if role.min > 1 { format!(" ({} of {})", slot.number, role.min) } else { String::new() };
            let asks = format!("{} for {}{of}", role.name, promotion.to);
            match wanted.roles.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&slot.environment)) {
                Some(known) if known.asks.contains(&asks) => {}
                Some(known) => known.asks.push(asks),
                None => {
                    let reviewers = people(role);
                    wanted.roles.push(RoleEnvironment { name: slot.environment, asks: vec![asks], reviewers });
                }
            }
        }
        let guarded = !promotion.approvals.is_empty();
        match wanted.targets.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&promotion.to)) {
            Some(known) => known.guarded |= guarded,
            None => wanted.targets.push(TargetEnvironment { name: promotion.to.clone(), guarded }),
        }
    }
    faults.dedup();
    if faults.is_empty() { Ok(wanted) } else { Err(faults) }
}

/// A role's people: its team, or its users, and its deputies.
pub fn people(role: &Role) -> BTreeSet<Asked> {
    let team = role.team.as_deref().and_then(|team| team.split_once('/'));
    let team = team.map(|(org, slug)| Asked::Team { org: org.to_ascii_lowercase(), slug: slug.to_ascii_lowercase() });
    team.into_iter().chain(role.named().map(|login| Asked::User(login.to_ascii_lowercase()))).collect()
}

fn impossible(role: &Role, owner: &str) -> Option<Impossible> {
    let people = people(role);
    if people.len() > REVIEWERS_MAX {
        return Some(Impossible {
            what: format!(
                "the role `{}` has {} people and teams; an environment of GitHub's has at most {REVIEWERS_MAX} reviewers",
                role.name,
                people.len()
            ),
            hint: format!("put them into a team of {owner}, and name that: `team: {owner}/{}`", role.name),
            at: role.at,
        });
    }
    let team = role.team.as_deref().and_then(|team| team.split_once('/'));
    let (org, _) = team.filter(|(org, _)| !org.eq_ignore_ascii_case(owner))?;
    Some(Impossible {
        what: format!(
            "the role `{}` is a team of {org}; an environment of a repository of {owner} can ask teams of {owner} only",
            role.name
        ),
        hint: format!("name a team of {owner}, or users"),
        at: role.at,
    })
}

/// How an environment differs from what the rules want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// There is none.
    Missing,
    /// It asks other people.
    Reviewers {
        /// Whom it asks, and the rules do not.
        gone: Vec<String>,
        /// Whom the rules ask, and it does not.
        new: Vec<String>,
        /// Whether it asks nobody at all.
        nobody: bool,
    },
    /// Whoever starts a run may approve it.
    SelfReview,
    /// Administrators may go on without a review.
    AdminsBypass,
    /// GitHub does not say whether administrators may go on without a review.
    AdminsUnsaid,
    /// Any branch may use it.
    AnyBranch,
    /// Only named branches may use it, and the default branch is none of them.
    NotDefault,
    /// Other branches than the default one may use it, by these patterns.
    OtherBranches(Vec<String>),
}

/// How an environment stands to what the rules want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is as the rules want it.
    Sound,
    /// It is not.
    Differs(Vec<Difference>),
    /// It could not be found out, with why.
    Unknown(String),
}

/// Why nothing can be said where GitHub does not tell who may go past a review.
const UNSAID: &str = "GitHub does not say whether administrators may go on without a review";

impl RoleEnvironment {
    /// How what is there stands to it, in a repository of this owner with this default branch.
    pub fn judge(&self, found: &Protection, owner: &str, default_branch: &str) -> Standing {
        let facts = match found {
            Protection::Missing => return Standing::Differs(vec![Difference::Missing]),
            Protection::Unreadable { why } => return Standing::Unknown(why.clone()),
            Protection::Known(facts) => facts,
        };
        let mut differences: Vec<Difference> = self.reviewers(facts, owner).into_iter().collect();
        if !facts.prevent_self_review {
            differences.push(Difference::SelfReview);
        }
        match facts.admins_bypass {
            Some(true) => differences.push(Difference::AdminsBypass),
            None => differences.push(Difference::AdminsUnsaid),
            Some(false) => {}
        }
        differences.extend(branches(&facts.branches, default_branch));
        match differences.as_slice() {
            [] => Standing::Sound,
            [Difference::AdminsUnsaid] => Standing::Unknown(UNSAID.to_owned()),
            _ => Standing::Differs(differences),
        }
    }

    fn reviewers(&self, facts: &EnvironmentFacts, owner: &str) -> Option<Difference> {
        let asked = |reviewer: &Reviewer| match reviewer {
            Reviewer::Team { slug, .. } => {
                Asked::Team { org: owner.to_ascii_lowercase(), slug: slug.to_ascii_lowercase() }
            }
            Reviewer::User(person) => Asked::User(person.login.to_ascii_lowercase()),
        };
        let found: BTreeSet<Asked> = facts.reviewers.iter().map(asked).collect();
        let words = |some: BTreeSet<&Asked>| some.into_iter().map(Asked::to_string).collect();
        (found != self.reviewers).then(|| Difference::Reviewers {
            gone: words(found.difference(&self.reviewers).collect()),
            new: words(self.reviewers.difference(&found).collect()),
            nobody: found.is_empty(),
        })
    }
}

impl TargetEnvironment {
    /// How what is there stands to it; who reviews there is nobody's business here.
    pub fn judge(&self, found: &Protection, default_branch: &str) -> Standing {
        let differences: Vec<Difference> = match found {
            Protection::Missing => vec![Difference::Missing],
            Protection::Unreadable { why } => return Standing::Unknown(why.clone()),
            Protection::Known(facts) => branches(&facts.branches, default_branch),
        };
        if differences.is_empty() { Standing::Sound } else { Standing::Differs(differences) }
    }
}

/// An altered workflow on another branch must not be able to use it.
fn branches(found: &Branches, default_branch: &str) -> Vec<Difference> {
    let patterns = match found {
        Branches::Protected => return Vec::new(),
        Branches::Any => return vec![Difference::AnyBranch],
        Branches::Named(patterns) => patterns,
    };
    let others: Vec<String> = patterns.iter().filter(|pattern| *pattern != default_branch).cloned().collect();
    let lacks = (others.len() == patterns.len()).then_some(Difference::NotDefault);
    let others = (!others.is_empty()).then_some(Difference::OtherBranches(others));
    lacks.into_iter().chain(others).collect()
}

impl Difference {
    /// Whether writing the environment anew mends it; what people added to it by hand stays theirs.
    pub fn mended(&self) -> bool {
        !matches!(self, Self::OtherBranches(_) | Self::AdminsUnsaid)
    }

    /// It in words: what is there, and what the rules want.
    pub fn words(&self, default_branch: &str) -> String {
        match self {
            Self::Missing => "missing → create".to_owned(),
            Self::Reviewers { gone, new, nobody } => {
                let gone = gone.iter().map(|name| format!(" - {name}"));
                let changes: String = gone.chain(new.iter().map(|name| format!(" + {name}"))).collect();
                let nobody = if *nobody { " nobody is asked;" } else { "" };
                format!("reviewers:{nobody}{changes}")
            }
            Self::SelfReview => "whoever starts a run may approve it → may not".to_owned(),
            Self::AdminsBypass => "administrators may go on without a review → may not".to_owned(),
            Self::AdminsUnsaid => UNSAID.to_owned(),
            Self::AnyBranch => format!("branches: any → {default_branch}"),
            Self::NotDefault => format!("branches: + {default_branch}"),
            Self::OtherBranches(names) => {
                format!("branches: {} too; take that away by hand, or it is a way around the rules", names.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
