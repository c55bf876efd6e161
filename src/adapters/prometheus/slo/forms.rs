//! The shapes of the three kinds of file, as far as they are read. They are other people's formats, so what is not known in them is
//! left alone; numbers are kept as they are written.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// One document of a file, of any of the kinds.
#[derive(Debug, Clone, Deserialize)]
pub struct Document {
    #[serde(rename = "apiVersion")]
    pub(super) api_version: Option<String>,
    pub(super) kind: Option<String>,
    /// Sloth's own files say this in place of the two.
    pub(super) version: Option<String>,
    pub(super) metadata: Option<Metadata>,
    pub(super) spec: Option<Spec>,
    /// Sloth's own files.
    pub(super) slos: Option<Vec<SlothSlo>>,
}

/// A document's or an objective's name.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    pub(super) name: Option<String>,
}

/// What a document defines: the fields of OpenSLO's `SLO` and `SLI`, of Sloth's resource, and of Pyrra's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// Sloth.
    pub(super) slos: Option<Vec<SlothSlo>>,
    /// Pyrra, in per cent.
    pub(super) target: Option<String>,
    /// Pyrra.
    pub(super) window: Option<String>,
    /// OpenSLO and Pyrra.
    pub(super) indicator: Option<Indicator>,
    #[serde(rename = "indicatorRef")]
    pub(super) indicator_ref: Option<String>,
    #[serde(rename = "timeWindow")]
    pub(super) time_window: Option<Vec<TimeWindow>>,
    #[serde(rename = "budgetingMethod")]
    pub(super) budgeting_method: Option<String>,
    pub(super) objectives: Option<Vec<Objective>>,
    #[serde(rename = "ratioMetric")]
    pub(super) ratio: Option<RatioMetric>,
    #[serde(rename = "thresholdMetric")]
    pub(super) threshold: Option<MetricSource>,
}

/// OpenSLO's indicator, which has a `spec`, or Pyrra's, which has one of the others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Indicator {
    pub(super) spec: Option<Box<Spec>>,
    pub(super) ratio: Option<PyrraRatio>,
    pub(super) latency: Option<PyrraLatency>,
    pub(super) bool_gauge: Option<PyrraGauge>,
    #[serde(rename = "latencyNative")]
    pub(super) latency_native: Option<IgnoredAny>,
}

/// OpenSLO: over which time.
#[derive(Debug, Clone, Deserialize)]
pub struct TimeWindow {
    pub(super) duration: Option<String>,
    #[serde(rename = "isRolling", default)]
    pub(super) is_rolling: bool,
}

/// OpenSLO: what is promised.
#[derive(Debug, Clone, Deserialize)]
pub struct Objective {
    pub(super) target: Option<String>,
    #[serde(rename = "targetPercent")]
    pub(super) target_percent: Option<String>,
    pub(super) op: Option<String>,
    pub(super) value: Option<String>,
}

/// OpenSLO: good or bad ones of all, or their quotient.
#[derive(Debug, Clone, Deserialize)]
pub struct RatioMetric {
    #[serde(default)]
    pub(super) counter: bool,
    pub(super) good: Option<MetricSource>,
    pub(super) bad: Option<MetricSource>,
    pub(super) total: Option<MetricSource>,
    pub(super) raw: Option<MetricSource>,
    #[serde(rename = "rawType")]
    pub(super) raw_type: Option<String>,
}

/// OpenSLO: where a metric comes from.
#[derive(Debug, Clone, Deserialize)]
pub struct MetricSource {
    #[serde(rename = "metricSource")]
    pub(super) source: Source,
}

/// OpenSLO: the source itself.
#[derive(Debug, Clone, Deserialize)]
pub struct Source {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) spec: SourceSpec,
}

/// OpenSLO: what the source is asked; the keys are the source's own.
#[derive(Debug, Clone, Deserialize)]
pub struct SourceSpec {
    #[serde(alias = "promql")]
    pub(super) query: Option<String>,
}

/// Sloth: one objective, in per cent.
#[derive(Debug, Clone, Deserialize)]
pub struct SlothSlo {
    pub(super) name: String,
    pub(super) objective: String,
    pub(super) sli: SlothSli,
}

/// Sloth: how it is measured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SlothSli {
    pub(super) events: Option<SlothEvents>,
    pub(super) raw: Option<SlothRaw>,
    pub(super) plugin: Option<IgnoredAny>,
}

/// Sloth: failed ones of all.
#[derive(Debug, Clone, Deserialize)]
pub struct SlothEvents {
    #[serde(alias = "errorQuery")]
    pub(super) error_query: String,
    #[serde(alias = "totalQuery")]
    pub(super) total_query: String,
}

/// Sloth: the share of failed ones.
#[derive(Debug, Clone, Deserialize)]
pub struct SlothRaw {
    #[serde(alias = "errorRatioQuery")]
    pub(super) error_ratio_query: String,
}

/// Pyrra: failed ones of all.
#[derive(Debug, Clone, Deserialize)]
pub struct PyrraRatio {
    pub(super) errors: PyrraMetric,
    pub(super) total: PyrraMetric,
    #[serde(default)]
    pub(super) grouping: Vec<String>,
}

/// Pyrra: fast ones of all.
#[derive(Debug, Clone, Deserialize)]
pub struct PyrraLatency {
    pub(super) success: PyrraMetric,
    pub(super) total: PyrraMetric,
    #[serde(default)]
    pub(super) grouping: Vec<String>,
}

/// Pyrra: a gauge that is 1 while all is well.
#[derive(Debug, Clone, Deserialize)]
pub struct PyrraGauge {
    pub(super) metric: String,
    #[serde(default)]
    pub(super) grouping: Vec<String>,
}

/// Pyrra: a metric, as a selector.
#[derive(Debug, Clone, Deserialize)]
pub struct PyrraMetric {
    pub(super) metric: String,
}
