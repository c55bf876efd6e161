//! What an evaluation asks GitHub with, and what it is given.

use crate::ports::About;
use crate::promotion::facts::Reading;
use crate::promotion::measures::Measure;
use crate::promotion::rules::format::Format;
use crate::promotion::time::Time;

/// An artifact as it was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// The name of the one file that it is, where it is not a zip archive.
    pub file: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Makes a reading of downloaded artifacts: which of their files (globs; none: all), and in which format, if it is said.
pub type Parse<'a> = &'a dyn Fn(Vec<Artifact>, &[String], Option<Format>) -> Reading;

/// What an evaluation asks with.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// About what.
    pub about: &'a About<'a>,
    /// The workflow run that this is: its own checks are not looked at.
    pub own_run: Option<u64>,
    /// The clock's reading.
    pub now: Time,
    /// Reads reports.
    pub parse: Parse<'a>,
}

/// What was found: the measure, when it was taken, and what a reader should know.
pub(super) type Found = (Measure, Option<Time>, Vec<String>);
