//! What there is to do: one command with what it is about.

use crate::app::environments::Deed;
use crate::app::evidence::{Looking, Stamping};
use crate::app::history::Back;
use crate::app::life::Verb;
use crate::app::orders::Asked;
use crate::app::rules_views::View;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Write a first rules file and workflow.
    Init {
        /// Print them instead.
        stdout: bool,
    },
    /// Look at everything that a run needs.
    Doctor,
    /// Say what a word means.
    Explain {
        /// The word or words.
        words: String,
    },
    /// Judge the gates.
    Validate,
    /// Print what a run would do.
    Plan,
    /// Promote.
    Run,
    /// Ask for a promotion, and leave it to somebody to execute.
    Request,
    /// Carry out a promotion that was asked for.
    Execute {
        /// Its id, or the beginning of it.
        id: Option<String>,
    },
    /// Go on with what a run left.
    Resume {
        /// Its id, or the beginning of it.
        id: Option<String>,
        /// The environment, where several promotions are open.
        env: Option<String>,
    },
    /// Say a word on a promotion.
    Say {
        /// Which.
        verb: Verb,
        /// Its id, or the beginning of it.
        id: Option<String>,
    },
    /// Review a hotfix.
    Review {
        /// Its id, or the beginning of it.
        id: Option<String>,
    },
    /// Take a lock away.
    Unlock {
        /// The environment.
        env: Option<String>,
    },
    /// Take back that a promotion verified its version.
    Revoke {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Give, lift or list orders.
    Order(Asked),
    /// Restore.
    Rollback {
        /// The promotion that is undone.
        id: Option<String>,
        /// The environment that is restored.
        env: Option<String>,
        /// The version that is restored.
        to_version: Option<String>,
    },
    /// Look again at what runs.
    Verify {
        /// The environment; absent: every one, with a watch.
        env: Option<String>,
        /// Only what is under watch, and with what follows from a definite failure.
        watch: bool,
    },
    /// Promote whatever may go by itself.
    Auto,
    /// Say what should be promoted now, and if not, why not.
    CheckAuto {
        /// The version that is asked about.
        version: Option<String>,
    },
    /// Take what an environment pins as given.
    Adopt {
        /// The environment.
        env: Option<String>,
    },
    /// Look at, or write, the environments at GitHub that ask roles.
    Environments(Deed),
    /// Show what evidence there is.
    Evidence(Looking),
    /// Write down what reports are about.
    Stamp(Stamping),
    /// Check the rules.
    Check,
    /// Print what the rules mean.
    Meaning,
    /// Show the rules as objects.
    Rules(View),
    /// Write a promotion's bundle.
    Bundle {
        /// Its id, or the beginning of it.
        id: String,
        /// Where to.
        out: Option<String>,
    },
    /// Judge again what a bundle holds.
    Replay {
        /// A directory, or a promotion's id.
        bundle: String,
        /// Where the evidence files are.
        inputs: Option<String>,
    },
    /// Look back.
    Back(Back),
    /// Print the JSON Schema of a document.
    Schema {
        /// Its name; else the documents are named.
        name: Option<String>,
    },
    /// List promotions.
    List {
        /// Those of one service.
        service: Option<String>,
        /// Those to one environment.
        env: Option<String>,
        /// Those that bypassed gates or approvals.
        bypassed: bool,
    },
    /// Show a record.
    Show {
        /// Its id, or the beginning of it.
        id: String,
    },
}

impl Task {
    /// The command that makes a promotion this way.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Plan => "plan",
            Self::Request => "request",
            _ => "run",
        }
    }

    /// Whether it writes nothing: then rules that are not those that govern are shown, and not refused.
    pub fn only_reads(&self) -> bool {
        let judges = matches!(self, Self::Validate | Self::Plan | Self::CheckAuto { .. } | Self::Evidence(_));
        judges || matches!(self, Self::Doctor | Self::Environments(Deed::Check))
    }

    /// Whether it may have to ask GitHub: one that reads the rules file alone need not.
    pub fn needs_github(&self) -> bool {
        !matches!(self, Self::Check | Self::Meaning | Self::Rules(_) | Self::Unlock { .. } | Self::Order(_))
    }
}
