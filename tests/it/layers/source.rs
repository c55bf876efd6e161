//! Rust text as far as the rules about the house need it: without comments, strings and tests, and as paths.

/// The same text with comments, strings and characters blanked out: every line stays where it is.
pub(crate) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = end_of_opaque(bytes, at);
        if end == at {
            at += 1;
            continue;
        }
        for byte in &mut out[at..end.min(bytes.len())] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the comment, string or character that starts here ends; the same place if none does.
fn end_of_opaque(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let name_before = at > 0 && is_name(bytes[at - 1]);
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + end_of_block(rest),
        [b'"', ..] => at + end_of_quoted(rest, b'"'),
        [b'\'', b'\\', ..] => at + end_of_quoted(rest, b'\''),
        [b'\'', ..] => at + end_of_char(rest),
        [b'r', ..] | [b'b', b'r', ..] if !name_before => at + end_of_raw(rest),
        _ => at,
    }
}

fn end_of_block(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// `'x'` is a character, `'x` a lifetime: a character's closing quote stands within its four bytes at most.
fn end_of_char(rest: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&rest[1..rest.len().min(6)]);
    let Some(first) = text.chars().next() else { return 0 };
    let end = 1 + first.len_utf8();
    if rest.get(end) == Some(&b'\'') { end + 1 } else { 0 }
}

fn end_of_raw(rest: &[u8]) -> usize {
    let start = rest.iter().position(|b| *b == b'r').unwrap_or(0) + 1;
    let hashes = rest[start..].iter().take_while(|b| **b == b'#').count();
    if rest.get(start + hashes) != Some(&b'"') {
        return 0;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let body = start + hashes + 1;
    let length = rest[body..].windows(close.len()).position(|window| window == close);
    length.map_or(rest.len(), |length| body + length + close.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The code without what `#[cfg(test)]` stands before.
pub(crate) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::new();
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        out.push_str(&rest[..start]);
        let skipped = &rest[start..start + end_of_item(&rest[start..])];
        out.extend(skipped.chars().filter(|c| *c == '\n'));
        rest = &rest[start + skipped.len()..];
    }
    out + rest
}

/// Where the item ends that starts here: after its `;`, or after the brace that closes its first.
fn end_of_item(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Every path in the code that starts with one of the names, with its line; groups are spelled out.
pub(crate) fn paths(code: &str, roots: &[String]) -> Vec<(usize, Vec<String>)> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for root in roots {
        for (at, _) in code.match_indices(root.as_str()) {
            let end = at + root.len();
            let before = code[..at].strip_suffix("::").unwrap_or("");
            let inside = before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '>'));
            if inside || (at > 0 && is_name(bytes[at - 1])) || !code[end..].trim_start().starts_with("::") {
                continue;
            }
            let line = 1 + code[..at].matches('\n').count();
            let mut tails = Vec::new();
            tree(code[end..].trim_start(), std::slice::from_ref(root), &mut tails);
            found.extend(tails.into_iter().map(|path| (line, path)));
        }
    }
    found.sort();
    found
}

/// Reads what follows a segment (`::a::{b, c::d}`), adds each whole path, and gives back what comes after.
fn tree<'a>(text: &'a str, prefix: &[String], out: &mut Vec<Vec<String>>) -> &'a str {
    let Some(rest) = text.strip_prefix("::") else {
        out.push(prefix.to_vec());
        return text;
    };
    let rest = rest.trim_start();
    if let Some(mut group) = rest.strip_prefix('{') {
        loop {
            group = group.trim_start().trim_start_matches(',').trim_start();
            if group.is_empty() {
                return group;
            }
            if let Some(after) = group.strip_prefix('}') {
                return after;
            }
            group = segment(group, prefix, out);
            // What stands between an entry and the next comma is a rename: `a as b`.
            let comma = group.find([',', '}']).unwrap_or(group.len());
            group = &group[comma..];
        }
    }
    segment(rest, prefix, out)
}

fn segment<'a>(text: &'a str, prefix: &[String], out: &mut Vec<Vec<String>>) -> &'a str {
    let length = text.bytes().take_while(|byte| is_name(*byte)).count();
    let (name, rest) = text.split_at(length);
    let mut path = prefix.to_vec();
    match name {
        // `a::*`, `a::<T>` and `a::{self}` are `a`.
        "" | "self" => {
            out.push(path);
            rest
        }
        _ => {
            path.push(name.to_owned());
            tree(rest.trim_start(), &path, out)
        }
    }
}

/// Whether a name stands in the code as a word of its own; with its line.
pub(crate) fn words(code: &str, name: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let start = name.bytes().next().is_some_and(is_name);
    let end = name.bytes().last().is_some_and(is_name);
    code.match_indices(name)
        .filter(|(at, _)| !(start && *at > 0 && is_name(bytes[at - 1])))
        .filter(|(at, _)| !(end && bytes.get(at + name.len()).copied().is_some_and(is_name)))
        .map(|(at, _)| 1 + code[..at].matches('\n').count())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{code, paths, without_tests, words};

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        for (text, kept) in [
            ("a // crate::x\nb", "a b"),
            ("a /* x /* y */ z */ b", "a b"),
            (r#"f("crate::x \" y") + 1"#, "f( ) + 1"),
            (r##"f(r#"a " b"#) + 1"##, "f( ) + 1"),
            ("f(b\"x\", 'a', '\\'', '\"')", "f(b , , , )"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("for r in 'é'..='z' {}", "for r in ..= {}"),
        ] {
            let bare = code(text);
            assert_eq!(bare.len(), text.len());
            assert_eq!(bare.split_whitespace().collect::<Vec<_>>().join(" "), kept);
        }
    }

    #[test]
    fn tests_are_cut_and_lines_stay() {
        let text =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { c() }\n}\nfn d() {}\n#[cfg(test)]\nmod more;\nfn e() {}";
        assert_eq!(without_tests(text), "fn a() {}\n\n\n\n\nfn d() {}\n\n\nfn e() {}");
    }

    #[test]
    fn paths_are_spelled_out() {
        let text = "use crate::a::{self, b::C, d::{E as F, G}};\nlet x: Vec<crate::h::I> = $crate::j::K::<u8>::new();\nuse crate::l::*;\nfn f(x: mycrate::a::B) { other::crate_::x() }";
        let found: Vec<(usize, String)> =
            paths(text, &["crate".to_owned()]).into_iter().map(|(line, path)| (line, path.join("::"))).collect();
        let wanted = [
            (1, "crate::a"),
            (1, "crate::a::b::C"),
            (1, "crate::a::d::E"),
            (1, "crate::a::d::G"),
            (2, "crate::h::I"),
            (2, "crate::j::K"),
            (3, "crate::l"),
        ];
        assert_eq!(found, wanted.map(|(line, path)| (line, path.to_owned())));
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("Instant InstantX\nmy_Instant Instant::now", "Instant"), [1, 2]);
        assert_eq!(words("a.expose(b) .expose_all(", ".expose("), [1]);
    }
}
