//! The store that artifacts lie in: another host than the API, which gives them for a link and wants no credentials.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, Uri, header};
use jiff::Timestamp;

use super::server::Listening;
use super::state::World;

/// What a link leads to.
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: &'static str,
    /// The file's name for `Content-Disposition`.
    pub(super) file: String,
    pub(super) ends: Timestamp,
}

/// The store.
#[derive(Default)]
pub(super) struct Blobs {
    /// By path and query; each is good for one use.
    pub(super) links: BTreeMap<String, Blob>,
    /// How many requests came with a credential.
    pub(super) leaked: usize,
}

/// Listens for downloads.
pub(super) fn listen(store: Arc<Mutex<Blobs>>, world: Arc<Mutex<World>>) -> Listening {
    Listening::start(Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
        let now = world.lock().unwrap_or_else(PoisonError::into_inner).now();
        let answer = give(&mut store.lock().unwrap_or_else(PoisonError::into_inner), &uri, &headers, now);
        async move { answer }
    }))
}

fn give(store: &mut Blobs, uri: &Uri, headers: &HeaderMap, now: Timestamp) -> Response<Body> {
    let refuse = |status: u16, code: &str| {
        let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/xml");
        response.body(Body::from(text)).expect("a response")
    };
    if headers.contains_key(header::AUTHORIZATION) {
        store.leaked += 1;
        return refuse(400, "InvalidAuthenticationInfo");
    }
    let link = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    match store.links.remove(&link) {
        Some(blob) if now <= blob.ends => Response::builder()
            .header(header::CONTENT_TYPE, blob.kind)
            .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", blob.file))
            .body(Body::from(blob.bytes))
            .expect("a response"),
        _ => refuse(403, "AuthenticationFailed"),
    }
}
