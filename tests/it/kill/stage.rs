//! A whole world for the real binary, which it may be killed in: a GitOps repository behind git's own server, a stand-in for
//! Argo CD, evidence, rules and a ledger. All of it is outside the process under test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use promote::adapters::ledger::Records;
use promote::ports::Ledger;
use promote::promotion::head::Head;
use tempfile::TempDir;

use crate::world::argo::behaviour::{AppSpec, Behaviour};
use crate::world::argo::{Argo, ArgoBuilder, Pace, TOKEN, git};
use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, WRITE_TOKEN};

/// How many times as fast as ours the stand-in's time is.
const PACE: u32 = 30;
/// A run that takes longer than this hangs.
const HANGS: Duration = Duration::from_secs(120);

/// The branch that keeps the records, where one does.
const LEDGER: &str = "promotions";

/// One promotion of the rules: everything about it is short.
const PROMOTION: &str = "  - from: dev
    to: TARGET
    gates:
      tests: { required: [unit] }
    verify: { settle: 200ms, grace: 300ms, timeout: 60s }
    rollback: { on: [deployment, health], when: auto }
";

/// What differs from one stage to another.
#[derive(Clone)]
pub(crate) struct Play {
    /// The environments that `dev` is promoted to.
    pub(crate) targets: Vec<String>,
    /// Whether an application deploys each of them.
    pub(crate) argo: bool,
    /// Whether the applications sync by themselves.
    pub(crate) auto: bool,
    /// Whether versions are pinned in Helm values files, rather than by Kustomize.
    pub(crate) helm: bool,
    /// Whether what is played is a person's rollback, after a promotion that went well.
    pub(crate) undo: bool,
    /// Whether the ledger is a branch of the GitOps repository, rather than a directory.
    pub(crate) branch: bool,
    /// How the applications behave.
    pub(crate) behaviour: Behaviour,
}

impl Play {
    /// `staging`, deployed by an application that is synced by hand.
    pub(crate) fn usual() -> Self {
        let targets = vec!["staging".to_owned()];
        Self {
            targets,
            argo: true,
            auto: false,
            helm: false,
            undo: false,
            branch: false,
            behaviour: Behaviour::default(),
        }
    }

    /// The same without anything to watch.
    pub(crate) fn delivery_only(targets: &[&str]) -> Self {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        Self { targets, argo: false, ..Self::usual() }
    }

    /// The new version turns Degraded.
    pub(crate) fn bad(self) -> Self {
        let bad = Some((":1.20".to_owned(), vec![(0, "Progressing"), (1500, "Degraded")]));
        Self { behaviour: Behaviour { bad, ..self.behaviour }, ..self }
    }

    /// The file that pins an environment's version, and its text.
    fn pin(&self, environment: &str, tag: &str) -> (String, String) {
        if self.helm {
            let text = format!("replicas: 2\nimage:\n  repository: app\n  tag: \"{tag}\"  # moved by promote\n");
            return (format!("k8s/overlays/{environment}/values.yaml"), text);
        }
        let text = format!("resources:\n  - ../../base\nimages:\n  - name: app\n    newTag: \"{tag}\"\n");
        (format!("k8s/overlays/{environment}/kustomization.yaml"), text)
    }

    fn rules(&self) -> String {
        let images = if self.helm {
            ", images: [{ name: app, file: values.yaml, tag: image.tag, repository: image.repository }]"
        } else {
            ""
        };
        let mut text =
            format!("version: 1\nservice: app\nenvironments:\n  dev: {{ path: k8s/overlays/dev{images} }}\n");
        for target in &self.targets {
            let argocd = if self.argo { format!(", argocd: app-{target}") } else { String::new() };
            let _ = writeln!(text, "  {target}: {{ path: k8s/overlays/{target}{argocd}{images} }}");
        }
        text += "evidence:\n  unit: artifacts/unit/*.xml\npromotions:\n";
        for target in &self.targets {
            text += &PROMOTION.replace("TARGET", target);
        }
        text
    }
}

/// The world. Servers stop, and directories go, when it is dropped.
pub(crate) struct Stage {
    pub(crate) play: Play,
    pub(crate) bare: Arc<Bare>,
    pub(crate) git: GitServer,
    pub(crate) argo: Option<Argo>,
    dir: TempDir,
}

