//! What changed in who must approve, and in who may set what aside.

use crate::promotion::rules::Promotion;
use crate::promotion::rules::compare::{Changes, Effect};
use crate::promotion::rules::roles::Role;

impl Changes {
    /// Compares roles and bypasses.
    pub(super) fn roles(&mut self, old: &Promotion, new: &Promotion) {
        for role in &old.approvals {
            let part = format!("approvals.{}", role.name);
            match named(&new.approvals, &role.name) {
                None => self.add(Effect::Loosened, &part, format!("is gone; it was {}", asked(role))),
                Some(now) => self.role(&part, role, now),
            }
        }
        for role in new.approvals.iter().filter(|role| named(&old.approvals, &role.name).is_none()) {
            self.add(Effect::Tightened, &format!("approvals.{}", role.name), format!("is new: {}", asked(role)));
        }
        self.opens("same_person", old.same_person, new.same_person);
        self.may("bypass.approvals", &old.bypass.approvals, &new.bypass.approvals);
        self.may("bypass.gates", &old.bypass.gates, &new.bypass.gates);
    }

    fn role(&mut self, part: &str, old: &Role, new: &Role) {
        if old.min != new.min {
            let effect = if new.min < old.min { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, part, format!("min {} → {}", old.min, new.min));
        }
        if people(old) != people(new) {
            self.add(Effect::Changed, part, format!("{} → {}", people(old), people(new)));
        }
        match (old.within, new.within) {
            (Some(was), None) => self.add(Effect::Loosened, part, format!("within {was} → at any time")),
            (None, Some(is)) => self.add(Effect::Tightened, part, format!("within any time → {is}")),
            (Some(was), Some(is)) if was != is => {
                let effect = if is > was { Effect::Loosened } else { Effect::Tightened };
                self.add(effect, part, format!("within {was} → {is}"));
            }
            _ => {}
        }
    }

    fn may(&mut self, part: &str, old: &[String], new: &[String]) {
        for who in new.iter().filter(|who| !old.contains(who)) {
            self.add(Effect::Loosened, part, format!("{who} may too"));
        }
        for who in old.iter().filter(|who| !new.contains(who)) {
            self.add(Effect::Tightened, part, format!("{who} may no longer"));
        }
    }
}

fn named<'a>(roles: &'a [Role], name: &str) -> Option<&'a Role> {
    roles.iter().find(|role| role.name.eq_ignore_ascii_case(name))
}

fn asked(role: &Role) -> String {
    format!("{} of {}", role.min, people(role))
}

fn people(role: &Role) -> String {
    let users = role.named().map(|user| format!("@{user}"));
    role.team.iter().cloned().chain(users).collect::<Vec<_>>().join(", ")
}
