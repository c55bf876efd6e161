//! Looks around in a working directory or a repository, for whoever begins: which YAML files there are, which files may be
//! reports, and what git says of the place. Bounded in depth, number and size; links are not followed.

pub mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::Repository;
use walkdir::{DirEntry, WalkDir};

use crate::adapters::git::address::Address;

/// How deep directories are entered.
const DEPTH: usize = 12;
/// How many files and directories are looked at.
const ENTRIES: usize = 100_000;
/// How many YAML files are read, and how long one may be, in bytes.
const FILES: usize = 5_000;
const LONGEST: u64 = 512 * 1024;
/// How many files are taken for reports.
const REPORTS: usize = 2_000;
/// Directories that hold other people's files, or the tools' own.
const SKIPPED: [&str; 8] = [".git", "node_modules", ".terraform", ".venv", "venv", "__pycache__", ".promote", ".cargo"];
/// Where tools leave reports.
const REPORTS_IN: [&str; 13] = [
    "artifacts",
    "reports",
    "report",
    "test-results",
    "test-reports",
    "target",
    "build",
    "coverage",
    "out",
    "results",
    "TestResults",
    "junit",
    "sarif",
];
/// Sources, and samples of reports among them.
const SOURCES: [&str; 5] = ["src", "fixtures", "testdata", "vendor", "snapshots"];

/// What was seen of files.
#[derive(Debug, Default)]
pub struct Around {
    /// The texts of the YAML files directly in each directory, by the directory's path and the file's whole path.
    pub directories: BTreeMap<String, BTreeMap<String, String>>,
    /// Files that may be reports, by their names and places: their paths as they are shown, and where they are.
    pub reports: BTreeMap<String, PathBuf>,
    /// Whether there was more than is looked at.
    pub cut: bool,
}

impl Around {
    fn add(&mut self, path: &str, text: String) {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.directories.entry(directory.to_owned()).or_default().insert(path.to_owned(), text);
    }
}

/// Looks at everything below a directory.
pub fn look(root: &Path) -> Around {
    let mut around = Around::default();
    let enter = |entry: &DirEntry| entry.depth() == 0 || !is_skipped(root, entry);
    let (mut entries, mut files) = (0, 0);
    // What cannot be listed is passed over: this is a look, and what it finds is checked by a person.
    for entry in WalkDir::new(root).max_depth(DEPTH).sort_by_file_name().into_iter().filter_entry(enter).flatten() {
        entries += 1;
        if entries > ENTRIES {
            around.cut = true;
            break;
        }
        if !entry.file_type().is_file() {
            continue;
        }
        let Some(path) = shown(root, entry.path()) else { continue };
        if is_yaml(&path) {
            files += 1;
            around.cut |= files > FILES;
            let short = entry.metadata().is_ok_and(|meta| meta.len() <= LONGEST);
            if let (true, true, Ok(text)) = (short, files <= FILES, std::fs::read_to_string(entry.path())) {
                around.add(&path, text);
            }
        } else if is_report(&path) {
            around.cut |= around.reports.len() >= REPORTS;
            if around.reports.len() < REPORTS {
                around.reports.insert(path, entry.into_path());
            }
        }
    }
    around
}

