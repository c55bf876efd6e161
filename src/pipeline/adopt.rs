//! `promote adopt`: what an environment pins now is taken as given, by a person who says why. It is a baseline: it is never
//! "verified by us", and is nothing to roll back to.

use crate::pipeline::asked::branch;
use crate::pipeline::ends::{held_by_another, versions};
use crate::pipeline::job::{End, Halt, Me};
use crate::pipeline::lock;
use crate::ports::{Claimed, World};
use crate::promotion::image::ImageRef;
use crate::promotion::order::{Adopted, Ordered};
use crate::promotion::outcome::Outcome;
use crate::promotion::planning::{self, PlanFault};
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
    /// Who acts.
    pub me: Me<'a>,
}

/// Writes what the environment pins now into the ledger, as its baseline.
pub fn adopt(world: &World<'_>, adopting: &Adopting<'_>) -> Result<End, Halt> {
    let Adopting { service, environment, reason, me, .. } = *adopting;
    let name = &environment.name;
    let _claim = match world.ledger.claim(&me.asking(world.clock.now(), &service.name, name))? {
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
    world.ledger.order(&me.order(world.clock.now(), &service.name, name, Ordered::Adopted(adopted)))?;
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
