//! The file of a head: what is kept beside the [head](crate::promotion::head), so that lists need not read every record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::folded::Folded;
use crate::promotion::head::{Baseline, Head, Review};
use crate::promotion::image::ImageRef;
use crate::promotion::life::State;
use crate::promotion::order::{Order, Ordered};
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Bypass;
use crate::promotion::request::RequestKind;
use crate::promotion::time::Time;

/// How many promotions a head's file lists: enough for a list and for the order of environments, and few enough that a new
/// record costs the same however many there are.
pub const RECENT: usize = 20;

/// The file of a head: the head, and its newest promotions in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeadFile {
    /// The head.
    #[serde(flatten)]
    pub head: Head,
    /// The newest promotions, open ones included, newest first: at most [`RECENT`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Summary>,
}

/// A promotion in short: a line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Its id.
    pub promotion: String,
    /// The source environment.
    pub from: String,
    /// The promotion that it undoes, if it is a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The versions that it brings.
    pub images: Vec<ImageRef>,
    /// Where it stands.
    pub state: State,
    /// How its newest run ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When it was asked for.
    pub created_at: Time,
    /// When it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Time>,
    /// Who asked for it.
    pub by: String,
    /// What was set aside for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bypassed: Vec<Bypass>,
    /// Whether no person asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

impl HeadFile {
    /// The file once a promotion is as it is here.
    #[must_use]
    pub fn after(&self, story: &Folded) -> Self {
        let mut file = Self { head: story.head_after(&self.head), recent: self.recent.clone() };
        let summary = Summary::of(story);
        match file.recent.iter_mut().find(|known| known.promotion == summary.promotion) {
            Some(known) => *known = summary,
            None => file.recent.insert(0, summary),
        }
        file.recent.truncate(RECENT);
        file
    }

    /// The file once an order was given.
    #[must_use]
    pub fn ordered(&self, order: &Order) -> Self {
        let mut file = self.clone();
        file.head.orders.take(order);
        match &order.event {
            Ordered::Adopted(adopted) => {
                file.head.baseline = Some(Baseline {
                    images: adopted.images.clone(),
                    at: order.at,
                    by: order.actor.clone(),
                    reason: adopted.reason.clone(),
                });
            }
            // What nobody may review themselves stays open, whoever wrote that it is not.
            Ordered::Reviewed(reviewed) => {
                let done = |review: &Review| review.promotion == reviewed.promotion && !review.is_by(&order.actor.name);
                file.head.reviews.retain(|review| !done(review));
            }
            _ => {}
        }
        file
    }
}

impl Summary {
    /// A promotion in short.
    pub fn of(story: &Folded) -> Self {
        let request = &story.requested.request;
        let undoes = match &request.kind {
            RequestKind::Rollback { undoes } => Some(undoes.clone()),
            RequestKind::Promotion => None,
        };
        Self {
            promotion: story.id.clone(),
            from: request.from.clone(),
            undoes,
            images: request.images.iter().map(|wanted| wanted.new.clone()).collect(),
            state: story.state,
            outcome: story.outcome,
            created_at: story.created_at,
            completed_at: story.completed_at,
            by: story.requested_by.name.clone(),
            bypassed: story.bypassed(),
            alone: story.requested.alone,
        }
    }

    /// Whether it restored what stood before, and no person asked for that: at the end of a promotion, or under watch.
    pub fn is_rolled_back_alone(&self) -> bool {
        match self.outcome {
            Some(Outcome::RolledBack) => true,
            Some(Outcome::Promoted | Outcome::Delivered) => self.undoes.is_some() && self.alone,
            _ => false,
        }
    }
}
