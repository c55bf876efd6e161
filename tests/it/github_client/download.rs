//! What GitHub keeps elsewhere.

use promote::ports::FaultKind;

use super::{TOKEN, assert_hidden, client, has_header, json};
use crate::world::canned::Canned;

const SAS: &str = "sig=hunter2%2Fsecret";

fn redirect(to: &str) -> Vec<u8> {
    Canned::answer("302 Found", &format!("location: {to}\r\n"), "")
}

fn stored(body: &str) -> Vec<u8> {
    let headers = "content-type: application/zip\r\ncontent-disposition: attachment; filename=\"../unit.zip\"\r\n";
    Canned::answer("200 OK", headers, body)
}

#[test]
fn a_download_follows_to_the_storage_without_the_token() {
    let storage = Canned::start(&[&stored("PK")]);
    let server = Canned::start(&[&redirect(&storage.url(&format!("/blob?{SAS}")))]);
    let (client, _) = client(&server);
    let got = client.download("download unit", &client.route(&["actions", "artifacts", "9", "zip"]), 100).unwrap();
    assert_eq!((got.bytes.as_slice(), got.content_type.as_str()), (b"PK".as_slice(), "application/zip"));
    assert_eq!(got.name.as_deref(), Some("unit.zip"));
    assert!(has_header(&server.heads()[0], "authorization", &format!("Bearer {TOKEN}")));
    let head = storage.heads().remove(0);
    assert!(head.starts_with(&format!("GET /blob?{SAS} ")), "{head}");
    assert!(!head.to_ascii_lowercase().contains("authorization") && !head.contains(TOKEN), "{head}");
    assert_eq!(client.requests(), 2);

    // On the same host the token stays home too.
    let server = Canned::start(&[&redirect("/blob"), &stored("PK")]);
    let (client, _) = super::client(&server);
    client.download("download unit", "/x", 100).unwrap();
    assert!(server.heads()[1].starts_with("GET /blob ") && !server.heads()[1].contains(TOKEN));
}

#[test]
fn a_download_that_is_too_large_is_none() {
    let storage = Canned::start(&[&stored("12345")]);
    let server = Canned::start(&[&redirect(&storage.url(&format!("/blob?{SAS}")))]);
    let (client, _) = client(&server);
    assert_eq!(client.download("download unit", "/x", 5).unwrap().bytes.len(), 5);
    let fault = client.download("download unit", "/x", 4).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken);
    assert!(fault.why.contains("more than 4 bytes") && !fault.why.contains("hunter2"), "{fault}");
}

#[test]
fn what_the_storage_refuses_is_asked_for_anew_and_never_shown_with_its_key() {
    let gone = Canned::answer("403 Forbidden", "content-type: application/xml\r\n", "<Error>hunter2</Error>");
    let storage = Canned::start(&[&gone, b"", &stored("PK")]);
    let server = Canned::start(&[&redirect(&storage.url(&format!("/blob?{SAS}")))]);
    assert_eq!(client(&server).0.download("download unit", "/x", 9).unwrap().bytes, b"PK");
    assert_eq!((server.heads().len(), storage.heads().len()), (3, 3), "each time by a new address");

    let storage = Canned::start(&[&gone]);
    let server = Canned::start(&[&redirect(&storage.url(&format!("/blob?{SAS}")))]);
    let fault = client(&server).0.download("download unit", "/x", 9).unwrap_err();
    assert_eq!((fault.kind, storage.heads().len()), (FaultKind::Transient, 3));
    assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
    assert_hidden(&fault, TOKEN);
}

#[test]
fn an_expired_download_says_so() {
    let server = Canned::start(&[&json("410 Gone", "", r#"{"message":"Artifact has expired"}"#)]);
    let fault = client(&server).0.download("download unit", "/x", 9).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.why.contains("expired") && fault.hint.unwrap().contains("retention-days"));
    for to in ["ftp://h/x?sig=hunter2", "http://"] {
        let server = Canned::start(&[&redirect(to)]);
        let fault = client(&server).0.download("download unit", "/x", 9).unwrap_err();
        assert!(fault.kind == FaultKind::Broken && !fault.why.contains("hunter2"), "{fault}");
    }
}
