//! All environments that the rules want, next to what is there.

use std::collections::BTreeMap;

use crate::promotion::approvals::environments::{Asked, Difference, Standing, Wanted};
use crate::promotion::approvals::facts::{Branches, EnvironmentFacts, Protection};
use crate::promotion::outcome::Outcome;
use crate::promotion::report::Mark;

/// What was found out about a repository's environments. All texts may come from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The repository.
    pub repository: String,
    /// Its default branch.
    pub default_branch: String,
    /// Whether it is private: then required reviewers depend on the plan.
    pub private: bool,
    /// The environments that the rules want: those that ask roles, then those that are promoted to.
    pub rows: Vec<Row>,
    /// The names of all others, which are nobody's business here.
    pub others: Vec<String>,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// How it stands to what the rules want.
    pub standing: Standing,
}

/// What an environment is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// It asks roles: `sre for production`.
    Asks {
        /// Which, and for where.
        roles: Vec<String>,
        /// Its reviewers.
        reviewers: Vec<Asked>,
        /// How long a job waits in it by itself, in minutes: somebody's own setting, which stays.
        wait_minutes: u64,
        /// Whether its branches are those with a protection rule, which stays too.
        protected_branches: bool,
    },
    /// It is promoted to.
    Target {
        /// Whether somebody must approve that.
        guarded: bool,
    },
}

impl Survey {
    /// Puts what the rules want next to what was read, by name.
    pub fn of(
        (repository, default_branch, private): (&str, &str, bool),
        wanted: &Wanted,
        found: &BTreeMap<String, Protection>,
        names: &[String],
    ) -> Self {
        let owner = repository.split('/').next().unwrap_or_default();
        let unread = Protection::Unreadable { why: "it was not read".to_owned() };
        let seen = |name: &str| found.get(name).unwrap_or(&unread);
        let roles = wanted.roles.iter().map(|role| {
            let found = known(seen(&role.name));
            Row {
                name: role.name.clone(),
                purpose: Purpose::Asks {
                    roles: role.asks.clone(),
                    reviewers: role.reviewers.iter().cloned().collect(),
                    wait_minutes: found.map_or(0, |facts| facts.wait_minutes),
                    protected_branches: found.is_some_and(|facts| facts.branches == Branches::Protected),
                },
                standing: role.judge(seen(&role.name), owner, default_branch),
            }
        });
        let targets = wanted.targets.iter().map(|target| Row {
            name: target.name.clone(),
            purpose: Purpose::Target { guarded: target.guarded },
            standing: target.judge(seen(&target.name), default_branch),
        });
        let rows: Vec<Row> = roles.chain(targets).collect();
        let ours = |name: &String| rows.iter().any(|row| row.name.eq_ignore_ascii_case(name));
        let others = names.iter().filter(|name| !ours(name)).cloned().collect();
        let (repository, default_branch) = (repository.to_owned(), default_branch.to_owned());
        Self { repository, default_branch, private, rows, others }
    }

    /// What it comes to: `Held` if a promotion could not be approved or its credentials be kept, `Unknown` if that could not be
    /// found out, else `Ready`.
    pub fn outcome(&self) -> Outcome {
        match self.rows.iter().map(Row::mark).collect::<Vec<_>>().as_slice() {
            marks if marks.contains(&Mark::Fail) => Outcome::Held,
            marks if marks.contains(&Mark::Unknown) => Outcome::Unknown,
            _ => Outcome::Ready,
        }
    }

    /// The environments that writing them anew would mend, at least in part: only those that ask roles are ours to write.
    pub fn to_write(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| match (&row.purpose, &row.standing) {
            (Purpose::Asks { .. }, Standing::Differs(differences)) => differences.iter().any(Difference::mended),
            _ => false,
        })
    }

    /// Whether somebody should hear that the plan may not have required reviewers: they are lacking, and the repository is private.
    pub fn plan_in_doubt(&self) -> bool {
        let lacking = |difference: &Difference| {
            matches!(difference, Difference::Missing | Difference::Reviewers { nobody: true, .. })
        };
        let row = |row: &Row| match (&row.purpose, &row.standing) {
            (Purpose::Asks { .. }, Standing::Differs(differences)) => differences.iter().any(lacking),
            _ => false,
        };
        self.private && self.rows.iter().any(row)
    }
}

