//! What orders come to: which holds, vetoes, freezes and revocations stand for a service in an environment. A fold over
//! [orders](crate::promotion::order), the same for whoever judges, writes, lists or verifies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::image::{ImageRef, all_among, is_version, short_name};
use crate::promotion::order::{Lifted, Order, Ordered, What};
use crate::promotion::request::Actor;
use crate::promotion::time::Time;

/// How many lifted vetoes are remembered.
const REMEMBERED: usize = 20;

/// Every order that stands, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Orders {
    /// Holds: nothing is promoted there by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Stop>,
    /// Freezes: nothing is promoted there at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<Stop>,
    /// Versions that nobody promotes there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vetoes: Vec<Veto>,
    /// Promotions whose verification counts no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<Revoked>,
    /// The newest vetoes that were lifted by name: such a version may come again by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<Cleared>,
}

/// Who gave an order, when, why, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signed {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
    /// The service that it is about; absent: every service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The environment that it is about; absent: every environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Why the order that lifts it is not believed, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_lifted: Option<String>,
}

/// A hold or a freeze.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stop {
    /// Until when; absent: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Who ordered it.
    #[serde(flatten)]
    pub signed: Signed,
}

/// A version that nobody promotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Veto {
    /// Its images: a version that has all of them is meant.
    pub images: Vec<ImageRef>,
    /// Who ordered it.
    #[serde(flatten)]
    pub signed: Signed,
}

/// A promotion whose verification counts no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revoked {
    /// The promotion.
    pub promotion: String,
    /// What it brought.
    pub images: Vec<ImageRef>,
    /// Who ordered it.
    #[serde(flatten)]
    pub signed: Signed,
}

/// A veto that was lifted by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cleared {
    /// The images that it was on.
    pub images: Vec<ImageRef>,
    /// When.
    pub at: Time,
}

/// The orders that stand for one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Scope {
    /// The service; absent: every service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The environment; absent: every environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What stands.
    #[serde(flatten)]
    pub orders: Orders,
}

impl Orders {
    /// What orders come to that are given in their order.
    pub fn of<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Self {
        let mut all = Self::default();
        orders.into_iter().for_each(|order| all.take(order));
        all
    }

    /// Whether nothing stands.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes the next order. What has run out by then is forgotten.
    pub fn take(&mut self, order: &Order) {
        let past = |stop: &Stop| stop.until.is_some_and(|until| until <= order.at);
        self.holds.retain(|stop| !past(stop));
        self.frozen.retain(|stop| !past(stop));
        let signed = |reason: &str| Signed {
            by: order.actor.clone(),
            at: order.at,
            reason: reason.to_owned(),
            service: order.service.clone(),
            environment: order.environment.clone(),
            not_lifted: None,
        };
        match &order.event {
            Ordered::Held { until, reason } => self.holds.push(Stop { until: *until, signed: signed(reason) }),
            Ordered::Frozen { until, reason } => self.frozen.push(Stop { until: *until, signed: signed(reason) }),
            Ordered::Vetoed { images, reason } => {
                self.cleared.retain(|cleared| !all_among(images, &cleared.images));
                self.vetoes.push(Veto { images: images.clone(), signed: signed(reason) });
            }
            Ordered::Revoked { promotion, images, reason } => {
                let (promotion, images) = (promotion.clone(), images.clone());
                self.revoked.push(Revoked { promotion, images, signed: signed(reason) });
            }
            Ordered::Lifted(lifted) => self.lift(order, lifted),
            Ordered::Adopted(_) | Ordered::Unlocked { .. } | Ordered::Unfamiliar => {}
        }
    }

    /// Takes an order that lifts something and is not to be believed: what it names stands on, and says so.
    pub fn doubt(&mut self, order: &Order, lifted: &Lifted, why: &str) {
        self.meant(order, lifted).for_each(|signed| signed.not_lifted = Some(why.to_owned()));
    }

    fn lift(&mut self, order: &Order, lifted: &Lifted) {
        match lifted.what {
            What::Hold => self.holds.retain(|stop| !stop.signed.is_of(order)),
            What::Freeze => self.frozen.retain(|stop| !stop.signed.is_of(order)),
            What::Veto => {
                let meant = |veto: &Veto| veto.signed.is_of(order) && veto.is_named(lifted.version.as_deref());
                let gone = self.vetoes.iter().filter(|veto| meant(veto));
                self.cleared.extend(gone.map(|veto| Cleared { images: veto.images.clone(), at: order.at }));
                self.cleared.drain(..self.cleared.len().saturating_sub(REMEMBERED));
                self.vetoes.retain(|veto| !meant(veto));
            }
        }
    }

