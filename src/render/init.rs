//! What `promote init` wrote, what it guessed and why, and what it could not know.

use std::fmt::Write as _;

use crate::promotion::init::Draft;
use crate::render::style::{COLUMNS, Style};
use crate::render::{escape, words};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was not there, and is now.
    New,
    /// It was there already, just so.
    Same,
}

/// The column that what was guessed begins at, where there is room.
const SAID_AT: usize = 25;

/// The whole answer. `next` are commands to type, one a line; a line that begins with `#` says why the one after it.
pub fn text(files: &[(String, Written)], draft: &Draft, next: &[String], style: Style) -> String {
    let mut out = String::new();
    for (path, written) in files {
        let said = match written {
            Written::New => "wrote",
            Written::Same => "kept, it is the same",
        };
        let _ = writeln!(out, "{said}  {}", style.strong(&escape::line(path)));
    }
    let _ = writeln!(out, "\n{}", style.strong("Guessed"));
    for guess in &draft.guesses {
        let about = format!("  {:<width$}", escape::line(&guess.about), width = SAID_AT - 3);
        let about = if about.ends_with(' ') { about } else { format!("{about} ") };
        let lines = words::wrapped(&format!("{about} "), SAID_AT, &escape::line(&guess.what), COLUMNS);
        let _ = writeln!(out, "{}", lines.join("\n"));
    }
    let _ = writeln!(out, "\n{}", style.strong("Could not be known"));
    for line in &draft.open {
        let _ = writeln!(out, "{}", words::wrapped("  - ", 4, &escape::line(line), COLUMNS).join("\n"));
    }
    let _ = writeln!(out, "\n{}", style.strong("Read the two files, correct what is wrong, then type"));
    for line in next {
        let line = escape::line(line);
        let _ = writeln!(out, "  {}", if line.starts_with('#') { style.faint(&line) } else { line });
    }
    out
}

/// The files on one page, for `--stdout`.
pub fn page(files: &[(String, String)]) -> String {
    let shown = files.iter().map(|(path, text)| format!("# ---- {} ----\n{text}", escape::line(path)));
    shown.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::promotion::init::Guess;
    use crate::render::table::width;

    #[test]
    fn everything_is_said_in_its_place() {
        let guess = |about: &str, what: &str| Guess { about: about.to_owned(), what: what.to_owned() };
        let draft = Draft {
            rules: String::new(),
            workflow: String::new(),
            environments: vec!["dev".to_owned(), "staging".to_owned()],
            paths: BTreeSet::new(),
            first: ("dev".to_owned(), "staging".to_owned()),
            ways: 1,
            watched: false,
            guesses: vec![
                guess("environments", "dev → staging, from k8s/overlays/*"),
                guess(
                    "evidence integration",
                    "artifacts/integration/**/*.xml, and some more text that is long: 3 files",
                ),
                guess("a name that is much too long", "x\u{1b}[2J"),
            ],
            open: vec!["who approves a promotion to staging: the rules have the lines, commented out".to_owned()],
        };
        let files = [("a.yaml".to_owned(), Written::New), ("b.yml".to_owned(), Written::Same)];
        let shown = text(&files, &draft, &["promote doctor".to_owned()], Style::PLAIN);
        insta::assert_snapshot!(shown, @r"
            wrote  a.yaml
            kept, it is the same  b.yml

            Guessed
              environments           dev → staging, from k8s/overlays/*
              evidence integration   artifacts/integration/**/*.xml, and some more text that
                                     is long: 3 files
              a name that is much too long  x\x1b[2J

            Could not be known
              - who approves a promotion to staging: the rules have the lines, commented out

            Read the two files, correct what is wrong, then type
              promote doctor
        ");
        assert!(shown.lines().all(|line| width(line) <= COLUMNS), "{shown}");
    }
}
