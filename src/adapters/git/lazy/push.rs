//! Moving refs on a server: commands and a pack in one request, which is never sent twice. The server compares each ref
//! with where it was seen, and swaps all or none. What it reports counts; what it did not report is read back.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use git2::Oid;

use crate::adapters::git::fault::{self, Refusal, refusal};
use crate::adapters::git::history::Walk;
use crate::adapters::git::lazy::link::{Side, Talk};
use crate::adapters::git::lazy::pack;
use crate::adapters::git::lazy::pkt::{FLUSH, Trouble};
use crate::adapters::git::lazy::receive::{self, Report};
use crate::adapters::git::lazy::server::Server;
use crate::adapters::git::lazy::update::{Moved, RefUpdate};
use crate::ports::{Fault, FaultKind};

/// The pauses before the refs are read after a push without an answer, in milliseconds: the server may still be at it.
const PAUSES: [u64; 4] = [0, 250, 500, 1000];
/// How many commits of a branch are looked at, at first and at last, for one of ours below its tip.
const DEPTHS: [u32; 2] = [50, 1000];

/// How the refs stand after a push whose answer is not known.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// As they shall.
    Done,
    /// As they did.
    Before,
    /// This one stands elsewhere, at this object.
    Elsewhere(RefUpdate, Option<Oid>),
}

impl Server {
    /// Whether the server would take a push from us, as far as its listing tells.
    pub(crate) fn preflight(&mut self, doing: &str) -> Result<(), Fault> {
        let Talk { advert, mut packets } = self.link.begin(Side::Push, doing)?;
        // A good-bye to who has a conversation with us. If it does not arrive, all that was asked is known all the same.
        let _ = packets.stream().write_all(FLUSH);
        match receive::cannot(&advert, &[]) {
            Some(why) => Err(Fault::new(FaultKind::Broken, doing, why)),
            None => Ok(()),
        }
    }

    /// Moves refs, all or none, if each stands where it was seen.
    pub(crate) fn update(&mut self, updates: &[RefUpdate], objects: &[Oid], doing: &str) -> Result<Moved, Fault> {
        let moved = self.send(updates, objects, doing);
        let new = updates.iter().filter_map(|update| update.new);
        match &moved {
            Ok(Moved::Done) => new.into_iter().for_each(|commit| self.grown(commit)),
            Err(fault) if fault.kind == FaultKind::Uncertain => self.unsure.extend(new),
            Ok(Moved::Lost) | Err(_) => {}
        }
        moved
    }

    fn send(&mut self, updates: &[RefUpdate], objects: &[Oid], doing: &str) -> Result<Moved, Fault> {
        let Talk { advert, mut packets } = self.link.begin(Side::Push, doing)?;
        if let Some(why) = receive::cannot(&advert, updates) {
            return Err(Fault::new(FaultKind::Broken, doing, why).hint("keep the repository on another git server"));
        }
        if !self.deletes_what_it_saw(updates, doing)? {
            return Ok(Moved::Lost);
        }
        let mut bytes = receive::request(&advert, updates);
        if updates.iter().any(|update| update.new.is_some()) {
            let pack = pack::outgoing(&self.repository()?, objects);
            bytes.extend(pack.map_err(|error| fault::of(doing, &error))?);
        }
        self.link.trace().sent.store(false, Ordering::SeqCst);
        let sent = packets.stream().write_all(&bytes).and_then(|()| packets.stream().flush());
        let report = sent.map_err(|_| Trouble::Cut).and_then(|()| receive::report(&advert, &mut packets));
        // A conversation is ended before the next one begins.
        drop(packets);
        let trouble = match report {
            Ok(report) => return self.reported(updates, &report, doing),
            Err(trouble) => trouble,
        };
        let lost = self.link.fault(doing, &trouble);
        if self.link.trace().sent.load(Ordering::SeqCst) {
            let definite = matches!(trouble, Trouble::Refused(_));
            return self.read_back(updates, &lost, definite);
        }
        Err(lost)
    }

