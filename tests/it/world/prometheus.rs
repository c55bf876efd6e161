//! A Prometheus that knows no PromQL: it has figures by name, and answers the questions that promote asks for them as the real one
//! would. What the real one refuses, it refuses; what a bad day brings, it can be told to bring.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use promote::promotion::time::Time;
use serde_json::{Value, json};

use crate::world::canned::{Canned, read};

/// A question that was asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The request's head.
    pub(crate) head: String,
    /// The query.
    pub(crate) query: String,
    /// The moment that it was asked about, in seconds.
    pub(crate) time: Option<f64>,
}

#[derive(Default)]
struct State {
    figures: BTreeMap<String, String>,
    /// What is answered to queries that hold a text, byte by byte.
    told: Vec<(String, Vec<u8>)>,
    /// What is added to every answer.
    beside: Value,
    questions: Vec<Question>,
    /// What the `Authorization` header must be.
    login: Option<String>,
    /// How far its clock is ahead of ours, in milliseconds.
    ahead: i64,
    /// Since when it has samples, in seconds.
    kept_since: f64,
    slow: Duration,
}

/// A running server. It stops when it is dropped.
pub(crate) struct Prometheus {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    state: Arc<Mutex<State>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Prometheus {
    /// A server of one service that is measured by `http_requests_total` with the label `code`.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { beside: json!({}), ..State::default() }));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, ending) = (Arc::clone(&state), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                let state = Arc::clone(&shared);
                // Each by itself: promote asks several at once.
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        let this = Self { addr, stop, state, thread: Some(thread) };
        for (name, value) in [
            ("http_requests_total", "3"),
            ("http_requests_total/code", "3"),
            ("alive", "3"),
            ("requests", "1000000"),
            ("errors", "500"),
            ("latency_p50", "0.08"),
            ("latency_p95", "0.2"),
            ("latency_p99", "0.4"),
        ] {
            this.figure(name, Some(value));
        }
        this
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Sets a figure, or takes it away. `requests@3600` is that of an hour alone.
    pub(crate) fn figure(&self, name: &str, value: Option<&str>) {
        let mut state = self.state();
        match value {
            Some(value) => drop(state.figures.insert(name.to_owned(), value.to_owned())),
            None => drop(state.figures.remove(name)),
        }
    }

    /// Has it answer queries that hold a text with these bytes; the empty text is in all.
    pub(crate) fn tells(&self, query: &str, answer: &[u8]) {
        self.state().told.push((query.to_owned(), answer.to_vec()));
    }

    /// Has it say something beside each answer.
    pub(crate) fn adds(&self, beside: Value) {
        self.state().beside = beside;
    }

    /// Sets how far its clock is ahead of ours.
    pub(crate) fn runs_ahead(&self, milliseconds: i64) {
        self.state().ahead = milliseconds;
    }

    /// Has it forget everything before a moment, in seconds.
    pub(crate) fn keeps_since(&self, seconds: f64) {
        self.state().kept_since = seconds;
    }

    /// Has it take its time.
    pub(crate) fn takes(&self, time: Duration) {
        self.state().slow = time;
    }

    /// Has it want this `Authorization`.
    pub(crate) fn wants(&self, login: &str) {
        self.state().login = Some(login.to_owned());
    }

    /// Everything that was asked.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.state().questions.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let (head, body) = read(&mut stream);
    let (bytes, slow) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        (answer(&mut state, &head, &body), state.slow)
    };
    std::thread::sleep(slow);
    // A client that has gone away is what some tests want.
    let _ = stream.write_all(&bytes);
}

fn bad(status: &str, kind: &str, error: &str) -> Vec<u8> {
    let body = json!({ "status": "error", "errorType": kind, "error": error });
    Canned::answer(status, "content-type: application/json\r\n", &body.to_string())
}

fn answer(state: &mut State, head: &str, body: &str) -> Vec<u8> {
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let header = |name: &str| {
        let of = |line: &str| {
            line.split_once(':')
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        head.lines().find_map(of)
    };
    if state.login.as_ref().is_some_and(|login| header("authorization").as_ref() != Some(login)) {
        return Canned::answer("401 Unauthorized", "content-type: text/plain\r\n", "Unauthorized\n");
    }
    if !path.ends_with("/api/v1/query") {
        return Canned::answer("404 Not Found", "content-type: text/plain\r\n", "404 page not found\n");
    }
    // A body counts only as what it says it is.
    let form = method == "POST" && header("content-type").as_deref() == Some("application/x-www-form-urlencoded");
    let pairs: BTreeMap<String, String> = match reqwest::Url::parse(&format!("form:?{}", if form { body } else { "" }))
    {
        Ok(url) => url.query_pairs().into_owned().collect(),
        Err(_) => BTreeMap::new(),
    };
    let Some(query) = pairs.get("query").cloned() else {
        return bad(
            "400 Bad Request",
            "bad_data",
            "invalid parameter \"query\": unknown position: parse error: no expression found in input",
        );
    };
    let time = match pairs.get("time").map(|time| time.parse::<f64>()) {
        Some(Err(_)) => {
            return bad("400 Bad Request", "bad_data", "invalid parameter \"time\": cannot parse to a valid timestamp");
        }
        time => time.and_then(Result::ok),
    };
    state.questions.push(Question { head: head.to_owned(), query: query.clone(), time });
    if let Some((_, bytes)) = state.told.iter().rev().find(|(part, _)| query.contains(part.as_str())) {
        return bytes.clone();
    }
    if query.matches('(').count() != query.matches(')').count() || query.contains("[{") || query.contains("{window}") {
        return bad(
            "400 Bad Request",
            "bad_data",
            "invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis",
        );
    }
    let mut reply = json!({ "status": "success", "data": data(state, &query, time) });
    if let (Some(reply), Some(beside)) = (reply.as_object_mut(), state.beside.as_object()) {
        reply.extend(beside.clone());
    }
    Canned::answer("200 OK", "content-type: application/json\r\n", &reply.to_string())
}

fn data(state: &State, query: &str, time: Option<f64>) -> Value {
    let now = (Time::now().as_millisecond() + state.ahead) as f64 / 1000.0;
    let at = time.unwrap_or(now);
    if query == "time()" {
        return json!({ "resultType": "scalar", "result": [at, format!("{at:.3}")] });
    }
    let sample = |labels: Value, value: &str| json!({ "metric": labels, "value": [at, value] });
    let known = |name: &str| {
        let plain = name.split('@').next().unwrap_or(name);
        state.figures.get(name).or_else(|| state.figures.get(plain)).cloned()
    };
    let mut result = Vec::new();
    let parts: Vec<&str> =
        query.split("\"promote_part\", \"").skip(1).filter_map(|part| part.split('"').next()).collect();
    if at < state.kept_since {
        // Nothing is left of that time.
    } else if !parts.is_empty() {
        let of_window = query.contains("count_over_time(");
        for part in parts {
            let name = if of_window { format!("{part}~") } else { part.to_owned() };
            result.extend(known(&name).map(|value| sample(json!({ "promote_part": part }), &value)));
        }
    } else if query.starts_with("count by (le)") {
        let borders = ["0.1", "0.5", "2.5", "+Inf"];
        result.extend(borders.map(|le| sample(json!({ "le": le }), "3")));
    } else if query.starts_with("count(http_requests_total{") {
        result.extend(known("alive").map(|value| sample(json!({}), &value)));
    } else {
        // A query of somebody's own is known by its text.
        result.extend(known(query).map(|value| sample(json!({}), &value)));
    }
    json!({ "resultType": "vector", "result": result })
}
