//! The mask writer: the only code outside the adapters that sees a secret, in order to hide it.

use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapters::secret::Secret;
use crate::render::actions;

/// Replaces every secret, in every form that it may take in a text, by its name.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Text to look for, and what stands for it, longest first. Shared: a secret that is made on the way is hidden everywhere.
    forms: Arc<RwLock<Vec<(String, String)>>>,
}

/// The shortest text that is replaced: shorter ones would maim ordinary words.
const SHORTEST: usize = 4;

impl Mask {
    /// A mask for these secrets.
    pub fn new(secrets: &[(&str, Secret)]) -> Self {
        let mask = Self::default();
        mask.add(secrets);
        mask
    }

    /// Hides more secrets from now on.
    pub fn add(&self, secrets: &[(&str, Secret)]) {
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        for (name, secret) in secrets {
            for text in std::iter::once(secret.expose()).chain(secret.expose().lines()) {
                let json = serde_json::to_string(text).unwrap_or_default();
                for form in [text.to_owned(), percent(text), json.trim_matches('"').to_owned(), xml(text)] {
                    let known = forms.iter().any(|(known, _)| *known == form);
                    if form.trim().len() >= SHORTEST && !known {
                        forms.push((form, format!("${name}")));
                    }
                }
            }
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    }

    /// The same value without secrets in its texts; `None` if it is no longer of its kind without them.
    pub fn hide_in<T: Serialize + DeserializeOwned>(&self, value: T) -> Option<T> {
        let text = serde_json::to_string(&value).ok()?;
        let hidden = self.hide(&text);
        if hidden == text { Some(value) } else { serde_json::from_str(&hidden).ok() }
    }

    /// The text without secrets.
    pub fn hide(&self, text: &str) -> String {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        forms.iter().fold(text.to_owned(), |text, (form, name)| {
            if text.contains(form.as_str()) { text.replace(form.as_str(), name) } else { text }
        })
    }
}

/// The lines that make the runner hide secrets in the log; to be written before anything else.
pub fn commands(secrets: &[(&str, Secret)]) -> String {
    let texts: Vec<&str> = secrets.iter().map(|(_, secret)| secret.expose()).collect();
    actions::masks(&texts)
}

/// Hides a secret that was made on the way, here and in the runner's log, before it is used.
pub fn minted(mask: &Mask, secret: &Secret, in_actions: bool) {
    let named = [("GITHUB_APP_TOKEN", secret.clone())];
    mask.add(&named);
    if in_actions {
        // A log that cannot be written shows nothing either.
        let _ = std::io::stdout().write_all(commands(&named).as_bytes());
    }
}

/// Percent-encoded as in a URL's user part: everything but unreserved characters.
fn percent(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_kind_without_its_secrets() {
        let mask = Mask::new(&[("TOKEN", Secret::new("a\"b1234").unwrap()), ("PIN", Secret::new("1234").unwrap())]);
        let value = vec!["is a\"b1234".to_owned(), "else".to_owned()];
        assert_eq!(mask.hide_in(value), Some(vec!["is $TOKEN".to_owned(), "else".to_owned()]));
        assert_eq!(mask.hide_in(1234), None, "a number cannot be shown as a name");
    }

    #[test]
    fn every_form_of_a_secret_is_hidden() {
        let secret = Secret::new("p&ss \"word\"/1").unwrap();
        let mask = Mask::new(&[("ARGOCD_PASSWORD", secret)]);
        for form in ["p&ss \"word\"/1", "p%26ss%20%22word%22%2F1", "p&ss \\\"word\\\"/1", "p&amp;ss &quot;word&quot;/1"]
        {
            assert_eq!(mask.hide(&format!("login with {form} failed")), "login with $ARGOCD_PASSWORD failed");
        }
    }
}
