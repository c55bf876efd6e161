//! The reports that are measured, made anew for each run: large, and in the shape that tools write.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// One kind of report.
pub(crate) struct Shape {
    /// Its name, which is also that of its format.
    pub(crate) name: &'static str,
    /// What its size is counted in.
    pub(crate) things: &'static str,
    /// How many of them it has, unless told otherwise.
    pub(crate) usual: u64,
    /// Writes it with so many.
    write: fn(&mut dyn Write, u64) -> io::Result<()>,
}

/// The four that the product is measured by.
pub(crate) const SHAPES: [Shape; 4] = [
    Shape { name: "junit", things: "cases", usual: 100_000, write: junit },
    Shape { name: "lcov", things: "lines", usual: 1_000_000, write: lcov },
    // About 100 MB.
    Shape { name: "cobertura", things: "lines", usual: 2_800_000, write: cobertura },
    Shape { name: "sarif", things: "results", usual: 50_000, write: sarif },
];

impl Shape {
    /// Writes the report; its size in bytes.
    pub(crate) fn write(&self, path: &Path, count: u64) -> io::Result<u64> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        (self.write)(&mut out, count)?;
        out.flush()?;
        Ok(out.get_ref().metadata()?.len())
    }
}

/// Suites of 50 cases in the shape of surefire; every 50th case fails with a trace, every 20th has a log.
fn junit(out: &mut dyn Write, cases: u64) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>")?;
    for n in 0..cases {
        let suite = n / 50;
        if n % 50 == 0 {
            let tests = (cases - n).min(50);
            writeln!(
                out,
                "<testsuite name=\"com.example.shop.Cart{suite}Test\" time=\"1.25\" tests=\"{tests}\" errors=\"0\" skipped=\"0\" \
                 failures=\"1\" timestamp=\"2026-11-20T10:00:00\">"
            )?;
        }
        write!(
            out,
            "  <testcase name=\"adds item {n} to the cart and pays\" classname=\"com.example.shop.Cart{suite}Test\" time=\"0.025\""
        )?;
        match n % 50 {
            7 => writeln!(
                out,
                ">\n    <failure message=\"expected: &lt;200&gt; but was: &lt;504&gt;\" type=\"org.opentest4j.AssertionFailedError\">\
                 org.opentest4j.AssertionFailedError: expected: &lt;200&gt; but was: &lt;504&gt;\n\tat com.example.shop.Cart.pay(Cart.java:{n})\n\
                 </failure>\n  </testcase>"
            )?,
            10 | 30 => writeln!(
                out,
                ">\n    <system-out><![CDATA[2026-11-20 10:00:00 INFO request {n} done in 12 ms\n]]></system-out>\n  </testcase>"
            )?,
            _ => writeln!(out, "/>")?,
        }
        if n % 50 == 49 || n + 1 == cases {
            writeln!(out, "</testsuite>")?;
        }
    }
    writeln!(out, "</testsuites>")
}

/// Files of 200 lines.
fn lcov(out: &mut dyn Write, lines: u64) -> io::Result<()> {
    for n in 0..lines {
        let line = n % 200 + 1;
        if line == 1 {
            writeln!(out, "TN:\nSF:/home/runner/work/app/src/module{}/file{}.c", n / 20_000, n / 200)?;
        }
        writeln!(out, "DA:{line},{}", n % 7)?;
        if line == 200 || n + 1 == lines {
            writeln!(out, "LF:{line}\nLH:{}\nend_of_record", line - line / 7)?;
        }
    }
    Ok(())
}

/// Classes of 100 lines, some with branches.
fn cobertura(out: &mut dyn Write, lines: u64) -> io::Result<()> {
    writeln!(
        out,
        "<?xml version=\"1.0\" ?>\n<coverage version=\"7.6\" timestamp=\"1795168800000\" line-rate=\"0.85\" branch-rate=\"0.5\">\n<packages>\n\
         <package name=\"app\" line-rate=\"0.85\" branch-rate=\"0.5\" complexity=\"0\"><classes>"
    )?;
    for n in 0..lines {
        let line = n % 100 + 1;
        if line == 1 {
            let file = n / 100;
            writeln!(
                out,
                "<class name=\"file{file}.py\" filename=\"app/module{}/file{file}.py\" complexity=\"0\" line-rate=\"0.85\" \
                 branch-rate=\"0.5\"><methods/><lines>",
                file / 100
            )?;
        }
        match n % 20 {
            3 => writeln!(
                out,
                "<line number=\"{line}\" hits=\"1\" branch=\"true\" condition-coverage=\"50% (1/2)\" missing-branches=\"9\"/>"
            )?,
            _ => writeln!(out, "<line number=\"{line}\" hits=\"{}\"/>", n % 7)?,
        }
        if line == 100 || n + 1 == lines {
            writeln!(out, "</lines></class>")?;
        }
    }
    writeln!(out, "</classes></package></packages></coverage>")
}

/// Results in the shape of CodeQL: a message, a place, fingerprints, and a path through the code for every tenth.
fn sarif(out: &mut dyn Write, results: u64) -> io::Result<()> {
    write!(
        out,
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":\
         {{\"name\":\"CodeQL\",\"semanticVersion\":\"2.20.0\",\"rules\":["
    )?;
    for rule in 0..40 {
        let comma = if rule == 0 { "" } else { "," };
        write!(
            out,
            "{comma}{{\"id\":\"js/rule-{rule}\",\"defaultConfiguration\":{{\"level\":\"warning\"}},\"properties\":\
             {{\"security-severity\":\"{}.8\",\"tags\":[\"security\"]}}}}",
            rule % 10
        )?;
    }
    write!(out, "]}}}},\"results\":[")?;
    for n in 0..results {
        let (comma, rule, file) = (if n == 0 { "" } else { "," }, n % 40, n / 30);
        write!(
            out,
            "{comma}\n{{\"ruleId\":\"js/rule-{rule}\",\"ruleIndex\":{rule},\"message\":{{\"text\":\"This query depends on a [user-provided value {n}](1).\"}},\
             \"locations\":[{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":\"src/module/file{file}.js\",\"uriBaseId\":\"%SRCROOT%\",\
             \"index\":{file}}},\"region\":{{\"startLine\":{},\"startColumn\":{},\"endColumn\":80}}}}}}],\"partialFingerprints\":\
             {{\"primaryLocationLineHash\":\"{:016x}:1\"}}",
            n % 900 + 1,
            n % 60 + 1,
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        )?;
        if n % 10 == 0 {
            write!(out, ",\"codeFlows\":[{{\"threadFlows\":[{{\"locations\":[")?;
            for step in 0..6 {
                let comma = if step == 0 { "" } else { "," };
                write!(
                    out,
                    "{comma}{{\"location\":{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":\"src/module/file{file}.js\"}},\"region\":\
                     {{\"startLine\":{step}}}}},\"message\":{{\"text\":\"step {step}\"}}}}}}"
                )?;
            }
            write!(out, "]}}]}}]")?;
        }
        write!(out, "}}")?;
    }
    writeln!(out, "]}}]}}")
}
