//! No secret is shown, kept or committed: whatever is printed, written or pushed is searched for each of them, in every form
//! that a secret takes on its way.

use std::fmt::Write as _;

use crate::harness::{REPOSITORY, RULES, Ran, Sandbox};
use crate::world::argo::behaviour::AppSpec;
use crate::world::argo::{ArgoBuilder, USER};
use crate::world::git_server::base64;

/// Secrets with characters that every encoding treats otherwise.
const GIT_TOKEN: &str = "git&tok\"en<1>/+=%ü";
const URL_PASSWORD: &str = "url&pass\"wd<2>/+=%é";
const ARGOCD_PASSWORD: &str = "argo&pass\"wd<3>\\/+=%'";
const ARGOCD_TOKEN: &str = "argo.tok&\"<4>/+=%'.en";
const HEADER: &str = "header&val\"ue<5>/+=%";
/// What the stand-in for Argo CD gives for a password.
const SESSION: &str = ".session1.";

const KUSTOMIZATION: &str = "k8s/overlays/staging/kustomization.yaml";

/// A promotion with every secret that there is, none of which its servers accept yet.
struct Vault {
    sandbox: Sandbox,
    shown: String,
}

impl Vault {
    fn new(tests: &str) -> Self {
        let dev = "images:\n  - name: app\n    newTag: \"1.20\"\n";
        let staging = "images:\n  - name: app\n    newTag: \"1.10\"\n";
        let mut sandbox = Sandbox::new(&[("k8s/overlays/dev/kustomization.yaml", dev), (KUSTOMIZATION, staging)]);
        sandbox.write(
            RULES,
            "version: 1\nservice: app\nenvironments:\n  dev:     { path: k8s/overlays/dev }\n  \
             staging: { path: k8s/overlays/staging, argocd: app-staging }\nevidence:\n  unit: artifacts/unit.xml\n\
             promotions:\n  - from: dev\n    to: staging\n    gates:\n      tests: { required: [unit] }\n    \
             verify: { settle: 100ms, grace: 100ms, timeout: 20s }\n",
        );
        sandbox.write("artifacts/unit.xml", tests);
        for (name, value) in [
            ("FROM_ENV", "dev"),
            ("TO_ENV", "staging"),
            ("PROMOTE_BUNDLE", "bundles"),
            ("ARGOCD_OPTS", &format!("--header 'X-Proxy-Login: {HEADER}'")),
            // The mechanic's voice, as loud as it goes.
            ("RUNNER_DEBUG", "1"),
            ("PROMOTE_LOG", "trace"),
            ("RUST_BACKTRACE", "1"),
        ] {
            sandbox.set(name, value);
        }
        Self { sandbox, shown: String::new() }
    }

    /// Starts the servers. The repository is reached with a token, or with a password in its address.
    fn open(mut self, by_url: bool, by_token: bool, degraded: bool) -> Self {
        let server = self.sandbox.serve();
        server.accept("x-access-token", GIT_TOKEN);
        server.accept("me", URL_PASSWORD);
        server.accept("me", GIT_TOKEN);
        let (plain, address) = (server.url(), with_password(&server.url()));
        if by_url {
            self.sandbox.unset("GITOPS_TOKEN");
            self.sandbox.set("GITOPS_REPO", address);
        } else {
            self.sandbox.set("GITOPS_TOKEN", GIT_TOKEN);
        }
        let mut app = AppSpec::deploying("app-staging", &self.sandbox.gitops.path(), "main", "k8s/overlays/staging");
        app.repository = plain;
        if degraded {
            app.behaviour.bad = Some((":1.20".to_owned(), vec![(0, "Progressing"), (2000, "Degraded")]));
        }
        self.sandbox.argo(ArgoBuilder::new().app(app).step(1500).secrets(ARGOCD_PASSWORD, ARGOCD_TOKEN));
        self.log_in(by_token);
        self
    }

    fn log_in(&mut self, by_token: bool) {
        if by_token {
            self.sandbox.set("ARGOCD_AUTH_TOKEN", ARGOCD_TOKEN);
        } else {
            self.sandbox.unset("ARGOCD_AUTH_TOKEN");
            self.sandbox.set("ARGOCD_USERNAME", USER);
            self.sandbox.set("ARGOCD_PASSWORD", ARGOCD_PASSWORD);
        }
    }

