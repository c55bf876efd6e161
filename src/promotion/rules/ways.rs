//! The ways of environments that the promotions of the rules make together. A hotfix is no part of them.

use crate::promotion::rules::{Promotion, Rules};

impl Promotion {
    /// Whether it is a part of the ordinary way of environments.
    pub fn is_ordinary(&self) -> bool {
        self.hotfix.is_none()
    }
}

impl Rules {
    /// The promotions of the ordinary way, in the order of the file.
    pub fn ordinary(&self) -> impl Iterator<Item = &Promotion> {
        self.promotions.iter().filter(|promotion| promotion.is_ordinary())
    }
}

/// Every ordinary way from one environment to another: for each the environments between the two, in order. Rules have no
/// circles; what a faulty file has ends where it would come round.
pub fn ways(promotions: &[Promotion], from: &str, to: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    walk(promotions, from, to, &mut Vec::new(), &mut found);
    found
}

fn walk(promotions: &[Promotion], from: &str, to: &str, between: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for next in promotions.iter().filter(|promotion| promotion.is_ordinary() && promotion.from == from) {
        if next.to == to {
            found.push(between.clone());
        } else if !between.contains(&next.to) {
            between.push(next.to.clone());
            walk(promotions, &next.to, to, between, found);
            between.pop();
        }
    }
}