impl Stage {
    /// `dev` pins 1.20, the others 1.10.
    pub(crate) fn new(play: &Play) -> Self {
        let mut files =
            vec![play.pin("dev", "1.20"), ("k8s/base/deployment.yaml".to_owned(), "kind: Deployment\n".to_owned())];
        files.extend(play.targets.iter().map(|target| play.pin(target, "1.10")));
        let bare = Bare::new(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
        // Who was at the branch, and when: nothing may vanish from it.
        bare.git(&["config", "core.logAllRefUpdates", "always"], &[]);
        bare.git(&["config", "uploadpack.allowFilter", "true"], &[]);
        let git = GitServer::start(&bare);
        let argo = play.argo.then(|| {
            let app = |builder: ArgoBuilder, target: &String| {
                let path = format!("k8s/overlays/{target}");
                builder.app(AppSpec {
                    name: format!("app-{target}"),
                    project: "default".to_owned(),
                    repository: git.url(),
                    path: path.clone(),
                    branch: "main".to_owned(),
                    auto: play.auto,
                    git: git::of(&bare.path(), "main", &path),
                    behaviour: play.behaviour.clone(),
                })
            };
            play.targets.iter().fold(ArgoBuilder::new().pace(Pace::Real(PACE)), app).start()
        });
        let dir = TempDir::new().unwrap();
        for folder in ["promotion", "artifacts/unit", "tmp"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("promotion/promotion-rules.yaml"), play.rules()).unwrap();
        let tests = "<testsuite name=\"unit\" tests=\"2\" failures=\"0\"><testcase classname=\"a\" name=\"b\" time=\"0.1\"/><testcase classname=\"a\" name=\"c\" time=\"0.1\"/></testsuite>\n";
        fs::write(dir.path().join("artifacts/unit/junit.xml"), tests).unwrap();
        Self { play: play.clone(), bare: Arc::new(bare), git, argo, dir }
    }

    /// The usual ledger.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.dir.path().join(".promote")
    }

    /// Every record's file, by path.
    pub(crate) fn records(&self) -> BTreeMap<String, Vec<u8>> {
        const FOLDER: &str = "promotions";
        if !self.play.branch {
            let root = self.ledger().join(FOLDER);
            let read = |file: PathBuf| (file.display().to_string(), fs::read(root.join(&file)).unwrap());
            return files(&root).into_iter().map(read).collect();
        }
        if self.bare.tip(LEDGER).is_none() {
            return BTreeMap::new();
        }
        let listed = self.bare.git(&["ls-tree", "-r", "--name-only", LEDGER, &format!("{FOLDER}/")], &[]);
        let read = |path: &str| Some((path.strip_prefix("promotions/")?.to_owned(), self.bare.file(LEDGER, path)?));
        listed.lines().filter_map(read).collect()
    }

    /// The head of an environment, as the next promotion reads it.
    pub(crate) fn head(&self, environment: &str) -> Head {
        if !self.play.branch {
            return Records::directory(self.ledger()).head("app", environment).unwrap();
        }
        let text = self.bare.text(LEDGER, &format!("heads/app/{environment}.json"));
        text.map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
    }

    /// The same, right before what is played.
    pub(crate) fn ready(play: &Play) -> Self {
        let mut stage = Self::new(&Play { undo: false, ..play.clone() });
        if play.undo {
            let ran = stage.run("staging");
            assert_eq!(ran.code, Some(0), "{}", ran.said);
            stage.play.undo = true;
        }
        stage
    }

