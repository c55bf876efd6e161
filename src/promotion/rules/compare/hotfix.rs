//! What changed in hotfixes and soaks.

use crate::promotion::rules::Promotion;
use crate::promotion::rules::compare::{Changes, Effect};
use crate::promotion::rules::soak::{SoakGate, SoakSince};
use crate::promotion::time::Millis;
use crate::promotion::words;

impl Changes {
    /// A time of which more is stricter.
    pub(super) fn span(&mut self, part: &str, old: Millis, new: Millis) {
        if old != new {
            let effect = if new < old { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, part, format!("{old} → {new}"));
        }
    }

    /// Compares what is skipped. A hotfix is more to ask for than the same promotion as an ordinary one.
    pub(super) fn hotfix(&mut self, old: &Promotion, new: &Promotion) {
        match (&old.hotfix, &new.hotfix) {
            (Some(old), None) => {
                let what = format!("no longer a hotfix; it skipped {}", words::list(&old.skips));
                self.add(Effect::Loosened, "hotfix", what);
            }
            (None, Some(new)) => {
                self.add(Effect::Tightened, "hotfix", format!("is a hotfix now: skips {}", words::list(&new.skips)));
            }
            (Some(old), Some(new)) if old != new => {
                let what = format!("skips {} → {}", words::list(&old.skips), words::list(&new.skips));
                self.add(Effect::Changed, "hotfix", what);
            }
            _ => {}
        }
    }

    /// Compares how long a version must soak, by which clock, and whether that is protected.
    pub(super) fn soak(&mut self, id: &str, old: &SoakGate, new: &SoakGate) {
        self.span(id, old.min, new.min);
        if old.since != new.since {
            let effect = if new.since == SoakSince::Argocd { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, id, format!("since {} → {}", old.since.word(), new.since.word()));
        }
        self.flag("soak.protect", old.protect, new.protect);
    }
}