    /// What an order that lifts means.
    fn meant<'a>(&'a mut self, order: &'a Order, lifted: &'a Lifted) -> Box<dyn Iterator<Item = &'a mut Signed> + 'a> {
        let of = |signed: &Signed| signed.is_of(order);
        match lifted.what {
            What::Hold => Box::new(self.holds.iter_mut().map(|stop| &mut stop.signed).filter(move |it| of(it))),
            What::Freeze => Box::new(self.frozen.iter_mut().map(|stop| &mut stop.signed).filter(move |it| of(it))),
            What::Veto => {
                let named = self.vetoes.iter_mut().filter(|veto| veto.is_named(lifted.version.as_deref()));
                Box::new(named.map(|veto| &mut veto.signed).filter(move |it| of(it)))
            }
        }
    }

    /// The holds in force at a moment.
    pub fn held(&self, at: Time) -> impl Iterator<Item = &Stop> {
        self.holds.iter().filter(move |stop| stop.stands(at))
    }

    /// The freezes in force at a moment.
    pub fn freezes(&self, at: Time) -> impl Iterator<Item = &Stop> {
        self.frozen.iter().filter(move |stop| stop.stands(at))
    }

    /// The vetoes on a version.
    pub fn vetoes_on<'a>(&'a self, version: &'a [ImageRef]) -> impl Iterator<Item = &'a Veto> {
        self.vetoes.iter().filter(move |veto| veto.covers(version))
    }

    /// The revocation of a promotion.
    pub fn revocation(&self, promotion: &str) -> Option<&Revoked> {
        self.revoked.iter().find(|revoked| revoked.promotion == promotion)
    }

    /// The revocation that a promotion's record of a version, which ended at a moment, falls under: its own, or a later one of
    /// the same version.
    pub fn revoked_since(&self, promotion: &str, version: &[ImageRef], by: Time) -> Option<&Revoked> {
        let later = |revoked: &&Revoked| revoked.signed.at > by && all_among(&revoked.images, version);
        self.revocation(promotion).or_else(|| self.revoked.iter().find(later))
    }

    /// Whether a version that a promotion brought by a moment was revoked, or is vetoed: it is nothing to go back to.
    pub fn refuse(&self, promotion: &str, version: &[ImageRef], by: Time) -> bool {
        self.revoked_since(promotion, version, by).is_some() || self.vetoes_on(version).next().is_some()
    }

    /// Whether a veto on a version was lifted by name after a moment.
    pub fn cleared_since(&self, version: &[ImageRef], since: Time) -> bool {
        self.cleared.iter().any(|cleared| cleared.at > since && all_among(&cleared.images, version))
    }
}

impl Signed {
    /// Whether another order is about just the same service and environment.
    fn is_of(&self, order: &Order) -> bool {
        self.service == order.service && self.environment == order.environment
    }
}

impl Stop {
    /// Whether it is in force at a moment: at its end it is not.
    pub fn stands(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

impl Veto {
    /// Whether a version is meant. The service's own name is that of any of its images, where none is called so.
    pub fn covers(&self, version: &[ImageRef]) -> bool {
        let namesake = |vetoed: &ImageRef, image: &ImageRef| image.short_name() == vetoed.short_name();
        let covered = |vetoed: &ImageRef| {
            let named = version.iter().any(|image| namesake(vetoed, image));
            let of_service = self.signed.service.as_ref().is_some_and(|service| *service == vetoed.name);
            let is = |image: &&ImageRef| namesake(vetoed, image) || !named && of_service;
            version.iter().filter(is).any(|image| image.same_version(vetoed))
        };
        !self.images.is_empty() && self.images.iter().all(covered)
    }

    /// Whether `app@1.20` names it: one of its images, by tag, digest, or the beginning of a digest.
    pub fn is_named(&self, version: Option<&str>) -> bool {
        let Some((name, version)) = version.and_then(|version| version.split_once('@')) else { return false };
        let is = |image: &ImageRef| image.short_name() == short_name(name);
        self.images.iter().any(|image| is(image) && is_version(std::slice::from_ref(image), version))
    }

    /// How it is named: `app@1.20`.
    pub fn name(&self) -> String {
        self.images.first().map(named).unwrap_or_default()
    }
}

/// An image as orders name it: `app@1.20`.
pub fn named(image: &ImageRef) -> String {
    format!("{}@{}", image.short_name(), image.version())
}

#[cfg(test)]
mod tests;
