//! Bad input, each with its exit code and its words, and nothing pushed.

mod disk;

use crate::harness::{RULES, Sandbox, golden};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::AppSpec;

/// Where staging pins its version.
const STAGING: &str = "k8s/overlays/staging/kustomization.yaml";
/// A report without a fault.
const UNIT: &str = "<testsuite name=\"cart\"><testcase classname=\"cart\" name=\"adds up\"/></testsuite>\n";

/// Rules with these sources of evidence, gates, and words for the target.
fn rules(evidence: &str, gates: &str, target: &str) -> String {
    format!(
        "version: 1\nservice: app\nenvironments:\n  dev:     {{ path: k8s/overlays/dev }}\n  staging: {{ path: k8s/overlays/staging{target} }}\n\n\
         evidence:\n{evidence}\n\npromotions:\n  - from: dev\n    to: staging\n    gates:\n{gates}\n"
    )
}

fn plain_rules() -> String {
    rules("  unit: artifacts/unit.xml", "      tests: { required: [unit] }", "")
}

/// A promotion that would be delivered.
fn sound() -> Sandbox {
    let dev = "images:\n  - name: app\n    newTag: \"1.20\"\n";
    let staging = "images:\n  - name: app\n    newTag: \"1.10\"\n";
    let mut sandbox = Sandbox::new(&[("k8s/overlays/dev/kustomization.yaml", dev), (STAGING, staging)]);
    sandbox.write(RULES, plain_rules());
    sandbox.write("artifacts/unit.xml", UNIT);
    sandbox.set("FROM_ENV", "dev");
    sandbox.set("TO_ENV", "staging");
    sandbox
}

/// Runs what was made bad: it ends with this code, in words that are known, and nothing is pushed.
fn refuses(name: &str, exit: i32, spoil: impl FnOnce(&mut Sandbox) -> Vec<&'static str>) {
    let mut sandbox = sound();
    let arguments = spoil(&mut sandbox);
    let tip = sandbox.gitops.tip("main");
    let ran = sandbox.promote(&[&["run"], arguments.as_slice()].concat());
    assert_eq!(ran.exit, Some(exit), "{name}: {}", ran.all());
    assert_eq!(sandbox.gitops.tip("main"), tip, "{name}: something was pushed");
    assert_eq!(ran.stderr, "", "{name}");
    golden(&format!("bad_input/{name}.txt"), &sandbox.scrubbed(&ran.all()));
}

#[test]
fn what_is_sound_is_delivered() {
    let sandbox = sound();
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(sandbox.gitops.text("main", STAGING).unwrap().contains("1.20"));
}

#[test]
fn rules_with_faults() {
    let gates = "      tets: { required: [unit] }";
    refuses("misspelt_gate", 3, |sandbox| {
        sandbox.write(RULES, rules("  unit: artifacts/unit.xml", gates, ""));
        vec![]
    });
    refuses("twelve_faults", 3, |sandbox| {
        sandbox.write(RULES, include_str!("../../fixtures/rules/twelve-faults.yaml"));
        vec![]
    });
    refuses("no_rules", 3, |_| vec!["--rules", "elsewhere.yaml"]);
}

#[test]
fn rules_that_ask_for_what_is_not_built() {
    refuses("not_built_europe", 3, |sandbox| {
        sandbox.write(RULES, include_str!("../../fixtures/rules/forms.yaml"));
        vec!["--from", "staging", "--to", "europe"]
    });
}

#[test]
fn reports_that_say_nothing() {
    let cut = &UNIT.as_bytes()[..40];
    let latin1 = b"<testsuite name=\"caf\xe9\"><testcase name=\"adds up\"/></testsuite>\n";
    let reports: [(&str, &[u8]); 5] = [
        ("report_truncated", cut),
        ("report_empty", b""),
        ("report_not_utf8", latin1),
        ("report_not_xml", b"404: Not Found\n"),
        ("report_without_tests", b"<testsuite name=\"cart\"/>\n"),
    ];
    for (name, bytes) in reports {
        refuses(name, 11, |sandbox| {
            sandbox.write("artifacts/unit.xml", bytes);
            vec![]
        });
    }
    refuses("report_missing", 11, |sandbox| {
        std::fs::remove_file(sandbox.work().join("artifacts/unit.xml")).unwrap();
        vec![]
    });
}

