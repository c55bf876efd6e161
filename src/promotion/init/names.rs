//! Names of environments, as people usually give them, and the order in which a version goes through them.

use crate::promotion::rules::resolve::names::is_name;

/// Usual names, and how far each is from where a version begins. Those of one number stand side by side.
const NAMES: &[(u8, &[&str])] = &[
    (10, &["dev", "develop", "development"]),
    (15, &["int", "integration"]),
    (20, &["test", "testing", "tst", "qa", "sit"]),
    (25, &["uat", "acc", "acceptance"]),
    (30, &["stage", "staging", "stg"]),
    (35, &["preprod", "pre-prod", "preproduction", "pre-production", "pre"]),
    (40, &["canary"]),
    (50, &["prod", "prd", "production", "live"]),
];

/// How far an environment of this name is from where a version begins; `None` if that is no environment's usual name.
/// A region may stand before or behind it: `prod-eu`, `eu-west-1-staging`.
pub fn rank(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase();
    if !is_name(&name) {
        return None;
    }
    let whole = |part: &str| NAMES.iter().find(|(_, names)| names.contains(&part)).map(|(rank, _)| *rank);
    if let Some(rank) = whole(&name) {
        return Some(rank);
    }
    // Long names go first: `pre-prod-eu` is no production.
    let mut names: Vec<(u8, &str)> = NAMES.iter().flat_map(|(rank, names)| names.iter().map(|n| (*rank, *n))).collect();
    names.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
    let bounded = |rest: Option<&str>, at_end: bool| {
        rest.is_some_and(
            |rest| if at_end { rest.ends_with(['-', '_', '.']) } else { rest.starts_with(['-', '_', '.']) },
        )
    };
    // `pre` and `test` alone are common words of other names: `pre-commit`, `load-test`.
    let plain =
        |part: &&(u8, &str)| !matches!(part.1, "pre" | "test" | "testing" | "integration" | "int" | "live" | "acc");
    let found = names
        .iter()
        .filter(plain)
        .find(|(_, known)| bounded(name.strip_prefix(known), false) || bounded(name.strip_suffix(known), true));
    found.map(|(rank, _)| *rank)
}

/// The environment's name in a values file's name: `staging` of `values-staging.yaml`, `values.staging.yaml` and
/// `staging-values.yaml`, also of `staging.yaml` alone.
pub fn in_values_file(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml"))?;
    let rest = stem.strip_prefix("values").map(|rest| rest.trim_start_matches(['-', '.', '_']));
    let rest = rest.or_else(|| stem.strip_suffix("values").map(|rest| rest.trim_end_matches(['-', '.', '_'])));
    let name = rest.unwrap_or(stem);
    rank(name).map(|_| name)
}

/// Whether a path may be written into a file and shown: letters, digits, and signs that mean nothing there.
pub fn is_plain_path(path: &str) -> bool {
    !path.is_empty() && path.chars().all(|c| c.is_alphanumeric() || " ._-/@+=,~#".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_have_an_order() {
        let order = ["dev", "int", "QA", "uat", "staging", "pre-prod", "canary", "production"];
        let ranks: Vec<u8> = order.iter().map(|name| rank(name).unwrap()).collect();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        for (one, other) in [("prod", "production"), ("stage", "staging"), ("test", "qa"), ("prod-eu", "us-prod")] {
            assert_eq!(rank(one), rank(other), "{one} {other}");
        }
        assert_eq!(rank("pre-prod-eu"), rank("preprod"));
        for name in ["", "base", "app", "producer", "devices", "load-test", "pre-commit", "a/dev", "dev\n", "préprod"]
        {
            assert_eq!(rank(name), None, "{name}");
        }
    }

    #[test]
    fn values_files_name_their_environment() {
        for (file, name) in [
            ("values-staging.yaml", Some("staging")),
            ("values.prod.yml", Some("prod")),
            ("dev-values.yaml", Some("dev")),
            ("values.yaml", None),
            ("values-common.yaml", None),
            ("staging.yaml", Some("staging")),
            ("values-staging.txt", None),
        ] {
            assert_eq!(in_values_file(file), name, "{file}");
        }
    }

    #[test]
    fn what_could_mean_something_is_no_plain_path() {
        for path in ["", "a\nb", "a: b", "a{b}", "a*", "a\u{2028}b", "\u{202e}a", "a'b", "a\"b", "a`b"] {
            assert!(!is_plain_path(path), "{path:?}");
        }
        assert!(is_plain_path("k8s/overlays/dev") && is_plain_path("Bericht ä/x.xml"));
    }
}
