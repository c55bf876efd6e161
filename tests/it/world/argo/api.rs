//! The API: what is refused, in which words, and what is answered.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::{Value, json};

use super::Pace;
use super::behaviour::Away;
use super::sim::Sim;

/// The only account, and its token for machines.
pub(crate) const USER: &str = "ci";
pub(crate) const PASSWORD: &str = "correct-horse-battery";
pub(crate) const TOKEN: &str = "aaa.machine.bbb";

/// Where the server's clock stands at the start: not where ours does.
pub(super) const EPOCH: i64 = 1_767_225_600;

pub(super) type Action = Box<dyn FnOnce() + Send>;

/// Everything that the server knows.
pub(super) struct World {
    pub(super) apps: BTreeMap<String, Sim>,
    pub(super) pace: Pace,
    pub(super) began: Instant,
    pub(super) manual: i64,
    /// By how much a request moves time.
    pub(super) step: i64,
    pub(super) password: String,
    pub(super) token: String,
    pub(super) root: String,
    pub(super) login_secs: i64,
    pub(super) login_page: bool,
    pub(super) redirect: bool,
    pub(super) sessions: BTreeMap<String, i64>,
    pub(super) logins: usize,
    pub(super) requests: Vec<String>,
    pub(super) actions: Vec<(usize, Action)>,
}

/// An answer, and what is done with it.
pub(super) enum Reply {
    Json(u16, Value),
    Text(u16, &'static str, &'static str),
    Redirect(String),
    /// The connection breaks before the answer is whole.
    Broken,
    /// No answer for a long time.
    Silence,
}

const LOGIN_PAGE: Reply =
    Reply::Text(200, "text/html; charset=utf-8", "<html><head><title>Sign in</title></head></html>");

const INGRESS_PAGE: Reply =
    Reply::Text(503, "text/html", "<html><title>503 Service Temporarily Unavailable</title></html>");

impl World {
    pub(super) fn now(&self) -> i64 {
        let real = match self.pace {
            Pace::Manual => 0,
            Pace::Real(factor) => i64::try_from(self.began.elapsed().as_millis()).unwrap_or(0) * i64::from(factor),
        };
        self.manual + real
    }

    pub(super) fn advance(&mut self) {
        let now = self.now();
        self.apps.values_mut().for_each(|app| app.advance(now));
    }

    pub(super) fn handle(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Reply {
        if self.redirect {
            return Reply::Redirect(format!("https://argocd.test{uri}"));
        }
        if self.login_page {
            return LOGIN_PAGE;
        }
        let path = match (self.root.as_str(), uri.path()) {
            ("", path) => path,
            (root, path) => match path.strip_prefix(root) {
                Some(path) => path,
                None => return LOGIN_PAGE,
            },
        };
        let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if segments.first() != Some(&"api") {
            return Reply::Text(404, "text/plain", "404 page not found");
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if *method != Method::GET && !kind.eq_ignore_ascii_case("application/json") {
            return Reply::Text(415, "text/plain", "Invalid content type");
        }
        let known = match (method, segments.as_slice()) {
            (&Method::GET, ["api", "version"]) => return Reply::Json(200, json!({ "Version": "v3.5.1+stand-in" })),
            (&Method::POST, ["api", "v1", "session"]) => return self.log_in(body),
            (&Method::GET, ["api", "v1", "account", "can-i", "applications", "sync", _]) => true,
            (_, ["api", "v1", "applications", _, ..]) => true,
            _ => false,
        };
        if !known {
            return Reply::Text(404, "text/plain", "Not Found");
        }
        if let Err(why) = self.authorised(headers) {
            return refuse(401, 16, &why);
        }
        match segments.as_slice() {
            [_, _, "account", ..] => Reply::Json(200, json!({ "value": "yes" })),
            [_, _, _, name, rest @ ..] => self.application(method, name, rest, uri, body),
            _ => Reply::Text(404, "text/plain", "Not Found"),
        }
    }

    fn log_in(&mut self, body: &Bytes) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if body["username"] != USER || body["password"] != self.password.as_str() {
            return refuse(401, 16, "Invalid username or password");
        }
        self.logins += 1;
        let token = format!("aaa.session{}.bbb", self.logins);
        self.sessions.insert(token.clone(), self.now() + self.login_secs * 1000);
        Reply::Json(200, json!({ "token": token }))
    }

    fn authorised(&self, headers: &HeaderMap) -> Result<(), String> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        if token.split('.').count() != 3 {
            return Err("no session information".to_owned());
        }
        match self.sessions.get(token) {
            _ if token == self.token => Ok(()),
            Some(until) if *until > self.now() => Ok(()),
            Some(_) => Err("invalid session: token has invalid claims: token is expired".to_owned()),
            None => Err("invalid session: signature is invalid".to_owned()),
        }
    }

