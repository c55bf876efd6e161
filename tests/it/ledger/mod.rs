//! The ledger, at each place where it can be: a directory, a branch of a repository on this machine, and one behind git's
//! own server. Whatever holds for one holds for all.

mod files;
mod races;
mod whole;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use promote::adapters::git::address::Address;
use promote::adapters::git::objects::Author;
use promote::adapters::git::store::Access;
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::ledger::Records;
use promote::adapters::ledger::place::Place;
use promote::adapters::secret::Secret;
use promote::ports::{FaultKind, Ledger};
use promote::promotion::image::ImageRef;
use promote::promotion::life::State;
use promote::promotion::order::{Adopted, Order, Ordered};
use promote::promotion::record::{Approved, Entry, Milestone, Rejected, Requested, SCHEMA};
use promote::promotion::request::{Actor, ActorKnown, Request, RequestKind, Wanted};
use promote::promotion::time::Time;
use tempfile::TempDir;

use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, WRITE_TOKEN};

const BRANCH: &str = "promotions";

/// Where a ledger is, and what stands behind it.
enum Site {
    Directory(TempDir),
    Local(Bare),
    Served(Bare, GitServer),
}

impl Site {
    fn directory() -> Self {
        Self::Directory(TempDir::new().unwrap())
    }

    fn local() -> Self {
        Self::Local(bare())
    }

    fn served() -> Self {
        let bare = bare();
        let server = GitServer::start(&bare);
        Self::Served(bare, server)
    }

    fn each() -> [Self; 3] {
        [Self::directory(), Self::local(), Self::served()]
    }

    /// The ledger, as a process of its own sees it.
    fn records(&self) -> Records {
        let address = match self {
            Self::Directory(dir) => return Records::directory(dir.path().to_owned()),
            Self::Local(bare) => bare.path().display().to_string(),
            Self::Served(_, server) => server.url(),
        };
        let place = Place::Branch {
            address: Address::parse(&address, "https://github.com").unwrap(),
            branch: BRANCH.to_owned(),
            token: Secret::new(WRITE_TOKEN),
            token_name: "LEDGER_TOKEN",
        };
        Records::open(&place, &access(), &Author::default()).unwrap()
    }

    fn bare(&self) -> Option<&Bare> {
        match self {
            Self::Directory(_) => None,
            Self::Local(bare) | Self::Served(bare, _) => Some(bare),
        }
    }

