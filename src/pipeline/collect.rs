//! Reading the world for one evaluation: what both environments pin, what the ledger knows, and the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::pipeline::asked::{Asked, branch};
use crate::pipeline::compare;
use crate::pipeline::ends;
use crate::pipeline::hotfix;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::orders;
use crate::pipeline::path;
use crate::pipeline::readings;
use crate::pipeline::soak;
use crate::pipeline::targets;
use crate::pipeline::waivers;
use crate::ports::{About, Fault, FaultKind, World};
use crate::promotion::event::{Event, Phase};
use crate::promotion::facts::{EnvironmentFacts, Facts, Snapshot};
use crate::promotion::folded::{self, Folded};
use crate::promotion::gates;
use crate::promotion::head::Head;
use crate::promotion::id;
use crate::promotion::image::{ImageRef, is_version};
use crate::promotion::outcome::Outcome;
use crate::promotion::pins::select::Pair;
use crate::promotion::planning;
use crate::promotion::releases::ReleasesFile;
use crate::promotion::request::Request;
use crate::promotion::rules::Target;
use crate::promotion::waivers::facts::WaiversFacts;

/// Reads both environments and works out the request. An open promotion of the same images goes on: its request
/// keeps the old values that it began with. Another one that is open loses its place to this one.
pub fn asked(world: &World<'_>, job: &Job<'_>) -> Result<Asked, Halt> {
    let (source, mut target) = environments(world, job)?;
    let pairs = paired(job, &source, &target)?;
    only_version(job, &pairs)?;
    let open = match &target.head.open {
        Some(open) => folded::fold(&world.ledger.entries(open)?),
        None => None,
    };
    // A promotion that loses its place is over, and so the one before this.
    let head = target.head.without_open();
    let reason = job.reason.map(str::to_owned);
    let request = planning::request(job.service, job.promotion, &pairs, &head, reason.clone())?;
    let pins = pairs.into_iter().map(|pair| pair.target).collect();
    let goes_on = |story: &Folded| {
        let asked = &story.requested.request;
        !story.is_over() && same_versions(asked, &request) && (story.planned.is_some() || stands(asked, &request))
    };
    let (request, supersedes) = match open {
        Some(story) if goes_on(&story) => (story.requested.request, None),
        other => {
            target.head = head;
            // A person may have ended it since the head was read.
            (request, other.filter(|story| !story.is_over()).map(Box::new))
        }
    };
    let id = id::of(&request);
    Ok(Asked { source, target, pins, request, id, supersedes })
}

/// Reads both environments for a promotion that the ledger knows; how it stands if it can no longer be executed.
pub fn requested(world: &World<'_>, job: &Job<'_>, id: &str) -> Result<Result<Asked, Box<End>>, Halt> {
    let Some(story) = folded::fold(&world.ledger.entries(id)?) else {
        let why = format!("{} holds no promotion {id}", world.ledger.place());
        return Err(Fault::new(FaultKind::NotFound, "execute a promotion", why).hint("promote list").into());
    };
    if story.is_over() {
        return Ok(Err(Box::new(ends::stands(&story))));
    }
    let (source, target) = environments(world, job)?;
    let request = story.requested.request.clone();
    let since = target.head.current.clone().unwrap_or_default();
    if since != request.previous {
        let end =
            End::of(Outcome::Superseded, format!("{} has moved on since this promotion was asked for", request.to))
                .seen(format!("promotion {since} has ended there meanwhile"))
                .seen("nothing was written")
                .next(format!("ask again: promote request --from {} --to {}", request.from, request.to));
        return Ok(Err(Box::new(End { id: Some(id.to_owned()), recorded: true, ..end })));
    }
    let pins = paired(job, &source, &target)?.into_iter().map(|pair| pair.target).collect();
    Ok(Ok(Asked { source, target, pins, request, id: id.to_owned(), supersedes: None }))
}

fn environments(world: &World<'_>, job: &Job<'_>) -> Result<(EnvironmentFacts, EnvironmentFacts), Halt> {
    (world.tell)(&Event::Phase(Phase::Collect));
    let read = |name: &str, snapshot: Snapshot| -> Result<EnvironmentFacts, Halt> {
        Ok(EnvironmentFacts { name: name.to_owned(), snapshot, apps: BTreeMap::new(), head: head(world, job, name)? })
    };
    let ((from, source), (to, target)) = (job.source()?, job.target()?);
    let source = world.delivery.snapshot(&branch(source), &source.path)?;
    Ok((read(&from.name, source)?, read(&to.name, snapshot(world, job, target)?)?))
}

/// What the ledger says of an environment, as far as it is believed, with every order that applies there.
pub fn head(world: &World<'_>, job: &Job<'_>, environment: &str) -> Result<Head, Fault> {
    let orders = orders::standing(world, job, environment)?;
    let file = world.ledger.recent(&job.service.name, environment)?;
    targets::believed(world, job, file, orders, None)
}

