use std::collections::BTreeMap;

use super::draft::draft;
use super::reports::Report;
use super::workflow::DEFAULT;
use super::{Draft, Seen, TooLittle};
use crate::promotion::rules::read::read;
use crate::promotion::rules::{Format, Rules};

const APP: &str = "images:\n  - name: registry.example.com/app\n    newTag: \"1.10\"\n";

/// A repository of these files; reports are told by their ending here.
fn seen(files: &[(&str, &str)], reports: &[&str]) -> Seen {
    let mut directories: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (path, text) in files {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        directories.entry(directory.to_owned()).or_default().insert((*path).to_owned(), (*text).to_owned());
    }
    let format = |path: &str| match path.rsplit('.').next() {
        Some("xml") if path.contains("cobertura") => Some(Format::Cobertura),
        Some("xml") if path.contains("pom") => None,
        Some("xml") => Some(Format::Junit),
        Some("info") => Some(Format::Lcov),
        Some("sarif") => Some(Format::Sarif),
        _ => None,
    };
    let reports = reports.iter().map(|path| Report { path: (*path).to_owned(), format: format(path) }).collect();
    Seen { directories, reports, name: Some("shop".to_owned()), cut: false }
}

/// The draft, and what promote itself reads in its rules: every sample goes through here.
fn drafted(seen: &Seen) -> (Draft, Rules) {
    let draft = draft(seen, DEFAULT).unwrap();
    let rules = read("rules.yaml", &draft.rules).unwrap_or_else(|faults| panic!("{}\n{faults:?}", draft.rules));
    assert!(rules.promotions.iter().all(|promotion| promotion.not_built.is_empty()), "{}", draft.rules);
    (draft, rules)
}

