//! Where bundles go: directories below the working directory, with placeholders that are known.

use crate::promotion::bundle::place::{PLACEHOLDERS, unknown};
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::Bundle;
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::resolve::names::relative;

/// The directories that get the bundle of each promotion.
pub fn bundles(written: Option<&Placed<Bundle>>, faults: &mut Vec<Wrong>) -> Vec<String> {
    let Some(written) = written else { return Vec::new() };
    let directories = &written.directories;
    if directories.0.is_empty() && !directories.faulty {
        let wrong = Wrong::of(directories, "no directory would get a bundle");
        faults.push(wrong.help("name one, or remove `bundle`"));
    }
    let mut read = |directory: &Placed<String>| {
        if let Some(word) = unknown(directory).filter(|_| !directory.faulty) {
            let known = PLACEHOLDERS.map(|word| format!("`{{{word}}}`")).join(", ");
            let wrong = Wrong::of(directory, format!("unknown placeholder `{{{word}}}`"));
            faults.push(wrong.help(format!("there are {known}")));
        }
        relative(directory, faults)
    };
    directories.0.iter().map(&mut read).collect()
}
