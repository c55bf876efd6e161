//! Who is let in to what: credentials, limits, permissions.

use serde_json::json;

use super::answer::{Answer, Answered, Call, key};
use super::routes::Route;
use super::server::Trouble;
use super::state::World;
use super::tokens::{Caller, Kind, rank};

impl World {
    /// Who asks.
    pub(super) fn identify(&self, authorization: Option<&str>) -> Result<Caller, Answer> {
        let Some(header) = authorization else { return Ok(Caller::Nobody) };
        let text =
            header.split_once(' ').filter(|(scheme, _)| matches!(scheme.to_lowercase().as_str(), "bearer" | "token"));
        let Some((_, text)) = text else { return Err(Answer::error(401, "Bad credentials")) };
        if text.starts_with("eyJ") {
            return self.app.check(text, self.now()).map(|()| Caller::App);
        }
        match self.tokens.get(text) {
            Some(issued) if issued.ends.is_none_or(|end| self.now() < end) => {
                Ok(Caller::Holder { text: text.to_owned(), token: issued.token.clone() })
            }
            _ => Err(Answer::error(401, "Bad credentials")),
        }
    }

    /// Refuses what goes beyond a limit, or meets a trouble.
    pub(super) fn limits(&self, call: &Call, trouble: Option<&Trouble>) -> Result<(), Answer> {
        if let Some(refusal) = trouble.and_then(Trouble::refusal) {
            let resets = match trouble {
                Some(Trouble::Primary { resets_in }) => self.now().as_second() + resets_in,
                _ => return Err(refusal),
            };
            return Err(refusal.with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", resets.to_string()));
        }
        match self.used(call) {
            Some((limit, used)) if used >= limit && call.path != "/rate_limit" => {
                Err(Answer::error(403, "API rate limit exceeded for the stand-in."))
            }
            _ => Ok(()),
        }
    }

    fn used(&self, call: &Call) -> Option<(u64, u64)> {
        let Caller::Holder { text, .. } = &call.caller else { return None };
        self.tokens.get(text).map(|issued| (issued.limit, issued.used))
    }

    /// Counts a request against its limit; one that changed nothing (304) and `/rate_limit` are free.
    pub(super) fn count(&mut self, call: &Call, answer: &Answer) {
        if let Caller::Holder { text, .. } = &call.caller
            && answer.status != 304
            && call.path != "/rate_limit"
            && let Some(issued) = self.tokens.get_mut(text)
        {
            issued.used = (issued.used + 1).min(issued.limit);
        }
    }

    /// The end of the hour that limits are counted in.
    fn reset(&self) -> i64 {
        (self.now().as_second() / 3600 + 1) * 3600
    }

    pub(super) fn rate_headers(&self, call: &Call, answer: &Answer) -> Vec<(&'static str, String)> {
        let (limit, used) = self.used(call).unwrap_or((60, 0));
        let counts = u64::from(call.path != "/rate_limit");
        let used = (used + counts).min(limit);
        let all = [
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", (limit - used).to_string()),
            ("x-ratelimit-used", used.to_string()),
            ("x-ratelimit-reset", self.reset().to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ];
        all.into_iter().filter(|(name, _)| !answer.headers.iter().any(|(given, _)| given == name)).collect()
    }

    /// Whether this caller may ask for this at all. 404 hides what it may not know of.
    pub(super) fn admit(&self, route: &Route, call: &Call) -> Result<(), Answer> {
        if matches!(call.caller, Caller::App) != (route.need == "app") {
            return Err(Answer::error(401, "A JSON web token could not be decoded"));
        }
        if route.need == "app" || route.need.is_empty() {
            return Ok(());
        }
        if route.need == "user" {
            let may = call.caller.person().is_some();
            return if may { Ok(()) } else { Err(self.lacking(call)) };
        }
        if !call.argument("org").is_empty() {
            return self.admit_to_organisation(route, call);
        }
        let repo = self.repos.get(&key(call)).ok_or_else(Answer::not_found)?;
        let role = self.role(call);
        if repo.private && role == "none" {
            return Err(Answer::not_found());
        }
        if repo.archived && call.method != "GET" {
            return Err(Answer::error(403, "Repository was archived so is read-only."));
        }
        if matches!(call.caller, Caller::Nobody) && call.method != "GET" {
            return Err(Answer::error(401, "Requires authentication"));
        }
        let granted = route.need.split(';').any(|need| {
            let (permission, level) = need.split_once('=').expect("permission=level");
            let shown = !repo.private && level == "read" && !is_confidential(permission);
            shown || grants(call, permission, level, role)
        });
        if granted { Ok(()) } else { Err(self.lacking(call)) }
    }

    /// What the caller is in the repository that it asks about.
    fn role(&self, call: &Call) -> &'static str {
        let (Caller::Holder { token, .. }, key) = (&call.caller, key(call)) else { return "none" };
        match token.kind {
            Kind::Personal => self.role_of(&token.user, &key),
            _ if token.repositories.contains(&key) => "write",
            _ => "none",
        }
    }

    /// What a person is in a repository: owners of the organisation administer all, who has no role given may read.
    pub(super) fn role_of(&self, login: &str, repository: &str) -> &'static str {
        let login = login.to_lowercase();
        match self.users.get(&login) {
            None => "none",
            Some(user) if user.is_owner => "admin",
            Some(_) => self.repos[repository].roles.get(&login).copied().unwrap_or("read"),
        }
    }

