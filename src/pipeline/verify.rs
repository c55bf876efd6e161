//! Verification: what a promotion has to come to, handed to the [wait](crate::pipeline::wait).

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::asked::{Asked, branch};
use crate::pipeline::before::{self, Judging};
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::keep::Run;
use crate::pipeline::lock;
use crate::pipeline::wait::goal::{Goal, Place, Settled};
use crate::pipeline::wait::until_live;
use crate::ports::{Claim, Deployer, Fault, FaultKind, SyncAnswer, World};
use crate::promotion::event::{Event, Phase};
use crate::promotion::facts::{Facts, Snapshot};
use crate::promotion::image::ImageChange;
use crate::promotion::live::AppState;
use crate::promotion::live::rollout::{Rollout, RolloutAction};
use crate::promotion::looks;
use crate::promotion::outcome::Outcome;
use crate::promotion::planning;
use crate::promotion::rules::{App, Target, Verify};
use crate::promotion::time::Millis;

/// What must come true, of a plan that was carried out.
pub struct Expect<'a> {
    /// The change of version, image by image.
    pub images: &'a [ImageChange],
    /// The commits that hold it, target by target.
    pub commits: &'a [String],
    /// What marks our operations.
    pub nonce: &'a str,
    /// The applications before anything was written.
    pub baseline: &'a BTreeMap<String, AppState>,
    /// Health checks that failed then.
    pub failing_before: &'a BTreeSet<String>,
    /// The gates that are judged on the target, and what is known of the time before.
    pub judging: &'a Judging,
    /// The GitOps directory as it was read: where the versions stand.
    pub snapshot: &'a Snapshot,
    /// Whether it is a rollback, which ends operations that are in its way.
    pub rollback: bool,
}

/// The server that runs an application.
pub fn deployer<'a>(world: &World<'a>, app: &App) -> Result<&'a dyn Deployer, Halt> {
    world.deployer.ok_or_else(|| {
        let why = format!("the rules name the application {}, and no Argo CD server is set", app.name);
        let fault = Fault::new(FaultKind::Settings, format!("reach Argo CD for {}", app.name), why);
        Halt::Fault(fault.hint("set ARGOCD_SERVER, and ARGOCD_AUTH_TOKEN or ARGOCD_USERNAME and ARGOCD_PASSWORD"))
    })
}

/// Waits until what is expected is live and has held, or will not be. `None` where there is nothing to watch.
pub fn watch(run: &Run<'_>, expect: &Expect<'_>) -> Result<Option<Settled>, Halt> {
    (run.world.tell)(&Event::Phase(Phase::Verify));
    let lock = Lock { alive: &|| run.alive(), ours: &|| run.still_ours() };
    until(run.world, run.job, expect, (&lock, &run.job.promotion.verify))
}

/// The lock of whoever watches.
struct Lock<'a> {
    alive: &'a dyn Fn() -> Option<End>,
    ours: &'a dyn Fn() -> Result<Option<End>, Fault>,
}

/// Looks for as long as it takes for a failure to be definite, and writes nothing: neither to Argo CD nor under a lock.
pub fn look(world: &World<'_>, job: &Job<'_>, expect: &Expect<'_>) -> Result<Option<Settled>, Halt> {
    let reading = world.deployer.map(Reading);
    let world = World { deployer: reading.as_ref().map(|reading| reading as _), ..*world };
    let rules = &job.promotion.verify;
    let timeout = Millis(rules.grace.0 + 2 * looks::EVERY.0).min(rules.timeout);
    // A smoke test does something there: it is for a promotion.
    let verify = Verify { settle: Millis(0), timeout, smoke: Vec::new(), ..rules.clone() };
    until(&world, job, expect, (&Lock { alive: &|| None, ours: &|| Ok(None) }, &verify))
}

/// Argo CD for whoever only looks.
struct Reading<'a>(&'a dyn Deployer);

impl Deployer for Reading<'_> {
    fn preflight(&self, app: &App, snapshot: &Snapshot) -> Result<AppState, Fault> {
        self.0.preflight(app, snapshot)
    }

    fn state(&self, app: &App, refresh: bool) -> Result<AppState, Fault> {
        self.0.state(app, refresh)
    }

    fn sync(&self, _: &App, _: Option<&str>, _: &str) -> Result<SyncAnswer, Fault> {
        Ok(SyncAnswer::Busy("this only looks, and syncs nothing".to_owned()))
    }

    fn terminate(&self, app: &App) -> Result<(), Fault> {
        let why = "this only looks, and ends no operation";
        Err(Fault::new(FaultKind::Settings, format!("end the operation of {}", app.name), why))
    }

    fn images(&self, app: &App) -> Result<Vec<String>, Fault> {
        self.0.images(app)
    }

    fn rollouts(&self, app: &App) -> Result<Vec<Rollout>, Fault> {
        self.0.rollouts(app)
    }

    fn act(&self, app: &App, rollout: &Rollout, action: RolloutAction) -> Result<(), Fault> {
        let (why, doing) = ("this only looks, and tells no Rollout anything", action.word());
        Err(Fault::new(FaultKind::Settings, format!("{doing} Rollout {} of {}", rollout.name, app.name), why))
    }

    fn pods(&self, app: &App) -> Result<u64, Fault> {
        self.0.pods(app)
    }
}

