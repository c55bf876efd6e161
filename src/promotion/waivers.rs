//! Waivers: what people have decided to accept for a time, with the reason.
//!
//! [`mod@file`] reads them as they are written, [`facts`] are what is known of each, [`Waivers`] are those in force, as the readers of
//! reports ask them, and [`covered`] says in the report what came of each.

pub mod covered;
pub mod facts;
pub mod file;
pub mod lines;

use globset::{Glob, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one waiver names. Everything that it names must fit; one that names nothing fits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waives {
    /// The finding's id, one of its aliases, or its rule; compared without case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A glob over the path of the finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The package, with or without `@version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The name of a test as it is shown; may hold `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// A gate, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
}

/// A finding, as far as waivers look at it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// Its ids: the rule, the advisory, its aliases.
    pub ids: &'a [&'a str],
    /// Where it is.
    pub path: &'a str,
    /// The package, and its version; empty where it is about code.
    pub package: (&'a str, &'a str),
}

/// The waivers that are in force, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    list: Vec<Ready>,
}

#[derive(Debug, Clone)]
struct Ready {
    label: String,
    waives: Waives,
    path: Option<GlobMatcher>,
    test: Option<GlobMatcher>,
}

impl Waivers {
    /// Makes them ready. `label` is the place of each, as it is shown: `promotion/waivers.yaml:4`. A glob that is none fits nothing.
    pub fn new(list: impl IntoIterator<Item = (String, Waives)>) -> Self {
        let ready = |(label, waives): (String, Waives)| {
            let matcher = |glob: &Option<String>| match glob {
                None => Ok(None),
                Some(glob) => Glob::new(glob).map(|glob| Some(glob.compile_matcher())),
            };
            let (path, test) = (matcher(&waives.path).ok()?, matcher(&waives.test).ok()?);
            Some(Ready { label, waives, path, test })
        };
        Self { list: list.into_iter().filter_map(ready).collect() }
    }

    /// The label of the first waiver that names this finding.
    pub fn finding(&self, finding: &Named<'_>) -> Option<&str> {
        let fits = |ready: &&Ready| {
            let Waives { id, path, package, test, gate } = &ready.waives;
            let names_a_finding = id.is_some() || package.is_some() || path.is_some();
            let id = id.as_ref().is_none_or(|id| finding.ids.iter().any(|other| other.eq_ignore_ascii_case(id)));
            let path = path.is_none() || ready.path.as_ref().is_some_and(|glob| glob.is_match(finding.path));
            let package = package.as_ref().is_none_or(|package| is_package(package, finding.package));
            names_a_finding && test.is_none() && gate.is_none() && id && path && package
        };
        self.list.iter().find(fits).map(|ready| ready.label.as_str())
    }

    /// The label of the first waiver that names this test.
    pub fn test(&self, name: &str) -> Option<&str> {
        let fits = |ready: &&Ready| ready.test.as_ref().is_some_and(|glob| glob.is_match(name));
        self.list.iter().find(fits).map(|ready| ready.label.as_str())
    }

    /// Whether no waiver is in force.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Waives {
    /// What it names, in words: `finding CVE-2026-1 in package lodash`, `test checkout*`, `gate security.high`.
    pub fn words(&self) -> String {
        if let Some(gate) = &self.gate {
            return format!("gate {gate}");
        }
        if let Some(test) = &self.test {
            return format!("test {test}");
        }
        let first = self.id.as_ref().map_or_else(|| "every finding".to_owned(), |id| format!("finding {id}"));
        let part = |of: &str, named: &Option<String>| named.as_ref().map(|named| format!(" in {of} {named}"));
        let parts = [part("package", &self.package), part("path", &self.path)];
        std::iter::once(first).chain(parts.into_iter().flatten()).collect()
    }
}

/// Whether a text can be read as a glob.
pub fn is_glob(text: &str) -> bool {
    Glob::new(text).is_ok()
}

/// Whether `name` or `name@version` is this package.
fn is_package(wanted: &str, (name, version): (&str, &str)) -> bool {
    if name.is_empty() {
        return false;
    }
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    match wanted.rsplit_once('@') {
        Some((package, wanted)) if !package.is_empty() => {
            (same(package) && wanted == version) || same(&format!("{package}@{wanted}"))
        }
        _ => same(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waivers(waives: Waives) -> Waivers {
        Waivers::new([("w:1".to_owned(), waives)])
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn everything_that_is_named_must_fit() {
        let finding =
            Named { ids: &["CVE-2026-1", "GHSA-aaaa"], path: "src/a/b.js", package: ("@scope/lodash", "4.17.20") };
        for (waives, fits) in [
            (Waives { id: some("ghsa-AAAA"), ..Waives::default() }, true),
            (Waives { id: some("CVE-2026-2"), ..Waives::default() }, false),
            (Waives { id: some("CVE-2026-1"), path: some("src/**/*.js"), ..Waives::default() }, true),
            (Waives { id: some("CVE-2026-1"), path: some("lib/**"), ..Waives::default() }, false),
            (Waives { package: some("@scope/lodash"), ..Waives::default() }, true),
            (Waives { package: some("@scope/lodash@4.17.20"), ..Waives::default() }, true),
            (Waives { package: some("@scope/lodash@4.17.21"), ..Waives::default() }, false),
            (Waives { package: some("lodash"), ..Waives::default() }, false),
            (Waives { id: some("CVE-2026-1"), test: some("*"), ..Waives::default() }, false),
            (Waives::default(), false),
        ] {
            assert_eq!(waivers(waives.clone()).finding(&finding).is_some(), fits, "{waives:?}");
        }
    }

    #[test]
    fn tests_are_named_as_they_are_shown() {
        let all = waivers(Waives { test: some("checkout.spec › pays *"), ..Waives::default() });
        assert_eq!(all.test("checkout.spec › pays with a saved card"), Some("w:1"));
        assert_eq!(all.test("checkout.spec › refunds"), None);
    }
}
