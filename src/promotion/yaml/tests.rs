use proptest::prelude::*;

use super::*;

fn one(text: &str) -> Node {
    let mut documents = parse(text).unwrap();
    assert_eq!(documents.len(), 1, "{text:?}");
    documents.remove(0).root
}

/// Every node under a node, itself first.
fn all(node: &Node) -> Vec<&Node> {
    let mut found = vec![node];
    for (key, value) in node.pairs() {
        found.extend(all(key));
        found.extend(all(value));
    }
    for item in node.items() {
        found.extend(all(item));
    }
    found
}

#[test]
fn scalars_stand_where_they_say() {
    let text = "\u{feff}a: 1\r\nlist:\r\n  - {name: é, tag: \"1.10\"}  # ä\r\n  - &t !!str v1\r\n  - *t\r\n";
    let root = one(text);
    let list = root.get("list").unwrap().items();
    let tag = list[0].get("tag").unwrap();
    assert_eq!((&text[tag.span.clone()], tag.line, tag.column), ("\"1.10\"", 3, 20));
    assert_eq!(tag.as_str(), Some("1.10"));
    assert_eq!(&text[list[1].span.clone()], "v1");
    assert_eq!(list[1].anchor.as_deref(), Some("t"));
    assert_eq!(list[1].tag.as_deref(), Some("tag:yaml.org,2002:str"));
    assert_eq!(list[2].kind, NodeKind::Alias { name: "t".to_owned(), scalar: Some("v1".to_owned()) });
    assert_eq!(&text[root.get("a").unwrap().span.clone()], "1");
}

#[test]
fn anchors_belong_to_their_nodes() {
    let root = one("a: &x {b: *x}\nc: &y\n  - d\ne: &z\nf: &q text\n");
    assert_eq!(root.get("a").unwrap().anchor.as_deref(), Some("x"));
    assert_eq!(root.get("a").unwrap().get("b").unwrap().kind, NodeKind::Alias { name: "x".to_owned(), scalar: None });
    assert_eq!(root.get("c").unwrap().anchor.as_deref(), Some("y"));
    assert_eq!(root.get("c").unwrap().items()[0].anchor, None);
    assert_eq!(root.get("e").unwrap().anchor.as_deref(), Some("z"));
    assert_eq!(root.get("f").unwrap().anchor.as_deref(), Some("q"));
}

#[test]
fn a_value_that_is_left_out_stands_after_its_colon() {
    for (text, key, at, column) in [
        ("a:\nb: 1\n", "a", 2, 3),
        ("a :  \nb: 1\n", "a", 3, 4),
        ("x: {ä: , b: 1}\n", "ä", 7, 7),
        ("\"a\":", "a", 4, 5),
    ] {
        let root = one(text);
        let found = all(&root);
        let place = found.iter().position(|node| node.as_str() == Some(key)).unwrap();
        let value = found[place + 1];
        assert_eq!((value.span.clone(), value.column), (at..at, column), "{text:?}");
        assert!(value.is_null());
        assert_eq!(value.as_str(), Some(""));
    }
    assert!(one("a: ~\n").get("a").unwrap().is_null());
    assert!(!one("a: ''\n").get("a").unwrap().is_null());
    assert!(!one("a: !!str\n").get("a").unwrap().is_null());
}

#[test]
fn documents_are_counted_as_the_text_has_them() {
    assert_eq!(parse("").unwrap().len(), 0);
    assert_eq!(parse("# only a comment\n").unwrap().len(), 0);
    assert_eq!(parse("---\n---\na: 1\n...\n---\nb\n").unwrap().len(), 3);
}

#[test]
fn repeated_keys_are_seen() {
    let root = one("a: 1\nb: 2\n\"a\": 3\na: 4\n");
    let lines: Vec<u32> = root.repeated_keys().iter().map(|key| key.line).collect();
    assert_eq!(lines, [3, 4]);
    assert_eq!(root.get("a").unwrap().as_str(), Some("1"));
}

#[test]
fn faults_have_a_place() {
    for (text, line) in
        [("a: [1\n", 1), ("a: 1\n b: 2\n", 2), ("a: *gone\n", 1), ("a: \"x\n", 2), ("\tb: 1\n\ta: : 2\n", 1)]
    {
        let fault = parse(text).unwrap_err();
        assert_eq!(fault.line, line, "{text:?}: {fault}");
        assert!(fault.column >= 1 && !fault.message.is_empty(), "{text:?}: {fault}");
    }
}

#[test]
fn hostile_texts_are_refused() {
    assert!(parse(&"[".repeat(10_000)).is_err());
    assert!(parse(&"- ".repeat(10_000)).is_err());
    assert!(parse(&(0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>()).is_err());
    assert!(parse(&"- a\n".repeat(MAX_NODES + 1)).unwrap_err().message.contains("more than"));
    assert!(parse(&" ".repeat(MAX_BYTES + 1)).is_err());
    // An alias is a node and nothing more: a bomb does not go off.
    let bomb: String = (1..60).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    assert!(parse(&format!("a0: &a0 x\n{bomb}")).is_ok());
}

const STRINGS: &str = "v1.2.3 1.2.3 1.20-rc1 main 3f1c2ab sha-12 a:b app#1 registry:5000/app:1.20@sha256:ab latest é 🚀 \
    2024-01-02-3f1c 20240102T1212 0x 1e e3 1.2.3+4 nothing 1_a";

const NOT_STRINGS: &str = "1.10 1e3 0123 on ON Yes y N null Null ~ a: -1 +1 1_000 0x1F 0o17 0b11 12:30 12:30:45 1:20.5 _ \
    2020-01-01 2020-1-1T10:00:00Z .5 5. .inf -.INF .NaN = << 12e5 1.5E-3 [a a,b {a #a &a *a !a | > 'a \"a %a @a `a --- ... \
    true FALSE";

#[test]
fn plain_strings_are_strings_for_every_reader() {
    for text in STRINGS.split_whitespace().chain(["a b", "x  y"]) {
        assert!(plain_is_string(text), "{text}");
    }
    let spaced =
        ["", "a: b", "x #y", " a", "a ", "- a", "? a", ": a", "a\nb", "a\tb", "\u{feff}a", "a\u{2028}b", "a\u{85}b"];
    for text in NOT_STRINGS.split_whitespace().chain(spaced) {
        assert!(!plain_is_string(text), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ \\-a-c:?#&*!|>'\"\\[\\]{},\r\n\té🚀~%0-1]{0,60}") {
        if let Ok(documents) = parse(&text) {
            for node in documents.iter().flat_map(|document| all(&document.root)) {
                prop_assert!(text.get(node.span.clone()).is_some(), "{:?} of {:?}", node, text);
            }
        }
    }

    #[test]
    fn no_unicode_makes_it_panic(text in any::<String>()) {
        let _ = parse(&text);
        let _ = plain_is_string(&text);
    }

    #[test]
    fn plain_strings_read_back(text in "[ a-z0-9:#.,+_\\-é]{1,12}") {
        if plain_is_string(&text) {
            for around in [format!("k: {text}\n"), format!("k: {{k: {text}, j: 1}}\n"), format!("k: [{text}]")] {
                let root = one(&around);
                let found = all(&root);
                prop_assert!(found.iter().any(|node| node.as_str() == Some(text.as_str())), "{around:?}");
            }
        }
    }
}
