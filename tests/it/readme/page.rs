//! A Markdown page as far as the README's checks need it: its fenced blocks and its tables.

/// What is done with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// It is run here, as a reader would.
    Run,
    /// It needs a real cluster or account: its form is checked.
    Real,
    /// It is not a command: it is read by whatever reads its kind.
    Parse,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The line of its fence.
    pub line: usize,
    /// The language: `sh`, `yaml`.
    pub language: String,
    /// What is done with it.
    pub tag: Tag,
    /// The exit code that a run ends with: `exit=10`.
    pub exit: i32,
    /// Whether it shows what the run before it prints: `shown`.
    pub shown: bool,
    /// What stands in it.
    pub text: String,
}

/// A table: its header and its rows, cells trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// The line of its header.
    pub line: usize,
    /// The header's cells.
    pub header: Vec<String>,
    /// The rows below.
    pub rows: Vec<Vec<String>>,
}

/// The blocks of a page, or every fault of their fences.
pub(crate) fn blocks(page: &str) -> Result<Vec<Block>, Vec<String>> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let mut lines = page.lines().enumerate();
    while let Some((n, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let fence: String = line.trim_start().chars().take_while(|c| matches!(c, '`' | '~')).collect();
        if fence.len() < 3 {
            continue;
        }
        let (mut text, mut closed) = (String::new(), false);
        for (_, line) in lines.by_ref() {
            if line.trim() == fence {
                closed = true;
                break;
            }
            text.push_str(line.get(indent..).unwrap_or(line.trim_start()));
            text.push('\n');
        }
        if !closed {
            faults.push(format!("README.md:{}: the block is not closed", n + 1));
        }
        match info(line.trim_start()[fence.len()..].trim()) {
            Ok(info) => {
                let Info { language, tag, exit, shown } = info;
                found.push(Block { line: n + 1, language, tag, exit, shown, text });
            }
            Err(why) => faults.push(format!("README.md:{}: {why}", n + 1)),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// What stands behind a fence.
struct Info {
    language: String,
    tag: Tag,
    exit: i32,
    shown: bool,
}

/// Reads what stands behind a fence: the language, the tag, and perhaps how it exits or that it shows what was printed.
fn info(text: &str) -> Result<Info, String> {
    let mut words = text.split_whitespace();
    let language = words.next().ok_or("the block has no language and no tag")?;
    let tag = match words.next() {
        Some("run") => Tag::Run,
        Some("real") => Tag::Real,
        Some("parse") => Tag::Parse,
        other => return Err(format!("the tag is `{}`: write run, real or parse", other.unwrap_or(""))),
    };
    let (mut exit, mut shown) = (0, false);
    for word in words {
        if word == "shown" && tag == Tag::Parse {
            shown = true;
            continue;
        }
        let code = word.strip_prefix("exit=").and_then(|code| code.parse().ok());
        exit = code.ok_or_else(|| format!("`{word}` is no exit=<code>"))?;
    }
    Ok(Info { language: language.to_owned(), tag, exit, shown })
}

/// The tables of a page; what stands in fenced blocks is none.
pub(crate) fn tables(page: &str) -> Vec<Table> {
    let mut found: Vec<Table> = Vec::new();
    let (mut fence, mut inside) = (String::new(), false);
    for (n, line) in page.lines().enumerate() {
        let marks: String = line.trim_start().chars().take_while(|c| matches!(c, '`' | '~')).collect();
        if fence.is_empty() && marks.len() >= 3 {
            fence = marks;
        } else if !fence.is_empty() && line.trim() == fence {
            fence.clear();
        }
        let row = if fence.is_empty() { cells(line) } else { None };
        match (row, inside) {
            (None, _) => inside = false,
            (Some(header), false) => {
                inside = true;
                found.push(Table { line: n + 1, header, rows: Vec::new() });
            }
            (Some(row), true) => {
                let ruler = row.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | ' ')));
                if let (false, Some(table)) = (ruler, found.last_mut()) {
                    table.rows.push(row);
                }
            }
        }
    }
    found
}

/// The cells of a table's line; `\|` is a bar in a cell.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let bar = "\u{0}";
    let inner = inner.replace("\\|", bar);
    Some(inner.split('|').map(|cell| cell.trim().replace(bar, "|")).collect())
}

/// The table whose header is this.
pub(crate) fn table(page: &str, header: &[&str]) -> Option<Table> {
    tables(page).into_iter().find(|table| table.header == header)
}

/// What stands between the first two backticks of a cell.
pub(crate) fn coded(cell: &str) -> Option<&str> {
    cell.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use super::{Block, Tag, blocks, coded, table, tables};

    #[test]
    fn blocks_carry_their_tags() {
        let page = "a\n```sh run exit=10\npromote validate\n```\n- b\n  ```yaml parse\n  a:\n    b\n  ```\n````text parse shown\n```\n````\n";
        let block = |line, language: &str, tag, exit, shown, text: &str| Block {
            line,
            language: language.to_owned(),
            tag,
            exit,
            shown,
            text: text.to_owned(),
        };
        let wanted = [
            block(2, "sh", Tag::Run, 10, false, "promote validate\n"),
            block(6, "yaml", Tag::Parse, 0, false, "a:\n  b\n"),
            block(10, "text", Tag::Parse, 0, true, "```\n"),
        ];
        assert_eq!(blocks(page).unwrap(), wanted);
    }

    #[test]
    fn a_block_without_its_tag_is_a_fault() {
        for (page, says) in [
            ("```\na\n```", "README.md:1: the block has no language and no tag"),
            ("\n```sh\na\n```", "README.md:2: the tag is ``: write run, real or parse"),
            ("```sh later\na\n```", "README.md:1: the tag is `later`: write run, real or parse"),
            ("```sh run shown\na\n```", "README.md:1: `shown` is no exit=<code>"),
            ("```sh run exit=x\na\n```", "README.md:1: `exit=x` is no exit=<code>"),
            ("```sh run\na\n", "README.md:1: the block is not closed"),
        ] {
            assert_eq!(blocks(page).unwrap_err(), [says]);
        }
        assert_eq!(blocks("```\n```\n\n```sh\n```").unwrap_err().len(), 2);
    }

    #[test]
    fn tables_are_found_by_their_header() {
        let page = "| a | b |\n|---|:-:|\n| `x` | 1 \\| 2 |\n\n```text parse\n| no | table |\n```\n| c |\n|---|\n";
        assert_eq!(tables(page).len(), 2);
        let found = table(page, &["a", "b"]).unwrap();
        assert_eq!((found.line, found.rows), (1, vec![vec!["`x`".to_owned(), "1 | 2".to_owned()]]));
        assert_eq!(table(page, &["a"]), None);
        assert_eq!((coded("the `x` of"), coded("—")), (Some("x"), None));
    }
}
