//! One promotion's commit by each way of reaching a repository, and what each refusal says.

use promote::adapters::gitops::{GitOps, GitOpsSettings};
use promote::ports::{Branch, Delivery, Fault, FaultKind, Pushed};

use super::{
    KUSTOMIZATION, STAGING, assert_empty, assert_no_secret, at, bare, bump, gitops, http, main_branch, proposal,
    settings,
};
use crate::world::bare::Bare;
use crate::world::fake_ssh::fake_ssh;
use crate::world::git_server::{GitServer, READ_TOKEN, Trouble, WRITE_TOKEN};

const NEW: &str = "resources:\n  - ../../base\nimages:\n  - name: app\n    newTag: \"1.20\"\n";
const MESSAGE: &str = "Promote app 1.10 -> 1.20 to staging\n\nPromotion-Id: abc\nFrom: dev\nTo: staging\n";

/// Reads, commits, and reads again, through any address.
fn commits_through(gitops: &GitOps, bare: &Bare) {
    gitops.preflight(&main_branch()).unwrap();
    let before = gitops.snapshot(&main_branch(), "./k8s/overlays/staging/").unwrap();
    assert_eq!((before.path.as_str(), before.branch.as_str()), (STAGING, "main"));
    assert_eq!(Some(&before.commit), bare.tip("main").as_ref());
    assert_eq!(before.files.keys().collect::<Vec<_>>(), [KUSTOMIZATION]);
    assert_eq!(before.files[KUSTOMIZATION], bare.text("main", KUSTOMIZATION).unwrap());

    let proposal = proposal(&before.commit, KUSTOMIZATION, NEW, MESSAGE);
    let Pushed::Landed(commit) = gitops.push(&main_branch(), &proposal).unwrap() else { panic!("nobody else pushed") };
    assert_eq!(bare.tip("main").as_ref(), Some(&commit));
    assert_eq!(bare.text("main", KUSTOMIZATION).unwrap(), NEW);
    let logged = &bare.log("main")[0];
    assert_eq!(logged.parents, std::slice::from_ref(&before.commit));
    assert_eq!(logged.author, "promote <promote@users.noreply.github.com>");
    assert_eq!(logged.message.trim_end(), MESSAGE.trim_end());
    assert_eq!(logged.trailers, ["Promotion-Id: abc", "From: dev", "To: staging"]);
    let date = bare.git(&["log", "-1", "--format=%at %ct", "main"], &[]);
    assert_eq!(date, format!("{0} {0}", at().as_second()));

    let after = gitops.snapshot(&main_branch(), STAGING).unwrap();
    assert_eq!((after.commit, after.files[KUSTOMIZATION].as_str()), (commit, NEW));
    assert_ne!(after.trees[STAGING], before.trees[STAGING]);
    bare.check();
}

#[test]
fn over_http_with_a_token() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    commits_through(&gitops, &bare);
    assert_eq!(gitops.snapshot(&main_branch(), STAGING).unwrap().repository, server.url());
}

#[test]
fn over_http_with_the_login_in_the_address() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let address = server.url().replace("http://", &format!("http://x-access-token:{WRITE_TOKEN}@"));
    let gitops = GitOps::new(&settings(&address, None), &http()).unwrap();
    commits_through(&gitops, &bare);
    assert_eq!(gitops.snapshot(&main_branch(), STAGING).unwrap().repository, server.url());
}

#[test]
fn by_owner_and_name_on_a_server_of_ones_own() {
    let bare = bare();
    let server = GitServer::start(&bare);
    std::fs::create_dir(bare.root().join("acme")).unwrap();
    std::os::unix::fs::symlink(bare.path(), bare.root().join("acme/gitops.git")).unwrap();
    let settings = GitOpsSettings { server: server.origin(), ..settings("acme/gitops", Some(WRITE_TOKEN)) };
    commits_through(&GitOps::new(&settings, &http()).unwrap(), &bare);
}

#[test]
fn by_a_path_and_by_a_file_address() {
    for scheme in ["", "file://"] {
        let bare = bare();
        commits_through(&gitops(&format!("{scheme}{}", bare.path().display())), &bare);
    }
}

fn with_ssh(bare: &Bare, body: &str) -> GitOps {
    let address = format!("git@git.example.com:{}", bare.path().display());
    let ssh = fake_ssh(bare.root(), body).into();
    GitOps::new(&GitOpsSettings { ssh, ..settings(&address, None) }, &http()).unwrap()
}

