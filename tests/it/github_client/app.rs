//! A GitHub App's tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use octocrab::jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use promote::adapters::github::app_token::AppKey;
use promote::adapters::github::client::{ClientSettings, Credential};
use promote::adapters::secret::Secret;
use promote::ports::FaultKind;
use promote::promotion::time::Millis;
use serde_json::{Value, json};

use super::{DATE, NOW, Turned, assert_hidden, has_header, json as answer, lines, open, settings};
use crate::world::canned::Canned;

/// Made for these tests, and known to no App.
const KEY: &str = include_str!("../../../fixtures/github/app-key.pem");
const PUBLIC: &str = include_str!("../../../fixtures/github/app-key.pub.pem");

type Heard = Arc<Mutex<Vec<String>>>;

fn app(server: &Canned, key: &str) -> (ClientSettings, Heard) {
    let permissions = BTreeMap::from([("actions".to_owned(), "read".to_owned())]);
    let app = AppKey { id: "Iv23li0".to_owned(), key: Secret::new(key).unwrap(), permissions };
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let on_secret = Arc::new(move |secret: &Secret| hears.lock().unwrap().push(secret.expose().to_owned()));
    let token_name = "PROMOTE_APP_KEY".to_owned();
    (ClientSettings { token_name, on_secret, ..settings(server, Credential::App(app)) }, heard)
}

fn installation() -> Vec<u8> {
    answer("200 OK", DATE, r#"{"id":42,"app_slug":"promote"}"#)
}

fn token(name: &str, ends: &str) -> Vec<u8> {
    answer("201 Created", DATE, &json!({ "token": name, "expires_at": ends, "permissions": {} }).to_string())
}

fn claims(head: &str) -> Value {
    let jwt = head.lines().find_map(|line| line.split_once("earer ")).unwrap().1;
    let mut how = Validation::new(Algorithm::RS256);
    how.validate_exp = false;
    decode::<Value>(jwt, &DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).unwrap(), &how).unwrap().claims
}

#[test]
fn an_apps_key_becomes_a_token_of_one_repository() {
    let one = answer("200 OK", "", "1");
    let server = Canned::start(&[&installation(), &token("ghs_one", "1994-11-06T09:49:37Z"), &one]);
    let (settings, heard) = app(&server, &KEY.replace('\n', "\\n"));
    let client = open(&settings, &Turned::new()).unwrap();
    for _ in 0..3 {
        assert_eq!(client.get::<u8>("read it", "/x", &[]).unwrap(), 1);
    }
    assert_eq!(
        lines(&server),
        [
            "GET /api/v3/repos/acme/app/installation",
            "POST /api/v3/app/installations/42/access_tokens",
            "GET /api/v3/x",
            "GET /api/v3/x",
            "GET /api/v3/x",
        ]
    );
    let wanted = json!({ "repositories": ["app"], "permissions": { "actions": "read" } });
    assert_eq!(serde_json::from_str::<Value>(&server.bodies()[1]).unwrap(), wanted);
    let heads = server.heads();
    assert_eq!(claims(&heads[0]), json!({ "iss": "Iv23li0", "iat": NOW - 60, "exp": NOW + 540 }));
    assert!(heads[2..].iter().all(|head| has_header(head, "authorization", "Bearer ghs_one")));
    let heard = heard.lock().unwrap();
    assert!(heard.last().unwrap() == "ghs_one" && heard.iter().any(|secret| heads[0].contains(secret.as_str())));
}

#[test]
fn a_token_is_renewed_five_minutes_before_its_end_by_githubs_clock() {
    let one = answer("200 OK", "", "1");
    let (first, next) = (token("ghs_one", "1994-11-06T09:49:37Z"), token("ghs_two", "1994-11-06T10:49:37Z"));
    let server = Canned::start(&[&installation(), &first, &one, &one, &installation(), &next, &one]);
    let (settings, _) = app(&server, KEY);
    let clock = Turned::new();
    // Ours is wrong by half an hour, which does not matter for the span.
    clock.turn(Millis::mins(-30));
    let client = open(&settings, &clock).unwrap();
    let read = || client.get::<u8>("read it", "/x", &[]).unwrap();
    read();
    clock.turn(Millis::secs(55 * 60 - 1));
    read();
    clock.turn(Millis::secs(1));
    read();
    let heads = server.heads();
    assert!(has_header(&heads[3], "authorization", "Bearer ghs_one"));
    assert!(has_header(&heads[6], "authorization", "Bearer ghs_two"));
}

