//! Finding by name what the rules define. Names are compared without case.

use crate::promotion::rules::{Environment, Promotion, Rules, Service};

impl Rules {
    /// The service of this name, compared without case; without a name, the only one.
    pub fn service(&self, name: Option<&str>) -> Option<&Service> {
        match name {
            Some(name) => self.services.get(&name.to_ascii_lowercase()),
            None if self.services.len() == 1 => self.services.values().next(),
            None => None,
        }
    }

    /// The promotion from one environment to another, compared without case.
    pub fn promotion(&self, from: &str, to: &str) -> Option<&Promotion> {
        let is =
            |promotion: &&Promotion| promotion.from.eq_ignore_ascii_case(from) && promotion.to.eq_ignore_ascii_case(to);
        self.promotions.iter().find(is)
    }
}

impl Service {
    /// The environment of this name, compared without case.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name.eq_ignore_ascii_case(name))
    }
}
