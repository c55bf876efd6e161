//! Pages where an API's answer was expected: what a person would recognise them by.

use crate::adapters::http::Answer;

/// The title of a page, or the start of a text, after a blank and in brackets; empty where neither is to be seen.
pub fn title_of(answer: &Answer) -> String {
    let text = answer.text();
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let start = at + lower[at..].find('>')? + 1;
        let end = start + lower[start..].find('<')?;
        text.get(start..end)
    });
    let (word, text) = match title {
        Some(title) => ("title", title),
        None if answer.content_type() == "text/plain" => ("text", text.as_str()),
        None => return String::new(),
    };
    let text = brief(text, 80);
    if text.is_empty() { text } else { format!(" ({word}: \"{text}\")") }
}

/// Another's text in one line of at most `most` characters.
pub fn brief(text: &str, most: usize) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect()
}
