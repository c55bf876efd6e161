//! What stands in JSON, and why it cannot be read.

use std::fmt;

use crate::adapters::evidence::said::Defect;

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

/// Why it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// It cannot be read at all.
    Io(String),
    /// It ends too early.
    Cut,
    /// It is not JSON.
    Syntax(String),
    /// It is JSON, and not what was expected there.
    Data(String),
    /// It is what the parser says.
    Defect(Defect),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(why) | Self::Syntax(why) | Self::Data(why) => f.write_str(why),
            Self::Cut => f.write_str("it is cut off"),
            Self::Defect(Defect::Missing(why) | Defect::Unreadable(why)) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Data(message.to_string())
    }
}

impl From<Defect> for Error {
    fn from(defect: Defect) -> Self {
        Self::Defect(defect)
    }
}

impl Kind {
    /// Its name with an article.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}