fn paths(rules: &Rules) -> Vec<(String, String)> {
    let service = rules.service(None).unwrap();
    let own = |environment: &crate::promotion::rules::Environment| {
        (environment.name.clone(), environment.targets[0].path.clone())
    };
    service.environments.iter().map(own).collect()
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn overlays_and_one_report_are_a_whole_file() {
    let files = [
        ("k8s/base/kustomization.yaml", "resources: [deployment.yaml]\n"),
        ("k8s/overlays/dev/kustomization.yaml", APP),
        ("k8s/overlays/staging/kustomization.yaml", APP),
        (
            "argocd/staging.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: app-staging }\nspec: { project: default, source: { path: ./k8s/overlays/staging/ } }\n",
        ),
    ];
    let (draft, rules) = drafted(&seen(&files, &["artifacts/unit/junit.xml"]));
    insta::assert_snapshot!(draft.rules, @r"
        # What a promotion needs. `promote init` wrote this from what it found: read it, and correct what is wrong.
        # `promote rules check` names every fault; `promote explain <gate>` says what a gate asks for.
        version: 1
        service: app                                      # every environment pins registry.example.com/app
        environments:                                     # in the order that a version goes
          dev:     { path: k8s/overlays/dev }
          staging: { path: k8s/overlays/staging, argocd: app-staging }

        evidence:                                         # files below the working directory; a missing one is not a good one
          unit: artifacts/unit/*.xml                      # JUnit

        promotions:
          - from: dev
            to: staging
            gates:                                        # judged on dev; what cannot be judged holds too
              tests: { required: [unit] }                 # every case that ran has passed
            # approvals:                                  # who says yes, besides the gates; teams cannot be guessed
            #   - { role: sre, team: your-org/sre-team }
            #   - { role: product-owner, users: [their-login] }
    ");
    assert_eq!(paths(&rules), [pair("dev", "k8s/overlays/dev"), pair("staging", "k8s/overlays/staging")]);
    assert_eq!(draft.first, pair("dev", "staging"));
    let open = draft.open.join("\n");
    for part in ["who approves", "coverage and security: no such report", "which Argo CD application deploys dev:"] {
        assert!(open.contains(part), "{open}");
    }
}

#[test]
fn every_usual_layout_loads() {
    let values = "image:\n  repository: r/shop\n  tag: \"1.2\"\n";
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nspec: { template: { spec: { containers: [{ name: a, image: 'r/shop:1' }] } } }\n";
    for (files, ways) in [
        // Names in another order than the alphabet's.
        (
            vec![
                ("envs/prod/kustomization.yaml", APP),
                ("envs/qa/kustomization.yaml", APP),
                ("envs/dev/kustomization.yaml", APP),
            ],
            vec![pair("dev", "qa"), pair("qa", "prod")],
        ),
        // Below the environment's directory stands the service's.
        (
            vec![
                ("clusters/Staging/shop/kustomization.yaml", APP),
                ("clusters/Production/shop/kustomization.yaml", APP),
            ],
            vec![pair("staging", "production")],
        ),
        // Two regions of production are both reached from staging.
        (
            vec![
                ("k/staging/kustomization.yaml", APP),
                ("k/prod-eu/kustomization.yaml", APP),
                ("k/prod-us/kustomization.yaml", APP),
            ],
            vec![pair("staging", "prod-eu"), pair("staging", "prod-us")],
        ),
        // Helm: one file for each environment, or one directory.
        (
            vec![("chart/values.yaml", values), ("chart/values-dev.yaml", values), ("chart/values-prod.yaml", values)],
            vec![pair("dev", "prod")],
        ),
        (vec![("deploy/dev/values.yaml", values), ("deploy/uat/values.yaml", values)], vec![pair("dev", "uat")]),
        (vec![("values-dev.yaml", values), ("values-prod.yaml", values)], vec![pair("dev", "prod")]),
        (
            vec![("helm/dev.yaml", values), ("helm/stg.yaml", values), ("helm/other.yaml", values)],
            vec![pair("dev", "stg")],
        ),
        // Plain manifests.
        (vec![("m/dev/deployment.yaml", manifest), ("m/live/deployment.yaml", manifest)], vec![pair("dev", "live")]),
        // A directory whose name is one that YAML reads as something else, and one with a space.
        (vec![("a b/dev/kustomization.yaml", APP), ("a b/prod/kustomization.yaml", APP)], vec![pair("dev", "prod")]),
    ] {
        let (_, rules) = drafted(&seen(&files, &[]));
        let found: Vec<_> =
            rules.promotions.iter().map(|promotion| (promotion.from.clone(), promotion.to.clone())).collect();
        assert_eq!(found, ways, "{files:?}");
    }
}

#[test]
fn helm_values_are_named_where_they_stand() {
    let dev = "image: { repository: r/shop, tag: '1.2', digest: '' }\nworker: { image: { tag: '7' } }\n";
    let (draft, rules) = drafted(&seen(&[("chart/values-dev.yaml", dev), ("chart/values-prod.yaml", dev)], &[]));
    let images = &rules.service(None).unwrap().environments[1].images;
    assert_eq!(rules.service(None).unwrap().name, "shop");
    let shown: Vec<_> = images
        .iter()
        .map(|rule| (rule.name.as_str(), rule.file.as_deref(), rule.tag.as_deref(), rule.digest.as_deref()))
        .collect();
    let file = Some("values-prod.yaml");
    assert_eq!(
        shown,
        [("shop", file, Some("image.tag"), Some("image.digest")), ("worker", file, Some("worker.image.tag"), None)],
        "{}",
        draft.rules
    );
}

#[test]
fn several_images_and_none_named_like_the_service_are_all_named() {
    let two = "images:\n  - { name: a, newTag: '1' }\n  - { name: r/b, newTag: '2' }\n";
    let files = [("o/dev/kustomization.yaml", two), ("o/prod/kustomization.yaml", two)];
    let (draft, rules) = drafted(&seen(&files, &[]));
    let names: Vec<&str> =
        rules.service(None).unwrap().environments[0].images.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["a", "r/b"]);
    assert!(draft.guesses.iter().any(|guess| guess.about == "images"), "{:?}", draft.guesses);
    let named = Seen { name: Some("b".to_owned()), ..seen(&files, &[]) };
    let (draft, rules) = drafted(&named);
    assert!(rules.service(None).unwrap().environments[0].images.is_empty(), "{}", draft.rules);
}

#[test]
fn globs_name_their_files_and_no_other() {
    let files = [("o/dev/kustomization.yaml", APP), ("o/prod/kustomization.yaml", APP)];
    for (reports, wanted) in [
        (vec!["junit.xml"], vec![("unit", vec!["junit.xml"])]),
        (
            vec!["artifacts/unit/a.xml", "artifacts/unit/b.xml", "artifacts/e2e/r.xml"],
            vec![("unit", vec!["artifacts/unit/*.xml"]), ("e2e", vec!["artifacts/e2e/*.xml"])],
        ),
        (
            vec!["reports/TEST-a.xml", "reports/TEST-b.xml", "reports/cobertura.xml"],
            vec![("unit", vec!["reports/TEST-*.xml"]), ("coverage", vec!["reports/cobertura.xml"])],
        ),
        (
            vec!["target/surefire-reports/TEST-a.xml", "target/failsafe-reports/TEST-a.xml", "target/pom.xml"],
            vec![
                ("unit", vec!["target/surefire-reports/*.xml"]),
                ("integration", vec!["target/failsafe-reports/*.xml"]),
            ],
        ),
        (vec!["out/a.xml", "out/b.xml", "out/pom.xml"], vec![("unit", vec!["out/a.xml", "out/b.xml"])]),
        (
            vec!["coverage/lcov.info", "x/scan.sarif", "x/odd{1}.xml"],
            vec![
                ("unit", vec!["artifacts/unit/**/*.xml"]),
                ("coverage", vec!["coverage/*.info"]),
                ("security", vec!["x/*.sarif"]),
            ],
        ),
    ] {
        let seen = seen(&files, &reports);
        let (draft, rules) = drafted(&seen);
        let (evidence, _) = super::reports::evidence(&seen.reports);
        let found: Vec<(&str, Vec<&str>)> =
            evidence.iter().map(|one| (one.id.as_str(), one.globs.iter().map(String::as_str).collect())).collect();
        assert_eq!(found, wanted, "{}", draft.rules);
        assert_eq!(rules.evidence.len(), wanted.len());
    }
}

