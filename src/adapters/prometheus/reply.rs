//! What `/api/v1/query` answers, as the [HTTP API](https://prometheus.io/docs/prometheus/latest/querying/api/) describes it and as
//! Thanos, Mimir and VictoriaMetrics answer it: values are texts, and a part of the truth is marked as such.
//!
//! An answer that is not the whole truth is no answer: warnings and partial responses are refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::promotion::number::Decimal;

/// An answer, before it is judged.
#[derive(Debug, Clone, Deserialize)]
pub struct Reply {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    /// Something is wrong with the result, or a store did not answer (Thanos).
    #[serde(default)]
    warnings: Option<Vec<String>>,
    /// Advice about the query; the result is whole.
    #[serde(default)]
    infos: Option<Vec<String>>,
    /// VictoriaMetrics: a storage node did not answer.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct Element {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<(f64, String)>,
    #[serde(default)]
    histogram: Option<Value>,
}

/// One series' value at the moment of the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels; a scalar has none.
    pub labels: BTreeMap<String, String>,
    /// Its value as the server writes it: `864000`, `NaN`, `+Inf`.
    pub value: String,
}

impl Reply {
    /// The samples of an answer that is whole.
    pub fn samples(self) -> Result<Vec<Sample>, String> {
        if self.status != "success" {
            let said = self.error.unwrap_or_else(|| "no reason given".to_owned());
            return Err(format!(
                "the server says {}: {}",
                self.error_type.as_deref().unwrap_or("error"),
                one_line(&said)
            ));
        }
        if let Some(warning) = self.warnings.iter().flatten().next() {
            return Err(format!("the answer is not the whole truth, the server warns: {}", one_line(warning)));
        }
        if self.is_partial {
            return Err("the answer is partial: not every store answered".to_owned());
        }
        if let Some(info) = self.infos.iter().flatten().next() {
            tracing::debug!(info, "the server advises");
        }
        let data = self.data.ok_or("the answer holds no data")?;
        let broken = |error: serde_json::Error| format!("the answer's {} cannot be read: {error}", data.kind);
        match data.kind.as_str() {
            "scalar" => {
                let (_, value): (f64, String) = serde_json::from_value(data.result).map_err(broken)?;
                Ok(vec![Sample { labels: BTreeMap::new(), value }])
            }
            "vector" => {
                let elements: Vec<Element> = serde_json::from_value(data.result).map_err(broken)?;
                elements.into_iter().map(Element::sample).collect()
            }
            "matrix" => Err("the query answers with a range of samples, and one value is wanted".to_owned()),
            other => Err(format!("the query answers with a {}, and a number is wanted", one_line(other))),
        }
    }
}

impl Element {
    fn sample(self) -> Result<Sample, String> {
        match (self.value, self.histogram) {
            (Some((_, value)), _) => Ok(Sample { labels: self.metric, value }),
            (None, Some(_)) => Err("the query answers with a histogram, and a number is wanted".to_owned()),
            (None, None) => Err("a series has no value".to_owned()),
        }
    }
}

/// The one value of an answer; `None` where there is no series.
pub fn only(samples: &[Sample]) -> Result<Option<&str>, String> {
    match samples {
        [] => Ok(None),
        [only] => Ok(Some(&only.value)),
        several => {
            let differ: Vec<String> = several.iter().take(2).map(named).collect();
            let (count, two) = (several.len(), differ.join(" and "));
            Err(format!("there are {count} series where one is meant ({two}): aggregate them, such as with sum()"))
        }
    }
}

fn named(sample: &Sample) -> String {
    let labels: Vec<String> = sample.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    one_line(&format!("{{{}}}", labels.join(",")))
}

/// A value that can be meant: a number that is not negative.
pub fn finite(value: &str) -> Result<f64, String> {
    match value.parse::<f64>() {
        Ok(number) if number.is_nan() => Err("the value is NaN: nothing divided by nothing".to_owned()),
        Ok(number) if number.is_infinite() => Err(format!("the value is {}: a division by nothing", one_line(value))),
        Ok(number) if number < 0.0 => Err(format!("the value is {}, below nothing", one_line(value))),
        Ok(number) => Ok(number),
        Err(_) => Err(format!("the value `{}` is no number", one_line(value))),
    }
}

/// A number to at most so many decimal places: servers reckon in binary floats, whose last digits mean nothing.
pub fn decimal(number: f64, places: usize) -> Result<Decimal, String> {
    // Eighteen digits are kept in all.
    let whole = format!("{number:.0}").len();
    let places = places.min(17usize.saturating_sub(whole));
    format!("{number:.places$}").parse().map_err(|_| format!("the value {number} is too large to be meant"))
}

/// Another's text in a line of bounded length.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<f64>, String> {
        let samples = serde_json::from_str::<Reply>(text).map_err(|error| error.to_string())?.samples()?;
        only(&samples)?.map(finite).transpose()
    }

    fn success(data: &str) -> String {
        format!(r#"{{"status":"success","data":{data}}}"#)
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (value, wanted) in [("864000", 864_000.0), ("0.9893217592592592", 0.989_321_759_259_259_2), ("1e-05", 1e-5)]
        {
            let vector =
                format!(r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[1732190400,"{value}"]}}]}}"#);
            assert_eq!(read(&success(&vector)), Ok(Some(wanted)));
        }
        assert_eq!(read(&success(r#"{"resultType":"scalar","result":[1732190400.123,"3"]}"#)), Ok(Some(3.0)));
        assert_eq!(read(&success(r#"{"resultType":"vector","result":[]}"#)), Ok(None));
    }

    #[test]
    fn what_is_not_one_number_says_what_it_is() {
        let vector = |values: &str| success(&format!(r#"{{"resultType":"vector","result":[{values}]}}"#));
        let one = |value: &str| format!(r#"{{"metric":{{"pod":"a"}},"value":[1,"{value}"]}}"#);
        for (text, part) in [
            (vector(&one("NaN")), "NaN"),
            (vector(&one("+Inf")), "+Inf"),
            (vector(&one("-0.5")), "below nothing"),
            (vector(&one("many")), "no number"),
            (vector(&format!("{},{}", one("1"), one("2"))), "2 series"),
            (vector(r#"{"metric":{},"histogram":[1,{}]}"#), "histogram"),
            (vector(r#"{"metric":{}}"#), "no value"),
            (vector(r#"{"metric":{},"value":["1"]}"#), "cannot be read"),
            (success(r#"{"resultType":"string","result":[1,"a"]}"#), "string"),
            (success(r#"{"resultType":"matrix","result":[]}"#), "range"),
            (r#"{"status":"success"}"#.to_owned(), "no data"),
            (r#"{"status":"error","errorType":"timeout","error":"too slow"}"#.to_owned(), "timeout: too slow"),
            (
                r#"{"status":"success","warnings":["store a: gone"],"data":{"resultType":"vector","result":[]}}"#
                    .to_owned(),
                "store a: gone",
            ),
            (
                r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}"#.to_owned(),
                "partial",
            ),
        ] {
            let why = read(&text).expect_err(&text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn floats_are_cut_to_what_they_mean() {
        for (number, places, text) in [
            (863_999.999_999_999_9, 6, "864000"),
            (0.989_321_759_259_259_2, 12, "0.989321759259"),
            (1.0e15, 6, "1000000000000000"),
            (0.0, 6, "0"),
        ] {
            assert_eq!(decimal(number, places).unwrap().to_string(), text);
        }
        assert!(decimal(1e30, 6).is_err());
    }
}
