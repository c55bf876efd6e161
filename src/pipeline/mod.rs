//! The road: the only code that calls a port.
//!
//! ```text
//! validate:  collect ─► evaluate                                    -> held | unknown | waiting | ready
//! plan:      validate ─► plan                                       -> planned
//! run:       plan ─► keep ─► commit ─► until_live ─► keep           -> promoted | delivered | unchanged
//!                                          └─ refuted ─► restore    -> rolled_back | stuck
//! rollback:  ledger ─► plan ─► keep ─► commit ─► until_live ─► keep -> promoted | stuck
//! ```
//!
//! Every step of a run is kept in the ledger as it is done, and each finds what an earlier run of the same promotion did.

pub mod adopt;
pub mod approve;
pub mod asked;
pub mod auto;
pub mod before;
pub mod collect;
pub mod commit;
mod compare;
pub mod decide;
pub mod desk;
pub mod doctor;
pub mod ends;
pub mod history;
pub mod hotfix;
pub mod job;
pub mod keep;
pub mod life;
pub mod lifts;
pub mod list;
pub mod lock;
pub mod orders;
pub mod past;
pub mod path;
pub mod patience;
pub mod pause;
pub mod readings;
pub mod recheck;
pub mod restore;
mod rollouts;
pub mod run;
pub mod soak;
pub mod still;
pub mod targets;
pub mod trust;
pub mod undo;
pub mod verify;
pub mod wait;
pub mod waivers;
