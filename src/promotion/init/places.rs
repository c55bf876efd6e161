//! Which directories are environments of one service: those whose paths differ in an environment's usual name alone.

use std::collections::BTreeMap;

use crate::promotion::facts::Snapshot;
use crate::promotion::init::names::{in_values_file, is_plain_path, rank};
use crate::promotion::init::{Application, Applications, Environment, Pinned, Place, Seen, TooLittle, values};
use crate::promotion::pins::select;
use crate::promotion::rules::resolve::names::is_name;
use crate::promotion::yaml::{Node, parse};

/// What Kustomize looks for.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Directories that are rarely the real thing.
const SAMPLES: [&str; 9] =
    ["fixtures", "testdata", "examples", "example", "samples", "vendor", "third_party", "docs", "tests"];

/// Environments of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// What their paths have in common: `k8s/overlays/*`.
    pub pattern: String,
    /// Name, rank and place of each.
    members: Vec<(String, u8, Place)>,
}

/// The family that most speaks for, and the patterns of the others. `TooLittle` where no directory has a brother.
pub fn families(seen: &Seen) -> Result<(Family, Vec<String>), TooLittle> {
    let mut found: BTreeMap<String, Vec<(String, u8, Place)>> = BTreeMap::new();
    for (directory, files) in &seen.directories {
        if !directory.is_empty() && !is_plain_path(directory) {
            continue;
        }
        for (pattern, name, place) in of_directory(directory, files) {
            let lower = name.to_ascii_lowercase();
            let Some(rank) = rank(&lower) else { continue };
            let members = found.entry(pattern).or_default();
            if members.iter().all(|(other, ..)| *other != lower) {
                members.push((lower, rank, place));
            }
        }
    }
    let mut families: Vec<Family> = Vec::new();
    let mut lonely = Vec::new();
    for (pattern, mut members) in found {
        members.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        let steps = members.windows(2).any(|pair| pair[0].1 < pair[1].1);
        if steps {
            families.push(Family { pattern, members });
        } else {
            lonely.extend(members.into_iter().map(|(.., place)| place.path));
        }
    }
    let name = seen.name.as_deref().unwrap_or_default().to_ascii_lowercase();
    families.sort_by_key(|family| std::cmp::Reverse(family.weight(&name)));
    let mut families = families.into_iter();
    match families.next() {
        Some(first) => Ok((first, families.filter(|other| !other.is_sample()).map(|other| other.pattern).collect())),
        None => Err(TooLittle { environments: lonely }),
    }
}

/// The environments that a directory may be, each with its family's pattern.
fn of_directory(directory: &str, files: &BTreeMap<String, String>) -> Vec<(String, String, Place)> {
    let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut found = Vec::new();
    let parts: Vec<&str> = directory.split('/').collect();
    let at = parts.iter().rposition(|part| rank(part).is_some());
    if let Some(at) = at {
        let pattern: Vec<&str> = parts.iter().enumerate().map(|(n, part)| if n == at { "*" } else { part }).collect();
        if let Some(place) = place(directory, files) {
            found.push((pattern.join("/"), parts[at].to_owned(), place));
        }
    }
    for (path, text) in files {
        let file = file_name(path);
        let Some(name) = in_values_file(&file).filter(|_| is_plain_path(&file)) else { continue };
        let joined = if directory.is_empty() { file.clone() } else { format!("{directory}/{file}") };
        let place = Place { path: directory.to_owned(), images: by_values(&file, text), file: Some(file.clone()) };
        // A values file in the directory of another environment is that one's.
        if !place.images.is_empty() && at.is_none() {
            found.push((joined.replacen(name, "*", 1), name.to_owned(), place));
        }
    }
    found
}

fn place(directory: &str, files: &BTreeMap<String, String>) -> Option<Place> {
    let of_name =
        |wanted: &[&str]| files.iter().find(|(path, _)| wanted.contains(&path.rsplit('/').next().unwrap_or(path)));
    let snapshot = Snapshot {
        repository: String::new(),
        branch: String::new(),
        commit: String::new(),
        path: directory.to_owned(),
        files: files.clone(),
        trees: BTreeMap::new(),
        releases: None,
    };
    let names = match select::read(&snapshot, "", &[]) {
        Ok(pins) => pins.into_iter().map(|pin| pin.image.name).collect(),
        Err(fault) => fault.candidates,
    };
    let images: Vec<Pinned> =
        names.into_iter().filter(|name| is_image(name)).map(|name| Pinned { name: Some(name), rule: None }).collect();
    if !images.is_empty() || of_name(&KUSTOMIZATIONS).is_some() {
        return Some(Place { path: directory.to_owned(), file: None, images });
    }
    let (path, text) = of_name(&["values.yaml", "values.yml"])?;
    let file = path.rsplit('/').next().unwrap_or(path);
    let images = by_values(file, text);
    (!images.is_empty()).then(|| Place { path: directory.to_owned(), file: Some(file.to_owned()), images })
}