    /// A file in the working directory.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// A command of the real binary, with this world and no other environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
        command
            .args(words)
            .env_clear()
            .current_dir(self.dir.path())
            .env("TMPDIR", self.dir.path().join("tmp"))
            .env("USER", "dana")
            .env("NO_COLOR", "1")
            .env("GITOPS_REPO", self.git.url())
            .env("GITOPS_TOKEN", WRITE_TOKEN)
            .env(
                "PROMOTE_LEDGER",
                if self.play.branch { PathBuf::from(format!("branch:{LEDGER}")) } else { self.ledger() },
            );
        if let Some(argo) = &self.argo {
            command.env("ARGOCD_SERVER", argo.url()).env("ARGOCD_AUTH_TOKEN", TOKEN);
        }
        command
    }

    /// Starts what is played: a promotion from `dev`, or a rollback.
    pub(crate) fn start(&self, to: &str) -> Running {
        self.start_with(to, |_| {})
    }

    /// The same, its command changed.
    pub(crate) fn start_with(&self, to: &str, change: impl FnOnce(&mut Command)) -> Running {
        let words: &[&str] = if self.play.undo {
            &["rollback", "--env", to, "--reason", "it is slow"]
        } else {
            &["run", "--from", "dev", "--to", to]
        };
        let mut command = self.command(words);
        change(&mut command);
        let said = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap().into_temp_path().keep().unwrap();
        let out = File::create(&said).unwrap();
        command.stdout(out.try_clone().unwrap()).stderr(out);
        Running { child: Arc::new(Mutex::new(command.spawn().unwrap())), said }
    }

    /// Goes on with what a run left, to the end.
    pub(crate) fn resume(&self) -> Ran {
        let out = self.command(&["resume"]).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        Ran { code: out.status.code(), said }
    }

    /// The same, to the end.
    pub(crate) fn run(&self, to: &str) -> Ran {
        self.start(to).wait()
    }

    /// What a process has said so far.
    pub(crate) fn said(&self, running: &Running) -> String {
        fs::read_to_string(&running.said).unwrap()
    }

    /// The text that pins an environment's version now.
    pub(crate) fn pinned(&self, environment: &str) -> String {
        self.bare.text("main", &self.play.pin(environment, "").0).unwrap()
    }

    /// The text that would pin this version.
    pub(crate) fn text(&self, environment: &str, tag: &str) -> String {
        self.play.pin(environment, tag).1
    }

    /// A person sets an environment's version.
    pub(crate) fn set(&self, environment: &str, tag: &str, subject: &str) -> String {
        let (path, text) = self.play.pin(environment, tag);
        self.bare.commit("main", &[(&path, text.as_bytes())], subject)
    }

    /// No tip that the branch ever had is missing from its history.
    pub(crate) fn assert_nothing_lost(&self) {
        let tips = self.bare.git(&["reflog", "--format=%H", "refs/heads/main"], &[]);
        let history = self.bare.git(&["rev-list", "--first-parent", "refs/heads/main"], &[]);
        assert!(history.lines().count() == 1 || !tips.is_empty(), "the reflog is kept");
        for tip in tips.lines() {
            assert!(history.lines().any(|commit| commit == tip), "{tip} was the tip, and is no longer in the branch");
        }
        assert!(self.bare.log("main").iter().all(|logged| logged.parents.len() <= 1), "the history is linear");
        self.bare.check();
    }

    /// Requests to Argo CD that begin so.
    pub(crate) fn asked(&self, of: &str) -> usize {
        let requests = self.argo.as_ref().map(Argo::requests).unwrap_or_default();
        requests.iter().filter(|request| request.starts_with(of)).count()
    }
}

/// A process of promote.
#[derive(Clone)]
pub(crate) struct Running {
    child: Arc<Mutex<Child>>,
    said: PathBuf,
}

/// A process of promote that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; `None` if it was killed.
    pub(crate) code: Option<i32>,
    /// All that it said.
    pub(crate) said: String,
}

impl Running {
    /// Kills it: it has no say in this. It is gone when this returns.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Asks it to stop, unless it has ended.
    pub(crate) fn ask_to_stop(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if child.try_wait().unwrap().is_none() {
            // It cannot be somebody else's number: nobody has asked for its end yet.
            let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status().unwrap();
            assert!(sent.success());
        }
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().unwrap()
    }

    /// Waits for its end.
    pub(crate) fn wait(&self) -> Ran {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.ended() {
                break status;
            }
            if begun.elapsed() > HANGS {
                self.kill();
                panic!("it hangs: {}", fs::read_to_string(&self.said).unwrap());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        Ran { code: status.code(), said: fs::read_to_string(&self.said).unwrap() }
    }
}

/// The files below a directory, relative to it, sorted; those of writes that were cut off left out.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => found.push(entry.path().strip_prefix(root).unwrap().to_owned()),
            }
        }
    }
    found.retain(|file| !file.to_string_lossy().contains("unfinished"));
    found.sort();
    found
}
