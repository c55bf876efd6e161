//! Lists of promotions: from heads, behind them, and around what is damaged.

use std::cell::Cell;
use std::path::PathBuf;

use promote::adapters::ledger::Records;
use promote::pipeline::list::{Asked, list};
use promote::ports::{Claimed, Fault, Heads, Ledger};
use promote::promotion::heads::HeadFile;
use promote::promotion::holder::{Asking, Holder};
use promote::promotion::id;
use promote::promotion::image::ImageRef;
use promote::promotion::listing::{LISTED, Listing};
use promote::promotion::order::Order;
use promote::promotion::outcome::Outcome;
use promote::promotion::record::{Bypass, Cancelled, Entry, Milestone, Requested, SCHEMA};
use promote::promotion::request::{Actor, ActorKnown, Request, RequestKind, Wanted};
use promote::promotion::time::{Millis, Time};

use crate::harness::Sandbox;

/// A ledger in a directory that counts the records which are read.
struct Shelf {
    dir: tempfile::TempDir,
    ledger: Records,
    read: Cell<usize>,
}

impl Ledger for Shelf {
    fn history(&self, show: &mut dyn FnMut(promote::promotion::history::pieces::Piece)) -> Result<(), Fault> {
        self.ledger.history(show)
    }

    fn claim(&self, asking: &Asking<'_>) -> Result<Claimed, Fault> {
        self.ledger.claim(asking)
    }

    fn unlock(&self, service: &str, environment: &str) -> Result<Option<Holder>, Fault> {
        self.ledger.unlock(service, environment)
    }

    fn write(&self, entries: &[Entry], orders: &[Order]) -> Result<(), Fault> {
        self.ledger.write(entries, orders)
    }

    fn tip(&self, id: &str) -> Result<Option<String>, Fault> {
        self.ledger.tip(id)
    }

    fn orders(&self, service: &str, environment: &str) -> Result<Vec<Order>, Fault> {
        self.ledger.orders(service, environment)
    }

    fn entries(&self, id: &str) -> Result<Vec<Entry>, Fault> {
        self.read.set(self.read.get() + 1);
        self.ledger.entries(id)
    }

    fn matching(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        self.ledger.matching(prefix)
    }

    fn recent(&self, service: &str, environment: &str) -> Result<HeadFile, Fault> {
        self.ledger.recent(service, environment)
    }

    fn heads(&self) -> Result<Heads, Fault> {
        self.ledger.heads()
    }

    fn place(&self) -> String {
        self.ledger.place()
    }
}

impl Shelf {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Records::directory(dir.path().to_owned());
        Self { dir, ledger, read: Cell::new(0) }
    }

    /// Writes promotions of a service to an environment, one after another, each ended but the last `open` ones; their ids.
    fn fill(&self, service: &str, to: &str, count: usize, open: bool, bypassed: &[usize]) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for n in 0..count {
            let bypassed = if bypassed.contains(&n) { vec![Bypass::Gates] } else { Vec::new() };
            let previous = ids.last().cloned().unwrap_or_default();
            let ends = !open || n + 1 < count;
            let entries = promotion(service, to, n, previous, bypassed, ends);
            ids.push(entries[0].id.clone());
            self.append(&entries).unwrap();
        }
        ids
    }

    fn folder(&self, id: &str) -> PathBuf {
        let found = walkdir::WalkDir::new(self.dir.path()).into_iter().map(Result::unwrap);
        found.into_iter().find(|entry| entry.file_name().to_str() == Some(id)).unwrap().into_path()
    }

    fn list(&self, asked: Asked<'_>) -> Listing {
        self.read.set(0);
        list(self, asked).unwrap()
    }
}

