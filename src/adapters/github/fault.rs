//! What GitHub's refusals mean, in words that say what to do. GitHub hides much behind few statuses: 404 is also "you may not
//! see it", and 403 is a missing permission, a missing login to an organization, or a limit.

use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::http::page::{brief, title_of};
use crate::adapters::http::{Answer, shown};
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// The longest message of GitHub's that is repeated, in characters.
const MESSAGE_MAX: usize = 400;

/// The permissions that a workflow can give its token, as the API names them. Source: actions/runner, `workflow-v1.0.json`.
const OF_WORKFLOWS: [&str; 16] = [
    "actions",
    "artifact_metadata",
    "attestations",
    "checks",
    "code_quality",
    "contents",
    "deployments",
    "discussions",
    "issues",
    "models",
    "packages",
    "pages",
    "pull_requests",
    "security_events",
    "statuses",
    "vulnerability_alerts",
];

/// A request, as far as its fault must name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// What was being done, fitting "failed to …".
    pub(super) doing: &'a str,
    /// Method and address, as they may be shown.
    pub(super) shown: &'a str,
    /// Whether it was to change something.
    pub(super) write: bool,
    /// The variable that the credential comes from.
    pub(super) token_name: &'a str,
    /// The credential itself, which nobody must see even where the other side repeats it.
    pub(super) token: Option<&'a Secret>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    errors: Option<Value>,
}

impl Asked<'_> {
    /// What an answer means that is not what was asked for.
    pub(super) fn refusal(&self, answer: &Answer) -> Fault {
        let status = answer.status;
        if (300..400).contains(&status) {
            return self.redirected(answer);
        }
        let json = is_json(answer);
        if !json && !answer.body.is_empty() && !matches!(status, 401 | 404 | 429 | 500..) {
            return self.not_the_api(answer);
        }
        let message = if json { message_of(&answer.body) } else { title_of(answer) };
        let message = self.without_token(message.trim());
        let colon = if message.is_empty() || message.starts_with('(') { " " } else { ": " };
        let why = format!("{} → {status}{colon}{message}", self.shown).trim_end().to_owned();
        let kind = match status {
            401 | 403 | 451 => FaultKind::Denied,
            404 | 410 => FaultKind::NotFound,
            409 => FaultKind::Conflict,
            408 | 500.. if self.write => FaultKind::Uncertain,
            408 | 429 | 500.. => FaultKind::Transient,
            _ => FaultKind::Broken,
        };
        let fault = Fault::new(kind, self.doing, why);
        match status {
            401 => fault.hint(self.unknown_to_github()),
            403 => self.forbidden(fault, answer, &message),
            404 => fault.hint(self.not_seen()),
            410 => fault.hint("it has expired or was deleted: make it anew"),
            _ => fault,
        }
    }

    /// A body that is not of the shape that GitHub documents.
    pub(super) fn unreadable(&self, error: &serde_json::Error) -> Fault {
        let why = self.without_token(&format!("{}: GitHub's answer cannot be read: {error}", self.shown));
        Fault::new(FaultKind::Broken, self.doing, why)
    }

    /// A page, or whatever else GitHub's API does not answer with.
    pub(super) fn not_the_api(&self, answer: &Answer) -> Fault {
        let kind = answer.content_type();
        let what = if kind == "text/html" { "a web page" } else { "something that is not JSON" };
        let kind = if kind.is_empty() { "without a content type".to_owned() } else { kind };
        let title = self.without_token(&title_of(answer));
        let why = format!("GitHub answered with {what}\n{} → {} {kind}{title}", self.shown, answer.status);
        Fault::new(FaultKind::Broken, self.doing, why).hint(
            "check GITHUB_API_URL (https://api.github.com; on an own server https://HOST/api/v3), and what proxy stands \
             before it",
        )
    }

    fn redirected(&self, answer: &Answer) -> Fault {
        let to = answer.header("location").unwrap_or("nowhere");
        let to = Url::parse(to).map_or_else(|_| to.split('?').next().unwrap_or_default().to_owned(), |to| shown(&to));
        let to = self.without_token(&to);
        let why = format!("{} → {} to {to}; the token does not travel there", self.shown, answer.status);
        Fault::new(FaultKind::Broken, self.doing, why).hint(
            "GitHub does so when a repository was renamed or transferred: use its present name; else check GITHUB_API_URL",
        )
    }

    fn unknown_to_github(&self) -> String {
        match self.token {
            Some(_) => format!("the token is wrong, expired or revoked: check {}", self.token_name),
            None => format!("no token was sent: set {}", self.token_name),
        }
    }

    fn not_seen(&self) -> String {
        let Self { token_name, token, .. } = self;
        let whose = if token.is_some() { format!("the token of {token_name} may") } else { "you may".to_owned() };
        let also = if token.is_some() { "that the token may read it" } else { token_name };
        format!("GitHub says 404 also for what {whose} not see: check the name, and {also}")
    }

    fn forbidden(&self, fault: Fault, answer: &Answer, message: &str) -> Fault {
        if let Some(sso) = answer.header("x-github-sso").filter(|sso| sso.trim_start().starts_with("required")) {
            let page = sso.split_once("url=").and_then(|(_, url)| Url::parse(url.trim()).ok());
            let page = page.map(|page| format!(" at {}", shown(&page).trim_end_matches("?…"))).unwrap_or_default();
            let hint =
                format!("the organization wants the token of {} to be authorised for its SSO{page}", self.token_name);
            return fault.hint(hint);
        }
        let accepted = answer.header("x-accepted-github-permissions").unwrap_or_default();
        let integration = message.contains("not accessible by integration");
        if !integration && !message.contains("not accessible by personal access token") {
            return match lacking(accepted) {
                Some(_) if !message.contains("rights") => fault,
                _ => fault.hint(format!("the token of {} may not do this", self.token_name)),
            };
        }
        match lacking(accepted) {
            Some(ways) => fault.hint(self.permissions(&ways, integration)),
            None => fault.hint(format!(
                "the token of {} lacks a permission that GitHub does not name; see GitHub's page \"Permissions required for \
                 GitHub Apps\" for this request",
                self.token_name
            )),
        }
    }

    /// How to give a permission: to a workflow's token by its `permissions:`, to another token where it was made.
    fn permissions(&self, ways: &[Vec<(String, String)>], integration: bool) -> String {
        let in_workflow =
            |way: &&Vec<(String, String)>| way.iter().all(|(name, _)| OF_WORKFLOWS.contains(&name.as_str()));
        let name = self.token_name;
        if integration && let Some(way) = ways.iter().find(in_workflow) {
            let keys: Vec<String> =
                way.iter().map(|(key, level)| format!("{}: {level}", key.replace('_', "-"))).collect();
            return format!(
                "give it to the job, under `permissions:`, as `{}` (for an App's token: to the App); a pull request from a \
                 fork or from Dependabot never gets more than `read`",
                keys.join("`, `")
            );
        }
        let way = ways.first().map_or_else(Vec::new, Clone::clone);
        let words: Vec<String> =
            way.iter().map(|(key, level)| format!("\"{}: {level}\"", key.replace('_', " "))).collect();
        let words = words.join(" and ");
        if integration {
            return format!(
                "no `permissions:` of a workflow gives {words}: use the token of a GitHub App or a person that has it, in {name}"
            );
        }
        format!("give the token of {name} the permission {words}")
    }

    fn without_token(&self, text: &str) -> String {
        match self.token {
            Some(token) => text.replace(token.expose(), "…"),
            None => text.to_owned(),
        }
    }
}

