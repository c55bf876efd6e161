//! What makes two cases, or two findings, the same: a short hash of all that tells them apart, so that memory does not
//! grow with the length of names.

use sha2::{Digest, Sha256};

/// The first 128 bits of SHA-256 over some parts; how they are cut matters (`a`, `bc` is not `ab`, `c`).
pub fn identity(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> [u8; 16] {
    let mut sha = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&sha.finalize()[..16]);
    key
}
