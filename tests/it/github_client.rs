//! GitHub's client on the wire: what is sent again and what is not, lists, limits, downloads, an App's tokens, and the words
//! of every refusal.

mod app;
mod approvals;
mod download;
mod faults;
mod reads;
mod shapes;
mod writes;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use promote::adapters::github::client::{Client, ClientSettings, Credential, PATIENCE};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::{Clock, Fault};
use promote::promotion::time::{Millis, Time};

use crate::world::canned::Canned;

/// A token with characters that encodings change.
const TOKEN: &str = "ghs_tok&en<1>/+=.x";
/// The servers' time, and where our clock begins.
const DATE: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
const NOW: i64 = 784_111_777;
const JSON: &str = "content-type: application/json; charset=utf-8\r\n";

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// A clock that is turned by whoever sleeps by it.
struct Turned {
    now: Mutex<Time>,
    slept: Mutex<Vec<Duration>>,
}

impl Turned {
    fn new() -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(Time::from_second(NOW).unwrap()), slept: Mutex::new(Vec::new()) })
    }

    fn turn(&self, span: Millis) {
        let mut now = self.now.lock().unwrap();
        *now = span.after(*now);
    }

    /// The whole seconds of every sleep.
    fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

impl Clock for Turned {
    fn now(&self) -> Time {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, span: Duration) {
        self.slept.lock().unwrap().push(span);
        self.turn(Millis(i64::try_from(span.as_millis()).unwrap()));
    }

    fn stopped(&self) -> bool {
        false
    }
}

fn settings(server: &Canned, credential: Credential) -> ClientSettings {
    ClientSettings {
        api: server.url("/api/v3"),
        repository: "acme/app".to_owned(),
        credential,
        token_name: "GITHUB_TOKEN".to_owned(),
        patience: PATIENCE,
        on_secret: Arc::new(|_| {}),
    }
}

fn open(settings: &ClientSettings, clock: &Arc<Turned>) -> Result<Client, Fault> {
    let http = HttpSettings { read: Duration::from_secs(20), ..HttpSettings::default() };
    let http = Http::new(&http, runtime().handle().clone()).unwrap();
    Client::new(settings, &http, Arc::clone(clock) as _)
}

/// A client with a token, and its clock.
fn client(server: &Canned) -> (Client, Arc<Turned>) {
    let clock = Turned::new();
    let settings = settings(server, Credential::Token(Secret::new(TOKEN).unwrap()));
    (open(&settings, &clock).unwrap(), clock)
}

fn json(status: &str, headers: &str, body: &str) -> Vec<u8> {
    Canned::answer(status, &format!("{JSON}{headers}"), body)
}

/// A server that answers each route of acme/app with JSON, by method and route without the query, and any other with 404.
fn repository(routes: &[(&str, serde_json::Value)]) -> Canned {
    let routes: Vec<(String, String)> =
        routes.iter().map(|(route, body)| ((*route).to_owned(), body.to_string())).collect();
    Canned::by(move |_, head| {
        let line = request_line(head).replace("/api/v3/repos/acme/app", "");
        let line = line.split('?').next().unwrap_or_default().replace("/api/v3/", "/");
        match routes.iter().find(|(route, _)| *route == line) {
            Some((_, body)) => json("200 OK", "", body),
            None => json("404 Not Found", "", r#"{"message":"Not Found"}"#),
        }
    })
}

fn request_line(head: &str) -> &str {
    head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
}

fn lines(server: &Canned) -> Vec<String> {
    server.heads().iter().map(|head| request_line(head).to_owned()).collect()
}

fn has_header(head: &str, name: &str, value: &str) -> bool {
    let found = head.lines().filter_map(|line| line.split_once(':')).filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let values: Vec<&str> = found.map(|(_, value)| value.trim()).collect();
    assert!(values.len() < 2, "{name} is sent twice: {values:?}");
    values == [value]
}

/// No form of the secret is in any word of a fault.
fn assert_hidden(fault: &Fault, secret: &str) {
    let whole = format!("{fault:?} {fault}");
    let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for form in [secret.to_owned(), encoded, secret.replace('&', "%26"), secret.replace('&', "&amp;")] {
        assert!(!whole.contains(&form), "{whole}");
    }
}
