//! The adapter on the wire: logins, refusals, preflight, and what is not Argo CD at all.

use promote::adapters::argocd::options::Options;
use promote::adapters::argocd::server::Login;
use promote::adapters::secret::Secret;
use promote::ports::{Deployer, Fault, FaultKind, SyncAnswer};

use super::scene::{NEW, Scene, app, snapshot};
use crate::world::argo::behaviour::Behaviour;
use crate::world::argo::{ArgoBuilder, PASSWORD, TOKEN, USER};

fn token(text: &str) -> Login {
    Login::Token(Secret::new(text).unwrap())
}

fn password(text: &str) -> Login {
    Login::Password { user: USER.to_owned(), password: Secret::new(text).unwrap() }
}

fn usual() -> Scene {
    Scene::new(false, Behaviour::default())
}

fn says(fault: &Fault, kind: FaultKind, text: &str) {
    let all = format!("{fault} | {}", fault.hint.as_deref().unwrap_or_default());
    assert_eq!(fault.kind, kind, "{all}");
    assert!(all.contains(text), "{text} is not in {all}");
    for secret in [PASSWORD, TOKEN, "wrong-password"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn a_token_and_a_password_both_open_and_wrong_ones_do_not() {
    let scene = usual();
    let none = Options::default();
    let snapshot = snapshot("k8s/staging", "main");
    for login in [token(TOKEN), password(PASSWORD)] {
        let state = scene.argocd_as(login, &none).preflight(&app("app"), &snapshot).unwrap();
        assert_eq!(state.server.as_deref(), Some("v3.5.1+stand-in"));
        assert_eq!((state.auto_sync, state.project.as_str()), (false, "default"));
        assert!(state.server_time.is_some());
    }
    let fault = |login| scene.argocd_as(login, &none).state(&app("app"), false).unwrap_err();
    says(&fault(token("x.y.z")), FaultKind::Denied, "invalid session");
    says(&fault(token("wrong-password")), FaultKind::Denied, "no session information");
    says(&fault(password("wrong-password")), FaultKind::Denied, "ARGOCD_PASSWORD");
    assert!(scene.argo.requests().iter().all(|request| !request.contains(PASSWORD) && !request.contains(TOKEN)));
}

#[test]
fn a_session_that_ends_is_opened_again_once() {
    let scene = usual();
    let argocd = scene.argocd_as(password(PASSWORD), &Options::default());
    argocd.state(&app("app"), false).unwrap();
    scene.argo.log_everybody_out();
    argocd.state(&app("app"), false).unwrap();
    scene.argo.log_everybody_out();
    assert_eq!(argocd.sync(&app("app"), None, "n").unwrap(), SyncAnswer::Started);
}

#[test]
fn a_missing_application_looks_like_missing_rights_unless_its_project_is_known() {
    let scene = usual();
    let argocd = scene.argocd(&Options::default());
    says(&argocd.state(&app("other"), false).unwrap_err(), FaultKind::Denied, "does not exist");
    let mut with_project = app("other");
    with_project.project = Some("default".to_owned());
    says(&argocd.state(&with_project, false).unwrap_err(), FaultKind::NotFound, "not found");
    let mut elsewhere = app("app");
    elsewhere.server = "second".to_owned();
    says(&argocd.state(&elsewhere, false).unwrap_err(), FaultKind::Settings, "`second` is not configured");
}

#[test]
fn preflight_names_what_does_not_fit() {
    let scene = usual();
    let argocd = scene.argocd(&Options::default());
    let fault = |path, branch| argocd.preflight(&app("app"), &snapshot(path, branch)).unwrap_err();
    says(&fault("k8s/prod", "main"), FaultKind::Settings, "it deploys k8s/staging of main in");
    says(&fault("k8s/staging", "release"), FaultKind::Settings, "expected k8s/staging of release in");
    let refused = |behaviour: Behaviour| {
        let scene = Scene::new(false, behaviour);
        scene.argocd(&Options::default()).preflight(&app("app"), &snapshot("k8s/staging", "main")).unwrap_err()
    };
    let hydrator = Behaviour { hydrator: true, ..Behaviour::default() };
    says(&refused(hydrator), FaultKind::Settings, "not supported yet");
    let window = Behaviour { window: true, ..Behaviour::default() };
    says(&refused(window), FaultKind::Denied, "sync window");
}

#[test]
fn a_page_in_the_place_of_the_api_is_named() {
    let at = |change: fn(ArgoBuilder) -> ArgoBuilder, options: &str| {
        let settings = Options::parse(options).unwrap();
        let argo = change(ArgoBuilder::new()).start();
        let scene = usual().at(argo);
        scene.argocd(&settings).state(&app("app"), false)
    };
    let fault = at(|argo| argo.login_page(), "").unwrap_err();
    says(&fault, FaultKind::Broken, "200 text/html (title: \"Sign in\")");
    says(&fault, FaultKind::Broken, "--grpc-web-root-path");
    says(&at(|argo| argo.root("/argocd"), "").unwrap_err(), FaultKind::Broken, "a web page, not with its API");
    // Below its root path the API answers: there is only no such application.
    let fault = at(|argo| argo.root("/argocd"), "--grpc-web-root-path /argocd").unwrap_err();
    says(&fault, FaultKind::Denied, "permission denied");
    let fault = at(|argo| argo.redirect(), "").unwrap_err();
    says(&fault, FaultKind::Broken, "Argo CD wants TLS");
}

#[test]
fn a_sync_is_marked_and_one_at_a_time() {
    let scene = usual();
    let argocd = scene.argocd(&Options::default());
    assert_eq!(argocd.sync(&app("app"), None, "first").unwrap(), SyncAnswer::Started);
    let state = argocd.state(&app("app"), false).unwrap();
    assert_eq!(state.operation.unwrap().infos["promote"], "first");
    assert!(state.last.is_none(), "the last result is gone until the controller has a new one");
    let SyncAnswer::Busy(why) = argocd.sync(&app("app"), None, "second").unwrap() else { panic!("not busy") };
    assert!(why.contains("another operation"), "{why}");
    argocd.terminate(&app("app")).unwrap();
}

#[test]
fn a_sync_whose_answer_is_lost_is_looked_for() {
    let scene = Scene::new(false, Behaviour { lose_answer: true, ..Behaviour::default() });
    let argocd = scene.argocd(&Options::default());
    assert_eq!(argocd.sync(&app("app"), None, "n").unwrap(), SyncAnswer::Started);
    // Nothing listens, so nothing was begun, and nothing can be found out.
    drop(scene.argo);
    assert_eq!(argocd.sync(&app("app"), None, "n").unwrap_err().kind, FaultKind::Transient);
}

#[test]
fn an_auto_sync_application_refuses_a_pinned_commit() {
    let scene = Scene::new(true, Behaviour::default());
    let argocd = scene.argocd(&Options::default());
    let SyncAnswer::Busy(why) = argocd.sync(&app("app"), Some(&scene.commit), "n").unwrap() else { panic!("not busy") };
    assert!(why.contains("auto-sync currently set to main"), "{why}");
}

#[test]
fn the_live_images_are_those_of_the_cluster() {
    let scene = usual();
    let argocd = scene.argocd(&Options::default());
    assert_eq!(argocd.images(&app("app")).unwrap(), [super::scene::OLD]);
    argocd.sync(&app("app"), None, "n").unwrap();
    scene.argo.pass(std::time::Duration::from_secs(1));
    assert_eq!(argocd.images(&app("app")).unwrap(), [NEW]);
}

#[test]
fn a_server_that_is_not_there_is_a_fault_with_its_causes() {
    let scene = usual();
    let argocd = scene.argocd(&Options::default());
    drop(scene.argo);
    let fault = argocd.state(&app("app"), false).unwrap_err();
    says(&fault, FaultKind::Transient, "Connection refused");
}
