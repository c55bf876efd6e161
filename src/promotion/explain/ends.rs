//! How a run ends: what each end means, as the README's table says it, and what to do then.

use crate::promotion::explain::topic::Explained;
use crate::promotion::outcome::Outcome;

/// The exits that are no outcome: their codes, what they mean, and what to do.
pub const REFUSED: [(u8, &str, &[&str]); 3] = [
    (
        1,
        "a bug in promote",
        &["Please report it with what was run. If the run had begun to write, `promote show` says how far it got."],
    ),
    (
        2,
        "bad flags or inputs",
        &["Nothing was read or written. `promote <command> --help` names what a command takes."],
    ),
    (
        3,
        "rules or settings invalid",
        &[
            "Nothing was written. `promote rules check` names every fault of the rules with what to write instead; `promote doctor` looks at the settings too.",
        ],
    ),
];

/// What an outcome means, in the words of the README's table.
pub fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ready => "`validate`: every gate passes",
        Outcome::Planned => "`plan`, or a dry run: printed, nothing written",
        Outcome::Recorded => "a request, an approval, a refusal or an order is in the ledger, nothing else was written",
        Outcome::Promoted => "written, live, and verified",
        Outcome::Delivered => "pushed; there is no Argo CD to watch",
        Outcome::Unchanged => "the target already pins and runs this version",
        Outcome::Held => "a gate failed; or frozen by hand, vetoed",
        Outcome::Unknown => "evidence missing, stale or unreadable",
        Outcome::Rejected => "an approval was refused, or its deadline passed",
        Outcome::Waiting => "for approvals, time or a person's decision; run again to go on",
        Outcome::Superseded => {
            "somebody else holds the lock, won the race, or promoted something newer; nothing written"
        }
        Outcome::Failed => "delivery failed, and the environment is as it was",
        Outcome::RolledBack => "promoted, did not verify, restored",
        Outcome::Stuck => "a human is needed; the record says where it stands",
        Outcome::Unconfirmed => "written, but what came of it could not be found out; run again to go on",
        Outcome::Interrupted => "stopped between two steps; run again to go on",
    }
}

/// What to do after an outcome, a paragraph each.
pub fn advice(outcome: Outcome) -> &'static [&'static str] {
    match outcome {
        Outcome::Ready => &["`promote plan` shows every write that a run would make, `promote run` makes them."],
        Outcome::Planned => &["`promote run` with the same flags does it, after judging everything anew."],
        Outcome::Recorded => &["`promote list` shows what is open, `promote execute <id>` carries it out."],
        Outcome::Promoted => &["There is nothing to do. `promote show <id>` has all that was seen."],
        Outcome::Delivered => &[
            "Whether it is live is not known: nothing was watched. Name the environment's application under `argocd:` in the rules to have that watched. Such a promotion is never what a rollback goes back to.",
        ],
        Outcome::Unchanged => &["There is nothing to do. Gates and verification were asked all the same."],
        Outcome::Held => &[
            "The rows with ✗ say what was wanted and what was found, and below the table which tests or findings it was. Mend that, let CI make the evidence anew, and run again. `promote explain <gate>` says what a gate asks for.",
        ],
        Outcome::Unknown => &[
            "A missing report is not a good one: what could not be judged holds like what failed. The rows with ? say what is missing, too old, unreadable or about another version, and where it was looked for. An optional gate is skipped where its report is missing.",
        ],
        Outcome::Rejected => &[
            "A rejection is final for this plan. Read its reason in `promote show <id>`, mend that, and ask again: it will be another promotion.",
        ],
        Outcome::Waiting => &[
            "Nothing is wrong. The end says what is waited for, and until when if it is time. Running the same command again goes on from there.",
        ],
        Outcome::Superseded => &[
            "Run it again: the plan is then made from what is there now. `--wait-lock 10m` waits for another run to end; `promote list` shows which one.",
        ],
        Outcome::Failed => &[
            "Nothing is half done. The end says which side refused and what to set; `promote doctor` looks at every connection and permission without changing anything.",
        ],
        Outcome::RolledBack => &[
            "The version before is back, committed and verified. Find the cause in the lines above and in `promote show <id>`, and promote a version that does not have it: this one is not brought back by itself.",
        ],
        Outcome::Stuck => &[
            "Neither the new version nor the one before could be brought to a good end. Look at the environment first; then `promote show <id>` says what was written, and `promote rollback --env <environment>` or a new promotion goes on.",
        ],
        Outcome::Unconfirmed => &[
            "The commit is pushed, and nothing was rolled back, because not to know is not to know of a failure. When the other side answers again, run the same command or `promote resume`: it goes on watching, and makes no second commit.",
        ],
        Outcome::Interrupted => &["The same command, or `promote resume`, goes on from where it stopped."],
    }
}

/// Every end of an exit code.
pub fn of_code(code: u8) -> Vec<Explained> {
    let refused = REFUSED.iter().filter(|(other, ..)| *other == code);
    let refused = refused.map(|(code, meaning, advice)| Explained::Refused(*code, meaning, advice));
    let outcomes = Outcome::ALL.into_iter().filter(|outcome| outcome.exit_code() == code);
    refused.chain(outcomes.map(|outcome| Explained::End(outcome, advice(outcome)))).collect()
}
