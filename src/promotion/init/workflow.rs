//! The workflow of a repository whose versions are promoted: the shipped one, with its environments.

use crate::promotion::init::rules::scalar;

/// The workflow that is shipped.
const SHIPPED: &str = include_str!("../../../examples/workflows/promote.yml");
/// The environments in it that a version comes from, and those that it goes to.
const FROM: &str = "options: [dev, staging, canary]";
const TO: &str = "options: [staging, canary, production]";

/// Where the rules are, if nothing else is said.
pub const DEFAULT: &str = "promotion/promotion-rules.yaml";
/// The line below which the workflow says where else they are.
const REASON: &str = "      reason: ${{ inputs.reason }}\n";

/// The shipped workflow with the environments of these promotions, and the rules at this path. Their names are names of the rules, and need no quotes.
pub fn text(promotions: &[(String, String)], rules: &str) -> String {
    let options = |names: Vec<&str>| {
        let mut once: Vec<String> = Vec::new();
        for name in names {
            let name = scalar(name);
            if !once.contains(&name) {
                once.push(name);
            }
        }
        format!("options: [{}]", once.join(", "))
    };
    let from = options(promotions.iter().map(|(from, _)| from.as_str()).collect());
    let to = options(promotions.iter().map(|(_, to)| to.as_str()).collect());
    let elsewhere = if rules == DEFAULT { String::new() } else { format!("      rules: {}\n", scalar(rules)) };
    let text = SHIPPED.replacen(FROM, &from, 1).replacen(TO, &to, 1);
    text.replacen(REASON, &format!("{REASON}{elsewhere}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environments_are_put_into_the_shipped_workflow() {
        let ways = |ways: &[(&str, &str)]| {
            text(&ways.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>(), DEFAULT)
        };
        assert_eq!(ways(&[("dev", "staging"), ("staging", "canary"), ("canary", "production")]), SHIPPED);
        let other = ways(&[("dev", "qa"), ("qa", "prod-eu"), ("qa", "prod-us")]);
        assert!(other.contains("options: [dev, qa]\n"), "{other}");
        assert!(other.contains("options: [qa, prod-eu, prod-us]\n"), "{other}");
        assert_eq!(other.lines().count(), SHIPPED.lines().count());
        let elsewhere = text(&[], "rules/a b.yaml");
        assert!(
            elsewhere.contains("\n      reason: ${{ inputs.reason }}\n      rules: 'rules/a b.yaml'\n"),
            "{elsewhere}"
        );
    }
}