#[test]
fn over_ssh() {
    let bare = bare();
    let gitops = with_ssh(&bare, "for last; do :; done; exec sh -c \"$last\"");
    commits_through(&gitops, &bare);
    let args = std::fs::read_to_string(bare.root().join("ssh-args")).unwrap();
    assert!(args.contains("BatchMode=yes\n") && args.contains("git@git.example.com\n"), "{args}");
    assert!(args.contains("git-receive-pack '/"), "{args}");
}

#[test]
fn a_push_over_ssh_whose_answer_is_lost_is_read_back() {
    let bare = bare();
    // The server's listing passes, and nothing of what it says after the push.
    let body = "for last; do :; done; case \"$last\" in *receive-pack*)
      eval set -- $last; count=$(git receive-pack --advertise-refs \"$2\" | wc -c)
      git receive-pack \"$2\" | { head -c $count; cat >/dev/null; } ;;
      *) exec sh -c \"$last\" ;; esac";
    let gitops = with_ssh(&bare, body);
    let pushed = gitops.push(&main_branch(), &bump(&gitops, NEW, MESSAGE)).unwrap();
    assert_eq!(pushed, Pushed::Landed(bare.tip("main").unwrap()));
    assert_eq!(bare.text("main", KUSTOMIZATION).unwrap(), NEW);
}

#[test]
fn ssh_says_why_not() {
    let bare = bare();
    for (body, kind) in [
        ("echo 'git@git.example.com: Permission denied (publickey).' >&2; exit 255", FaultKind::Denied),
        ("echo 'Host key verification failed.' >&2; exit 255", FaultKind::Denied),
        ("echo 'ERROR: Repository not found.' >&2; exit 1", FaultKind::NotFound),
        ("echo 'ssh: connect to host x port 22: Connection refused' >&2; exit 255", FaultKind::Transient),
    ] {
        let fault = with_ssh(&bare, body).snapshot(&main_branch(), STAGING).unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(body.contains(fault.why.rsplit(": ").next().unwrap()), "{fault}");
    }
    let settings = GitOpsSettings { ssh: "/nowhere/ssh".into(), ..settings("git@host:a.git", None) };
    let fault = GitOps::new(&settings, &http()).unwrap().snapshot(&main_branch(), STAGING).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Settings);
    assert!(fault.hint.unwrap().contains("https"));
}

fn refusal(address: &str, token: Option<&str>) -> (Fault, Fault) {
    let gitops = GitOps::new(&settings(address, token), &http()).unwrap();
    let read = gitops.snapshot(&main_branch(), STAGING).unwrap_err();
    let write = gitops.preflight(&main_branch()).unwrap_err();
    assert_no_secret(&read);
    assert_no_secret(&write);
    (read, write)
}

#[test]
fn a_token_that_is_missing_or_wrong_is_named() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let (read, write) = refusal(&server.url(), None);
    assert_eq!((read.kind, write.kind), (FaultKind::Denied, FaultKind::Denied));
    assert_eq!(read.hint.unwrap(), "the server asks for a login: set GITOPS_TOKEN");
    assert!(read.why.contains("401"), "{}", read.why);
    let (read, write) = refusal(&server.url(), Some("hunter2"));
    assert_eq!((read.kind, write.kind), (FaultKind::Denied, FaultKind::Denied));
    assert!(write.hint.unwrap().starts_with("GITOPS_TOKEN is refused"));
    let (read, _) = refusal(&server.url().replace("http://", "http://me:hunter2@"), None);
    assert_eq!(read.kind, FaultKind::Denied);
}

#[test]
fn a_token_that_may_only_read_is_found_out_before_a_push() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = GitOps::new(&settings(&server.url(), Some(READ_TOKEN)), &http()).unwrap();
    let proposal = bump(&gitops, NEW, MESSAGE);
    for fault in [gitops.preflight(&main_branch()).unwrap_err(), gitops.push(&main_branch(), &proposal).unwrap_err()] {
        assert_eq!(fault.kind, FaultKind::Denied);
        assert!(fault.why.contains("Write access to repository not granted."), "{fault}");
        assert!(fault.hint.unwrap().contains("GITOPS_TOKEN"));
    }
    assert_eq!(bare.log("main").len(), 1);
}

