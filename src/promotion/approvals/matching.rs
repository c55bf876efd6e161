//! Distinct people for distinct approvals: a maximum matching of slots to people, by augmenting paths. A greedy choice would leave
//! a slot empty that another choice fills.

use std::collections::BTreeMap;

/// For each slot the person who fills it, given who could fill it, so that nobody fills two and as many as possible are filled.
/// The slots come first in the order given; of several people the one who stands first is tried first.
pub fn assign(slots: &[Vec<u64>]) -> Vec<Option<u64>> {
    let mut holder: BTreeMap<u64, usize> = BTreeMap::new();
    for slot in 0..slots.len() {
        let mut tried = Vec::new();
        augment(slots, slot, &mut holder, &mut tried);
    }
    let mut filled = vec![None; slots.len()];
    for (person, slot) in holder {
        filled[slot] = Some(person);
    }
    filled
}

/// Finds a person for a slot, moving others to other people where that helps. As deep as there are slots at most.
fn augment(slots: &[Vec<u64>], slot: usize, holder: &mut BTreeMap<u64, usize>, tried: &mut Vec<u64>) -> bool {
    for person in &slots[slot] {
        if tried.contains(person) {
            continue;
        }
        tried.push(*person);
        let free = match holder.get(person).copied() {
            None => true,
            Some(other) => augment(slots, other, holder, tried),
        };
        if free {
            holder.insert(*person, slot);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::assign;

    #[test]
    fn a_person_is_moved_where_a_greedy_choice_would_fail() {
        for (slots, filled) in [
            (vec![vec![1, 2], vec![1]], vec![Some(2), Some(1)]),
            (vec![vec![1], vec![1]], vec![Some(1), None]),
            (vec![vec![1, 2], vec![2, 3], vec![1, 2]], vec![Some(2), Some(3), Some(1)]),
            (vec![vec![], vec![7]], vec![None, Some(7)]),
        ] {
            let found = assign(&slots);
            let count = |of: &[Option<u64>]| of.iter().flatten().count();
            assert_eq!(count(&found), count(&filled), "{slots:?}");
        }
    }

    fn brute(slots: &[Vec<u64>], used: &mut BTreeSet<u64>) -> usize {
        let Some((first, rest)) = slots.split_first() else { return 0 };
        let mut best = brute(rest, used);
        for person in first {
            if used.insert(*person) {
                best = best.max(1 + brute(rest, used));
                used.remove(person);
            }
        }
        best
    }

    proptest! {
        #[test]
        fn it_fills_as_many_as_trying_everything_does(
            slots in proptest::collection::vec(proptest::collection::vec(1u64..=6, 0..5), 0..=6)
        ) {
            let filled = assign(&slots);
            let people: Vec<u64> = filled.iter().flatten().copied().collect();
            let distinct: BTreeSet<u64> = people.iter().copied().collect();
            prop_assert_eq!(distinct.len(), people.len());
            for (slot, person) in filled.iter().enumerate() {
                prop_assert!(person.is_none_or(|person| slots[slot].contains(&person)));
            }
            prop_assert_eq!(people.len(), brute(&slots, &mut BTreeSet::new()));
        }
    }
}
