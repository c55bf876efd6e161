//! Reads that are kept word for word beside what we take from them: an auditor wants to see GitHub's own answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::github::client::Client;
use crate::ports::{Fault, FaultKind};

/// A client, and what it was answered.
pub struct Transcript<'a> {
    client: &'a Client,
    answers: Mutex<BTreeMap<String, Value>>,
}

impl<'a> Transcript<'a> {
    /// An empty transcript.
    pub fn new(client: &'a Client) -> Self {
        Self { client, answers: Mutex::default() }
    }

    /// The client.
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// Reads one thing; `None` where GitHub says 404. The answer is kept, the absence too (as `null`).
    pub fn get_optional<T: DeserializeOwned>(&self, doing: &str, route: &str) -> Result<Option<T>, Fault> {
        let answer: Option<Value> = self.client.get_optional(doing, route, &[])?;
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(format!("GET {route}"), answer.clone().unwrap_or_default());
        drop(answers);
        answer.map(|answer| of_shape(doing, route, answer)).transpose()
    }

    /// GitHub's answers word for word, by request (`GET /repos/acme/app/actions/runs/1/approvals`).
    pub fn into_answers(self) -> BTreeMap<String, Value> {
        self.answers.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_shape<T: DeserializeOwned>(doing: &str, route: &str, answer: Value) -> Result<T, Fault> {
    serde_json::from_value(answer).map_err(|error| {
        Fault::new(FaultKind::Broken, doing, format!("GET {route}: GitHub's answer cannot be read: {error}"))
    })
}
