//! What every parser returns: what a file says of itself, or why it says nothing that can be believed.

use std::collections::BTreeSet;

use crate::promotion::facts::Tool;
use crate::promotion::rules::format::Format;
use crate::promotion::time::Time;

/// Why a file, or all of them together, says nothing that can be believed. The text fits after the file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Defect {
    /// There is nothing in it: `it is empty`.
    Missing(String),
    /// There is something wrong: `it is cut off: it ends at line 12 inside <testsuite>`.
    Unreadable(String),
}

/// What a file says of itself, beside its measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// When it was taken, the oldest of the times in it.
    pub taken: Option<Time>,
    /// The commits or digests that it says it is about.
    pub subjects: BTreeSet<String>,
    /// The commits and digests that its stamp says it is about.
    pub stamped: BTreeSet<String>,
    /// The environment that its stamp says it was taken in.
    pub environment: Option<String>,
    /// The programs that made it, as far as it says so.
    pub tools: BTreeSet<Tool>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl About {
    /// Notes the program that made it; one without a name is none.
    pub fn made_by(&mut self, name: &str, version: Option<&str>) {
        let (name, version) = (name.trim(), version.map(str::trim).filter(|version| !version.is_empty()));
        if !name.is_empty() {
            self.tools.insert(Tool { name: short(name), version: version.map(short) });
        }
    }

    /// Keeps the older of two times.
    pub fn older(&mut self, time: Time) {
        self.taken = Some(self.taken.map_or(time, |taken| taken.min(time)));
    }
}

/// That a format is known, and that there is no parser for it.
pub fn not_read(format: Format) -> Defect {
    Defect::Unreadable(format!("it is {}, which is not read by this version", format.row().a_file))
}

/// The longest name or message that is kept, in characters.
const KEPT: usize = 300;

/// The first line that is not blank, shortened.
pub fn first_line(text: &str) -> Option<String> {
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(short)
}

/// A text of at most `KEPT` characters.
pub fn short(text: &str) -> String {
    if text.chars().nth(KEPT).is_none() {
        return text.to_owned();
    }
    text.chars().take(KEPT - 1).chain(['…']).collect()
}
