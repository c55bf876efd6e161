//! Whether a commit is the one that a plan says: it changes exactly what was planned, and nothing else.

use std::collections::BTreeMap;

use crate::promotion::edit::apply::apply;
use crate::promotion::plan::PlannedCommit;

/// For every file that a commit changes: the text before and after; `None` where there was or is none, or where it is not
/// text.
pub type Changes = BTreeMap<String, (Option<String>, Option<String>)>;

/// Whether these changes are the plan's edits, file by file and byte by byte, and its release.
pub fn made(planned: &PlannedCommit, changes: &Changes) -> bool {
    let released = match &planned.release {
        None => 0,
        Some(release) => match changes.get(&release.file) {
            Some((Some(before), Some(after))) if release.wrote(before, after) => 1,
            None if release.may_lag => 0,
            _ => return false,
        },
    };
    changes.len() == planned.files.len() + released
        && planned.files.iter().all(|file| match changes.get(&file.path) {
            Some((Some(before), Some(after))) => apply(before, &file.edits).is_ok_and(|text| text == *after),
            _ => false,
        })
}

/// The value of a trailer: a line of the message's last paragraph.
pub fn trailer<'m>(message: &'m str, key: &str) -> Option<&'m str> {
    let last = message.trim_end().rsplit("\n\n").next()?;
    last.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}