fn by_values(file: &str, text: &str) -> Vec<Pinned> {
    values::images(file, text).into_iter().map(|(name, rule)| Pinned { name, rule: Some(rule) }).collect()
}

/// Whether an image's name may be written into a file as it is.
fn is_image(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c))
}

impl Family {
    /// What speaks for it, the most telling first.
    fn weight(&self, name: &str) -> (bool, bool, usize, bool, std::cmp::Reverse<usize>, std::cmp::Reverse<String>) {
        let pinned = self.members.iter().filter(|(.., place)| !place.images.is_empty()).count();
        let named = !name.is_empty() && self.pattern.split('/').any(|part| part.eq_ignore_ascii_case(name));
        let depth = std::cmp::Reverse(self.pattern.split('/').count());
        let pattern = std::cmp::Reverse(self.pattern.clone());
        (!self.is_sample(), pinned >= 2, self.members.len(), named, depth, pattern)
    }

    fn is_sample(&self) -> bool {
        self.pattern.split('/').any(|part| SAMPLES.contains(&part))
    }

    /// The images that every environment pins by the same name.
    pub fn common_images(&self) -> Vec<String> {
        let names = |place: &Place| place.images.iter().filter_map(|image| image.name.clone()).collect::<Vec<_>>();
        let bare = |(.., place): &&(String, u8, Place)| place.images.iter().all(|image| image.rule.is_none());
        let mut members = self.members.iter().filter(bare).filter(|(.., place)| !place.images.is_empty());
        let Some((.., first)) = members.next() else { return Vec::new() };
        let mut common = names(first);
        for (.., place) in members {
            let here = names(place);
            common.retain(|name| here.contains(name));
        }
        common
    }

    /// The environments, with the applications that deploy each.
    pub fn environments(&self, apps: &Applications) -> Vec<Environment> {
        let deploys = |app: &&Application, place: &Place| {
            app.sources.iter().any(|(path, files)| {
                let named = |file: &String| files.iter().any(|other| other.rsplit('/').next() == Some(file.as_str()));
                *path == place.path && place.file.as_ref().is_none_or(|file| files.is_empty() || named(file))
            })
        };
        let environment = |(name, rank, place): &(String, u8, Place)| Environment {
            name: name.clone(),
            rank: *rank,
            apps: apps.all.iter().filter(|app| deploys(app, place)).cloned().collect(),
            place: place.clone(),
        };
        self.members.iter().map(environment).collect()
    }
}

/// Every application and ApplicationSet among the files.
pub fn applications(seen: &Seen) -> Applications {
    let mut found = Applications::default();
    for (path, text) in seen.directories.values().flatten() {
        if !text.contains("argoproj.io") || !is_plain_path(path) {
            continue;
        }
        for document in parse(text).unwrap_or_default() {
            match document.root.get("kind").and_then(Node::as_str) {
                Some("Application") => found.all.extend(application(path, &document.root)),
                Some("ApplicationSet") => found.sets.push(path.clone()),
                _ => {}
            }
        }
    }
    found
}

fn application(file: &str, root: &Node) -> Option<Application> {
    let named = |node: Option<&Node>, key: &str| {
        node.and_then(|node| node.get(key)).and_then(Node::as_str).filter(|name| is_name(name)).map(str::to_owned)
    };
    let spec = root.get("spec")?;
    let several = spec.get("sources").map_or(&[][..], Node::items);
    let source = |source: &Node| {
        let path = source.get("path").and_then(Node::as_str)?;
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let files = source.get("helm").and_then(|helm| helm.get("valueFiles")).map_or(&[][..], Node::items);
        Some((parts.join("/"), files.iter().filter_map(Node::as_str).map(str::to_owned).collect()))
    };
    Some(Application {
        name: named(root.get("metadata"), "name")?,
        project: named(Some(spec), "project").filter(|project| project != "default"),
        namespace: named(root.get("metadata"), "namespace").filter(|namespace| namespace != "argocd"),
        file: file.to_owned(),
        sources: spec.get("source").into_iter().chain(several).filter_map(source).collect(),
    })
}
