//! What `promote doctor` finds: one finding for each thing that a real run needs, in groups.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::outcome::Outcome;

/// What a finding is about, in the order that it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The rules file.
    Rules,
    /// The GitOps repositories.
    Gitops,
    /// The records.
    Ledger,
    /// Argo CD.
    Argocd,
    /// GitHub: environments, permissions, protections.
    Github,
    /// What the gates read.
    Evidence,
}

impl Group {
    /// Every group, in its order.
    pub const ALL: [Self; 6] = [Self::Rules, Self::Gitops, Self::Ledger, Self::Argocd, Self::Github, Self::Evidence];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rules => "Rules",
            Self::Gitops => "GitOps repository",
            Self::Ledger => "Ledger",
            Self::Argocd => "Argo CD",
            Self::Github => "GitHub",
            Self::Evidence => "Evidence",
        }
    }
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// As it must be.
    Ok,
    /// A run can begin, and may be held or end by it.
    Warn,
    /// A run would fail.
    Fail,
    /// It could not be found out.
    Unknown,
}

/// One finding. All texts may come from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What it is about.
    pub group: Group,
    /// How it stands.
    pub mark: Sign,
    /// What was looked at: `staging`, `push to main`.
    pub what: String,
    /// What was seen, or what was expected and seen; one or more lines.
    pub seen: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding without a hint.
    pub fn new(group: Group, mark: Sign, what: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { group, mark, what: what.into(), seen: seen.into(), hint: None }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What the findings mean together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing fails.
    Fit,
    /// The rules ask for what cannot be.
    Rules,
    /// Something outside is not as it must be.
    World,
}

impl Health {
    /// Folds findings. A fault of the rules is named first: what is outside is looked at by them.
    pub fn of(findings: &[Finding]) -> Self {
        let fails = |finding: &&Finding| finding.mark == Sign::Fail;
        let failing: Vec<&Finding> = findings.iter().filter(fails).collect();
        match failing.as_slice() {
            [] => Self::Fit,
            some if some.iter().any(|finding| finding.group == Group::Rules) => Self::Rules,
            _ => Self::World,
        }
    }

    /// The process's exit code: 0, 3 or 20.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fit => 0,
            Self::Rules => 3,
            Self::World => Outcome::Failed.exit_code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fails_makes_ill_and_rules_go_first() {
        let finding = |group, mark| Finding::new(group, mark, "a", "b");
        for (findings, exit) in [
            (vec![], 0),
            (vec![finding(Group::Ledger, Sign::Ok), finding(Group::Evidence, Sign::Warn)], 0),
            (vec![finding(Group::Github, Sign::Unknown)], 0),
            (vec![finding(Group::Gitops, Sign::Fail)], 20),
            (vec![finding(Group::Gitops, Sign::Fail), finding(Group::Rules, Sign::Fail)], 3),
        ] {
            assert_eq!(Health::of(&findings).exit_code(), exit, "{findings:?}");
        }
        assert!(Group::ALL.is_sorted());
    }
}
