//! Whole targets: what is read, what is matched, what is written.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::kustomize::local_bases;
use super::select::{pair, read};
use super::write::{edits, promoted};
use super::*;
use crate::promotion::edit::apply::apply;
use crate::promotion::edit::reverse;
use crate::promotion::rules::ImageRule;

const D1: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const D2: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn target(files: &[(&str, &str)]) -> Snapshot {
    Snapshot {
        repository: "acme/gitops".to_owned(),
        branch: "main".to_owned(),
        commit: "0".repeat(40),
        path: "k8s/staging".to_owned(),
        files: files.iter().map(|(name, text)| (format!("k8s/staging/{name}"), (*text).to_owned())).collect(),
        trees: BTreeMap::new(),
        releases: None,
    }
}

/// A kustomization with this entry for `app`.
fn kustomization(entry: &str) -> Snapshot {
    target(&[("kustomization.yaml", &format!("resources: [../base]\nimages:\n- name: other\n  newTag: x\n{entry}"))])
}

fn rule(name: &str) -> ImageRule {
    ImageRule { name: name.to_owned(), file: None, tag: None, digest: None, repository: None }
}

fn values_rule(tag: Option<&str>, digest: Option<&str>, repository: Option<&str>) -> ImageRule {
    ImageRule {
        file: Some("values.yaml".to_owned()),
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
        repository: repository.map(str::to_owned),
        ..rule("app")
    }
}

fn image(tag: Option<&str>, digest: Option<&str>) -> ImageRef {
    ImageRef {
        name: "app".to_owned(),
        repository: None,
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    }
}

/// Promotes into the target, checks the laws, and hands back the files.
fn promote(to: &Snapshot, images: &[ImageRule], source: &ImageRef) -> Result<Snapshot, EditFault> {
    let pin = read(to, "app", images).unwrap().remove(0);
    let new = promoted(source, &pin);
    let files = edits(to, &[(&pin, &new)])?;
    let mut after = to.clone();
    for file in &files {
        let text = &to.files[&file.path];
        let done = apply(text, &file.edits).unwrap();
        let undo: Vec<_> = file.edits.iter().rev().map(reverse).collect();
        assert_eq!(apply(&done, &undo).unwrap(), *text, "undone is undone");
        after.files.insert(file.path.clone(), done);
    }
    let again = read(&after, "app", images).unwrap().remove(0);
    assert_eq!(again.image, new, "it reads as it was written");
    assert_eq!(edits(&after, &[(&again, &new)]).unwrap(), [], "it stands already");
    Ok(after)
}

#[test]
fn kustomize_entries_keep_their_shape() {
    let (d1, d2) = (format!("  digest: {D1}\n"), format!("  digest: {D2}\n"));
    for (entry, source, expected) in [
        (
            "- name: app\n  newTag: \"1.10\" # c\n",
            image(Some("1.20"), None),
            "- name: app\n  newTag: \"1.20\" # c\n".to_owned(),
        ),
        // The source's digest comes along, below the tag.
        ("- name: app\n  newTag: v1\n", image(Some("v2"), Some(D2)), format!("- name: app\n  newTag: v2\n{d2}")),
        // A digest alone stays alone.
        (&format!("- name: app\n{d1}"), image(Some("v2"), Some(D2)), format!("- name: app\n{d2}")),
        // A digest without a successor must go, or it would pin the old version.
        (
            &format!("- name: app\n  newTag: v1\n{d1}"),
            image(Some("v2"), None),
            "- name: app\n  newTag: v2\n".to_owned(),
        ),
        (&format!("- name: app\n{d1}"), image(Some("v2"), None), "- name: app\n  newTag: v2\n".to_owned()),
        (
            &format!("- name: app\n{d1}  newTag: v1\n"),
            image(Some("v2"), Some(D2)),
            format!("- name: app\n{d2}  newTag: v2\n"),
        ),
        // A tag without a successor says the wrong thing.
        ("- name: app\n  newTag: v1\n", image(None, Some(D2)), format!("- name: app\n{d2}")),
        // Nothing is pinned yet; a new name stays.
        (
            "- name: app\n  newName: mirror/app\n",
            image(Some("v2"), None),
            "- name: app\n  newName: mirror/app\n  newTag: v2\n".to_owned(),
        ),
        (
            "- newName: mirror/app\n  name: app",
            image(Some("on"), None),
            "- newName: mirror/app\n  newTag: \"on\"\n  name: app".to_owned(),
        ),
        ("- {name: app, newTag: v1}\n", image(Some("1e3"), None), "- {name: app, newTag: \"1e3\"}\n".to_owned()),
        ("- name: app\n  newTag: ''\n", image(Some("v2"), None), "- name: app\n  newTag: 'v2'\n".to_owned()),
    ] {
        let before = kustomization(entry);
        let after = promote(&before, &[], &source).unwrap_or_else(|fault| panic!("{entry}: {fault}"));
        assert_eq!(after.files, kustomization(&expected).files);
    }
}

