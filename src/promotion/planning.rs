//! Planning: facts and a report become a plan. Nothing is read here; the manifests' text is among the facts, so that
//! what is printed is the very change that will be committed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::promotion::edit::FileEdits;
use crate::promotion::facts::{Facts, Reading, Snapshot};
use crate::promotion::id::{canonical, sha256};
use crate::promotion::image::{ImageChange, ImageRef};
use crate::promotion::pins::{self, Pin};
use crate::promotion::plan::{OnFailure, Plan, PlannedCommit};
use crate::promotion::record::Head;
use crate::promotion::report::GateReport;
use crate::promotion::request::{Request, RequestKind, Wanted};
use crate::promotion::rules::{Environment, Promotion, Rules, Service, SourceKind, Target};
use crate::promotion::words;

/// What the digest's document is: changed with its contents.
const DIGEST_VERSION: &str = "promote-plan-1";

/// Why there is nothing to plan: settings or manifests that cannot be (exit 3), with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFault {
    /// What is wrong.
    pub what: String,
    /// What was expected and seen.
    pub seen: String,
    /// What to do.
    pub hint: String,
}

/// The images that an environment pins.
pub fn pinned(service: &Service, environment: &Environment, snapshot: &Snapshot) -> Result<Vec<Pin>, PlanFault> {
    pins::read(snapshot, &service.name, &environment.images).map_err(|fault| PlanFault {
        what: format!("{} cannot be read from {} at {}", environment.name, snapshot.path, snapshot.repository),
        seen: fault.why,
        hint: fault.hint,
    })
}

/// What a promotion asks for: for each image that the source pins, the target's old and new value. Tag and digest
/// move; where the image is pulled from stays the target's.
pub fn request(
    service: &Service,
    promotion: &Promotion,
    source: &[Pin],
    target: &[Pin],
    head: &Head,
    reason: Option<String>,
) -> Result<Request, PlanFault> {
    let mut images = Vec::new();
    for pin in target {
        let old = &pin.image;
        let Some(from) = source.iter().find(|from| from.image.name == old.name).or_else(|| only_pair(source, target)) else {
            let names: Vec<String> = source.iter().map(|pin| pin.image.name.clone()).collect();
            return Err(PlanFault {
                what: format!("{} pins `{}`, and {} does not", promotion.to, old.name, promotion.from),
                seen: format!("{} pins {}", promotion.from, words::list(&names)),
                hint: "name the image that both pin under `images:` in the rules".to_owned(),
            });
        };
        let (tag, digest) = (from.image.tag.clone(), from.image.digest.clone());
        if tag.is_none() && digest.is_none() {
            return Err(PlanFault {
                what: format!("{} does not pin a version of `{}`", promotion.from, old.name),
                seen: "neither a tag nor a digest stands there".to_owned(),
                hint: format!("pin `{}` in {}", old.name, promotion.from),
            });
        }
        if promotion.require_digest && digest.is_none() {
            return Err(PlanFault {
                what: format!("`{}` is pinned by a tag only, and the rules say `require_digest`", old.name),
                seen: format!("{} pins {}", promotion.from, from.image),
                hint: format!("pin the digest in {}, beside the tag", promotion.from),
            });
        }
        let new = ImageRef { name: old.name.clone(), repository: old.repository.clone(), tag, digest };
        images.push(Wanted { old: old.clone(), new });
    }
    Ok(Request {
        service: service.name.clone(),
        kind: RequestKind::Promotion,
        from: promotion.from.clone(),
        to: promotion.to.clone(),
        images,
        previous: head.current.clone().unwrap_or_default(),
        reason,
    })
}

/// Where each side pins exactly one image, they belong together whatever they are called.
fn only_pair<'a>(source: &'a [Pin], target: &[Pin]) -> Option<&'a Pin> {
    match (source, target) {
        ([from], [_]) => Some(from),
        _ => None,
    }
}

/// Everything that a plan is made from.
pub struct Making<'a> {
    /// The promotion's id.
    pub id: &'a str,
    /// The request.
    pub request: &'a Request,
    /// The rules.
    pub rules: &'a Rules,
    /// The promotion's rule.
    pub promotion: &'a Promotion,
    /// The target environment.
    pub environment: &'a Environment,
    /// Its one target.
    pub target: &'a Target,
    /// What was read.
    pub facts: &'a Facts,
    /// What the gates said of it.
    pub report: &'a GateReport,
}

/// Makes the plan.
pub fn plan(making: &Making<'_>, pins: &[Pin]) -> Result<Plan, PlanFault> {
    let Making { id, request, environment, target, facts, promotion, .. } = making;
    let snapshot = &facts.target.snapshot;
    let new: Vec<ImageRef> = request.images.iter().map(|wanted| wanted.new.clone()).collect();
    let files = edits(snapshot, pins, &new)?;
    let images: Vec<ImageChange> = request.images.iter().map(change).collect();
    let message = message(&subject(request), request, id, making.report);
    let restore = restore(&facts.target.head, request);
    let mut plan = Plan {
        id: (*id).to_owned(),
        digest: String::new(),
        service: request.service.clone(),
        from: request.from.clone(),
        to: request.to.clone(),
        images,
        commits: vec![PlannedCommit {
            target: target.id.clone(),
            repo: target.repo.clone(),
            repository: snapshot.repository.clone(),
            branch: snapshot.branch.clone(),
            base: snapshot.commit.clone(),
            path: target.path.clone(),
            files,
            message,
        }],
        apps: target.apps.clone(),
        verify: promotion.verify.clone(),
        on_failure: OnFailure {
            when: promotion.rollback.when,
            verified_by: facts.target.head.last_verified.as_ref().map(|last| last.promotion.clone()),
            restore,
        },
        also_ships: facts.also_ships.clone(),
    };
    plan.digest = digest(making, environment, &plan);
    Ok(plan)
}

