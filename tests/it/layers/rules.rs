//! The rules of the house, over paths and texts.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{code, paths, without_tests, words};

/// How many lines a file may have.
const LINES: usize = 400;
/// What adapters share; other siblings do not import each other.
const SHARED: [&str; 4] = ["http", "git", "secret", "clock"];
/// The one file of `app/` that may show a secret: it tells GitHub what to mask.
const MASK_WRITER: &str = "src/app/mask.rs";

/// Which of our parts a part may import.
fn allowed(layer: &str) -> &'static [&'static str] {
    match layer {
        "main" => &["app"],
        "app" => &["app", "pipeline", "adapters", "render", "ports", "promotion"],
        "pipeline" => &["pipeline", "ports", "promotion"],
        "adapters" => &["adapters", "ports", "promotion"],
        "render" => &["render", "promotion"],
        "ports" | "promotion" => &["promotion"],
        _ => &[],
    }
}

/// A file of the house: its module, and its code without comments, strings and tests.
struct File {
    path: String,
    module: Vec<String>,
    code: String,
    children: Vec<String>,
}

impl File {
    fn layer(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    fn is_in(&self, prefix: &[&str]) -> bool {
        self.module.len() >= prefix.len() && self.module.iter().zip(prefix).all(|(a, b)| a == b)
    }

    fn fault(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Every fault of a house, one a line.
pub(crate) fn check(files: &[(String, String)]) -> Vec<String> {
    let mut faults = size(files);
    let mut house = Vec::new();
    for (path, text) in files {
        let bare = code(text);
        faults.extend(manners(path, text, &bare));
        if is_test(path) {
            continue;
        }
        let code = without_tests(&bare);
        house.push(File { path: path.clone(), module: module(path), children: children(&code), code });
    }
    for file in &house {
        faults.extend(touches(file));
    }
    faults.extend(imports(&house));
    faults
}

/// A file of tests beside the code: it may use what the code may not.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`, `src/lib.rs` is the root.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The modules that a file declares: their names can begin a path.
fn children(code: &str) -> Vec<String> {
    let declared = |line: &str| {
        let name = line.trim().strip_suffix(';')?;
        let (before, name) = name.rsplit_once("mod ")?;
        (before.is_empty() || before.starts_with("pub")).then(|| name.to_owned())
    };
    code.lines().filter_map(declared).collect()
}

/// No file is longer than it may be.
pub(crate) fn size(files: &[(String, String)]) -> Vec<String> {
    let long = files.iter().map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > LINES);
    long.map(|(path, lines)| format!("{path}: {lines} lines, at most {LINES} are allowed")).collect()
}

/// Every file of the one integration binary is listed: a forgotten one would never run.
pub(crate) fn unlisted(tests: &[(String, String)]) -> Vec<String> {
    let main = tests.iter().find(|(path, _)| path == "tests/it/main.rs").map_or("", |(_, text)| text);
    let listed = children(&code(main));
    let name = |path: &str| Some(path.strip_prefix("tests/it/")?.trim_end_matches(".rs").split('/').next()?.to_owned());
    let names: BTreeSet<String> = tests.iter().filter_map(|(path, _)| name(path)).collect();
    let forgotten = names.into_iter().filter(|name| name != "main" && !listed.contains(name));
    forgotten.map(|name| format!("tests/it/main.rs: `mod {name};` is missing")).collect()
}

/// What holds for every file, tests included.
fn manners(path: &str, text: &str, bare: &str) -> Vec<String> {
    let mut faults = Vec::new();
    // What a file of tests is for, the file that it tests says.
    if !text.starts_with("//!") && !is_test(path) {
        faults.push(format!("{path}:1: the file begins without `//!`, which says what it is for"));
    }
    let name = module(path).last().cloned().unwrap_or_default();
    // Alertmanager is called so by its makers.
    let name = name.replace("alertmanager", "alerts");
    if ["manager", "helper", "util", "context", "misc", "common"].iter().any(|word| name.contains(word)) {
        faults.push(format!("{path}:1: `{name}` says nothing: name the file after the thing in it"));
    }
    let mut forbid = |what: &str, why: &str| {
        faults.extend(words(bare, what).into_iter().map(|line| format!("{path}:{line}: `{what}`: {why}")));
    };
    forbid("super::super", "name the module from the crate's root");
    forbid("#[path", "a file stands where its module says");
    forbid("pub use", "import from the module that defines it");
    forbid("pub(crate) use", "import from the module that defines it");
    forbid("pub(super) use", "import from the module that defines it");
    faults
}

/// What a part may touch of the world.
fn touches(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let roots = ["std", "tokio", "tracing", "git2", "reqwest", "octocrab"].map(str::to_owned);
    for (line, path) in paths(&file.code, &roots) {
        if let Some(why) = forbidden(file, &path.join("::")) {
            faults.push(file.fault(line, &format!("`{}`: {why}", path.join("::"))));
        }
    }
    let mut forbid = |applies: bool, what: &str, why: &str| {
        let lines = if applies { words(&file.code, what) } else { Vec::new() };
        faults.extend(lines.into_iter().map(|line| file.fault(line, &format!("`{what}`: {why}"))));
    };
    let pure = file.is_in(&["promotion"]) || file.is_in(&["render"]);
    forbid(pure, "async", "the middle and the words are not async");
    forbid(pure, ".await", "the middle and the words are not async");
    let wire = file.is_in(&["adapters", "http"]) || file.is_in(&["adapters", "git"]);
    forbid(!wire, "Instant", "only http and git time their requests; everything else asks the Clock port");
    let clock = file.is_in(&["adapters", "clock"]);
    forbid(!clock, "SystemTime", "wall time is read in adapters/clock.rs");
    let reads = words(&file.code, "::now");
    let timer = |line: &usize| file.code.lines().nth(line - 1).is_some_and(|text| text.contains("Instant::now"));
    let reads = reads.into_iter().filter(|line| !(clock || wire && timer(line)));
    let reads: Vec<String> =
        reads.map(|line| file.fault(line, "`::now`: wall time is read in adapters/clock.rs")).collect();
    let app = file.is_in(&["app"]) || file.is_in(&["main"]);
    let shows = file.is_in(&["adapters"]) || file.path == MASK_WRITER;
    forbid(!shows, ".expose(", "secrets are shown in adapters and in the mask writer only");
    forbid(!app, "dry_run", "a dry run is printing the plan; nothing below app/ knows of it");
    faults.extend(reads);
    faults
}

/// Why a file may not use a path of another crate, if it may not.
fn forbidden(file: &File, path: &str) -> Option<&'static str> {
    let of = |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("::"));
    let any = |prefixes: &[&str]| prefixes.iter().any(|prefix| of(prefix));
    let clock = file.is_in(&["adapters", "clock"]);
    let wire = file.is_in(&["adapters", "http"]) || file.is_in(&["adapters", "git"]);
    if of("std::env") && !file.is_in(&["app"]) && !file.is_in(&["main"]) {
        return Some("app/ is the only reader of the process environment");
    }
    if of("tokio::time") && !clock && !wire {
        return Some("only http and git have timeouts; everything else asks the Clock port");
    }
    if any(&["std::thread::sleep", "std::thread::park_timeout"]) && !clock && !wire {
        return Some("only http and git have timeouts; everything that waits asks the Clock port");
    }
    let world =
        ["std::fs", "std::net", "std::process", "std::thread", "tokio", "tracing", "git2", "reqwest", "octocrab"];
    if file.is_in(&["promotion"]) && (any(&world) || of("std::io")) {
        return Some("the middle is pure");
    }
    (file.is_in(&["render"]) && any(&world)).then_some("the words are pure")
}

