//! Routes below the API's address: every part of them is encoded, so that a name is never more than a name.

use std::fmt::Write as _;

/// A path of segments: `["repos", "acme", "app", "environments", "a/b"]` is `/repos/acme/app/environments/a%2Fb`.
pub fn path(segments: &[&str]) -> String {
    segments.iter().fold(String::new(), |mut path, segment| {
        path.push('/');
        match *segment {
            // Clients and servers resolve these even when they are encoded once; encoded twice they name nothing.
            "." => path.push_str("%252E"),
            ".." => path.push_str("%252E%252E"),
            segment => encode(&mut path, segment),
        }
        path
    })
}

/// A route with its query; absent pairs leave it as it is.
pub(super) fn with_query(route: &str, query: &[(&str, &str)]) -> String {
    let mut whole = route.to_owned();
    for (name, value) in query {
        whole.push(if whole.contains('?') { '&' } else { '?' });
        encode(&mut whole, name);
        whole.push('=');
        encode(&mut whole, value);
    }
    whole
}

fn encode(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => into.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_more_than_a_name() {
        for (name, encoded) in [
            ("production", "production"),
            ("release/eu", "release%2Feu"),
            ("a b?c#d%2F&ü", "a%20b%3Fc%23d%252F%26%C3%BC"),
            ("..", "%252E%252E"),
            (".", "%252E"),
            ("...", "..."),
            ("\r\nx", "%0D%0Ax"),
        ] {
            assert_eq!(path(&["environments", name]), format!("/environments/{encoded}"));
        }
    }

    #[test]
    fn a_query_is_added_to_what_is_there() {
        assert_eq!(with_query("/a", &[]), "/a");
        assert_eq!(with_query("/a", &[("ref", "refs/heads/x"), ("q", "1&2")]), "/a?ref=refs%2Fheads%2Fx&q=1%262");
        assert_eq!(with_query("/a?b=c", &[("page", "2")]), "/a?b=c&page=2");
    }
}
