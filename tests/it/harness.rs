//! One test's sandbox: a workspace, a GitOps repository and the servers that a test asks for; the real binary runs in it,
//! with nothing of this machine's environment but `PATH`.

mod golden;
mod scrub;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

pub(crate) use self::golden::{golden, written_anew};
use self::scrub::Scrub;
use crate::world::argo::{Argo, ArgoBuilder, TOKEN};
use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, WRITE_TOKEN};

/// The GitOps repository as it is named in a sandbox: the same everywhere, so that plans and their digests are.
pub(crate) const REPOSITORY: &str = "../gitops.git";
/// The rules file, where promote looks for it.
pub(crate) const RULES: &str = "promotion/promotion-rules.yaml";

/// A sandbox. Everything in it goes when it is dropped.
pub(crate) struct Sandbox {
    dir: TempDir,
    /// The GitOps repository.
    pub(crate) gitops: Arc<Bare>,
    server: Option<GitServer>,
    argo: Option<Argo>,
    variables: BTreeMap<String, String>,
    names: Vec<(String, String)>,
    pid: Arc<AtomicU32>,
}

/// What came of running the binary.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) exit: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it printed besides.
    pub(crate) stderr: String,
}

impl Sandbox {
    /// A sandbox whose GitOps repository holds these files.
    pub(crate) fn new(gitops: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        for folder in ["home", "tmp", "work"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let gitops = Arc::new(Bare::new(gitops));
        std::os::unix::fs::symlink(gitops.path(), dir.path().join("gitops.git")).unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let variables = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", at("home")),
            ("TMPDIR", at("tmp")),
            ("USER", "dana".to_owned()),
            ("GITOPS_REPO", REPOSITORY.to_owned()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let names = vec![
            (at("work"), "<workspace>".to_owned()),
            (dir.path().display().to_string(), "<sandbox>".to_owned()),
            (gitops.path().display().to_string(), "<gitops>".to_owned()),
        ];
        Self { dir, gitops, server: None, argo: None, variables, names, pid: Arc::default() }
    }

    /// The directory that promote runs in.
    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.work().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Sets a variable for everything that runs from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// Takes a variable away.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Has scrubbed text call something by a name.
    pub(crate) fn call(&mut self, what: impl Into<String>, name: &str) {
        self.names.insert(0, (what.into(), name.to_owned()));
    }

    /// Serves the repository over HTTP, and has promote use that.
    pub(crate) fn serve(&mut self) -> &GitServer {
        let server = GitServer::start(&self.gitops);
        self.set("GITOPS_REPO", server.url());
        self.set("GITOPS_TOKEN", WRITE_TOKEN);
        self.call(server.origin(), "http://<git>");
        self.call(server.origin().replace("http://", ""), "<git>");
        self.server.insert(server)
    }

    /// The git server, if one was started.
    pub(crate) fn git_server(&self) -> Option<&GitServer> {
        self.server.as_ref()
    }

    /// The Argo CD, if one was started.
    pub(crate) fn argo_cd(&self) -> Option<&Argo> {
        self.argo.as_ref()
    }

    /// Starts an Argo CD, and has promote use it.
    pub(crate) fn argo(&mut self, builder: ArgoBuilder) -> &Argo {
        let argo = builder.start();
        self.set("ARGOCD_SERVER", argo.url());
        self.set("ARGOCD_AUTH_TOKEN", TOKEN);
        self.call(argo.url(), "http://<argocd>");
        self.call(argo.url().replace("http://", ""), "<argocd>");
        self.argo.insert(argo)
    }

    /// Has promote believe that it runs in a workflow of GitHub's.
    pub(crate) fn in_actions(&mut self) {
        let out = |name: &str| self.dir.path().join(name).display().to_string();
        let (output, summary, temp) = (out("output"), out("summary.md"), out("tmp"));
        let workspace = self.work().display().to_string();
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "octocat"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/app"),
            ("GITHUB_RUN_ID", "8412"),
            ("GITHUB_OUTPUT", &output),
            ("GITHUB_STEP_SUMMARY", &summary),
            ("GITHUB_WORKSPACE", &workspace),
            ("RUNNER_TEMP", &temp),
            ("NO_COLOR", "1"),
        ] {
            self.set(name, value);
        }
    }

    /// The files that GitHub reads after a step: outputs, and the job summary.
    pub(crate) fn told_github(&self) -> (String, String) {
        let read = |name: &str| std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default();
        (read("output"), read("summary.md"))
    }

    /// Runs `promote` with these arguments.
    pub(crate) fn promote(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
        command.args(args);
        self.finish(command)
    }

    /// Runs `promote` in a shell that has said this before: `ulimit -f 16`. Writes beyond a limit are errors there, as on a
    /// full disk, and end nothing.
    pub(crate) fn promote_after(&self, first: &str, args: &[&str]) -> Ran {
        let mut command = Command::new("sh");
        let script = format!("trap '' XFSZ; {first}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_promote")]).args(args);
        self.finish(command)
    }

    /// Runs `promote` where there is no network at all, as far as this machine lets us.
    pub(crate) fn promote_without_network(&self, args: &[&str]) -> Ran {
        let may = Command::new("unshare").args(["-n", "true"]).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            return self.promote(args);
        }
        let mut command = Command::new("unshare");
        command.args(["-n", env!("CARGO_BIN_EXE_promote")]).args(args);
        self.finish(command)
    }

    /// Fills the disk for the process that runs, when it is called: no file can grow beyond so many bytes.
    pub(crate) fn filler(&self, bytes: u32) -> impl Fn() + Send + 'static {
        let pid = Arc::clone(&self.pid);
        move || {
            let pid = pid.load(Ordering::SeqCst).to_string();
            let limit = format!("--fsize={bytes}");
            assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
        }
    }

    fn finish(&self, mut command: Command) -> Ran {
        command.env_clear().envs(&self.variables).current_dir(self.work()).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.pid.store(child.id(), Ordering::SeqCst);
        let out = child.wait_with_output().unwrap();
        let left: Vec<_> = std::fs::read_dir(self.dir.path().join("tmp")).unwrap().collect();
        assert!(left.is_empty(), "left behind among the temporary files: {left:?}");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("promote prints UTF-8");
        Ran { exit: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
    }

    /// A text without what differs from run to run.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        let mut names = self.names.clone();
        let log = self.gitops.log("main");
        for (number, commit) in log.iter().rev().enumerate() {
            for id in [commit.id.as_str(), &commit.id[..7]] {
                names.push((id.to_owned(), format!("<commit {number}>")));
            }
        }
        Scrub { names: &names }.text(text)
    }

    /// Every file below the sandbox but the repository's own, by path.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        read_below(self.dir.path(), &mut files);
        files
    }
}

fn read_below(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (kind, path) = (entry.file_type().unwrap(), entry.path());
        if kind.is_dir() {
            read_below(&path, files);
        } else if kind.is_file() {
            files.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
}

impl Ran {
    /// Everything that was printed, and the exit code.
    pub(crate) fn all(&self) -> String {
        let stderr = if self.stderr.is_empty() { String::new() } else { format!("--- stderr\n{}", self.stderr) };
        format!("{}{stderr}", self.stdout)
    }
}
