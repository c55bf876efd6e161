//! The awkward documents × the awkward values, and the laws.

use proptest::prelude::*;

use super::apply::apply;
use super::diff::{Side, diff};
use super::make::{insert_key, remove_key, set};
use super::read::{Standing, standing, value_at};
use super::*;

/// Documents with the place of one scalar: everything that a serializer would lose.
const DOCUMENTS: &[(&str, usize, &str)] = &[
    ("newTag: \"1.10\"   # keep ä\r\nnext: 1\r\n", 0, "newTag"),
    ("images:\n  - {name: app, newTag: \"1.10\"}\n", 0, "images[name=app].newTag"),
    ("{a: {b: 1.10, c: [x, y]}}", 0, "a.b"),
    ("# ünïcödé 🚀\nimages:\n- name: app\n  newTag: '1.10' # c\n", 0, "images[0].newTag"),
    ("\u{feff}tag: v1\nother: 'é'\n", 0, "tag"),
    ("a: &t !!str v1\nb: *t\n", 0, "a"),
    ("base: &b {x: 1}\nmerged: {<<: *b, tag: v1}\n", 0, "merged.tag"),
    ("a: 1\n---\n# second\ntag: v2   \n...\n---\nc: 3\n", 1, "tag"),
    ("---\ntag: \"v1\"", 0, "tag"),
    ("tag: v1", 0, "tag"),
    ("tag:\nnext: 1\n", 0, "tag"),
    ("tag:   # none yet\nnext: 1\n", 0, "tag"),
    ("x: {tag: , b: 1}\n", 0, "x.tag"),
    ("tag: ~\n", 0, "tag"),
    ("tag: ''\n", 0, "tag"),
    ("- 'v1'\n- \"v2\"\n-   v3\n", 0, "[2]"),
    ("\"a.b\": {\"tag\" : \"v1\"}\n", 0, "[\"a.b\"].tag"),
    ("? tag\n: v1\n", 0, "tag"),
    (
        "long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nblock: |\n  tag: no\n\n  x\nfold: >-\n  y\n  z\n\n\ntag: v1\n",
        0,
        "tag",
    ),
    ("%YAML 1.2\n---\ntag: v1\n", 0, "tag"),
    ("multi: a\n  b # c\ntag: \"v\\u0031\"\n", 0, "tag"),
    (
        "spec:\n  containers:\n    - name: app\n      image: registry:5000/app:1.10@sha256:ab # x\n      args: [\"--a\"]\n",
        0,
        "spec.containers[name=app].image",
    ),
];

const VALUES: &[&str] = &[
    "1.20",
    "1e3",
    "0123",
    "on",
    "yes",
    "null",
    "~",
    "a: b",
    "x #y",
    "it's",
    "say \"hi\"",
    "both ' and \"",
    "v1.2.3",
    "3f1c2ab",
    "emoji 🚀",
    "é",
    "back\\slash",
    "- x",
    "[x]",
    "{x}",
    "a,b",
    " lead",
    "trail ",
    "tab\there",
    "line\nbreak",
    "\u{7f}\u{85}\u{2028}\u{feff}",
    "*x",
    "&x",
    "!x",
    "registry:5000/app:1.20@sha256:0a",
    "...",
    "---",
    "%x",
    "@x",
    "`x",
    "a:",
    "#",
    "<<",
    "12:30",
    "2020-01-01",
];

fn edit_in(text: &str, document: usize, selector: &str, change: Change) -> Result<String, EditFault> {
    apply(text, &[Edit { document, selector: selector.to_owned(), change }])
}

#[test]
fn every_awkward_value_fits_every_awkward_document() {
    for (text, document, selector) in DOCUMENTS {
        for value in VALUES {
            let edit =
                set(text, *document, selector, value).unwrap_or_else(|fault| panic!("{text:?} {value:?}: {fault}"));
            let after = apply(text, std::slice::from_ref(&edit)).unwrap();
            assert_eq!(value_at(&after, *document, selector).unwrap().as_deref(), Some(*value), "{after:?}");
            assert_eq!(standing(&after, &edit), Standing::New, "{after:?}");
            assert_eq!(apply(&after, &[reverse(&edit)]).unwrap(), *text, "{after:?}");
            if value_at(text, *document, selector).unwrap().as_deref() != Some(*value) {
                assert_eq!(standing(text, &edit), Standing::Old, "{text:?} {value:?}");
                assert_eq!(apply(&after, &[edit]).unwrap_err().kind, EditFaultKind::Overtaken);
            }
        }
    }
}