fn promotion(service: &str, to: &str, n: usize, previous: String, bypassed: Vec<Bypass>, ends: bool) -> Vec<Entry> {
    let image = |tag: usize| ImageRef::parse(&format!("registry.example.com/{service}:1.{tag}")).unwrap();
    let request = Request {
        service: service.to_owned(),
        kind: RequestKind::Promotion,
        from: "dev".to_owned(),
        to: to.to_owned(),
        images: vec![Wanted { old: image(n), new: image(n + 1) }],
        previous,
        reason: None,
    };
    let id = id::of(&request);
    let began: Time = "2026-01-01T00:00:00Z".parse().unwrap();
    let requested = Requested {
        request,
        rules_path: "rules.yaml".to_owned(),
        rules: String::new(),
        waivers: None,
        promote: "0.1.0".to_owned(),
        bypassed,
        hotfix: None,
        alone: false,
        source: None,
        target: None,
    };
    let end = Milestone::Cancelled(Cancelled { reason: None });
    let events = [Milestone::Requested(Box::new(requested)), end];
    let entry = |(seq, event): (usize, Milestone)| Entry {
        schema: SCHEMA,
        id: id.clone(),
        run: "run".to_owned(),
        seq: u32::try_from(seq).unwrap(),
        at: Millis::mins(i64::try_from(n).unwrap()).after(began),
        actor: Actor { name: "dana".to_owned(), known: ActorKnown::Claimed },
        ci_run: None,
        event,
    };
    events.into_iter().take(if ends { 2 } else { 1 }).enumerate().map(entry).collect()
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.rows.iter().map(|row| row.summary.promotion.as_str()).collect()
}

/// The newest of these, newest first.
fn newest(ids: &[String], count: usize) -> Vec<&str> {
    ids.iter().rev().take(count).map(String::as_str).collect()
}

const ALL: Asked<'_> = Asked { service: None, environment: None, bypassed: false };

#[test]
fn what_heads_name_is_listed_without_a_record_being_read() {
    let shelf = Shelf::new();
    for n in 0..5 {
        shelf.fill(&format!("service-{n}"), "staging", 15, false, &[]);
    }
    let listing = shelf.list(ALL);
    assert_eq!((listing.rows.len(), listing.known, shelf.read.get()), (LISTED, 75, 0));
    assert!(listing.rows.is_sorted_by_key(|row| std::cmp::Reverse(row.summary.created_at)));
    let one = shelf.list(Asked { service: Some("SERVICE-3"), environment: Some("Staging"), ..ALL });
    assert_eq!((one.rows.len(), one.known, shelf.read.get()), (15, 15, 0));
    assert_eq!(shelf.list(Asked { environment: Some("production"), ..ALL }), Listing::default());
}

#[test]
fn behind_a_head_only_what_is_listed_is_read() {
    let shelf = Shelf::new();
    let written = shelf.fill("app", "staging", 130, true, &[]);
    let listing = shelf.list(ALL);
    assert_eq!(ids(&listing), newest(&written, LISTED));
    assert_eq!((listing.open(), listing.known), (1, 130));
    assert!(shelf.read.get() <= LISTED, "{} records were read", shelf.read.get());
}

#[test]
fn an_open_one_is_listed_however_old_it_is() {
    let shelf = Shelf::new();
    let old = shelf.fill("old", "staging", 1, true, &[]);
    shelf.fill("app", "staging", 100, false, &[]);
    let listing = shelf.list(ALL);
    assert_eq!((listing.rows.len(), ids(&listing)[0]), (LISTED + 1, old[0].as_str()));
}

#[test]
fn the_bypassed_ones_are_found_wherever_they_are() {
    let shelf = Shelf::new();
    let written = shelf.fill("app", "staging", 90, false, &[2, 85]);
    let listing = shelf.list(Asked { bypassed: true, ..ALL });
    assert_eq!(ids(&listing), [written[85].as_str(), written[2].as_str()]);
    assert!(listing.rows.iter().all(|row| row.summary.bypassed == [Bypass::Gates]));
}

#[test]
fn a_damaged_record_or_head_hides_nothing_else() {
    let shelf = Shelf::new();
    let written = shelf.fill("app", "staging", 60, false, &[]);
    std::fs::write(shelf.folder(&written[30]).join("0000-requested.json"), "{").unwrap();
    let listing = shelf.list(ALL);
    let mut wanted = newest(&written, LISTED + 1);
    wanted.retain(|id| *id != written[30]);
    assert_eq!(ids(&listing), wanted);
    assert_eq!(listing.damaged.len(), 1, "{:?}", listing.damaged);
    assert_eq!(listing.damaged[0].what, written[30]);

    let other = shelf.fill("other", "staging", 3, false, &[]);
    std::fs::write(shelf.dir.path().join("heads/other/staging.json"), "[]").unwrap();
    let listing = shelf.list(Asked { service: Some("other"), ..ALL });
    assert_eq!(ids(&listing), newest(&other, 3));
    assert_eq!(listing.damaged[0].what, "head of other in staging");
    std::fs::remove_dir_all(shelf.folder(&written[20])).unwrap();
    let listing = shelf.list(ALL);
    let named: Vec<&str> = listing.damaged.iter().map(|damaged| damaged.what.as_str()).collect();
    assert_eq!(named, ["head of other in staging", &written[30]], "what was removed is beyond the list");
}

