//! What edits change, line by line: the same lines that `git diff` shows as removed and added.

use crate::promotion::edit::apply::apply_each;
use crate::promotion::edit::{Edit, EditFault};

/// A changed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Which text it is in.
    pub side: Side,
    /// Its number in that text, from 1.
    pub line: u32,
    /// Its text, without the line end.
    pub text: String,
    /// Whether it has a line end: the last line of a text may have none.
    pub ended: bool,
}

/// Which text a changed line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The text before: `-`.
    Old,
    /// The text after: `+`.
    New,
}

/// The lines that edits change, in the order of the text, removed before added where they touch.
pub fn diff(text: &str, edits: &[Edit]) -> Result<Vec<DiffLine>, EditFault> {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    // For each line of the changed text the line that it was; edits change lines in place, or insert and remove whole ones.
    let mut origins: Vec<Option<usize>> = (0..old.len()).map(Some).collect();
    let after = apply_each(text, edits, &mut |text, splice| {
        let line = text.get(..splice.range.start).unwrap_or_default().matches('\n').count();
        let removed = text.get(splice.range.clone()).unwrap_or_default();
        // A line end that comes first belongs to the line before.
        let own = |bytes: &str| line + usize::from(bytes.starts_with(['\n', '\r']));
        if removed.contains('\n') {
            let at = own(removed).min(origins.len());
            origins.drain(at..(at + 1).min(origins.len()));
        }
        if splice.with.contains('\n') {
            origins.insert(own(&splice.with).min(origins.len()), None);
        }
    })?;
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    Ok(changed(&old, &new, &origins))
}

fn changed(old: &[&str], new: &[&str], origins: &[Option<usize>]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    let mut added: Vec<DiffLine> = Vec::new();
    let mut next_old = 0;
    for (at, text) in new.iter().enumerate() {
        let origin = origins.get(at).copied().flatten();
        if let Some(origin) = origin {
            for gone in next_old..origin {
                lines.extend(old.get(gone).map(|text| diff_line(Side::Old, gone, text)));
            }
            next_old = origin + 1;
            if old.get(origin) == Some(text) {
                lines.append(&mut added);
                continue;
            }
            lines.extend(old.get(origin).map(|text| diff_line(Side::Old, origin, text)));
        }
        added.push(diff_line(Side::New, at, text));
    }
    for (gone, text) in old.iter().enumerate().skip(next_old) {
        lines.push(diff_line(Side::Old, gone, text));
    }
    lines.append(&mut added);
    lines
}

fn diff_line(side: Side, at: usize, text: &str) -> DiffLine {
    let bare = text.strip_suffix('\n').unwrap_or(text);
    DiffLine {
        side,
        line: u32::try_from(at + 1).unwrap_or(u32::MAX),
        text: bare.strip_suffix('\r').unwrap_or(bare).to_owned(),
        ended: text.ends_with('\n'),
    }
}
