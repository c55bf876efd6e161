//! Environments: where each is written down and what runs it.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::File;
use crate::promotion::rules::file::places::{App as WrittenApp, Environment as Written, Image, Sync};
use crate::promotion::rules::file::shape::{Entries, OneOrMany, Placed};
use crate::promotion::rules::resolve::names::{bound, defined, relative};
use crate::promotion::rules::{App, Environment, ImageRule, NotBuilt, SyncTo, Target};

/// The name of the server, repository or target that need not be named.
const DEFAULT: &str = "default";

/// The environments of a file.
pub struct Places {
    /// In the order of the file.
    pub environments: Vec<Environment>,
    /// By environment, what it uses that is not built.
    pub not_built: BTreeMap<String, Vec<NotBuilt>>,
    /// Whether the file's environments could be read, so that a name that is not among them is unknown.
    pub readable: bool,
}

impl Places {
    /// The names of the environments.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.environments.iter().map(|environment| environment.name.as_str())
    }
}

/// Resolves every environment.
pub fn places(file: &File, faults: &mut Vec<Wrong>) -> Places {
    let servers = remotes("servers", "ARGOCD_SERVER", file.servers.as_ref(), faults, |server| {
        [&server.server, &server.auth_token, &server.username, &server.password, &server.opts]
    });
    let repos = remotes("repos", "GITOPS_REPO", file.repos.as_ref(), faults, |repo| {
        [&repo.repo, &repo.token, &repo.branch, &None, &None]
    });
    let service_images = images(file.images.as_deref(), faults);
    let readable = !(file.environments.faulty && file.environments.0.is_empty());
    let mut places = Places { environments: Vec::new(), not_built: BTreeMap::new(), readable };
    for (name, written) in &file.environments.0 {
        let id = defined("an environment", name, faults);
        if places.names().any(|other| other == id) {
            // The two differ by case only, and one of them was reported for it.
            continue;
        }
        let mut reader = Reader { id: &id, servers: &servers, repos: &repos, not_built: Vec::new(), faults };
        let targets = reader.targets(name, written);
        let not_built = reader.not_built;
        let images = match &written.images {
            Some(own) => images(Some(own), faults),
            None => service_images.clone(),
        };
        places.not_built.insert(id.clone(), not_built);
        places.environments.push(Environment { name: id, targets, images });
    }
    places
}

/// The names under `servers:` or `repos:`, each value checked to be the name of an environment variable.
fn remotes<T>(
    key: &str,
    variable: &str,
    entries: Option<&Placed<Entries<T>>>,
    faults: &mut Vec<Wrong>,
    values: impl Fn(&T) -> [&Option<Placed<String>>; 5],
) -> BTreeSet<String> {
    let mut names = BTreeSet::from([DEFAULT.to_owned()]);
    for (name, entry) in entries.into_iter().flat_map(|entries| &entries.0) {
        if !names.insert(defined(&format!("an entry of `{key}`"), name, faults)) {
            let message = format!("`{}` is already a name under `{key}`", name.value);
            faults.push(Wrong::of(name, message).help(format!("`default` is the one that `{variable}` names")));
        }
        for value in values(entry).into_iter().flatten() {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let is_variable = !value.starts_with(|c: char| c.is_ascii_digit()) && value.chars().all(fits);
            if !value.faulty && (value.is_empty() || !is_variable) {
                let wrong = Wrong::of(value, "this is not the name of an environment variable").hidden();
                faults.push(wrong.help("name the variable that holds the value; the value itself never stands here"));
            }
        }
    }
    names
}

struct Reader<'a> {
    id: &'a str,
    servers: &'a BTreeSet<String>,
    repos: &'a BTreeSet<String>,
    not_built: Vec<NotBuilt>,
    faults: &'a mut Vec<Wrong>,
}

