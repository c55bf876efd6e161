//! Rate limits: how GitHub says that a request was refused for being one too many, and how long that lasts.
//!
//! Such a request was not processed, so a write may be sent again after it. Source: "Rate limits for the REST API" in
//! GitHub's documentation; a secondary limit may come without any header, and is told by its message then.

use std::time::Duration;

use crate::adapters::http::Answer;
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::{Millis, Time};

/// How long to wait after a secondary limit that does not say.
const UNSAID: Duration = Duration::from_secs(60);

/// A refusal for being one too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    /// Which of the two limits it is, as GitHub names it.
    pub(super) primary: bool,
    /// How long it lasts from now on.
    pub(super) wait: Duration,
    /// How many requests an hour are allowed, where it says so.
    hourly: Option<String>,
}

/// The limit that an answer tells of, if it does. `now` stands in for the server's clock where the answer has no `Date`.
pub(super) fn of(answer: &Answer, now: Time) -> Option<Limit> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    let used_up = answer.header("x-ratelimit-remaining") == Some("0");
    let asked = answer.retry_after();
    if !(used_up || asked.is_some() || answer.status == 429 || says_so(answer)) {
        return None;
    }
    let reset = answer.header("x-ratelimit-reset").and_then(|text| text.trim().parse::<i64>().ok());
    let reset = reset.and_then(|secs| Time::from_second(secs).ok());
    // The moment itself may still be refused, so a second is added.
    let until_reset = reset.filter(|_| used_up).map(|reset| {
        let now = answer.date().unwrap_or(now);
        Millis(Millis::between(now, reset).0.max(0) + 1000).duration()
    });
    let hourly = answer.header("x-ratelimit-limit").filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    Some(Limit {
        primary: used_up,
        wait: asked.or(until_reset).unwrap_or(UNSAID),
        hourly: hourly.filter(|text| used_up && !text.is_empty()).map(str::to_owned),
    })
}

fn says_so(answer: &Answer) -> bool {
    let text = answer.text().to_ascii_lowercase();
    ["rate limit", "abuse detection", "rate-limits"].iter().any(|words| text.contains(words))
}

impl Limit {
    /// That the limit lasts longer than we may wait.
    pub(super) fn fault(&self, doing: &str, asked: &str, now: Time) -> Fault {
        let (span, end) = (Millis(i64::try_from(self.wait.as_millis()).unwrap_or(i64::MAX)), self.end(now));
        let (what, hint) = match (self.primary, &self.hourly) {
            (true, Some(hourly)) => (format!("all {hourly} requests of this hour are used up"), HINT_PRIMARY),
            (true, None) => ("all requests of this hour are used up".to_owned(), HINT_PRIMARY),
            (false, _) => ("too many came within a short time (a secondary limit)".to_owned(), HINT_SECONDARY),
        };
        let why = format!("{asked}: GitHub's rate limit: {what}; it ends at {end}, in {span}");
        Fault::new(FaultKind::Transient, doing, why).hint(hint)
    }

    fn end(&self, now: Time) -> String {
        let end = Millis(i64::try_from(self.wait.as_millis()).unwrap_or(i64::MAX)).after(now);
        end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

const HINT_PRIMARY: &str = "run again after that; the token of a GitHub App has a limit of its own, and a larger one";
const HINT_SECONDARY: &str = "run again after that, and let fewer jobs ask at the same time";

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    const NOW: i64 = 784_111_777;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    fn wait(answer: &Answer) -> Option<(bool, u64)> {
        of(answer, Time::from_second(NOW + 5000).unwrap()).map(|limit| (limit.primary, limit.wait.as_secs()))
    }

    #[test]
    fn a_limit_is_told_by_its_headers_or_its_words() {
        let reset = (NOW + 30).to_string();
        let used = [DATE, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
        let left = [DATE, ("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", reset.as_str())];
        let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        for (given, expected) in [
            (answer(403, &used, ""), Some((true, 31))),
            (answer(429, &used, ""), Some((true, 31))),
            (answer(403, &used[1..], ""), Some((true, 1))),
            (answer(403, &left, r#"{"message":"Resource not accessible by integration"}"#), None),
            (answer(403, &[("retry-after", "7")], ""), Some((false, 7))),
            (answer(403, &left, secondary), Some((false, 60))),
            (answer(429, &[], ""), Some((false, 60))),
            (answer(200, &used, ""), None),
            (answer(404, &used, ""), None),
            (answer(403, &[], r#"{"message":"Must have admin rights to Repository."}"#), None),
        ] {
            assert_eq!(wait(&given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_fault_says_when_the_limit_ends() {
        let headers = [DATE, ("x-ratelimit-remaining", "0"), ("x-ratelimit-limit", "5000")];
        let reset = (NOW + 1799).to_string();
        let given = answer(403, &[&headers[..], &[("x-ratelimit-reset", reset.as_str())]].concat(), "");
        let now = Time::from_second(NOW).unwrap();
        let fault = of(&given, now).unwrap().fault("read a run", "GET https://h/r", now);
        assert_eq!(fault.kind, FaultKind::Transient);
        assert_eq!(
            fault.why,
            "GET https://h/r: GitHub's rate limit: all 5000 requests of this hour are used up; it ends at \
             1994-11-06T09:19:37Z, in 30 min"
        );
    }
}
