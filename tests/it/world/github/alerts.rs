//! Alerts: code scanning, Dependabot, secret scanning. Each may be off, and says so in its own way.

use serde_json::{Value, json};

use super::Repository;
use super::answer::{Answer, Answered, Call};
use super::shapes::SITE;
use super::state::{Repo, World};

/// Whether code scanning is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeScanning {
    /// Advanced Security is not enabled: 403.
    Off,
    /// Nothing was ever analysed: 404.
    NoAnalysis,
    On,
}

/// The alerts of a repository.
pub(super) struct Alerts {
    code_scanning: CodeScanning,
    dependabot: bool,
    secret_scanning: bool,
    code: Vec<CodeAlert>,
    analyses: Vec<(String, String, String)>,
    dependencies: Vec<DependencyAlert>,
    secrets: Vec<SecretAlert>,
}

struct CodeAlert {
    severity: Option<&'static str>,
    state: &'static str,
    tool: String,
    reference: String,
    sha: String,
}

struct DependencyAlert {
    severity: &'static str,
    state: &'static str,
    package: String,
    scope: &'static str,
}

struct SecretAlert {
    kind: String,
    secret: String,
    state: &'static str,
}

impl Default for Alerts {
    fn default() -> Self {
        let (code, dependencies, secrets) = (Vec::new(), Vec::new(), Vec::new());
        let code_scanning = CodeScanning::On;
        let analyses = Vec::new();
        Self { code_scanning, dependabot: true, secret_scanning: true, code, analyses, dependencies, secrets }
    }
}

impl Repository<'_> {
    /// Switches code scanning.
    pub(crate) fn code_scanning(&self, is: CodeScanning) -> &Self {
        self.with(|repo| repo.alerts.code_scanning = is);
        self
    }

    /// Switches Dependabot alerts and secret scanning.
    pub(crate) fn scanning(&self, dependabot: bool, secrets: bool) -> &Self {
        self.with(|repo| (repo.alerts.dependabot, repo.alerts.secret_scanning) = (dependabot, secrets));
        self
    }

    /// A tool scans a branch's tip; what it finds are [`Repository::code_alert`]s.
    pub(crate) fn analysis(&self, tool: &str, branch: &str) -> &Self {
        self.with(|repo| {
            let sha = repo.branches.get(branch).cloned().unwrap_or_default();
            repo.alerts.analyses.push((tool.to_owned(), format!("refs/heads/{branch}"), sha));
        });
        self
    }

    /// An open alert of code scanning on a branch: `critical`, or `None` where the rule is none of security.
    pub(crate) fn code_alert(&self, severity: Option<&'static str>, tool: &str, branch: &str) -> &Self {
        self.with(|repo| {
            let sha = repo.branches.get(branch).cloned().unwrap_or_default();
            let (tool, reference) = (tool.to_owned(), format!("refs/heads/{branch}"));
            repo.alerts.code.push(CodeAlert { severity, state: "open", tool, reference, sha });
        });
        self
    }

    /// An alert of Dependabot: `critical`, `open`, `runtime`.
    pub(crate) fn dependency_alert(
        &self,
        severity: &'static str,
        state: &'static str,
        package: &str,
        scope: &'static str,
    ) -> &Self {
        let package = package.to_owned();
        self.with(|repo| repo.alerts.dependencies.push(DependencyAlert { severity, state, package, scope }));
        self
    }

    /// An alert of secret scanning: `open` or `resolved`.
    pub(crate) fn secret_alert(&self, kind: &str, secret: &str, state: &'static str) -> &Self {
        let (kind, secret) = (kind.to_owned(), secret.to_owned());
        self.with(|repo| repo.alerts.secrets.push(SecretAlert { kind, secret, state }));
        self
    }
}

/// The addresses that all alerts have.
fn addressed(world: &World, repo: &Repo, kind: &str, number: usize, mut body: Value) -> Value {
    let url = format!("{}/repos/{}/{kind}/alerts/{number}", world.url, repo.full_name);
    body["number"] = number.into();
    body["url"] = url.as_str().into();
    body["html_url"] = format!("{SITE}/{}/security/{kind}/{number}", repo.full_name).into();
    for time in ["created_at", "updated_at"] {
        body[time] = "2026-01-01T00:00:00Z".into();
    }
    body
}

/// `GET /repos/{owner}/{repo}/code-scanning/analyses`: newest first.
pub(super) fn analyses(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    switched(repo)?;
    let fits = |reference: &str| call.wants("ref", reference);
    let found = repo.alerts.analyses.iter().enumerate().rev().filter(|(_, (_, reference, _))| fits(reference));
    let shown = found.map(|(at, (tool, reference, sha))| {
        json!({
            "ref": reference, "commit_sha": sha, "analysis_key": "codeql", "environment": "{}", "error": "", "category": "",
            "created_at": format!("2026-01-01T00:{:02}:00Z", at % 60), "results_count": 0, "rules_count": 1, "id": at + 1,
            "url": format!("{}/repos/{}/code-scanning/analyses/{}", world.url, repo.full_name, at + 1),
            "sarif_id": format!("sarif-{at}"), "tool": {"name": tool, "guid": null, "version": "2.20.1"},
            "deletable": true, "warning": "",
        })
    });
    Ok(call.list(shown.collect()))
}

/// Refuses what is off, as GitHub does.
fn switched(repo: &Repo) -> Result<(), Answer> {
    match repo.alerts.code_scanning {
        CodeScanning::Off => {
            let why = "Advanced Security must be enabled for this repository to use code scanning.";
            Err(Answer::error(403, why))
        }
        CodeScanning::NoAnalysis => Err(Answer::error(404, "no analysis found")),
        CodeScanning::On => Ok(()),
    }
}