fn shown(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

fn is_skipped(root: &Path, entry: &DirEntry) -> bool {
    if !entry.file_type().is_dir() {
        return false;
    }
    let name = entry.file_name().to_string_lossy();
    // Cargo's own output is large, and holds no report.
    let built = shown(root, entry.path()).is_some_and(|path| {
        path.ends_with("target/debug") || path.ends_with("target/release") || path.ends_with("target/doc")
    });
    SKIPPED.contains(&name.as_ref()) || built
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml") || path.rsplit('/').next() == Some("Kustomization")
}

/// Whether a file may be a report: it is named like one, and stands at the top or where tools leave reports.
fn is_report(path: &str) -> bool {
    let path = path.strip_suffix(".gz").unwrap_or(path);
    let named = [".xml", ".info", ".sarif", ".sarif.json"].iter().any(|ending| path.ends_with(ending));
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    let left_there =
        parts.is_empty() || parts.iter().any(|part| REPORTS_IN.contains(part) || part.ends_with("-reports"));
    named && left_there && !parts.iter().any(|part| SOURCES.contains(part))
}

/// What git says of a directory.
pub struct Place {
    repository: Repository,
    /// The top of the working directory.
    pub top: PathBuf,
    /// The directory's path from there; empty at the top.
    pub below: String,
    /// The address of the remote `origin`, without user and password.
    pub origin: Option<String>,
    /// `owner/name` of that, if it is a repository of the server that `owner/name` is one of.
    pub hosted: Option<String>,
}

impl Place {
    /// The repository that a directory is in; `None` if it is in none, or in a bare one. `server` completes `owner/name`.
    pub fn of(directory: &Path, server: &str) -> Option<Self> {
        let directory = directory.canonicalize().ok()?;
        let repository = Repository::discover(&directory).ok()?;
        let top = repository.workdir()?.canonicalize().ok()?;
        let below = shown(&top, &directory)?;
        let origin = repository.find_remote("origin").ok().and_then(|remote| remote.url().ok().map(str::to_owned));
        let address = origin.and_then(|url| Address::parse(&url, server).ok());
        let hosted = address.as_ref().and_then(|address| address.hosted(server));
        Some(Self {
            origin: address.map(|address| address.shown()),
            hosted: hosted.map(|(owner, name)| format!("{owner}/{name}")),
            repository,
            top,
            below,
        })
    }

    /// The repository's name: the last part of its origin, else of its directory.
    pub fn name(&self) -> Option<String> {
        let origin = self.origin.as_deref().map(|origin| origin.trim_end_matches('/').trim_end_matches(".git"));
        let last = origin.and_then(|origin| origin.rsplit(['/', ':']).next()).filter(|name| !name.is_empty());
        let top = || self.top.file_name().and_then(|name| name.to_str());
        last.or_else(top).map(str::to_owned)
    }

    /// Which of these directories the newest commit does not have: a plan reads commits, not files.
    pub fn uncommitted<'a>(&self, directories: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let head = self.repository.head().and_then(|head| head.peel_to_tree());
        let missing = |path: &&str| {
            let Ok(tree) = &head else { return true };
            !path.is_empty() && tree.get_path(Path::new(path)).is_err()
        };
        directories.into_iter().filter(missing).map(str::to_owned).collect()
    }
}

/// Whether a path is a repository with files beside it: promote moves no branch that is checked out there.
pub fn is_checkout(path: &Path) -> bool {
    Repository::open(path).is_ok_and(|repository| !repository.is_bare())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "a: 1\n").unwrap();
        }
        root
    }

    #[test]
    fn what_is_looked_at_and_what_is_not() {
        let root = tree(&[
            "k8s/dev/kustomization.yaml",
            "k8s/dev/Kustomization",
            "top.yml",
            "node_modules/x/dev/a.yaml",
            ".git/dev/a.yaml",
            "target/debug/dev/a.yaml",
            "target/site/dev/a.yaml",
            "artifacts/unit/junit.xml",
            "a/target/surefire-reports/x.xml",
            "src/test/reports/x.xml",
            "pom.xml",
            "a/pom.xml",
            "coverage/lcov.info",
            "x/scan.sarif",
            "out/scan.sarif.json",
            "out/other.json",
            "reports/r.xml.gz",
        ]);
        let around = look(root.path());
        let files: Vec<&str> = around.directories.values().flat_map(|files| files.keys().map(String::as_str)).collect();
        assert_eq!(files, ["top.yml", "k8s/dev/Kustomization", "k8s/dev/kustomization.yaml", "target/site/dev/a.yaml"]);
        let reports: Vec<&str> = around.reports.keys().map(String::as_str).collect();
        assert_eq!(
            reports,
            [
                "a/target/surefire-reports/x.xml",
                "artifacts/unit/junit.xml",
                "coverage/lcov.info",
                "out/scan.sarif.json",
                "pom.xml",
                "reports/r.xml.gz"
            ]
        );
        assert!(!around.cut);
    }

    #[test]
    fn git_says_what_the_place_is() {
        let root = tree(&["a/b/c.yaml"]);
        assert!(Place::of(root.path(), "https://github.com").is_none());
        let repository = Repository::init(root.path()).unwrap();
        let place = Place::of(&root.path().join("a"), "https://github.com").unwrap();
        assert_eq!((place.below.as_str(), place.origin.as_deref()), ("a", None));
        assert_eq!(place.name().as_deref(), root.path().file_name().and_then(|name| name.to_str()));
        assert_eq!(place.uncommitted(["a/b"]), ["a/b"], "there is no commit yet");
        repository.remote("origin", "https://me:hunter2@github.com/acme/shop.git").unwrap();
        let mut index = repository.index().unwrap();
        index.add_path(Path::new("a/b/c.yaml")).unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let me = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).unwrap();
        repository.commit(Some("HEAD"), &me, &me, "Start", &tree, &[]).unwrap();
        let place = Place::of(root.path(), "https://github.com").unwrap();
        assert_eq!(place.origin.as_deref(), Some("https://github.com/acme/shop.git"));
        assert_eq!((place.hosted.as_deref(), place.name().as_deref()), (Some("acme/shop"), Some("shop")));
        assert_eq!(place.uncommitted(["a/b", "a/c"]), ["a/c"]);
        assert!(is_checkout(root.path()) && !is_checkout(&root.path().join("a")));
    }
}
