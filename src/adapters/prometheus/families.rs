//! The usual metric names: which of them a service is measured by, and how its figures are asked for by them.
//!
//! A family is believed only where it is the only one with series for the selector, and where every one of its series says how its
//! requests ended: then no series of failed requests means that none failed, since it would be one of the same metric.

use std::collections::BTreeMap;

use crate::adapters::prometheus::reply::Sample;
use crate::promotion::levels::Level;

/// A counter of requests with a label that says how they ended, and the histogram of their durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// The counter.
    pub requests: &'static str,
    /// The label that says how a request ended; the first one that the series have.
    labels: &'static [&'static str],
    /// What that label says of a failed request, as a regular expression.
    failed: &'static str,
    /// The histogram, and how many milliseconds its unit has.
    buckets: (&'static str, u32),
    /// A further matcher, where the selector does not name its label: what would be counted twice without it.
    once: Option<(&'static str, &'static str)>,
}

/// What a server answered with is its fault from 500 on.
const SERVER_ERROR: &str = "5..";
/// The codes that OpenTelemetry's conventions hold to be a server's fault.
const GRPC_ERROR: &str = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss";

const fn family(
    requests: &'static str,
    labels: &'static [&'static str],
    failed: &'static str,
    buckets: (&'static str, u32),
) -> Family {
    Family { requests, labels, failed, buckets, once: None }
}

/// Every family that is known.
pub const FAMILIES: &[Family] = &[
    family(
        "http_requests_total",
        &["code", "status", "status_code"],
        SERVER_ERROR,
        ("http_request_duration_seconds_bucket", 1000),
    ),
    // OpenTelemetry's semantic conventions.
    family(
        "http_server_request_duration_seconds_count",
        &["http_response_status_code"],
        SERVER_ERROR,
        ("http_server_request_duration_seconds_bucket", 1000),
    ),
    // Micrometer, of Spring Boot.
    family(
        "http_server_requests_seconds_count",
        &["status"],
        SERVER_ERROR,
        ("http_server_requests_seconds_bucket", 1000),
    ),
    // Both proxies of a request count it.
    Family {
        once: Some(("reporter", "destination")),
        ..family(
            "istio_requests_total",
            &["response_code"],
            SERVER_ERROR,
            ("istio_request_duration_milliseconds_bucket", 1),
        )
    },
    family(
        "nginx_ingress_controller_requests",
        &["status"],
        SERVER_ERROR,
        ("nginx_ingress_controller_request_duration_seconds_bucket", 1000),
    ),
    family(
        "traefik_service_requests_total",
        &["code"],
        SERVER_ERROR,
        ("traefik_service_request_duration_seconds_bucket", 1000),
    ),
    family("grpc_server_handled_total", &["grpc_code"], GRPC_ERROR, ("grpc_server_handling_seconds_bucket", 1000)),
];

/// The label by which the parts of a joined question are told apart.
pub const PART: &str = "promote_part";

/// A part of a joined question: its answer carries the name.
pub fn part(name: &str, query: &str) -> String {
    format!("label_replace({query}, \"{PART}\", \"{name}\", \"\", \"\")")
}

/// The answers to a joined question, by their parts' names.
pub fn parts(samples: &[Sample]) -> BTreeMap<&str, &str> {
    samples.iter().filter_map(|sample| Some((sample.labels.get(PART)?.as_str(), sample.value.as_str()))).collect()
}

/// A family that was found: its names are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The family.
    pub family: Family,
    /// The label that says how a request ended.
    pub label: &'static str,
    selector: String,
}

impl Family {
    fn selector(self, selector: &str) -> String {
        // People write it with and without its braces.
        let selector = selector.trim().trim_start_matches('{').trim_end_matches(['}', ',', ' ']);
        match self.once {
            Some((label, value)) if !names(selector, label) => format!("{selector},{label}=\"{value}\""),
            _ => selector.to_owned(),
        }
    }
}

/// Whether a selector has a matcher on a label.
fn names(selector: &str, label: &str) -> bool {
    selector.match_indices(label).any(|(at, _)| {
        let before = selector[..at].chars().next_back();
        let after = selector[at + label.len()..].trim_start();
        before.is_none_or(|c| c == ',' || c.is_whitespace()) && after.starts_with(['=', '!'])
    })
}

/// The question which families have series, and with which labels: one for all of them.
/// With a window: which had any in it, though they may have none now.
pub fn detection(selector: &str, window: Option<&str>) -> String {
    let mut asked = Vec::new();
    for family in FAMILIES {
        let (name, selector) = (family.requests, family.selector(selector));
        let count = |matchers: &str| match window {
            Some(window) => format!("count(count_over_time({name}{{{matchers}}}[{window}]))"),
            None => format!("count({name}{{{matchers}}})"),
        };
        asked.push(part(name, &count(&selector)));
        for label in family.labels {
            asked.push(part(&format!("{name}/{label}"), &count(&format!("{selector},{label}!=\"\""))));
        }
    }
    asked.join(" or ")
}

/// The one family that has series; `None` if none has.
pub fn found(samples: &[Sample], selector: &str) -> Result<Option<Found>, String> {
    let counts = parts(samples);
    let here: Vec<&Family> = FAMILIES.iter().filter(|family| counts.contains_key(family.requests)).collect();
    let family = match here.as_slice() {
        [] => return Ok(None),
        [only] => **only,
        several => {
            let names: Vec<&str> = several.iter().map(|family| family.requests).collect();
            let help = "write `queries:` for those that are meant, or a selector that fits one of them";
            return Err(format!("several metrics have series for it, {}: {help}", names.join(" and ")));
        }
    };
    let name = family.requests;
    let labelled = |label: &&&str| counts.contains_key(format!("{name}/{label}").as_str());
    let Some(label) = family.labels.iter().find(labelled) else {
        let labels = family.labels.join(", ");
        return Err(format!("no series of {name} says how its requests ended (by {labels}): write `queries:`"));
    };
    let (all, with) = (counts.get(name), counts.get(format!("{name}/{label}").as_str()));
    if all != with {
        let (all, with) = (all.unwrap_or(&"?"), with.unwrap_or(&"?"));
        return Err(format!("only {with} of {all} series of {name} have the label {label}: write `queries:`"));
    }
    Ok(Some(Found { family, label, selector: family.selector(selector) }))
}

