//! Selectors: how people and plans name one value in a YAML document.
//!
//! `a.b` is the key `b` in `a`; `["a.b"]` is one key with a dot; `[0]` is the first item; `[name=app]` is the item whose
//! `name` is `app`. Printing and parsing are each other's inverse.

use std::fmt;
use std::iter::Peekable;
use std::str::{CharIndices, FromStr};

/// A path from a document's root to a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Selector {
    /// The steps; none is the root itself.
    pub segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// The value of a mapping's key.
    Key(String),
    /// An item of a sequence, from 0.
    Index(usize),
    /// The item of a sequence whose key has this text; there must be exactly one.
    Match {
        /// The key.
        key: String,
        /// Its text.
        value: String,
    },
}

/// Why a text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path: {message} (at character {at})")]
pub struct SelectorFault {
    /// The text.
    pub text: String,
    /// Where it goes wrong, in characters, from 1.
    pub at: usize,
    /// What is wrong, and what could stand there.
    pub message: String,
}

impl Selector {
    /// The same path, one key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The same path, one item further.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The same path, one step further.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments.push(segment);
        Self { segments }
    }

    /// The path above the last step, and the last step; `None` for the root.
    pub fn split_last(&self) -> Option<(Self, &Segment)> {
        let (last, above) = self.segments.split_last()?;
        Some((Self { segments: above.to_vec() }, last))
    }
}

/// A key that can be written without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains(|c: char| c.is_whitespace() || c.is_control() || ".[]\"'=\\".contains(c))
}

/// A text in double quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Key(key) if is_plain(key) => write!(f, "{}{key}", if at > 0 { "." } else { "" })?,
                Segment::Key(key) => write!(f, "[{}]", quoted(key))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Match { key, value } => {
                    let key = if is_plain(key) { key.clone() } else { quoted(key) };
                    // A dot needs no quotes in brackets: `[name=registry.example.com/app]`.
                    let value = if is_plain(&value.replace('.', "-")) { value.clone() } else { quoted(value) };
                    write!(f, "[{key}={value}]")?;
                }
            }
        }
        Ok(())
    }
}

impl FromStr for Selector {
    type Err = SelectorFault;

    fn from_str(text: &str) -> Result<Self, SelectorFault> {
        let mut reader = Reader { text, chars: text.char_indices().peekable() };
        let mut segments = Vec::new();
        while let Some(&(_, c)) = reader.chars.peek() {
            match c {
                '[' => {
                    reader.chars.next();
                    segments.push(reader.bracket()?);
                }
                '.' if segments.is_empty() => return Err(reader.fault("it starts with a dot")),
                '.' => {
                    reader.chars.next();
                    segments.push(Segment::Key(reader.word(".[")?));
                }
                _ if segments.is_empty() => segments.push(Segment::Key(reader.word(".[")?)),
                _ => return Err(reader.fault("after `]` comes a dot, another `[`, or the end")),
            }
        }
        if segments.is_empty() {
            return Err(reader.fault("it is empty"));
        }
        Ok(Self { segments })
    }
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn fault(&mut self, message: &str) -> SelectorFault {
        let byte = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        let at = self.text.get(..byte).unwrap_or_default().chars().count() + 1;
        SelectorFault { text: self.text.to_owned(), at, message: message.to_owned() }
    }

    /// Characters up to one of `ends`, at least one.
    fn word(&mut self, ends: &str) -> Result<String, SelectorFault> {
        let mut word = String::new();
        while let Some((_, c)) = self.chars.next_if(|(_, c)| !ends.contains(*c)) {
            word.push(c);
            if c.is_control() || "]\"".contains(c) {
                return Err(self.fault("a key with special characters is written [\"like this\"]"));
            }
        }
        if word.is_empty() { Err(self.fault("a key is missing")) } else { Ok(word) }
    }

