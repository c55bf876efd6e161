//! The scenarios, and how two clients fare in them.

use std::time::Duration;

use promote::pipeline::wait::goal::Settled;

use super::scene::{NEW, Scene};
use crate::world::argo::behaviour::Behaviour;

/// What must come of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Verified,
    Refuted,
    Paused,
    Unconfirmed,
    Overtaken,
}

struct Scenario {
    name: &'static str,
    end: End,
    /// Whether the naive client says what is not so.
    fools: bool,
    scene: fn() -> Scene,
}

pub(super) fn usual() -> Behaviour {
    Behaviour::default()
}

pub(super) fn manual(behaviour: Behaviour) -> Scene {
    Scene::new(false, behaviour)
}

pub(super) fn auto(behaviour: Behaviour) -> Scene {
    Scene::new(true, behaviour)
}

/// Somebody pushes after us.
fn pushed_after(scene: Scene, image: &str) -> Scene {
    scene.repo.commit(image);
    scene
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "nothing special", end: End::Verified, fools: false, scene: || manual(usual()) },
    Scenario { name: "nothing special, auto-sync", end: End::Verified, fools: false, scene: || auto(usual()) },
    Scenario {
        name: "the status stays old after the sync",
        end: End::Verified,
        fools: true,
        scene: || {
            manual(Behaviour { stale: 15_000, rollout: vec![(0, "Progressing"), (25_000, "Healthy")], ..usual() })
        },
    },
    Scenario {
        name: "compared in the second in which the sync ended",
        end: End::Verified,
        fools: true,
        scene: || {
            let rollout = vec![(0, "Progressing"), (40_000, "Healthy")];
            manual(Behaviour { same_second: true, stale: 30_000, rollout, ..usual() })
        },
    },
    Scenario {
        name: "healthy for a moment",
        end: End::Refuted,
        fools: true,
        scene: || {
            let rollout = vec![(0, "Progressing"), (6000, "Healthy"), (13_000, "Degraded")];
            manual(Behaviour { rollout, ..usual() })
        },
    },
    Scenario {
        name: "healthy, progressing, healthy",
        end: End::Verified,
        fools: true,
        scene: || {
            let rollout = vec![(0, "Progressing"), (2000, "Healthy"), (11_000, "Progressing"), (14_000, "Healthy")];
            manual(Behaviour { rollout, ..usual() })
        },
    },
    Scenario {
        name: "synced, and the old image runs",
        end: End::Unconfirmed,
        fools: true,
        scene: || manual(Behaviour { poisoned: true, ..usual() }),
    },
    Scenario {
        name: "another operation is in progress",
        end: End::Verified,
        fools: true,
        scene: || manual(Behaviour { other_operation: Some(40_000), ..usual() }),
    },
    Scenario {
        name: "a sync window forbids the sync",
        end: End::Unconfirmed,
        fools: true,
        scene: || manual(Behaviour { window: true, ..usual() }),
    },
    Scenario {
        name: "somebody promoted over us",
        end: End::Overtaken,
        fools: true,
        scene: || pushed_after(manual(usual()), "registry.example.com/app:1.30"),
    },
    Scenario {
        name: "auto-sync goes back to the old revision for a while",
        end: End::Verified,
        fools: true,
        scene: || auto(Behaviour { sync_back: true, ..usual() }),
    },
    Scenario {
        name: "the ingress answers with its own page for a while",
        end: End::Verified,
        fools: true,
        scene: || manual(Behaviour { ingress_down: Some((9000, 16_000)), ..usual() }),
    },
    Scenario {
        name: "permission denied while Kubernetes is away",
        end: End::Verified,
        fools: true,
        scene: || manual(Behaviour { masked: Some((4000, 16_000)), ..usual() }),
    },
    Scenario {
        name: "the session ends in the middle",
        end: End::Verified,
        fools: true,
        scene: || Scene::with(false, &[usual()], NEW, |argo| argo.login_secs(8)),
    },
    Scenario {
        name: "a later commit elsewhere",
        end: End::Verified,
        fools: false,
        scene: || pushed_after(manual(usual()), NEW),
    },
    Scenario {
        name: "degraded for a moment",
        end: End::Verified,
        fools: false,
        scene: || {
            let rollout = vec![(0, "Progressing"), (2000, "Degraded"), (8000, "Healthy")];
            manual(Behaviour { rollout, ..usual() })
        },
    },
    Scenario {
        name: "degraded for ever",
        end: End::Refuted,
        fools: false,
        scene: || {
            let bad = vec![(0, "Progressing"), (2000, "Degraded")];
            manual(Behaviour { bad: Some((":1.20".to_owned(), bad)), ..usual() })
        },
    },
    Scenario {
        name: "progressing for ever",
        end: End::Unconfirmed,
        fools: false,
        scene: || manual(Behaviour { rollout: vec![(0, "Progressing")], ..usual() }),
    },
    Scenario {
        name: "a word that nobody knows",
        end: End::Unconfirmed,
        fools: false,
        scene: || manual(Behaviour { rollout: vec![(0, "Splendid")], ..usual() }),
    },
    Scenario {
        name: "suspended, then healthy",
        end: End::Verified,
        fools: false,
        scene: || {
            let rollout = vec![(0, "Progressing"), (2000, "Suspended"), (90_000, "Healthy")];
            manual(Behaviour { rollout, ..usual() })
        },
    },
    Scenario {
        name: "the first try of the sync fails",
        end: End::Verified,
        fools: false,
        scene: || manual(Behaviour { first_try_fails: true, ..usual() }),
    },
    Scenario {
        name: "the sync fails",
        end: End::Refuted,
        fools: false,
        scene: || manual(Behaviour { sync_fails: Some("spec.selector: field is immutable".to_owned()), ..usual() }),
    },
    Scenario {
        name: "the sync cannot be carried out",
        end: End::Refuted,
        fools: false,
        scene: || manual(Behaviour { sync_errors: Some("namespaces \"app\" not found".to_owned()), ..usual() }),
    },
    Scenario {
        name: "our commit cannot be rendered",
        end: End::Refuted,
        fools: false,
        scene: || auto(Behaviour { cannot_compare: Some("kustomize build failed".to_owned()), ..usual() }),
    },
    Scenario {
        name: "our mark disappears under somebody else's sync",
        end: End::Verified,
        fools: false,
        scene: || manual(Behaviour { overwritten: true, ..usual() }),
    },
    Scenario {
        name: "the answer to the sync is lost",
        end: End::Verified,
        fools: false,
        scene: || manual(Behaviour { lose_answer: true, ..usual() }),
    },
    Scenario {
        name: "refreshes hang",
        end: End::Verified,
        fools: false,
        scene: || auto(Behaviour { refresh_hangs: true, ..usual() }),
    },
    Scenario {
        name: "the operation never ends",
        end: End::Unconfirmed,
        fools: false,
        scene: || manual(Behaviour { stuck: true, rollout: vec![(0, "Progressing")], ..usual() }),
    },
    Scenario {
        name: "broken before our commit",
        end: End::Unconfirmed,
        fools: false,
        scene: || manual(Behaviour { broken_before: true, ..usual() }),
    },
];

