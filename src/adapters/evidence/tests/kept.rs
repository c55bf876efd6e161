//! Many cases in little memory: a case is a hash of its name and a byte of outcome, in one of many short sorted lists.
//!
//! A hash table would grow by doubling, and be half empty just after it has; these lists grow by an eighth. A case takes
//! eleven bytes, and never more than sixteen with all that surrounds it.

/// How many bits of the hash choose the list.
const SHARD_BITS: u32 = 12;
/// The bytes of a hash that are kept; with those that choose the list, 92 bits tell two cases apart.
const KEPT: usize = 10;

/// A case: the rest of its hash, and its state.
type Entry = [u8; KEPT + 1];

/// Cases by the hash of their name.
#[derive(Debug, Default)]
pub struct Kept {
    shards: Vec<Vec<Entry>>,
    count: usize,
}

impl Kept {
    /// The state of a case, which begins as `new`; `true` if it was there before.
    pub fn state(&mut self, key: u128, new: u8) -> (&mut u8, bool) {
        let shard = (key >> (128 - SHARD_BITS)) as usize;
        let mut entry: Entry = [0; KEPT + 1];
        entry[..KEPT].copy_from_slice(&key.to_le_bytes()[..KEPT]);
        entry[KEPT] = new;
        self.entry(shard, entry)
    }

    fn entry(&mut self, shard: usize, entry: Entry) -> (&mut u8, bool) {
        if self.shards.is_empty() {
            self.shards.resize_with(1 << SHARD_BITS, Vec::new);
        }
        let shard = &mut self.shards[shard];
        let place = shard.binary_search_by(|other| other[..KEPT].cmp(&entry[..KEPT]));
        let was_there = place.is_ok();
        let at = place.unwrap_or_else(|at| {
            if shard.len() == shard.capacity() {
                shard.reserve_exact(shard.len() / 8 + 2);
            }
            shard.insert(at, entry);
            self.count += 1;
            at
        });
        (&mut shard[at][KEPT], was_there)
    }

    /// The state of a case that is there.
    pub fn get(&self, key: u128) -> Option<u8> {
        let shard = self.shards.get((key >> (128 - SHARD_BITS)) as usize)?;
        let key = key.to_le_bytes();
        let at = shard.binary_search_by(|other| other[..KEPT].cmp(&key[..KEPT])).ok()?;
        Some(shard[at][KEPT])
    }

    /// Takes in other cases; `join` makes one state of two.
    pub fn absorb(&mut self, other: Self, join: impl Fn(u8, u8) -> u8) {
        if self.shards.is_empty() {
            *self = other;
            return;
        }
        for (shard, entries) in other.shards.into_iter().enumerate() {
            for entry in entries {
                let (state, was_there) = self.entry(shard, entry);
                if was_there {
                    *state = join(*state, entry[KEPT]);
                }
            }
        }
    }

    /// How many cases there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All states.
    pub fn states(&self) -> impl Iterator<Item = u8> {
        self.shards.iter().flatten().map(|entry| entry[KEPT])
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.capacity() * size_of::<Entry>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::evidence::identity::identity;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn a_case_takes_less_than_sixteen_bytes() {
        let mut kept = Kept::default();
        let count = 300_000;
        for n in 0..count {
            let (_, was_there) = kept.state(identity([format!("com.example.Cart › adds item {n}")]), 1);
            assert!(!was_there);
        }
        assert_eq!(kept.states().count(), count);
        assert!(kept.bytes() < 16 * count, "{} bytes for each", kept.bytes() / count);
    }

    proptest! {
        #[test]
        fn it_is_a_map(names in prop::collection::vec((0u8..40, any::<u8>()), 0..120), cut in any::<prop::sample::Index>()) {
            let mut model: HashMap<u8, u8> = HashMap::new();
            let mut halves = [Kept::default(), Kept::default()];
            let cut = cut.index(names.len() + 1);
            for (place, (name, state)) in names.iter().enumerate() {
                model.entry(*name).and_modify(|old| *old = (*old).max(*state)).or_insert(*state);
                let (kept, was_there) = halves[usize::from(place >= cut)].state(identity([[*name]]), *state);
                if was_there {
                    *kept = (*kept).max(*state);
                }
            }
            let [mut all, rest] = halves;
            all.absorb(rest, u8::max);
            prop_assert_eq!(all.states().count(), model.len());
            for (name, state) in model {
                prop_assert_eq!(all.get(identity([[name]])), Some(state));
            }
        }
    }
}