fn change(wanted: &Wanted) -> ImageChange {
    ImageChange { name: wanted.new.name.clone(), old: wanted.old.clone(), new: wanted.new.clone() }
}

/// The edits that make the target pin these images; empty where it does already.
pub fn edits(snapshot: &Snapshot, pins: &[Pin], images: &[ImageRef]) -> Result<Vec<FileEdits>, PlanFault> {
    let mut by_file: BTreeMap<String, FileEdits> = BTreeMap::new();
    for new in images {
        let Some(pin) = pins.iter().find(|pin| pin.image.name == new.name) else { continue };
        let edits = pins::edits(snapshot, pin, new).map_err(|fault| PlanFault {
            what: format!("`{}` cannot be changed in {}", new.name, snapshot.path),
            seen: fault.to_string(),
            hint: fault.hint().unwrap_or_else(|| "change the manifest so that the value is a plain scalar".to_owned()),
        })?;
        for file in edits {
            let known = by_file.entry(file.path.clone()).or_insert_with(|| FileEdits { path: file.path, edits: Vec::new() });
            known.edits.extend(file.edits);
        }
    }
    Ok(by_file.into_values().filter(|file| !file.edits.is_empty()).collect())
}

/// What undoing a promotion restores: the last verified version, else what the target pins now.
pub fn restore(head: &Head, request: &Request) -> Vec<ImageChange> {
    let verified = head.last_verified.as_ref().map(|last| last.images.as_slice()).unwrap_or_default();
    request
        .images
        .iter()
        .filter(|wanted| !wanted.old.same_version(&wanted.new))
        .map(|wanted| {
            let back = verified.iter().find(|image| image.name == wanted.old.name);
            let back = back.filter(|image| !image.same_version(&wanted.new)).unwrap_or(&wanted.old);
            ImageChange { name: wanted.old.name.clone(), old: wanted.new.clone(), new: back.clone() }
        })
        .collect()
}

/// `promote app 1.20 to staging`.
fn subject(request: &Request) -> String {
    let versions: Vec<String> =
        request.images.iter().map(|wanted| format!("{} {}", wanted.new.short_name(), wanted.new.version())).collect();
    format!("promote {} to {}", words::list(&versions), request.to)
}

/// A commit message: a subject, what changed, and trailers by which the commit is found again.
pub fn message(subject: &str, request: &Request, id: &str, report: &GateReport) -> String {
    let report = serde_json::to_value(report).map(|value| canonical(&value)).unwrap_or_default();
    let mut lines = vec![subject.to_owned(), String::new()];
    if let Some(reason) = &request.reason {
        lines.push(reason.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.push(String::new());
    }
    lines.push(format!("{ID_TRAILER}: {id}"));
    if let RequestKind::Rollback { undoes } = &request.kind {
        lines.push(format!("Rollback-Of: {undoes}"));
    }
    lines.push(format!("From: {}", request.from));
    lines.push(format!("To: {}", request.to));
    lines.extend(request.images.iter().map(|wanted| format!("Image: {}", wanted.new)));
    lines.push(format!("Gate-Report-SHA256: {}", sha256(report)));
    lines.join("\n")
}

/// The trailer that names the promotion.
pub const ID_TRAILER: &str = "Promotion-Id";
/// The trailer that names the process which made the commit: it tells our commit from that of another run of the same
/// promotion.
pub const RUN_TRAILER: &str = "Promotion-Run";

/// The plan's digest, over exactly what an approval binds (DECISIONS D.1).
fn digest(making: &Making<'_>, environment: &Environment, plan: &Plan) -> String {
    let facts = making.facts;
    let images: Vec<Value> = plan
        .images
        .iter()
        .map(|change| json!({ "name": change.name, "old": change.old.to_string(), "new": change.new.to_string() }))
        .collect();
    let commits: Vec<Value> = plan
        .commits
        .iter()
        .map(|commit| json!({ "repo": commit.repository, "branch": commit.branch, "path": commit.path, "files": commit.files }))
        .collect();
    let needed = crate::promotion::gates::needs(making.promotion, &making.rules.evidence).readings;
    let sources: BTreeMap<_, _> = making.rules.evidence.iter().filter(|(id, _)| needed.contains(*id)).collect();
    let evidence: BTreeMap<&String, Vec<String>> = sources
        .iter()
        .filter(|(_, source)| !matches!(source.kind, SourceKind::Files { max_age: Some(_), .. }))
        .map(|(id, _)| (*id, hashes(facts.readings.get(*id))))
        .collect();
    let document = json!({
        "version": DIGEST_VERSION,
        "images": images,
        "commits": commits,
        "waivers": [],
        "trees": facts.target.snapshot.trees,
        "promotion": making.promotion,
        "target": environment,
        "evidence": sources,
        "files": evidence,
        "sequence": facts.target.head.sequence,
    });
    sha256(canonical(&document))
}

fn hashes(reading: Option<&Reading>) -> Vec<String> {
    match reading {
        Some(Reading::Observed(observation)) => {
            observation.files.iter().map(|file| format!("{} {}", file.path, file.sha256)).collect()
        }
        Some(Reading::Unreadable { files, .. }) => {
            files.iter().map(|file| format!("{} {}", file.path, file.sha256)).collect()
        }
        Some(Reading::Missing { .. }) | None => Vec::new(),
    }
}