    /// Somebody puts a file there, past the ledger.
    fn put(&self, path: &str, text: &str) {
        match self {
            Self::Directory(dir) => {
                let path = dir.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self::Local(bare) | Self::Served(bare, _) => {
                bare.commit(BRANCH, &[(path, text.as_bytes())], "Put a file there");
            }
        }
    }

    /// The files, and their texts.
    fn files(&self) -> BTreeMap<String, String> {
        match self {
            Self::Directory(dir) => {
                let read = |path: PathBuf| {
                    let text = std::fs::read_to_string(dir.path().join(&path)).unwrap();
                    (path.display().to_string(), text)
                };
                let files = crate::kill::stage::files(dir.path()).into_iter();
                files.filter(|path| !path.starts_with("locks")).map(read).collect()
            }
            Self::Local(bare) | Self::Served(bare, _) => {
                let names = bare.git(&["ls-tree", "-r", "--name-only", BRANCH], &[]);
                names.lines().map(|name| (name.to_owned(), bare.text(BRANCH, name).unwrap())).collect()
            }
        }
    }
}

/// A repository that takes pushes and filters what it sends.
fn bare() -> Bare {
    let bare = Bare::new(&[("README.md", "Hello.\n")]);
    bare.git(&["config", "uploadpack.allowFilter", "true"], &[]);
    bare
}

fn access() -> Access {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    let http = Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap();
    Access { http, temp: std::env::temp_dir(), ssh: "ssh".into(), depth_max: 2000 }
}

/// The n-th id: 26 characters that an id can have, different from the first one on.
fn id(number: usize) -> String {
    let hash = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{hash:016X}{number:010}")
}

fn time(minutes: i64) -> Time {
    let start: Time = "2026-01-01T12:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_mins(minutes)
}

fn actor() -> Actor {
    Actor { name: "dana".to_owned(), known: ActorKnown::Claimed }
}

fn entry(id: &str, seq: u32, event: Milestone) -> Entry {
    let run = format!("run-of-{id}-{seq}-{}", event.word());
    Entry { schema: SCHEMA, id: id.to_owned(), run, seq, at: time(seq.into()), actor: actor(), ci_run: None, event }
}

fn requested_for(id: &str, service: &str, to: &str) -> Entry {
    let image = |tag: &str| ImageRef::parse(&format!("registry.example.com/app:{tag}")).unwrap();
    let request = Request {
        service: service.to_owned(),
        kind: RequestKind::Promotion,
        from: "dev".to_owned(),
        to: to.to_owned(),
        images: vec![Wanted { old: image("1.10"), new: image("1.20") }],
        previous: String::new(),
        reason: None,
    };
    let requested = Requested {
        request,
        rules_path: "promotion/promotion-rules.yaml".to_owned(),
        rules: "version: 1\n".to_owned(),
        waivers: None,
        promote: "0.1.0".to_owned(),
        bypassed: Vec::new(),
        hotfix: None,
        alone: false,
        source: None,
        target: None,
    };
    entry(id, 0, Milestone::Requested(Box::new(requested)))
}

fn requested(id: &str) -> Entry {
    requested_for(id, "app", "staging")
}

fn approved(id: &str, seq: u32) -> Entry {
    entry(id, seq, Milestone::Approved(Approved { role: None, comment: None, word: None }))
}

fn rejected(id: &str, seq: u32) -> Entry {
    entry(id, seq, Milestone::Rejected(Rejected { reason: "it is slow".to_owned(), by: None, approvals: None }))
}

fn superseded(id: &str, seq: u32, by: &str) -> Entry {
    entry(id, seq, Milestone::Superseded { by: by.to_owned() })
}

#[test]
fn what_is_written_is_there_for_everybody() {
    for site in Site::each() {
        let (one, two) = (id(1), id(2));
        let records = site.records();
        assert_eq!((records.entries(&one).unwrap(), records.tip(&one).unwrap()), (vec![], None));
        assert_eq!(records.heads().unwrap(), BTreeMap::new());
        let first = [requested(&one), approved(&one, 1)];
        records.append(&first).unwrap();
        let second = [requested_for(&two, "app", "canary")];
        records.append(&second).unwrap();
        records.append(&[rejected(&one, 2)]).unwrap();
        for records in [records, site.records()] {
            assert_eq!(records.entries(&one).unwrap(), [&first[..], &[rejected(&one, 2)]].concat());
            assert_eq!(records.entries(&two).unwrap(), second);
            let heads = records.heads().unwrap();
            let keys: Vec<_> = heads.keys().map(|(service, to)| format!("{service}/{to}")).collect();
            assert_eq!(keys, ["app/canary", "app/staging"]);
            let head = records.head("app", "staging").unwrap();
            assert_eq!((head.current.as_ref(), head.open, head.sequence), (Some(&one), None, 1));
            assert_eq!(records.head("app", "canary").unwrap().open.as_ref(), Some(&two));
            assert_eq!(records.head("app", "production").unwrap().sequence, 0);
            let recent = records.recent("app", "staging").unwrap().recent;
            assert_eq!(recent.iter().map(|known| known.state).collect::<Vec<_>>(), [State::Rejected]);
            let tip = records.tip(&one).unwrap().unwrap();
            match site.bare() {
                Some(bare) => assert_eq!(Some(tip), bare.tip(BRANCH)),
                None => assert_eq!(tip.len(), 64, "a SHA-256"),
            }
            assert_eq!(records.tip(&id(9)).unwrap(), None);
        }
    }
}

#[test]
fn ids_are_found_by_their_beginnings() {
    for site in Site::each() {
        let records = site.records();
        // More than a head lists.
        let ids: Vec<String> = (0..24).map(id).collect();
        for id in &ids {
            records.append(&[requested(id), rejected(id, 1)]).unwrap();
        }
        assert_eq!(records.matching(&ids[7]).unwrap(), [ids[7].clone()]);
        assert_eq!(records.matching(&ids[23][..6].to_lowercase()).unwrap(), [ids[23].clone()], "one that is listed");
        assert_eq!(records.matching(&ids[0][..6]).unwrap(), [ids[0].clone()], "one that is not");
        assert_eq!(records.matching("").unwrap().len(), ids.len());
        let none: [String; 0] = [];
        for text in [&id(99), "ZZ", "../", "heads"] {
            assert_eq!(records.matching(text).unwrap(), none, "{text}");
        }
        assert_eq!(records.entries("../../heads").unwrap(), []);
    }
}

#[test]
fn of_two_entries_for_one_place_the_second_is_refused_whatever_its_word() {
    for site in Site::each() {
        let (one, two) = (id(1), id(2));
        let records = site.records();
        records.append(&[requested(&one)]).unwrap();
        site.records().append(&[rejected(&one, 1)]).unwrap();
        let before = site.files();
        let batch = [approved(&one, 1), requested(&two)];
        for batch in [&batch[..], &batch[..1], &[requested(&one)], &[rejected(&one, 1)]] {
            let fault = records.append(batch).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Conflict);
            assert!(fault.why.contains("0001-rejected.json") || fault.why.contains("0000-requested.json"), "{fault}");
        }
        assert_eq!(site.files(), before, "of a batch that cannot be, nothing is written");
    }
}

