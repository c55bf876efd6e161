//! What the parsers of several formats need: the text of a failure as it comes in pieces, and the check of a file's own counts.

use crate::adapters::evidence::said::{Defect, first_line};

/// How much of a failure's text is looked at for its first line, in bytes.
const KEPT: usize = 4096;

/// A text that is wanted, or is not.
#[derive(Debug, Default)]
pub struct Words(Option<String>);

impl Words {
    /// From here on, text is wanted.
    pub fn begin(&mut self) {
        self.0 = Some(String::new());
    }

    /// A piece of text; nothing happens where none is wanted.
    pub fn add(&mut self, text: &str) {
        if let Some(kept) = self.0.as_mut() {
            let room = KEPT.saturating_sub(kept.len());
            kept.extend(text.chars().take(room));
        }
    }

    /// The first line of what came, if text was wanted and there is one.
    pub fn end(&mut self) -> Option<String> {
        self.0.take().as_deref().and_then(first_line)
    }
}

/// What a file says of itself in numbers, and what was found in it. Numbers never count; they are a check: a file that
/// declares tests, or failures, of which none can be found is not believed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declared {
    /// How many tests it declares.
    pub tests: u64,
    /// How many of them it says are bad.
    pub bad: u64,
    /// How many cases were found.
    pub cases: u64,
    /// How many of those are bad.
    pub troubled: u64,
}

impl Declared {
    /// The defect that the numbers show, if they do.
    pub fn check(&self) -> Result<(), Defect> {
        let Self { tests, bad, cases, troubled } = *self;
        if cases == 0 && troubled == 0 && tests > 0 {
            return Err(Defect::Unreadable(format!("it declares {tests} tests and holds no test case")));
        }
        if bad > 0 && troubled == 0 {
            return Err(Defect::Unreadable(format!("it declares failures or errors ({bad}) and holds none")));
        }
        Ok(())
    }
}

/// A count in an attribute; what is no number is none.
pub fn count(text: Option<&str>) -> u64 {
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// The last part of a path of any system: the name of an assembly, which lies elsewhere on each machine.
pub fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What is noted of a report without a case.
pub const NO_CASE: &str = "it holds no test case";
/// What is noted of a report whose time names no zone.
pub const NO_ZONE: &str = "its time names no zone and is taken as UTC";
