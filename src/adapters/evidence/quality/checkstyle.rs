//! Checkstyle XML, which Checkstyle writes, and dozens of other linters (ESLint, PHP_CodeSniffer, ShellCheck, golangci-lint,
//! Scalastyle, flake8 …).
//!
//! - Severities are `error`, `warning`, `info` and `ignore`, the last of which does not count. A finding without one, or with
//!   another word, counts as an error.
//! - Clean is a document without a `file`, or with files in which nothing stands.
//! - `exception` is a check that broke: the file was not looked at to the end, so the report is not believed.
//! - The `version` is that of the format's original, not of the tool that wrote the file, unless the rules are Checkstyle's own.

use crate::adapters::evidence::fields::Faults;
use crate::adapters::evidence::quality::lint::{Complaint, Level, Lint};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};

/// What the names of Checkstyle's own rules begin with.
const OWN: &str = "com.puppycrawl.tools.checkstyle.";

/// The report on its way.
#[derive(Debug, Default)]
struct Report {
    version: Option<String>,
    path: String,
    is_own: bool,
    broken: Faults,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lint: &mut Lint) -> Result<About, Defect> {
    let mut xml = Xml::new(input);
    let mut report = Report::default();
    loop {
        match xml.read()? {
            Piece::Open(tag) => open(&tag, &mut report, lint)?,
            Piece::End => break,
            Piece::Close(_) | Piece::Text(_) | Piece::Aside => {}
        }
    }
    if !report.broken.is_empty() {
        let checks = report.broken.said("check", "checks");
        return Err(Defect::Unreadable(format!("{checks} broke off: what it says is not all")));
    }
    let mut about = About::default();
    if report.is_own {
        about.made_by("Checkstyle", report.version.as_deref());
    }
    Ok(about)
}

fn open(tag: &Tag<'_>, report: &mut Report, lint: &mut Lint) -> Result<(), Defect> {
    match (tag.depth, tag.name()) {
        (1, "checkstyle") => {
            let [version] = tag.values(["version"])?;
            report.version = version.map(Into::into);
        }
        (1, other) => return Err(Defect::Unreadable(format!("it is not a Checkstyle report: its root is <{other}>"))),
        (2, "file") => {
            let [name] = tag.values(["name"])?;
            report.path = name.map(Into::into).unwrap_or_default();
        }
        (_, "exception") => report.broken.add(&report.path, "an exception"),
        (_, "error") => error(tag, report, lint)?,
        _ => {}
    }
    Ok(())
}

fn error(tag: &Tag<'_>, report: &mut Report, lint: &mut Lint) -> Result<(), Defect> {
    let [severity, line, column, message, source] = tag.values(["severity", "line", "column", "message", "source"])?;
    let level = match severity.as_deref().map(|word| word.trim().to_ascii_lowercase()).as_deref() {
        Some("ignore") => return Ok(()),
        Some("info") => Level::Info,
        Some("warning" | "warn") => Level::Warning,
        _ => Level::Error,
    };
    let source = source.as_deref().unwrap_or_default();
    report.is_own |= source.starts_with(OWN);
    let short = source.strip_prefix(OWN).and_then(|rule| rule.rsplit('.').next()).unwrap_or(source);
    let short = if source.starts_with(OWN) { short.strip_suffix("Check").unwrap_or(short) } else { short };
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    lint.add(&Complaint {
        tool: "Checkstyle",
        rules: &[short, source],
        level,
        path: &report.path,
        line: number(line.as_deref()),
        column: number(column.as_deref()),
        message: message.as_deref().unwrap_or_default(),
    });
    Ok(())
}
