//! A stand-in for Alertmanager: its API v2 as far as promote asks it. It filters by its own reading of the matchers, refuses what
//! the real one refuses in its own words, and lists what it has got, silenced and inhibited alerts among it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use serde_json::{Value, json};

use super::canned::Canned;

/// What keeps an alert from being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Nothing,
    Silenced,
    Inhibited,
    /// By a time interval of its route: what versions from 0.28 on say.
    Muted,
}

/// What the server has, and how it is.
#[derive(Debug, Clone)]
struct State {
    alerts: Vec<(BTreeMap<String, String>, Kept)>,
    cluster: String,
    /// How long it has been running, in seconds.
    up: i64,
}

/// A running stand-in. It stops when it is dropped.
pub(crate) struct Alertmanager {
    state: Arc<Mutex<State>>,
    server: Canned,
}

impl Alertmanager {
    pub(crate) fn start() -> Self {
        let state = State { alerts: Vec::new(), cluster: "ready".to_owned(), up: 86_400 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = Canned::by(move |_, head| {
            let state = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
            answer(&state, head)
        });
        Self { state, server }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("")
    }

    /// Has an alert fire, by its labels: `alertname=Down service=app`.
    pub(crate) fn fires(&self, labels: &str, kept: Kept) {
        let pairs = labels.split_whitespace().filter_map(|pair| pair.split_once('='));
        let labels = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).alerts.push((labels, kept));
    }

    /// Has it be in a cluster that is so, since some seconds.
    pub(crate) fn is(&self, cluster: &str, up: i64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.cluster, state.up) = (cluster.to_owned(), up);
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.server.heads()
    }
}

fn answer(state: &State, head: &str) -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let date = jiff::fmt::rfc2822::to_string(&now.to_zoned(jiff::tz::TimeZone::UTC)).expect("a date");
    let given = |status: &str, body: &Value| {
        Canned::answer(status, &format!("date: {date}\r\ncontent-type: application/json\r\n"), &body.to_string())
    };
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let url = Url::parse(&format!("http://alertmanager{path}")).expect("an address");
    match url.path() {
        "/api/v2/status" => {
            let since = now - jiff::SignedDuration::from_secs(state.up);
            let cluster = json!({ "status": state.cluster, "peers": [], "name": "01JD" });
            given(
                "200 OK",
                &json!({ "cluster": cluster, "uptime": since.to_string(), "versionInfo": {}, "config": {} }),
            )
        }
        "/api/v2/alerts" => {
            let filters = url.query_pairs().filter(|(name, _)| name == "filter").map(|(_, filter)| parsed(&filter));
            let filters: Vec<Filter> = match filters.collect::<Result<_, _>>() {
                Ok(filters) => filters,
                Err(text) => return given("400 Bad Request", &json!(format!("bad matcher format: {text}"))),
            };
            let wanted = |state: &str| !url.query_pairs().any(|(name, value)| name == state && value == "false");
            let fits = |(labels, kept): &&(BTreeMap<String, String>, Kept)| {
                filters.iter().all(|filter| filter.fits(labels))
                    && match kept {
                        Kept::Nothing => wanted("active"),
                        Kept::Silenced | Kept::Muted => wanted("silenced"),
                        Kept::Inhibited => wanted("inhibited"),
                    }
            };
            given("200 OK", &state.alerts.iter().filter(fits).map(|(labels, kept)| alert(labels, *kept)).collect())
        }
        _ => Canned::answer("404 Not Found", "content-type: text/plain\r\n", "404 page not found\n"),
    }
}

/// `gettableAlert`.
fn alert(labels: &BTreeMap<String, String>, kept: Kept) -> Value {
    let by = |is: Kept, id: &str| if kept == is { json!([id]) } else { json!([]) };
    let mut status = json!({
        "state": if kept == Kept::Nothing { "active" } else { "suppressed" },
        "silencedBy": by(Kept::Silenced, "dd81092c-f5d2-4e3a-9a49-0f1f4b1d2b7e"),
        "inhibitedBy": by(Kept::Inhibited, "992a18c5b95d9d10"),
    });
    if kept == Kept::Muted {
        status["mutedBy"] = json!(["weekends"]);
    }
    let print = labels.iter().flat_map(|(name, value)| name.bytes().chain(value.bytes()));
    let print =
        print.fold(0xcbf2_9ce4_8422_2325_u64, |all, byte| (all ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    json!({
        "annotations": { "summary": "it hurts" }, "endsAt": "2099-01-01T00:05:00.000Z", "fingerprint": format!("{print:016x}"),
        "receivers": [{ "name": "default" }], "startsAt": "2026-11-21T11:00:00.123Z", "status": status,
        "updatedAt": "2026-11-21T11:59:00.456Z", "generatorURL": "http://prometheus/graph", "labels": labels,
    })
}

/// One matcher, as the old parser of Alertmanager's reads it.
struct Filter {
    name: String,
    operator: &'static str,
    value: String,
}

impl Filter {
    fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.name).map_or("", String::as_str);
        let like = || regex::Regex::new(&format!("^(?:{})$", self.value)).expect("a pattern").is_match(value);
        match self.operator {
            "=" => value == self.value,
            "!=" => value != self.value,
            "=~" => like(),
            _ => !like(),
        }
    }
}

/// Without escapes in values: no test sends one that needs them.
fn parsed(text: &str) -> Result<Filter, String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let operator = ["=~", "!~", "!=", "="].into_iter().find(|operator| rest.starts_with(operator));
    let value = operator.and_then(|operator| rest[operator.len()..].strip_prefix('"')?.strip_suffix('"'));
    match (operator, value) {
        (Some(operator), Some(value)) if !name.is_empty() => {
            Ok(Filter { name: name.to_owned(), operator, value: value.to_owned() })
        }
        _ => Err(text.to_owned()),
    }
}
