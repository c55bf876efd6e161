//! Evidence from files: which files a source names, what format each one has, and what all of them say together.
//!
//! ```text
//!  globs ─► files ─► intake (hash, gunzip, UTF-8) ─► sniff ─► a parser ─► cases | lines | found | lint | runs ─► Reading
//! ```
//!
//! Each file is read once, as a stream: what stays in memory grows with the number of distinct test names, source lines or
//! findings, never with the bytes of a report. A parser pours into an accumulator of its family that merges by
//! identity, so a report that was split in shards says the same as the whole.
//!
//! Absence is not zero: no file, an empty one, or a report of nothing is *missing*; one that is cut off, of another encoding
//! or format, or that contradicts itself is *unreadable*. Neither is ever a measure.
//!
//! # Adding a format
//!
//! 1. A variant of [`Format`](crate::promotion::rules::format::Format), with its row. Tests then name what is
//!    missing: a parser, a sign, a sample, a line in the README.
//! 2. A file in the folder of its family with `parse(input, path, into) -> Result<About, Defect>`, streaming.
//! 3. What gives the format away, in the table `sniff::signs`; a test fails for a format that has no row there.
//! 4. A folder `fixtures/evidence/<format>/` with one file for each shape, listed in its `EXPECTED`; a test fails for a file
//!    that is not listed. A row in the README.

pub mod coverage;
mod fields;
pub mod files;
#[cfg(test)]
mod fixtures;
pub mod globs;
pub mod identity;
pub mod intake;
pub mod joined;
pub mod json;
pub mod load;
pub mod look;
pub mod packages;
#[cfg(test)]
mod properties;
pub mod quality;
pub mod said;
pub mod security;
pub mod sniff;
pub mod stamps;
pub mod tally;
pub mod tests;
pub mod times;
pub mod trim;
pub mod unzip;
pub mod utf16;
pub mod window;
pub mod xml;
