//! Planning: facts and a report become a plan. Nothing is read here; the manifests' text is among the facts, so that
//! what is printed is the very change that will be committed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::promotion::edit::FileEdits;
use crate::promotion::facts::{Facts, Reading, Snapshot};
use crate::promotion::gates::needs::needs;
use crate::promotion::head::Head;
use crate::promotion::id::{canonical, sha256};
use crate::promotion::image::{ImageChange, ImageRef};
use crate::promotion::pins::select::{self, Pair};
use crate::promotion::pins::{Pin, PinFault, write};
use crate::promotion::plan::{OnFailure, Plan, PlannedCommit};
use crate::promotion::releases::{Release, Stamp};
use crate::promotion::report::GateReport;
use crate::promotion::request::{Request, RequestKind, Wanted};
use crate::promotion::rule;
use crate::promotion::rules::{Environment, Promotion, Rules, Service, Target};
use crate::promotion::shown::{self, Shown};
use crate::promotion::time::Time;
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
    select::read(snapshot, &service.name, &environment.images)
        .map_err(|fault| unreadable(&environment.name, &snapshot.repository, &fault))
}

/// The images that go from one environment to the other.
pub fn paired(
    service: &Service,
    (from, source): (&Environment, &Snapshot),
    (to, target): (&Environment, &Snapshot),
) -> Result<Vec<Pair>, PlanFault> {
    select::pair((source, &from.images), (target, &to.images), &service.name).map_err(|fault| {
        let both = format!("{} and {}", from.name, to.name);
        unreadable(&both, &target.repository, &fault)
    })
}

fn unreadable(environments: &str, repository: &str, fault: &PinFault) -> PlanFault {
    PlanFault {
        what: format!("the image to promote cannot be read from {environments} in {repository}"),
        seen: fault.to_string(),
        hint: fault.hint.clone(),
    }
}