#[test]
fn what_a_kustomization_cannot_hold_is_refused() {
    for (entry, source, word) in [
        ("- {name: app, newTag: v1}\n", image(Some("v2"), Some(D2)), "braces"),
        ("- newTag: v1\n  name: app\n", image(None, Some(D2)), "first key"),
        ("- name: app\n  newTag: v1\n", image(None, None), "neither tag nor digest"),
        ("- name: app\n  newTag: v1\n", image(Some(""), None), "neither tag nor digest"),
        ("- name: app\n  newName: &t v1\n  newTag: *t\n", image(Some("v2"), None), "alias"),
    ] {
        let fault = promote(&kustomization(entry), &[], &source).unwrap_err();
        assert!(fault.why.contains(word), "{entry}: {fault}");
        assert!(!fault.hint.is_empty(), "{entry}");
    }
    let twice = kustomization("- name: app\n  newTag: v1\n- name: app\n  newTag: v2\n");
    let fault = read(&twice, "app", &[]).unwrap_err();
    assert!(fault.why.contains("kustomization.yaml:7") && fault.why.contains("on line 5"), "{fault}");
    // The same fault in an entry that is not promoted does not matter.
    assert_eq!(read(&twice, "other", &[]).unwrap()[0].image.tag.as_deref(), Some("x"));
}

#[test]
fn values_files_hold_what_the_rules_name() {
    let text = "image:\r\n  repository: reg/app # c\r\n  tag: \"1.10\"\r\n  digest: \"\"\r\n";
    let before = target(&[("values.yaml", text), ("broken.yaml", "{{ not yaml }}: [")]);
    let (tag, digest, repository) = (Some("image.tag"), Some("image.digest"), Some("image.repository"));
    let source = ImageRef { repository: Some("other/app".to_owned()), ..image(Some("1.20"), Some(D2)) };
    for (rule, expected) in [
        (values_rule(tag, None, None), text.replace("1.10", "1.20")),
        (
            values_rule(tag, digest, None),
            text.replace("1.10", "1.20").replace("digest: \"\"", &format!("digest: \"{D2}\"")),
        ),
        (values_rule(tag, None, repository), text.replace("1.10", "1.20").replace("reg/app", "other/app")),
        (values_rule(None, digest, None), text.replace("digest: \"\"", &format!("digest: \"{D2}\""))),
    ] {
        let after = promote(&before, &[rule], &source).unwrap();
        assert_eq!(after.files["k8s/staging/values.yaml"], expected);
    }
    // A missing digest is written below the tag; one that is stale goes.
    let bare = target(&[("values.yaml", "image:\n  tag: v1\n")]);
    let rules = [values_rule(tag, digest, None)];
    let full = promote(&bare, &rules, &source).unwrap();
    assert_eq!(
        full.files["k8s/staging/values.yaml"],
        format!("image:\n  tag: \"1.20\"\n  digest: \"{D2}\"\n"),
        "quoted like its sibling"
    );
    let less = promote(&full, &rules, &image(Some("v1"), None)).unwrap();
    assert_eq!(less.files["k8s/staging/values.yaml"], "image:\n  tag: \"v1\"\n");
    // Without a place for it, it is not made up.
    let fault = promote(&bare, &[values_rule(tag, Some("other.digest"), None)], &source).unwrap_err();
    assert!(fault.why.contains("there is no `other.digest`"), "{fault}");
    for (rule, word) in [
        (ImageRule { file: Some("gone.yaml".to_owned()), ..values_rule(tag, None, None) }, "gone.yaml does not exist"),
        (values_rule(Some("a..b"), None, None), "not a path"),
        (values_rule(None, None, repository), "no path in it"),
        (values_rule(Some("image"), None, None), "a mapping here, not text"),
    ] {
        let fault = read(&before, "app", &[rule]).unwrap_err();
        assert!(fault.why.contains(word), "{fault}");
    }
}

