//! Hotfixes: what each goes past, that enough people stand behind it, and that it is a short cut of a way that there is.

use std::collections::BTreeMap;

use crate::promotion::approvals::matching;
use crate::promotion::rules::Promotion;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::file::{Hotfix as WrittenHotfix, Promotion as Written};
use crate::promotion::rules::hotfix::Hotfix;
use crate::promotion::rules::resolve::names::bound;
use crate::promotion::rules::resolve::places::Places;
use crate::promotion::rules::roles::Role;
use crate::promotion::rules::ways::ways;
use crate::promotion::words;

/// How many people must approve a hotfix, whatever else the rules say.
const PEOPLE: u32 = 2;

/// That a promotion is a hotfix, judged by itself: what stands beside it, and who must approve.
pub fn read(written: &Placed<Written>, approvals: &[Role], places: &Places, faults: &mut Vec<Wrong>) -> Option<Hotfix> {
    let hotfix = written.hotfix.as_ref()?;
    let switches = [
        (written.same_person, "same_person", "the people who approve a hotfix are different ones"),
        (written.auto_promote, "auto_promote", "a hotfix is asked for by a person, by name"),
    ];
    for (_, switch, why) in switches.into_iter().filter(|(on, ..)| *on) {
        let wrong = Wrong::of(hotfix, format!("`{switch}` stands beside `hotfix`: {why}"));
        faults.push(wrong.help(format!("remove `{switch}`")));
    }
    if let Some(rule) = written.bypass.as_ref().and_then(|bypass| bypass.approvals.as_ref()) {
        let wrong = Wrong::of(rule, "the approvals of a hotfix cannot be set aside");
        faults.push(wrong.help("remove `bypass.approvals`: two people are what is left of the way"));
    }
    if !written.approvals.as_ref().is_some_and(|approvals| approvals.faulty) {
        enough_people(written, hotfix, approvals, faults);
    }
    Some(Hotfix { skips: skipped(hotfix, places, faults) })
}

/// The environments that are gone past, by the names that the rules define.
fn skipped(hotfix: &Placed<WrittenHotfix>, places: &Places, faults: &mut Vec<Wrong>) -> Vec<String> {
    let mut skips: Vec<String> = Vec::new();
    let named = &hotfix.skips;
    if named.0.is_empty() && !named.faulty {
        let wrong = Wrong::of(named, "a hotfix that skips nothing is an ordinary promotion");
        faults.push(wrong.help("name the environments that it goes past, or remove `hotfix`"));
    }
    for name in named.0.iter().filter(|_| places.readable) {
        let Some(environment) = bound("environment", name, places.names(), faults) else { continue };
        if skips.contains(&environment) {
            faults.push(Wrong::of(name, format!("`{environment}` is named twice")).help("remove one"));
            continue;
        }
        skips.push(environment);
    }
    skips
}

/// At least two people in all, and so many different ones that all of them can be found.
fn enough_people(
    written: &Placed<Written>,
    hotfix: &Placed<WrittenHotfix>,
    approvals: &[Role],
    faults: &mut Vec<Wrong>,
) {
    let wanted: u32 = approvals.iter().map(|role| role.min).sum();
    let at = written.approvals.as_ref();
    let wrong = |message: String| {
        at.map_or_else(|| Wrong::of(hotfix, message.clone()), |approvals| Wrong::of(approvals, message.clone()))
    };
    if wanted < PEOPLE {
        let said =
            if wanted == 0 { "nobody has to approve it".to_owned() } else { "one person approves it".to_owned() };
        let message = format!("a hotfix needs at least {PEOPLE} people, and {said}");
        faults.push(wrong(message).help("add a role under `approvals`, or write `min: 2`"));
        return;
    }
    // Who is in a team is known at GitHub only.
    if approvals.iter().any(|role| role.team.is_some()) {
        return;
    }
    let mut people: BTreeMap<String, u64> = BTreeMap::new();
    let mut slots = Vec::new();
    for role in approvals {
        let mut of_role = Vec::new();
        for name in role.named() {
            let next = people.len() as u64;
            of_role.push(*people.entry(name.to_ascii_lowercase()).or_insert(next));
        }
        slots.extend(std::iter::repeat_n(of_role, role.min as usize));
    }
    let found = matching::assign(&slots).iter().flatten().count();
    if found < slots.len() {
        let message = format!("{} must approve, and nobody stands twice: only {found} can", slots.len());
        faults.push(wrong(message).help("name more users"));
    }
}

/// Holds every hotfix to the ordinary way: it goes past all that lies between, and says so. Its `skips` come out in the order of
/// that way.
pub fn on_the_way(promotions: &mut [Promotion], written: &[&Placed<Written>], faults: &mut Vec<Wrong>) {
    let all = promotions.to_vec();
    for (promotion, written) in promotions.iter_mut().zip(written) {
        let (Some(hotfix), Some(place)) = (&mut promotion.hotfix, &written.hotfix) else { continue };
        let named = &place.skips;
        let faulty = named.faulty || named.0.iter().any(|name| name.faulty);
        if faulty || hotfix.skips.len() != named.0.len() || hotfix.skips.is_empty() {
            continue;
        }
        let (from, to) = (&promotion.from, &promotion.to);
        // A way without anything between is the same promotion again, which is reported as that.
        let known: Vec<Vec<String>> = ways(&all, from, to).into_iter().filter(|way| !way.is_empty()).collect();
        if let Some(way) = known.iter().find(|way| hotfix.skips_exactly(way)) {
            hotfix.skips.clone_from(way);
            continue;
        }
        let Some(first) = known.first() else {
            if !all.iter().any(|other| other.is_ordinary() && other.from == *from && other.to == *to) {
                let message = format!("no other promotions lead from {from} to {to}, so there is nothing to skip");
                let help = "a hotfix is a short cut of the ordinary way: write that first, or remove `hotfix`";
                faults.push(Wrong::of(named, message).help(help));
            }
            continue;
        };
        let message = format!("{} lies between {from} and {to} on the ordinary way", words::list(first));
        faults.push(Wrong::of(named, message).help(format!("write skips: [{}]", first.join(", "))));
    }
}

#[cfg(test)]
mod tests;
