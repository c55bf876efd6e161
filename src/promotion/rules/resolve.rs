//! From what is written to what it means: names bound, defaults filled in, typed gates spelled out as conditions.

pub mod bundles;
mod canary;
pub mod commit;
pub mod conditions;
pub mod evidence;
pub mod freeze;
pub mod gates;
pub mod github;
pub mod health;
pub mod hotfix;
pub mod live;
pub mod measured;
pub mod monitoring;
pub mod names;
pub mod places;
pub mod promotions;
pub mod roles;
pub mod spans;

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::freeze::Window;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::File;
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::resolve::evidence::Sources;
use crate::promotion::rules::resolve::names::defined;
use crate::promotion::rules::resolve::places::Places;
use crate::promotion::rules::resolve::promotions::PromotionReader;
use crate::promotion::rules::{Promotion, Rules, Service};

/// Resolves a file. What it means is whole only if no fault was found.
pub fn resolve(file: &File, faults: &mut Vec<Wrong>) -> Rules {
    if file.version.value != 1 && !file.version.faulty {
        let wrong = Wrong::of(&file.version, format!("this promote reads version 1, not {}", file.version.value));
        faults.push(wrong.help("write version: 1, or use a newer promote"));
    }
    let name = defined("a service", &file.service, faults);
    let places = places::places(file, faults);
    let sources = evidence::sources(file, faults);
    let trust = file.ledger.as_ref().and_then(|ledger| ledger.trust).unwrap_or_default();
    let bundles = bundles::bundles(file.bundle.as_ref(), faults);
    let github = roles::at_github(file.github.as_ref(), faults);
    let releases = file.releases.as_ref().map(|path| releases(path, &places, faults));
    let windows = freeze::windows(file.freeze.as_ref(), &places, faults);
    let mut reader = PromotionReader { places: &places, sources: &sources, faults, asked: BTreeMap::new() };
    let (mut promotions, mut places_of) = (Vec::new(), Vec::new());
    for written in &file.promotions.value {
        if let Some(mut promotion) = reader.read(written) {
            let freezes = |window: &&Window| window.environments.contains(&promotion.to);
            promotion.freeze = windows.iter().filter(freezes).cloned().collect();
            follows(&promotion, written, &promotions, reader.faults);
            promotions.push(promotion);
            places_of.push(written);
        }
    }
    let asked = reader.asked;
    hotfix::on_the_way(&mut promotions, &places_of, faults);
    roles::apart(&promotions, &github, &places, faults);
    one_environment_each(&sources, &asked, faults);
    let service = Service { name: name.clone(), environments: places.environments };
    Rules {
        services: BTreeMap::from([(name, service)]),
        evidence: sources.sources,
        promotions,
        bundles,
        trust,
        releases,
        github,
    }
}

/// The releases file. It lies beside the directories of the environments: in one of them it would be taken for a manifest.
fn releases(path: &Placed<String>, places: &Places, faults: &mut Vec<Wrong>) -> String {
    let file = names::relative(path, faults);
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let inside = places.environments.iter().find(|environment| environment.targets.iter().any(|t| t.path == folder));
    if let Some(environment) = inside.filter(|_| !path.faulty) {
        let message =
            format!("`{file}` is in the directory of {}, where it would be taken for a manifest", environment.name);
        faults.push(Wrong::of(path, message).help("put it elsewhere, such as releases/app.yaml"));
    }
    file
}

/// Reports a promotion that stands there twice, or that closes a circle with those before it.
fn follows<T>(new: &Promotion, place: &Placed<T>, before: &[Promotion], faults: &mut Vec<Wrong>) {
    let Promotion { from, to, .. } = new;
    if let Some(other) = before.iter().find(|other| other.from == *from && other.to == *to) {
        let message = format!("the promotion {from} → {to} stands here twice");
        faults.push(Wrong::of(place, message).help(format!("the first is in line {}: make them one", other.at.line)));
        return;
    }
    if from == to {
        return;
    }
    let mut path = vec![to.as_str()];
    let mut seen = BTreeSet::new();
    if reaches(to, from, before, &mut seen, &mut path) {
        let circle = path.join(" → ");
        let wrong = Wrong::of(place, format!("promotions run in a circle: {from} → {circle}"));
        faults.push(wrong.help("remove the one that leads back: going back is a rollback"));
    }
}

/// Whether promotions lead from one environment to another; the way is left in `path`.
fn reaches<'a>(
    from: &'a str,
    to: &str,
    promotions: &'a [Promotion],
    seen: &mut BTreeSet<&'a str>,
    path: &mut Vec<&'a str>,
) -> bool {
    if from == to {
        return true;
    }
    if !seen.insert(from) {
        return false;
    }
    for next in promotions.iter().filter(|promotion| promotion.from == from) {
        path.push(&next.to);
        if reaches(&next.to, to, promotions, seen, path) {
            return true;
        }
        path.pop();
    }
    false
}

/// Reports live evidence that is asked about several environments without saying which.
fn one_environment_each(sources: &Sources, asked: &BTreeMap<String, BTreeSet<String>>, faults: &mut Vec<Wrong>) {
    for (id, environments) in asked.iter().filter(|(id, _)| sources.silent.contains(*id)) {
        let Some(source) = sources.sources.get(id).filter(|_| environments.len() > 1) else { continue };
        let names: Vec<&str> = environments.iter().map(String::as_str).collect();
        let message = format!("`{id}` is asked about {}, and does not say which it means", names.join(" and "));
        let width = u32::try_from(id.len()).unwrap_or(1);
        let wrong = Wrong::new(source.at, width, message);
        faults.push(wrong.help("write {environment} in it, or give each environment its own under `evidence`"));
    }
}
