//! Whoever can write to a ledger and means no good: files put, removed and reordered, in a directory or with git's own
//! plumbing in a branch.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::harness::Sandbox;
use crate::world::bare::Bare;

/// The branch.
const BRANCH: &str = "promotions";

/// A ledger that is tampered with.
pub(crate) enum Forge {
    /// In a directory.
    Directory(PathBuf),
    /// In the branch.
    Branch(Arc<Bare>),
}

/// The files that one commit adds or changes.
pub(crate) type Step = Vec<(String, String)>;

impl Forge {
    /// The ledger of a sandbox.
    pub(crate) fn of(sandbox: &Sandbox, ledger: &str) -> Self {
        match ledger.strip_prefix("branch:") {
            Some(_) => Self::Branch(Arc::clone(&sandbox.gitops)),
            None => Self::Directory(sandbox.work().join(ledger)),
        }
    }

    pub(crate) fn is_branch(&self) -> bool {
        matches!(self, Self::Branch(_))
    }

    /// Every file.
    fn files(&self) -> BTreeMap<String, String> {
        match self {
            Self::Directory(root) => walkdir::WalkDir::new(root)
                .into_iter()
                .map(Result::unwrap)
                .filter(|entry| entry.file_type().is_file())
                .map(|entry| entry.path().strip_prefix(root).unwrap().display().to_string())
                .filter(|path| !path.starts_with(".writing"))
                .map(|path| (path.clone(), fs::read_to_string(root.join(path)).unwrap()))
                .collect(),
            Self::Branch(bare) => {
                let names = bare.git(&["ls-tree", "-r", "--name-only", BRANCH], &[]);
                names.lines().map(|path| (path.to_owned(), bare.text(BRANCH, path).unwrap())).collect()
            }
        }
    }

    /// A file's text.
    pub(crate) fn text(&self, path: &str) -> String {
        self.files().remove(path).unwrap()
    }

    /// The entries with this word, those to staging first, in the order in which they were written.
    pub(crate) fn entries(&self, word: &str) -> Vec<String> {
        let files = self.files();
        let mut found: Vec<(String, String)> = files
            .iter()
            .filter(|(path, _)| path.ends_with(&format!("-{word}.json")))
            .map(|(path, text)| {
                let entry: serde_json::Value = serde_json::from_str(text).unwrap();
                (entry["at"].as_str().unwrap().to_owned(), path.clone())
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, path)| path).collect()
    }

    /// The folder of the first promotion to an environment.
    pub(crate) fn first_to(&self, environment: &str) -> String {
        self.folders_to(environment).remove(0)
    }

    /// The folder of the newest promotion to an environment, and its id.
    pub(crate) fn newest_to(&self, environment: &str) -> (String, String) {
        let folder = self.folders_to(environment).pop().unwrap();
        let id = folder.rsplit('/').next().unwrap().to_owned();
        (folder, id)
    }

    fn folders_to(&self, environment: &str) -> Vec<String> {
        let to = |path: &String| {
            let entry: serde_json::Value = serde_json::from_str(&self.text(path)).unwrap();
            entry["event"]["request"]["to"] == environment
        };
        let requests = self.entries("requested").into_iter().filter(to);
        requests.map(|path| path.rsplit_once('/').unwrap().0.to_owned()).collect()
    }

    /// The files below a folder.
    pub(crate) fn below(&self, folder: &str) -> Vec<String> {
        self.files().into_keys().filter(|path| path.starts_with(&format!("{folder}/"))).collect()
    }

    /// Puts a file; in a branch with a commit of its own.
    pub(crate) fn put(&self, path: &str, text: &str) {
        match self {
            Self::Directory(root) => {
                let file = root.join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            Self::Branch(bare) => drop(bare.commit(BRANCH, &[(path, text.as_bytes())], "Improve the record")),
        }
    }

    /// Removes files; in a branch with a commit of its own.
    pub(crate) fn remove(&self, paths: &[&str]) {
        match self {
            Self::Directory(root) => paths.iter().for_each(|path| fs::remove_file(root.join(path)).unwrap()),
            Self::Branch(bare) => {
                let tip = bare.tip(BRANCH).unwrap();
                let at = |name: &str| bare.root().join(name).display().to_string();
                let index = [("GIT_INDEX_FILE", at("forged")), ("GIT_WORK_TREE", at("gitops.git"))];
                bare.git(&["read-tree", &tip], &index);
                bare.git(&[&["update-index", "--force-remove", "--"], paths].concat(), &index);
                let tree = bare.git(&["write-tree"], &index);
                let commit = bare.git(&["commit-tree", &tree, "-p", &tip, "-m", "Tidy up"], &[]);
                bare.git(&["update-ref", &format!("refs/heads/{BRANCH}"), &commit], &[]);
            }
        }
    }

    /// Writes the branch anew from the files that each of its commits added, after they were forged.
    pub(crate) fn rewrite(&self, forge: impl FnOnce(&mut Vec<Step>)) {
        let Self::Branch(bare) = self else { panic!("only a branch is rewritten") };
        let commits = bare.git(&["rev-list", "--reverse", BRANCH], &[]);
        let step = |commit: &str| -> Step {
            let names = bare.git(&["diff-tree", "-r", "--root", "--name-only", "--no-commit-id", commit], &[]);
            let text = |path: &str| bare.git(&["cat-file", "blob", &format!("{commit}:{path}")], &[]) + "\n";
            names.lines().map(|path| (path.to_owned(), text(path))).collect()
        };
        let mut steps: Vec<Step> = commits.lines().map(step).collect();
        forge(&mut steps);
        bare.git(&["update-ref", "-d", &format!("refs/heads/{BRANCH}")], &[]);
        for step in steps {
            let files: Vec<(&str, &[u8])> = step.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
            bare.commit(BRANCH, &files, "promote: again");
        }
    }
}
