//! What a ledger costs as it grows: CPU of `promote list` and `promote show`, and CPU and bytes of one more promotion, with
//! 100, 1,000 and 10,000 promotions in a directory, in a branch on this machine, and in the same branch behind a server.
//!
//! `cargo bench --bench ledger` prints them, reading beside `git log -1` on the same branch in the same run, and writing
//! beside the smallest ledger. CPU is what the system counted for user and kernel; elapsed time says nothing here.

#![expect(clippy::print_stdout, reason = "its result is what it prints")]

mod measure;
mod press;
mod shelf;
#[expect(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../../tests/it/world/mod.rs"]
mod world;

use std::time::Duration;

use promote::ports::Ledger as _;
use promote::promotion::record::Entry;

use measure::Cost;
use press::Press;
use shelf::{Shelf, Site};

/// How many promotions the ledgers hold.
const SIZES: [usize; 3] = [100, 1000, 10_000];
/// So many promotions are added to each ledger; the median counts.
const ADDED: usize = 24;

fn main() {
    let whole = std::env::args().any(|argument| argument == "--bench");
    // Started by `cargo test --all-targets` it only shows that it works.
    let (sizes, added) = if whole { (SIZES, ADDED) } else { ([10, 20, 30], 3) };
    let press = Press::new();
    same_as_by_the_library(press.clone(), if whole { 264 } else { 30 });
    let mut ledgers = sizes.map(|size| {
        let mut press = press.clone();
        let (shelf, ids) = Shelf::fill(&mut press, size);
        if size == sizes[2] {
            read(&shelf, &ids, if whole { 20 } else { 1 });
        }
        (shelf, press)
    });
    println!(
        "\none more promotion, in five writes: CPU (median of {added}), bytes, and their ratios to those at {}",
        sizes[0]
    );
    for site in Site::ALL {
        let mut costs: [Vec<Cost>; 3] = Default::default();
        let presses = ledgers.each_ref().map(|(_, press)| press.clone());
        // In turns: what disturbs one of them disturbs all.
        for _ in 0..added {
            for ((shelf, press), costs) in ledgers.iter_mut().zip(&mut costs) {
                costs.push(add(shelf, site, &press.next()));
            }
        }
        if site == Site::Directory {
            // The branch gets the same promotions; behind the server is that branch, and gets the next ones.
            ledgers.iter_mut().zip(presses).for_each(|((_, press), before)| *press = before);
        }
        let costs = costs.map(Cost::usual);
        for (size, cost) in sizes.iter().zip(&costs) {
            // Behind a server the work is not one thread's.
            println!("{:<10} {size:>6}   {}", site.name(), cost.beside(&costs[0], site != Site::Server));
        }
    }
}

/// What is filled in bulk here is what the library writes, byte for byte: files, trees and heads.
fn same_as_by_the_library(press: Press, size: usize) {
    let (bulk, _) = Shelf::fill(&mut press.clone(), size);
    let ours = Shelf::empty();
    let mut press = press;
    for _ in 0..size {
        let entries = press.next();
        for site in [Site::Directory, Site::Branch] {
            ours.records(site).append(&entries).expect("the ledger takes a promotion");
        }
    }
    assert!(ours.files().len() >= size * 5 && ours.files() == bulk.files(), "the directories differ");
    assert_eq!(ours.tree(), bulk.tree(), "the branches differ");
}

/// What listing and showing costs.
fn read(shelf: &Shelf, ids: &[String], times: usize) {
    let (oldest, newest) = (&ids[0], &ids[ids.len() - 1]);
    println!("CPU of reading a ledger of {} promotions, mean of {times}, and its ratio to `git log -1`", ids.len());
    let git = |arguments: &[&str]| measure::children(times, || shelf.git(arguments));
    let baseline = git(&["log", "-1", "promotions"]);
    line("git --version", &[git(&["--version"])], baseline, "");
    line("git log -1 promotions", &[baseline], baseline, "");
    println!("{:<32} {:>17} {:>17}   from a server", "", "directory", "branch");
    for (what, arguments) in [
        ("promote --version", vec!["--version"]),
        ("promote list", vec!["list"]),
        ("promote list <one of 12 heads>", vec!["list", "shop-0", "--env", "staging"]),
        ("promote show <id>, the newest", vec!["show", newest]),
        ("promote show <id>, the oldest", vec!["show", oldest]),
        ("promote show <8 of the newest>", vec!["show", &newest[..8]]),
        ("promote show <8 of the oldest>", vec!["show", &oldest[..8]]),
    ] {
        let cost = |site| measure::children(times, || shelf.promote(site, &arguments));
        let costs = [cost(Site::Directory), cost(Site::Branch)];
        line(what, &costs, baseline, &shelf.asked(|| shelf.promote(Site::Server, &arguments)));
    }
}

fn line(what: &str, costs: &[Duration], baseline: Duration, note: &str) {
    let cell = |cost: &Duration| {
        let ratio = (!baseline.is_zero()).then(|| format!("{:.1}", cost.as_secs_f64() / baseline.as_secs_f64()));
        format!("{:>8.1} ms {:>5}", cost.as_secs_f64() * 1e3, ratio.unwrap_or_else(|| "-".to_owned()))
    };
    println!("{what:<32} {}   {note}", costs.iter().map(cell).collect::<Vec<_>>().join("  "));
}

/// What adding a promotion costs, in the five writes of a whole run.
fn add(shelf: &Shelf, site: Site, entries: &[Entry]) -> Cost {
    let records = shelf.records(site);
    let before = shelf.bytes(site, entries);
    let cpu = measure::here(|| {
        for entry in entries {
            records.append(std::slice::from_ref(entry)).expect("the ledger takes an entry");
        }
    });
    Cost { cpu, bytes: shelf.bytes(site, entries) - before }
}
