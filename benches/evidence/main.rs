//! How fast reports are read, and in how much memory: beside a bare pass of the same tokenizer over the same bytes, and beside
//! other programs, all in the same run.
//!
//! ```text
//! cargo bench --bench evidence                        our figures
//! cargo bench --bench evidence -- --peers python3     and those of the peers that this Python has (see peers.py)
//! ```
//!
//! *Bare* is what nobody can save: the tokenizer goes through the file, and nothing is made of what it finds. *Ours* is all that
//! `promote` does with a file: it opens and hashes it, checks that it is UTF-8, tells its format, reads it, and makes the reading.

#![expect(clippy::print_stdout, reason = "its result is what it prints")]

mod inputs;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use promote::adapters::clock::SystemClock;
use promote::adapters::evidence::files;
use promote::adapters::evidence::json::Json;
use promote::adapters::evidence::window::Window;
use promote::ports::About;
use promote::promotion::facts::Reading;
use promote::promotion::rules::at::At;
use promote::promotion::rules::{Source, SourceKind};

use crate::inputs::{SHAPES, Shape};

/// Reads the report as `promote` does.
fn ours(path: &Path) -> Reading {
    let (root, name) = (path.parent().unwrap_or(Path::new(".")), path.file_name().unwrap_or_default());
    let globs = vec![name.to_string_lossy().into_owned()];
    let kind = SourceKind::Files { globs, format: None, max_age: None };
    let source = Source { id: "bench".to_owned(), kind, at: At::default() };
    let (clock, waivers) = (SystemClock::default(), Arc::default());
    let about = About::of("app", "dev", &waivers);
    files::read(root, &[&source], &about, &clock)
}

/// One pass of the tokenizer over the file, and nothing else; how many tokens there are.
fn bare(shape: &Shape, path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    match shape.name {
        "junit" | "cobertura" => {
            let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(128 * 1024, file));
            reader.config_mut().expand_empty_elements = true;
            let (mut buffer, mut count) = (Vec::new(), 0);
            loop {
                buffer.clear();
                match reader.read_event_into(&mut buffer).map_err(io::Error::other)? {
                    quick_xml::events::Event::Eof => return Ok(count),
                    _ => count += 1,
                }
            }
        }
        "sarif" => {
            let skipped = Json::document(Window::new(file), "JSON", Json::skip);
            skipped.map(|()| 1).map_err(|defect| io::Error::other(format!("{defect:?}")))
        }
        _ => {
            let mut reader = BufReader::with_capacity(128 * 1024, file);
            let (mut line, mut count) = (Vec::new(), 0);
            while reader.read_until(b'\n', &mut line)? > 0 {
                line.clear();
                count += 1;
            }
            Ok(count)
        }
    }
}

/// The best of five: the others were disturbed.
fn best<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut runs: Vec<(Duration, T)> = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let result = work();
        runs.push((start.elapsed(), result));
    }
    runs.sort_by_key(|(time, _)| *time);
    runs.swap_remove(0)
}

/// The most memory that this process ever had, in KiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Reads one report in a process of its own: its seconds from start to end, and its peak memory in KiB.
fn alone(path: &Path) -> io::Result<(f64, u64)> {
    let start = Instant::now();
    let output = Command::new(std::env::current_exe()?).arg("--alone").arg(path).output()?;
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let kib = said.trim().parse().map_err(|_| io::Error::other(format!("the reader said {said}")))?;
    Ok((seconds, kib))
}

/// The figures of one shape.
fn measure(shape: &Shape, path: &Path, count: u64) -> io::Result<()> {
    let bytes = shape.write(path, count)?;
    let (floor, tokens) = best(|| bare(shape, path));
    tokens?;
    let (time, reading) = best(|| ours(path));
    if !matches!(reading, Reading::Observed(_)) {
        return Err(io::Error::other(format!("{reading:?}")));
    }
    let (_, kib) = alone(path)?;
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{:<10} {:>9} {:<8} {:>7.1} {:>9.1} {:>9.1} {:>7.0} {:>7.2} {:>9.1}",
        shape.name,
        count,
        shape.things,
        megabytes,
        floor.as_secs_f64() * 1e3,
        time.as_secs_f64() * 1e3,
        megabytes / time.as_secs_f64(),
        time.as_secs_f64() / floor.as_secs_f64(),
        kib as f64 / 1024.0,
    );
    Ok(())
}

/// How much memory each case, line or result takes: from the peaks of two reports, one four times as large.
fn growth(root: &Path, scale: u64) -> io::Result<()> {
    println!("\n{:<10} {:>22} {:>16}", "", "from, to", "bytes for each");
    for shape in &SHAPES {
        let (small, large) = (shape.usual * 4 / scale, shape.usual * 16 / scale);
        let path = root.join(shape.name);
        let mut peaks = [0; 2];
        for (peak, count) in peaks.iter_mut().zip([small, large]) {
            shape.write(&path, count)?;
            *peak = alone(&path)?.1;
        }
        std::fs::remove_file(&path)?;
        let more = peaks[1].saturating_sub(peaks[0]) as f64 * 1024.0;
        println!("{:<10} {:>11} {:>10} {:>16.2}", shape.name, small, large, more / (large - small) as f64);
    }
    Ok(())
}

/// What other programs need for the same reports, each as a process from start to end, as ours is.
fn peers(root: &Path, python: &str) -> io::Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/evidence/peers.py");
    for shape in &SHAPES {
        let path = root.join(shape.name);
        let mut ours: Vec<f64> = Vec::new();
        for _ in 0..5 {
            ours.push(alone(&path)?.0);
        }
        let ours = ours.into_iter().fold(f64::INFINITY, f64::min);
        println!("\n{}: ours as a process {:.0} ms", shape.name, ours * 1e3);
        let output = Command::new(python).arg(&script).arg(shape.name).arg(&path).output()?;
        for line in String::from_utf8_lossy(&output.stdout).lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                [name, sort, version, seconds, mib, ..] => match seconds.parse::<f64>() {
                    Ok(seconds) => println!(
                        "  {:<34} {:<12} {:<10} {:>8.0} ms {:>8} MiB {:>7.1} ×",
                        name,
                        sort,
                        version,
                        seconds * 1e3,
                        mib,
                        seconds / ours
                    ),
                    Err(_) => println!("  {name:<34} {sort:<12} {version}"),
                },
                _ => println!("  {line}"),
            }
        }
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, path, ..] = arguments.as_slice()
        && flag == "--alone"
    {
        let reading = ours(Path::new(path));
        let kib = peak().unwrap_or(0);
        if !matches!(reading, Reading::Observed(_)) {
            return Err(io::Error::other(format!("{reading:?}")));
        }
        println!("{kib}");
        return Ok(());
    }
    // Started by `cargo test --all-targets` it only shows that it works.
    let scale = if arguments.iter().any(|argument| argument == "--bench") { 1 } else { 100 };
    let root = tempfile::tempdir()?;
    println!(
        "{:<10} {:>18} {:>7} {:>9} {:>9} {:>7} {:>7} {:>9}",
        "", "", "MB", "bare ms", "ours ms", "MB/s", "ratio", "peak MiB"
    );
    for shape in &SHAPES {
        measure(shape, &root.path().join(shape.name), shape.usual / scale)?;
    }
    let python = arguments.iter().position(|argument| argument == "--peers").and_then(|at| arguments.get(at + 1));
    if let Some(python) = python {
        peers(root.path(), python)?;
    }
    growth(root.path(), scale * 10)
}