    /// Runs a command, which must end with this code, and keeps what it showed.
    fn run(&mut self, args: &[&str], exit: i32) -> Ran {
        let ran = self.sandbox.promote(args);
        assert_eq!(ran.exit, Some(exit), "{args:?}: {}", ran.all());
        let shown = ran.all();
        let shown = shown.lines().filter(|line| !line.starts_with("::add-mask::"));
        shown.for_each(|line| writeln!(self.shown, "{line}").unwrap());
        ran
    }

    /// Searches everything that was shown, written and committed.
    fn search(&self) {
        let (outputs, summary) = self.sandbox.told_github();
        let log = self.sandbox.gitops.git(&["log", "-p", "--all", "--format=raw"], &[]);
        let config = std::fs::read_to_string(self.sandbox.gitops.path().join("config")).unwrap();
        let mut places = vec![
            ("the output".to_owned(), self.shown.clone()),
            ("GITHUB_OUTPUT".to_owned(), outputs),
            ("the job summary".to_owned(), summary),
            ("the repository's history".to_owned(), log),
            ("the repository's settings".to_owned(), config),
        ];
        for (path, bytes) in self.sandbox.files() {
            places.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
        for (place, text) in &places {
            for form in forms() {
                assert!(!text.contains(&form), "{place} shows {form}:\n{text}");
            }
        }
    }
}

fn with_password(url: &str) -> String {
    url.replace("http://", &format!("http://me:{}@", percent(URL_PASSWORD)))
}

/// Every form of every secret.
fn forms() -> Vec<String> {
    let mut forms = vec![SESSION.to_owned()];
    for secret in [GIT_TOKEN, URL_PASSWORD, ARGOCD_PASSWORD, ARGOCD_TOKEN, HEADER] {
        let json = serde_json::to_string(secret).unwrap();
        forms.extend([
            secret.to_owned(),
            percent(secret),
            percent(secret).to_lowercase(),
            json.trim_matches('"').to_owned(),
        ]);
        forms.push(xml(secret));
        forms.push(xml(secret).replace("&quot;", "\"").replace("&apos;", "'"));
        for user in ["", "x-access-token:", "me:", "ci:", "dana:"] {
            forms.push(base64(format!("{user}{secret}").as_bytes()).trim_end_matches('=').to_owned());
        }
        // The part before any character that an encoding treats otherwise is long enough to be known by.
        let plain: String = secret.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        forms.push(format!("{plain}&"));
        forms.push(format!("{plain}%26"));
    }
    forms
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").unwrap(),
        }
        out
    })
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

const PASSES: &str = "<testsuite name=\"cart\"><testcase classname=\"cart\" name=\"adds up\"/></testsuite>";

/// A failing test that prints every secret, as a careless one does.
fn careless() -> String {
    let said: Vec<String> = [GIT_TOKEN, ARGOCD_PASSWORD, ARGOCD_TOKEN, HEADER].into_iter().map(xml).collect();
    let message = said.join(" ");
    format!(
        "<testsuite name=\"cart\"><testcase classname=\"cart\" name=\"logs in\"><failure message=\"{message}\"/></testcase></testsuite>"
    )
}

#[test]
fn a_promotion_shows_none() {
    for (by_url, by_token) in [(false, false), (true, true)] {
        for in_actions in [false, true] {
            let mut vault = Vault::new(PASSES).open(by_url, by_token, false);
            if in_actions {
                vault.sandbox.in_actions();
            }
            vault.run(&["plan"], 0);
            vault.run(&["plan", "--json"], 0);
            vault.run(&["run"], 0);
            vault.run(&["show"], 0);
            vault.search();
        }
    }
}

#[test]
fn a_rollback_shows_none() {
    let mut vault = Vault::new(PASSES).open(true, false, true);
    vault.sandbox.in_actions();
    vault.run(&["run"], 21);
    vault.search();
}

