//! What is written, and never twice by chance.

use promote::ports::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{TOKEN, assert_hidden, client, has_header, json as answer};
use crate::world::canned::Canned;

#[test]
fn a_write_is_sent_as_it_is_meant() {
    let server = Canned::start(&[&answer("201 Created", "", r#"{"id":5}"#), &Canned::answer("204 No Content", "", "")]);
    let (client, _) = client(&server);
    let made: Value =
        client.post("comment", &client.route(&["issues", "3", "comments"]), &json!({ "body": "hé" })).unwrap();
    assert_eq!(made["id"], 5);
    client.put::<()>("set it", "/y", &json!({})).unwrap();
    client.patch::<Option<Value>>("change it", "/z", &json!({})).unwrap();
    let heads = server.heads();
    assert!(heads[0].starts_with("POST /api/v3/repos/acme/app/issues/3/comments "), "{}", heads[0]);
    assert!(heads[1].starts_with("PUT /api/v3/y ") && heads[2].starts_with("PATCH /api/v3/z "));
    assert!(heads.iter().all(|head| has_header(head, "authorization", &format!("Bearer {TOKEN}"))));
    assert!(heads.iter().all(|head| has_header(head, "content-type", "application/json")));
    assert_eq!(serde_json::from_str::<Value>(&server.bodies()[0]).unwrap(), json!({ "body": "hé" }));
}

#[test]
fn a_write_that_may_have_happened_is_never_sent_twice() {
    let cut: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let bad = |status| answer(status, "retry-after: 1\r\n", r#"{"message":"oops"}"#);
    for first in [b"".to_vec(), cut.to_vec(), bad("500 No"), bad("502 No"), bad("503 No"), bad("504 No")] {
        let server = Canned::start(&[&first, &answer("201 Created", "", "{}")]);
        let (client, clock) = client(&server);
        let writes: [&dyn Fn() -> Result<Value, Fault>; 3] =
            [&|| client.post("comment", "/x", &json!({})), &|| client.patch("comment", "/x", &json!({})), &|| {
                client.put("comment", "/x", &json!({}))
            }];
        let fault = writes[0]().unwrap_err();
        assert_eq!((fault.kind, server.heads().len()), (FaultKind::Uncertain, 1), "{fault}");
        assert_eq!(fault.doing, "comment");
        assert_hidden(&fault, TOKEN);
        for write in &writes[1..] {
            write().unwrap();
        }
        assert_eq!((server.heads().len(), clock.slept()), (3, vec![]));
    }
}

#[test]
fn a_write_that_was_refused_for_a_limit_is_sent_again() {
    let limited = [
        answer("403 Forbidden", "retry-after: 3\r\n", r#"{"message":"You have exceeded a secondary rate limit"}"#),
        answer("429 Too Many", "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 784111780\r\n", "{}"),
    ];
    for (first, slept) in limited.iter().zip([3, 4]) {
        let server = Canned::start(&[first, &answer("201 Created", "", r#"{"id":1}"#)]);
        let (client, clock) = client(&server);
        client.post::<Value>("comment", "/x", &json!({ "body": "b" })).unwrap();
        assert_eq!((server.heads().len(), clock.slept()), (2, vec![slept]));
        assert_eq!(server.bodies()[0], server.bodies()[1], "the whole of it is sent again");
    }
    // A plain refusal is final.
    let server = Canned::start(&[&answer("403 Forbidden", "", r#"{"message":"no"}"#)]);
    let fault = client(&server).0.post::<Value>("comment", "/x", &json!({})).unwrap_err();
    assert_eq!((fault.kind, server.heads().len()), (FaultKind::Denied, 1));
}

#[test]
fn a_write_that_never_left_is_tried_again() {
    let server = Canned::start(&[b""]);
    let (client, clock) = client(&server);
    // Nobody listens there any more.
    drop(server);
    let fault = client.post::<Value>("comment", "/x", &json!({})).unwrap_err();
    assert_eq!((fault.kind, client.requests(), clock.slept().len()), (FaultKind::Transient, 3, 2), "{fault}");
}
