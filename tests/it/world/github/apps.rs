//! A GitHub App: who it is by its key, where it is installed, and the tokens that it gets there.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::fields::{Is, check};
use super::shapes::{SITE, node};
use super::state::World;
use super::tokens::{Caller, Kind, Token, rank};

/// The App's private key: made for the tests, good for nothing else.
pub(crate) const PRIVATE_KEY: &str = include_str!("app-key.pem");
const PUBLIC_KEY: &str = include_str!("app-key.pub.pem");

/// The App.
pub(super) struct App {
    pub(super) id: u64,
    pub(super) slug: String,
    client_id: String,
    installation: u64,
    /// Lower-case names; empty where it is not installed.
    repositories: Vec<String>,
    permissions: Vec<(String, String)>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            id: 4242,
            slug: "promote-app".to_owned(),
            client_id: "Iv23liStandIn".to_owned(),
            installation: 77,
            repositories: Vec::new(),
            permissions: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: Value,
    iat: i64,
    exp: i64,
}

impl App {
    /// Whether a JWT is the App's: RS256, its id or client id, for at most ten minutes.
    pub(super) fn check(&self, text: &str, now: Timestamp) -> Result<(), Answer> {
        let undecodable = || Answer::error(401, "A JSON web token could not be decoded");
        let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).expect("the App's key");
        let mut rules = Validation::new(Algorithm::RS256);
        // Times are compared with this world's.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(text, &key, &rules).map_err(|_| undecodable())?.claims;
        let issuer = claims.iss.as_str().map_or_else(|| claims.iss.to_string(), str::to_owned);
        if issuer != self.id.to_string() && issuer != self.client_id {
            return Err(Answer::error(404, "Integration not found"));
        }
        let now = now.as_second();
        if claims.exp <= now {
            return Err(Answer::error(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            ));
        }
        if claims.exp - now > 600 {
            return Err(Answer::error(401, "'Expiration time' claim ('exp') is too far in the future"));
        }
        if claims.iat > now + 1 {
            return Err(Answer::error(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        Ok(())
    }
}

impl GitHub {
    /// The App's id, for the program; its key is [`PRIVATE_KEY`].
    pub(crate) fn app_id(&self) -> u64 {
        self.lock().app.id
    }

    /// Installs the App on some repositories, with these permissions.
    pub(crate) fn install_app(&self, repositories: &[&str], permissions: &[(&str, &str)]) {
        for name in repositories {
            self.repository(name);
        }
        let mut world = self.lock();
        world.app.repositories = repositories.iter().map(|name| name.to_lowercase()).collect();
        world.app.permissions =
            permissions.iter().map(|(key, level)| (key.replace('-', "_"), (*level).to_owned())).collect();
    }
}

impl World {
    fn app_permissions(&self) -> Value {
        let given = self.app.permissions.iter().map(|(key, level)| (key.clone(), Value::from(level.as_str())));
        given.collect::<serde_json::Map<_, _>>().into()
    }
}

/// `GET /repos/{owner}/{repo}/installation`.
pub(super) fn installation(world: &mut World, call: &Call) -> Answered {
    if !world.app.repositories.contains(&super::answer::key(call)) {
        return Err(Answer::not_found());
    }
    let (app, id) = (&world.app, world.app.installation);
    let body = json!({
        "id": id, "app_id": app.id, "client_id": app.client_id, "app_slug": app.slug, "target_id": 1,
        "target_type": "Organization", "account": world.organisation(), "single_file_name": null,
        "repository_selection": "selected", "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", world.url),
        "html_url": format!("{SITE}/organizations/acme/settings/installations/{id}"),
        "repositories_url": format!("{}/installation/repositories", world.url), "events": [],
        "permissions": world.app_permissions(), "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "suspended_by": null, "suspended_at": null, "node_id": node(id),
    });
    Ok(Answer::new(200, body))
}

/// `DELETE /installation/token`: the token that asks is taken back.
pub(super) fn revoke(world: &mut World, call: &Call) -> Answered {
    let Caller::Holder { text, token } = &call.caller else {
        return Err(Answer::error(401, "Requires authentication"));
    };
    if token.kind == Kind::Personal {
        return Err(world.lacking(call));
    }
    world.tokens.remove(text);
    Ok(Answer::empty(204))
}

/// `POST /app/installations/{installation_id}/access_tokens`: for an hour, for no more than the installation has.
pub(super) fn token(world: &mut World, call: &Call) -> Answered {
    if call.number("installation_id")? != world.app.installation {
        return Err(Answer::not_found());
    }
    let fields = [
        ("repositories", Is::List(500), false),
        ("repository_ids", Is::List(500), false),
        ("permissions", Is::Object, false),
    ];
    check("Installation", &call.body, &fields)?;
    let wanted = |name: &str| call.body.get(name).and_then(Value::as_array).cloned();
    let by_name = wanted("repositories").unwrap_or_default();
    let by_id = wanted("repository_ids").unwrap_or_default();
    let asked = call.body.contains_key("repositories") || call.body.contains_key("repository_ids");
    let fits = |key: &&String| {
        let repo = &world.repos[*key];
        let named = by_name.iter().any(|one| one.as_str().is_some_and(|name| name.eq_ignore_ascii_case(repo.name())));
        !asked || named || by_id.iter().any(|one| one.as_u64() == Some(repo.id))
    };
    let repositories: Vec<String> = world.app.repositories.iter().filter(fits).cloned().collect();
    if asked && repositories.len() != by_name.len() + by_id.len() {
        let why =
            "There is at least one repository that does not exist or is not accessible to the parent installation.";
        return Err(Answer::error(422, why));
    }
    let asked = call.body.get("permissions").and_then(Value::as_object).cloned();
    let has = |key: &str| world.app.permissions.iter().find(|(one, _)| one == key).map_or("none", |(_, level)| level);
    for (key, level) in asked.iter().flatten() {
        if rank(has(key)) < rank(level.as_str().unwrap_or("admin")) {
            return Err(Answer::error(422, "The permissions requested are not granted to this installation."));
        }
    }
    let granted = asked.map_or_else(|| world.app_permissions(), Value::Object);
    let permissions = granted.as_object().into_iter().flatten();
    let permissions =
        permissions.map(|(key, level)| (key.clone(), level.as_str().unwrap_or_default().to_owned())).collect();
    let user = format!("{}[bot]", world.app.slug);
    world.person(&user);
    let shown: Value = repositories.iter().map(|key| world.full_repository(&world.repos[key], "read")).collect();
    let ends = Timestamp::from_second(world.now().as_second() + 3600).expect("a time");
    let name = "installation".to_owned();
    let text = world.issue(Token { name, kind: Kind::Installation, user, permissions, repositories }, Some(ends));
    let body = json!({
        "token": text, "expires_at": ends.to_string(), "permissions": granted, "repository_selection": "selected",
        "repositories": shown,
    });
    Ok(Answer::new(201, body))
}
