//! A page of limited size, built section by section: what does not fit is left out whole, and the page says so.

/// The most that GitHub shows of a job summary, in bytes: a longer one is not shown at all.
pub const JOB_SUMMARY: usize = 1_048_576;
/// The most that GitHub takes as the text of a check run or a comment, in bytes.
pub const CHECK_RUN: usize = 65_535;
/// What is kept free for the note about what was left out, and for closing what is open.
const RESERVE: usize = 512;

/// A page that is being written.
#[derive(Debug)]
pub struct Page {
    text: String,
    limit: usize,
    left_out: u64,
}

impl Page {
    /// An empty page of at most this many bytes; less than a kilobyte is not a page.
    pub fn new(limit: usize) -> Self {
        Self { text: String::new(), limit: limit.max(2 * RESERVE), left_out: 0 }
    }

    /// Adds a block of lines and an empty line behind it. `open` and `close` stand around the lines that fit, so that a
    /// table, a fence or a fold is never left open; lines that do not fit are counted.
    pub fn block(&mut self, open: &str, lines: &[String], close: &str) {
        let frame = open.len() + close.len() + 3;
        if self.room() < frame {
            self.left_out += lines.len().max(1) as u64;
            return;
        }
        let mut room = self.room() - frame;
        if !open.is_empty() {
            self.text.push_str(open);
            self.text.push('\n');
        }
        for (n, line) in lines.iter().enumerate() {
            if line.len() + 1 > room {
                self.left_out += (lines.len() - n) as u64;
                break;
            }
            room -= line.len() + 1;
            self.text.push_str(line);
            self.text.push('\n');
        }
        if !close.is_empty() {
            self.text.push_str(close);
            self.text.push('\n');
        }
        self.text.push('\n');
    }

    /// Adds one paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.block("", &[text.to_owned()], "");
    }

    /// The page, with a note if something was left out.
    pub fn finish(self) -> String {
        self.noted(|left_out| format!("{left_out} lines did not fit here: the log of this run has them.\n"))
    }

    /// The same, for a page beside the job summary, which holds more.
    pub fn finish_short(self) -> String {
        self.noted(|left_out| format!("cut: {left_out} lines did not fit here, the job summary has all.\n"))
    }

    fn noted(mut self, note: impl FnOnce(u64) -> String) -> String {
        if self.left_out > 0 {
            self.text.push_str(&note(self.left_out));
        }
        self.text
    }

    fn room(&self) -> usize {
        (self.limit - RESERVE).saturating_sub(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_limit_and_closes_what_it_opened() {
        let lines: Vec<String> = (0..2000).map(|n| format!("line {n} — ünï")).collect();
        let mut page = Page::new(4096);
        page.block("```", &lines, "```");
        page.block("<details>", &lines, "</details>");
        let text = page.finish();
        assert!(text.len() <= 4096, "{} bytes", text.len());
        assert_eq!(text.matches("```").count(), 2);
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        let shown = text.matches("line ").count();
        assert!(text.ends_with(&format!("{} lines did not fit here: the log of this run has them.\n", 4000 - shown)));
    }

    #[test]
    fn what_fits_is_whole() {
        let mut page = Page::new(JOB_SUMMARY);
        page.paragraph("a");
        page.block("<details>", &["b".to_owned()], "</details>");
        assert_eq!(page.finish(), "a\n\n<details>\nb\n</details>\n\n");
    }
}
