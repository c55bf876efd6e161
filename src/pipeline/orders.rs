//! Orders on the road: which of them stand, as far as they are believed; and how people give and lift them.

use crate::pipeline::job::Job;
use crate::pipeline::trust;
use crate::ports::{Fault, World};
use crate::promotion::order::Ordered;
use crate::promotion::orders::Orders;

/// The orders that stand for the job's service in an environment. One that lifts another counts only if it is believed.
pub fn standing(world: &World<'_>, job: &Job<'_>, environment: &str) -> Result<Orders, Fault> {
    let mut standing = Orders::default();
    for order in world.ledger.orders(&job.service.name, environment)? {
        let why = match &order.event {
            Ordered::Lifted(lifted) => trust::unconfirmed_lift(world, job, &order)?.map(|why| (lifted, why)),
            _ => None,
        };
        match why {
            Some((lifted, why)) => standing.doubt(&order, lifted, &why),
            None => standing.take(&order),
        }
    }
    Ok(standing)
}
