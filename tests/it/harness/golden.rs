//! What must come out, word for word: files under `fixtures/`, written anew by `UPDATE_SCENARIOS=1` and read by people.

use std::path::Path;

/// Compares a text with a file of `fixtures/`. With `UPDATE_SCENARIOS=1` the file is written instead, but never in CI.
pub(crate) fn golden(path: &str, text: &str) {
    written_anew(&format!("fixtures/{path}"), text);
}

/// Compares a text with a file of the repository, or writes it, as [`golden`] does.
pub(crate) fn written_anew(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let known = std::fs::read_to_string(&file).ok();
    if known.as_deref() == Some(text) {
        return;
    }
    let (update, ci) = (std::env::var_os("UPDATE_SCENARIOS"), std::env::var_os("CI"));
    if update.is_some_and(|value| value == "1") && ci.is_none() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        return;
    }
    let difference = difference(&known.unwrap_or_default(), text);
    panic!("{path} says otherwise (UPDATE_SCENARIOS=1 writes it anew):\n{difference}");
}

/// The lines from the first to the last that differ, as they were (`-`) and as they are (`+`).
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let mut lines = vec![format!("@@ line {} @@", same + 1)];
    lines.extend(old[..old.len() - tail].iter().map(|line| format!("-{line}")));
    lines.extend(new[..new.len() - tail].iter().map(|line| format!("+{line}")));
    lines.join("\n")
}

#[test]
fn a_difference_shows_what_differs_only() {
    assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "@@ line 2 @@\n-b\n+x\n+y");
    assert_eq!(difference("", "a\n"), "@@ line 1 @@\n+a");
}