    /// A text in quotes, if one starts here. In double quotes `\"` and `\\` stand for `"` and `\`.
    fn quotes(&mut self) -> Result<Option<String>, SelectorFault> {
        let Some((_, quote)) = self.chars.next_if(|(_, c)| matches!(c, '"' | '\'')) else { return Ok(None) };
        let mut text = String::new();
        loop {
            match self.chars.next() {
                None => return Err(self.fault("a quote is not closed")),
                Some((_, c)) if c == quote => return Ok(Some(text)),
                Some((_, '\\')) if quote == '"' => match self.chars.next() {
                    Some((_, c @ ('"' | '\\'))) => text.push(c),
                    _ => return Err(self.fault("after a backslash comes a quote or a backslash")),
                },
                Some((_, c)) => text.push(c),
            }
        }
    }

    /// What stands in brackets, the closing one included.
    fn bracket(&mut self) -> Result<Segment, SelectorFault> {
        let segment = match self.quotes()? {
            Some(key) if self.chars.next_if(|(_, c)| *c == '=').is_some() => self.matching(key)?,
            Some(key) => Segment::Key(key),
            None => {
                let word = self.word("=]")?;
                if self.chars.next_if(|(_, c)| *c == '=').is_some() {
                    self.matching(word)?
                } else {
                    // `+1` would parse as a number, too.
                    let index =
                        Some(&word).filter(|w| w.chars().all(|c| c.is_ascii_digit())).and_then(|w| w.parse().ok());
                    Segment::Index(index.ok_or_else(|| self.fault("in brackets stands [0], [name=app] or [\"key\"]"))?)
                }
            }
        };
        match self.chars.next_if(|(_, c)| *c == ']') {
            Some(_) => Ok(segment),
            None => Err(self.fault("a `]` is missing")),
        }
    }

    fn matching(&mut self, key: String) -> Result<Segment, SelectorFault> {
        let value = match self.quotes()? {
            Some(value) => value,
            None => self.word("]")?,
        };
        Ok(Segment::Match { key, value })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn selectors_mean_what_they_say() {
        let key = |k: &str| Segment::Key(k.to_owned());
        let matching = |k: &str, v: &str| Segment::Match { key: k.to_owned(), value: v.to_owned() };
        for (text, segments) in [
            ("a", vec![key("a")]),
            ("image.tag", vec![key("image"), key("tag")]),
            ("[\"a.b\"].tag", vec![key("a.b"), key("tag")]),
            ("['a.b'][0]", vec![key("a.b"), Segment::Index(0)]),
            ("images[name=app].newTag", vec![key("images"), matching("name", "app"), key("newTag")]),
            (
                "images[name=registry.example.com:5000/app].x",
                vec![key("images"), matching("name", "registry.example.com:5000/app"), key("x")],
            ),
            ("a[\"x y\"=\"]\\\"\\\\\"]", vec![key("a"), matching("x y", "]\"\\")]),
            ("a-b_c/d", vec![key("a-b_c/d")]),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().segments, segments, "{text}");
        }
    }

    #[test]
    fn faults_say_where() {
        for (text, at) in [
            ("", 1),
            (".a", 1),
            ("a..b", 3),
            ("a.", 3),
            ("é[0", 4),
            ("a[x]", 4),
            ("a[0]b", 5),
            ("a[\"x]", 6),
            ("a[]", 3),
            ("a[n=]", 5),
            ("[+1]", 4),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap_err().at, at, "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(parts in prop::collection::vec((0..3, "[a-c.\\[\\]\"'=\\\\ é]{0,4}", "[a-c.\\[\\]\"'=\\\\ é]{0,4}"), 1..5)) {
            let segments = parts.into_iter().enumerate().map(|(n, (kind, key, value))| match kind {
                0 => Segment::Key(key),
                1 => Segment::Index(n),
                _ => Segment::Match { key, value },
            });
            let selector = Selector { segments: segments.collect() };
            prop_assert_eq!(selector.to_string().parse::<Selector>().unwrap(), selector);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = text.parse::<Selector>();
        }
    }
}
