//! Where bundles go: directories with placeholders, which no name or version can lead out of.

use crate::promotion::image::ImageRef;
use crate::promotion::request::Request;

/// What may stand in braces.
pub const PLACEHOLDERS: [&str; 4] = ["version", "service", "environment", "id"];
/// The longest that a filled-in word becomes: file systems end at 255 bytes for a name.
const LONGEST: usize = 100;

/// The first word in braces that is no placeholder; braces that are not closed are one too.
pub fn unknown(pattern: &str) -> Option<String> {
    pattern.split('{').skip(1).find_map(|part| match part.split_once('}') {
        Some((word, _)) if PLACEHOLDERS.contains(&word) => None,
        Some((word, _)) => Some(word.to_owned()),
        None => Some(part.to_owned()),
    })
}

/// The directory of one promotion's bundle. Where the pattern does not say `{id}`, the bundle has a folder of its own in it, so
/// that two promotions of one version do not meet.
pub fn directory(pattern: &str, request: &Request, id: &str) -> String {
    let versions: Vec<String> = request.images.iter().map(|wanted| version(&wanted.new)).collect();
    let filled = pattern
        .replace("{version}", &word(&versions.join("_")))
        .replace("{service}", &word(&request.service))
        .replace("{environment}", &word(&request.to))
        .replace("{id}", &word(id));
    if pattern.contains("{id}") { filled } else { format!("{}/{}", filled.trim_end_matches('/'), word(id)) }
}

fn version(image: &ImageRef) -> String {
    image.version()
}

/// A text as one part of a path: no separator, nothing that a shell or a file system reads as something else, never `.` or
/// `..`, never hidden, never empty.
fn word(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+') { c } else { '-' };
    let mut word: String = text.chars().take(LONGEST).map(plain).collect();
    if word.is_empty() || word.starts_with(['.', '-']) {
        word.insert(0, '_');
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::request::{RequestKind, Wanted};

    fn request(tag: &str) -> Request {
        let old = ImageRef::parse("registry.example.com/app:1.10").unwrap();
        let new = ImageRef { tag: Some(tag.to_owned()), ..old.clone() };
        Request {
            service: "app".to_owned(),
            kind: RequestKind::Promotion,
            from: "dev".to_owned(),
            to: "staging".to_owned(),
            images: vec![Wanted { old, new }],
            previous: String::new(),
            reason: None,
        }
    }

    #[test]
    fn placeholders_are_filled_in_and_a_bundle_has_its_own_folder() {
        for (pattern, filled) in [
            ("TEST/release/{version}", "TEST/release/1.20/ID"),
            ("audit/", "audit/ID"),
            ("{service}/{environment}/{id}-{version}", "app/staging/ID-1.20"),
        ] {
            assert_eq!(directory(pattern, &request("1.20"), "ID"), filled);
        }
    }

    #[test]
    fn no_version_leads_out() {
        for (tag, part) in [
            ("..", "_.."),
            (".", "_."),
            ("", "_"),
            ("../../etc", "_..-..-etc"),
            ("/etc", "_-etc"),
            ("a\\b\0c d", "a-b-c-d"),
            ("{id}", "_-id-"),
            (".hidden", "_.hidden"),
        ] {
            let found = directory("out/{version}/x", &request(tag), "ID");
            let inner = found.strip_prefix("out/").and_then(|rest| rest.strip_suffix("/x/ID")).unwrap();
            assert_eq!(inner, part, "{tag}");
        }
        assert!(directory("{version}", &request(&"9".repeat(500)), "ID").len() < 120);
    }

    #[test]
    fn only_known_words_stand_in_braces() {
        assert_eq!(unknown("a/{version}/{service}/{environment}/{id}"), None);
        assert_eq!(unknown("a/{commit}"), Some("commit".to_owned()));
        assert_eq!(unknown("a/{version"), Some("version".to_owned()));
    }
}
