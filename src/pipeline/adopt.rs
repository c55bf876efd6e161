//! `promote adopt`: what an environment pins now is taken as given, by a person who says why. It is a baseline: it is never
//! "verified by us", and is nothing to roll back to.

use crate::pipeline::collect::branch;
use crate::pipeline::ends::{held_by_another, versions};
use crate::pipeline::job::{End, Halt};
use crate::pipeline::lock;
use crate::ports::{Asking, Claimed, World};
use crate::promotion::image::ImageRef;
use crate::promotion::order::{Adopted, Order, Ordered};
use crate::promotion::outcome::Outcome;
use crate::promotion::planning::{self, PlanFault};
use crate::promotion::record::SCHEMA;
use crate::promotion::request::Actor;
use crate::promotion::rules::{Environment, Rules, Service};

/// What is adopted, by whom, and why.
#[derive(Debug, Clone)]
pub struct Adopting<'a> {
    /// The rules: which promotions trust a baseline.
    pub rules: &'a Rules,
    /// The service.
    pub service: &'a Service,
    /// The environment.
    pub environment: &'a Environment,
    /// Why.
    pub reason: &'a str,
    /// This process.
    pub run: &'a str,
    /// Who runs it.
    pub actor: &'a Actor,
    /// The CI run's page, where there is one.
    pub ci_run: Option<&'a str>,
}

/// Writes what the environment pins now into the ledger, as its baseline.
pub fn adopt(world: &World<'_>, adopting: &Adopting<'_>) -> Result<End, Halt> {
    let Adopting { service, environment, reason, run, actor, ci_run, .. } = *adopting;
    let name = &environment.name;
    let asking = Asking {
        service: &service.name,
        environment: name,
        run,
        owner: &actor.name,
        ci_run,
        at: world.clock.now(),
        term: lock::TERM,
        expired: None,
    };
    let _claim = match world.ledger.claim(&asking)? {
        Claimed::Ours(claim) => claim,
        Claimed::Held(holder) => {
            return Ok(held_by_another(&service.name, name, &lock::who(&holder), world.clock.stopped()));
        }
    };
    let target = environment.targets.first().ok_or_else(|| PlanFault {
        what: format!("the rules give {name} no path"),
        seen: format!("service {}", service.name),
        hint: format!("add `path:` to `{name}` under `environments:`"),
    })?;
    let snapshot = world.delivery.snapshot(&branch(target), &target.path)?;
    let pins = planning::pinned(service, environment, &snapshot)?;
    let images: Vec<ImageRef> = pins.into_iter().map(|pin| pin.image).collect();
    if let Some(bare) = images.iter().find(|image| image.tag.is_none() && image.digest.is_none()) {
        return Err(Halt::Invalid(PlanFault {
            what: format!("{name} pins no version of {}", bare.name),
            seen: format!("{} in {}", target.path, snapshot.repository),
            hint: "write a tag or a digest there first".to_owned(),
        }));
    }
    let adopted = Adopted { images: images.clone(), commit: snapshot.commit.clone(), reason: reason.to_owned() };
    world.ledger.order(&Order {
        schema: SCHEMA,
        run: run.to_owned(),
        seq: 0,
        at: world.clock.now(),
        actor: actor.clone(),
        ci_run: ci_run.map(str::to_owned),
        service: Some(service.name.clone()),
        environment: Some(name.clone()),
        event: Ordered::Adopted(adopted),
    })?;
    let end = End::of(Outcome::Recorded, format!("{} is taken as given in {name}", versions(&images)))
        .seen("it is a baseline: not verified by promote, and nothing that a rollback goes back to")
        .seen(trusted(adopting));
    Ok(End { commit: Some(snapshot.commit), ..end })
}

/// Where the baseline counts for the order of environments.
fn trusted(adopting: &Adopting<'_>) -> String {
    let name = &adopting.environment.name;
    let trusting: Vec<String> = adopting
        .rules
        .promotions
        .iter()
        .filter(|promotion| promotion.trust_baseline)
        .map(|promotion| format!("{} → {}", promotion.from, promotion.to))
        .collect();
    if trusting.is_empty() {
        return format!(
            "no promotion of the rules says `trust_baseline: true`, so it does not count as recorded in {name}"
        );
    }
    format!("it counts as recorded in {name}, as long as {name} pins it, for {}", trusting.join(", "))
}
