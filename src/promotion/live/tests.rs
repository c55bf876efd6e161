//! Tests of what can be said of one state.

use super::*;

fn app(repository: &str, path: &str, revision: &str) -> AppState {
    let source = AppSource { repository: repository.into(), path: path.into(), revision: revision.into() };
    AppState { sources: vec![source], ..AppState::default() }
}

#[test]
fn an_application_tracks_a_directory_whatever_its_address_is_written_like() {
    for (theirs, ours) in [
        ("https://github.com/acme/gitops.git", "https://github.com/acme/gitops"),
        ("git@github.com:acme/gitops.git", "https://GitHub.com/acme/gitops"),
        ("ssh://git@github.com:22/acme/gitops", "https://github.com/acme/gitops/"),
        ("https://user@git.example.com/x.git", "https://git.example.com:8443/x"),
        ("https://git.example.com/gitops.git", "/srv/git/gitops.git"),
        ("file:///srv/gitops", "/mnt/gitops.git"),
    ] {
        assert_eq!(app(theirs, "./k8s/dev/", "main").tracks(ours, "main", "k8s/dev"), Ok(0), "{theirs} and {ours}");
    }
    for (theirs, path, revision) in [
        ("https://github.com/acme/other", "k8s/dev", "main"),
        ("https://gitlab.com/acme/gitops", "k8s/dev", "main"),
        ("https://github.com/acme/gitops", "k8s/prod", "main"),
        ("https://github.com/acme/gitops", "k8s/dev", "release"),
    ] {
        let why = app(theirs, path, revision).tracks("https://github.com/acme/gitops", "main", "k8s/dev").unwrap_err();
        assert!(why.contains(theirs) && why.contains(path) && why.contains("expected k8s/dev of main"), "{why}");
    }
    assert_eq!(app("https://h/r", "", "HEAD").tracks("https://h/r", "trunk", "."), Ok(0));
}

#[test]
fn of_several_sources_the_one_that_fits_counts() {
    let mut state = app("https://charts.example.com", "", "1.2.3");
    state.sources.push(AppSource { repository: "https://h/r".into(), path: "values".into(), revision: "main".into() });
    assert_eq!(state.tracks("https://h/r", "main", "values"), Ok(1));
}

fn change(old: &str, new: &str) -> ImageChange {
    let new = ImageRef::parse(new).unwrap();
    ImageChange { name: new.name.clone(), old: ImageRef::parse(old).unwrap(), new }
}

#[test]
fn an_image_is_live_when_the_new_one_runs_and_the_old_one_does_not() {
    let changes = [change("r.io/t/app:1.10", "r.io/t/app:1.20")];
    for (live, holds) in [
        (vec!["r.io/t/app:1.20"], true),
        (vec!["r.io/t/app:1.20", "r.io/t/proxy:1.10"], true),
        (vec!["r.io/t/app:1.20", "r.io/t/app:debug"], true),
        (vec!["mirror.io/app:1.20"], true),
        (vec!["r.io/t/app:1.10"], false),
        (vec!["r.io/t/app:1.10", "r.io/t/app:1.20"], false),
        (vec!["r.io/t/proxy:1.20"], false),
        (vec!["r.io/t/app:1.2"], false),
        (vec![], false),
    ] {
        let live: Vec<String> = live.into_iter().map(str::to_owned).collect();
        assert_eq!(images_live(&live, &changes).is_ok(), holds, "{live:?}");
    }
}

#[test]
fn a_digest_must_be_the_digest() {
    let changes = [change("r.io/app@sha256:aa", "r.io/app:2@sha256:bb")];
    assert!(images_live(&["r.io/app@sha256:bb".to_owned()], &changes).is_ok());
    assert!(images_live(&["r.io/app:2@sha256:aa".to_owned()], &changes).is_err());
    // Docker Hub's short names, and a version that stays the same.
    assert!(images_live(&["docker.io/library/app:1".to_owned()], &[change("app:1", "app:1")]).is_ok());
}

#[test]
fn an_image_without_a_pinned_repository_is_found_by_its_version() {
    let bare = |tag: &str| ImageRef { name: "web".into(), repository: None, tag: Some(tag.into()), digest: None };
    let change = ImageChange { name: "web".into(), old: bare("1"), new: bare("2") };
    assert!(images_live(&["ghcr.io/acme/frontend:2".to_owned()], std::slice::from_ref(&change)).is_ok());
    assert!(images_live(&["ghcr.io/acme/frontend:1".to_owned()], &[change]).is_err());
}
