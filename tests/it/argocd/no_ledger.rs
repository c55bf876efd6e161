//! A ledger for tests of a wait, which keeps nothing.

use promote::ports::{Claimed, Fault, Heads, Ledger};
use promote::promotion::heads::HeadFile;
use promote::promotion::history::pieces::Piece;
use promote::promotion::holder::{Asking, Holder};
use promote::promotion::order::Order;
use promote::promotion::record::Entry;

use crate::argocd::scene::unasked;

/// A ledger that a wait never touches.
pub(crate) struct NoLedger;
impl Ledger for NoLedger {
    fn claim(&self, _: &Asking<'_>) -> Result<Claimed, Fault> {
        Err(unasked())
    }

    fn unlock(&self, _: &str, _: &str) -> Result<Option<Holder>, Fault> {
        Err(unasked())
    }

    fn write(&self, _: &[Entry], _: &[Order]) -> Result<(), Fault> {
        Err(unasked())
    }

    fn tip(&self, _: &str) -> Result<Option<String>, Fault> {
        Err(unasked())
    }

    fn orders(&self, _: &str, _: &str) -> Result<Vec<Order>, Fault> {
        Err(unasked())
    }

    fn entries(&self, _: &str) -> Result<Vec<Entry>, Fault> {
        Err(unasked())
    }

    fn matching(&self, _: &str) -> Result<Vec<String>, Fault> {
        Err(unasked())
    }

    fn recent(&self, _: &str, _: &str) -> Result<HeadFile, Fault> {
        Err(unasked())
    }

    fn heads(&self) -> Result<Heads, Fault> {
        Err(unasked())
    }

    fn history(&self, _: &mut dyn FnMut(Piece)) -> Result<(), Fault> {
        Err(unasked())
    }

    fn place(&self) -> String {
        "nowhere".to_owned()
    }
}