const MANIFESTS: &str = "apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers:
      - name: migrate
        image: reg:5000/team/app:1.10
      containers:
      - name: app
        image: \"reg:5000/team/app:1.10\"  # main
      - name: proxy
        image: envoy:v1
---
# a list
kind: List
items:
- kind: CronJob
  spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: reg:5000/team/app:1.10}]}}}}}
- kind: Service
  spec: {containers: [{image: reg:5000/team/app:1.10}]}
";

#[test]
fn every_place_of_a_manifest_moves() {
    let pod = "kind: Pod\nspec:\n  containers:\n  - image: envoy:v2\n  - image: reg:5000/team/app:1.10\n";
    let before = target(&[("all.yaml", MANIFESTS), ("pod.yml", pod)]);
    let pin = read(&before, "app", &[]).unwrap().remove(0);
    assert_eq!((pin.image.to_string().as_str(), pin.places.len()), ("reg:5000/team/app:1.10", 4));
    let source = ImageRef { repository: Some("other/app".to_owned()), ..image(Some("1.20"), Some(D2)) };
    let after = promote(&before, &[], &source).unwrap();
    let all = MANIFESTS.replacen("app:1.10", &format!("app:1.20@{D2}"), 3);
    assert_eq!(after.files["k8s/staging/all.yaml"], all, "and the service has no containers");
    assert_eq!(after.files["k8s/staging/pod.yml"], pod.replace("app:1.10", &format!("app:1.20@{D2}")));
    let back = promote(&after, &[rule("app")], &image(Some("1.10"), None)).unwrap();
    assert_eq!(back.files, before.files);
    // Another image disagrees with itself: no matter, unless it is the one.
    let fault = read(&before, "envoy", &[]).unwrap_err();
    assert!(fault.why.contains("pod.yml:4 pins envoy:v2, but k8s/staging/all.yaml:13 pins envoy:v1"), "{fault}");
}

#[test]
fn images_behind_aliases_and_merges_are_not_passed_over() {
    for text in [
        "kind: Pod\nx: &c\n  image: app:1\nspec:\n  containers:\n  - <<: *c\n",
        "kind: Pod\nx: &c\n- image: app:1\nspec:\n  containers: *c\n",
        "kind: Pod\nx: &c {image: app:1}\nspec:\n  containers:\n  - *c\n",
        "kind: Pod\nx: &c {containers: [{image: app:1}]}\nspec: *c\n",
        "kind: Pod\nspec: {containers: [{image: '{{ .Values.image }}'}]}\n",
    ] {
        let other = "kind: Pod\nspec: {containers: [{image: app:1}]}\n";
        let fault = read(&target(&[("a.yaml", other), ("pod.yaml", text)]), "app", &[]).unwrap_err();
        assert!(fault.why.contains("pod.yaml:") && !fault.hint.is_empty(), "{text}: {fault}");
    }
}

#[test]
fn an_entry_goes_before_the_manifest_that_it_sets() {
    let manifest = "kind: Pod\nspec: {containers: [{image: app}, {image: side:1}]}\n";
    let unused = "kind: Pod\nspec: {containers: [{image: other:1}]}\n";
    let kustomization = "resources:\n- ./pod.yaml\nimages:\n- name: app\n  newTag: v1\n";
    let files = [("kustomization.yaml", kustomization), ("pod.yaml", manifest), ("unused.yaml", unused)];
    let snapshot = target(&files);
    assert!(matches!(read(&snapshot, "app", &[]).unwrap()[0].places[0].form, Form::Kustomize(_)));
    assert_eq!(read(&snapshot, "x", &[rule("side")]).unwrap()[0].image.to_string(), "side:1");
    assert_eq!(read(&snapshot, "x", &[]).unwrap()[0].image.name, "app", "the only entry");
    assert_eq!(read(&snapshot, "x", &[rule("other")]).unwrap_err().candidates, ["app", "side"]);
}

