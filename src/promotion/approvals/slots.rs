//! Where each approval is given: one GitHub environment for each approval that a role must give.

use crate::promotion::rules::Promotion;
use crate::promotion::rules::roles::AtGitHub;

/// One approval that is needed, and the environment whose reviewers give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The role.
    pub role: String,
    /// Which of the role's approvals it is, from 1: GitHub counts one review for each environment and run.
    pub number: u32,
    /// The environment's name: `production-approval-sre`, for the second approval `production-approval-sre-2`.
    pub environment: String,
}

/// The approvals that a promotion needs, in the order of the rules.
pub fn slots(promotion: &Promotion, github: &AtGitHub) -> Vec<Slot> {
    let mut slots = Vec::new();
    for role in &promotion.approvals {
        let name = github.approval_environment.replace("{environment}", &promotion.to).replace("{role}", &role.name);
        for number in 1..=role.min {
            let environment = if number == 1 { name.clone() } else { format!("{name}-{number}") };
            slots.push(Slot { role: role.name.clone(), number, environment });
        }
    }
    slots
}

/// How much of a plan's digest stands in the name of an approving job, and is shown to approvers: 48 bits.
pub const DIGEST_SHOWN: usize = 12;

/// A plan's digest as approvers see it.
pub fn short(digest: &str) -> &str {
    digest.get(..DIGEST_SHOWN).unwrap_or(digest)
}
