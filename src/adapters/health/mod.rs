//! HTTP health checks: one request, and whether its answer is what was expected. Smoke tests are made of such requests
//! ([`scenario`]).

pub mod judge;
pub mod scenario;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::adapters::health::judge::judge;
use crate::adapters::http::probe::Probed;
use crate::adapters::http::{Call, Http};
use crate::ports::{Fault, FaultKind};
use crate::promotion::facts::{Observation, Reading};
use crate::promotion::measures::{Health, Measure};
use crate::promotion::rules::health::{HealthCheck, Verb};
use crate::promotion::time::Time;

/// Performs a check once, at this time. A service that refuses the connection, or does not answer in time, is not healthy;
/// where it cannot be asked at all (its name is not known here, its certificate is not trusted), nothing is known of its
/// health.
pub fn probe(http: &Http, check: &HealthCheck, service: &str, environment: &str, now: Time) -> Reading {
    let put = |text: &str| text.replace("{service}", service).replace("{environment}", environment);
    let headers = check.headers.iter().map(|(name, value)| (name.clone(), put(value))).collect();
    let check = HealthCheck { url: put(&check.url), headers, ..check.clone() };
    let health = match ask(http, &check, None) {
        Asked::Answered(probed) => match judge(&check, &probed, now) {
            Ok(health) => health,
            Err(why) => return unreadable(why),
        },
        Asked::Down(seen) => Health { ok: false, seen },
        Asked::Unknown(why) => return unreadable(why),
    };
    observed(health)
}

/// What came of a request.
pub(crate) enum Asked {
    /// An answer.
    Answered(Box<Probed>),
    /// The service does not answer.
    Down(String),
    /// It could not be asked.
    Unknown(String),
}

/// Sends a check's request once; what its address and headers may hold is put in already.
pub(crate) fn ask(http: &Http, check: &HealthCheck, body: Option<&str>) -> Asked {
    let call = match call(check, body) {
        Ok(call) => call,
        Err(why) => return Asked::Unknown(why),
    };
    match http.probe(&call) {
        Ok(probed) => Asked::Answered(Box::new(probed)),
        Err(Fault { kind: FaultKind::TimedOut, .. }) => Asked::Down(format!("no answer within {}", check.timeout)),
        Err(fault) => {
            let why = fault.why.replace(&call.shown(), "");
            let expired = check.certificate_days_min.is_some() && why.contains("certificate expired");
            // A write that was sent and not answered (`Uncertain`) was sent to a service that does not answer.
            let down = matches!(fault.kind, FaultKind::Transient | FaultKind::Uncertain) && !unasked(&why);
            if down || expired { Asked::Down(fault.why) } else { Asked::Unknown(fault.why) }
        }
    }
}

fn call(check: &HealthCheck, body: Option<&str>) -> Result<Call, String> {
    let url = match Url::parse(&check.url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Ok(url) => return Err(format!("{}:// is not http:// or https://", url.scheme())),
        Err(error) => return Err(format!("the address cannot be read: {error}")),
    };
    let method = match check.verb {
        Verb::Get => Method::GET,
        Verb::Head => Method::HEAD,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Delete => Method::DELETE,
    };
    let mut call = Call::new(method, url).within(check.timeout.duration());
    if let Some(body) = body {
        let kind = if is_json(body) { "application/json" } else { "text/plain; charset=utf-8" };
        call = call.header(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(kind));
        call.body = Some(body.as_bytes().to_vec());
    }
    for (name, value) in &check.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) else {
            return Err(format!("`{name}` with this value is no header"));
        };
        call = call.header(name, value);
    }
    Ok(call)
}

/// Whether a body is meant as JSON.
pub(crate) fn is_json(body: &str) -> bool {
    body.trim_start().starts_with(['{', '['])
}

/// Whether the failure is one of asking rather than of what was asked.
fn unasked(why: &str) -> bool {
    why.contains("dns error") || why.contains("proxy") || why.contains("tunnel")
}

pub(crate) fn observed(health: Health) -> Reading {
    Reading::Observed(Observation {
        files: Vec::new(),
        subject: None,
        taken: None,
        tools: Vec::new(),
        measure: Measure::Health(health),
        notes: Vec::new(),
    })
}

pub(crate) fn unreadable(why: String) -> Reading {
    Reading::Unreadable { why, files: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::unasked;

    #[test]
    fn a_name_that_is_not_known_here_says_nothing_of_the_service() {
        assert!(unasked(
            "error sending request: client error (Connect): dns error: failed to lookup address information"
        ));
        assert!(unasked("error sending request: client error (Connect): tunnel error: unsuccessful"));
        assert!(!unasked("error sending request: client error (Connect): tcp connect error: Connection refused"));
    }
}
