//! Evidence from GitHub, by the real binary against the stand-in: which run counts, what is missing, and that a hostile
//! artifact changes nothing but the report.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::harness::{RULES, Ran, Sandbox};
use crate::world::github::alerts::CodeScanning;
use crate::world::github::{GitHub, RunSpec, Token, zip};

const BASE: &str = include_str!("../../fixtures/sandbox/gitops/k8s/base/kustomization.yaml");
const OVERLAY: &str = include_str!("../../fixtures/sandbox/gitops/k8s/overlays/staging/kustomization.yaml");
const CI: &str = ".github/workflows/ci.yml";
const GREEN: &str = r#"<testsuite name="s" tests="1"><testcase classname="s" name="one"/></testsuite>"#;
const RED: &str = r#"<testsuite name="s" tests="1" failures="1"><testcase classname="s" name="one"><failure message="no"/></testcase></testsuite>"#;
/// What the tokens of most tests may.
const MAY: [(&str, &str); 7] = [
    ("contents", "read"),
    ("actions", "read"),
    ("checks", "read"),
    ("statuses", "read"),
    ("pull_requests", "read"),
    ("security_events", "read"),
    ("vulnerability_alerts", "read"),
];

/// A promotion whose gate reads GitHub.
struct Scene {
    sandbox: Sandbox,
    github: GitHub,
    /// The commit that the version was built from.
    sha: String,
}

fn scene(evidence: &str, gates: &str) -> Scene {
    let dev = OVERLAY.replace("1.10", "1.20");
    let mut sandbox = Sandbox::new(&[
        ("k8s/base/kustomization.yaml", BASE),
        ("k8s/overlays/dev/kustomization.yaml", &dev),
        ("k8s/overlays/staging/kustomization.yaml", OVERLAY),
    ]);
    sandbox.write(
        RULES,
        format!(
            "version: 1\nservice: app\nenvironments:\n  dev: {{ path: k8s/overlays/dev }}\n  staging: {{ path: k8s/overlays/staging }}\n\
             evidence:\n  it: {evidence}\npromotions:\n  - from: dev\n    to: staging\n    gates: {gates}\n"
        ),
    );
    let github = GitHub::start();
    let sha = github.repository("acme/app").commit("main", "octocat", "Release 1.20", &[("a", "1")]);
    sandbox.set("GITHUB_API_URL", github.url());
    sandbox.set("GITHUB_REPOSITORY", "acme/app");
    sandbox.set("GITHUB_TOKEN", github.token(Token::workflow("acme/app", &MAY)));
    Scene { sandbox, github, sha }
}

/// One that reads test results out of the artifact `unit`.
fn of_artifact() -> Scene {
    scene(
        "{ github: { artifact: unit, workflow: .github/workflows/ci.yml, files: ['**/*.xml'] } }",
        "{ tests: { required: [it] } }",
    )
}

impl Scene {
    fn validate(&self) -> Ran {
        self.sandbox.promote(&["validate", "--from", "dev", "--to", "staging", "--commit", &self.sha])
    }

    /// Judges, and expects an exit and these words.
    #[track_caller]
    fn ends(&self, exit: i32, parts: &[&str]) -> Ran {
        let ran = self.validate();
        assert_eq!(ran.exit, Some(exit), "{}", ran.all());
        let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(words.contains(part), "`{part}` is not in\n{}", ran.all());
        }
        ran
    }

    fn spec(&self) -> RunSpec {
        RunSpec {
            workflow: CI.to_owned(),
            event: "push".to_owned(),
            head_sha: self.sha.clone(),
            conclusion: Some("success"),
            ..RunSpec::default()
        }
    }

    /// A run with an artifact `unit` of one report.
    fn reported(&self, spec: RunSpec, report: &str) -> u64 {
        let run = self.github.run(spec);
        self.github.artifact(run, "unit", zip::of(&[("reports/a.xml", report.as_bytes())]));
        run
    }
}

