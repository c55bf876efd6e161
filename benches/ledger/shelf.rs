//! The same ledger three times: in a directory, in a branch on this machine, and in that branch behind git's own server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use promote::adapters::git::address::Address;
use promote::adapters::git::objects::Author;
use promote::adapters::git::store::Access;
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::ledger::Records;
use promote::adapters::ledger::place::Place;
use promote::adapters::secret::Secret;
use promote::promotion::id::sha256;
use promote::promotion::record::{Entry, Milestone};
use serde::Serialize;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use walkdir::WalkDir;

use crate::press::{self, Press};
use crate::world::bare::{Bare, plain_git};
use crate::world::git_server::{GitServer, WRITE_TOKEN};

const BRANCH: &str = "promotions";

/// Where the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// In the directory.
    Directory,
    /// In the branch, on this machine.
    Branch,
    /// In the branch, behind a server.
    Server,
}

impl Site {
    /// Every site. The one behind a server comes after the branch that it serves.
    pub(crate) const ALL: [Self; 3] = [Self::Directory, Self::Branch, Self::Server];

    /// In a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Branch => "branch",
            Self::Server => "server",
        }
    }
}

/// A ledger at each site.
pub(crate) struct Shelf {
    dir: TempDir,
    bare: Bare,
    server: GitServer,
    runtime: Runtime,
}

impl Shelf {
    /// An empty ledger.
    pub(crate) fn empty() -> Self {
        let bare = Bare::new(&[("README.md", "Hello.\n")]);
        bare.git(&["config", "uploadpack.allowFilter", "true"], &[]);
        // What is measured is what was written, not what git tidies up behind it.
        bare.git(&["config", "gc.auto", "0"], &[]);
        let server = GitServer::start(&bare);
        Self { dir: TempDir::new().expect("a directory"), bare, server, runtime: Runtime::new().expect("a runtime") }
    }

    /// A ledger of so many promotions, past the library, which takes its time: in one commit. Their ids, oldest first.
    pub(crate) fn fill(press: &mut Press, size: usize) -> (Self, Vec<String>) {
        let shelf = Self::empty();
        let mut git = plain_git();
        git.current_dir(shelf.bare.path()).args(["fast-import", "--quiet"]).stdin(Stdio::piped());
        let mut git = git.spawn().expect("git starts");
        let mut stream = BufWriter::new(git.stdin.take().expect("its input is ours"));
        write!(
            stream,
            "commit refs/heads/{BRANCH}\ncommitter Dana <dana@example.com> 1767225600 +0000\ndata 4\nFill\n"
        )
        .expect("git reads");
        let mut put = |path: String, text: String| {
            write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len()).expect("git reads");
            let path = shelf.directory().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        let mut ids = Vec::new();
        for _ in 0..size {
            let entries = press.next();
            for entry in &entries {
                put(path(entry), document(entry));
            }
            ids.push(entries[0].id.clone());
        }
        for ((service, environment), head) in press.heads() {
            put(format!("heads/{service}/{environment}.json"), document(head));
        }
        stream.flush().expect("git reads");
        drop(stream);
        assert!(git.wait().is_ok_and(|status| status.success()), "git imports");
        (shelf, ids)
    }

    fn directory(&self) -> PathBuf {
        self.dir.path().join("records")
    }

    /// The ledger at a site, as a process of its own sees it.
    pub(crate) fn records(&self, site: Site) -> Records {
        let address = match site {
            Site::Directory => return Records::directory(self.directory()),
            Site::Branch => self.bare.path().display().to_string(),
            Site::Server => self.server.url(),
        };
        let http = Http::new(&HttpSettings::default(), self.runtime.handle().clone()).expect("a client");
        let access = Access { http, temp: std::env::temp_dir(), ssh: "ssh".into(), depth_max: 2000 };
        let place = Place::Branch {
            address: Address::parse(&address, "https://github.com").expect("an address"),
            branch: BRANCH.to_owned(),
            token: Secret::new(WRITE_TOKEN),
            token_name: "LEDGER_TOKEN",
        };
        Records::open(&place, &access, &Author::default()).expect("a ledger")
    }

    /// So many bytes were written to a site until now: of a promotion's files and its head, once; of objects as git keeps
    /// them; of requests and answers.
    pub(crate) fn bytes(&self, site: Site, entries: &[Entry]) -> u64 {
        let size = |path: PathBuf| fs::metadata(path).map_or(0, |data| data.len());
        match site {
            Site::Directory => {
                let Milestone::Requested(asked) = &entries[0].event else { panic!("it begins with a request") };
                let head = format!("heads/{}/{}.json", asked.request.service, asked.request.to);
                let paths: Vec<String> = entries.iter().map(path).chain([head]).collect();
                let there = paths[..entries.len()].iter().any(|path| self.directory().join(path).exists());
                if there { paths.iter().map(|path| size(self.directory().join(path))).sum() } else { 0 }
            }
            Site::Branch => {
                let files = WalkDir::new(self.bare.path().join("objects")).into_iter().filter_map(Result::ok);
                files.filter(|file| file.file_type().is_file()).map(|file| size(file.into_path())).sum()
            }
            Site::Server => (self.server.received() + self.server.sent()) as u64,
        }
    }

    /// Runs promote with the ledger at a site.
    pub(crate) fn promote(&self, site: Site, arguments: &[&str]) {
        let ledger = match site {
            Site::Directory => self.directory().display().to_string(),
            Site::Branch => format!("{}#{BRANCH}", self.bare.path().display()),
            Site::Server => format!("{}#{BRANCH}", self.server.url()),
        };
        let ran = press::promote(self.dir.path())
            .args(arguments)
            .env("PROMOTE_LEDGER", ledger)
            .env("LEDGER_TOKEN", WRITE_TOKEN)
            .output();
        let ran = ran.expect("promote starts");
        let printed = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && !printed.is_empty(), "{arguments:?}: {printed}");
    }

    /// What the server is asked for while something is done.
    pub(crate) fn asked(&self, act: impl FnOnce()) -> String {
        let counts = || (self.server.requests(), self.server.received() + self.server.sent());
        let (requests, bytes) = counts();
        act();
        let (now, sent) = counts();
        format!("{} requests, {:.1} kB", now - requests, (sent - bytes) as f64 / 1e3)
    }

    /// Runs git in the repository.
    pub(crate) fn git(&self, arguments: &[&str]) {
        self.bare.git(arguments, &[]);
    }

    /// Every file of the directory.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.directory();
        let files = WalkDir::new(&root).into_iter().map(|file| file.expect("a directory that can be read"));
        let files = files.filter(|file| file.file_type().is_file()).map(walkdir::DirEntry::into_path);
        let name = |path: &Path| path.strip_prefix(&root).expect("it is below").to_owned();
        files
            .map(|path| (name(&path), fs::read(&path).expect("a file")))
            .filter(|(path, _)| !path.starts_with("locks"))
            .collect()
    }

    /// The tree of the branch.
    pub(crate) fn tree(&self) -> String {
        self.bare.git(&["rev-parse", &format!("{BRANCH}^{{tree}}")], &[])
    }
}

/// The file of an entry: DECISIONS E.2.
fn path(entry: &Entry) -> String {
    let hash = sha256(&entry.id);
    let digits: Vec<String> = hash.chars().take(4).map(String::from).collect();
    format!("promotions/{}/{}/{:04}-{}.json", digits.join("/"), entry.id, entry.seq, entry.event.word())
}

fn document(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("it is JSON") + "\n"
}
