//! The wait with the real clock, the stand-in on a real repository, and runs that are stopped after every request.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use promote::adapters::argocd::options::Options;
use promote::adapters::clock::SystemClock;
use promote::ports::{Deployer, SyncAnswer};
use promote::promotion::time::Millis;

use super::scenarios::{End, end, manual, usual};
use super::scene::{NEW, OLD, Scene, app};
use crate::world::argo::behaviour::AppSpec;
use crate::world::argo::{ArgoBuilder, Pace, git};

#[test]
fn with_the_real_clock_it_takes_no_longer_than_it_must() {
    let mut scene = Scene::with(false, &[usual()], NEW, |argo| argo.pace(Pace::Real(20)));
    scene.verify.settle = Millis(300);
    assert_eq!(end(&scene.ours_by(&SystemClock::default())), End::Verified);
    assert!(scene.argo.runs("app", NEW));
}

#[test]
fn a_run_that_is_stopped_after_any_request_is_taken_up_to_the_same_end() {
    let whole = manual(usual());
    let before = whole.argo.requests().len();
    assert_eq!(end(&whole.ours()), End::Verified);
    let requests = whole.argo.requests().len() - before;
    for n in 1..=requests {
        let mut scene = manual(usual());
        let stop = Arc::new(AtomicBool::new(false));
        scene.stop = Some(Arc::clone(&stop));
        scene.argo.on_request(before + n, {
            let stop = Arc::clone(&stop);
            move || stop.store(true, Ordering::SeqCst)
        });
        scene.ours();
        assert!(stop.load(Ordering::SeqCst), "there is no request {n}");
        stop.store(false, Ordering::SeqCst);
        assert_eq!(end(&scene.ours()), End::Verified, "stopped after request {n}");
        assert_eq!(scene.count("POST /api/v1/applications/app/sync"), 1, "stopped after request {n}");
        assert!(scene.argo.runs("app", NEW));
    }
}

#[test]
fn the_stand_in_renders_what_a_repository_pins() {
    let dir = tempfile::tempdir().unwrap();
    let repo = git2::Repository::init_bare(dir.path()).unwrap();
    let kustomization = "images:\n- name: registry.example.com/app\n  newTag: \"1.10\"\n- {name: b, newName: r.io/b, digest: sha256:aa}\n";
    let first = commit(&repo, &[("k8s/dev/kustomization.yaml", kustomization), ("k8s/dev/notes.txt", "image: no")]);
    let git = git::of(dir.path(), "main", "k8s/dev");
    assert_eq!((git.tip)(), first);
    assert_eq!((git.images)(&first).unwrap(), ["r.io/b@sha256:aa", OLD]);
    let manifests =
        "kind: Deployment\nspec: {template: {spec: {containers: [{image: a:1}]}}}\n---\nkind: Job\nimage: b:2\n";
    let values = "image:\n  repository: r.io/c\n  tag: \"3\"\n";
    let second = commit(&repo, &[("k8s/dev/app.yaml", manifests), ("k8s/dev/values.yaml", values)]);
    assert_eq!((git.tip)(), second);
    assert_eq!((git.images)(&second).unwrap(), ["a:1", "b:2", "r.io/c:3"]);
    assert_eq!((git.images)(&"0".repeat(40)), None);
}

#[test]
fn an_application_follows_a_bare_repository() {
    let dir = tempfile::tempdir().unwrap();
    let repo = git2::Repository::init_bare(dir.path()).unwrap();
    let pins = |tag: &str| format!("images:\n- name: registry.example.com/app\n  newTag: \"{tag}\"\n");
    commit(&repo, &[("dev/kustomization.yaml", &pins("1.10"))]);
    let argo = ArgoBuilder::new().app(AppSpec::deploying("app-dev", dir.path(), "main", "dev")).start();
    let scene = manual(usual()).at(argo);
    let argocd = scene.argocd(&Options::default());
    assert_eq!(argocd.images(&app("app-dev")).unwrap(), [OLD]);
    let tip = commit(&repo, &[("dev/kustomization.yaml", &pins("1.20"))]);
    assert_eq!(argocd.sync(&app("app-dev"), None, "n").unwrap(), SyncAnswer::Started);
    scene.argo.pass(Duration::from_secs(20));
    let state = argocd.state(&app("app-dev"), false).unwrap();
    assert_eq!(state.compared(0), Some(tip.as_str()));
    assert_eq!(argocd.images(&app("app-dev")).unwrap(), [NEW]);
}

/// Commits exactly these files onto `main`.
fn commit(repo: &git2::Repository, files: &[(&str, &str)]) -> String {
    let empty = repo.treebuilder(None).unwrap().write().unwrap();
    let mut update = git2::build::TreeUpdateBuilder::new();
    for (path, text) in files {
        let blob = repo.blob(text.as_bytes()).unwrap();
        update.upsert(Path::new(path).to_str().unwrap(), blob, git2::FileMode::Blob);
    }
    let tree = repo.find_tree(update.create_updated(repo, &repo.find_tree(empty).unwrap()).unwrap()).unwrap();
    let who = git2::Signature::new("t", "t@example.com", &git2::Time::new(0, 0)).unwrap();
    let parent = repo.find_reference("refs/heads/main").ok().map(|main| main.peel_to_commit().unwrap());
    let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
    repo.commit(Some("refs/heads/main"), &who, &who, "m", &tree, &parents).unwrap().to_string()
}