#[test]
fn the_reports_of_the_commits_run_are_judged() {
    let scene = of_artifact();
    scene.reported(scene.spec(), GREEN);
    scene.ends(0, &["tests.it", "unit/reports/a.xml"]);
    assert_eq!(scene.github.credentials_leaked(), 0);
    // A red run's reports are as good as a green one's: they say what failed.
    scene.reported(RunSpec { conclusion: Some("failure"), ..scene.spec() }, RED);
    scene.ends(10, &["tests.it", "1 of 1 failed"]);
}

#[test]
fn no_other_run_will_do() {
    let foreign = |change: fn(&mut RunSpec), says: &str| {
        let scene = of_artifact();
        let mut spec = scene.spec();
        change(&mut spec);
        scene.reported(spec, GREEN);
        scene.ends(11, &["no run of .github/workflows/ci.yml on push of main is known", says]);
    };
    foreign(|spec| spec.workflow = ".github/workflows/other.yml".to_owned(), "which is another workflow");
    foreign(|spec| spec.head_repository = "mallory/app".to_owned(), "which ran for a fork");
    foreign(|spec| spec.event = "pull_request".to_owned(), "which pull_request started");
    foreign(|spec| spec.head_branch = "feature".to_owned(), "which is of feature");
    foreign(|spec| spec.head_sha = "1".repeat(40), "no workflow ran for it");
}

#[test]
fn an_older_green_run_does_not_stand_in_for_a_newer_one() {
    let scene = of_artifact();
    scene.reported(scene.spec(), GREEN);
    scene.github.pass(std::time::Duration::from_secs(60));
    // The newer one failed before it could report.
    scene.github.run(RunSpec { conclusion: Some("failure"), ..scene.spec() });
    scene.ends(11, &["ended with failure and has no artifact unit"]);
    scene.github.pass(std::time::Duration::from_secs(60));
    scene.github.run(RunSpec { conclusion: None, ..scene.spec() });
    scene.ends(11, &["is still running"]);
}

#[test]
fn what_is_not_what_was_uploaded_or_is_gone_counts_for_nothing() {
    let scene = of_artifact();
    let run = scene.github.run(scene.spec());
    let unit = scene.github.artifact(run, "unit", zip::of(&[("a.xml", GREEN.as_bytes())]));
    scene.github.digest_of_artifact(unit, Some(&format!("sha256:{}", "0".repeat(64))));
    scene.ends(11, &["is not what was uploaded"]);
    scene.github.digest_of_artifact(unit, None);
    scene.ends(0, &[]);
    scene.github.expire_artifact(unit);
    scene.ends(11, &["has expired"]);
}

#[test]
fn one_file_may_be_stored_as_it_is() {
    let scene = of_artifact();
    let run = scene.github.run(scene.spec());
    scene.github.single_artifact(run, "unit", "junit.xml", GREEN);
    scene.ends(0, &["unit/junit.xml"]);
}

#[test]
fn without_a_commit_or_a_permission_or_github_nothing_is_known() {
    let mut scene = of_artifact();
    scene.reported(scene.spec(), GREEN);
    let ran = scene.sandbox.promote(&["validate", "--from", "dev", "--to", "staging"]);
    assert_eq!(ran.exit, Some(11), "{}", ran.all());
    assert!(ran.stdout.contains("it is not known which commit this version was built from"), "{}", ran.all());
    let poor = scene.github.token(Token::workflow("acme/app", &[("contents", "read")]));
    scene.sandbox.set("GITHUB_TOKEN", poor);
    scene.ends(11, &["actions: read"]);
    scene.sandbox.unset("GITHUB_TOKEN");
    scene.ends(11, &["no GitHub is configured: set GITHUB_TOKEN (or github-token) and GITHUB_REPOSITORY"]);
}

/// A zip of one entry of so many zero bytes, deflated, as [`zip::of`] writes stored ones.
fn bomb(size: usize) -> Vec<u8> {
    let zeros = vec![0; size];
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&zeros).unwrap();
    let packed = encoder.finish().unwrap();
    let mut crc = Crc::new();
    crc.update(&zeros);
    let mut bytes = zip::of(&[("a.xml", &packed)]);
    // The method, the checksum and the unpacked size, in both headers.
    let size = u32::try_from(size).unwrap().to_le_bytes();
    for (signature, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let start = bytes.windows(4).rposition(|window| window == signature).unwrap() + at;
        bytes[start] = 8;
        bytes[start + 6..start + 10].copy_from_slice(&crc.sum().to_le_bytes());
        bytes[start + 14..start + 18].copy_from_slice(&size);
    }
    bytes
}