/// `GET /repos/{owner}/{repo}/code-scanning/alerts`.
pub(super) fn code(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    switched(repo)?;
    let fits = |one: &CodeAlert| {
        let branch = one.reference.trim_start_matches("refs/heads/");
        call.wants("state", one.state)
            && (call.wants("ref", &one.reference) || call.wants("ref", branch))
            && call.wants("tool_name", &one.tool)
            && call.wants("severity", one.severity.unwrap_or("error"))
    };
    let shown = repo.alerts.code.iter().enumerate().filter(|(_, one)| fits(one)).map(|(at, one)| {
        let body = json!({
            "state": one.state, "fixed_at": null, "dismissed_by": null, "dismissed_at": null, "dismissed_reason": null,
            "dismissed_comment": null,
            "rule": {
                "id": "rust/path-injection", "name": "rust/path-injection", "severity": "error", "tags": ["security"],
                "security_severity_level": one.severity, "description": "Path injection",
            },
            "tool": {"name": one.tool, "guid": null, "version": "2.20.1"},
            "most_recent_instance": {
                "ref": one.reference, "analysis_key": "codeql", "environment": "{}", "category": "", "state": one.state,
                "commit_sha": one.sha, "message": {"text": "This path depends on a user-provided value."},
                "location": {"path": "src/main.rs", "start_line": 1, "end_line": 1, "start_column": 1, "end_column": 2},
                "classifications": [],
            },
        });
        let mut body = addressed(world, repo, "code-scanning", at + 1, body);
        body["instances_url"] = format!("{}/instances", body["url"].as_str().unwrap_or_default()).into();
        body
    });
    Ok(call.list(shown.collect()))
}

/// `GET /repos/{owner}/{repo}/dependabot/alerts`: pages by cursor, never by number.
pub(super) fn dependabot(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    if !repo.alerts.dependabot {
        return Err(Answer::error(403, "Dependabot alerts are disabled for this repository."));
    }
    if call.query("page").is_some() {
        return Err(Answer::error(400, "Pagination using the `page` parameter is not supported."));
    }
    let one_of = |name: &str, value: &str| call.query(name).is_none_or(|all| all.split(',').any(|one| one == value));
    let fits = |one: &DependencyAlert| {
        one_of("state", one.state) && one_of("severity", one.severity) && one_of("scope", one.scope)
    };
    let found: Vec<_> = repo.alerts.dependencies.iter().enumerate().filter(|(_, one)| fits(one)).collect();
    let size = call.per_page(30);
    let after = match call.query("after") {
        None => 0,
        Some(cursor) => match cursor.strip_prefix("cursor-").and_then(|text| text.parse::<usize>().ok()) {
            Some(after) => after,
            None => return Err(Answer::error(422, "Invalid cursor")),
        },
    };
    let shown = found.iter().skip(after).take(size).map(|(at, one)| {
        let package = json!({"ecosystem": "rust", "name": one.package});
        let vulnerability = json!({
            "package": package, "severity": one.severity, "vulnerable_version_range": "< 1.2.3",
            "first_patched_version": {"identifier": "1.2.3"},
        });
        let body = json!({
            "state": one.state, "dismissed_at": null, "dismissed_by": null, "dismissed_reason": null,
            "dismissed_comment": null, "fixed_at": null,
            "dependency": {"package": package, "manifest_path": "Cargo.lock", "scope": one.scope},
            "security_advisory": {
                "ghsa_id": "GHSA-0000-0000-0000", "cve_id": "CVE-2026-0001", "summary": "A flaw", "description": "A flaw.",
                "severity": one.severity, "vulnerabilities": [vulnerability],
                "cvss": {"score": 9.1, "vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"},
                "cwes": [{"cwe_id": "CWE-22", "name": "Path traversal"}],
                "identifiers": [{"type": "CVE", "value": "CVE-2026-0001"}],
                "references": [{"url": "https://example.com/advisory"}], "published_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z", "withdrawn_at": null,
            },
            "security_vulnerability": vulnerability,
        });
        addressed(world, repo, "dependabot", at + 1, body)
    });
    let shown: Vec<Value> = shown.collect();
    let answer = Answer::new(200, Value::Array(shown));
    if after + size >= found.len() {
        return Ok(answer);
    }
    let next = call.link(&[("after", &format!("cursor-{}", after + size))]);
    Ok(answer.with("link", format!("<{next}>; rel=\"next\"")))
}

/// `GET /repos/{owner}/{repo}/secret-scanning/alerts`: with the secret itself, unless it is told to hide it.
pub(super) fn secrets(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    if !repo.alerts.secret_scanning {
        return Err(Answer::error(404, "Secret scanning is disabled on this repository."));
    }
    let hides = call.query("hide_secret") == Some("true");
    let found = repo.alerts.secrets.iter().enumerate().filter(|(_, one)| call.wants("state", one.state));
    let shown = found.map(|(at, one)| {
        let mut body = json!({
            "state": one.state, "secret_type": one.kind, "secret_type_display_name": one.kind, "validity": "unknown",
            "resolution": (one.state == "resolved").then_some("revoked"), "resolved_at": null, "resolved_by": null,
            "push_protection_bypassed": false, "publicly_leaked": false, "multi_repo": false,
        });
        if !hides {
            body["secret"] = one.secret.as_str().into();
        }
        let mut body = addressed(world, repo, "secret-scanning", at + 1, body);
        body["locations_url"] = format!("{}/locations", body["url"].as_str().unwrap_or_default()).into();
        body
    });
    Ok(call.list(shown.collect()))
}
