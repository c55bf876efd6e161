//! Diffs as git shows them, for plans.

use crate::promotion::edit::diff::{DiffLine, Side};
use crate::promotion::edit::{Change, Edit, FileEdits};
use crate::promotion::plan::PlannedCommit;
use crate::render::escape;

/// The lines of one file that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The target whose commit it is.
    pub target: String,
    /// The file, from the repository's root.
    pub path: String,
    /// The changed lines, as [`diff`](crate::promotion::edit::diff::diff) has them.
    pub lines: Vec<DiffLine>,
}

/// One line of a diff as it is printed, without a line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which text it is in; a heading is in none.
    pub side: Option<Side>,
    /// Sign and text, made harmless but for tabs.
    pub text: String,
}

/// The files that a commit changes, in git's order: those of its edits, and the releases file, whose edits are made with it.
pub fn files(commit: &PlannedCommit) -> Vec<FileEdits> {
    let release = commit.release.as_ref();
    let release = release.map(|release| FileEdits { path: release.file.clone(), edits: Vec::new() });
    let mut files: Vec<FileEdits> = commit.files.iter().cloned().chain(release).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The diff of one file of a commit; a file without one is shown by its edits, in words.
pub fn shown(commit: &PlannedCommit, file: &FileEdits, diffs: &[FileDiff]) -> Vec<Shown> {
    match find(commit, file, diffs) {
        Some(diff) => changed(&diff.lines),
        None => file.edits.iter().map(edited).collect(),
    }
}

/// `path:line` of the first changed line, which editors and people understand; the path alone without a diff.
pub fn place(commit: &PlannedCommit, file: &FileEdits, diffs: &[FileDiff]) -> String {
    let path = escape::line(&file.path);
    match find(commit, file, diffs).and_then(|diff| diff.lines.first()) {
        Some(first) => format!("{path}:{}", first.line),
        None => path,
    }
}

fn find<'a>(commit: &PlannedCommit, file: &FileEdits, diffs: &'a [FileDiff]) -> Option<&'a FileDiff> {
    diffs.iter().find(|diff| diff.target == commit.target && diff.path == file.path)
}

/// The lines with their signs; before each place but the first a heading that says its line, and behind a last line without
/// an end what git says there.
fn changed(lines: &[DiffLine]) -> Vec<Shown> {
    let mut out = Vec::new();
    // The line that would continue the place at hand in the old and in the new text.
    let mut next: Option<(i64, i64)> = None;
    let mut delta = 0;
    for line in lines {
        let at = i64::from(line.line);
        let is_next = next.is_none_or(|(old, new)| at == if line.side == Side::Old { old } else { new });
        if !is_next {
            out.push(Shown { side: None, text: format!("@@ line {at} @@") });
        }
        let sign = match line.side {
            Side::Old => '-',
            Side::New => '+',
        };
        out.push(Shown { side: Some(line.side), text: format!("{sign}{}", escape::source(&line.text)) });
        if !line.ended {
            out.push(Shown { side: None, text: "\\ No newline at end of file".to_owned() });
        }
        next = Some(match line.side {
            Side::Old => {
                delta -= 1;
                (at + 1, at + 1 + delta)
            }
            Side::New => {
                delta += 1;
                (at + 1 - delta, at + 1)
            }
        });
    }
    out
}

/// An edit in words: `images[name=app].newTag: "1.10" → "1.20"`.
fn edited(edit: &Edit) -> Shown {
    let at = escape::line(&edit.selector);
    let bare = |line: &str| escape::line(line.trim_matches(['\n', '\r']).trim_start());
    let text = match &edit.change {
        Change::Set { old, new } => format!("{at}: {} → {}", escape::line(old.trim()), escape::line(new.trim())),
        Change::InsertKey { after, line, .. } => format!("{at}: + {} (after {})", bare(line), escape::line(after)),
        Change::RemoveKey { after, line, .. } => format!("{at}: - {} (after {})", bare(line), escape::line(after)),
    };
    Shown { side: None, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::edit::diff::diff;
    use crate::promotion::edit::make::set;

    fn texts(shown: &[Shown]) -> Vec<&str> {
        shown.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_diff_of_real_edits_names_each_place() {
        let text = "# top\nimages:\n  - name: app\n    newTag: \"1.10\"\t# by promote\nkept: 1\nother: a\nlast: 1.10";
        let first = set(text, 0, "images[name=app].newTag", "1.20").unwrap();
        let last = set(text, 0, "last", "1.20").unwrap();
        let lines = diff(text, &[first, last]).unwrap();
        assert_eq!(
            texts(&changed(&lines)),
            [
                "-    newTag: \"1.10\"\t# by promote",
                "+    newTag: \"1.20\"\t# by promote",
                "@@ line 7 @@",
                "-last: 1.10",
                "\\ No newline at end of file",
                "+last: \"1.20\"",
                "\\ No newline at end of file",
            ]
        );
    }

    #[test]
    fn lines_that_come_or_go_move_what_follows() {
        let line = |side, line, text: &str| DiffLine { side, line, text: text.to_owned(), ended: true };
        let (old, new) = (Side::Old, Side::New);
        let lines = [line(new, 3, "a"), line(new, 4, "b"), line(old, 7, "c"), line(new, 9, "d"), line(old, 9, "e")];
        assert_eq!(texts(&changed(&lines)), ["+a", "+b", "@@ line 7 @@", "-c", "+d", "@@ line 9 @@", "-e"]);
        let lines = [line(old, 5, "a"), line(new, 30, "b")];
        assert_eq!(texts(&changed(&lines)), ["-a", "@@ line 30 @@", "+b"]);
    }

    #[test]
    fn a_line_is_what_git_shows_unless_it_would_do_harm() {
        for (text, shown) in
            [("\tkey: \"1.10\"  # ünï", "-\tkey: \"1.10\"  # ünï"), ("key: \u{202e}1", "-key: \\u{202e}1")]
        {
            let line = DiffLine { side: Side::Old, line: 1, text: text.to_owned(), ended: true };
            assert_eq!(texts(&changed(&[line])), [shown]);
        }
    }

    #[test]
    fn edits_read_as_words_where_there_is_no_diff() {
        let edit = |change| Edit { document: 0, selector: "images[0].digest".to_owned(), change };
        let line = "    digest: sha256:ab\r\n".to_owned();
        let after = "newTag".to_owned();
        let insert = Change::InsertKey { after: after.clone(), below: 0, line: line.clone() };
        let remove = Change::RemoveKey { after, below: 0, line };
        assert_eq!(edited(&edit(insert)).text, "images[0].digest: + digest: sha256:ab (after newTag)");
        assert_eq!(edited(&edit(remove)).text, "images[0].digest: - digest: sha256:ab (after newTag)");
    }
}
