//! The ledger: append-only files in a directory ([`directory`]) or in a branch of a git repository ([`branch`]), in one
//! layout ([`layout`]). Entries and the heads that follow from them are written together ([`batch`]), if nothing came in
//! between; else what stands now is read, and they are written anew. Claims are kept beside them ([`locks`]).

pub mod adding;
pub mod batch;
pub mod branch;
pub mod directory;
pub mod history;
pub mod layout;
pub mod locks;
pub mod place;
pub mod process;
pub mod reading;
pub mod register;
pub mod store;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::adapters::clock::SystemClock;
use crate::adapters::git::objects::Author;
use crate::adapters::git::store::Access;
use crate::adapters::ledger::batch::{Batch, Written};
use crate::adapters::ledger::directory::Directory;
use crate::adapters::ledger::place::Place;
use crate::adapters::ledger::register::Register;
use crate::adapters::ledger::store::Store;
use crate::ports::{Claimed, Clock as _, Fault, FaultKind, Heads, Ledger};
use crate::promotion::heads::HeadFile;
use crate::promotion::history::pieces::Piece;
use crate::promotion::holder::{Asking, Holder};
use crate::promotion::id::sha256;
use crate::promotion::order::Order;
use crate::promotion::record::Entry;

/// How often a lost race is tried again, at most.
const ATTEMPTS: u32 = 60;
/// How often a connection that was lost is tried again.
const LOST_CONNECTIONS: u32 = 3;

/// Records: a ledger at a place. Calls block, and must not be made on a runtime's worker.
#[derive(Debug)]
pub struct Records {
    store: Mutex<Store>,
    register: Register,
    clock: SystemClock,
}

impl Records {
    /// The ledger at a place, which need not exist yet; nothing is reached yet.
    pub fn open(place: &Place, access: &Access, author: &Author) -> Result<Self, Fault> {
        Ok(Self::of(Store::open(place, access, author)?))
    }

    /// The ledger in a directory, which need not exist yet.
    pub fn directory(root: PathBuf) -> Self {
        Self::of(Store::directory(Directory::new(root)))
    }

    fn of((store, register): (Store, Register)) -> Self {
        // A clock of its own: a run that was asked to stop must still keep its last words.
        Self { store: Mutex::new(store), register, clock: SystemClock::default() }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store as it is now, to read.
    fn now(&self) -> Result<MutexGuard<'_, Store>, Fault> {
        let mut store = self.store();
        store.look()?;
        Ok(store)
    }

    /// Writes what follows from how the ledger stands, as often as it moves in between. `who` spreads the pauses.
    fn change(&self, who: &str, make: impl Fn(&Store, bool) -> Result<Option<Batch>, Fault>) -> Result<(), Fault> {
        let (mut lost, mut unsure) = (0, None);
        for attempt in 1..=ATTEMPTS {
            match self.once(unsure.is_some(), &make) {
                Ok(Written::Done) => return Ok(()),
                Ok(Written::Moved) => {}
                Err(fault) if fault.kind == FaultKind::Uncertain && unsure.is_none() => unsure = Some(fault),
                Err(fault) if fault.kind == FaultKind::Transient && lost < LOST_CONNECTIONS => {
                    tracing::debug!(%fault, attempt, "the ledger could not be written, and is tried again");
                    lost += 1;
                }
                // What was sent before may be there: not to know is the graver answer.
                Err(fault) if fault.kind == FaultKind::Conflict => return Err(fault),
                Err(fault) => return Err(unsure.unwrap_or(fault)),
            }
            self.clock.sleep(pause(who, attempt));
        }
        let why = format!("{} moved {ATTEMPTS} times while it was written", self.place());
        Err(unsure.unwrap_or_else(|| Fault::new(FaultKind::Transient, "write to the ledger", why).hint("run it again")))
    }

    fn once(
        &self,
        unsure: bool,
        make: impl Fn(&Store, bool) -> Result<Option<Batch>, Fault>,
    ) -> Result<Written, Fault> {
        let mut store = self.store();
        let turn = store.begin()?;
        match make(&store, unsure)? {
            Some(batch) => store.write(turn.as_ref(), &batch),
            None => Ok(Written::Done),
        }
    }
}

impl Ledger for Records {
    fn claim(&self, asking: &Asking<'_>) -> Result<Claimed, Fault> {
        locks::claim(&self.register, asking)
    }

    fn unlock(&self, service: &str, environment: &str) -> Result<Option<Holder>, Fault> {
        locks::unlock(&self.register, service, environment, self.clock.now())
    }

    fn write(&self, entries: &[Entry], orders: &[Order]) -> Result<(), Fault> {
        let first = orders.first().map(|order| order.run.as_str());
        let Some(who) = entries.last().map(|last| last.run.as_str()).or(first) else { return Ok(()) };
        self.change(who, |store, unsure| adding::batch(store, entries, orders, unsure))
    }

    fn tip(&self, id: &str) -> Result<Option<String>, Fault> {
        let store = self.now()?;
        let Some((_, newest)) = reading::files(&store, id)?.pop() else { return Ok(None) };
        if let Some(commit) = store.commit() {
            return Ok(Some(commit));
        }
        Ok(store.read(&[newest])?.pop().flatten().map(sha256))
    }

    fn orders(&self, service: &str, environment: &str) -> Result<Vec<Order>, Fault> {
        reading::orders(&*self.now()?, service, environment)
    }

    fn entries(&self, id: &str) -> Result<Vec<Entry>, Fault> {
        reading::entries(&*self.now()?, id)
    }

    fn matching(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        reading::matching(&*self.now()?, prefix)
    }

    fn recent(&self, service: &str, environment: &str) -> Result<HeadFile, Fault> {
        reading::recent(&*self.now()?, service, environment)
    }

    fn heads(&self) -> Result<Heads, Fault> {
        reading::heads(&*self.now()?)
    }

    fn history(&self, show: &mut dyn FnMut(Piece)) -> Result<(), Fault> {
        self.store().history(show)
    }

    fn place(&self) -> String {
        self.store().shown("")
    }
}

/// How long is waited before the next attempt: longer each time, and not the same for any two runs.
fn pause(who: &str, attempt: u32) -> Duration {
    let spread = u64::from_str_radix(&sha256(format!("{who}{attempt}"))[..4], 16).unwrap_or(0);
    let most = u64::from(attempt.min(10)) * 40;
    Duration::from_millis(10 + spread * most / 0xffff)
}