/// A zip whose only entry is a symbolic link.
fn link() -> Vec<u8> {
    let mut bytes = zip::of(&[("a.xml", b"/etc/passwd")]);
    let start = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    // Made by Unix; the mode is in the upper half of the attributes.
    bytes[start + 5] = 3;
    bytes[start + 38..start + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    bytes
}

#[test]
fn a_hostile_artifact_changes_nothing_but_the_report() {
    let mut many = b"PK\x01\x02".repeat(1_000_000);
    many.extend(zip::of(&[("a.xml", GREEN.as_bytes())]));
    // Its beginning tells a zip from a single file.
    many.splice(0..0, *b"PK\x03\x04");
    for (bytes, says) in [
        (bomb(80 << 20), "`a.xml` is packed more than 200 times, as a bomb is"),
        (zip::of(&[("../x.xml", GREEN.as_bytes())]), "`../x.xml` is not a plain path"),
        (zip::of(&[("/x.xml", GREEN.as_bytes())]), "`/x.xml` is an absolute path"),
        (zip::of(&[("a.xml", GREEN.as_bytes()), ("a.xml", RED.as_bytes())]), "two of its entries have the same name"),
        (link(), "`a.xml` is a link or a device, not a file"),
        (many, "it has more than 10000 entries, the most that are read"),
        (b"PK\x03\x04 and no more".to_vec(), "it is not a whole zip archive"),
    ] {
        let scene = of_artifact();
        let run = scene.github.run(scene.spec());
        scene.github.artifact(run, "unit", bytes);
        let before = (scene.sandbox.files(), scene.sandbox.gitops.log("main").len());
        scene.ends(11, &["tests.it", says]);
        assert!(
            (scene.sandbox.files(), scene.sandbox.gitops.log("main").len()) == before,
            "{says}: something was written"
        );
    }
}

#[test]
fn what_a_report_says_is_shown_harmlessly() {
    let name = "::set-output name=x::y&#10;::error::pwned | @everyone [x](http://evil) &lt;img src=x&gt; ``` x";
    let report = format!(
        r#"<testsuite name="s" tests="1" failures="1"><testcase classname="s" name="{name}"><failure message="{name}"/></testcase></testsuite>"#
    );
    let mut scene = of_artifact();
    scene.reported(scene.spec(), &report);
    scene.sandbox.in_actions();
    let ran = scene.ends(10, &["tests.it"]);
    let commands = |text: &str| {
        text.lines().filter(|line| line.trim_start().starts_with("::")).map(str::to_owned).collect::<Vec<_>>()
    };
    let theirs: Vec<String> = commands(&ran.stdout)
        .into_iter()
        .filter(|line| {
            line.starts_with("::set-output") || line.contains("::error::pwned") && line.starts_with("::error::pwned")
        })
        .collect();
    assert_eq!(theirs, Vec::<String>::new(), "{}", ran.stdout);
    let (output, summary) = scene.sandbox.told_github();
    assert!(!output.contains("pwned") && !output.contains("set-output"), "{output}");
    assert!(summary.contains("pwned"), "the report shows what failed: {summary}");
    for harm in ["@everyone", "](http://evil)", "<img"] {
        assert!(!summary.contains(harm), "`{harm}` stands in\n{summary}");
    }
}

#[test]
fn all_checks_must_be_green() {
    let scene = scene("{ github: { ask: checks, ignore: [nightly] } }", "{ checks: { from: [it], min: 2 } }");
    scene.ends(11, &["no checks ran for this commit: absence is not green"]);
    let app = scene.github.repository("acme/app");
    app.check_run(&scene.sha, "other-ci", "build", "completed", Some("success"));
    scene.ends(10, &["checks.it", "all green, total ≥ 2"]);
    app.status(&scene.sha, "legacy/lint", "success");
    app.check_run(&scene.sha, "other-ci", "nightly", "completed", Some("failure"));
    app.check_run(&scene.sha, "promote", "promote / dev to staging", "completed", Some("failure"));
    scene.ends(0, &["2 of 2, 1 ignored"]);
    app.check_run(&scene.sha, "other-ci", "e2e", "in_progress", None);
    scene.ends(10, &["2 of 3, 1 pending"]);
    app.status(&scene.sha, "legacy/lint", "error");
    scene.ends(10, &["1 of 3 failed, 1 pending", "legacy/lint"]);
}

#[test]
fn our_own_run_is_not_waited_for() {
    let mut scene = scene("{ github: { ask: checks } }", "{ checks: { from: [it] } }");
    scene.github.repository("acme/app").check_run(&scene.sha, "other-ci", "build", "completed", Some("success"));
    let run = scene.github.run(RunSpec { head_sha: scene.sha.clone(), ..RunSpec::default() });
    scene.github.running_job(run, "plan", None);
    scene.ends(10, &["1 of 2, 1 pending"]);
    scene.sandbox.in_actions();
    scene.sandbox.set("GITHUB_RUN_ID", run.to_string());
    scene.ends(0, &["1 of 1"]);
}

#[test]
fn the_pull_request_must_be_approved_by_somebody_at_home() {
    let mut scene = scene("{ github: { ask: review } }", "{ review: { from: [it] } }");
    scene.ends(11, &["was pushed without a pull request"]);
    let app = scene.github.repository("acme/app");
    for login in ["alice", "bob"] {
        app.role(login, "write");
        scene.github.team("sre-team", &[login]);
    }
    app.branch("feature", "main");
    app.commit("feature", "alice", "A feature", &[("b", "2")]);
    let pull = app.pull("alice", "feature", "main", "A feature");
    app.pull_review(pull, "alice", "APPROVED", "mine");
    scene.sha = app.merge_pull(pull, "alice");
    scene.ends(10, &["review.it", "0 approved"]);
    app.pull_review(pull, "bob", "APPROVED", "fine");
    scene.ends(0, &["1 approved"]);
    app.pull_review(pull, "bob", "CHANGES_REQUESTED", "wait");
    scene.ends(10, &["0 approved, 1 asked for changes"]);
}

#[test]
fn open_alerts_are_findings_and_a_scanner_that_is_off_is_none() {
    let gates = "{ security: { from: [it], critical_max: 0, high_max: 0 } }";
    let code = scene("{ github: { ask: code_scanning } }", gates);
    let app = code.github.repository("acme/app");
    code.ends(11, &["main was never scanned"]);
    app.analysis("CodeQL", "main");
    code.ends(0, &["security.critical", "security.high"]);
    app.code_alert(Some("critical"), "CodeQL", "main").code_alert(None, "CodeQL", "main");
    code.ends(10, &["security.critical 1", "security.high 1"]);
    app.code_scanning(CodeScanning::Off);
    code.ends(11, &["enable code scanning"]);

    let dependabot = scene("{ github: { ask: dependabot } }", gates);
    let app = dependabot.github.repository("acme/app");
    dependabot.ends(0, &[]);
    for n in 0..150 {
        app.dependency_alert("low", "open", &format!("p{n}"), "runtime");
    }
    dependabot.ends(0, &[]);
    // It stands on the second page.
    app.dependency_alert("high", "open", "last", "runtime").dependency_alert("critical", "fixed", "past", "runtime");
    dependabot.ends(10, &["security.high 1"]);
    app.scanning(false, false);
    dependabot.ends(11, &["enable Dependabot alerts"]);

    let mut secrets = scene("{ github: { ask: secret_scanning } }", gates);
    let person = Token::fine_grained("octocat", &[("secret_scanning_alerts", "read"), ("contents", "read")]);
    let token = secrets.github.token(person);
    secrets.sandbox.set("GITHUB_TOKEN", token);
    secrets.ends(0, &[]);
    secrets.github.repository("acme/app").secret_alert("a key", "hunter2-hunter2", "open");
    let ran = secrets.ends(10, &["security.high 1"]);
    assert!(!ran.all().contains("hunter2"), "{}", ran.all());
}
