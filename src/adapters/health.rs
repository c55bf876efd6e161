//! HTTP health checks: one request, and whether its answer is what was expected.

use reqwest::{Method, Url};

use crate::adapters::http::{Answer, Call, Http};
use crate::ports::FaultKind;
use crate::promotion::facts::{Observation, Reading};
use crate::promotion::measures::{Health, Measure};
use crate::promotion::rules::HealthCheck;

/// Performs a check once. A service that refuses the connection, or does not answer in time, is not healthy; where it
/// cannot be asked at all (its name is not known here, its certificate is not trusted), nothing is known of its health.
pub fn probe(http: &Http, check: &HealthCheck, service: &str, environment: &str) -> Reading {
    let text = check.url.replace("{service}", service).replace("{environment}", environment);
    let url = match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Ok(url) => return unreadable(format!("{}:// is not http:// or https://", url.scheme())),
        Err(error) => return unreadable(format!("the address cannot be read: {error}")),
    };
    let call = Call::new(Method::GET, url).within(check.timeout.duration());
    let health = match http.request(&call) {
        Ok(answer) => judge(check, &answer),
        Err(fault)
            if matches!(fault.kind, FaultKind::Transient | FaultKind::TimedOut)
                && !unasked(&fault.why.replace(&call.shown(), "")) =>
        {
            let seen = if fault.kind == FaultKind::TimedOut {
                format!("no answer within {}", check.timeout)
            } else {
                fault.why
            };
            Health { ok: false, seen }
        }
        Err(fault) => return unreadable(fault.why),
    };
    let measure = Measure::Health(health);
    Reading::Observed(Observation {
        files: Vec::new(),
        subject: None,
        taken: None,
        tools: Vec::new(),
        measure,
        notes: Vec::new(),
    })
}

fn judge(check: &HealthCheck, answer: &Answer) -> Health {
    let status = answer.status;
    let fits = check.status.map_or(answer.ok(), |wanted| wanted == status);
    let lacks = check.contains.as_ref().filter(|text| !answer.text().contains(text.as_str()));
    match (fits, lacks) {
        (true, None) => Health { ok: true, seen: status.to_string() },
        (true, Some(text)) => Health { ok: false, seen: format!("{status} without `{text}` in the body") },
        (false, _) if (300..400).contains(&status) => {
            let to = answer.header("location").unwrap_or("nowhere");
            let to = to.split('?').next().unwrap_or_default();
            Health { ok: false, seen: format!("{status} to {to} (redirects are not followed)") }
        }
        (false, _) => Health { ok: false, seen: status.to_string() },
    }
}

/// Whether the failure is one of asking rather than of what was asked.
fn unasked(why: &str) -> bool {
    why.contains("dns error") || why.contains("proxy") || why.contains("tunnel")
}

fn unreadable(why: String) -> Reading {
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
