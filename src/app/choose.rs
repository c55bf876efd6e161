//! Which promotion a command is about: by the names that people give, or by what the ledger holds.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::app::life::one;
use crate::app::settings::Settings;
use crate::app::{ends, hotfix, wiring};
use crate::pipeline::life;
use crate::ports::Ledger;
use crate::promotion::folded::{self, Folded};
use crate::promotion::outcome::Outcome;
use crate::promotion::request::RequestKind;
use crate::promotion::rules::{Environment, Promotion, Rules, Service};
use crate::render::ending::{Ending, USAGE};

/// The service and promotion that the settings name.
pub fn asked_for<'a>(
    rules: &'a Rules,
    settings: &Settings,
    verb: &str,
) -> Result<(&'a Service, &'a Promotion), Ending> {
    let service = service(rules, settings)?;
    if hotfix::is_asked(settings) {
        return hotfix::chosen(rules, settings, verb).map(|promotion| (service, promotion));
    }
    let from = environment(service, settings.from.as_deref(), "--from")?.name.as_str();
    let to = environment(service, settings.to.as_deref(), "--to")?.name.as_str();
    match rules.promotion(from, to) {
        Some(promotion) if promotion.is_ordinary() => Ok((service, promotion)),
        Some(promotion) => Err(hotfix::not_said(promotion, verb)),
        None => Err(no_promotion(rules, from, to)),
    }
}

/// The only promotion of the rules, where none is named.
pub fn only<'a>(rules: &'a Rules, settings: &Settings) -> Option<(&'a Service, &'a Promotion)> {
    let [only] = rules.promotions.as_slice() else { return None };
    let named = settings.from.is_some() || settings.to.is_some() || hotfix::is_asked(settings);
    (!named).then(|| Some((service(rules, settings).ok()?, only))).flatten()
}

/// The service, and a promotion to the environment that is restored.
pub fn undoing<'a>(
    rules: &'a Rules,
    settings: &Settings,
    env: Option<&str>,
) -> Result<(&'a Service, &'a Promotion), Ending> {
    let service = service(rules, settings)?;
    let to = environment(service, env.or(settings.to.as_deref()), "--env")?.name.as_str();
    leading_to(rules, to).map(|promotion| (service, promotion))
}

/// The promotion of the ledger whose id begins so.
pub fn named(settings: &Settings, stop: &Arc<AtomicBool>, id: Option<&str>) -> Result<Folded, Ending> {
    let Some(id) = id else {
        let mut ending = Ending::refused(USAGE, "no promotion is named");
        ending.next.push("`promote list` shows their ids; `promote run` asks and executes in one".to_owned());
        return Err(ending);
    };
    let books = wiring::books(settings, stop).map_err(|fault| ends::faulted(&fault))?;
    story(&books.ledger, &one(&books.ledger, id)?)
}

/// The promotion that a run left: of this id, or the only open one, of an environment where one is named.
pub fn left(
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    id: Option<&str>,
    env: Option<&str>,
) -> Result<Folded, Ending> {
    if id.is_some() {
        return named(settings, stop, id);
    }
    let books = wiring::books(settings, stop).map_err(|fault| ends::faulted(&fault))?;
    let env = env.or(settings.to.as_deref());
    let ids = life::left(&books.ledger, settings.service.as_deref(), env).map_err(|fault| ends::faulted(&fault))?;
    match ids.as_slice() {
        [only] => story(&books.ledger, only),
        [] => {
            let mut ending = Ending::of(Outcome::Unchanged, "there is nothing to resume: no promotion is open");
            ending.seen.push(format!("looked in {}", books.ledger.place()));
            Err(ending)
        }
        several => {
            let mut ending = Ending::refused(USAGE, format!("{} promotions are open", several.len()));
            ending.next.extend(several.iter().take(10).map(|id| format!("promote resume {id}")));
            Err(ending)
        }
    }
}

fn story(ledger: &dyn Ledger, id: &str) -> Result<Folded, Ending> {
    let entries = ledger.entries(id).map_err(|fault| ends::faulted(&fault))?;
    folded::fold(&entries).ok_or_else(|| {
        let mut ending = Ending::of(Outcome::Failed, format!("the record of {id} does not begin with a request"));
        ending.next.push("promote history verify".to_owned());
        ending
    })
}

/// The service that the settings name, or the only one.
pub fn service<'a>(rules: &'a Rules, settings: &Settings) -> Result<&'a Service, Ending> {
    rules.service(settings.service.as_deref()).ok_or_else(|| {
        let names: Vec<String> = rules.services.keys().cloned().collect();
        usage("no such service", settings.service.as_deref().unwrap_or("none"), &names, "--service")
    })
}

/// What the rules say now of a promotion that the ledger knows.
pub fn of_record<'a>(
    rules: &'a Rules,
    settings: &Settings,
    story: &Folded,
) -> Result<(&'a Service, &'a Promotion), Ending> {
    let request = &story.requested.request;
    let Some(service) = rules.service(Some(&request.service)) else {
        let names: Vec<String> = rules.services.keys().cloned().collect();
        return Err(usage("the rules no longer have the promotion's service", &request.service, &names, "--rules"));
    };
    let promotion = match request.kind {
        RequestKind::Rollback { .. } => leading_to(rules, &request.to)?,
        RequestKind::Promotion => {
            let found = rules.promotion(&request.from, &request.to);
            let promotion = found.ok_or_else(|| no_promotion(rules, &request.from, &request.to))?;
            hotfix::of_record(story, promotion, settings)?;
            promotion
        }
    };
    Ok((service, promotion))
}

/// A promotion to an environment: its verification counts for a rollback there too.
fn leading_to<'a>(rules: &'a Rules, to: &str) -> Result<&'a Promotion, Ending> {
    let found = rules.ordinary().find(|promotion| promotion.to == to);
    found.ok_or_else(|| no_promotion(rules, "any environment", to))
}

/// The environment of this name; `flag` is where it should have been given.
pub fn environment<'a>(service: &'a Service, name: Option<&str>, flag: &str) -> Result<&'a Environment, Ending> {
    let names: Vec<String> = service.environments.iter().map(|environment| environment.name.clone()).collect();
    let Some(name) = name else { return Err(usage("an environment is not given", "nothing", &names, flag)) };
    service.environment(name).ok_or_else(|| usage("no such environment", name, &names, flag))
}

fn usage(what: &str, seen: &str, names: &[String], flag: &str) -> Ending {
    let mut ending = Ending::refused(USAGE, format!("{what} ({flag})"));
    ending.seen.push(format!("expected one of {}; seen: {seen}", names.join(", ")));
    ending
}

fn no_promotion(rules: &Rules, from: &str, to: &str) -> Ending {
    let mut ending = Ending::refused(USAGE, format!("the rules have no promotion from {from} to {to}"));
    let known: Vec<String> = rules.promotions.iter().map(|known| format!("{} → {}", known.from, known.to)).collect();
    ending.seen.push(format!("they have {}", known.join(", ")));
    ending
}