#[test]
fn what_was_not_found_holds_and_is_said() {
    let (draft, rules) = drafted(&seen(&[("o/dev/kustomization.yaml", APP), ("o/prod/kustomization.yaml", APP)], &[]));
    assert_eq!(rules.promotions[0].gates.len(), 1, "without a report the gate stands, and holds");
    assert!(draft.open.iter().any(|line| line.contains("none was found, so the gate waits for")), "{:?}", draft.open);
}

#[test]
fn the_real_thing_goes_before_samples_and_one_environment_is_too_little() {
    let files = [
        ("fixtures/k8s/dev/kustomization.yaml", APP),
        ("fixtures/k8s/prod/kustomization.yaml", APP),
        ("fixtures/k8s/qa/kustomization.yaml", APP),
        ("deploy/x/dev/kustomization.yaml", APP),
        ("deploy/x/prod/kustomization.yaml", APP),
        ("deploy/shop/dev/kustomization.yaml", APP),
        ("deploy/shop/prod/kustomization.yaml", APP),
    ];
    let (draft, rules) = drafted(&seen(&files, &[]));
    assert_eq!(paths(&rules)[0], pair("dev", "deploy/shop/dev"));
    assert!(draft.open.iter().any(|line| line.contains("more environments are in deploy/x/*")), "{:?}", draft.open);
    let lonely = draft_of(&[("o/dev/kustomization.yaml", APP), ("o/base/kustomization.yaml", APP)]);
    assert_eq!(lonely, Err(TooLittle { environments: vec!["o/dev".to_owned()] }));
    assert_eq!(
        draft_of(&[("prod-eu/kustomization.yaml", APP), ("prod-us/kustomization.yaml", APP)])
            .unwrap_err()
            .environments
            .len(),
        2
    );
    assert_eq!(draft_of(&[]), Err(TooLittle { environments: Vec::new() }));
}

fn draft_of(files: &[(&str, &str)]) -> Result<Draft, TooLittle> {
    draft(&seen(files, &[]), DEFAULT)
}

#[test]
fn hostile_names_write_nothing_of_their_own() {
    let files = [
        ("o/dev/kustomization.yaml", APP),
        ("o/prod/kustomization.yaml", APP),
        ("o/a: {b}/dev/kustomization.yaml", APP),
        ("o/\nx/prod/kustomization.yaml", APP),
        (
            "argocd/a.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: \"x }\\ny: 1\" }\nspec: { source: { path: o/dev } }\n",
        ),
        ("argocd/b.yaml", "# argoproj.io\n[broken"),
    ];
    let (draft, rules) = drafted(&seen(&files, &["artifacts/a'\n.xml", "artifacts/\u{202e}x.xml"]));
    assert!(!draft.rules.contains("y: 1") && !draft.rules.contains('\u{202e}'), "{}", draft.rules);
    assert!(rules.service(None).unwrap().environments[0].targets[0].apps.is_empty());
}
