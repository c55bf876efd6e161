//! What `promote explain` prints.

use crate::promotion::explain::topic::Explained;
use crate::promotion::explain::{ends, known};
use crate::render::style::{COLUMNS, Style};
use crate::render::words;

/// An explanation as text: what it is, then a paragraph each.
pub fn text(explained: &[Explained], style: Style) -> String {
    let shown = explained.iter().map(|explained| {
        let (name, title, paragraphs) = match explained {
            Explained::Topic(topic) => (topic.name().to_owned(), topic.title, topic.text),
            Explained::End(outcome, advice) => {
                (format!("{} (exit {})", outcome.word(), outcome.exit_code()), ends::meaning(*outcome), *advice)
            }
            Explained::Refused(code, meaning, advice) => (format!("exit {code}"), *meaning, *advice),
        };
        let first = words::wrapped("", 2, &format!("{name}: {title}"), COLUMNS).join("\n");
        let first = first.replacen(&name, &style.strong(&name), 1);
        let more = paragraphs.iter().map(|paragraph| {
            if paragraph.starts_with("    ") {
                (*paragraph).to_owned()
            } else {
                words::wrapped("", 0, paragraph, COLUMNS).join("\n")
            }
        });
        std::iter::once(first).chain(more).collect::<Vec<_>>().join("\n\n")
    });
    shown.collect::<Vec<_>>().join("\n\n\n") + "\n"
}

/// What can be explained, for whoever asks for nothing or for what is not known.
pub fn list() -> String {
    let names = known().join(", ");
    let mut lines =
        words::wrapped("", 0, "There are gates, words of reports and messages, outcomes, and exit codes:", COLUMNS);
    lines.extend(words::wrapped("  ", 2, &format!("{names}, 0 to 130"), COLUMNS));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::explain::explain;
    use crate::promotion::outcome::Outcome;
    use crate::render::table::width;

    #[test]
    fn every_explanation_fits_and_begins_with_its_name() {
        for name in known() {
            let shown = text(&explain(name).unwrap(), Style::PLAIN);
            assert!(shown.starts_with(name) && shown.ends_with('\n'), "{shown}");
            for line in shown.lines().chain(list().lines()) {
                assert!(width(line) <= COLUMNS || line.starts_with("    "), "{line}");
            }
        }
        let shown = text(&explain("exit 11").unwrap(), Style::PLAIN);
        let first = format!("unknown (exit 11): {}\n\n", ends::meaning(Outcome::Unknown));
        assert!(shown.starts_with(&first), "{shown}");
    }
}
