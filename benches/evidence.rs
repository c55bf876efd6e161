//! How fast reports are read, compared with what nobody can save: reading and hashing the same bytes, in the same run.
//!
//! `cargo bench --bench evidence [-- <MiB>]` writes one report of each format and prints one line for each: size, the
//! baseline, ours, the ratio. The last line is the most memory that the process ever had, to be held against the sizes.

#![expect(clippy::print_stdout, reason = "its result is what it prints")]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use promote::adapters::clock::SystemClock;
use promote::adapters::evidence::files;
use promote::adapters::evidence::intake::Hashed;
use promote::ports::About;
use promote::promotion::facts::Reading;
use promote::promotion::rules::at::At;
use promote::promotion::rules::{Source, SourceKind};

/// Writes records to a file until it is large enough.
type Writer = fn(&mut dyn Write, usize) -> io::Result<()>;

struct Shape {
    name: &'static str,
    before: &'static str,
    record: Writer,
    after: &'static str,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "junit",
        before: "<testsuites><testsuite name='a'>\n",
        record: junit,
        after: "</testsuite></testsuites>\n",
    },
    Shape {
        name: "junit, one log",
        before: "<testsuite name='a'><testcase name='b'/><system-out>\n",
        record: log,
        after: "</system-out></testsuite>\n",
    },
    Shape {
        name: "cobertura",
        before: "<coverage line-rate='1'><packages>\n",
        record: cobertura,
        after: "</packages></coverage>\n",
    },
    Shape { name: "lcov", before: "TN:\n", record: lcov, after: "" },
    Shape {
        name: "sarif",
        before: "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"t\"}},\"results\":[\n",
        record: sarif,
        after: "]}]}\n",
    },
];

fn junit(out: &mut dyn Write, n: usize) -> io::Result<()> {
    writeln!(out, "<testcase classname='com.example.Cart{}' name='adds item {n}' time='0.001'>", n / 20)?;
    if n.is_multiple_of(50) {
        writeln!(out, "<failure message='expected 200, got 504'>at Cart.java:{n}\n&lt;trace&gt;</failure>")?;
    }
    writeln!(
        out,
        "<system-out><![CDATA[2026-11-20 10:00:00 INFO request {n} done in 12 ms\n]]></system-out></testcase>"
    )
}

fn log(out: &mut dyn Write, n: usize) -> io::Result<()> {
    writeln!(out, "2026-11-20 10:00:00 INFO request {n} done in 12 ms &amp; logged")
}

fn cobertura(out: &mut dyn Write, n: usize) -> io::Result<()> {
    writeln!(out, "<package><classes><class filename='src/f{n}.py'><methods/><lines>")?;
    for line in 1..200 {
        writeln!(out, "<line number='{line}' hits='{}'/>", line % 3)?;
    }
    writeln!(out, "</lines></class></classes></package>")
}

fn lcov(out: &mut dyn Write, n: usize) -> io::Result<()> {
    writeln!(out, "SF:/w/src/f{n}.c")?;
    for line in 1..200 {
        writeln!(out, "DA:{line},{}", line % 3)?;
    }
    writeln!(out, "end_of_record")
}

fn sarif(out: &mut dyn Write, n: usize) -> io::Result<()> {
    let comma = if n == 0 { "" } else { "," };
    writeln!(
        out,
        "{comma}{{\"ruleId\":\"r{}\",\"level\":\"note\",\"message\":{{\"text\":\"finding {n}\"}},\"codeFlows\":[{{\"threadFlows\":\
         [{{\"locations\":[{{\"location\":{{\"message\":{{\"text\":\"source\"}}}}}}]}}]}}],\"locations\":[{{\"physicalLocation\":\
         {{\"artifactLocation\":{{\"uri\":\"src/f.js\"}},\"region\":{{\"startLine\":{n}}}}}}}]}}",
        n % 40
    )
}

struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn write(shape: &Shape, path: &Path, bytes: u64) -> io::Result<u64> {
    let mut out = Counted { inner: BufWriter::new(File::create(path)?), bytes: 0 };
    out.write_all(shape.before.as_bytes())?;
    let mut n = 0;
    while out.bytes < bytes {
        (shape.record)(&mut out, n)?;
        n += 1;
    }
    out.write_all(shape.after.as_bytes())?;
    out.flush()?;
    Ok(out.bytes)
}

/// The best of three: the others were disturbed.
fn best<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut runs: Vec<(Duration, T)> = Vec::new();
    for _ in 0..3 {
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

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Started by `cargo test --all-targets` it only shows that it works.
    let usual = if arguments.iter().any(|argument| argument == "--bench") { 64 } else { 1 };
    let mib = arguments.iter().find_map(|argument| argument.parse::<u64>().ok()).unwrap_or(usual);
    let root = tempfile::tempdir()?;
    println!(
        "{:<15} {:>8} {:>14} {:>10} {:>7} {:>12}",
        "format", "MiB", "read and hash", "read", "ratio", "peak so far"
    );
    for shape in &SHAPES {
        let path = root.path().join("report");
        let bytes = write(shape, &path, mib << 20)?;
        let (baseline, hash) = best(|| File::open(&path).and_then(|file| Hashed::new(file).finish()));
        let kind = SourceKind::Files { globs: vec!["report".to_owned()], format: None, max_age: None };
        let source = Source { id: "bench".to_owned(), kind, at: At::default() };
        let (clock, waivers) = (SystemClock::default(), Arc::default());
        let about = About { service: "app", environment: "dev", commit: None, parts: &[], waivers: &waivers };
        let (ours, reading) = best(|| files::read(root.path(), &[&source], &about, &clock));
        let Reading::Observed(seen) = reading else { return Err(io::Error::other(format!("{reading:?}"))) };
        assert_eq!(seen.files[0].sha256, hash?.0, "the same bytes");
        println!(
            "{:<15} {:>8} {:>11} ms {:>7} ms {:>7.2} {:>8} MiB",
            shape.name,
            bytes >> 20,
            baseline.as_millis(),
            ours.as_millis(),
            ours.as_secs_f64() / baseline.as_secs_f64(),
            peak().map_or_else(|| "?".to_owned(), |kib| (kib >> 10).to_string()),
        );
    }
    Ok(())
}