#[test]
fn the_one_whose_place_is_taken_ends_before_the_other_begins() {
    for site in Site::each() {
        let (old, new) = (id(1), id(2));
        let records = site.records();
        records.append(&[requested(&old)]).unwrap();
        records.append(&[superseded(&old, 1, &new), requested(&new), rejected(&new, 1)]).unwrap();
        let file = site.records().recent("app", "staging").unwrap();
        assert_eq!((file.head.current.as_ref(), file.head.open, file.head.sequence), (Some(&new), None, 2));
        let listed: Vec<_> = file.recent.iter().map(|known| (known.promotion.as_str(), known.state)).collect();
        assert_eq!(listed, [(new.as_str(), State::Rejected), (old.as_str(), State::Superseded)]);
        if let Some(bare) = site.bare() {
            let subject = format!("promote: {old} superseded; {new} requested, rejected");
            assert_eq!(bare.log(BRANCH)[0].message.lines().next(), Some(subject.as_str()));
        }
    }
}

#[test]
fn orders_are_kept_beside_the_promotions() {
    for site in Site::each() {
        let records = site.records();
        let images = vec![ImageRef::parse("registry.example.com/app:1.10").unwrap()];
        let adopted =
            Adopted { images: images.clone(), commit: "c0ffee".to_owned(), reason: "it was there".to_owned() };
        let mut order = Order {
            schema: SCHEMA,
            run: "run-1".to_owned(),
            seq: 0,
            at: time(0),
            actor: actor(),
            ci_run: None,
            service: Some("app".to_owned()),
            environment: Some("staging".to_owned()),
            event: Ordered::Adopted(adopted),
        };
        records.order(&order).unwrap();
        assert_eq!(site.records().head("app", "staging").unwrap().baseline.unwrap().images, images);
        assert_eq!(records.order(&order).unwrap_err().kind, FaultKind::Conflict);
        (order.service, order.environment, order.seq) = (None, None, 1);
        order.event = Ordered::Unlocked { holder: "run-0".to_owned(), reason: "it hangs".to_owned() };
        records.order(&order).unwrap();
        let files = site.files();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["heads/app/staging.json", "orders/_/_/run-1-1.json", "orders/app/staging/run-1-0.json"]);
        assert_eq!(serde_json::from_str::<Order>(&files["orders/_/_/run-1-1.json"]).unwrap(), order);
    }
}