#[test]
fn quotes_stay_as_they_are_unless_they_are_needed() {
    for (before, value, after) in [
        ("t: \"1.10\"  # c\r\n", "1.20", "t: \"1.20\"  # c\r\n"),
        ("t: '1.10'", "it's", "t: 'it''s'"),
        ("t: v1.10", "v1.20", "t: v1.20"),
        ("t: v1.10", "1.20", "t: \"1.20\""),
        ("t: 1.10", "1.10", "t: 1.10"),
        ("t:\nu: 1", "1.20", "t: \"1.20\"\nu: 1"),
        ("t:  # c\n", "1.20", "t: \"1.20\"  # c\n"),
        ("t: &a v1\nu: *a\n", "v2", "t: &a v2\nu: *a\n"),
    ] {
        let edit = set(before, 0, "t", value).unwrap();
        assert_eq!(apply(before, &[edit]).unwrap(), after);
    }
}

#[test]
fn what_cannot_be_changed_alone_is_refused_with_a_place() {
    for (text, selector, at, word) in [
        ("a: &t v1\ntag: *t\n", "tag", (2, 6), "alias"),
        ("a: &t {tag: v1}\nb: *t\n", "b.tag", (2, 4), "alias"),
        ("a: &t {tag: v1}\nb: {<<: *t}\n", "b.tag", (2, 5), "merge"),
        ("tag: |\n  v1\n", "tag", (2, 3), "several lines"),
        ("tag: 'v1\n  v2'\n", "tag", (1, 6), "several lines"),
        ("tag: v1\n  v2\n", "tag", (1, 6), "several lines"),
        ("tag: v1\ntag: v2\n", "tag", (2, 1), "repeated"),
        ("a: {tag: v1}\nb: 1\n\"a\": {tag: v2}\n", "a.tag", (3, 1), "repeated"),
        ("tag: [v1]\n", "tag", (1, 6), "list"),
        ("tag: {a: v1}\n", "tag", (1, 6), "mapping"),
        ("image: app:1\n", "image.tag", (1, 8), "not a mapping"),
        ("tag: !!float 1.10\n", "tag", (1, 14), "tag"),
        ("tag: &a\nb: *a\n", "tag", (1, 8), "no value"),
        ("l:\n- {n: a, t: 1}\n- {n: a, t: 2}\n", "l[n=a].t", (3, 3), "several items"),
        ("x: &i {n: a}\nl:\n- *i\n", "l[n=a].n", (3, 3), "alias"),
        ("l:\n  a: 1\n", "l[0]", (2, 3), "not a list"),
    ] {
        let fault = set(text, 0, selector, "v9").unwrap_err();
        assert_eq!((fault.kind, fault.at), (EditFaultKind::Refused, Some(at)), "{text:?}: {fault}");
        assert!(fault.why.contains(word), "{text:?}: {fault}");
        assert!(!fault.hint.is_empty(), "{text:?}: {fault}");
    }
    for (text, selector) in
        [("a: 1\n", "b"), ("", "a"), ("a:\n", "a.b"), ("l: [1]\n", "l[1]"), ("l: [{n: b}]\n", "l[n=a]")]
    {
        assert_eq!(set(text, 0, selector, "v9").unwrap_err().kind, EditFaultKind::Overtaken, "{text:?}");
    }
    assert!(set("a: 1\n", 0, "a", "").unwrap_err().why.contains("empty"));
    assert!(set("a: [1\n", 0, "a", "v9").unwrap_err().why.contains("not YAML"));
}

