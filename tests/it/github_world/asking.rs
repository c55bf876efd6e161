//! Asks the stand-in as any client would.

use std::cell::RefCell;
use std::time::Duration;

use promote::adapters::http::{Http, HttpSettings};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::world::github::{GitHub, Token};

/// A client with a token.
pub(crate) struct Asking {
    runtime: Runtime,
    client: Client,
    url: String,
    token: RefCell<String>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
    headers: reqwest::header::HeaderMap,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What an error says.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// One field of each of a list.
    pub(crate) fn each(&self, list: &str, field: &str) -> Vec<Value> {
        let list = if list.is_empty() { &self.body } else { &self.body[list] };
        list.as_array()
            .unwrap_or_else(|| panic!("no list {list} in {self:?}"))
            .iter()
            .map(|one| one[field].clone())
            .collect()
    }
}

impl Asking {
    /// With no token.
    pub(crate) fn nobody(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let settings = HttpSettings { read: Duration::from_secs(30), ..HttpSettings::default() };
        let client = Http::new(&settings, runtime.handle().clone()).unwrap().client().clone();
        Self { runtime, client, url: url.to_owned(), token: RefCell::default() }
    }

    /// With a token.
    pub(crate) fn with(github: &GitHub, token: Token) -> Self {
        let asking = Self::nobody(&github.url());
        asking.by(&github.token(token));
        asking
    }

    /// With another token from now on.
    pub(crate) fn by(&self, token: &str) {
        token.clone_into(&mut self.token.borrow_mut());
    }

    pub(crate) fn get(&self, path: &str) -> Answered {
        self.send(Method::GET, path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answered {
        self.send(Method::POST, path, &[], Some(body.to_string()))
    }

    /// Sends anything. A path with a host is taken as it is.
    pub(crate) fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answered {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = self.client.request(method, url).header("user-agent", "asking");
        let token = self.token.borrow();
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        self.runtime.block_on(async {
            let response: Response = request.send().await.expect("an answer");
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.expect("a body").to_vec();
            let body = serde_json::from_slice(&bytes).unwrap_or_default();
            Answered { status, body, bytes, headers }
        })
    }
}
