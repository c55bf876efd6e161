//! Orders on the road: which of them stand, as far as they are believed; and how people give and lift them.

use crate::pipeline::desk::{Desk, known};
use crate::pipeline::job::{End, Halt, Job, Me};
use crate::pipeline::lifts;
use crate::ports::{Fault, FaultKind, Ledger, World};
use crate::promotion::approvals::facts::WordPlace;
use crate::promotion::approvals::words;
use crate::promotion::gates::standing;
use crate::promotion::image::versions;
use crate::promotion::order::{Lifted, Order, Ordered, What};
use crate::promotion::orders::{Orders, Scope, Signed, named};
use crate::promotion::outcome::Outcome;
use crate::promotion::request::ActorKnown;
use crate::promotion::time::Time;
use crate::promotion::words::moment;

/// The orders that stand for the job's service in an environment. One that lifts another counts only if it is believed.
pub fn standing(world: &World<'_>, job: &Job<'_>, environment: &str) -> Result<Orders, Fault> {
    let (mut standing, now) = (Orders::default(), world.clock.now());
    for order in world.ledger.orders(&job.service.name, environment)? {
        let why = match &order.event {
            // Orders stay in the ledger for ever: GitHub is asked only of lifts of what would stand now.
            Ordered::Lifted(lifted) if !stands(&standing, Place::of(&order), lifted, now) => continue,
            Ordered::Lifted(lifted) => lifts::unconfirmed(world, job, &order, lifted)?.map(|why| (lifted, why)),
            _ => None,
        };
        match why {
            Some((lifted, why)) => standing.doubt(&order, lifted, &why),
            None => standing.take(&order),
        }
    }
    Ok(standing)
}

/// The place that an order is about; absent: every service, every environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The service.
    pub service: Option<&'a str>,
    /// The environment.
    pub environment: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(order: &'a Order) -> Self {
        Self { service: order.service.as_deref(), environment: order.environment.as_deref() }
    }
}

impl Place<'_> {
    /// In words: `production`, `everything`.
    fn words(&self) -> String {
        match (self.service, self.environment) {
            (_, Some(environment)) => environment.to_owned(),
            (Some(service), None) => format!("every environment of {service}"),
            (None, None) => "everything".to_owned(),
        }
    }

    fn is_of(&self, signed: &Signed) -> bool {
        signed.service.as_deref() == self.service && signed.environment.as_deref() == self.environment
    }
}

/// Says something at GitHub, as whoever runs this.
pub type Speak<'a> = &'a dyn Fn(&str) -> Result<WordPlace, Fault>;

/// Gives an order. One that lifts nothing is not written; one that does is said first, where it can be.
pub fn give(
    desk: Desk<'_>,
    me: &Me<'_>,
    place: Place<'_>,
    mut event: Ordered,
    speak: Option<Speak<'_>>,
) -> Result<End, Halt> {
    let now = desk.clock.now();
    if let Ordered::Lifted(lifted) = &mut event {
        let proven = speak.is_some() || me.ci_run.is_some();
        if !stands(&standing_at(desk.ledger, place, proven)?, place, lifted, now) {
            return nothing_to_lift(desk.ledger, place, lifted, now);
        }
        if let Some(speak) = speak {
            let what = lifted.said(place.service, place.environment);
            lifted.word = Some(speak(&words::lifting(&what, &lifted.reason))?);
        }
    }
    let order = Order {
        service: place.service.map(str::to_owned),
        environment: place.environment.map(str::to_owned),
        ..me.order(now, "", "", event.clone())
    };
    desk.ledger.order(&order)?;
    let by = format!("by {}{}", me.actor.name, if me.actor.known == ActorKnown::Claimed { " (claimed)" } else { "" });
    let of = place.words();
    let until = |until: Option<Time>| until.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
    let flags = flags(place, matches!(event, Ordered::Frozen { .. }));
    let end = |what: String| End::of(Outcome::Recorded, what).seen(by.clone());
    Ok(match event {
        Ordered::Held { until: at, .. } => end(format!("{of} is on hold{}", until(at)))
            .seen("nothing is promoted there by itself; a person's run goes past it, and says so")
            .next(format!("to lift: promote hold lift{flags} --reason \"…\"")),
        Ordered::Frozen { until: at, .. } => end(format!("{of} is frozen{}", until(at)))
            .seen("nothing is promoted there by anybody, runs that have planned already included; rollbacks go on")
            .next(format!("to lift: promote freeze lift{flags} --reason \"…\"")),
        Ordered::Vetoed { images, .. } => {
            let name = images.first().map(named).unwrap_or_default();
            end(format!("{name} is vetoed for {of}"))
                .seen("nobody promotes it there, and no rollback goes back to it")
                .next(format!("to lift: promote veto lift {name}{flags} --reason \"…\""))
        }
        Ordered::Lifted(lifted) => {
            let what = lifted
                .version
                .map_or_else(|| format!("the {}", lifted.what.word()), |name| format!("the veto on {name}"));
            let end = end(format!("{what} of {of} is lifted"));
            lifted.word.into_iter().fold(end, |end, word| end.seen(format!("said in {}", word.url)))
        }
        Ordered::Revoked { promotion, images, .. } => {
            let mut end = end(format!(
                "promotion {promotion} is revoked: {} counts no more as verified in {of}",
                versions(&images)
            ))
            .seen("it is nothing to roll back to, satisfies no order of environments, and its soak does not count")
            .next(format!("to go back: promote rollback --env {of} --reason \"…\""));
            (end.id, end.recorded) = (Some(promotion), true);
            end
        }
        Ordered::Adopted(_) | Ordered::Unlocked { .. } | Ordered::Reviewed(_) | Ordered::Unfamiliar => {
            end("the order is recorded".to_owned())
        }
    })
}

