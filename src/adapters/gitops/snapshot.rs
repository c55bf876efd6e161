//! What a directory of a commit holds: its YAML files, and the tree ids that show whether it or its bases have changed.

use std::collections::BTreeMap;

use git2::{ObjectType, Repository, Tree};

use crate::adapters::git::branch::Tip;
use crate::adapters::git::{fault, objects};
use crate::ports::{Fault, FaultKind};
use crate::promotion::facts::Snapshot;
use crate::promotion::pins::kustomize::local_bases;

/// What kustomize takes for its file.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// How many directories one target may build on.
const TREES_MAX: usize = 200;
/// How many bytes of YAML are read from one directory.
const FILES_MAX: usize = 32 << 20;

/// A path from the repository's root in its one form: no `./`, no `/` at the end, empty for the root itself.
pub(crate) fn normal(path: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if path.starts_with('/') || parts.contains(&"..") || path.chars().any(char::is_control) {
        return Err(Fault::new(
            FaultKind::Settings,
            format!("read the directory {path:?}"),
            "it leads out of the repository",
        )
        .hint("write the path from the repository's root: k8s/overlays/staging"));
    }
    Ok(parts.join("/"))
}

/// Reads a directory at a branch's tip.
///
/// Every YAML file directly in it is read, and one that is no UTF-8 text is a fault: the pinned version may stand in it,
/// and what cannot be read is not absent. Symbolic links are not followed.
pub(crate) fn take(repository: &Repository, shown: &str, tip: &Tip, path: &str) -> Result<Snapshot, Fault> {
    let doing = format!("read {} at {} of {shown}", if path.is_empty() { "the root" } else { path }, tip.branch);
    let fail = |error: git2::Error| fault::of(&doing, &error);
    let root = repository.find_commit(tip.commit).and_then(|commit| commit.tree()).map_err(fail)?;
    let files = match objects::directory(repository, &root, path) {
        Some(tree) => texts(repository, &tree, path, &doing)?,
        None => BTreeMap::new(),
    };
    let trees = trees(repository, &root, path, &doing)?;
    Ok(Snapshot {
        repository: shown.to_owned(),
        branch: tip.branch.clone(),
        commit: tip.commit.to_string(),
        path: path.to_owned(),
        files,
        trees,
        releases: None,
    })
}

fn texts(repository: &Repository, tree: &Tree<'_>, path: &str, doing: &str) -> Result<BTreeMap<String, String>, Fault> {
    let mut files = BTreeMap::new();
    let mut bytes = 0;
    for entry in tree {
        let link = entry.filemode_raw() == 0o120_000;
        let Some(name) = entry.name().ok().filter(|name| is_yaml(name)) else { continue };
        if link || entry.kind() != Some(ObjectType::Blob) {
            continue;
        }
        let text = objects::text(repository, tree, name, doing)?.unwrap_or_default();
        bytes += text.len();
        if bytes > FILES_MAX {
            let why = format!("its YAML files have more than {} MiB together", FILES_MAX >> 20);
            return Err(Fault::new(FaultKind::Broken, doing, why).hint("name the directory of one environment"));
        }
        files.insert(joined(path, name), text);
    }
    Ok(files)
}

/// The tree ids of a directory and of the local bases that its kustomization builds on, and theirs. A base that is not
/// there has none; the plan is bound to that too.
fn trees(repository: &Repository, root: &Tree<'_>, path: &str, doing: &str) -> Result<BTreeMap<String, String>, Fault> {
    let mut trees = BTreeMap::new();
    let mut next = vec![path.to_owned()];
    while let Some(path) = next.pop() {
        let Some(tree) = objects::directory(repository, root, &path) else { continue };
        if trees.insert(path.clone(), tree.id().to_string()).is_some() {
            continue;
        }
        if trees.len() > TREES_MAX {
            let why = format!("it builds on more than {TREES_MAX} directories");
            return Err(Fault::new(FaultKind::Broken, doing, why));
        }
        for name in KUSTOMIZATIONS {
            let text = objects::text(repository, &tree, name, doing)?;
            next.extend(text.map(|text| local_bases(&path, &text)).unwrap_or_default());
        }
    }
    Ok(trees)
}

fn is_yaml(name: &str) -> bool {
    KUSTOMIZATIONS.contains(&name) || name.ends_with(".yaml") || name.ends_with(".yml")
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_form_and_stays_inside() {
        for (path, wanted) in [("./k8s//a/", "k8s/a"), (".", ""), ("", ""), ("k8s", "k8s"), ("a/./b", "a/b")] {
            assert_eq!(normal(path).unwrap(), wanted, "{path}");
        }
        for path in ["/k8s", "../x", "a/../b", "a\nb"] {
            assert_eq!(normal(path).unwrap_err().kind, FaultKind::Settings, "{path}");
        }
    }
}