impl Found {
    /// The query of a figure, with `{window}`; throughput and availability follow from the counts.
    pub fn query(&self, level: Level) -> Option<String> {
        let Self { family, label, selector } = self;
        let quantile = |share: &str| {
            let buckets = family.buckets.0;
            format!("histogram_quantile({share}, sum by (le) (rate({buckets}{{{selector}}}[{{window}}])))")
        };
        let counter = family.requests;
        match level {
            Level::Requests => Some(format!("sum(increase({counter}{{{selector}}}[{{window}}]))")),
            Level::Errors => {
                let failed = family.failed;
                Some(format!("sum(increase({counter}{{{selector},{label}=~\"{failed}\"}}[{{window}}]))"))
            }
            Level::LatencyP50 => Some(quantile("0.5")),
            Level::LatencyP95 => Some(quantile("0.95")),
            Level::LatencyP99 => Some(quantile("0.99")),
            Level::Availability | Level::Throughput => None,
        }
    }

    /// How many milliseconds the unit of its latencies has.
    pub fn scale(&self) -> u32 {
        self.family.buckets.1
    }

    /// Whether there is any sample at the moment of the question.
    pub fn alive(&self) -> String {
        format!("count({}{{{}}})", self.family.requests, self.selector)
    }

    /// The borders of the histogram's buckets, one series for each.
    pub fn borders(&self) -> String {
        format!("count by (le) ({}{{{}}})", self.family.buckets.0, self.selector)
    }

    /// The highest border that is finite, in milliseconds, of the answer to [`borders`](Self::borders).
    pub fn highest_border(&self, samples: &[Sample]) -> Option<f64> {
        let borders = samples.iter().filter_map(|sample| sample.labels.get("le")?.parse::<f64>().ok());
        let highest = borders.filter(|border| border.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        highest.is_finite().then_some(highest * f64::from(self.family.buckets.1))
    }

    /// What it is known by, for the record.
    pub fn note(&self) -> String {
        let note = format!("measured by {} and its label {}", self.family.requests, self.label);
        match self.family.once {
            Some((label, value)) if self.selector.ends_with(&format!(",{label}=\"{value}\"")) => {
                format!("{note}, as the {value} reports it")
            }
            _ => note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(counts: &[(&str, &str)]) -> Vec<Sample> {
        let sample = |(name, value): &(&str, &str)| Sample {
            labels: BTreeMap::from([(PART.to_owned(), (*name).to_owned())]),
            value: (*value).to_owned(),
        };
        counts.iter().map(sample).collect()
    }

    #[test]
    fn one_family_is_found_and_two_are_none() {
        let selector = "service=\"app\"";
        let one = [("http_requests_total", "3"), ("http_requests_total/status", "3")];
        let found_one = found(&samples(&one), selector).unwrap().unwrap();
        assert_eq!(found_one.label, "status");
        assert_eq!(
            found_one.query(Level::Errors).unwrap(),
            "sum(increase(http_requests_total{service=\"app\",status=~\"5..\"}[{window}]))"
        );
        assert_eq!(found(&[], selector), Ok(None));
        for (counts, part) in [
            (
                [("http_requests_total", "3"), ("istio_requests_total", "1")],
                "http_requests_total and istio_requests_total",
            ),
            ([("http_requests_total", "3"), ("other", "3")], "says how its requests ended"),
            ([("http_requests_total", "3"), ("http_requests_total/code", "2")], "only 2 of 3"),
        ] {
            let why = found(&samples(&counts), selector).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn a_request_that_two_proxies_count_is_counted_once() {
        let counts = samples(&[("istio_requests_total", "2"), ("istio_requests_total/response_code", "2")]);
        let istio = found(&counts, "app=\"a\"").unwrap().unwrap();
        assert_eq!(istio.alive(), "count(istio_requests_total{app=\"a\",reporter=\"destination\"})");
        assert!(istio.note().ends_with("as the destination reports it"));
        assert_eq!(istio.scale(), 1, "milliseconds already");
        let named = found(&counts, "app=\"a\",reporter=\"source\"").unwrap().unwrap();
        assert_eq!(named.alive(), "count(istio_requests_total{app=\"a\",reporter=\"source\"})");
        let of_a_name = found(&counts, "{app=\"reporter\"}").unwrap().unwrap();
        assert_eq!(of_a_name.alive(), "count(istio_requests_total{app=\"reporter\",reporter=\"destination\"})");
    }

    #[test]
    fn a_latency_beyond_the_last_border_is_none() {
        let counts = samples(&[("http_requests_total", "1"), ("http_requests_total/code", "1")]);
        let found = found(&counts, "a=\"b\"").unwrap().unwrap();
        let border =
            |le: &str| Sample { labels: BTreeMap::from([("le".to_owned(), le.to_owned())]), value: "1".to_owned() };
        assert_eq!(found.highest_border(&[border("0.1"), border("2.5"), border("+Inf")]), Some(2500.0));
        assert_eq!(found.highest_border(&[border("+Inf")]), None);
    }
}
