//! What is guessed of a repository, put together.

use crate::promotion::init::places::{self, Family};
use crate::promotion::init::{Applications, Draft, Environment, Guess, Known, Seen, TooLittle};
use crate::promotion::init::{reports, rules, workflow};
use crate::promotion::rules::resolve::names::is_name;
use crate::promotion::words::counted;

/// Makes the texts; `path` is where the rules go. `TooLittle` where not even two environments are found.
pub fn draft(seen: &Seen, path: &str) -> Result<Draft, TooLittle> {
    let (family, others) = places::families(seen)?;
    let apps = places::applications(seen);
    let environments: Vec<Environment> = family.environments(&apps);
    let (service, service_why, images) = service(seen, &family);
    let (evidence, unused) = reports::evidence(&seen.reports);
    let promotions = ways(&environments);
    let known = Known { service, service_why, images, environments, promotions, evidence };
    let mut open = open(&known, seen, &apps);
    open.extend(unused);
    open.extend(others.iter().take(5).map(|other| {
        format!("more environments are in {other}: another service? Give it a rules file of its own (--rules)")
    }));
    Ok(Draft {
        rules: rules::text(&known),
        workflow: workflow::text(&known.promotions, path),
        environments: known.environments.iter().map(|environment| environment.name.clone()).collect(),
        paths: known.environments.iter().map(|environment| environment.place.path.clone()).collect(),
        first: known.promotions.first().cloned().unwrap_or_default(),
        ways: known.promotions.len(),
        watched: known.environments.iter().any(|environment| !environment.apps.is_empty()),
        guesses: guesses(&known, &family),
        open,
    })
}

/// Each environment is reached from the first one of the nearest rank before its own, so that two regions of production
/// are both reached from staging.
fn ways(environments: &[Environment]) -> Vec<(String, String)> {
    let before = |rank: u8| {
        let nearest = environments.iter().map(|one| one.rank).filter(|other| *other < rank).max()?;
        environments.iter().find(|one| one.rank == nearest)
    };
    let way = |to: &Environment| before(to.rank).map(|from| (from.name.clone(), to.name.clone()));
    environments.iter().filter_map(way).collect()
}

/// The service's name, why, and the images that have to be named besides.
fn service(seen: &Seen, family: &Family) -> (String, String, Vec<String>) {
    let repository = seen.name.as_deref().map(str::to_ascii_lowercase).filter(|name| is_name(name));
    let images = family.common_images();
    let short = |image: &str| image.rsplit('/').next().unwrap_or(image).to_ascii_lowercase();
    let named = |image: &str| Some(short(image)).filter(|name| is_name(name));
    if let [only] = images.as_slice()
        && let Some(name) = named(only)
    {
        return (name, format!("every environment pins {only}"), Vec::new());
    }
    let name = repository.unwrap_or_else(|| "app".to_owned());
    if images.iter().any(|image| short(image) == name) {
        return (name, "the repository and an image in every environment are named so".to_owned(), Vec::new());
    }
    let why = match seen.name {
        Some(_) => "the repository or directory is named so",
        None => "nothing has a better name",
    };
    (name, why.to_owned(), if images.len() > 1 { images } else { Vec::new() })
}

fn guesses(known: &Known, family: &Family) -> Vec<Guess> {
    let guess = |about: &str, what: String| Guess { about: about.to_owned(), what };
    let names: Vec<&str> = known.environments.iter().map(|one| one.name.as_str()).collect();
    let mut guesses = vec![
        guess("environments", format!("{}, from {}", names.join(" → "), family.pattern)),
        guess("service", format!("{}: {}", known.service, known.service_why)),
    ];
    if !known.images.is_empty() {
        let what = format!("{} move together: strike what does not", known.images.join(", "));
        guesses.push(guess("images", what));
    }
    for environment in &known.environments {
        for app in &environment.apps {
            let what = format!("{} deploys {}, says {}", app.name, environment.place.path, app.file);
            guesses.push(guess(&format!("argocd {}", environment.name), what));
        }
    }
    for evidence in known.evidence.iter().filter(|evidence| evidence.found > 0) {
        let count = counted(evidence.found, "file");
        let what = format!("{}: {count} of {}", evidence.globs.join(", "), evidence.format_name());
        guesses.push(guess(&format!("evidence {}", evidence.id), what));
    }
    guesses
}

fn open(known: &Known, seen: &Seen, apps: &Applications) -> Vec<String> {
    let mut open = Vec::new();
    let last = known.environments.last().map(|one| one.name.clone()).unwrap_or_default();
    open.push(format!("who approves a promotion to {last}: the rules have the lines, commented out"));
    for evidence in known.evidence.iter().filter(|evidence| evidence.found == 0) {
        open.push(format!(
            "where the test reports are: none was found, so the gate waits for {}",
            evidence.globs.join(", ")
        ));
    }
    let missing = |kind: &str| !known.evidence.iter().any(|evidence| evidence.id == kind);
    let kinds: Vec<&str> = ["coverage", "security"].into_iter().filter(|kind| missing(kind)).collect();
    if !kinds.is_empty() {
        open.push(format!("{}: no such report was found, so there is no gate on it", kinds.join(" and ")));
    }
    let alone: Vec<&str> =
        known.environments.iter().filter(|one| one.apps.is_empty()).map(|one| one.name.as_str()).collect();
    if !alone.is_empty() {
        let set = match apps.sets.first() {
            Some(file) => format!(" ({file} has an ApplicationSet, which makes names that are not written down)"),
            None => String::new(),
        };
        open.push(format!(
            "which Argo CD application deploys {}: add `argocd: <name>`; without one a promotion ends at the pushed commit{set}",
            alone.join(", ")
        ));
    }
    for environment in known.environments.iter().filter(|one| one.place.images.is_empty()) {
        let path = &environment.place.path;
        open.push(format!(
            "what {} pins: no image was found in {path}; `promote plan` says what to write",
            environment.name
        ));
    }
    if seen.cut {
        open.push("whether there is more: there are more files than are looked at".to_owned());
    }
    open
}