#[test]
fn masks_are_written_before_anything_else() {
    let mut vault = Vault::new(PASSES).open(true, true, false);
    vault.sandbox.set("GITOPS_TOKEN", GIT_TOKEN);
    vault.sandbox.set("ARGOCD_USERNAME", USER);
    vault.sandbox.set("ARGOCD_PASSWORD", ARGOCD_PASSWORD);
    vault.sandbox.in_actions();
    let ran = vault.run(&["plan"], 0);
    let masks: Vec<&str> = ran.stdout.lines().map_while(|line| line.strip_prefix("::add-mask::")).collect();
    for secret in [GIT_TOKEN, URL_PASSWORD, ARGOCD_PASSWORD, ARGOCD_TOKEN, HEADER] {
        let line = secret.replace('%', "%25");
        assert!(masks.contains(&line.as_str()), "no mask for {secret} among {masks:?}");
    }
    vault.search();
}

#[test]
fn a_test_that_prints_them_is_quoted_without_them() {
    for in_actions in [false, true] {
        let mut vault = Vault::new(&careless()).open(false, true, false);
        vault.sandbox.set("ARGOCD_USERNAME", USER);
        vault.sandbox.set("ARGOCD_PASSWORD", ARGOCD_PASSWORD);
        if in_actions {
            vault.sandbox.in_actions();
        }
        let ran = vault.run(&["run"], 10);
        assert!(ran.stdout.contains("$GITOPS_TOKEN"), "{}", ran.stdout);
        vault.run(&["plan"], 10);
        vault.run(&["validate", "--json"], 10);
        vault.run(&["show"], 0);
        // The report itself is the careless test's own.
        std::fs::remove_file(vault.sandbox.work().join("artifacts/unit.xml")).unwrap();
        vault.search();
    }
}

#[test]
fn refused_logins_show_none() {
    for in_actions in [false, true] {
        // The repository refuses: a token, and a password in the address.
        let mut vault = Vault::new(PASSES);
        let url = vault.sandbox.serve().url();
        vault.sandbox.set("GITOPS_TOKEN", GIT_TOKEN);
        vault.log_in(true);
        vault.sandbox.set("ARGOCD_SERVER", "127.0.0.1:1");
        if in_actions {
            vault.sandbox.in_actions();
        }
        vault.run(&["run"], 20);
        vault.sandbox.unset("GITOPS_TOKEN");
        vault.sandbox.set("GITOPS_REPO", with_password(&url));
        vault.run(&["run"], 20);
        // Argo CD refuses: a token, and name and password.
        vault.sandbox.set("GITOPS_REPO", REPOSITORY);
        vault.sandbox.argo(ArgoBuilder::new());
        vault.log_in(true);
        vault.run(&["run"], 20);
        vault.log_in(false);
        vault.run(&["run"], 20);
        vault.search();
    }
}

#[test]
fn unreachable_hosts_and_addresses_that_cannot_be_show_none() {
    let mut vault = Vault::new(PASSES);
    vault.sandbox.in_actions();
    vault.sandbox.set("GITOPS_TOKEN", GIT_TOKEN);
    vault.log_in(true);
    // Nothing listens on port 1.
    vault.sandbox.set("ARGOCD_SERVER", "http://127.0.0.1:1");
    vault.run(&["run"], 20);
    vault.sandbox.set("GITOPS_REPO", with_password("http://127.0.0.1:1/gitops.git"));
    vault.run(&["run"], 20);
    for (address, exit) in [
        (with_password("http://127.0.0.1:1/gitops.git?depth=1"), 3),
        (
            with_password("gopher://127.0.0.1/gitops.git")
                .replace("gopher://", &format!("gopher://me:{}@", percent(URL_PASSWORD))),
            3,
        ),
        (format!("https://me:{URL_PASSWORD}@[/gitops"), 3),
    ] {
        vault.sandbox.set("GITOPS_REPO", address);
        vault.run(&["run"], exit);
    }
    vault.sandbox.set("GITOPS_REPO", REPOSITORY);
    vault.sandbox.set("ARGOCD_SERVER", format!("https://me:{}@argocd.example.com", percent(URL_PASSWORD)));
    vault.run(&["run"], 3);
    vault.sandbox.set("ARGOCD_SERVER", "http://127.0.0.1:1");
    vault.sandbox.set("ARGOCD_OPTS", format!("--header 'X-Proxy-Login {HEADER}' --auth-token '{ARGOCD_TOKEN}'"));
    vault.run(&["run"], 3);
    vault.search();
}
