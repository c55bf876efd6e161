//! What makes two cases, or two findings, the same: a short hash of all that tells them apart, so that memory does not
//! grow with the length of names.
//!
//! XXH3 with 128 bits is no cryptographic hash. It need not be: whoever can choose the names of tests can as well leave them out, and
//! of two that are taken for one the worse counts.

use xxhash_rust::xxh3::xxh3_128;

/// The identity of some parts; how they are cut matters (`a`, `bc` is not `ab`, `c`).
pub fn identity(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u128 {
    let mut key = KeyBuffer::default();
    for part in parts {
        key.push(part.as_ref());
    }
    key.identity()
}

/// Parts on their way to an identity. What many have in common stays in it: [`KeyBuffer::truncate`] goes back there.
#[derive(Debug, Default)]
pub struct KeyBuffer {
    bytes: Vec<u8>,
}

impl KeyBuffer {
    /// Adds a part.
    pub fn push(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(part);
    }

    /// How much it holds, to go back to.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Goes back to what it held.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// The identity of all that it holds.
    pub fn identity(&self) -> u128 {
        xxh3_128(&self.bytes)
    }
}
