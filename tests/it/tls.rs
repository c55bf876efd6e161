//! TLS against a real server (`openssl s_server`): whose certificates are believed, and what is said of the others.
//!
//! Needs the `openssl` program, so it runs under `PROMOTE_REAL=1` only.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use promote::adapters::health::probe;
use promote::adapters::http::{Answer, Call, Http, HttpSettings};
use promote::ports::{Fault, FaultKind};
use promote::promotion::facts::Reading;
use promote::promotion::measures::Measure;
use promote::promotion::rules::health::HealthCheck;
use promote::promotion::time::{Millis, Time};
use reqwest::Method;

/// A server with a certificate of its own. It stops when it is dropped.
struct Server {
    child: Child,
    port: u16,
    /// Kept open: the server writes to it.
    _output: BufReader<ChildStdout>,
    pem: Vec<u8>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(dir: &Path, name: &str, extensions: &[&str]) -> Self {
        let (key, cert) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.crt")));
        let mut request = Command::new("openssl");
        request.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]);
        for extension in extensions {
            request.args(["-addext", extension]);
        }
        let made = request.arg("-keyout").arg(&key).arg("-out").arg(&cert).stderr(Stdio::null()).status().unwrap();
        assert!(made.success(), "openssl makes a certificate");
        let mut serve = Command::new("openssl");
        serve.args(["s_server", "-accept", "127.0.0.1:0", "-www"]).arg("-key").arg(&key).arg("-cert").arg(&cert);
        let mut child = serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
        let pem = std::fs::read(&cert).unwrap();
        Self { child, port: port.expect("openssl says where it listens"), _output: output, pem }
    }

    fn ask(&self, ca_pem: Option<&[u8]>, insecure: bool) -> Result<Answer, Fault> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let settings = HttpSettings { ca_pem: ca_pem.map(<[u8]>::to_vec), insecure, ..HttpSettings::default() };
        let http = Http::new(&settings, runtime.handle().clone()).unwrap();
        let url = format!("https://127.0.0.1:{}/", self.port).parse().unwrap();
        http.request(&Call::new(Method::GET, url).within(Duration::from_secs(20)))
    }
}

#[test]
fn a_health_check_sees_until_when_a_certificate_is_valid() {
    if std::env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let extensions = ["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
    let server = Server::start(dir.path(), "leaf", &extensions);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let settings = HttpSettings { ca_pem: Some(server.pem.clone()), ..HttpSettings::default() };
    let http = Http::new(&settings, runtime.handle().clone()).unwrap();
    let made = std::fs::metadata(dir.path().join("leaf.crt")).unwrap().modified().unwrap();
    let made = Time::try_from(made).unwrap();
    // Valid for two days from when it was made.
    for (days, ok, seen) in [(1, true, "200"), (3, false, "200, its certificate ends in 1 days (at least 3)")] {
        // Twice: the second request takes the connection of the first, where the server keeps it.
        for _ in 0..2 {
            let check = HealthCheck {
                certificate_days_min: Some(days),
                ..HealthCheck::of(format!("https://127.0.0.1:{}/", server.port))
            };
            let Reading::Observed(observation) = probe(&http, &check, "app", "prod", Millis::secs(10).after(made))
            else {
                panic!("the certificate was not seen")
            };
            let Measure::Health(health) = observation.measure else { panic!("no health") };
            assert_eq!((health.ok, health.seen.as_str()), (ok, seen));
        }
    }
}

#[test]
fn a_certificate_is_believed_for_a_reason() {
    if std::env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let san = "subjectAltName=IP:127.0.0.1";
    let leaf = Server::start(dir.path(), "leaf", &[san, "basicConstraints=critical,CA:FALSE"]);
    let authority = Server::start(dir.path(), "authority", &[san]);
    let nameless = Server::start(dir.path(), "nameless", &["basicConstraints=critical,CA:FALSE"]);
    for (what, server, ca, insecure, hint) in [
        ("a leaf in the CA file", &leaf, true, false, None),
        ("a leaf that nobody knows", &leaf, false, false, Some("its authority is not known")),
        ("a leaf that nobody knows, --insecure", &leaf, false, true, None),
        ("an authority as a server", &authority, true, false, Some("CA:TRUE")),
        ("no name that counts", &nameless, true, false, Some("only its subjectAltName counts")),
        ("no name that counts, --insecure", &nameless, false, true, None),
    ] {
        let answer = server.ask(ca.then_some(&server.pem), insecure);
        match (answer, hint) {
            (Ok(answer), None) => assert_eq!(answer.status, 200, "{what}"),
            (Err(fault), Some(hint)) => {
                assert_eq!(fault.kind, FaultKind::Broken, "{what}: {fault}");
                assert!(fault.hint.as_deref().unwrap_or_default().contains(hint), "{what}: {fault:?}");
            }
            (answer, _) => panic!("{what}: {answer:?}"),
        }
    }
}
