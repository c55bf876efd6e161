//! A promotion's life: its states, and the one table of the moves between them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::outcome::Outcome;
use crate::promotion::record::Milestone;

/// Where a promotion stands. Folded from its entries, stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for; nobody has approved or executed it. A promotion whose gates hold it is pending too.
    Pending,
    /// Somebody who may has approved it.
    Approved,
    /// A run works on it, or was stopped while it did: `promote resume` goes on.
    Executing,
    /// The version stands, as far as could be verified.
    Completed,
    /// It did not come to its end: nothing was written, or a person is needed.
    Failed,
    /// It did not verify, and what stood before was restored.
    RolledBack,
    /// Somebody who may has refused it.
    Rejected,
    /// Whoever asked, or somebody for them, has taken it back.
    Cancelled,
    /// A newer promotion has taken its place.
    Superseded,
}

/// What moves a promotion from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// An approval.
    Approve,
    /// A refusal.
    Reject,
    /// It is taken back.
    Cancel,
    /// A newer promotion takes its place.
    Supersede,
    /// The gates hold it: it waits to be executed again.
    Hold,
    /// A run begins to carry it out.
    Execute,
    /// A step on the way is done: committed, verified, refuted, restored.
    Work,
    /// Done.
    Complete,
    /// Given up.
    Fail,
    /// Restored.
    RollBack,
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Approved,
        Self::Executing,
        Self::Completed,
        Self::Failed,
        Self::RolledBack,
        Self::Rejected,
        Self::Cancelled,
        Self::Superseded,
    ];

    /// The state that a move leads to; `None` if it cannot be made. `written` says whether the GitOps repository holds the new
    /// version already: then the promotion can no longer be taken back, only finished or rolled back.
    pub fn after(self, step: Move, written: bool) -> Option<Self> {
        match (self, step) {
            (Self::Pending | Self::Approved, Move::Approve) => Some(Self::Approved),
            (Self::Pending | Self::Approved, Move::Reject) => Some(Self::Rejected),
            (Self::Pending | Self::Approved, Move::Cancel) => Some(Self::Cancelled),
            (Self::Executing, Move::Cancel) if !written => Some(Self::Cancelled),
            (Self::Pending | Self::Approved | Self::Executing, Move::Supersede) => Some(Self::Superseded),
            (Self::Pending | Self::Approved, Move::Hold) => Some(self),
            (Self::Executing, Move::Hold) if !written => Some(Self::Pending),
            (Self::Pending | Self::Approved | Self::Executing, Move::Execute) => Some(Self::Executing),
            (Self::Executing, Move::Work) => Some(Self::Executing),
            (Self::Executing, Move::Complete) => Some(Self::Completed),
            (Self::Executing, Move::Fail) => Some(Self::Failed),
            (Self::Executing, Move::RollBack) => Some(Self::RolledBack),
            _ => None,
        }
    }

    /// Whether the promotion is over: no move leads on.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Approved | Self::Executing)
    }

    /// The word, as records, lists and documents have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Executing => "executing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }
}

impl Move {
    /// Every move.
    pub const ALL: [Self; 10] = [
        Self::Approve,
        Self::Reject,
        Self::Cancel,
        Self::Supersede,
        Self::Hold,
        Self::Execute,
        Self::Work,
        Self::Complete,
        Self::Fail,
        Self::RollBack,
    ];

    /// The move that a milestone is; `None` for the request itself, and for what a later version of promote wrote.
    pub fn of(milestone: &Milestone) -> Option<Self> {
        Some(match milestone {
            Milestone::Requested(_) | Milestone::Unfamiliar => return None,
            Milestone::Approved(_) => Self::Approve,
            Milestone::Rejected(_) => Self::Reject,
            Milestone::Cancelled(_) => Self::Cancel,
            Milestone::Superseded { .. } => Self::Supersede,
            Milestone::Judged(_) => Self::Hold,
            Milestone::Planned(_) => Self::Execute,
            Milestone::Committed { .. }
            | Milestone::Verified(_)
            | Milestone::Refuted(_)
            | Milestone::Paused(_)
            | Milestone::RollbackPlanned { .. }
            | Milestone::RollbackCommitted { .. }
            | Milestone::RollbackVerified(_) => Self::Work,
            Milestone::Closed(closed) => Self::closing(closed.outcome),
        })
    }

    fn closing(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Promoted | Outcome::Delivered | Outcome::Unchanged => Self::Complete,
            Outcome::Failed | Outcome::Stuck => Self::Fail,
            Outcome::RolledBack => Self::RollBack,
            Outcome::Rejected => Self::Reject,
            Outcome::Superseded => Self::Supersede,
            Outcome::Held | Outcome::Unknown | Outcome::Waiting => Self::Hold,
            Outcome::Ready | Outcome::Planned | Outcome::Recorded | Outcome::Unconfirmed | Outcome::Interrupted => {
                Self::Work
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each move leads, in the order of [`Move::ALL`].
    type Moves = [Option<State>; 10];

    /// The whole table, a line for each state that is not over: the moves, and where each leads before and after the write.
    const TABLE: [(State, Moves, Moves); 3] = {
        use State::{
            Approved as Ap, Cancelled as Ca, Completed as Co, Executing as Ex, Failed as Fa, Pending as Pe,
            Rejected as Re, RolledBack as Ro, Superseded as Su,
        };
        [
            (
                Pe,
                [Some(Ap), Some(Re), Some(Ca), Some(Su), Some(Pe), Some(Ex), None, None, None, None],
                [Some(Ap), Some(Re), Some(Ca), Some(Su), Some(Pe), Some(Ex), None, None, None, None],
            ),
            (
                Ap,
                [Some(Ap), Some(Re), Some(Ca), Some(Su), Some(Ap), Some(Ex), None, None, None, None],
                [Some(Ap), Some(Re), Some(Ca), Some(Su), Some(Ap), Some(Ex), None, None, None, None],
            ),
            (
                Ex,
                [None, None, Some(Ca), Some(Su), Some(Pe), Some(Ex), Some(Ex), Some(Co), Some(Fa), Some(Ro)],
                [None, None, None, Some(Su), None, Some(Ex), Some(Ex), Some(Co), Some(Fa), Some(Ro)],
            ),
        ]
    };

    #[test]
    fn every_move_from_every_state_is_as_the_table_says() {
        for (state, before, after) in TABLE {
            for (n, step) in Move::ALL.into_iter().enumerate() {
                assert_eq!(state.after(step, false), before[n], "{state:?} {step:?}");
                assert_eq!(state.after(step, true), after[n], "{state:?} {step:?}, written");
            }
        }
    }

    #[test]
    fn what_is_over_stays_over() {
        for state in State::ALL.into_iter().filter(|state| state.is_over()) {
            for step in Move::ALL {
                assert_eq!((state.after(step, false), state.after(step, true)), (None, None), "{state:?} {step:?}");
            }
        }
        assert_eq!(State::ALL.iter().filter(|state| !state.is_over()).count(), TABLE.len());
    }
}