fn until(
    world: &World<'_>,
    job: &Job<'_>,
    expect: &Expect<'_>,
    (lock, verify): (&Lock<'_>, &Verify),
) -> Result<Option<Settled>, Halt> {
    let (environment, target) = job.target()?;
    if target.apps.is_empty() {
        return Ok(None);
    }
    let files = pinned_files(job, expect.snapshot)?;
    let places: Vec<Place> =
        expect.commits.iter().map(|commit| place(target, expect.snapshot, commit, &files)).collect();
    let gated = expect.judging.gated(job);
    let holds = |texts: &BTreeMap<String, Option<String>>| holds(job, expect, texts);
    let goal = Goal {
        service: &job.service.name,
        environment: &environment.name,
        nonce: expect.nonce,
        images: expect.images,
        places: &places,
        baseline: expect.baseline,
        failing_before: expect.failing_before,
        gated: Some(&gated),
        terminate: expect.rollback,
        holds: &holds,
        alive: lock.alive,
        ours: lock.ours,
    };
    Ok(Some(until_live(world, &goal, verify)))
}

fn place(target: &Target, snapshot: &Snapshot, commit: &str, files: &[String]) -> Place {
    Place {
        at: branch(target),
        repository: snapshot.repository.clone(),
        branch: snapshot.branch.clone(),
        path: target.path.clone(),
        commit: commit.to_owned(),
        files: files.to_vec(),
        apps: target.apps.clone(),
    }
}

/// The files that pin the promoted images.
fn pinned_files(job: &Job<'_>, snapshot: &Snapshot) -> Result<Vec<String>, Halt> {
    let (environment, _) = job.target()?;
    let pins = planning::pinned(job.service, environment, snapshot)?;
    let files: BTreeSet<String> =
        pins.iter().flat_map(|pin| pin.places.iter().map(|place| place.path.clone())).collect();
    Ok(files.into_iter().collect())
}

/// Whether the texts of a later commit still pin what was promoted.
fn holds(job: &Job<'_>, expect: &Expect<'_>, texts: &BTreeMap<String, Option<String>>) -> bool {
    let mut snapshot = expect.snapshot.clone();
    for (path, text) in texts {
        match text {
            Some(text) => snapshot.files.insert(path.clone(), text.clone()),
            None => snapshot.files.remove(path),
        };
    }
    let Ok((environment, _)) = job.target() else { return false };
    let Ok(pins) = planning::pinned(job.service, environment, &snapshot) else { return false };
    expect
        .images
        .iter()
        .all(|change| pins.iter().any(|pin| pin.image.name == change.new.name && pin.image.same_version(&change.new)))
}

/// Looks whether an environment that needs no change still runs what it pins.
pub fn look_again(world: &World<'_>, job: &Job<'_>, claim: &dyn Claim, asked: &Asked, end: End) -> Result<End, Halt> {
    let images: Vec<ImageChange> = asked
        .request
        .images
        .iter()
        .map(|wanted| ImageChange { name: wanted.new.name.clone(), old: wanted.old.clone(), new: wanted.new.clone() })
        .collect();
    let version = asked.request.images.iter().map(|wanted| wanted.new.clone()).collect();
    let facts = Facts::of_target(world.clock.now(), version, asked.target.clone());
    let since = asked.target.head.last_verified.as_ref().map(|last| last.since);
    let judging = Judging::of_what_runs(job, facts, since);
    let expect = Expect {
        judging: &judging,
        images: &images,
        commits: std::slice::from_ref(&asked.target.snapshot.commit),
        nonce: &asked.id,
        baseline: &BTreeMap::new(),
        failing_before: &BTreeSet::new(),
        snapshot: &asked.target.snapshot,
        rollback: false,
    };
    (world.tell)(&Event::Phase(Phase::Verify));
    let to = &job.promotion.to;
    let lock =
        Lock { alive: &|| lock::alive(world, job, claim, false), ours: &|| lock::lost(world, job, claim, false) };
    Ok(match until(world, job, &expect, (&lock, &job.promotion.verify))? {
        None => end,
        Some(Settled::Lost(end)) => *end,
        Some(Settled::Verified(verified)) => before::reported(end.seen("it is live and healthy"), &verified),
        Some(Settled::Refuted(refuted) | Settled::Paused(refuted)) => {
            End::of(Outcome::Stuck, format!("{to} pins this version already, and does not run it well"))
                .seen(refuted.what)
        }
        Some(Settled::Unconfirmed { why, hint }) => {
            let what = format!("{to} pins this version already, and it could not be found out whether it runs it");
            let mut end = End::of(Outcome::Unconfirmed, what).seen(why);
            end.next.extend(hint);
            end
        }
        Some(Settled::Overtaken { by }) => {
            End::of(Outcome::Superseded, format!("somebody promoted {to} meanwhile")).seen(by)
        }
        Some(Settled::Stopped) => End::of(Outcome::Interrupted, "stopped while looking at what runs"),
    })
}
