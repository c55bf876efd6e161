//! What keeps anybody from bending the rules and the records at GitHub: owners of the files that decide, a default branch that
//! takes changes by pull request only, a ledger that cannot be rewritten, and environments that ask the right people.
//!
//! What is missing here stops no promotion, so it is a warning; an environment that does not ask a role's people does.

use crate::promotion::approvals::codeowners;
use crate::promotion::approvals::environments::{Difference, RoleEnvironment, Standing, TargetEnvironment};
use crate::promotion::doctor::{Finding, Group, Sign};

fn found(mark: Sign, what: impl Into<String>, seen: impl Into<String>) -> Finding {
    Finding::new(Group::Github, mark, what, seen)
}

/// Something that was asked of GitHub: the answer, or why there is none.
pub type Seen<T> = Result<T, String>;

/// The file of owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codeowners {
    /// Its path.
    pub path: String,
    /// Its text, on the default branch.
    pub text: String,
}

/// How a branch is protected, as far as every token may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchFacts {
    /// The rules of rulesets that apply to it (`GET /repos/{owner}/{repo}/rules/branches/{branch}`).
    pub rules: Vec<BranchRule>,
    /// Whether it is protected in any way, also the classic one, whose details need Administration: read. Absent: the branch is
    /// not there yet.
    pub protected: Option<bool>,
}

/// A rule that applies to a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRule {
    /// Its kind, as GitHub names it: `non_fast_forward`, `deletion`, `pull_request`.
    pub kind: String,
    /// Of a `pull_request`: whether the files' owners must approve.
    pub owners: bool,
}

impl BranchFacts {
    fn rule(&self, kind: &str) -> Option<&BranchRule> {
        self.rules.iter().find(|rule| rule.kind == kind)
    }

    /// Whether it is protected by something that is not among the rules.
    fn classic(&self) -> bool {
        self.protected == Some(true) && self.rules.is_empty()
    }
}

/// What only a token with more rights can read.
const CLASSIC: &str = "it is protected in the classic way, whose details GITHUB_TOKEN may not read";

/// Whether each of these files has owners.
pub fn files(seen: &Seen<Option<Codeowners>>, paths: &[&str]) -> Vec<Finding> {
    let file = match seen {
        Ok(Some(file)) => file,
        Ok(None) => {
            let seen = format!("there is none: whoever may merge may change {}", paths.join(", "));
            let example = paths.iter().map(|path| format!("/{path} @org/team")).collect::<Vec<_>>().join("\n");
            let hint = format!("write {} with\n{example}", codeowners::PLACES[0]);
            return vec![found(Sign::Warn, "CODEOWNERS", seen).hint(hint)];
        }
        Err(why) => return vec![found(Sign::Unknown, "CODEOWNERS", why)],
    };
    let guard = |path: &&str| {
        let what = format!("owners of {path}");
        let owners = codeowners::owners(&file.text, path);
        if owners.is_empty() {
            let seen = format!("no line of {} gives it any", file.path);
            return found(Sign::Warn, what, seen).hint(format!("add to its end: /{path} @org/team"));
        }
        found(Sign::Ok, what, owners.join(" "))
    };
    paths.iter().map(guard).collect()
}

/// Whether changes get to the default branch by pull request only, with the owners' approval.
pub fn default_branch(branch: &str, seen: &Seen<BranchFacts>) -> Finding {
    let what = format!("changes of {branch}");
    let facts = match seen {
        Ok(facts) => facts,
        Err(why) => return found(Sign::Unknown, what, why),
    };
    match facts.rule("pull_request") {
        Some(rule) if rule.owners => found(Sign::Ok, what, "by pull request, with the owners' approval"),
        Some(_) => found(Sign::Warn, what, "by pull request, and nobody has to wait for the files' owners")
            .hint("switch on \"Require review from Code Owners\" in its ruleset"),
        None if facts.classic() => found(Sign::Unknown, what, CLASSIC),
        None => found(Sign::Warn, what, "whoever may push may change rules and workflow without a review")
            .hint(format!("make a ruleset for {branch}: \"Require a pull request before merging\"")),
    }
}

/// Whether the ledger's branch can neither be rewritten nor removed.
pub fn ledger_branch(branch: &str, seen: &Seen<BranchFacts>) -> Finding {
    let what = format!("the ledger's branch {branch}");
    let facts = match seen {
        Ok(facts) => facts,
        Err(why) => return found(Sign::Unknown, what, why),
    };
    let lacking: Vec<&str> = [("non_fast_forward", "\"Block force pushes\""), ("deletion", "\"Restrict deletions\"")]
        .into_iter()
        .filter(|(kind, _)| facts.rule(kind).is_none())
        .map(|(_, words)| words)
        .collect();
    if lacking.is_empty() {
        return found(Sign::Ok, what, "takes no force-push and no deletion");
    }
    if facts.classic() {
        return found(Sign::Unknown, what, CLASSIC);
    }
    let seen = match facts.protected {
        None => "is not there yet, and no rule waits for it",
        Some(_) => "whoever may push can rewrite or remove it",
    };
    found(Sign::Warn, what, seen).hint(format!("make a ruleset for {branch}: {}", lacking.join(" and ")))
}

/// What sets environments right.
const SYNC: &str = "promote environments sync --yes";

/// Whether an environment asks a role's people. One that does not refuses the promotions that need it.
pub fn role_environment(wanted: &RoleEnvironment, standing: &Standing, default_branch: &str) -> Finding {
    let what = format!("environment {}", wanted.name);
    match standing {
        Standing::Sound => {
            let people: Vec<String> = wanted.reviewers.iter().map(ToString::to_string).collect();
            found(Sign::Ok, what, format!("asks {} ({})", people.join(" "), wanted.asks.join(", ")))
        }
        Standing::Differs(differences) => {
            let hint = if differences.iter().any(Difference::mended) { SYNC } else { "see its page in the settings" };
            found(Sign::Fail, what, said(differences, default_branch)).hint(hint)
        }
        Standing::Unknown(why) => found(Sign::Unknown, what, why),
    }
}

