//! How the commits that Argo CD speaks of stand to ours: asked of the repository once for each.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::pipeline::wait::goal::{Goal, Place};
use crate::ports::{Delivery, Descent, Fault};
use crate::promotion::live::aim::Standing;

/// The answers so far, for one place. "Unknown" is asked again.
pub(super) struct Standings<'a> {
    delivery: &'a dyn Delivery,
    goal: &'a Goal<'a>,
    place: &'a Place,
    known: RefCell<BTreeMap<String, Standing>>,
}

impl<'a> Standings<'a> {
    pub(super) fn new(delivery: &'a dyn Delivery, goal: &'a Goal<'a>, place: &'a Place) -> Self {
        Self { delivery, goal, place, known: RefCell::default() }
    }

    pub(super) fn of(&self, revision: &str) -> Standing {
        // Where a comparison failed Argo CD names the branch; a Helm source has a chart's version.
        if revision.len() < 40 || !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Standing::Not;
        }
        if let Some(known) = self.known.borrow().get(revision) {
            return *known;
        }
        let standing = self.ask(revision).unwrap_or_else(|fault| {
            tracing::debug!(%fault, revision, "cannot tell how a revision stands to our commit");
            Standing::Unknown
        });
        if standing != Standing::Unknown {
            self.known.borrow_mut().insert(revision.to_owned(), standing);
        }
        standing
    }

    fn ask(&self, revision: &str) -> Result<Standing, Fault> {
        let place = self.place;
        Ok(match self.delivery.descent(&place.at, revision, &place.commit)? {
            Descent::Same => Standing::Ours,
            Descent::Other => Standing::Not,
            Descent::Unknown => Standing::Unknown,
            Descent::Descendant => {
                let texts = self.delivery.read(&place.at, revision, &place.files)?;
                if (self.goal.holds)(&texts) { Standing::Later } else { Standing::Overtaken }
            }
        })
    }
}