fn images(names: &[&str]) -> Snapshot {
    let entries: String = names.iter().map(|name| format!("- name: {name}\n  newTag: v1\n")).collect();
    target(&[("kustomization.yaml", &format!("images:\n{entries}"))])
}

#[test]
fn images_are_matched_by_name() {
    for (source, to, service, expected) in [
        (&["app", "b"][..], &["b", "app"][..], "app", ("app", "app")),
        (&["reg/app", "b"], &["mirror.io/x/app"], "app", ("reg/app", "mirror.io/x/app")),
        (&["reg/app", "app"], &["app"], "app", ("app", "app")),
        (&["a", "b"], &["b", "c"], "app", ("b", "b")),
        (&["a"], &["x/a"], "app", ("a", "x/a")),
        (&["App"], &["app"], "app", ("App", "app")),
    ] {
        let pairs = pair((&images(source), &[]), (&images(to), &[]), service).unwrap();
        let names: Vec<_> =
            pairs.iter().map(|p| (p.source.image.name.as_str(), p.target.image.name.as_str())).collect();
        assert_eq!(names, [expected]);
    }
}

#[test]
fn what_cannot_be_told_is_asked_with_the_candidates() {
    for (source, to, word, candidates) in [
        (&["a", "b"][..], &["b", "a"][..], "2 images in common", &["a", "b"][..]),
        (&["a"], &["b"], "no image in common", &["a", "b"]),
        (&["app"], &["b", "c"], "no image named app", &["b", "c"]),
        (&["b"], &["app"], "no image named app", &["b"]),
        (&["x/app", "y/app"], &["app"], "may be either", &["x/app", "y/app"]),
        (&["app"], &[], "pins no image", &[]),
    ] {
        let fault = pair((&images(source), &[]), (&images(to), &[]), "app").unwrap_err();
        assert!(fault.why.contains(word), "{fault}");
        assert_eq!(fault.candidates, candidates, "{fault}");
        assert!(fault.hint.contains("images"), "{}", fault.hint);
    }
    let fault = read(&images(&["a", "b"]), "app", &[]).unwrap_err();
    assert!(fault.hint.contains("`images: [a]`"), "{}", fault.hint);
    let empty = read(&target(&[]), "app", &[]).unwrap_err();
    assert!(empty.why.contains("no YAML files on main of acme/gitops"), "{empty}");
    let both = target(&[("kustomization.yaml", ""), ("kustomization.yml", "")]);
    assert!(read(&both, "app", &[]).unwrap_err().why.contains("side by side"));
}

#[test]
fn rules_name_images_on_both_sides() {
    let (from, to) = (images(&["reg/app", "b", "c"]), images(&["c", "app"]));
    let pairs = pair((&from, &[]), (&to, &[rule("app"), rule("c")]), "x").unwrap();
    assert_eq!(pairs.len(), 2);
    assert_eq!(
        (pairs[0].source.image.to_string().as_str(), pairs[0].source.image.name.as_str()),
        ("reg/app:v1", "app")
    );
    assert_eq!(pairs[0].target.image.to_string(), "app:v1");
    let sides = |source: &[&str], target: &[&str]| {
        let rules = |names: &[&str]| names.iter().map(|name| rule(name)).collect::<Vec<_>>();
        pair((&from, &rules(source)), (&to, &rules(target)), "x")
    };
    assert!(sides(&["app"], &[]).is_ok());
    assert!(sides(&["app"], &["app", "c"]).unwrap_err().why.contains("not for the source"));
    assert!(sides(&["app", "c"], &["app"]).unwrap_err().why.contains("not for the target"));
    assert!(sides(&[], &["app", "reg/app"]).unwrap_err().why.contains("the same image"));
    assert!(sides(&["b"], &[]).unwrap_err().why.contains("no image named b"));
    let unpinned = target(&[("kustomization.yaml", "images:\n- name: app\n")]);
    assert!(pair((&unpinned, &[]), (&to, &[]), "app").unwrap_err().why.contains("pins no version"));
    assert!(pair((&to, &[]), (&unpinned, &[]), "app").is_ok());
}