#[test]
fn keys_come_and_go_without_a_trace() {
    let value = "sha256:0a";
    for (text, parent, after, expected) in [
        (
            "images:\n- name: app\n  newTag: v1\n",
            "images[0]",
            "newTag",
            "images:\n- name: app\n  newTag: v1\n  digest: sha256:0a\n",
        ),
        (
            "images:\n- name: app # c\n\n  newTag: v1\n",
            "images[0]",
            "name",
            "images:\n- name: app # c\n  digest: sha256:0a\n\n  newTag: v1\n",
        ),
        ("- - t: 'v1'\r\n    u: 1\r\n", "[0][0]", "t", "- - t: 'v1'\r\n    digest: 'sha256:0a'\r\n    u: 1\r\n"),
        ("a:\r\n  t: \"v1\"", "a", "t", "a:\r\n  t: \"v1\"\r\n  digest: \"sha256:0a\""),
        ("t: v1", "", "t", "t: v1\ndigest: sha256:0a"),
        ("\u{feff}t: v1\n", "", "t", "\u{feff}t: v1\ndigest: sha256:0a\n"),
        ("t: v1\n---\nu: 1\n", "", "t", "t: v1\ndigest: sha256:0a\n---\nu: 1\n"),
        ("t: v1 # c", "", "t", "t: v1 # c\ndigest: sha256:0a"),
    ] {
        let edit =
            insert_key(text, 0, parent, after, "digest", value).unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
        assert_eq!(standing(text, &edit), Standing::Old);
        let done = apply(text, std::slice::from_ref(&edit)).unwrap();
        assert_eq!(done, expected);
        assert_eq!(standing(&done, &edit), Standing::New);
        assert_eq!(apply(&done, &[reverse(&edit)]).unwrap(), text);
        assert_eq!(standing(&text.replace("v1", "v2"), &edit), Standing::Old);
        let other = done.replace("sha256:0a", "sha256:0b");
        assert_eq!(standing(&other, &edit), Standing::Other("`sha256:0b`".to_owned()));
    }
}

#[test]
fn removed_lines_come_back_to_their_place() {
    for (text, selector, expected) in [
        (
            "- name: a\n  newTag: v1\n  digest: sha256:0a # c\n  x: 1\n",
            "[0].digest",
            "- name: a\n  newTag: v1\n  x: 1\n",
        ),
        ("- name: a\n  # why\n\n  digest: sha256:0a\n- b\n", "[0].digest", "- name: a\n  # why\n\n- b\n"),
        ("t:\n  x: |\n    text\n\n  d: 'e'", "t.d", "t:\n  x: |\n    text\n"),
        ("t: 1\r\nd: e\r\n", "d", "t: 1\r\n"),
        ("t: 1\r\nd: e", "d", "t: 1"),
        ("t: 1\nd:\n", "d", "t: 1\n"),
    ] {
        let edit = remove_key(text, 0, selector).unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
        let done = apply(text, std::slice::from_ref(&edit)).unwrap();
        assert_eq!(done, expected, "{text:?}");
        assert_eq!(standing(&done, &edit), Standing::New);
        let back = apply(&done, &[reverse(&edit)]).unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
        assert_eq!(back, text);
    }
    for (text, selector) in [
        ("- d: 1\n  e: 2\n", "[0].d"),
        ("{a: 1, d: 2}\n", "d"),
        ("a: 1\nd: |\n  x\n", "d"),
        ("a: 1\nd: &x 2\ne: *x\n", "d"),
        ("a: 1\n? d\n: 2\n", "d"),
    ] {
        let fault = remove_key(text, 0, selector).unwrap_err();
        assert_eq!(fault.kind, EditFaultKind::Refused, "{text:?}: {fault}");
        assert!(!fault.hint.is_empty());
    }
}

#[test]
fn an_insert_that_cannot_be_made_says_the_line() {
    for (text, parent, after) in [
        ("a: {t: v1}\n", "a", "t"),
        ("a:\n  t: |\n    v1\n  b: 1\n", "a", "t"),
        ("a:\n  t: v1\n    v2\n", "a", "t"),
        ("a:\n  t: {x: 1}\n", "a", "t"),
        ("a:\r  t: v1\r", "a", "t"),
        ("a:\n  ? t\n  : v1\n", "a", "t"),
    ] {
        let fault = insert_key(text, 0, parent, after, "digest", "sha256:0a").unwrap_err();
        assert!(fault.hint.contains("add `digest: sha256:0a` to `a` by hand"), "{text:?}: {fault} {}", fault.hint);
    }
}