    /// Whether the refs that shall be gone stand where they were seen. git compares a ref that it deletes only if it has
    /// the object that the ref was seen at; one that was cleared away since must not count as any. Looking once is enough:
    /// while a ref stands at an object, that is not cleared away.
    fn deletes_what_it_saw(&mut self, updates: &[RefUpdate], doing: &str) -> Result<bool, Fault> {
        let deleted: Vec<&RefUpdate> = updates.iter().filter(|update| update.new.is_none()).collect();
        if deleted.is_empty() {
            return Ok(true);
        }
        let refs = self.refs(&deleted.iter().map(|update| update.name.as_str()).collect::<Vec<_>>(), doing)?;
        Ok(deleted.iter().all(|update| refs.get(&update.name).copied() == update.old))
    }

    /// What a report means.
    fn reported(&mut self, updates: &[RefUpdate], report: &Report, doing: &str) -> Result<Moved, Fault> {
        let said = self.link.words(&report.said);
        let because = |why: &str| if said.is_empty() { why.to_owned() } else { format!("{why}\n{said}") };
        if let Some(why) = &report.unpack {
            let why = because(&format!("the server did not take the objects: {}", self.link.words(why)));
            return Err(Fault::new(FaultKind::Broken, doing, why));
        }
        let mut worst: Option<(Refusal, String, String)> = None;
        for update in updates {
            let why = match report.refs.get(&update.name) {
                Some(None) => continue,
                Some(Some(why)) => self.link.words(why),
                None => {
                    let why = format!("the server did not say what became of {}", update.name);
                    let lost = Fault::new(FaultKind::Uncertain, doing, why);
                    return self.read_back(updates, &lost, false);
                }
            };
            let kind = refusal(&why, &said);
            // A rule outweighs a race, and the refs that fell with another one say nothing.
            let weight = |kind: &Refusal| match kind {
                Refusal::Rule => 2,
                Refusal::Race => 1,
                Refusal::Perhaps => 0,
            };
            if worst.as_ref().is_none_or(|(had, ..)| weight(had) < weight(&kind)) {
                worst = Some((kind, why, update.name.clone()));
            }
        }
        let Some((kind, why, name)) = worst else { return Ok(Moved::Done) };
        let perhaps = Fault::new(FaultKind::Transient, doing, because(&why));
        match kind {
            Refusal::Rule if why.contains("missing necessary objects") => {
                Err(Fault { kind: FaultKind::Broken, ..perhaps })
            }
            Refusal::Rule => Err(Fault { kind: FaultKind::Denied, ..perhaps }
                .hint(format!("the server's own rules refuse this push: let the promoting identity push to {name}"))),
            // An earlier try of ours may be what moved it.
            Refusal::Race if updates.iter().any(|update| update.new.is_some_and(|new| self.unsure.contains(&new))) => {
                self.read_back(updates, &Fault { kind: FaultKind::Uncertain, ..perhaps }, false)
            }
            Refusal::Race => Ok(Moved::Lost),
            Refusal::Perhaps => match self.standing(updates, doing)? {
                Standing::Before => Err(perhaps),
                Standing::Done => Ok(Moved::Done),
                Standing::Elsewhere(..) => Ok(Moved::Lost),
            },
        }
    }

    /// Finds out what became of a push from where the refs stand now. `definite`: the server said that it will not.
    fn read_back(&mut self, updates: &[RefUpdate], lost: &Fault, definite: bool) -> Result<Moved, Fault> {
        let uncertain = |why: String| Fault { kind: FaultKind::Uncertain, why, ..lost.clone() };
        for pause in PAUSES {
            std::thread::sleep(Duration::from_millis(pause));
            let standing = self.standing(updates, &lost.doing);
            match standing.map_err(|fault| uncertain(format!("{}; then, reading it back: {}", lost.why, fault.why)))? {
                Standing::Done => return Ok(Moved::Done),
                Standing::Before if definite => return Err(lost.clone()),
                Standing::Before => {}
                Standing::Elsewhere(update, at) => {
                    let ours = self.below(&update, at, &lost.doing);
                    return match ours.map_err(|fault| uncertain(format!("{}; then: {}", lost.why, fault.why)))? {
                        Some(true) => Ok(Moved::Done),
                        Some(false) => Ok(Moved::Lost),
                        None => {
                            let at = at.map_or_else(|| "gone".to_owned(), |at| format!("at {at}"));
                            Err(uncertain(format!("{}; {} is now {at}", lost.why, update.name)))
                        }
                    };
                }
            }
        }
        Err(uncertain(format!("{}; the refs still stand as before", lost.why)))
    }

