//! Package URLs (ECMA-427, `pkg:type/namespace/name@version?qualifiers#subpath`), as far as findings need them.

/// A package, by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purl {
    /// The ecosystem: `npm`.
    pub(super) kind: String,
    /// The name as the ecosystem's own tools write it, with its namespace where they do: `org.apache:log4j`, `@scope/name`.
    pub(super) name: String,
    /// The version; empty for none.
    pub(super) version: String,
}

impl Purl {
    /// Reads one; what is none is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split(['?', '#']).next()?;
        let (kind, path) = rest.split_once('/')?;
        // A scope may stand as it is: only an `@` behind the last slash begins a version.
        let last = path.rfind('/').map_or(0, |slash| slash + 1);
        let at = path.get(last..)?.rfind('@').map(|at| last + at).filter(|at| *at > 0);
        let (path, version) = at.and_then(|at| Some((path.get(..at)?, path.get(at + 1..)?))).unwrap_or((path, ""));
        let (space, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path));
        let (kind, space, name) = (kind.to_ascii_lowercase(), decoded(space), decoded(name));
        let name = match kind.as_str() {
            _ if space.is_empty() => name,
            "maven" => format!("{space}:{name}"),
            // Distributions: the namespace is theirs, not the package's.
            "deb" | "rpm" | "apk" | "alpm" | "oci" | "docker" => name,
            _ => format!("{space}/{name}"),
        };
        (!name.is_empty()).then(|| Self { kind, name, version: decoded(version) })
    }
}

/// With `%40` as `@`; what is not encoded well stays as it is.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let encoded = after.get(..2).filter(|_| *byte == b'%').and_then(|digits| hex::decode(digits).ok());
        match encoded.as_deref() {
            Some([decoded]) => {
                out.push(*decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_ecosystem() {
        for (text, kind, name, version) in [
            ("pkg:npm/lodash@4.17.20", "npm", "lodash", "4.17.20"),
            ("pkg:npm/%40scope/name@1.0.0?vcs_url=a@b", "npm", "@scope/name", "1.0.0"),
            ("pkg:npm/@scope/name", "npm", "@scope/name", ""),
            ("pkg:maven/org.apache.logging/log4j-core@2.14.1", "maven", "org.apache.logging:log4j-core", "2.14.1"),
            ("pkg:golang/github.com/a/b@v1.2.3#sub", "golang", "github.com/a/b", "v1.2.3"),
            ("pkg:deb/debian/libc6@2.28-10%2Bdeb1?arch=amd64", "deb", "libc6", "2.28-10+deb1"),
            ("pkg:oci/alpine@sha256%3Aabc?arch=amd64", "oci", "alpine", "sha256:abc"),
            ("pkg:PyPI/django@1.11", "pypi", "django", "1.11"),
            ("pkg:npm/a%zz@1", "npm", "a%zz", "1"),
        ] {
            let wanted = Purl { kind: kind.to_owned(), name: name.to_owned(), version: version.to_owned() };
            assert_eq!(Purl::read(text), Some(wanted), "{text}");
        }
        for text in ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/lodash@1", "pkg:npm/ä%"] {
            assert!(Purl::read(text).is_none_or(|purl| purl.name == "ä%"), "{text}");
        }
    }
}
