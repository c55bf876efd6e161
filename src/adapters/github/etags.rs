//! What GitHub answered before, with the tag that it gave it: an answer that has not changed is not sent again, and such a
//! request does not count against the rate limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::adapters::http::Answer;

/// How many answers are kept; then all are forgotten.
const KEPT_MAX: usize = 256;
/// The largest body that is kept, in bytes.
const BODY_MAX: usize = 1 << 20;

/// Answers by route.
#[derive(Debug, Default)]
pub(super) struct Etags(Mutex<HashMap<String, Arc<Kept>>>);

/// An answer, and the tag that names it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) tag: String,
    answer: Answer,
}

impl Etags {
    /// The answer that is kept.
    pub(super) fn kept(&self, route: &str) -> Option<Arc<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(route).cloned()
    }

    /// The kept answer itself for one that says "not changed"; any other answer, which is kept if it has a tag.
    pub(super) fn settle(&self, route: &str, kept: Option<&Kept>, answer: Answer) -> Answer {
        if let (304, Some(kept)) = (answer.status, kept) {
            return kept.answer.clone();
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(route);
        if let Some(tag) = answer.header("etag").map(str::to_owned)
            && answer.status == 200
            && answer.body.len() <= BODY_MAX
        {
            if all.len() >= KEPT_MAX {
                all.clear();
            }
            all.insert(route.to_owned(), Arc::new(Kept { tag, answer: answer.clone() }));
        }
        answer
    }
}
