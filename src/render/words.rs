//! Numbers, times and names as people read them, the same in every output.

use crate::promotion::image::{ImageChange, ImageRef};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Committed;
use crate::promotion::time::{Millis, Time};
use crate::promotion::words::count as count_of;
use crate::render::escape;
use crate::render::table::width;

/// From where to where; where it is the same environment, what is rolled back.
pub fn way(from: &str, to: &str) -> String {
    if from == to {
        return format!("rollback of {}", escape::line(to));
    }
    format!("{} → {}", escape::line(from), escape::line(to))
}

/// A count and its noun: `1 gate`, `2 gates`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", count_of(count as u64), if count == 1 { one } else { many })
}

/// A moment to the minute, in UTC: `2026-11-22 12:10Z`.
pub fn minute(at: Time) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// A moment to the second, in UTC: `2026-11-22 12:10:04Z`.
pub fn second(at: Time) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The time since a start, always seven columns while it is less than a hundred hours: `  0.4 s`, ` 14.0 s`, ` 1m 02s`,
/// ` 1h 02m`.
pub fn since_start(span: Millis) -> String {
    let ms = span.0.max(0);
    let secs = ms / 1000;
    if secs < 60 {
        format!("{:>3}.{} s", secs, ms % 1000 / 100)
    } else if secs < 3600 {
        format!("{:>2}m {:02}s", secs / 60, secs % 60)
    } else {
        format!("{:>2}h {:02}m", secs / 3600, secs / 60 % 60)
    }
}

/// A commit's first seven digits; anything that is not a commit id as it is, made harmless.
pub fn short_commit(id: &str) -> String {
    let is_id = id.len() >= 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { id.chars().take(7).collect() } else { escape::line(id) }
}

/// A digest's first twelve digits: `sha256:9f2b00112233…`.
pub fn short_digest(digest: &str) -> String {
    let text = escape::line(digest);
    match text.split_once(':') {
        Some((kind, digits)) if digits.chars().count() > 12 => {
            format!("{kind}:{}…", digits.chars().take(12).collect::<String>())
        }
        _ => text,
    }
}

/// An image on a line: `registry.example.com/app:1.20 @sha256:9f2b00112233…`, or that its tag can be moved.
pub fn image(image: &ImageRef) -> String {
    let mut out = escape::line(image.repository());
    if let Some(tag) = &image.tag {
        out.push(':');
        out.push_str(&escape::line(tag));
    }
    match &image.digest {
        Some(digest) => {
            out.push_str(" @");
            out.push_str(&short_digest(digest));
        }
        None => out.push_str(mutable(image)),
    }
    out
}

/// What to say behind an image whose identity can be moved under our feet; nothing for one that is pinned by digest.
pub fn mutable(image: &ImageRef) -> &'static str {
    match (&image.digest, &image.tag) {
        (Some(_), _) => "",
        (None, Some(_)) => " (mutable tag)",
        (None, None) => " (not pinned)",
    }
}

/// A change of versions in a few words: `app 1.10 → 1.20`, several joined by commas.
pub fn changes(changes: &[ImageChange]) -> String {
    let shown: Vec<String> = changes.iter().map(change).collect();
    shown.join(", ")
}

fn change(change: &ImageChange) -> String {
    let name = escape::line(change.new.short_name());
    let (old, new) = (escape::line(&change.old.version()), escape::line(&change.new.version()));
    if old == new && change.old.digest != change.new.digest {
        let digest = |image: &ImageRef| image.digest.as_deref().map_or_else(|| "no digest".to_owned(), short_digest);
        return format!("{name} {new} ({} → {})", digest(&change.old), digest(&change.new));
    }
    format!("{name} {old} → {new}")
}

/// The new versions in a few words: `app 1.20`.
pub fn versions<'a>(images: impl IntoIterator<Item = &'a ImageRef>) -> String {
    let shown: Vec<String> = images
        .into_iter()
        .map(|image| format!("{} {}", escape::line(image.short_name()), escape::line(&image.version())))
        .collect();
    shown.join(", ")
}

/// A commit in the GitOps repository: `c0ffee1 on main of acme/gitops`.
pub fn committed(commit: &Committed) -> String {
    let place = format!(
        "{} on {} of {}",
        short_commit(&commit.commit),
        escape::line(&commit.branch),
        escape::line(&commit.repository)
    );
    if commit.unchanged { format!("{place} (it already held this version: no commit made)") } else { place }
}

/// `tests.unit` as `tests unit`.
pub fn gate(id: &str) -> String {
    escape::line(&id.replacen('.', " ", 1))
}

/// The outcome as the first word of an ending: `ROLLED BACK`.
pub fn shouted(outcome: Outcome) -> String {
    outcome.word().replace('_', " ").to_uppercase()
}

/// Text broken at spaces into lines of at most `columns`, each after the first indented; a longer word is left whole, so
/// that it can be copied.
pub fn wrapped(first: &str, indent: usize, text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut has_words = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if has_words && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            has_words = false;
        }
        if has_words {
            line.push(' ');
        }
        line.push_str(word);
        has_words = true;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_time_since_the_start_keeps_its_columns() {
        for (ms, shown) in [
            (-5, "  0.0 s"),
            (499, "  0.4 s"),
            (14_000, " 14.0 s"),
            (59_999, " 59.9 s"),
            (62_000, " 1m 02s"),
            (3_599_999, "59m 59s"),
            (3_720_000, " 1h 02m"),
        ] {
            assert_eq!(since_start(Millis(ms)), shown);
        }
    }

    #[test]
    fn names_are_short_where_they_can_be() {
        assert_eq!(short_commit("c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1"), "c0ffee1");
        assert_eq!(short_commit("main\u{1b}"), "main\\x1b");
        assert_eq!(gate("tests.unit.x"), "tests unit.x");
        assert_eq!(shouted(Outcome::RolledBack), "ROLLED BACK");
        let old = ImageRef::parse("r/app:1.10").unwrap();
        let new = ImageRef::parse("r/app:1.10@sha256:00112233445566778899").unwrap();
        assert_eq!(image(&old), "r/app:1.10 (mutable tag)");
        assert_eq!(image(&new), "r/app:1.10 @sha256:001122334455…");
        assert_eq!(image(&ImageRef::parse("r/app").unwrap()), "r/app (not pinned)");
        let moved = ImageChange { name: "app".to_owned(), old, new };
        assert_eq!(changes(&[moved]), "app 1.10 (no digest → sha256:001122334455…)");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "[a-z日 ]{0,120}", columns in 10usize..80) {
            let joined = wrapped("- ", 4, &text, columns).join(" ");
            let words: Vec<&str> = joined.split_whitespace().skip(1).collect();
            prop_assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        }
    }

    #[test]
    fn text_is_broken_at_spaces_only() {
        let lines = wrapped("- ", 2, "one two three https://example.com/a/very/long/address four", 14);
        assert_eq!(lines, ["- one two", "  three", "  https://example.com/a/very/long/address", "  four"]);
        assert_eq!(wrapped("x ", 2, "", 10), ["x"]);
    }
}
