//! Where people come with what they have to say: the ledger, and the time.

use crate::pipeline::job::Halt;
use crate::ports::{Clock, Fault, FaultKind, Ledger};
use crate::promotion::folded::{self, Folded};

/// A ledger and a clock: all that a word needs.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Keeps records.
    pub ledger: &'a dyn Ledger,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// The promotion of this id.
pub fn known(desk: Desk<'_>, id: &str) -> Result<Folded, Halt> {
    folded::fold(&desk.ledger.entries(id)?).ok_or_else(|| {
        let why = format!("{} holds no promotion {id}", desk.ledger.place());
        Fault::new(FaultKind::NotFound, "find the promotion", why).hint("`promote list` shows what there is").into()
    })
}