#[test]
fn what_does_not_exist_is_named() {
    let bare = bare();
    bare.branch("release", "main");
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let gitops = gitops(&address);
        let branch = Branch { branch: Some("trunk".to_owned()), ..main_branch() };
        for fault in [gitops.snapshot(&branch, STAGING).unwrap_err(), gitops.preflight(&branch).unwrap_err()] {
            assert_eq!(fault.kind, FaultKind::NotFound);
            assert_eq!(fault.why, "there is no branch trunk; there are main, release", "{address}");
        }
        let snapshot = gitops.snapshot(&main_branch(), "k8s/overlays/nowhere").unwrap();
        assert!(snapshot.files.is_empty() && snapshot.trees.is_empty());
        let default = Branch { branch: None, ..main_branch() };
        assert_eq!(gitops.snapshot(&default, STAGING).unwrap().branch, "main");
        let unknown = Branch { repo: "other".to_owned(), branch: None };
        assert_eq!(gitops.snapshot(&unknown, STAGING).unwrap_err().kind, FaultKind::Settings);
    }
    let (read, write) = refusal(&server.url().replace("gitops.git", "nothing.git"), Some(WRITE_TOKEN));
    assert_eq!((read.kind, write.kind), (FaultKind::NotFound, FaultKind::NotFound));
    let fault = gitops("/nowhere/gitops.git").snapshot(&main_branch(), STAGING).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[test]
fn answers_of_something_else_are_told_apart() {
    let bare = bare();
    for (trouble, kind, said) in [
        (
            Trouble::Answer(200, "text/html; charset=utf-8", "<title>Sign in</title>".into()),
            FaultKind::Broken,
            "a web page",
        ),
        (Trouble::Answer(200, "application/json", "{}".into()), FaultKind::Broken, "git-upload-pack-advertisement"),
        (Trouble::Answer(503, "text/plain", "come back later".into()), FaultKind::Transient, "come back later"),
        (Trouble::Redirect("http://elsewhere.example.com/x.git/info/refs".into()), FaultKind::Broken, "redirects to"),
        (
            Trouble::Answer(403, "text/plain", format!("your token {WRITE_TOKEN}\r\n is")),
            FaultKind::Denied,
            "your token …",
        ),
    ] {
        let server = GitServer::start(&bare);
        server.trouble("info/refs", trouble, usize::MAX);
        let fault = gitops(&server.url()).snapshot(&main_branch(), STAGING).unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.why.contains(said), "{fault}");
        assert_no_secret(&fault);
    }
}

#[test]
fn a_server_that_is_not_there_is_transient_and_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fault = gitops(&format!("http://{free}/a.git")).snapshot(&main_branch(), STAGING).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Transient);
    assert!(fault.why.contains(&free.to_string()), "{fault}");
}

#[test]
fn https_to_a_server_that_speaks_http_says_so() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let fault = gitops(&server.url().replace("http:", "https:")).snapshot(&main_branch(), STAGING).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken, "{fault:?}");
    assert!(fault.hint.as_ref().unwrap().contains("does not speak TLS"), "{fault:?}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_directory_for_objects_that_is_not_there_is_named() {
    let settings = GitOpsSettings { temp: "/nowhere/tmp".into(), ..settings("http://127.0.0.1/a.git", None) };
    let fault = GitOps::new(&settings, &http()).err().unwrap();
    assert_eq!(fault.kind, FaultKind::Settings);
    assert!(fault.why.contains("/nowhere/tmp") && fault.hint.unwrap().contains("TMPDIR"));
}

#[test]
fn it_can_be_shared_among_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    shared(&gitops);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(!gitops.snapshot(&main_branch(), STAGING).unwrap().files.is_empty()));
        }
    });
}

#[test]
fn a_redirect_on_the_same_host_is_followed_and_a_503_is_asked_again() {
    let bare = bare();
    let server = GitServer::start(&bare);
    server.trouble("info/refs", Trouble::Answer(503, "text/plain", String::new()), 1);
    let old = server.url().replace("gitops.git", "old-name.git");
    for service in ["git-upload-pack", "git-receive-pack"] {
        let to = format!("{}/info/refs?service={service}", server.url());
        server.trouble(&format!("old-name.git/info/refs?service={service}"), Trouble::Redirect(to), usize::MAX);
    }
    commits_through(&gitops(&old), &bare);
}

#[test]
fn nothing_is_left_behind() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let temp = tempfile::tempdir().unwrap();
    let settings = GitOpsSettings { temp: temp.path().to_owned(), ..settings(&server.url(), Some(WRITE_TOKEN)) };
    let gitops = GitOps::new(&settings, &http()).unwrap();
    gitops.snapshot(&main_branch(), STAGING).unwrap();
    assert!(std::fs::read_dir(temp.path()).unwrap().next().is_some());
    drop(gitops);
    assert_empty(temp.path());
}
