//! JSON as reports need it: read as a stream, from a buffer, in one pass.
//!
//! A parser walks the large arrays with [`Json::object`] and [`Json::array`], reads what it wants with [`Json::read`] (any type
//! that serde can make), and passes over the rest with [`Json::skip`]. What stays in memory is what it keeps. The grammar is
//! that of RFC 8259, and it is checked everywhere, also in what is passed over.

pub mod de;
pub mod fault;
mod token;

use serde::Deserialize;

use crate::adapters::evidence::json::fault::{Error, Kind, MAX_DEPTH};
use crate::adapters::evidence::json::token::Tokens;
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::window::Window;

/// A document that is read as a stream.
pub struct Json<'a> {
    tokens: Tokens<'a>,
    depth: usize,
}

impl<'a> Json<'a> {
    /// Begins with the stream.
    pub fn new(input: Window<'a>) -> Self {
        Self { tokens: Tokens::new(input), depth: 0 }
    }

    /// Reads a whole document, which is one value: `read` reads it, and a fault gets its words and its line. `format` is the
    /// format's name: `SARIF 2.1.0`.
    pub fn document<T>(
        input: Window<'a>,
        format: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Defect> {
        let mut json = Self::new(input);
        let result = read(&mut json).and_then(|value| json.tokens.end().map(|()| value));
        result.map_err(|fault| json.defect(format, fault))
    }

    /// A fault in words, with the line that has been reached.
    pub fn defect(&self, format: &str, fault: Error) -> Defect {
        let line = self.tokens.line();
        Defect::Unreadable(match fault {
            Error::Defect(defect) => return defect,
            Error::Io(why) => why,
            Error::Cut => format!("it is cut off: it ends at line {line}"),
            Error::Syntax(why) => format!("it is not JSON: {why} at line {line}"),
            Error::Data(why) => format!("it is not {format}: {why} at line {line}"),
        })
    }

    /// The line that has been reached, counted from 1.
    pub fn line(&self) -> u64 {
        self.tokens.line()
    }

    /// What comes next.
    pub fn peek(&mut self) -> Result<Kind, Error> {
        self.tokens.kind()
    }

    /// Whether there is anything but blanks behind what was read: of a stream of values, whether there is another one.
    pub fn more(&mut self) -> Result<bool, Error> {
        Ok(self.tokens.byte()?.is_some())
    }

    /// Reads a value.
    pub fn read<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Error> {
        T::deserialize(self)
    }

    /// Passes over a value.
    pub fn skip(&mut self) -> Result<(), Error> {
        self.tokens.skip(MAX_DEPTH - self.depth)
    }

    /// Walks an object: `field` is called for each name, and reads the value (or passes over it).
    pub fn object(&mut self, mut field: impl FnMut(&str, &mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.expect(Kind::Object, "an object")?;
        self.enter()?;
        let mut name = String::new();
        let mut first = true;
        while self.tokens.next_key(first)? {
            first = false;
            name.clear();
            name.push_str(self.tokens.text()?);
            self.tokens.colon()?;
            field(&name, self)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Walks an array: `element` is called before each element, and reads it (or passes over it).
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.expect(Kind::Array, "an array")?;
        self.enter()?;
        let mut first = true;
        while self.tokens.next_element(first)? {
            first = false;
            element(self)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Walks an array of values of one type, which may be `null` for an empty one.
    pub fn each<T: for<'de> Deserialize<'de>>(&mut self, mut element: impl FnMut(T)) -> Result<(), Error> {
        if self.peek()? == Kind::Null {
            return self.skip();
        }
        self.array(|json| {
            element(json.read()?);
            Ok(())
        })
    }

    fn expect(&mut self, kind: Kind, what: &str) -> Result<(), Error> {
        let found = self.tokens.kind()?;
        if found == kind {
            self.tokens.pass();
            return Ok(());
        }
        Err(Error::Data(format!("{} stands where {what} should", found.name())))
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Syntax(format!("its values are nested more than {MAX_DEPTH} deep")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
