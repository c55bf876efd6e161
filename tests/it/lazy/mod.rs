//! Repositories whose objects come one at a time, on the wire: git's own http-backend with and without filters, local
//! repositories, and ssh.

mod moving;
mod races;
mod reading;
mod troubles;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, Signature, Time};
use promote::adapters::git::address::Address;
use promote::adapters::git::lazy::Lazy;
use promote::adapters::git::lazy::update::{Moved, RefUpdate};
use promote::adapters::git::store::Access;
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::Fault;

use crate::world::bare::Bare;
use crate::world::fake_ssh::fake_ssh;
use crate::world::git_server::{WRITE_TOKEN, base64};

const LEDGER: &str = "refs/heads/promotions";
const LOCK: &str = "refs/promote-lock/app/production";

fn access(ssh: &str) -> Access {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    let http = Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap();
    Access { http, temp: std::env::temp_dir(), ssh: ssh.into(), depth_max: 2000 }
}

/// A process' own view of a repository.
fn lazy(address: &str) -> Lazy {
    lazy_with(address, WRITE_TOKEN)
}

fn lazy_with(address: &str, token: &str) -> Lazy {
    let address = Address::parse(address, "https://github.com").unwrap();
    Lazy::new(&access("ssh"), &address, Secret::new(token).as_ref(), "PROMOTE_LEDGER_TOKEN").unwrap()
}

/// The same over ssh, with a program that does what `body` says.
fn lazy_over_ssh(bare: &Bare, body: &str) -> Lazy {
    let address = Address::parse(&format!("git@git.example.com:{}", bare.path().display()), "").unwrap();
    let ssh = fake_ssh(bare.root(), body);
    Lazy::new(&access(ssh.to_str().unwrap()), &address, None, "PROMOTE_LEDGER_TOKEN").unwrap()
}

/// A repository with nothing but a first commit on `main`, which takes pushes and filters what it sends.
fn bare() -> Bare {
    let bare = Bare::new(&[("README.md", "Hello.\n")]);
    bare.git(&["config", "uploadpack.allowFilter", "true"], &[]);
    bare
}

/// Where the n-th record of a large ledger is.
fn record(number: usize) -> String {
    let hash = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let digits: Vec<char> = format!("{hash:016x}").chars().collect();
    format!("promotions/{}/{}/{}/{}/{hash:016x}/0000-requested.json", digits[0], digits[1], digits[2], digits[3])
}

/// A ledger with so many records of about half a kilobyte, which hardly compress.
fn ledger(records: usize) -> Bare {
    let bare = bare();
    let text = |number: usize| {
        let word = |at: u64| format!("{:016x}", (number as u64 * 40 + at).wrapping_mul(0xd6e8_feb8_6659_fd93));
        (0..32).map(word).collect::<String>()
    };
    let files: Vec<(String, String)> = (0..records).map(|number| (record(number), text(number))).collect();
    bare.fill("promotions", &files, "Many promotions");
    bare
}

fn at(lazy: &mut Lazy, name: &str) -> Option<Oid> {
    lazy.refs(name).unwrap().remove(name)
}

fn update(name: &str, old: Option<Oid>, new: Option<Oid>) -> RefUpdate {
    RefUpdate { name: name.to_owned(), old, new }
}

/// Brings what is on the way to a path, and gives the id of what is there.
fn find(lazy: &mut Lazy, commit: Oid, path: &str) -> Option<Oid> {
    lazy.commit(commit, 2).unwrap();
    let mut id = lazy.repository().unwrap().find_commit(commit).unwrap().tree_id();
    for name in path.split('/') {
        lazy.bring(&[id]).unwrap();
        id = lazy.repository().unwrap().find_tree(id).unwrap().get_name(name)?.id();
    }
    lazy.bring(&[id]).unwrap();
    Some(id)
}

fn read(lazy: &mut Lazy, commit: Oid, path: &str) -> Option<String> {
    let id = find(lazy, commit, path)?;
    let repository = lazy.repository().unwrap();
    Some(String::from_utf8(repository.find_blob(id).unwrap().content().to_vec()).unwrap())
}