/// Whether an answer says that it is JSON, in any of GitHub's media types.
pub(super) fn is_json(answer: &Answer) -> bool {
    let kind = answer.content_type();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The ways to be allowed, each a set of permissions: `contents=read,actions=read; administration=write`.
fn lacking(accepted: &str) -> Option<Vec<Vec<(String, String)>>> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let one = |pair: &str| {
        let (name, level) = pair.trim().split_once('=')?;
        (plain(name) && plain(level)).then(|| (name.to_owned(), level.to_owned()))
    };
    let way = |set: &str| -> Option<Vec<_>> { set.split(',').map(one).collect() };
    let ways: Vec<_> = accepted.split(';').filter_map(way).collect();
    (!ways.is_empty()).then_some(ways)
}

/// GitHub's message with its list of errors, in one line.
fn message_of(body: &[u8]) -> String {
    let Ok(Refusal { message, errors }) = serde_json::from_slice(body) else { return String::new() };
    let error = |error: &Value| match error {
        Value::String(text) => text.clone(),
        error => {
            let part = |key: &str| error.get(key).and_then(Value::as_str);
            let place: Vec<&str> = ["resource", "field", "code"].into_iter().filter_map(part).collect();
            match part("message") {
                Some(message) => message.to_owned(),
                None => place.join(" "),
            }
        }
    };
    let errors: Vec<String> = match &errors {
        Some(Value::Array(all)) => all.iter().map(error).filter(|text| !text.is_empty()).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let message = message.unwrap_or_default();
    let whole = if errors.is_empty() { message } else { format!("{message} ({})", errors.join("; ")) };
    brief(&whole, MESSAGE_MAX)
}