#[test]
fn a_token_that_is_refused_is_made_anew_once() {
    let no = answer("401 Unauthorized", DATE, r#"{"message":"Bad credentials"}"#);
    let (first, next) = (token("ghs_one", "1994-11-06T09:49:37Z"), token("ghs_two", "1994-11-06T09:49:37Z"));
    let server = Canned::start(&[&installation(), &first, &no, &installation(), &next, &no]);
    let (settings, _) = app(&server, KEY);
    let fault = open(&settings, &Turned::new()).unwrap().post::<Value>("comment", "/x", &json!({})).unwrap_err();
    assert_eq!((fault.kind, server.heads().len()), (FaultKind::Denied, 6), "{fault}");
    assert_hidden(&fault, "ghs_two");
}

#[test]
fn a_refused_jwt_is_dated_by_githubs_clock() {
    let no =
        answer("401 Unauthorized", DATE, r#"{"message":"'Expiration time' claim ('exp') is too far in the future"}"#);
    let (good, one) = (token("ghs_one", "1994-11-06T09:49:37Z"), answer("200 OK", "", "1"));
    let server = Canned::start(&[&no, &installation(), &good, &one]);
    let (settings, _) = app(&server, KEY);
    let clock = Turned::new();
    clock.turn(Millis::mins(20));
    open(&settings, &clock).unwrap().get::<u8>("read it", "/x", &[]).unwrap();
    let heads = server.heads();
    assert_eq!(claims(&heads[0])["exp"], NOW + 20 * 60 + 540);
    assert_eq!(
        (claims(&heads[1])["exp"].clone(), claims(&heads[2])["exp"].clone()),
        (json!(NOW + 540), json!(NOW + 540))
    );
}

#[test]
fn what_an_app_lacks_is_said() {
    let message = |text: &str| json!({ "message": text }).to_string();
    let no = |status: &str, text: &str| answer(status, DATE, &message(text));
    for (answers, kind, said) in [
        (vec![no("404 Not Found", "Not Found")], FaultKind::NotFound, "install the App Iv23li0 on acme/app"),
        (
            vec![no("401 No", "A JSON web token could not be decoded")],
            FaultKind::Denied,
            "PROMOTE_APP_KEY is the private key",
        ),
        (
            vec![installation(), no("422 No", "The permissions requested are not granted to this installation.")],
            FaultKind::Denied,
            "these permissions, and its owner must have accepted them: actions: read",
        ),
    ] {
        let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        let server = Canned::start(&answers);
        let (settings, heard) = app(&server, KEY);
        let fault = open(&settings, &Turned::new()).unwrap().get::<u8>("read it", "/x", &[]).unwrap_err();
        assert_eq!(
            (fault.kind, fault.hint.as_deref().is_some_and(|hint| hint.contains(said))),
            (kind, true),
            "{fault:?}"
        );
        heard.lock().unwrap().iter().for_each(|secret| assert_hidden(&fault, secret));
    }
    // An answer that cannot be read may hold the token: none of it is repeated.
    let odd = answer("201 Created", DATE, r#"{"token":"ghs_odd","expires_at":"ghs_odd"}"#);
    let server = Canned::start(&[&installation(), &odd]);
    let (settings, _) = app(&server, KEY);
    let fault = open(&settings, &Turned::new()).unwrap().get::<u8>("read it", "/x", &[]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken);
    assert_hidden(&fault, "ghs_odd");
}

#[test]
fn a_key_that_is_none_is_a_fault_of_the_settings() {
    let server = Canned::start(&[b""]);
    let broken = "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----";
    for key in ["hunter2", broken, PUBLIC] {
        let (settings, _) = app(&server, key);
        let client = open(&settings, &Turned::new());
        let fault = client.and_then(|client| client.get::<u8>("read it", "/x", &[])).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Settings, "{fault}");
        assert!(fault.why.contains("PROMOTE_APP_KEY"), "{fault}");
        assert_hidden(&fault, "hunter2");
    }
    assert!(server.heads().is_empty());
}
