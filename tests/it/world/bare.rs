//! A bare repository made and read with git's own plumbing: never with the code under test.
#![allow(dead_code, clippy::allow_attributes, reason = "the tests and the examples each use a part")]
#![expect(clippy::unwrap_used, reason = "a world that cannot be set up ends the test")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// The time of the first commit: 2026-01-01T00:00:00Z. Each later one by [`Bare::commit`] is a minute younger.
const EPOCH: u64 = 1_767_225_600;

/// A bare repository in a directory of its own, which goes when it is dropped.
pub(crate) struct Bare {
    dir: TempDir,
    commits: AtomicU64,
}

/// One commit of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    /// Its id.
    pub id: String,
    /// Its parents.
    pub parents: Vec<String>,
    /// `name <address>` of its author.
    pub author: String,
    /// `name <address>` of its committer.
    pub committer: String,
    /// Its whole message.
    pub message: String,
    /// Its trailers, as git reads them.
    pub trailers: Vec<String>,
}

impl Bare {
    /// A repository whose branch `main` holds these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self::within(TempDir::new().unwrap(), files)
    }

    /// The same in a directory that was made before.
    pub(crate) fn within(dir: TempDir, files: &[(&str, &str)]) -> Self {
        let bare = Self { dir, commits: AtomicU64::new(0) };
        std::fs::create_dir(bare.path()).unwrap();
        bare.git(&["init", "-q", "--bare", "-b", "main", "."], &[]);
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        bare.commit("main", &files, "Start");
        bare
    }

    /// Its directory: `…/gitops.git`.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("gitops.git")
    }

    /// The directory above it, which a server serves.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// The tip of a branch.
    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        let out = self.command(&["rev-parse", "--verify", "-q", &format!("refs/heads/{branch}")]).output().unwrap();
        out.status.success().then(|| String::from_utf8(out.stdout).unwrap().trim().to_owned())
    }

    /// A file at a branch's tip, byte for byte.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<Vec<u8>> {
        let out = self.command(&["cat-file", "blob", &format!("refs/heads/{branch}:{path}")]).output().unwrap();
        out.status.success().then_some(out.stdout)
    }

    /// A file at a branch's tip, as text.
    pub(crate) fn text(&self, branch: &str, path: &str) -> Option<String> {
        self.file(branch, path).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    /// A file's mode at a branch's tip: `100644`.
    pub(crate) fn mode(&self, branch: &str, path: &str) -> String {
        let line = self.git(&["ls-tree", &format!("refs/heads/{branch}"), "--", path], &[]);
        line.split(' ').next().unwrap().to_owned()
    }

    /// The branch's commits, newest first, first parents only.
    pub(crate) fn log(&self, branch: &str) -> Vec<Logged> {
        const FIELDS: &str = "--format=%H%x1f%P%x1f%an <%ae>%x1f%cn <%ce>%x1f%B%x1f%(trailers:only,unfold)%x1e";
        let out = self.git(&["log", "--first-parent", FIELDS, &format!("refs/heads/{branch}")], &[]);
        let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        out.split('\u{1e}')
            .map(str::trim_start)
            .filter(|record| !record.is_empty())
            .map(|record| {
                let fields: Vec<&str> = record.split('\u{1f}').collect();
                Logged {
                    id: fields[0].to_owned(),
                    parents: fields[1].split_whitespace().map(str::to_owned).collect(),
                    author: fields[2].to_owned(),
                    committer: fields[3].to_owned(),
                    message: fields[4].to_owned(),
                    trailers: lines(fields[5]),
                }
            })
            .collect()
    }

    /// Somebody else commits to a branch: these files, set or added (mode 100644, an existing file keeps its own).
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &[u8])], message: &str) -> String {
        self.write(branch, files, "100644", message)
    }

    /// Somebody else edits one file many times; gives the commits, oldest first.
    pub(crate) fn edits(&self, branch: &str, path: &str, count: usize) -> Vec<String> {
        let tip = self.tip(branch).unwrap();
        let mut stream = String::new();
        for edit in 0..count {
            let date = EPOCH + self.commits.fetch_add(1, Ordering::SeqCst) * 60;
            let (text, subject) = (format!("{edit}\n"), format!("Edit {edit}"));
            let from = if edit == 0 { format!("from {tip}\n") } else { String::new() };
            let lines = [
                format!("commit refs/heads/{branch}"),
                format!("committer Dana <dana@example.com> {date} +0000"),
                format!("data {}\n{subject}", subject.len()),
                format!("{from}M 100644 inline {path}"),
                format!("data {}\n{text}\n", text.len()),
            ];
            stream.push_str(&lines.join("\n"));
        }
        self.feed(&["fast-import", "--quiet"], stream.as_bytes(), &[]);
        let out = self.git(&["rev-list", "--reverse", &format!("{tip}..refs/heads/{branch}")], &[]);
        out.lines().map(str::to_owned).collect()
    }

    /// Adds many files to a branch in one commit, by one process.
    pub(crate) fn fill(&self, branch: &str, files: &[(String, String)], message: &str) -> String {
        let date = EPOCH + self.commits.fetch_add(1, Ordering::SeqCst) * 60;
        let from = self.tip(branch).map(|tip| format!("from {tip}\n")).unwrap_or_default();
        let mut stream = format!(
            "commit refs/heads/{branch}\ncommitter Dana <dana@example.com> {date} +0000\ndata {}\n{message}\n{from}",
            message.len()
        );
        for (path, text) in files {
            stream.push_str(&["M 100644 inline ", path, "\ndata ", &text.len().to_string(), "\n", text, "\n"].concat());
        }
        self.feed(&["fast-import", "--quiet"], stream.as_bytes(), &[]);
        self.tip(branch).unwrap()
    }

    /// The same with files that can be executed.
    pub(crate) fn commit_executable(&self, branch: &str, files: &[(&str, &[u8])], message: &str) -> String {
        self.write(branch, files, "100755", message)
    }

    fn write(&self, branch: &str, files: &[(&str, &[u8])], mode: &str, message: &str) -> String {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        let index = self.dir.path().join(format!("index-{number}"));
        let index = [("GIT_INDEX_FILE", index.to_str().unwrap().to_owned())];
        let tip = self.tip(branch);
        if let Some(tip) = &tip {
            self.git(&["read-tree", tip], &index);
        }
        for (path, bytes) in files {
            let kept = tip.as_ref().map(|_| self.mode(branch, path)).filter(|mode| !mode.is_empty());
            let blob = self.feed(&["hash-object", "-w", "--stdin"], bytes, &[]);
            let info = format!("{},{blob},{path}", kept.as_deref().unwrap_or(mode));
            self.git(&["update-index", "--add", "--cacheinfo", &info], &index);
        }
        let tree = self.git(&["write-tree"], &index);
        let date = format!("{} +0000", EPOCH + number * 60);
        let dates = [("GIT_AUTHOR_DATE", date.clone()), ("GIT_COMMITTER_DATE", date)];
        let mut args = vec!["commit-tree", tree.as_str(), "-F", "-"];
        args.extend(tip.iter().flat_map(|tip| ["-p", tip.as_str()]));
        let commit = self.feed(&args, message.as_bytes(), &dates);
        let zero = "0".repeat(40);
        let old = tip.as_deref().unwrap_or(&zero);
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &commit, old], &[]);
        commit
    }

    /// Makes a branch of another one's tip.
    pub(crate) fn branch(&self, name: &str, from: &str) {
        self.git(&["branch", name, from], &[]);
    }

    /// Protects a branch, as a hosting service would: pushes to it are declined with these words.
    pub(crate) fn protect(&self, branch: &str, words: &str) {
        use std::os::unix::fs::PermissionsExt;
        let script = format!(
            "#!/bin/sh\nwhile read old new ref; do\n  if [ \"$ref\" = refs/heads/{branch} ]; then\n    echo '{words}' >&2\n    exit 1\n  fi\ndone\n"
        );
        let hook = self.path().join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, script).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// That every object is there and right.
    pub(crate) fn check(&self) {
        self.git(&["fsck", "--full", "--strict"], &[]);
    }

    /// Runs git in the repository, without any configuration but the repository's own; it must succeed.
    pub(crate) fn git(&self, args: &[&str], env: &[(&str, String)]) -> String {
        self.feed(args, &[], env)
    }

    fn feed(&self, args: &[&str], input: &[u8], env: &[(&str, String)]) -> String {
        let mut command = self.command(args);
        command.envs(env.iter().map(|(name, value)| (*name, value.as_str())));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = plain_git();
        command.current_dir(self.path()).args(args);
        command
    }
}

/// git as it is without anybody's configuration.
pub(crate) fn plain_git() -> Command {
    let mut command = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Dana")
        .env("GIT_AUTHOR_EMAIL", "dana@example.com")
        .env("GIT_COMMITTER_NAME", "Dana")
        .env("GIT_COMMITTER_EMAIL", "dana@example.com");
    command
}
