//! A zip archive from somewhere else, unpacked in memory. Nothing in it is believed: sizes are counted while they are read,
//! names are checked, and nothing is ever written to a disk.
//!
//! The limits are far above what reports need, and low enough that a hostile archive costs a second and little memory. Source:
//! PKWARE's APPNOTE 6.3.10; the attacks are those of CVE-2024-42471 (paths that lead out) and of compressed bombs.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use zip::ZipArchive;

/// The most entries of an archive.
pub const ENTRIES_MAX: usize = 10_000;
/// The most bytes of one unpacked file.
pub const FILE_MAX: u64 = 64 << 20;
/// The most bytes of all unpacked files.
pub const TOTAL_MAX: u64 = 256 << 20;
/// How many times larger than its packed form a file may be, once it is larger than [`RATIO_FROM`].
pub const RATIO_MAX: u64 = 200;
/// From which size on the ratio is looked at.
pub const RATIO_FROM: u64 = 1 << 20;

/// What every entry's header in the archive's list begins with.
const LISTED: &[u8] = b"PK\x01\x02";
/// How much is unpacked between two looks at the limits.
const STEP: usize = 64 * 1024;
/// The type bits of a Unix mode, and what they may be: nothing said, a file, or a directory.
const TYPE_BITS: u32 = 0o170_000;
const PLAIN: [u32; 3] = [0, 0o100_000, 0o040_000];

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// Its path in the archive, with `/`, without `.` or `..` parts.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The files of an archive that are wanted, by path, and the paths of all. The names of every entry are checked, only what is
/// wanted is unpacked. An error says what is wrong with the archive, and which limit it breaks.
pub fn unzip(bytes: &[u8], wanted: &dyn Fn(&str) -> bool) -> Result<(Vec<Unpacked>, BTreeSet<String>), String> {
    // Looked at before anything is made of it: each listed entry costs memory.
    if bytes.windows(LISTED.len()).filter(|window| *window == LISTED).nth(ENTRIES_MAX).is_some() {
        return Err(format!("it has more than {ENTRIES_MAX} entries, the most that are read"));
    }
    let broken = |error: zip::result::ZipError| format!("it is not a whole zip archive: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.has_duplicate_names() {
        return Err("two of its entries have the same name".to_owned());
    }
    if archive.has_overlapping_files().map_err(broken)? {
        return Err("two of its entries share their bytes, as those of a bomb do".to_owned());
    }
    let (mut files, mut paths, mut total) = (Vec::new(), BTreeSet::new(), 0);
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(broken)?;
        let name = String::from_utf8(entry.name_raw().to_vec())
            .map_err(|_| format!("the name of entry {} is not UTF-8", index + 1))?;
        let shown = shown(&name);
        if entry.encrypted() {
            return Err(format!("{shown} is encrypted"));
        }
        if entry.is_symlink() || !PLAIN.contains(&(entry.unix_mode().unwrap_or(0) & TYPE_BITS)) {
            return Err(format!("{shown} is a link or a device, not a file"));
        }
        leads_out(&name)?;
        if entry.is_dir() {
            continue;
        }
        if wanted(&name) {
            let packed = entry.compressed_size();
            let file = archive.by_index(index).map_err(|error| format!("{shown} cannot be unpacked: {error}"))?;
            let bytes = unpack(file, packed, &mut total).map_err(|why| format!("{shown} {why}"))?;
            files.push(Unpacked { path: name.clone(), bytes });
        }
        paths.insert(name);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((files, paths))
}

/// Refuses a name that could mean another place than one below the archive.
fn leads_out(name: &str) -> Result<(), String> {
    let shown = shown(name);
    let path = name.strip_suffix('/').unwrap_or(name);
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || drive {
        return Err(format!("{shown} is an absolute path"));
    }
    if path.contains('\\') {
        return Err(format!("{shown} holds a backslash, which is a separator elsewhere"));
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("{shown} is not a plain path: it has an empty part, `.` or `..`"));
    }
    if path.chars().any(char::is_control) {
        return Err(format!("{shown} holds a control character"));
    }
    Ok(())
}

/// Unpacks one file and counts. `packed` is how many bytes it can be read from, so what it claims of itself cannot widen the
/// ratio.
fn unpack(file: impl Read, packed: u64, total: &mut u64) -> Result<Vec<u8>, String> {
    let (mut bytes, mut step) = (Vec::new(), vec![0; STEP]);
    let mut file = file;
    loop {
        let count = file.read(&mut step).map_err(|error| format!("cannot be unpacked: {error}"))?;
        if count == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&step[..count]);
        let size = bytes.len() as u64;
        *total += count as u64;
        if size > FILE_MAX {
            return Err(format!("is larger than {} MiB unpacked, the most for one file", FILE_MAX >> 20));
        }
        if *total > TOTAL_MAX {
            return Err(format!(
                "makes the archive larger than {} MiB unpacked, the most that is read",
                TOTAL_MAX >> 20
            ));
        }
        if size > RATIO_FROM && size / RATIO_MAX > packed {
            return Err(format!("is packed more than {RATIO_MAX} times, as a bomb is"));
        }
    }
}

/// A name as a fault quotes it: in one line, and not longer than that needs.
fn shown(name: &str) -> String {
    let short: String = name.chars().take(120).collect();
    format!("`{}`", short.escape_debug())
}

#[cfg(test)]
mod tests;
