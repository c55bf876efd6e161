//! Holds both sides to GitHub's own description of its API: who asks, and this stand-in.
//!
//! Under `PROMOTE_REAL` a [`Contract`] starts `prism proxy` (npm `@stoplight/prism-cli`) with the description (npm
//! `@octokit/openapi`), both installed in the directory that `PROMOTE_PRISM` names, between the program and the stand-in. It
//! fails the test, when it is dropped, if a request or an answer was not as described. Elsewhere it is not there at all.
//!
//! The description is cut to the paths of [`ROUTES`], and mended where GitHub itself differs from it: every call may be
//! refused, every read may be unchanged, and an environment takes `can_admins_bypass`. Prism follows redirects by itself, so
//! the download of an artifact, whose answer is one, goes past it, and so does GraphQL, which has another description.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, Response};
use promote::adapters::http::{Http, HttpSettings};
use reqwest::Client;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::GitHub;
use super::routes::{self, ROUTES};
use super::server::Listening;

/// The address to use, with the description in between if it is there.
pub(crate) struct Contract {
    url: String,
    between: Option<Between>,
}

struct Between {
    prism: Child,
    violations: Arc<Mutex<Vec<String>>>,
    _front: Listening,
    _runtime: tokio::runtime::Runtime,
    _dir: TempDir,
}

impl Contract {
    /// Stands before the stand-in, whose links lead through it from now on.
    pub(crate) fn start(github: &GitHub) -> Self {
        if std::env::var_os("PROMOTE_REAL").is_none() {
            return Self { url: github.url(), between: None };
        }
        let tools = std::env::var("PROMOTE_PRISM").expect("PROMOTE_REAL needs PROMOTE_PRISM: see .ci/run");
        let modules = Path::new(&tools).join("node_modules");
        let whole = std::fs::read(modules.join("@octokit/openapi/generated/api.github.com.json")).unwrap();
        let dir = TempDir::new().unwrap();
        let description = dir.path().join("github.json");
        std::fs::write(&description, cut(&serde_json::from_slice(&whole).unwrap()).to_string()).unwrap();

        let mut command = Command::new("node");
        command.arg(modules.join("@stoplight/prism-cli/dist/index.js")).arg("proxy").arg(&description);
        command.args([&github.url(), "--port", "0", "--host", "127.0.0.1"]).stdin(Stdio::null());
        let mut prism = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("node and prism");
        let mut out = BufReader::new(prism.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "prism ended before it listened");
            if let Some((_, address)) = line.split_once("Prism is listening on ") {
                let end = address.find(|letter: char| !letter.is_ascii_graphic() || letter == '\u{1b}');
                break address[..end.unwrap_or(address.len())].to_owned();
            }
        };
        // Whoever does not read what it says makes it wait.
        std::thread::spawn(move || drop(out.read_to_end(&mut Vec::new())));

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap().client().clone();
        let violations = Arc::default();
        let front = front(client, address, github.url(), Arc::clone(&violations));
        let url = front.url();
        github.known_as(&url);
        Self { url, between: Some(Between { prism, violations, _front: front, _runtime: runtime, _dir: dir }) }
    }

    /// What `GITHUB_API_URL` is to be.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Whether the description is there.
    pub(crate) fn is_held(&self) -> bool {
        self.between.is_some()
    }

    /// What was not as described so far, of both sides; it is forgotten with that.
    pub(crate) fn violations(&self) -> Vec<String> {
        let taken = self.between.as_ref().map(|between| std::mem::take(&mut *between.violations.lock().unwrap()));
        taken.unwrap_or_default()
    }
}

impl Drop for Contract {
    fn drop(&mut self) {
        let violations = self.violations();
        if let Some(between) = &mut self.between {
            let _ = between.prism.kill();
            let _ = between.prism.wait();
        }
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "not as GitHub describes it:\n{}", violations.join("\n"));
        }
    }
}

