//! CODEOWNERS: who must review a change of a file. The last line that fits a path counts, and one without owners takes them away.
//!
//! GitHub documents the format as gitignore's with exceptions: no `!`, no `[ ]`, and `docs/*` does not reach below `docs/`.
//! Source: docs.github.com, "About code owners".

/// Where GitHub looks for the file, in this order; the first that exists counts.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// The owners of a path (`@acme/sre-team`, `@ana`, an address), relative to the repository's root; empty if nobody owns it.
pub fn owners<'a>(codeowners: &'a str, path: &str) -> Vec<&'a str> {
    let lines = codeowners.lines().filter_map(line);
    lines.rev().find(|(pattern, _)| fits(pattern, path)).map(|(_, owners)| owners).unwrap_or_default()
}

/// A line's pattern and owners. GitHub passes over lines that it does not understand.
fn line(text: &str) -> Option<(String, Vec<&str>)> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    // A space that belongs to the pattern stands behind a backslash.
    let escaped = |at: usize| text[..at].ends_with('\\');
    let end = text.char_indices().find(|(at, c)| c.is_whitespace() && !escaped(*at)).map_or(text.len(), |(at, _)| at);
    let (pattern, rest) = text.split_at(end);
    if pattern.starts_with(['!', '\\']) || pattern.contains(['[', ']']) {
        return None;
    }
    let owners = rest.split_whitespace().take_while(|word| !word.starts_with('#')).collect::<Vec<_>>();
    let valid = |owner: &&str| owner.strip_prefix('@').map_or(owner.contains('@'), |name| !name.is_empty());
    owners.iter().all(valid).then(|| (pattern.replace("\\ ", " "), owners))
}

/// Whether a pattern fits a path, or a directory above it.
fn fits(pattern: &str, path: &str) -> bool {
    let below_only = pattern.ends_with('/');
    let body = pattern.trim_start_matches('/').trim_end_matches('/');
    let anchored = pattern.trim_end_matches('/').contains('/');
    let mut parts: Vec<&str> = body.split('/').collect();
    if !anchored {
        parts.insert(0, "**");
    }
    // `docs/*` means the files in docs; the directories below are not meant.
    let whole_only = anchored && parts.last() == Some(&"*");
    let path: Vec<&str> = path.split('/').collect();
    let ends = (1..=path.len()).filter(|&end| {
        let file = end == path.len();
        if file { !below_only } else { !whole_only }
    });
    ends.into_iter().any(|end| segments(&parts, &path[..end]))
}

/// Whether these parts of a pattern, where `**` stands for any directories, are these parts of a path.
fn segments(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", [])), rest) => rest.is_some(),
        (Some((&"**", rest)), _) => (0..=path.len()).any(|skipped| segments(rest, &path[skipped..])),
        (Some((part, pattern)), Some((name, path))) => segment(part, name) && segments(pattern, path),
        _ => false,
    }
}

/// Whether a part with `*` and `?` is this name.
fn segment(part: &str, name: &str) -> bool {
    let (part, name): (Vec<char>, Vec<char>) = (part.chars().collect(), name.chars().collect());
    // `fits_to[n]`: the part so far fits the first n characters.
    let mut fits_to = vec![false; name.len() + 1];
    fits_to[0] = true;
    for c in part {
        let before = fits_to.clone();
        fits_to = (0..=name.len())
            .map(|n| match c {
                '*' => before[..=n].contains(&true),
                '?' => n > 0 && before[n - 1],
                c => n > 0 && before[n - 1] && name[n - 1] == c,
            })
            .collect();
    }
    fits_to[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_github_documents() {
        for (pattern, path, expected) in [
            ("*", "promotion/promotion-rules.yaml", true),
            ("*.yaml", "promotion/promotion-rules.yaml", true),
            ("*.yml", "promotion/promotion-rules.yaml", false),
            ("/promotion/", "promotion/promotion-rules.yaml", true),
            ("promotion/", "a/promotion/rules.yaml", true),
            ("/promotion/", "a/promotion/rules.yaml", false),
            ("promotion", "promotion", true),
            ("promotion/", "promotion", false),
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/b/a.md", false),
            ("docs/**", "docs/b/a.md", true),
            ("/docs", "docs/b/a.md", true),
            ("**/rules.yaml", "rules.yaml", true),
            ("**/rules.yaml", "a/b/rules.yaml", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/b/c", true),
            ("a/**", "a", false),
            (".github/workflows/", ".github/workflows/promotion-workflow.yml", true),
            (".github/workflows/promo*.y?l", ".github/workflows/promotion-workflow.yml", true),
            ("/.github/*.yml", ".github/workflows/promotion-workflow.yml", false),
            ("promotion/Promotion-rules.yaml", "promotion/promotion-rules.yaml", false),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_line_that_fits_counts() {
        let text =
            "# who owns what\n* @everyone\n/promotion/ @acme/sre-team sre@acme.example # two\n\n/promotion/drafts/\n";
        assert_eq!(owners(text, "src/main.rs"), ["@everyone"]);
        assert_eq!(owners(text, "promotion/promotion-rules.yaml"), ["@acme/sre-team", "sre@acme.example"]);
        assert_eq!(owners(text, "promotion/drafts/a.yaml"), Vec::<&str>::new(), "its owners were taken away");
        assert_eq!(owners("", "a"), Vec::<&str>::new());
    }

    #[test]
    fn what_github_passes_over_owns_nothing() {
        for text in
            ["!/promotion/ @a", "/[p]romotion/ @a", "/promotion/ nobody", "/promotion/ @", "\\#a @a", "#/promotion/ @a"]
        {
            assert_eq!(owners(text, "promotion/rules.yaml"), Vec::<&str>::new(), "{text}");
        }
        assert_eq!(owners("/my\\ rules/ @a", "my rules/r.yaml"), ["@a"]);
    }
}