/// Whether only the default branch can read the secrets of an environment that is promoted to.
pub fn target_environment(wanted: &TargetEnvironment, standing: &Standing, default_branch: &str) -> Finding {
    let what = format!("environment {}", wanted.name);
    match standing {
        Standing::Sound => found(Sign::Ok, what, format!("for {default_branch} only")),
        Standing::Unknown(why) => found(Sign::Unknown, what, why),
        Standing::Differs(differences) if *differences == [Difference::Missing] => {
            found(Sign::Warn, what, "missing: GitHub creates it open to every branch").hint(format!(
                "make it in the repository's settings, for {default_branch} only, with the credentials that write as its secrets"
            ))
        }
        Standing::Differs(differences) => found(Sign::Warn, what, said(differences, default_branch)).hint(format!(
            "open it to {default_branch} only: a workflow that was altered on another branch can use its secrets"
        )),
    }
}

fn said(differences: &[Difference], default_branch: &str) -> String {
    differences.iter().map(|difference| difference.words(default_branch)).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(kinds: &[&str], protected: Option<bool>) -> Seen<BranchFacts> {
        let rule =
            |kind: &&str| BranchRule { kind: kind.trim_end_matches('!').to_owned(), owners: kind.ends_with('!') };
        Ok(BranchFacts { rules: kinds.iter().map(rule).collect(), protected })
    }

    #[test]
    fn files_want_owners() {
        let paths = ["promotion/promotion-rules.yaml", ".github/workflows/promotion-workflow.yml"];
        let with =
            |text: &str| files(&Ok(Some(Codeowners { path: "CODEOWNERS".to_owned(), text: text.to_owned() })), &paths);
        let marks = |guards: Vec<Finding>| guards.iter().map(|guard| guard.mark).collect::<Vec<_>>();
        assert_eq!(marks(with("* @acme/all")), [Sign::Ok, Sign::Ok]);
        assert_eq!(marks(with("/promotion/ @acme/sre")), [Sign::Ok, Sign::Warn]);
        assert_eq!(marks(with("* @acme/all\n.github/")), [Sign::Ok, Sign::Warn]);
        let none = files(&Ok(None), &paths);
        assert_eq!(none[0].mark, Sign::Warn);
        assert!(none[0].hint.as_ref().unwrap().contains("/promotion/promotion-rules.yaml @org/team"));
        assert_eq!(marks(files(&Err("403".to_owned()), &paths)), [Sign::Unknown]);
    }

    #[test]
    fn the_default_branch_wants_pull_requests() {
        for (seen, mark) in [
            (rules(&["pull_request!"], Some(true)), Sign::Ok),
            (rules(&["pull_request", "deletion"], Some(true)), Sign::Warn),
            (rules(&["deletion"], Some(true)), Sign::Warn),
            (rules(&[], Some(false)), Sign::Warn),
            (rules(&[], Some(true)), Sign::Unknown),
            (Err("404".to_owned()), Sign::Unknown),
        ] {
            assert_eq!(default_branch("main", &seen).mark, mark, "{seen:?}");
        }
    }

    #[test]
    fn the_ledger_can_neither_be_rewritten_nor_removed() {
        for (seen, mark, lacking) in [
            (rules(&["non_fast_forward", "deletion"], Some(true)), Sign::Ok, None),
            // A ruleset waits for a branch that is not there yet.
            (rules(&["non_fast_forward", "deletion"], None), Sign::Ok, None),
            (rules(&["non_fast_forward"], Some(true)), Sign::Warn, Some("Restrict deletions")),
            (rules(&["deletion"], Some(true)), Sign::Warn, Some("Block force pushes")),
            (rules(&[], Some(false)), Sign::Warn, Some("\"Block force pushes\" and")),
            (rules(&[], None), Sign::Warn, Some("Restrict deletions")),
            (rules(&[], Some(true)), Sign::Unknown, None),
            (Err("404".to_owned()), Sign::Unknown, None),
        ] {
            let guard = ledger_branch("promotions", &seen);
            assert_eq!(guard.mark, mark, "{seen:?}");
            let said = lacking.is_none_or(|words| guard.hint.as_ref().is_some_and(|hint| hint.contains(words)));
            assert!(said, "{guard:?}");
        }
    }

    #[test]
    fn a_role_that_is_not_asked_refuses_and_an_open_target_warns() {
        let asked = "sre for production".to_owned();
        let role =
            RoleEnvironment { name: "p".to_owned(), asks: vec![asked], reviewers: std::collections::BTreeSet::new() };
        let target = TargetEnvironment { name: "production".to_owned(), guarded: true };
        let open = Standing::Differs(vec![Difference::AnyBranch]);
        assert_eq!(role_environment(&role, &open, "main").hint.as_deref(), Some(SYNC));
        for (standing, of_role, of_target) in [
            (Standing::Sound, Sign::Ok, Sign::Ok),
            (Standing::Unknown("x".to_owned()), Sign::Unknown, Sign::Unknown),
            (open, Sign::Fail, Sign::Warn),
            (Standing::Differs(vec![Difference::Missing]), Sign::Fail, Sign::Warn),
        ] {
            assert_eq!(role_environment(&role, &standing, "main").mark, of_role);
            assert_eq!(target_environment(&target, &standing, "main").mark, of_target);
        }
    }
}