#[test]
fn several_images_of_one_file_are_one_list_of_edits() {
    let to = images(&["app", "c"]);
    let pins = read(&to, "x", &[rule("app"), rule("c")]).unwrap();
    let new: Vec<ImageRef> = pins.iter().map(|pin| promoted(&image(Some("v2"), Some(D2)), pin)).collect();
    let changes: Vec<_> = pins.iter().zip(&new).collect();
    let files = edits(&to, &changes).unwrap();
    assert_eq!((files.len(), files[0].edits.len()), (1, 4));
    let after = apply(&to.files[&files[0].path], &files[0].edits).unwrap();
    assert_eq!(
        after,
        format!("images:\n- name: app\n  newTag: v2\n  digest: {D2}\n- name: c\n  newTag: v2\n  digest: {D2}\n")
    );
}

#[test]
fn local_bases_are_directories_of_the_repository() {
    let text = "resources:\n- ../../base\n- deployment.yaml\n- ./sub/\n- https://github.com/org/repo//x?ref=v1\n\
                - github.com/org/repo//x\n- ../../../../outside\n- v1.2/a/b\nbases: [../../base]\ncomponents:\n- ../../components/tls\n- .\n";
    let bases = local_bases("k8s/overlays/staging", text);
    assert_eq!(bases, ["k8s/base", "k8s/overlays/staging/sub", "k8s/overlays/staging/v1.2/a/b", "k8s/components/tls"]);
    assert_eq!(local_bases("", "resources: [base, ../x]\n"), ["base"]);
    assert!(local_bases("a", "resources: [").is_empty());
    assert!(local_bases("a", "resources: text\n").is_empty());
}

#[test]
fn a_number_is_not_a_tag() {
    let kustomize = |tag: &str| read(&kustomization(&format!("- name: app\n  newTag: {tag}\n")), "app", &[]);
    let values = |tag: &str| {
        read(
            &target(&[("values.yaml", &format!("image: {{tag: {tag}}}\n"))]),
            "app",
            &[values_rule(Some("image.tag"), None, None)],
        )
    };
    // What `kubectl kustomize` (Kustomize 5.5) refuses, and what Helm would write otherwise.
    for tag in ["1.10", "on", "yes", "1e3", "0123", "0x1F", "1_000", "y", ".5", "12e5", "1234567"] {
        for fault in [kustomize(tag), values(tag)].map(Result::unwrap_err) {
            assert!(
                fault.why.contains("without quotes") && fault.hint.contains(&format!("\"{tag}\"")),
                "{tag}: {fault}"
            );
        }
    }
    for tag in ["'1.10'", "\"on\"", "2020-01-01", "v1", "3f1c2ab", "!!str 1.10"] {
        assert!(kustomize(tag).is_ok() && values(tag).is_ok(), "{tag}");
    }
    assert!(kustomize("123").is_err() && values("123").is_ok());
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(text in "(kind: (Pod|List)\\n|images:\\n|spec:\\n|items:\\n| {0,4}(- )?(name|newTag|digest|image|containers|kind|spec): ?(app|app:1|1\\.1|Pod|\\*a|&a b)?\\n|[ -~]{0,5}\\n){0,12}") {
        for name in ["kustomization.yaml", "pod.yaml", "values.yaml"] {
            let snapshot = target(&[(name, &text)]);
            let rules = [rule("app"), values_rule(Some("name"), Some("digest"), Some("spec.image"))];
            for images in [&[][..], &rules[..1], &rules[1..]] {
                let Ok(pins) = read(&snapshot, "app", images) else { continue };
                for pin in pins {
                    let new = promoted(&image(Some("1.20"), Some(D2)), &pin);
                    let Ok(files) = edits(&snapshot, &[(&pin, &new)]) else { continue };
                    for file in files {
                        prop_assert!(apply(&snapshot.files[&file.path], &file.edits).is_ok());
                    }
                }
            }
            let _ = local_bases("k8s", &text);
        }
    }
}