impl Reader<'_> {
    fn targets(&mut self, name: &Placed<String>, written: &Placed<Written>) -> Vec<Target> {
        let Some(targets) = &written.targets else {
            let path = match &written.path {
                Some(path) => relative(path, self.faults),
                None if written.faulty => String::new(),
                None => {
                    let wrong = Wrong::of(name, format!("the environment `{}` has no path", self.id));
                    self.faults.push(wrong.help("add `path:`, its directory in the GitOps repository"));
                    String::new()
                }
            };
            let repo = self.repo(written.repo.as_ref());
            let branch = branch(written.branch.as_ref(), self.faults);
            let apps = self.apps(written.argocd.as_ref());
            return vec![Target { id: DEFAULT.to_owned(), repo, branch, path, apps }];
        };
        let beside = [&written.path, &written.repo, &written.branch];
        let argocd = written.argocd.as_ref().map(|apps| (apps.at, apps.width));
        for (at, width) in beside.into_iter().flatten().map(|value| (value.at, value.width)).chain(argocd) {
            let wrong = Wrong::new(at, width, "this stands beside `targets`");
            self.faults.push(wrong.help("write it in each target (`apps` there, not `argocd`)"));
        }
        if targets.is_empty() && !targets.faulty {
            self.faults.push(Wrong::of(targets, "`targets` is empty").help("add one, or write `path:` instead"));
        }
        if targets.len() > 1 {
            self.refuse(format!("environments.{}.targets", self.id), targets.at);
        }
        let mut resolved: Vec<Target> = Vec::new();
        for target in &targets.value {
            let id = defined("a target", &target.id, self.faults);
            if resolved.iter().any(|other| other.id == id) && !target.id.faulty {
                self.faults.push(Wrong::of(&target.id, format!("the target `{id}` stands here twice")));
            }
            let repo = self.repo(target.repo.as_ref());
            let branch = branch(target.branch.as_ref(), self.faults);
            let path = relative(&target.path, self.faults);
            let apps = self.apps(target.apps.as_ref());
            resolved.push(Target { id, repo, branch, path, apps });
        }
        resolved
    }

    fn repo(&mut self, repo: Option<&Placed<String>>) -> String {
        let Some(repo) = repo else { return DEFAULT.to_owned() };
        let name = bound("repository", repo, self.repos.iter().map(String::as_str), self.faults);
        if let Some(name) = name.as_ref().filter(|name| *name != DEFAULT) {
            self.refuse(format!("repos.{name}"), repo.at);
        }
        name.unwrap_or_default()
    }

    fn apps(&mut self, apps: Option<&Placed<OneOrMany<WrittenApp>>>) -> Vec<App> {
        let Some(apps) = apps else { return Vec::new() };
        if apps.0.is_empty() && !apps.faulty {
            let wrong = Wrong::of(apps, "no application is named here");
            self.faults.push(wrong.help("name one, or remove the key: then delivery ends at the pushed commit"));
        }
        let mut resolved: Vec<App> = Vec::new();
        for app in &apps.0 {
            let resolved_app = self.app(app);
            if resolved.contains(&resolved_app) {
                self.faults.push(Wrong::of(app, format!("the application `{}` stands here twice", resolved_app.name)));
            }
            resolved.push(resolved_app);
        }
        resolved
    }

    fn app(&mut self, app: &WrittenApp) -> App {
        let texts = [Some(&app.name), app.project.as_ref(), app.namespace.as_ref()];
        for text in texts.into_iter().flatten().filter(|text| !text.faulty) {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if text.is_empty() || !text.chars().all(fits) {
                let wrong = Wrong::of(text, format!("`{}` is not a name in Kubernetes", text.value));
                self.faults.push(wrong.help("such a name has letters, digits, `.`, `-`, `_`"));
            }
        }
        let server = match &app.server {
            None => DEFAULT.to_owned(),
            Some(server) => {
                let name = bound("server", server, self.servers.iter().map(String::as_str), self.faults);
                if let Some(name) = name.as_ref().filter(|name| *name != DEFAULT) {
                    self.refuse(format!("servers.{name}"), server.at);
                }
                name.unwrap_or_default()
            }
        };
        let text = |value: &Option<Placed<String>>| value.as_ref().map(|value| value.value.clone());
        let sync = match app.sync {
            Some(Sync::Commit) => SyncTo::Commit,
            Some(Sync::Branch) | None => SyncTo::Branch,
        };
        App { server, name: app.name.value.clone(), project: text(&app.project), namespace: text(&app.namespace), sync }
    }

    fn refuse(&mut self, part: String, at: crate::promotion::rules::At) {
        self.not_built.push(NotBuilt { part, at });
    }
}

fn branch(branch: Option<&Placed<String>>, faults: &mut Vec<Wrong>) -> Option<String> {
    let branch = branch?;
    let name = branch.value.strip_prefix("refs/heads/").unwrap_or(&branch.value);
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    if !branch.faulty && (name.is_empty() || name.contains(odd) || name.contains("..") || name.starts_with('-')) {
        faults.push(
            Wrong::of(branch, format!("`{}` is not a branch", branch.value)).help("write its name, such as main"),
        );
    }
    Some(name.to_owned())
}

/// The images that are promoted.
fn images(images: Option<&[Placed<Image>]>, faults: &mut Vec<Wrong>) -> Vec<ImageRule> {
    let mut rules: Vec<ImageRule> = Vec::new();
    for image in images.unwrap_or_default() {
        if rules.iter().any(|other| other.name == image.name.value) && !image.name.faulty {
            faults.push(Wrong::of(&image.name, format!("the image `{}` stands here twice", image.name.value)));
        }
        let paths = [&image.tag, &image.digest, &image.repository];
        let first = paths.into_iter().flatten().next();
        match (&image.file, first) {
            (None, Some(path)) => {
                faults
                    .push(Wrong::of(path, "this is a path in a values file, and no file is named").help("add `file:`"));
            }
            (Some(file), None) if !image.faulty => {
                faults.push(Wrong::of(file, "nothing in this file is named").help("add `tag:`, `digest:` or both"));
            }
            _ => {}
        }
        let text = |value: &Option<Placed<String>>| value.as_ref().map(|value| value.value.clone());
        rules.push(ImageRule {
            name: image.name.value.clone(),
            file: image.file.as_ref().map(|file| relative(file, faults)),
            tag: text(&image.tag),
            digest: text(&image.digest),
            repository: text(&image.repository),
        });
    }
    rules
}
