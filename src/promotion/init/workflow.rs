//! The workflow of a repository whose versions are promoted: the shipped one, with its environments.

/// The workflow that is shipped.
const SHIPPED: &str = include_str!("../../../examples/workflows/promote.yml");
/// The environments in it that a version comes from, and those that it goes to.
const FROM: &str = "options: [dev, staging, canary]";
const TO: &str = "options: [staging, canary, production]";

/// The shipped workflow with the environments of these promotions. Their names are names of the rules, and need no quotes.
pub fn text(promotions: &[(String, String)]) -> String {
    let options = |names: Vec<&str>| {
        let mut once: Vec<String> = Vec::new();
        for name in names {
            // YAML would read a number.
            let number = name.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_'));
            let name = if number { format!("'{name}'") } else { name.to_owned() };
            if !once.contains(&name) {
                once.push(name);
            }
        }
        format!("options: [{}]", once.join(", "))
    };
    let from = options(promotions.iter().map(|(from, _)| from.as_str()).collect());
    let to = options(promotions.iter().map(|(_, to)| to.as_str()).collect());
    SHIPPED.replacen(FROM, &from, 1).replacen(TO, &to, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environments_are_put_into_the_shipped_workflow() {
        let ways = |ways: &[(&str, &str)]| {
            text(&ways.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(ways(&[("dev", "staging"), ("staging", "canary"), ("canary", "production")]), SHIPPED);
        let other = ways(&[("dev", "qa"), ("qa", "prod-eu"), ("qa", "prod-us")]);
        assert!(other.contains("options: [dev, qa]\n"), "{other}");
        assert!(other.contains("options: [qa, prod-eu, prod-us]\n"), "{other}");
        assert_eq!(other.lines().count(), SHIPPED.lines().count());
    }
}