/// What a target holds now, with the releases file that the rules name.
pub fn snapshot(world: &World<'_>, job: &Job<'_>, target: &Target) -> Result<Snapshot, Fault> {
    let branch = branch(target);
    let mut snapshot = world.delivery.snapshot(&branch, &target.path)?;
    if let Some(path) = &job.rules.releases {
        let mut texts = world.delivery.read(&branch, &snapshot.commit, std::slice::from_ref(path))?;
        snapshot.releases = Some(ReleasesFile { path: path.clone(), text: texts.remove(path).flatten() });
    }
    Ok(snapshot)
}

fn paired(job: &Job<'_>, source: &EnvironmentFacts, target: &EnvironmentFacts) -> Result<Vec<Pair>, Halt> {
    let ((from, _), (to, _)) = (job.source()?, job.target()?);
    Ok(planning::paired(job.service, (from, &source.snapshot), (to, &target.snapshot))?)
}

/// Whether the target pins now what an open request began with, or what it asks for. Else it is another promotion: one that
/// was planned ends there, and one that was not is forgotten.
fn stands(open: &Request, now: &Request) -> bool {
    open.images.iter().zip(&now.images).all(|(open, now)| now.old == open.old || now.old == open.new)
}

/// Whether two requests ask for the same versions on the same way.
fn same_versions(a: &Request, b: &Request) -> bool {
    let new = |request: &Request| request.images.iter().map(|wanted| wanted.new.clone()).collect::<Vec<_>>();
    a.kind == b.kind && a.from == b.from && a.to == b.to && new(a) == new(b)
}

/// Reads the evidence that the promotion's gates ask for, all sources at once, and completes the facts.
pub fn facts(world: &World<'_>, job: &Job<'_>, asked: &Asked) -> Result<Facts, Halt> {
    let needs = gates::needs::needs(job.promotion, &job.rules.evidence);
    let version: Vec<ImageRef> = asked.request.images.iter().map(|wanted| wanted.new.clone()).collect();
    let commit = job.commit.map(str::to_owned).or_else(|| version.iter().find_map(commit_in_tag));
    let waivers = waivers::read(world, job);
    let in_force = Arc::new(waivers.as_ref().map(WaiversFacts::in_force).unwrap_or_default());
    let about = About {
        commit: commit.as_deref(),
        parts: &needs.parts,
        ..About::of(&job.service.name, &job.promotion.from, &in_force)
    };
    let (readings, merged) = readings::read(world, &job.rules.evidence, &needs, &about);
    let now = world.clock.now();
    let soak = if needs.soak { Some(soak::of_source(world, job, asked, &version)?) } else { None };
    let canary = compare::read(world, job, &needs, &compare::Canary { at: now, soak: soak.as_ref(), about: &about });
    Ok(Facts {
        at: now,
        commit,
        path: path::path(world, job, &asked.source.snapshot, &version)?,
        version,
        source: asked.source.clone(),
        target: without_ourselves(&asked.target, &asked.id),
        readings,
        merged,
        soak,
        canary,
        soaking: soak::in_target(world, job, asked, now)?,
        replaced: soak::replaced(job)?,
        hotfix: hotfix::asked(job, &asked.request),
        before: BTreeMap::new(),
        failing_before: BTreeSet::new(),
        alone: job.approving.alone,
        excepted: Vec::new(),
        set_aside: None,
        waivers,
        also_ships: Vec::new(),
    })
}

/// That this promotion is open itself is no fact about its target: a run that is taken up reads what the first one read.
fn without_ourselves(target: &EnvironmentFacts, id: &str) -> EnvironmentFacts {
    let mut target = target.clone();
    target.head.open = target.head.open.filter(|open| open != id);
    target
}

/// Holds a run to the version that it was started for: what the source pins may have moved meanwhile.
fn only_version(job: &Job<'_>, pairs: &[Pair]) -> Result<(), Halt> {
    let Some(wanted) = job.version else { return Ok(()) };
    let images: Vec<ImageRef> = pairs.iter().map(|pair| pair.source.image.clone()).collect();
    if is_version(&images, wanted) {
        return Ok(());
    }
    let end = End::of(Outcome::Superseded, format!("{} does not pin {wanted}", job.promotion.from))
        .seen(format!("it pins {}", ends::versions(&images)))
        .seen("nothing was written")
        .next("promote what is there now: leave --version out");
    Err(end.into())
}

/// A tag that is a commit id names the commit that the image was built from.
pub fn commit_in_tag(image: &ImageRef) -> Option<String> {
    let tag = image.tag.as_deref()?;
    let looks_like_one = (7..=40).contains(&tag.len())
        && tag.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && tag.bytes().any(|b| b.is_ascii_alphabetic());
    looks_like_one.then(|| tag.to_owned())
}