impl Row {
    /// How it stands, as a mark. A target that nobody guards is a warning: nothing is gone past by it.
    pub fn mark(&self) -> Mark {
        match (&self.standing, &self.purpose) {
            (Standing::Sound, _) => Mark::Pass,
            (_, Purpose::Target { guarded: false }) => Mark::Warn,
            (Standing::Differs(_), _) => Mark::Fail,
            (Standing::Unknown(_), _) => Mark::Unknown,
        }
    }
}

fn known(found: &Protection) -> Option<&EnvironmentFacts> {
    match found {
        Protection::Known(facts) => Some(facts),
        Protection::Missing | Protection::Unreadable { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::approvals::environments::{RoleEnvironment, TargetEnvironment};

    fn facts(name: &str, branches: Branches) -> Protection {
        Protection::Known(EnvironmentFacts {
            id: 1,
            name: name.to_owned(),
            url: String::new(),
            reviewers: Vec::new(),
            prevent_self_review: true,
            admins_bypass: Some(false),
            wait_minutes: 5,
            branches,
        })
    }

    fn survey(guarded: bool, role: Protection, target: Protection) -> Survey {
        let asked = Asked::User("ana".to_owned());
        let wanted = Wanted {
            roles: vec![RoleEnvironment {
                name: "production-approval-sre".to_owned(),
                asks: vec!["sre for production".to_owned()],
                reviewers: [asked].into(),
            }],
            targets: vec![TargetEnvironment { name: "production".to_owned(), guarded }],
        };
        let found = [("production-approval-sre".to_owned(), role), ("production".to_owned(), target)].into();
        let names = ["Production", "github-pages", "production-approval-sre"].map(str::to_owned);
        Survey::of(("acme/app", "main", true), &wanted, &found, &names)
    }

    #[test]
    fn what_is_ours_is_told_from_the_rest() {
        let survey = survey(true, Protection::Missing, facts("production", Branches::Protected));
        assert_eq!(survey.others, ["github-pages"]);
        let written: Vec<&str> = survey.to_write().map(|row| row.name.as_str()).collect();
        assert_eq!(written, ["production-approval-sre"]);
        assert!(survey.plan_in_doubt());
    }

    #[test]
    fn a_setting_of_somebody_else_stays() {
        let role = facts("production-approval-sre", Branches::Protected);
        let survey = survey(true, role, Protection::Missing);
        let Purpose::Asks { wait_minutes, protected_branches, .. } = &survey.rows[0].purpose else { panic!() };
        assert_eq!((*wait_minutes, *protected_branches), (5, true));
        // A target is never written: it is somebody's own.
        assert_eq!(survey.to_write().count(), 1);
    }

    #[test]
    fn what_it_comes_to() {
        let unread = || Protection::Unreadable { why: "403".to_owned() };
        let open = || facts("production", Branches::Protected);
        for (guarded, role, target, outcome) in [
            (true, Protection::Missing, open(), Outcome::Held),
            (true, unread(), Protection::Missing, Outcome::Held),
            (false, unread(), Protection::Missing, Outcome::Unknown),
            (true, unread(), open(), Outcome::Unknown),
        ] {
            assert_eq!(survey(guarded, role, target).outcome(), outcome);
        }
        let mut sound = survey(false, Protection::Missing, Protection::Missing);
        sound.rows[0].standing = Standing::Sound;
        assert_eq!(sound.outcome(), Outcome::Ready, "an unguarded target is a warning");
        assert!(!sound.plan_in_doubt());
    }
}