pub(super) fn end(settled: &Settled) -> End {
    match settled {
        Settled::Verified(_) => End::Verified,
        Settled::Refuted(_) => End::Refuted,
        Settled::Paused(_) => End::Paused,
        Settled::Unconfirmed { .. } => End::Unconfirmed,
        Settled::Overtaken { .. } => End::Overtaken,
        Settled::Stopped | Settled::Lost(_) => panic!("nobody asked to stop, or took a lock"),
    }
}

#[test]
fn ours_is_fooled_in_no_scenario() {
    for scenario in SCENARIOS {
        let scene = (scenario.scene)();
        let settled = scene.ours();
        assert_eq!(end(&settled), scenario.end, "{}: {settled:?}", scenario.name);
        let live = scene.argo.keeps_running("app", NEW, Duration::from_secs(10));
        assert_eq!(live, scenario.end == End::Verified, "{}: what is said is not so", scenario.name);
    }
}

#[test]
fn the_naive_client_is_fooled_in_at_least_eight() {
    let mut fooled = Vec::new();
    for scenario in SCENARIOS {
        let scene = (scenario.scene)();
        let said = scene.naive();
        if !said {
            // Time enough for what it gave up on.
            scene.argo.pass(Duration::from_secs(60));
        }
        let live = scene.argo.keeps_running("app", NEW, Duration::from_secs(10));
        assert_eq!(said != live, scenario.fools, "{}: it said {said}, and it is {live}", scenario.name);
        if said != live {
            fooled.push(scenario.name);
        }
    }
    assert!(fooled.len() >= 8, "the stand-in is too kind: {fooled:?}");
}
