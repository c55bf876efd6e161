//! GraphQL, for what the REST API does not answer: whether a review's text was changed after it was given, and (in
//! [`blame`](super::blame)) who brought which lines.

use std::collections::BTreeSet;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::adapters::github::client::Client;
use crate::adapters::github::door::Ask;
use crate::adapters::http::{Call, sensitive};
use crate::ports::{Fault, FaultKind};

const QUERY: &str = "query($ids:[ID!]!){nodes(ids:$ids){...on PullRequestReview{id lastEditedAt}}}";
/// How many reviews are asked about at once; GitHub allows 100.
const AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Data {
    nodes: Vec<Option<Node>>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "lastEditedAt")]
    last_edited_at: Option<String>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    message: String,
}

impl Client {
    /// Which of these reviews (by node id) were surely never changed.
    pub(super) fn untouched(&self, ids: &[&str]) -> Result<BTreeSet<String>, Fault> {
        let mut untouched = BTreeSet::new();
        for ids in ids.chunks(AT_ONCE) {
            let nodes = self.nodes(ids)?.into_iter().flatten();
            untouched.extend(nodes.filter(|node| node.last_edited_at.is_none()).filter_map(|node| node.id));
        }
        Ok(untouched)
    }

    fn nodes(&self, ids: &[&str]) -> Result<Vec<Option<Node>>, Fault> {
        let (data, _): (Data, _) =
            self.question("find out whether a review was edited", QUERY, &json!({ "ids": ids }))?;
        Ok(data.nodes)
    }

    /// Asks a question that only reads. The answer may be a part of it: then what GitHub says of the rest comes with it.
    pub(super) fn question<T: DeserializeOwned>(
        &self,
        doing: &str,
        query: &str,
        variables: &Value,
    ) -> Result<(T, Option<String>), Fault> {
        let url = graphql(&self.door.url(""));
        let mut call = Call::new(Method::POST, url).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = self.token(doing)? {
            call = call.header(AUTHORIZATION, sensitive("Bearer ", &token)?);
        }
        call.body = Some(json!({ "query": query, "variables": variables }).to_string().into_bytes());
        self.door.count();
        // It only reads, so a lost answer does no harm.
        let answer = self.door.http().request(&call).map_err(|fault| match fault.kind {
            FaultKind::Uncertain => Fault { kind: FaultKind::Transient, doing: doing.to_owned(), ..fault },
            _ => Fault { doing: doing.to_owned(), ..fault },
        })?;
        let ask = Ask { harmless: true, ..Ask::new(doing, &Method::POST, "/graphql") };
        if !answer.ok() {
            return Err(self.refusal(&ask, &answer));
        }
        let unreadable = |error: &serde_json::Error| self.worded(&ask, |asked| asked.unreadable(error));
        let Answer { data, errors } = serde_json::from_slice(&answer.body).map_err(|error| unreadable(&error))?;
        let complaint = errors.into_iter().next().map(|error| error.message);
        let refused = |why: &str| Fault::new(FaultKind::Broken, doing, format!("{}: {why}", call.shown()));
        let data = data.ok_or_else(|| refused(complaint.as_deref().unwrap_or("it gives no data")))?;
        match serde_json::from_value(data) {
            Ok(data) => Ok((data, complaint)),
            Err(error) => Err(complaint.map_or_else(|| unreadable(&error), |why| refused(&why))),
        }
    }
}

/// Where GraphQL is: beside the REST API, on an own server (`/api/v3`) at `/api/graphql`.
fn graphql(api: &Url) -> Url {
    let mut url = api.clone();
    let path = api.path().trim_end_matches('/');
    url.set_path(&format!("{}/graphql", path.strip_suffix("/v3").unwrap_or(path)));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_stands_beside_the_rest_api() {
        for (api, expected) in [
            ("https://api.github.com/", "https://api.github.com/graphql"),
            ("https://ghe.acme.com/api/v3", "https://ghe.acme.com/api/graphql"),
            ("http://127.0.0.1:1/api/v3/", "http://127.0.0.1:1/api/graphql"),
        ] {
            assert_eq!(graphql(&Url::parse(api).unwrap()).as_str(), expected);
        }
    }
}
