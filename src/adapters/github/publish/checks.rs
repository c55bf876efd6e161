//! Check runs. Only GitHub Apps make them, workflow tokens among them: for any other token the commit gets a status.
//!
//! Annotations are only ever added to. A run whose annotations are no longer true is therefore left as it is, and a new one of
//! the same name is made, which GitHub shows in its place.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::adapters::github::publish::{Anything, Published, Publisher, within};
use crate::ports::{Fault, FaultKind};
use crate::promotion::publication::{ANNOTATIONS_MAX, Annotation, CHECK_TEXT_MAX, Check, Conclusion, Status};

/// A check run as it is found. What GitHub adds is passed over.
#[derive(Deserialize)]
struct Found {
    id: u64,
    name: String,
    external_id: Option<String>,
    output: Option<FoundOutput>,
}

#[derive(Deserialize)]
struct FoundOutput {
    text: Option<String>,
    #[serde(default)]
    annotations_count: usize,
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_sha: Option<&'a str>,
    external_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details_url: Option<&'a str>,
    status: &'static str,
    conclusion: Conclusion,
    completed_at: String,
    output: Output<'a>,
}

#[derive(Serialize)]
struct Output<'a> {
    title: &'a str,
    summary: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    start_line: u32,
    end_line: u32,
    annotation_level: &'static str,
    message: &'a str,
    title: &'a str,
}

impl Found {
    fn annotations(&self) -> usize {
        self.output.as_ref().map_or(0, |output| output.annotations_count)
    }

    /// Whether it has exactly the annotations that this text is stamped with.
    fn is_stamped(&self, stamp: &str) -> bool {
        let text = self.output.as_ref().and_then(|output| output.text.as_deref());
        !stamp.is_empty() && text.is_some_and(|text| text.trim_end().ends_with(stamp))
    }
}

impl Publisher<'_> {
    /// Makes the check run, or changes the one that an earlier run made; where the token is not allowed to, sets the status.
    pub fn check(&self, check: &Check, status: &Status) -> Result<Published, Fault> {
        let refused = match self.check_run(check) {
            Err(fault) if fault.kind == FaultKind::Denied => fault,
            came => return came,
        };
        tracing::debug!(why = refused.why, "no check run: the commit gets a status");
        match self.status(status) {
            Ok(_) => Ok(Published::StatusInstead),
            Err(second) => {
                let hints: Vec<String> = [refused.hint, second.hint].into_iter().flatten().collect();
                let why = format!("{}\nnor is a commit status possible: {}", refused.why, second.why);
                Err(Fault {
                    why,
                    hint: Some(hints.join("; for a commit status: ")).filter(|hint| !hint.is_empty()),
                    ..refused
                })
            }
        }
    }

    fn check_run(&self, check: &Check) -> Result<Published, Fault> {
        let stamp = stamp(&check.annotations);
        let text = stamped(&check.text, &stamp);
        let known = self.known(check)?;
        let (kept, missing) = match &known {
            Some(run) if run.annotations() == 0 => (Some(run.id), &check.annotations[..]),
            Some(run) if run.annotations() == check.annotations.len() && run.is_stamped(&stamp) => {
                (Some(run.id), &[][..])
            }
            _ => (None, &check.annotations[..]),
        };
        let (first, rest) = missing.split_at(missing.len().min(ANNOTATIONS_MAX));
        let changed = match kept {
            Some(id) => self.change(id, check, &text, first)?.then_some(id),
            None => None,
        };
        let id = match changed {
            Some(id) => id,
            None => self.make(check, &text, first, known.as_ref())?,
        };
        for batch in rest.chunks(ANNOTATIONS_MAX) {
            self.change(id, check, &text, batch)?;
        }
        Ok(if changed.is_some() { Published::Updated } else { Published::Made })
    }

    /// The newest check run of this promotion at the commit.
    fn known(&self, check: &Check) -> Result<Option<Found>, Fault> {
        let doing = format!("find the check run {}", check.name);
        let route = self.client.route(&["commits", &check.head_sha, "check-runs"]);
        let query = [("check_name", check.name.as_str()), ("filter", "all")];
        let all: Vec<Found> = self.client.pages(&doing, &route, &query, Some("check_runs"))?;
        let ours = |run: &Found| run.name == check.name && run.external_id.as_deref() == Some(&check.external_id);
        Ok(all.into_iter().filter(ours).max_by_key(|run| run.id))
    }

    /// Changes a check run; `false` where it is not ours to change, since another App made it.
    fn change(&self, id: u64, check: &Check, text: &str, annotations: &[Annotation]) -> Result<bool, Fault> {
        let doing = format!("update the check run {}", check.name);
        let route = self.client.route(&["check-runs", &id.to_string()]);
        match self.client.patch::<Anything>(&doing, &route, &body(check, None, text, annotations)) {
            Ok(_) => Ok(true),
            Err(fault) if matches!(fault.kind, FaultKind::Denied | FaultKind::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    fn make(&self, check: &Check, text: &str, annotations: &[Annotation], known: Option<&Found>) -> Result<u64, Fault> {
        #[derive(Deserialize)]
        struct Made {
            id: u64,
        }
        let doing = format!("make the check run {}", check.name);
        let body = body(check, Some(&check.head_sha), text, annotations);
        match self.client.post::<Made>(&doing, &self.client.route(&["check-runs"]), &body) {
            Ok(made) => Ok(made.id),
            Err(fault) if fault.kind == FaultKind::Uncertain => {
                let newest = self.known(check)?.map(|run| run.id);
                newest.filter(|id| known.is_none_or(|known| *id > known.id)).ok_or(fault)
            }
            Err(fault) => Err(fault),
        }
    }
}

fn body<'a>(check: &'a Check, head_sha: Option<&'a str>, text: &'a str, annotations: &'a [Annotation]) -> Body<'a> {
    let line = |one: &'a Annotation| Line {
        path: &one.path,
        start_line: one.line,
        end_line: one.line,
        annotation_level: "failure",
        message: &one.message,
        title: &one.title,
    };
    Body {
        name: &check.name,
        head_sha,
        external_id: &check.external_id,
        details_url: check.details_url.as_deref(),
        status: "completed",
        conclusion: check.conclusion,
        completed_at: check.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        output: Output {
            title: &check.title,
            summary: within(&check.summary, CHECK_TEXT_MAX),
            text,
            annotations: annotations.iter().map(line).collect(),
        },
    }
}

/// What nobody sees at the text's end, and what says which annotations the run has; empty where it has none.
fn stamp(annotations: &[Annotation]) -> String {
    if annotations.is_empty() {
        return String::new();
    }
    let mut hash = Sha256::new();
    for one in annotations {
        for part in [&one.path, &one.line.to_string(), &one.title, &one.message] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    format!("<!-- annotations {} -->", &hex::encode(hash.finalize())[..32])
}

fn stamped(text: &str, stamp: &str) -> String {
    if stamp.is_empty() {
        return within(text, CHECK_TEXT_MAX).to_owned();
    }
    format!("{}\n{stamp}", within(text, CHECK_TEXT_MAX - stamp.len() - 1))
}
