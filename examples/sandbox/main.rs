//! A whole world on this machine: a GitOps repository behind a git server, an Argo CD stand-in, and three promotions
//! through the real binary: one that lands, one that is held, one that is rolled back. `cargo run --example sandbox`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/it/world/mod.rs"]
mod world;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use world::argo::behaviour::AppSpec;
use world::argo::{Argo, ArgoBuilder, PASSWORD, Pace, USER};
use world::bare::Bare;
use world::git_server::{GitServer, WRITE_TOKEN};

type Done<T> = Result<T, Box<dyn Error>>;

/// The directory that both environments' versions stand in.
const OVERLAYS: &str = "k8s/overlays";

fn main() -> ExitCode {
    match show() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("The sandbox could not go on: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Done<()> {
    println!("Building promote itself: cargo build --bin promote");
    let binary = build()?;
    let sandbox = Sandbox::new(binary)?;

    act("1  A promotion that lands: app 1.20 goes from dev to staging");
    sandbox.develop("1.20", "passing")?;
    sandbox.promote(&["run", "--from", "dev", "--to", "staging", "--dry-run"], 0)?;
    sandbox.promote(&["run", "--from", "dev", "--to", "staging"], 0)?;

    act("2  A promotion that is held: a test of app 1.21 fails");
    sandbox.develop("1.21", "failing")?;
    sandbox.promote(&["run", "--from", "dev", "--to", "staging"], 10)?;

    act("3  A promotion that is rolled back: app 1.22 passes every gate, and crashes");
    sandbox.develop("1.22", "passing")?;
    sandbox.promote(&["run", "--from", "dev", "--to", "staging"], 21)?;

    sandbox.where_to_look();
    Ok(())
}

fn act(title: &str) {
    println!("\n{}\n{title}\n{}", "─".repeat(80), "─".repeat(80));
}

/// Builds the real binary, with the cargo and into the folder that this example was built with.
fn build() -> Done<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let own = std::env::current_exe()?;
    let profile = own.parent().and_then(Path::parent).ok_or("this example is not in a target folder")?;
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--bin", "promote"]).current_dir(root());
    command.args(profile.ends_with("release").then_some("--release"));
    if !command.arg("--target-dir").arg(profile.parent().ok_or("no target folder")?).status()?.success() {
        return Err("promote does not build".into());
    }
    Ok(profile.join("promote"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The world of the three acts.
struct Sandbox {
    binary: PathBuf,
    /// Where promote is run: rules, evidence, records.
    workspace: PathBuf,
    bare: Bare,
    git: GitServer,
    argo: Argo,
}

impl Sandbox {
    fn new(binary: PathBuf) -> Done<Self> {
        let fixtures = root().join("fixtures/sandbox");
        let files = files(&fixtures.join("gitops"))?;
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        // It stays when the sandbox ends, so that everything can be looked at.
        let home = tempfile::Builder::new().prefix("promote-sandbox-").disable_cleanup(true).tempdir()?;
        let workspace = home.path().join("workspace");
        fs::create_dir(&workspace)?;
        copy(&fixtures.join("promotion"), &workspace.join("promotion"))?;
        let bare = Bare::within(home, &files);
        let git = GitServer::start(&bare);
        let mut app = AppSpec::deploying("app-staging", &bare.path(), "main", &format!("{OVERLAYS}/staging"));
        app.repository = git.url();
        app.behaviour.bad = Some(("1.22".to_owned(), vec![(0, "Progressing"), (1000, "Degraded")]));
        let argo = ArgoBuilder::new().app(app).pace(Pace::Real(1)).start();
        Ok(Self { binary, workspace, bare, git, argo })
    }

    /// A developer's CI: the version is deployed to dev, and its reports lie in the workspace.
    fn develop(&self, version: &str, reports: &str) -> Done<()> {
        let path = format!("{OVERLAYS}/dev/kustomization.yaml");
        let text = self.bare.text("main", &path).ok_or("dev is gone")?;
        let line = text.lines().find(|line| line.contains("newTag:")).ok_or("dev pins nothing")?;
        let old = line.split('"').nth(1).ok_or("dev pins nothing")?;
        self.bare.commit(
            "main",
            &[(&path, text.replace(old, version).as_bytes())],
            &format!("Deploy app {version} to dev"),
        );
        let artifacts = self.workspace.join("artifacts");
        copy(&root().join("fixtures/sandbox/artifacts/passing"), &artifacts)?;
        copy(&root().join("fixtures/sandbox/artifacts").join(reports), &artifacts)
    }

    /// Runs promote as its user would, and checks how it ended.
    fn promote(&self, arguments: &[&str], expected: i32) -> Done<()> {
        println!("\n$ promote {}\n", arguments.join(" "));
        let status = Command::new(&self.binary)
            .args(arguments)
            .current_dir(&self.workspace)
            .env_clear()
            .envs(
                std::env::vars_os()
                    .filter(|(name, _)| ["PATH", "HOME", "TERM", "USER"].iter().any(|keep| name == keep)),
            )
            .env("GITOPS_REPO", self.git.url())
            .env("GITOPS_TOKEN", WRITE_TOKEN)
            .env("GITOPS_BRANCH", "main")
            .env("PROMOTE_LEDGER", ".promote")
            .env("ARGOCD_SERVER", self.argo.url())
            .env("ARGOCD_USERNAME", USER)
            .env("ARGOCD_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .status()?;
        match status.code() {
            Some(code) if code == expected => Ok(()),
            code => Err(format!("promote should have ended {expected}, and ended {code:?}").into()),
        }
    }

    fn where_to_look(&self) {
        let (workspace, repository) = (self.workspace.display(), self.bare.path().display().to_string());
        let binary = self.binary.display();
        act("Where to look");
        println!("the commits   git --git-dir {repository} log -p main");
        println!("the records   cd {workspace} && {binary} show");
        println!("one of them   cd {workspace} && {binary} show <the beginning of its id>");
        println!("the evidence  {workspace}/artifacts");
        println!("the rules     {workspace}/promotion/promotion-rules.yaml");
        println!("\nNothing else was touched. Remove it all with: rm -r {}", self.bare.root().display());
    }
}

/// Every file below a folder: path from there, and text.
fn files(folder: &Path) -> Done<Vec<(String, String)>> {
    let mut all = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder)?.to_str().ok_or("a path is not UTF-8")?.to_owned();
            all.push((path, fs::read_to_string(entry.path())?));
        }
    }
    Ok(all)
}

fn copy(from: &Path, to: &Path) -> Done<()> {
    for (path, text) in files(from)? {
        let target = to.join(path);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::write(target, text)?;
    }
    Ok(())
}