#[test]
fn reports_of_something_else() {
    refuses("report_of_another_commit", 11, |sandbox| {
        sandbox.write(RULES, rules("  security: artifacts/scan.sarif", "      security: { high_max: 0 }", ""));
        let scan = r#"{ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": "trivy" } }, "results": [],
  "versionControlProvenance": [{ "repositoryUri": "https://github.com/acme/app", "revisionId": "1111111111111111111111111111111111111111" }] }] }"#;
        sandbox.write("artifacts/scan.sarif", scan);
        vec!["--commit", "2222222222222222222222222222222222222222"]
    });
    let gates = "      tests: { required: [unit] }";
    refuses("report_too_old", 11, |sandbox| {
        sandbox.write(RULES, rules("  unit: { files: artifacts/unit.xml, max_age: 24h }", gates, ""));
        // Three days and half an hour: it is as old at the end of the test as at its beginning.
        let now = jiff::Timestamp::now().as_second();
        let made = jiff::Timestamp::from_second(now - 3 * 86_400 - 1800).unwrap();
        let suite = format!("name=\"cart\" timestamp=\"{made}\">");
        sandbox.write("artifacts/unit.xml", UNIT.replace("name=\"cart\">", &suite));
        vec![]
    });
    refuses("report_of_unknown_age", 11, |sandbox| {
        sandbox.write(RULES, rules("  unit: { files: artifacts/unit.xml, max_age: 24h }", gates, ""));
        vec![]
    });
}

#[test]
fn names_that_do_not_exist() {
    refuses("unknown_environment", 2, |_| vec!["--to", "stagin"]);
    refuses("no_environment", 2, |sandbox| {
        sandbox.unset("TO_ENV");
        vec![]
    });
    refuses("no_such_promotion", 2, |_| vec!["--from", "staging", "--to", "dev"]);
    refuses("dry_run_maybe", 2, |sandbox| {
        sandbox.set("DRY_RUN", "maybe");
        vec![]
    });
    refuses("no_repository", 3, |sandbox| {
        sandbox.unset("GITOPS_REPO");
        vec![]
    });
    refuses("missing_branch", 20, |sandbox| {
        sandbox.set("GITOPS_BRANCH", "production-only");
        vec![]
    });
    refuses("manifest_without_image", 3, |sandbox| {
        sandbox.gitops.commit(
            "main",
            &[(STAGING, b"images:\n  - name: proxy\n    newTag: \"1.10\"\n")],
            "Take the app out",
        );
        vec![]
    });
}

#[test]
fn bypasses_that_the_rules_do_not_allow() {
    refuses("skip_validation", 3, |sandbox| {
        sandbox.set("SKIP_VALIDATION", "true");
        sandbox.write("artifacts/unit.xml", "");
        vec![]
    });
}

#[test]
fn servers_that_refuse() {
    refuses("refused_token", 20, |sandbox| {
        sandbox.serve();
        sandbox.set("GITOPS_TOKEN", "expired-0123456789");
        vec![]
    });
    refuses("token_that_may_only_read", 20, |sandbox| {
        sandbox.serve();
        sandbox.set("GITOPS_TOKEN", crate::world::git_server::READ_TOKEN);
        vec![]
    });
    refuses("protected_branch", 20, |sandbox| {
        sandbox.gitops.protect("main", "GH006: Protected branch update failed for refs/heads/main.");
        sandbox.serve();
        vec![]
    });
}

/// The same with an application in Argo CD.
fn with_argo(sandbox: &mut Sandbox, builder: impl FnOnce(ArgoBuilder) -> ArgoBuilder) {
    sandbox.write(
        RULES,
        rules("  unit: artifacts/unit.xml", "      tests: { required: [unit] }", ", argocd: app-staging"),
    );
    let mut app = AppSpec::deploying("app-staging", &sandbox.gitops.path(), "main", "k8s/overlays/staging");
    crate::harness::REPOSITORY.clone_into(&mut app.repository);
    sandbox.argo(builder(ArgoBuilder::new().app(app)));
}

#[test]
fn an_argo_cd_that_is_none() {
    refuses("argocd_html", 20, |sandbox| {
        with_argo(sandbox, ArgoBuilder::login_page);
        vec![]
    });
    refuses("argocd_refused_login", 20, |sandbox| {
        with_argo(sandbox, |argo| argo);
        sandbox.unset("ARGOCD_AUTH_TOKEN");
        sandbox.set("ARGOCD_USERNAME", "ci");
        sandbox.set("ARGOCD_PASSWORD", "wrong-password");
        vec![]
    });
    refuses("argocd_not_set", 3, |sandbox| {
        with_argo(sandbox, |argo| argo);
        sandbox.unset("ARGOCD_SERVER");
        vec![]
    });
    refuses("argocd_no_login", 3, |sandbox| {
        with_argo(sandbox, |argo| argo);
        sandbox.unset("ARGOCD_AUTH_TOKEN");
        vec![]
    });
    refuses("argocd_opts_nonsense", 3, |sandbox| {
        with_argo(sandbox, |argo| argo);
        sandbox.set("ARGOCD_OPTS", "--insecur --core hunter2");
        vec![]
    });
    refuses("argocd_other_directory", 3, |sandbox| {
        with_argo(sandbox, |argo| argo);
        let app = AppSpec::deploying("app-staging", &sandbox.gitops.path(), "main", "k8s/overlays/dev");
        sandbox.argo(ArgoBuilder::new().app(app));
        vec![]
    });
}