/// A commit that adds a file to its base, and every object that is new with it. What is on the way must be here.
fn add(lazy: &Lazy, base: Option<Oid>, path: &str, text: &str) -> (Oid, Vec<Oid>) {
    let repository = lazy.repository().unwrap();
    let base = base.map(|base| repository.find_commit(base).unwrap());
    let blob = repository.blob(text.as_bytes()).unwrap();
    let tree = base.as_ref().map_or_else(
        || repository.treebuilder(None).and_then(|empty| repository.find_tree(empty.write()?)).unwrap(),
        |base| base.tree().unwrap(),
    );
    let root = TreeUpdateBuilder::new().upsert(path, blob, FileMode::Blob).create_updated(&repository, &tree).unwrap();
    let mut objects = vec![blob, root];
    let mut tree = repository.find_tree(root).unwrap();
    for name in path.split('/').take(path.split('/').count() - 1) {
        let id = tree.get_name(name).unwrap().id();
        tree = repository.find_tree(id).unwrap();
        objects.push(tree.id());
    }
    let who = Signature::new("promote", "promote@example.com", &Time::new(1_767_225_600, 0)).unwrap();
    let root = repository.find_tree(root).unwrap();
    let parents: Vec<_> = base.iter().collect();
    let commit = repository.commit(None, &who, &who, &format!("Add {path}\n"), &root, &parents).unwrap();
    objects.push(commit);
    (commit, objects)
}

/// A blob that only this call has.
fn claim(repository: &Repository, text: &str) -> Oid {
    repository.blob(text.as_bytes()).unwrap()
}

/// Every ref of a repository, as git itself lists them.
fn refs(bare: &Bare) -> BTreeMap<String, String> {
    let out = bare.git(&["for-each-ref", "--format=%(refname) %(objectname)"], &[]);
    out.lines().map(|line| line.split_once(' ').unwrap()).map(|(name, id)| (name.to_owned(), id.to_owned())).collect()
}

/// All that a fault says holds no token, plain or encoded.
fn assert_no_secret(fault: &Fault) {
    let said = format!("{fault:?} {fault}");
    for secret in [WRITE_TOKEN, &base64(format!("x-access-token:{WRITE_TOKEN}").as_bytes())] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// Creates, moves and deletes refs, alone and together, and finds it all as git itself does.
fn lives(lazy: &mut Lazy, bare: &Bare) {
    lazy.preflight().unwrap();
    assert_eq!(at(lazy, LEDGER), None);
    let (first, objects) = add(lazy, None, "a/b/one.json", "1\n");
    assert_eq!(lazy.update(&[update(LEDGER, None, Some(first))], &objects).unwrap(), Moved::Done);
    assert_eq!(bare.text("promotions", "a/b/one.json").unwrap(), "1\n");
    assert_eq!(at(lazy, LEDGER), Some(first));

    // A ref moves together with another that is made, and both or none.
    let lock = claim(&lazy.repository().unwrap(), "claimed by us\n");
    let (second, mut objects) = add(lazy, Some(first), "a/c/two.json", "2\n");
    objects.push(lock);
    let both = [update(LEDGER, Some(first), Some(second)), update(LOCK, None, Some(lock))];
    assert_eq!(lazy.update(&both, &objects).unwrap(), Moved::Done);
    assert_eq!(lazy.refs("refs/promote-lock/").unwrap(), BTreeMap::from([(LOCK.to_owned(), lock)]));
    assert_eq!(lazy.update(&both, &objects).unwrap(), Moved::Lost);
    let (third, objects) = add(lazy, Some(second), "a/c/three.json", "3\n");
    for stale in [
        [update(LEDGER, Some(first), Some(third)), update(LOCK, Some(lock), None)],
        [update(LEDGER, Some(second), Some(third)), update(LOCK, None, Some(third))],
        [update(LEDGER, Some(second), Some(third)), update(LOCK, Some(first), None)],
    ] {
        assert_eq!(lazy.update(&stale, &objects).unwrap(), Moved::Lost, "{stale:?}");
        assert_eq!((at(lazy, LEDGER), at(lazy, LOCK)), (Some(second), Some(lock)));
    }
    let last = [update(LEDGER, Some(second), Some(third)), update(LOCK, Some(lock), None)];
    assert_eq!(lazy.update(&last, &objects).unwrap(), Moved::Done);
    assert_eq!((at(lazy, LEDGER), at(lazy, LOCK)), (Some(third), None));
    assert_eq!(lazy.update(&[update(LOCK, Some(lock), None)], &[]).unwrap(), Moved::Lost);
    // What would lose a commit is not even sent.
    let (other, objects) = add(lazy, Some(first), "a/other.json", "other\n");
    let fault = lazy.update(&[update(LEDGER, Some(third), Some(other))], &objects).unwrap_err();
    assert!(fault.why.contains("would lose commits"), "{fault}");
    // Back to what the other side has: no object goes.
    assert_eq!(lazy.update(&[update("refs/promote-lock/x", None, Some(first))], &[]).unwrap(), Moved::Done);
    assert_eq!(lazy.update(&[update("refs/promote-lock/x", Some(first), None)], &[]).unwrap(), Moved::Done);
    assert_eq!(bare.log("promotions").len(), 3);
    assert_eq!(refs(bare).keys().collect::<Vec<_>>(), ["refs/heads/main", LEDGER]);
    bare.check();
}
