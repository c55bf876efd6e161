//! What goes wrong around a shop, and how its monitoring and the service itself answer then.

use crate::world::canned::Canned;

/// What is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// One request of twenty fails.
    Errors,
    /// A critical alert fires.
    Alert,
    /// The application is Degraded.
    Degraded,
    /// The health check is answered with 503.
    Unhealthy,
    /// What was ordered is not found.
    Lost,
}

/// What Prometheus answers with when it cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outage {
    /// The connection is closed.
    Closed,
    /// 422: it cannot execute the query.
    Refuses,
    /// 503.
    Unavailable,
    /// A login page, with status 200.
    Page,
    /// The beginning of an answer.
    Half,
    /// Nothing, for longer than anybody waits.
    Slow,
}

impl Outage {
    pub(super) const ALL: [Self; 6] =
        [Self::Closed, Self::Refuses, Self::Unavailable, Self::Page, Self::Half, Self::Slow];
}

/// What happens under which version; under every one, if none is named.
#[derive(Debug, Clone, Default)]
pub(super) struct Weather {
    pub(super) bad: Option<(Option<&'static str>, Mood)>,
    pub(super) out: Option<(&'static str, Outage)>,
}

impl Weather {
    fn is_bad(&self, pinned: &str, mood: Mood) -> bool {
        self.bad.is_some_and(|(version, bad)| bad == mood && version.is_none_or(|version| pinned.contains(version)))
    }
}

fn json(body: &str) -> Vec<u8> {
    Canned::answer("200 OK", "content-type: application/json\r\n", body)
}

/// Prometheus.
pub(super) fn prometheus(weather: &Weather, pinned: &str, request: &str) -> Vec<u8> {
    let now = jiff::Timestamp::now().as_millisecond();
    let now = format!("{}.{:03}", now / 1000, now % 1000);
    let vector = |value: u32| {
        json(&format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{now},"{value}"]}}]}}}}"#
        ))
    };
    let out = weather.out.filter(|(version, _)| pinned.contains(version)).map(|(_, outage)| outage);
    match out {
        Some(Outage::Closed) => Vec::new(),
        Some(Outage::Refuses) => Canned::answer(
            "422 Unprocessable Entity",
            "content-type: application/json\r\n",
            r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples"}"#,
        ),
        Some(Outage::Unavailable) => Canned::answer("503 Service Unavailable", "content-type: text/plain\r\n", "no"),
        Some(Outage::Page) => Canned::answer("200 OK", "content-type: text/html\r\n", "<title>Sign in</title>"),
        Some(Outage::Half) => {
            let mut whole = vector(1000);
            whole.truncate(whole.len() - 20);
            whole
        }
        Some(Outage::Slow) => Canned::SILENCE.to_vec(),
        None if request.contains("time%28%29") => {
            json(&format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[{now},"{now}"]}}}}"#))
        }
        None if request.contains("failed") => vector(if weather.is_bad(pinned, Mood::Errors) { 50 } else { 0 }),
        None => vector(1000),
    }
}

/// Alertmanager.
pub(super) fn alertmanager(weather: &Weather, pinned: &str, request: &str) -> Vec<u8> {
    if request.contains("/api/v2/status") {
        return json(r#"{"cluster":{"status":"ready"}}"#);
    }
    if !weather.is_bad(pinned, Mood::Alert) {
        return json("[]");
    }
    json(
        r#"[{"labels":{"alertname":"HighErrorRate","severity":"critical","env":"staging"},"annotations":{},
            "fingerprint":"f1","startsAt":"2026-11-21T10:00:00Z","status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}]"#,
    )
}

/// The service: it says whether it is well, takes orders, and knows what was ordered.
pub(super) fn service(weather: &Weather, pinned: &str, request: &str) -> Vec<u8> {
    let plain = |status: &str, body: &str| Canned::answer(status, "content-type: text/plain\r\n", body);
    match request.split_whitespace().take(2).collect::<Vec<_>>()[..] {
        ["GET", "/healthz"] if weather.is_bad(pinned, Mood::Unhealthy) => {
            plain("503 Service Unavailable", "no database\n")
        }
        ["GET", "/healthz"] => plain("200 OK", "ok\n"),
        ["POST", "/orders"] => Canned::answer("201 Created", "content-type: application/json\r\n", r#"{"id":"a7"}"#),
        ["GET", "/orders/a7"] if !weather.is_bad(pinned, Mood::Lost) => json(r#"{"id":"a7","state":"open"}"#),
        _ => plain("404 Not Found", "no such thing\n"),
    }
}
