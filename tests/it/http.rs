//! The HTTP client and the health checks on the wire.

use std::time::{Duration, Instant};

use promote::adapters::clock::SystemClock;
use promote::adapters::health::probe;
use promote::adapters::http::{Call, Http, HttpSettings};
use promote::ports::{Clock as _, Fault, FaultKind};
use promote::promotion::facts::Reading;
use promote::promotion::measures::Measure;
use promote::promotion::rules::health::HealthCheck;
use promote::promotion::time::Millis;
use reqwest::Method;
use tokio::runtime::Runtime;

use crate::world::canned::Canned;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn http(runtime: &Runtime) -> Http {
    let settings = HttpSettings { body_max: 1 << 20, read: Duration::from_secs(5), ..HttpSettings::default() };
    Http::new(&settings, runtime.handle().clone()).unwrap()
}

fn call(method: Method, url: &str) -> Call {
    Call::new(method, url.parse().unwrap()).within(Duration::from_secs(10))
}

#[test]
fn a_read_is_tried_again_and_a_write_is_not() {
    let runtime = runtime();
    let http = http(&runtime);
    let (bad, good) = (Canned::answer("503 No", "retry-after: 0\r\n", ""), Canned::answer("200 OK", "", "fine"));
    let server = Canned::start(&[&bad, b"", &good]);
    let answer = http.read(&call(Method::GET, &server.url("/"))).unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "fine"));
    assert_eq!(server.heads().len(), 3);
    // The last answer is the answer; a refusal is one at once.
    let server = Canned::start(&[&bad]);
    assert_eq!(http.read(&call(Method::GET, &server.url("/"))).unwrap().status, 503);
    assert_eq!(server.heads().len(), 3);
    let server = Canned::start(&[&Canned::answer("404 No", "", "")]);
    assert_eq!(http.read(&call(Method::GET, &server.url("/"))).unwrap().status, 404);
    assert_eq!(server.heads().len(), 1);
    let server = Canned::start(&[&Canned::answer("503 No", "retry-after: 3600\r\n", "")]);
    assert_eq!(http.read(&call(Method::GET, &server.url("/"))).unwrap().status, 503);
    assert_eq!(server.heads().len(), 1, "an hour is the caller's to wait");
}

#[test]
fn who_can_wait_only_so_long_is_held_no_longer() {
    let runtime = runtime();
    let http = http(&runtime);
    let asked = |server: &Canned| {
        let by = Some(Instant::now() + Duration::from_millis(500));
        http.read(&Call { by, ..call(Method::GET, &server.url("/")) })
    };
    let begun = Instant::now();
    let silent = Canned::start(&[Canned::SILENCE]);
    assert_eq!(asked(&silent).unwrap_err().kind, FaultKind::TimedOut);
    // What it asks for is within the time that a read has otherwise, and beyond this one.
    let busy = Canned::start(&[&Canned::answer("503 No", "retry-after: 4\r\n", "")]);
    assert_eq!(asked(&busy).unwrap().status, 503);
    assert_eq!((silent.heads().len(), busy.heads().len()), (1, 1));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn a_lost_answer_is_uncertain_for_a_write_only() {
    let runtime = runtime();
    let http = http(&runtime);
    let cut: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    for answer in [b"".as_slice(), cut, b"nonsense\r\n\r\n"] {
        let server = Canned::start(&[answer]);
        let kind = |method| http.request(&call(method, &server.url("/"))).unwrap_err().kind;
        assert_eq!(kind(Method::GET), FaultKind::Transient);
        assert_eq!(kind(Method::POST), FaultKind::Uncertain);
        assert_eq!(kind(Method::DELETE), FaultKind::Uncertain);
    }
    // Nothing listens: a write was surely not sent.
    let nobody = nobody();
    let nowhere = format!("http://{}/", nobody.local_addr().unwrap());
    assert_eq!(http.request(&call(Method::POST, &nowhere)).unwrap_err().kind, FaultKind::Transient);
}

#[test]
fn a_redirect_is_an_answer_and_a_huge_body_a_fault() {
    let runtime = runtime();
    let http = http(&runtime);
    let server = Canned::start(&[&Canned::answer("302 Found", "location: http://127.0.0.1:1/\r\n", "")]);
    let answer = http.request(&call(Method::GET, &server.url("/"))).unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("http://127.0.0.1:1/")));
    let server = Canned::start(&[&Canned::answer("200 OK", "", &"x".repeat((1 << 20) + 1))]);
    let fault = http.request(&call(Method::GET, &server.url("/big"))).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken);
    assert!(fault.why.ends_with("/big answered more than 1 MiB"), "{fault}");
}

