//! The lines of one file, in two bits each: whether a line can be hit, and whether it was.

use std::collections::BTreeMap;

/// How far behind the last block a line may lie for all blocks between to be made: a hostile number costs no more than any other.
const GAP: usize = 8;

/// The last block that is made with all before it: that of line 16,777,216.
const MAX_NEAR: usize = 1 << 18;
/// How many blocks may lie far behind the others.
const MAX_FAR: usize = 10_000;

/// Lines of one file.
#[derive(Debug, Default)]
pub struct Bits {
    /// For each 64 lines from the first on: which can be hit, and which were.
    blocks: Vec<(u64, u64)>,
    /// The same of lines that lie far behind.
    far: BTreeMap<u32, (u64, u64)>,
    /// Whether lines were left out, because too many lie far from the others.
    scattered: bool,
}

impl Bits {
    /// Adds a line.
    #[inline]
    pub fn add(&mut self, number: u32, hit: bool) {
        let bit = 1 << (number % 64);
        self.join(number / 64, (bit, if hit { bit } else { 0 }));
    }

    #[inline]
    fn join(&mut self, block: u32, (all, hit): (u64, u64)) {
        let place = block as usize;
        if place >= self.blocks.len() {
            if place > self.blocks.len() + GAP || place > MAX_NEAR {
                if self.far.len() < MAX_FAR || self.far.contains_key(&block) {
                    let far = self.far.entry(block).or_default();
                    *far = (far.0 | all, far.1 | hit);
                } else {
                    self.scattered = true;
                }
                return;
            }
            self.grow(place + 1);
        }
        let block = &mut self.blocks[place];
        *block = (block.0 | all, block.1 | hit);
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        if length > self.blocks.capacity() {
            self.blocks.reserve_exact(length - self.blocks.len() + length / 8);
        }
        self.blocks.resize(length, (0, 0));
        // What lay far behind may lie here now: a block has one place.
        while let Some((block, bits)) = self.far.pop_first() {
            if block as usize >= length {
                self.far.insert(block, bits);
                break;
            }
            self.blocks[block as usize] = bits;
        }
    }

    /// Whether lines were left out: their numbers are scattered as no source file's are.
    pub fn is_scattered(&self) -> bool {
        self.scattered
    }

    /// How many bytes the lines take.
    pub fn bytes(&self) -> usize {
        self.blocks.len() * size_of::<(u64, u64)>() + self.far.len() * 64
    }

    /// Takes in other lines of the same file.
    pub fn absorb(&mut self, other: Self) {
        self.scattered |= other.scattered;
        if self.is_empty() {
            *self = Self { scattered: self.scattered, ..other };
            return;
        }
        for (block, bits) in (0u32..).zip(other.blocks).filter(|(_, bits)| bits.0 != 0) {
            self.join(block, bits);
        }
        for (block, bits) in other.far {
            self.join(block, bits);
        }
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.far.is_empty()
    }

    /// How many lines were hit, and how many there are.
    pub fn counts(&self) -> (u64, u64) {
        self.blocks.iter().chain(self.far.values()).fold((0, 0), |(hit, all), block| {
            (hit + u64::from(block.1.count_ones()), all + u64::from(block.0.count_ones()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_hostile_number_costs_little() {
        let mut bits = Bits::default();
        for number in [u32::MAX, 5, u32::MAX - 64 * 1000, 64 * 70, u32::MAX] {
            bits.add(number, number == 5);
        }
        assert_eq!(bits.counts(), (1, 4));
        assert!(bits.blocks.capacity() < 200);
    }

    proptest! {
        #[test]
        fn lines_are_a_set(
            entries in prop::collection::vec((prop_oneof![0u32..300, 0u32..20_000, any::<u32>()], any::<bool>()), 1..100),
            cut in any::<prop::sample::Index>(),
        ) {
            let cut = cut.index(entries.len());
            let of = |entries: &[(u32, bool)]| {
                let mut bits = Bits::default();
                entries.iter().for_each(|(number, hit)| bits.add(*number, *hit));
                bits
            };
            let all: BTreeSet<u32> = entries.iter().map(|entry| entry.0).collect();
            let hit: BTreeSet<u32> = entries.iter().filter(|entry| entry.1).map(|entry| entry.0).collect();
            let mut joined = of(&entries[..cut]);
            joined.absorb(of(&entries[cut..]));
            for bits in [of(&entries), joined] {
                prop_assert_eq!(bits.counts(), (hit.len() as u64, all.len() as u64));
            }
        }
    }
}