/// What a promotion asks for: for each image the target's old and new value. Tag and digest move; where the image is
/// pulled from stays the target's.
pub fn request(
    service: &Service,
    promotion: &Promotion,
    pairs: &[Pair],
    head: &Head,
    reason: Option<String>,
) -> Result<Request, PlanFault> {
    let mut images = Vec::new();
    for Pair { source, target } in pairs {
        if promotion.require_digest && source.image.digest.is_none() {
            return Err(PlanFault {
                what: format!("`{}` is pinned by a tag only, and the rules say `require_digest`", source.image.name),
                seen: format!("{} pins {}", promotion.from, source.image),
                hint: format!("pin the digest in {}, beside the tag", promotion.from),
            });
        }
        images.push(Wanted { old: target.image.clone(), new: write::promoted(&source.image, target) });
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
    let release = if files.is_empty() { None } else { release(snapshot, request, &new, id, facts.at)? };
    let mut message = message(&subject(request), request, id, making.report);
    if let Some(hotfix) = &facts.hotfix {
        message = format!("{message}\nHotfix-Skips: {}", hotfix.skips.join(", "));
    }
    let restore = restore(&facts.target.head, request);
    let mut plan = Plan {
        id: (*id).to_owned(),
        digest: String::new(),
        service: request.service.clone(),
        from: request.from.clone(),
        to: request.to.clone(),
        hotfix: facts.hotfix.clone(),
        images,
        commits: vec![PlannedCommit {
            target: target.id.clone(),
            repo: target.repo.clone(),
            repository: snapshot.repository.clone(),
            branch: snapshot.branch.clone(),
            base: snapshot.commit.clone(),
            path: target.path.clone(),
            files,
            release,
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
    plan.digest = sha256(canonical(&bound(making, environment, &plan)));
    Ok(plan)
}

/// The plan with what its digest binds, as approvers are shown it.
pub fn shown(making: &Making<'_>, plan: &Plan) -> Shown {
    let binds = bound(making, making.environment, plan);
    Shown { schema: shown::SCHEMA, digest: plan.digest.clone(), binds, plan: plan.clone() }
}

/// What the releases file will say, where the rules name one; a fault with the lines to add where it cannot be made to.
fn release(
    snapshot: &Snapshot,
    request: &Request,
    images: &[ImageRef],
    id: &str,
    at: Time,
) -> Result<Option<Release>, PlanFault> {
    let Some(releases) = &snapshot.releases else { return Ok(None) };
    let Some(release) = Release::of(&releases.path, &request.service, &request.to, images, id) else {
        return Ok(None);
    };
    match release.edits(releases.text.as_deref(), &Stamp::new("promote", at)) {
        Ok(_) => Ok(Some(release)),
        Err(fault) => Err(PlanFault {
            what: format!("the release cannot be written to {} on {}", releases.path, snapshot.branch),
            seen: fault.why,
            hint: fault.hint,
        }),
    }
}

fn change(wanted: &Wanted) -> ImageChange {
    ImageChange { name: wanted.new.name.clone(), old: wanted.old.clone(), new: wanted.new.clone() }
}

/// The edits that make the target pin these images; empty where it does already.
pub fn edits(snapshot: &Snapshot, pins: &[Pin], images: &[ImageRef]) -> Result<Vec<FileEdits>, PlanFault> {
    let pin = |new: &ImageRef| pins.iter().find(|pin| pin.image.name == new.name);
    let changes: Vec<(&Pin, &ImageRef)> = images.iter().filter_map(|new| Some((pin(new)?, new))).collect();
    let edits = write::edits(snapshot, &changes).map_err(|fault| PlanFault {
        what: format!("{} cannot be changed", snapshot.path),
        seen: fault.to_string(),
        hint: fault.hint,
    })?;
    Ok(edits.into_iter().filter(|file| !file.edits.is_empty()).collect())
}

/// What undoing a promotion restores: the last verified version, else what the target pins now; never what was revoked or is
/// vetoed there.
pub fn restore(head: &Head, request: &Request) -> Vec<ImageChange> {
    let verified = head.last_verified.as_ref().map(|last| last.images.as_slice()).unwrap_or_default();
    request
        .images
        .iter()
        .filter(|wanted| !wanted.old.same_version(&wanted.new))
        .filter_map(|wanted| {
            let back = verified.iter().find(|image| image.name == wanted.old.name);
            let may = |image: &&ImageRef| !head.orders.refuse("", std::slice::from_ref(*image), Time::MIN);
            let back = back.filter(|image| !image.same_version(&wanted.new)).or(Some(&wanted.old).filter(may))?;
            Some(ImageChange { name: wanted.old.name.clone(), old: wanted.new.clone(), new: back.clone() })
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
/// The trailer that names the run which began the record: it tells our commit from one that the same promotion made from
/// another ledger.
pub const RUN_TRAILER: &str = "Promotion-Run";

/// The trailer that names the ledger as it was before the commit: what stood in it then must stand in it for good.
pub const TIP_TRAILER: &str = "Ledger-Tip";

/// Exactly what an approval binds (DECISIONS D.1): the plan's digest is the SHA-256 of this document in canonical form.
pub fn bound(making: &Making<'_>, environment: &Environment, plan: &Plan) -> Value {
    let facts = making.facts;
    let images: Vec<Value> = plan
        .images
        .iter()
        .map(|change| json!({ "name": change.name, "old": change.old.to_string(), "new": change.new.to_string() }))
        .collect();
    let commits: Vec<Value> = plan
        .commits
        .iter()
        .map(|commit| {
            let mut bound = json!({
                "repo": commit.repository, "branch": commit.branch, "path": commit.path, "files": commit.files,
            });
            // Where a release is written and what it says; whose and when it is, is known only when it is made.
            if let (Some(release), Some(fields)) = (&commit.release, bound.as_object_mut()) {
                let said = json!({ "file": release.file, "version": release.version, "digest": release.digest });
                fields.insert("release".to_owned(), said);
            }
            bound
        })
        .collect();
    let needed = needs(making.promotion, &making.rules.evidence).evidence();
    let sources = rule::sources(making.rules, making.promotion);
    let evidence: BTreeMap<&String, Vec<String>> = sources
        .iter()
        .filter(|(id, source)| source.max_age().is_none() && needed.contains(**id))
        .map(|(id, _)| (*id, hashes(facts.readings.get(*id))))
        .collect();
    let mut bound = json!({
        "version": DIGEST_VERSION,
        "images": images,
        "commits": commits,
        "waivers": facts.waivers.as_ref().map(|waivers| waivers.bound(making.promotion)).unwrap_or_default(),
        "trees": facts.target.snapshot.trees,
        "promotion": making.promotion,
        "target": environment,
        "evidence": sources,
        "files": evidence,
        "sequence": facts.target.head.sequence,
    });
    if let Some(fields) = bound.as_object_mut() {
        if let Some(approved_in) = rule::approved_in(making.rules, making.promotion) {
            fields.insert("approved_in".to_owned(), approved_in);
        }
        if !facts.excepted.is_empty() {
            fields.insert("excepted".to_owned(), json!(facts.excepted));
        }
        if let Some(set_aside) = &facts.set_aside {
            fields.insert("set_aside".to_owned(), json!(set_aside));
        }
        if let Some(hotfix) = &facts.hotfix {
            fields.insert("hotfix".to_owned(), json!(hotfix));
        }
        if let Some(replaced) = &facts.replaced {
            fields.insert("replaced".to_owned(), json!(replaced));
        }
    }
    bound
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
