//! `promote` moves one version of a service from one environment to the next, and proves that it was right to.
//!
//! Facts come in, one pure staircase turns them into a plan, the plan goes out:
//!
//! ```text
//!  inputs ─► Request ┐
//!  file   ─► Rules   ┤                                       ┌► render ► terminal · job summary · outputs
//!  world  ─► Facts   ┴► evaluate ► GateReport ► plan ► Plan  ┴► apply ► Outcome ► Record ► ledger
//!            (read)      (pure)                 (pure)          (write)    └─ fault? a rollback is a Plan ► apply
//! ```
//!
//! Where roles must approve, the plan waits for them: who approved which plan is a fact like any other, and is judged in the
//! pure middle, bound to the plan's digest.
//!
//! [`promotion`] is the pure middle. [`ports`] are the seams. [`pipeline`] is the road, the only code that calls a port.
//! [`adapters`] are the world, [`render`] the words, [`app`] the doors. Arrows point down only, and `tests/it/layers.rs`
//! holds that: `main → app → {pipeline, adapters, render}`, `pipeline` and `adapters` → {`ports`, `promotion`}, `ports` and
//! `render` → `promotion`, and `promotion` imports nothing of ours.
//!
//! # Invariants
//!
//! 1. Same facts, rules and request: same report, same plan, same bytes. Time is a fact, read once for an evaluation.
//! 2. Absence is not zero. A gate on a missing or unreadable reading is `unknown` and holds, unless the gate is optional.
//! 3. The world changes only by a step of a plan that could have been printed first.
//! 4. Never a force-push. Every commit has a named base; a moved base means: fetch, re-apply the edit if the old value
//!    still stands, else stop (somebody else promoted).
//! 5. A secret cannot be shown: its type has no `Display` and no `Serialize`; `expose()` is called in adapters and in the
//!    mask writer only.
//! 6. Everything that waits has a deadline, says what it waits for, and can be cancelled between two steps.
//! 7. A gate's result is data. `Err` means "could not find out" or "could not do".
//! 8. Untrusted text (test names, commit messages, resource messages) is escaped wherever it is printed.

pub mod adapters;
pub mod app;
pub mod pipeline;
pub mod ports;
pub mod promotion;
pub mod render;