    /// How the refs stand now. Since all are moved or none, one that tells is enough: one that shall be somewhere tells
    /// more than one that shall be gone, which others may have deleted.
    fn standing(&mut self, updates: &[RefUpdate], doing: &str) -> Result<Standing, Fault> {
        let names: Vec<&str> = updates.iter().map(|update| update.name.as_str()).collect();
        let refs = self.refs(&names, doing)?;
        Ok(judged(updates, &refs))
    }

    /// Whether our commit is below where a ref stands now: somebody may have gone on from it. `None` if that cannot be told.
    fn below(&mut self, update: &RefUpdate, at: Option<Oid>, doing: &str) -> Result<Option<bool>, Fault> {
        let (Some(new), Some(at)) = (update.new, at) else {
            // Gone, or made anew after we deleted it, or before.
            return Ok(None);
        };
        for depth in DEPTHS {
            self.commits(at, depth, doing)?;
            let repository = self.repository()?;
            if repository.find_commit(at).is_err() {
                return Ok(Some(false));
            }
            let mut walk = Walk::from(&repository, at);
            let (mut ours, mut before) = (false, false);
            for commit in walk.by_ref() {
                ours |= commit.id() == new;
                before |= Some(commit.id()) == update.old;
            }
            if ours || before || !walk.cut {
                return Ok(Some(ours));
            }
        }
        Ok(None)
    }
}

/// How refs stand, by a listing.
fn judged(updates: &[RefUpdate], refs: &BTreeMap<String, Oid>) -> Standing {
    let at = |update: &RefUpdate| refs.get(&update.name).copied();
    let (kept, gone): (Vec<&RefUpdate>, Vec<&RefUpdate>) = updates.iter().partition(|update| update.new.is_some());
    let telling = if kept.is_empty() { gone } else { kept };
    if telling.iter().any(|update| update.new.is_some() && at(update) == update.new)
        || telling.iter().all(|update| at(update) == update.new)
    {
        return Standing::Done;
    }
    let elsewhere = telling.into_iter().find(|update| at(update) != update.old && at(update) != update.new);
    elsewhere.map_or(Standing::Before, |update| Standing::Elsewhere(update.clone(), at(update)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> Option<Oid> {
        Some(Oid::from_bytes(&[byte; 20]).unwrap())
    }

    fn update(name: &str, old: Option<Oid>, new: Option<Oid>) -> RefUpdate {
        RefUpdate { name: name.to_owned(), old, new }
    }

    #[test]
    fn where_the_refs_stand_tells_what_became_of_a_push() {
        let moves = [update("refs/heads/p", id(1), id(2)), update("refs/lock", id(3), None)];
        let deletes = [update("refs/lock", id(3), None)];
        let creates = [update("refs/lock", None, id(3))];
        let refs =
            |pairs: &[(&str, u8)]| pairs.iter().map(|(name, at)| ((*name).to_owned(), id(*at).unwrap())).collect();
        for (updates, now, wanted) in [
            (&moves[..], refs(&[("refs/heads/p", 2)]), Standing::Done),
            (&moves, refs(&[("refs/heads/p", 2), ("refs/lock", 9)]), Standing::Done),
            // Somebody else took the lock away: that tells nothing of the branch.
            (&moves, refs(&[("refs/heads/p", 1)]), Standing::Before),
            (&moves, refs(&[("refs/heads/p", 7)]), Standing::Elsewhere(moves[0].clone(), id(7))),
            (&moves, refs(&[]), Standing::Elsewhere(moves[0].clone(), None)),
            (&deletes, refs(&[]), Standing::Done),
            (&deletes, refs(&[("refs/lock", 3)]), Standing::Before),
            (&deletes, refs(&[("refs/lock", 4)]), Standing::Elsewhere(deletes[0].clone(), id(4))),
            (&creates, refs(&[]), Standing::Before),
            (&creates, refs(&[("refs/lock", 3)]), Standing::Done),
            (&creates, refs(&[("refs/lock", 4)]), Standing::Elsewhere(creates[0].clone(), id(4))),
        ] {
            assert_eq!(judged(updates, &now), wanted, "{updates:?} {now:?}");
        }
    }
}
