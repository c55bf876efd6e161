//! Secrets: a type that cannot be shown.

use std::fmt;

/// A token, a password, a key. It has no `Display` and no `Serialize`, and its `Debug` says only that it is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret; an empty text is no secret.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let text = text.trim_end_matches(['\r', '\n']);
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret itself: for a request that carries it, and for the mask writer.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
