//! What guards a repository's rules and records, as far as a workflow's own token can read it.

use serde::Deserialize;

use crate::adapters::github::client::Client;
use crate::ports::Fault;
use crate::promotion::approvals::codeowners::PLACES;
use crate::promotion::approvals::guards::{BranchFacts, BranchRule, Codeowners};

/// A rule of a ruleset, of any kind.
#[derive(Deserialize)]
struct Rule {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    require_code_owner_review: Option<bool>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    protected: bool,
}

impl Client {
    /// The file of owners on a branch, from the first place where GitHub looks for one. Needs `contents: read`.
    pub fn codeowners(&self, branch: &str) -> Result<Option<Codeowners>, Fault> {
        for path in PLACES {
            if let Some(file) = self.file_at(path, branch)? {
                return Ok(Some(Codeowners { path: path.to_owned(), text: file.text }));
            }
        }
        Ok(None)
    }

    /// How a branch is protected; rules can wait for one that is not there yet. Needs `contents: read`.
    pub fn branch_facts(&self, branch: &str) -> Result<BranchFacts, Fault> {
        let doing = format!("read the rules for the branch {branch}");
        let rules: Vec<Rule> = self.pages(&doing, &self.route(&["rules", "branches", branch]), &[], None)?;
        let found: Option<Branch> = self.get_optional(&doing, &self.route(&["branches", branch]), &[])?;
        let rule = |rule: Rule| BranchRule {
            kind: rule.kind,
            owners: rule.parameters.and_then(|all| all.require_code_owner_review).unwrap_or(false),
        };
        Ok(BranchFacts {
            rules: rules.into_iter().map(rule).collect(),
            protected: found.map(|branch| branch.protected),
        })
    }
}