/// A sandbox whose ledger is a shelf's.
fn sandbox(shelf: &Shelf) -> Sandbox {
    let mut sandbox = Sandbox::new(&[("README.md", "")]);
    sandbox.set("PROMOTE_LEDGER", shelf.dir.path().display().to_string());
    sandbox.call(shelf.dir.path().display().to_string(), "<ledger>");
    sandbox
}

#[test]
fn the_command_reads_well_without_a_ledger_and_with_one() {
    let sandbox_without = Sandbox::new(&[("README.md", "")]);
    let files = sandbox_without.files();
    let empty = sandbox_without.promote(&["list"]);
    assert_eq!(empty.exit, Some(0));
    assert!(empty.stdout.starts_with("No promotions yet: looked in .promote. "), "{}", empty.all());
    assert_eq!(sandbox_without.files(), files, "a list writes nothing");
    assert_eq!(sandbox_without.promote(&["show"]).stdout, empty.stdout);

    let shelf = Shelf::new();
    let written = shelf.fill("app", "staging", 2, true, &[]);
    shelf.fill("web", "production", 1, false, &[0]);
    let sandbox = sandbox(&shelf);
    let listed = sandbox.promote(&["list"]);
    assert!(listed.stdout.lines().all(|line| line.chars().count() <= 80), "{}", listed.stdout);
    let lines: Vec<&str> = listed.stdout.lines().collect();
    let cells = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(cells(lines[0]), ["id", "asked for", "service", "from → to", "version", "state", "by"]);
    assert_eq!(
        cells(lines[1]),
        [&written[1][..8], "2026-01-01 00:01Z", "app", "dev → staging", "1.2", "pending", "dana"]
    );
    assert_eq!((lines[2], lines.last().copied()), ("", Some("3 promotions, 1 open. `promote show <id>` tells one.")));
    assert_eq!(sandbox.promote(&["list", "web", "--bypassed"]).stdout.matches("dana").count(), 1);
    assert_eq!(sandbox.promote(&["list", "--env", "staging"]).stdout.matches("dana").count(), 2);
    assert!(sandbox.promote(&["list", "app", "--bypassed"]).stdout.starts_with("No promotion of app that bypassed"));
}

#[test]
fn a_record_is_found_by_the_beginning_of_its_id() {
    let shelf = Shelf::new();
    let written = shelf.fill("app", "staging", 40, false, &[]);
    let sandbox = sandbox(&shelf);
    let whole = sandbox.promote(&["show", &written[7]]);
    assert_eq!(whole.exit, Some(0), "{}", whole.all());
    for id in [&written[7][..8], &written[7][..12].to_lowercase()] {
        assert_eq!(sandbox.promote(&["show", id]).stdout, whole.stdout);
    }
    let newest = &written[20..];
    let alike = |first: char| newest.iter().filter(|id| id.starts_with(first)).count();
    let first = newest.iter().filter_map(|id| id.chars().next()).max_by_key(|first| alike(*first)).unwrap();
    assert!(alike(first) > 1, "the ids of this test are the same each time");
    let several = sandbox.promote(&["show", &first.to_string()]);
    assert_eq!(several.exit, Some(2));
    assert!(several.stdout.contains(&format!("`{first}` is the beginning of ")), "{}", several.stdout);
    assert!(newest.iter().filter(|id| id.starts_with(first)).all(|id| several.stdout.contains(id)));
    for id in ["7ZZZZZZZ", "../../../heads", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"] {
        let none = sandbox.promote(&["show", id, "--json"]);
        let said: serde_json::Value = serde_json::from_str(&none.stdout).unwrap();
        assert_eq!((none.exit, &said["exit"]), (Some(2), &serde_json::json!(2)), "{}", none.all());
    }
}

#[test]
fn a_record_without_its_beginning_is_named() {
    let shelf = Shelf::new();
    let written = shelf.fill("app", "staging", 2, false, &[]);
    std::fs::remove_file(shelf.folder(&written[0]).join("0000-requested.json")).unwrap();
    let shown = sandbox(&shelf).promote(&["show", &written[0]]);
    assert_eq!(shown.exit, Some(i32::from(Outcome::Failed.exit_code())));
    assert!(shown.stdout.contains("does not begin with a request"), "{}", shown.all());
}
