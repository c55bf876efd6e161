//! Whether an answer is what a check expects. What was seen says every part that is not.

use serde_json::Value;

use crate::adapters::http::page::brief;
use crate::adapters::http::probe::Probed;
use crate::promotion::measures::Health;
use crate::promotion::number::Decimal;
use crate::promotion::rules::health::HealthCheck;
use crate::promotion::time::{Millis, Time};

/// How much of a value in an answer is repeated, in characters.
const REPEATED: usize = 60;
/// A day.
const DAY: i64 = 86_400_000;

/// Judges an answer. What could not be seen at all (a certificate) is an `Err`.
pub fn judge(check: &HealthCheck, probed: &Probed, now: Time) -> Result<Health, String> {
    let answer = &probed.answer;
    let status = answer.status;
    if !check.status.map_or(answer.ok(), |wanted| wanted == status) {
        let redirect = (300..400).contains(&status).then(|| {
            let to = answer.header("location").unwrap_or("nowhere");
            format!(" to {} (redirects are not followed)", to.split('?').next().unwrap_or_default())
        });
        return Ok(Health { ok: false, seen: format!("{status}{}", redirect.unwrap_or_default()) });
    }
    let mut faults = Vec::new();
    if check.contains.is_some() || check.not_contains.is_some() {
        let body = answer.text();
        if let Some(text) = check.contains.as_ref().filter(|text| !body.contains(text.as_str())) {
            faults.push(format!(" without `{text}` in the body"));
        }
        if let Some(text) = check.not_contains.as_ref().filter(|text| body.contains(text.as_str())) {
            faults.push(format!(" with `{text}` in the body"));
        }
    }
    if !check.json.is_empty() {
        faults.extend(json_faults(check, &answer.body));
    }
    let took = Millis(i64::try_from(probed.took.as_millis()).unwrap_or(i64::MAX));
    if let Some(most) = check.latency_max.filter(|most| took > *most) {
        faults.push(format!(", after {took} (at most {most})"));
    }
    if let Some(days) = check.certificate_days_min {
        let until = probed.certificate_until.ok_or("until when the certificate is valid could not be seen")?;
        let left = Millis::between(now, until).0;
        if left < i64::from(days) * DAY {
            faults.push(format!(", its certificate ends in {} days (at least {days})", left.div_euclid(DAY)));
        }
    }
    let ok = faults.is_empty();
    Ok(Health { ok, seen: format!("{status}{}", faults.concat()) })
}

fn json_faults(check: &HealthCheck, body: &[u8]) -> Vec<String> {
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return vec![", and its body is not JSON".to_owned()] };
    let fault = |(path, wanted): (&String, &String)| match at(&json, path) {
        None => Some(format!(", without `{path}`")),
        Some(value) if is(value, wanted) => None,
        Some(value) => Some(format!(", `{path}` is `{}`", brief(&text_of(value), REPEATED))),
    };
    check.json.iter().filter_map(fault).collect()
}

/// The value at a path of names and numbers with dots between them.
pub fn at<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |value, part| match value {
        Value::Object(fields) => fields.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// A value as text: a text as it is, everything else as JSON has it.
pub fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Numbers are compared by value, so that 1 and 1.0 are one.
fn is(value: &Value, wanted: &str) -> bool {
    let text = text_of(value);
    let number = |text: &str| text.parse::<Decimal>().ok();
    text == wanted || value.is_number() && number(&text).is_some() && number(&text) == number(wanted)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use crate::adapters::http::Answer;

    use super::*;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn seen(check: &HealthCheck, body: &str, until: Option<&str>) -> Result<Health, String> {
        let answer = Answer { status: 200, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
        let certificate_until = until.map(|text| text.parse().unwrap());
        let probed = Probed { answer, took: Duration::from_millis(500), certificate_until };
        judge(check, &probed, NOW.parse().unwrap())
    }

    #[test]
    fn every_part_that_is_not_as_expected_is_said() {
        let body = r#"{"status":"ok","db":{"state":"down","lag":1.50},"checks":[{"name":"a","ok":true}],"none":null}"#;
        let json = |path: &str, value: &str| HealthCheck {
            json: BTreeMap::from([(path.to_owned(), value.to_owned())]),
            ..HealthCheck::of("")
        };
        let base = || HealthCheck::of("");
        for (check, is) in [
            (base(), "200"),
            (HealthCheck { not_contains: Some("panic".to_owned()), ..base() }, "200"),
            (HealthCheck { not_contains: Some("down".to_owned()), ..base() }, "200 with `down` in the body"),
            (json("status", "ok"), "200"),
            (json("db.state", "up"), "200, `db.state` is `down`"),
            (json("db.lag", "1.5"), "200"),
            (json("db.lag", "2"), "200, `db.lag` is `1.5`"),
            (json("checks.0.ok", "true"), "200"),
            (json("checks.1.ok", "true"), "200, without `checks.1.ok`"),
            (json("none", "null"), "200"),
            (json("status.deep", "ok"), "200, without `status.deep`"),
            (HealthCheck { latency_max: Some(Millis(500)), ..base() }, "200"),
            (HealthCheck { latency_max: Some(Millis(499)), ..base() }, "200, after 500 ms (at most 499 ms)"),
            (
                HealthCheck { contains: Some("up".to_owned()), latency_max: Some(Millis(1)), ..json("status", "bad") },
                "200 without `up` in the body, `status` is `ok`, after 500 ms (at most 1 ms)",
            ),
        ] {
            let health = seen(&check, body, None).unwrap();
            assert_eq!((health.seen.as_str(), health.ok), (is, is == "200"), "{check:?}");
        }
        let said = seen(&json("status", "ok"), "<html>", None).unwrap();
        assert_eq!((said.ok, said.seen.as_str()), (false, "200, and its body is not JSON"));
    }

    #[test]
    fn a_certificate_must_be_valid_for_long_enough() {
        let check = HealthCheck { certificate_days_min: Some(14), ..HealthCheck::of("") };
        for (until, is) in [
            ("2026-12-05T12:00:00Z", "200"),
            ("2026-12-05T11:59:59Z", "200, its certificate ends in 13 days (at least 14)"),
            ("2026-11-21T11:00:00Z", "200, its certificate ends in -1 days (at least 14)"),
        ] {
            assert_eq!(seen(&check, "", Some(until)).unwrap().seen, is, "{until}");
        }
        assert!(seen(&check, "", None).is_err(), "not seen is not known");
    }
}