    fn admit_to_organisation(&self, route: &Route, call: &Call) -> Result<(), Answer> {
        if !call.argument("org").eq_ignore_ascii_case("acme") {
            return Err(Answer::not_found());
        }
        let (permission, level) = route.need.split_once('=').expect("permission=level");
        match &call.caller {
            Caller::Holder { token, .. } if token.kind == Kind::Personal => {
                let may = token.permissions.is_empty() || token.grants(permission, level);
                if may { Ok(()) } else { Err(self.lacking(call)) }
            }
            Caller::Holder { token, .. } if token.kind == Kind::Installation && token.grants(permission, level) => {
                Ok(())
            }
            Caller::Holder { .. } => Err(self.lacking(call)),
            _ => Err(Answer::error(401, "Requires authentication")),
        }
    }

    /// The refusal of who lacks a permission, in the words that fit the token.
    pub(super) fn lacking(&self, call: &Call) -> Answer {
        match &call.caller {
            Caller::Holder { token, .. } if token.kind != Kind::Personal => {
                Answer::error(403, "Resource not accessible by integration")
            }
            Caller::Holder { .. } if call.path.ends_with("/check-runs") || call.path.contains("/check-runs/") => {
                Answer::error(403, "You must authenticate via a GitHub App.")
            }
            Caller::Holder { token, .. } if !token.permissions.is_empty() => {
                Answer::error(403, "Resource not accessible by personal access token")
            }
            Caller::Holder { .. } => Answer::error(403, "Must have admin rights to Repository."),
            _ => Answer::error(401, "Requires authentication"),
        }
    }
}

fn grants(call: &Call, permission: &str, level: &str, role: &str) -> bool {
    let Caller::Holder { token, .. } = &call.caller else { return false };
    // Whoever may read a repository may comment, and review what he was asked to review.
    let is_word = matches!(permission, "issues" | "pull_requests") || call.path.ends_with("/pending_deployments");
    match token.kind {
        // One that does not open this repository sees of it what everybody sees.
        Kind::Workflow | Kind::Installation => role != "none" && token.grants(permission, level),
        Kind::Personal if permission == "checks" && level == "write" => false,
        Kind::Personal => {
            let by_role = if is_confidential(permission) {
                "admin"
            } else if is_word {
                "read"
            } else {
                level
            };
            rank(role) >= rank(by_role) && (token.permissions.is_empty() || token.grants(permission, level))
        }
    }
}

/// What a public repository does not show to everybody.
fn is_confidential(permission: &str) -> bool {
    matches!(permission, "administration" | "security_events" | "vulnerability_alerts" | "secret_scanning_alerts")
}

/// `GET /rate_limit`.
pub(super) fn rate_limit(world: &mut World, call: &Call) -> Answered {
    let (limit, used) = world.used(call).unwrap_or((60, 0));
    let reset = world.reset();
    let core =
        json!({"limit": limit, "used": used, "remaining": limit - used.min(limit), "reset": reset, "resource": "core"});
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": reset, "resource": "search"});
    Ok(Answer::new(200, json!({"resources": {"core": core, "search": search}, "rate": core})))
}