/// An address that refuses connections, and that no other test is given meanwhile: bound, and never listened on.
fn nobody() -> tokio::net::TcpSocket {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

#[test]
fn a_fault_names_the_cause_and_no_secret() {
    let runtime = runtime();
    let http = http(&runtime);
    let server = Canned::start(&[b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"]);
    let port = server.url("").rsplit(':').next().unwrap().to_owned();
    let fault = |url: &str| -> Fault { http.request(&call(Method::GET, url)).unwrap_err() };
    let tls = fault(&format!("https://user:hunter2@127.0.0.1:{port}/?token=hunter2"));
    assert_eq!(tls.kind, FaultKind::Broken, "{tls}");
    assert!(tls.hint.as_deref().unwrap().contains("does not speak TLS"), "{tls:?}");
    let nobody = nobody();
    let refused = fault(&format!("http://user:hunter2@{}/?token=hunter2", nobody.local_addr().unwrap()));
    assert!(refused.why.contains("Connection refused"), "{refused}");
    for fault in [tls, refused] {
        assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
    }
}

fn check(url: String) -> HealthCheck {
    HealthCheck { timeout: Millis(300), ..HealthCheck::of(url) }
}

/// Whether it is healthy, and what was seen; `None` where that could not be found out.
fn ask(check: &HealthCheck) -> (Option<bool>, String) {
    let runtime = runtime();
    match probe(&http(&runtime), check, "app", "staging", SystemClock::default().now()) {
        Reading::Observed(observation) => match observation.measure {
            Measure::Health(health) => (Some(health.ok), health.seen),
            other => panic!("not a health: {other:?}"),
        },
        Reading::Missing { why } | Reading::Unreadable { why, .. } => (None, why),
    }
}

#[test]
fn a_health_check_wants_its_status_and_its_text() {
    let server = Canned::start(&[&Canned::answer("200 OK", "", r#"{"status":"up"}"#)]);
    let mut one = check(server.url("/{service}/{environment}"));
    assert_eq!(ask(&one), (Some(true), "200".to_owned()));
    assert!(server.heads()[0].starts_with("GET /app/staging HTTP/1.1"));
    one.contains = Some("\"up\"".to_owned());
    assert_eq!(ask(&one).0, Some(true));
    one.contains = Some("\"down\"".to_owned());
    assert_eq!(ask(&one), (Some(false), "200 without `\"down\"` in the body".to_owned()));
    one = HealthCheck { status: Some(204), ..check(server.url("/")) };
    assert_eq!(ask(&one), (Some(false), "200".to_owned()));
    let server = Canned::start(&[&Canned::answer("302 Found", "location: /login?a=b\r\n", "")]);
    assert_eq!(ask(&check(server.url("/"))), (Some(false), "302 to /login (redirects are not followed)".to_owned()));
    let server = Canned::start(&[&Canned::answer("503 No", "", "")]);
    assert_eq!(ask(&check(server.url("/"))), (Some(false), "503".to_owned()));
}

#[test]
fn a_service_that_is_down_is_unhealthy_and_one_that_cannot_be_asked_is_not_known() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    assert_eq!(ask(&check(url.clone())), (Some(false), "no answer within 300 ms".to_owned()));
    drop(silent);
    assert_eq!(ask(&check(url)).0, Some(false));
    for url in ["ftp://127.0.0.1/", "not an address"] {
        assert_eq!(ask(&check(url.to_owned())).0, None, "{url}");
    }
}