/// Passes requests on, and notes what prism finds wrong with them or their answers.
fn front(client: Client, prism: String, github: String, violations: Arc<Mutex<Vec<String>>>) -> Listening {
    Listening::start(Router::new().fallback(move |request: Request| {
        let path = request.uri().path();
        let past = path.ends_with("/zip") || path.ends_with("/graphql");
        // Prism takes a slash for the end of a name, where GitHub does not.
        let path = routes::described(request.method().as_str(), path).unwrap_or_else(|| path.to_owned());
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{}{path}{query}", if past { &github } else { &prism });
        let (client, violations) = (client.clone(), Arc::clone(&violations));
        async move { pass(&client, request, &url, &violations).await }
    }))
}

/// Headers that belong to one connection.
fn is_of_connection(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "host" | "connection" | "content-length" | "transfer-encoding" | "content-encoding" | "keep-alive"
    )
}

async fn pass(client: &Client, request: Request, url: &str, violations: &Mutex<Vec<String>>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let mut passed = client.request(head.method.clone(), url);
    for (name, value) in head.headers.iter().filter(|(name, _)| !is_of_connection(name) && *name != "accept-encoding") {
        passed = passed.header(name, value);
    }
    if !body.is_empty() {
        passed = passed.body(body);
    }
    let answer = match passed.send().await {
        Ok(answer) => answer,
        Err(error) => return Response::builder().status(502).body(Body::from(error.to_string())).expect("a response"),
    };
    if let Some(found) = answer.headers().get("sl-violations") {
        let found = String::from_utf8_lossy(found.as_bytes()).into_owned();
        violations.lock().unwrap().push(format!("{} {} → {}: {found}", head.method, head.uri, answer.status()));
    }
    // What prism itself answers: no such path in the description, for one.
    if answer.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json") {
        violations.lock().unwrap().push(format!(
            "{} {} → prism refuses it: {}",
            head.method,
            head.uri,
            answer.status()
        ));
    }
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| !is_of_connection(name)) {
        response = response.header(name, value);
    }
    // An answer that was lost on the way is lost here too.
    match answer.bytes().await {
        Ok(bytes) => response.body(Body::from(bytes)).expect("a response"),
        Err(_) => response.header("content-length", "100000").body(Body::from("{")).expect("a response"),
    }
}

/// The description of what the stand-in knows, and of all that this refers to.
fn cut(whole: &Value) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let described = &whole["paths"][route.pattern];
        let mut operation = described[route.method.to_lowercase()].clone();
        assert!(operation.is_object(), "GitHub describes no {} {}", route.method, route.pattern);
        mend(&mut operation, route.method);
        let path = paths.entry(route.pattern).or_insert_with(|| json!({}));
        if let Some(parameters) = described.get("parameters") {
            path["parameters"] = parameters.clone();
        }
        path[route.method.to_lowercase()] = operation;
    }
    let paths = Value::Object(paths);
    let (mut components, mut open) = (json!({}), Vec::new());
    let mut seen = BTreeSet::new();
    references(&paths, &mut open);
    while let Some(reference) = open.pop() {
        let Some((kind, name)) = reference.strip_prefix("#/components/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        if seen.insert(reference.clone()) {
            let found = whole["components"][kind][name].clone();
            references(&found, &mut open);
            components[kind][name] = found;
        }
    }
    json!({
        "openapi": whole["openapi"], "info": whole["info"], "servers": [{"url": "http://localhost"}], "paths": paths,
        "components": components,
    })
}

/// What GitHub does and does not describe with each path.
fn mend(operation: &mut Value, method: &str) {
    let error = json!({"application/json": {"schema": {"type": "object", "required": ["message"]}}});
    let responses = &mut operation["responses"];
    let mut add = |code: &str, answer: Value| {
        if responses.get(code).is_none() {
            responses[code] = answer;
        }
    };
    add("4XX", json!({"description": "Refused", "content": error}));
    add("5XX", json!({"description": "Failed"}));
    if method == "GET" {
        add("304", json!({"description": "Not modified"}));
    }
    if operation["operationId"] == "repos/create-or-update-environment" {
        let schema = &mut operation["requestBody"]["content"]["application/json"]["schema"];
        schema["properties"]["can_admins_bypass"] = json!({"type": "boolean"});
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|one| references(one, found));
        }
        Value::Array(items) => items.iter().for_each(|one| references(one, found)),
        _ => {}
    }
}