    fn application(&mut self, method: &Method, name: &str, rest: &[&str], uri: &Uri, body: &Bytes) -> Reply {
        let now = self.now();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let query = query(uri);
        let project =
            query.get("project").map(String::as_str).or(body["project"].as_str()).filter(|text| !text.is_empty());
        let Some(sim) = self.apps.get_mut(name).filter(|sim| project.is_none_or(|wanted| wanted == sim.spec.project))
        else {
            // Without a project a missing application looks like missing rights.
            return match project {
                Some(_) => refuse(404, 5, &format!("applications.argoproj.io \"{name}\" not found")),
                None => refuse(403, 7, "permission denied"),
            };
        };
        let within = |span: Option<(i64, i64)>| span.is_some_and(|(from, to)| (from..to).contains(&now));
        match sim.away() {
            Some(Away::Page) => return INGRESS_PAGE,
            Some(Away::Broken) => return Reply::Broken,
            None if within(sim.spec.behaviour.ingress_down) => return INGRESS_PAGE,
            None => {}
        }
        if within(sim.spec.behaviour.masked) {
            return refuse(403, 7, "permission denied");
        }
        let result = match (method, rest) {
            (&Method::GET, []) => return self.read(name, query.get("refresh").map(String::as_str)),
            (&Method::POST, ["sync"]) => match sim.sync(&body, now) {
                Ok(()) if sim.spec.behaviour.lose_answer && !sim.lost => {
                    sim.lost = true;
                    return Reply::Broken;
                }
                Ok(()) => Ok(sim.json(&moment)),
                Err(refusal) => Err(refusal),
            },
            (&Method::DELETE, ["operation"]) => sim.terminate(now).map(|()| json!({})),
            (&Method::GET, ["managed-resources"]) => Ok(managed(sim.images())),
            (&Method::GET, ["resource-tree"]) => Ok(tree(sim)),
            (&Method::GET, ["resource"]) if sim.spec.behaviour.canary.is_some() => {
                Ok(json!({ "manifest": sim.rollout().to_string() }))
            }
            (&Method::POST, ["resource", "actions", "v2"]) if sim.spec.behaviour.old_actions => {
                return Reply::Text(404, "text/plain", "Not Found");
            }
            (&Method::POST, ["resource", "actions", "v2"]) if body["kind"] == "Rollout" => {
                sim.act(body["action"].as_str().unwrap_or_default(), now)
            }
            (&Method::POST, ["resource", "actions"]) if query.get("kind").is_some_and(|kind| kind == "Rollout") => {
                sim.act(body.as_str().unwrap_or_default(), now)
            }
            (&Method::GET, ["syncwindows"]) if sim.can_sync() => Ok(json!({ "canSync": true })),
            (&Method::GET, ["syncwindows"]) => Ok(json!({ "activeWindows": [{ "kind": "deny" }] })),
            _ => return Reply::Text(405, "text/plain", "Method Not Allowed"),
        };
        match result {
            Ok(value) => Reply::Json(200, value),
            Err((status, code, message)) => refuse(status, code, &message),
        }
    }

    fn read(&mut self, name: &str, refresh: Option<&str>) -> Reply {
        if refresh.is_some() {
            // The request waits for the comparison.
            self.manual += 300;
            self.advance();
        }
        let now = self.now();
        let Some(sim) = self.apps.get_mut(name) else { return refuse(403, 7, "permission denied") };
        match refresh {
            Some(_) if sim.spec.behaviour.refresh_hangs => {
                sim.refresh_later(now);
                return Reply::Silence;
            }
            Some(_) => sim.refresh(now),
            None => {}
        }
        Reply::Json(200, sim.json(&moment))
    }
}

fn moment(at: i64) -> String {
    jiff::Timestamp::from_second(EPOCH + at.div_euclid(1000)).expect("a time").to_string()
}

fn refuse(status: u16, code: i64, message: &str) -> Reply {
    Reply::Json(status, json!({ "error": message, "code": code, "message": message }))
}

fn managed(images: &[String]) -> Value {
    let containers: Vec<Value> = images.iter().map(|image| json!({ "name": "c", "image": image })).collect();
    let deployment = json!({ "kind": "Deployment", "spec": { "template": { "spec": { "containers": containers } } } });
    json!({ "items": [
        { "group": "apps", "kind": "Deployment", "name": "app", "liveState": deployment.to_string() },
        { "kind": "Secret", "name": "app", "liveState": "{\"kind\":\"Secret\",\"data\":{\"a\":\"++++\"}}" },
        { "kind": "ConfigMap", "name": "gone", "liveState": "null" },
    ]})
}

fn tree(sim: &Sim) -> Value {
    let mut nodes = vec![json!({ "kind": "Deployment", "name": "app", "health": { "status": sim.health() } })];
    if sim.spec.behaviour.canary.is_some() {
        nodes = vec![json!({
            "group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout", "namespace": "prod", "name": "app",
            "health": { "status": sim.health() },
        })];
        nodes.extend(
            ["app-a", "app-b"].map(|pod| json!({ "kind": "Pod", "name": pod, "health": { "status": "Healthy" } })),
        );
    }
    if sim.health() == "Degraded" {
        let health = json!({ "status": "Degraded", "message": "CrashLoopBackOff: \"DATABASE_URL is not set\"" });
        nodes.push(json!({ "kind": "Pod", "name": format!("app-6d5f-x{}", sim.deployed()), "health": health }));
    }
    json!({ "nodes": nodes })
}

fn query(uri: &Uri) -> BTreeMap<String, String> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// Percent-decoding.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