/// Arrows point down, siblings of the world stay apart, and nothing goes in a circle.
fn imports(house: &[File]) -> Vec<String> {
    let known: BTreeMap<&[String], usize> = house.iter().enumerate().map(|(n, file)| (&file.module[..], n)).collect();
    let mut faults = Vec::new();
    let mut arrows = vec![BTreeSet::new(); house.len()];
    for (n, file) in house.iter().enumerate() {
        let mut roots = vec!["crate".to_owned(), "super".to_owned(), "self".to_owned()];
        if file.is_in(&["main"]) {
            roots.push("promote".to_owned());
        }
        roots.extend(file.children.clone());
        for (line, path) in paths(&file.code, &roots) {
            let full = absolute(file, &path);
            let owner = (0..=full.len()).rev().find_map(|length| known.get(&full[..length]));
            let Some(&to) = owner else { continue };
            if to == n {
                continue;
            }
            arrows[n].insert(to);
            if let Some(why) = wrong(file, &house[to]) {
                faults.push(file.fault(line, &format!("`{}`: {why}", path.join("::"))));
            }
        }
    }
    faults.extend(circle(&arrows).map(|circle| {
        let names: Vec<&str> = circle.into_iter().map(|n| house[n].path.as_str()).collect();
        format!("{}: imports in a circle: {}", names[0], names.join(" → "))
    }));
    faults
}

/// A path from the crate's root.
fn absolute(file: &File, path: &[String]) -> Vec<String> {
    let above = &file.module[..file.module.len().saturating_sub(1)];
    match path[0].as_str() {
        "crate" | "promote" => path[1..].to_vec(),
        "super" => [above, &path[1..]].concat(),
        "self" => [&file.module[..], &path[1..]].concat(),
        _ => [&file.module[..], path].concat(),
    }
}

/// Why one file may not import another, if it may not.
fn wrong(from: &File, to: &File) -> Option<String> {
    let (above, below) = (from.layer(), to.layer());
    if !allowed(above).contains(&below) {
        return Some(format!("{above} does not import {below}"));
    }
    if above != "adapters" || below != "adapters" {
        return None;
    }
    let sibling = |file: &File| file.module.get(1).cloned().unwrap_or_default();
    let (from, to) = (sibling(from), sibling(to));
    let stays = from == to || SHARED.contains(&to.as_str());
    (!stays).then(|| format!("adapters do not import each other: {from} and {to} are siblings"))
}

/// One circle among the arrows, its first place repeated at the end.
fn circle(arrows: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    fn walk(
        at: usize,
        arrows: &[BTreeSet<usize>],
        road: &mut Vec<usize>,
        done: &mut BTreeSet<usize>,
    ) -> Option<Vec<usize>> {
        if let Some(start) = road.iter().position(|place| *place == at) {
            return Some([&road[start..], &[at]].concat());
        }
        if done.contains(&at) {
            return None;
        }
        road.push(at);
        let found = arrows[at].iter().find_map(|next| walk(*next, arrows, road, done));
        road.pop();
        done.insert(at);
        found
    }
    let mut done = BTreeSet::new();
    (0..arrows.len()).find_map(|start| walk(start, arrows, &mut Vec::new(), &mut done))
}
