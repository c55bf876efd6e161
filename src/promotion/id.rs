//! A promotion's id: 26 base32 characters of a hash over what is asked for, so that the same promotion started again
//! is the same promotion, and continues.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::promotion::request::{Request, RequestKind};

/// Crockford's base32 without I, L, O, U: nothing in it can be misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How long a promotion's id is.
pub const LENGTH: usize = 26;

/// The id of a request: the first 130 bits of SHA-256 over canonical {service, from, to, images old → new, previous}.
pub fn of(request: &Request) -> String {
    let images: Vec<Value> = request
        .images
        .iter()
        .map(|wanted| json!({ "name": wanted.new.name, "new": wanted.new.identity(), "old": wanted.old.identity() }))
        .collect();
    let mut document = json!({
        "from": request.from, "images": images, "previous": request.previous, "service": request.service, "to": request.to,
    });
    if let (RequestKind::Rollback { undoes }, Some(fields)) = (&request.kind, document.as_object_mut()) {
        fields.insert("undoes".to_owned(), json!(undoes));
    }
    base32(&Sha256::digest(canonical(&document)))
}

/// Whether a text has the form of an id.
pub fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|b| ALPHABET.contains(&b))
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// JSON with sorted keys and no spaces: the same value is always the same bytes.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            out.push('{');
            for (n, key) in keys.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(key.as_str()));
                write_canonical(&fields[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

fn base32(bytes: &[u8]) -> String {
    let bit = |n: usize| bytes[n / 8] >> (7 - n % 8) & 1;
    (0..LENGTH)
        .map(|n| (0..5).fold(0, |value, k| value << 1 | bit(n * 5 + k)))
        .map(|v| ALPHABET[v as usize] as char)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_does_not_depend_on_the_order_of_keys() {
        let a: Value = serde_json::from_str(r#"{"b":[1,{"y":null,"x":"\u00e4\""}],"a":true}"#).unwrap();
        assert_eq!(canonical(&a), "{\"a\":true,\"b\":[1,{\"x\":\"ä\\\"\",\"y\":null}]}");
    }

    #[test]
    fn base32_of_known_bytes() {
        let text = base32(&[0xff; 32]);
        assert_eq!(text, "Z".repeat(LENGTH));
        assert!(is_id(&text));
        assert!(!is_id("I0000000000000000000000000"));
    }
}