#[test]
fn a_plan_that_was_tampered_with_changes_nothing_else() {
    let text = "t: \"v1\"\nd: 1\n";
    let set_to = |new: &str| edit_in(text, 0, "t", Change::Set { old: "\"v1\"".to_owned(), new: new.to_owned() });
    assert!(set_to("\"v2\"").is_ok());
    for new in [
        "v2\nevil: 1",
        "v2 # c",
        "{evil: 1}",
        "&a v2",
        "!!int 2",
        "|\n  v2",
        "",
        "v2: x",
        "\"v2\" ",
        "*a",
        "'v2",
        "- v2",
    ] {
        assert!(set_to(new).is_err(), "{new:?}");
    }
    let insert = |line: &str| {
        edit_in(text, 0, "digest", Change::InsertKey { after: "t".to_owned(), below: 0, line: line.to_owned() })
    };
    assert!(insert("digest: x\n").is_ok());
    for line in [
        "digest: x",
        "digest: x\nevil: 1\n",
        "evil: 1\n",
        "digest: {evil: 1}\n",
        "  digest: x\n",
        "\n",
        "digest: &a x\n",
    ] {
        assert!(insert(line).is_err(), "{line:?}");
    }
}

#[test]
fn the_diff_is_the_lines_that_changed() {
    let text = "images:\n- name: a\n  newTag: v1 # c\n  digest: d1\n- name: b\n  newTag: v1";
    let edits = [
        set(text, 0, "images[name=a].newTag", "v2").unwrap(),
        remove_key(text, 0, "images[name=a].digest").unwrap(),
        set(text, 0, "images[name=b].newTag", "v3").unwrap(),
        insert_key(text, 0, "images[name=b]", "newTag", "digest", "d9").unwrap(),
    ];
    // The second entry's lines moved, and its edits do not mind.
    let shown: Vec<String> = diff(text, &edits)
        .unwrap()
        .iter()
        .map(|l| {
            let sign = if l.side == Side::Old { '-' } else { '+' };
            format!("{}{sign}{}{}", l.line, l.text, if l.ended { "" } else { "$" })
        })
        .collect();
    assert_eq!(
        shown,
        [
            "3-  newTag: v1 # c",
            "4-  digest: d1",
            "3+  newTag: v2 # c",
            "6-  newTag: v1$",
            "5+  newTag: v3",
            "6+  digest: d9$"
        ]
    );
    assert_eq!(diff(text, &[]).unwrap(), []);
}

proptest! {
    #[test]
    fn undone_is_undone(which in 0..DOCUMENTS.len(), value in "\\PC{1,20}|[ \\t\\n'\"\\\\:#a0.~\u{85}\u{feff}]{1,8}") {
        let (text, document, selector) = DOCUMENTS[which];
        let edit = set(text, document, selector, &value).unwrap();
        let after = apply(text, std::slice::from_ref(&edit)).unwrap();
        prop_assert_eq!(value_at(&after, document, selector).unwrap(), Some(value));
        prop_assert_eq!(apply(&after, &[reverse(&edit)]).unwrap(), text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ \\-a:?#&*!|>'\"\\[\\]{},\r\n\té~]{0,40}", selector in "a|a\\.a|\\[0\\]|a\\[0\\]\\.a|\\[a=a\\]") {
        if let Ok(edit) = set(&text, 0, &selector, "v") {
            let after = apply(&text, std::slice::from_ref(&edit)).unwrap();
            prop_assert_eq!(apply(&after, &[reverse(&edit)]).unwrap(), text.clone());
            prop_assert!(diff(&text, &[edit]).is_ok());
        }
        for edit in [remove_key(&text, 0, &selector), insert_key(&text, 0, "", "a", "k", "v")].into_iter().flatten() {
            let after = apply(&text, std::slice::from_ref(&edit)).unwrap();
            prop_assert_eq!(apply(&after, &[reverse(&edit)]).unwrap(), text.clone());
            prop_assert!(diff(&text, &[edit]).is_ok());
        }
    }
}
