//! Promotions that go by themselves, in words: for each what should be done now, and if nothing, why not.

use serde_json::{Value, json};

use crate::promotion::image::ImageChange;
use crate::promotion::outcome::Outcome;
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::render::ending::Ending;
use crate::render::json::SCHEMA;
use crate::render::style::{COLUMNS, Style};
use crate::render::{escape, words};

/// What is said of one promotion of the rules.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The source environment.
    pub from: String,
    /// The target environment.
    pub to: String,
    /// Whether the rules let it go by itself.
    pub auto_promote: bool,
    /// The change of version; empty where it is not known.
    pub images: Vec<ImageChange>,
    /// Whether it was carried out, or begun.
    pub ran: bool,
    /// What is to be said: whether it should be done, or how it ended.
    pub ending: Ending,
    /// What its gates said, where they were judged.
    pub report: Option<GateReport>,
}

impl Answer {
    /// The rows of the gates that hold it.
    fn holding(&self) -> impl Iterator<Item = &GateRow> {
        let rows = self.report.iter().flat_map(|report| &report.rows);
        rows.filter(|row| matches!(row.mark, Mark::Fail | Mark::Unknown))
    }
}

/// The line above what is said of a promotion: `dev → staging   app 1.10 → 1.20`.
pub fn heading(from: &str, to: &str, images: &[ImageChange], style: Style) -> String {
    let moves = images.iter().any(|change| !change.old.same_version(&change.new));
    let change = if moves { words::changes(images) } else { words::versions(images.iter().map(|change| &change.new)) };
    format!("{}   {change}", style.strong(&words::way(from, to))).trim_end().to_owned() + "\n"
}

/// What is said of a promotion, below its heading: the answer, the gates that hold, and what to do.
pub fn text(answer: &Answer, style: Style) -> String {
    let ending = &answer.ending;
    let mut lines = words::wrapped("  ", 4, &ending.headline(), COLUMNS);
    for row in answer.holding() {
        let why = escape::line(row.because.as_deref().unwrap_or(&row.observed));
        lines.extend(words::wrapped(
            &format!("  {} {}: ", style.mark(row.mark), words::gate(&row.id)),
            6,
            &why,
            COLUMNS,
        ));
        if let Some(hint) = &row.hint {
            lines.extend(words::wrapped("      → ", 8, &escape::line(hint), COLUMNS));
        }
    }
    for seen in &ending.seen {
        lines.extend(words::wrapped("    ", 6, &escape::line(seen), COLUMNS));
    }
    for next in &ending.next {
        lines.extend(words::wrapped("    → ", 6, &escape::line(next), COLUMNS));
    }
    lines.join("\n") + "\n"
}

/// The document for programs: every promotion, and how it ended as a whole.
pub fn document(answers: &[Answer], whole: &Ending) -> String {
    let promotions: Vec<Value> = answers.iter().map(answered).collect();
    let document = json!({
        "schema": SCHEMA,
        "outcome": whole.exit.outcome().map(Outcome::word),
        "exit": whole.exit.code(),
        "what": whole.what,
        "promotions": promotions,
    });
    escape::json(&format!("{document:#}\n"))
}

fn answered(answer: &Answer) -> Value {
    let holding: Vec<Value> = answer
        .holding()
        .map(|row| json!({ "id": row.id, "mark": row.mark, "because": row.because, "hint": row.hint, "not_before": row.not_before }))
        .collect();
    let ending = &answer.ending;
    json!({
        "from": answer.from,
        "to": answer.to,
        "auto_promote": answer.auto_promote,
        "images": answer.images,
        "ran": answer.ran,
        "outcome": ending.exit.outcome().map(Outcome::word),
        "exit": ending.exit.code(),
        "what": ending.what,
        "seen": ending.seen,
        "next": ending.next,
        "holding": holding,
        "promotion_id": ending.record,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    fn answer() -> Answer {
        let report = samples::report();
        Answer {
            from: "staging".to_owned(),
            to: "canary".to_owned(),
            auto_promote: true,
            images: vec![ImageChange { name: "app".to_owned(), old: samples::old(), new: samples::new() }],
            ran: false,
            ending: Ending {
                next: vec!["run it again \u{1b}[2J".to_owned()],
                ..Ending::judged(Outcome::Held, &report)
            },
            report: Some(report),
        }
    }

    #[test]
    fn an_answer_names_the_gates_that_hold_and_nothing_else() {
        let (answer, text) = (answer(), text(&answer(), Style::PLAIN));
        assert!(text.starts_with("  HELD: "), "{text}");
        for row in &answer.report.as_ref().unwrap().rows {
            let named = text.contains(&format!(" {}: ", words::gate(&row.id)));
            assert_eq!(named, matches!(row.mark, Mark::Fail | Mark::Unknown), "{}: {text}", row.id);
        }
        assert!(!text.contains('\u{1b}'), "what a terminal would act on is escaped");
        assert!(text.lines().all(|line| crate::render::table::width(line) <= COLUMNS), "{text}");
    }

    #[test]
    fn the_document_holds_every_promotion() {
        let whole = Ending::of(Outcome::Held, "no promotion is ready");
        let document: Value = serde_json::from_str(&document(&[answer()], &whole)).unwrap();
        assert_eq!((&document["exit"], &document["outcome"]), (&json!(10), &json!("held")));
        let first = &document["promotions"][0];
        assert_eq!((&first["from"], &first["to"], &first["exit"]), (&json!("staging"), &json!("canary"), &json!(10)));
        assert_eq!(first["holding"].as_array().unwrap().len(), answer().holding().count());
    }
}