fn flags(place: Place<'_>, is_freeze: bool) -> String {
    let environment = place.environment.map(|name| format!(" --env {name}")).unwrap_or_default();
    let service = place.service.filter(|_| is_freeze).map(|name| format!(" --service {name}")).unwrap_or_default();
    format!("{environment}{service}")
}

/// The orders that stand for just this place. The orders themselves are read, and not the head: whoever gave one may have been
/// killed before that. Lifts that nobody could confirm may not count: for whoever brings proof, what they lift stands.
fn standing_at(ledger: &dyn Ledger, place: Place<'_>, proven: bool) -> Result<Orders, Fault> {
    fn every(name: Option<&str>) -> &str {
        name.unwrap_or("_")
    }
    let all = ledger.orders(every(place.service), every(place.environment))?;
    let here = |order: &&Order| Place::of(order) == place;
    Ok(Orders::of(all.iter().filter(here).filter(|order| !(proven && order.lifts_unproven()))))
}

fn stands(orders: &Orders, place: Place<'_>, lifted: &Lifted, now: Time) -> bool {
    match lifted.what {
        What::Hold => orders.held(now).any(|stop| place.is_of(&stop.signed)),
        What::Freeze => orders.freezes(now).any(|stop| place.is_of(&stop.signed)),
        What::Veto => orders.vetoes.iter().any(|veto| veto.is_named(lifted.version.as_deref())),
    }
}

/// The end of a lift that has nothing to lift: what of the same kind stands elsewhere.
fn nothing_to_lift(ledger: &dyn Ledger, place: Place<'_>, lifted: &Lifted, now: Time) -> Result<End, Halt> {
    let word = lifted.what.word();
    let on = lifted.version.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
    let mut end = End::of(Outcome::Unchanged, format!("there is no {word}{on} to lift for {}", place.words()));
    end = end.seen("nothing was written");
    for one in all(ledger)? {
        let signed: Vec<&Signed> = match lifted.what {
            What::Hold => one.orders.held(now).map(|stop| &stop.signed).collect(),
            What::Freeze => one.orders.freezes(now).map(|stop| &stop.signed).collect(),
            What::Veto => Vec::new(),
        };
        for signed in signed {
            let elsewhere = Place { service: signed.service.as_deref(), environment: signed.environment.as_deref() };
            end = end.seen(format!("there is one of {}: {}", elsewhere.words(), standing::said(signed)));
            let flags = flags(elsewhere, lifted.what == What::Freeze);
            end = end.next(format!("promote {word} lift{flags} --reason \"…\""));
        }
        if lifted.what == What::Veto && place.environment == one.environment.as_deref() {
            for veto in &one.orders.vetoes {
                end = end.next(format!("promote veto lift {}{} --reason \"…\"", veto.name(), flags(place, false)));
            }
        }
    }
    Ok(end)
}

/// Every place that orders stand for, as the heads have them.
pub fn all(ledger: &dyn Ledger) -> Result<Vec<Scope>, Fault> {
    let named = |name: String| (name != "_").then_some(name);
    let mut scopes = Vec::new();
    for ((service, environment), file) in ledger.heads()? {
        let orders = match file {
            Ok(file) => file.head.orders,
            Err(fault) if fault.kind == FaultKind::Broken => continue,
            Err(fault) => return Err(fault),
        };
        if !orders.is_empty() {
            scopes.push(Scope { service: named(service), environment: named(environment), orders });
        }
    }
    Ok(scopes)
}

/// Takes back that a promotion verified its version: it is no rollback target, and satisfies no order.
pub fn revoke(desk: Desk<'_>, me: &Me<'_>, id: &str, reason: &str) -> Result<End, Halt> {
    let story = known(desk, id)?;
    let request = &story.requested.request;
    let done = matches!(story.outcome, Some(Outcome::Promoted | Outcome::Delivered | Outcome::Unchanged));
    if !done {
        let end = End::of(
            Outcome::Unchanged,
            format!("promotion {} is {}: it verified nothing", story.id, story.state.word()),
        );
        return Ok(end.seen("nothing was written"));
    }
    let place = Place { service: Some(&request.service), environment: Some(&request.to) };
    if standing_at(desk.ledger, place, false)?.revocation(&story.id).is_some() {
        let end = End::of(Outcome::Unchanged, format!("promotion {} is revoked already", story.id));
        return Ok(end.seen("nothing was written"));
    }
    let images = request.images.iter().map(|wanted| wanted.new.clone()).collect();
    let event = Ordered::Revoked { promotion: story.id.clone(), images, reason: reason.to_owned() };
    give(desk, me, place, event, None)
}
