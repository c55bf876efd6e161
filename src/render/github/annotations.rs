//! Annotations of a check run: what fails, at the line of the file that says so.

use crate::promotion::measures::Detail;
use crate::promotion::publication::Annotation;
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::render::actions::{Place, place};
use crate::render::github::shown::cut;
use crate::render::{escape, report, words};

/// How many there are at most: three requests' worth.
pub const ANNOTATIONS: usize = 150;
/// The longest title that GitHub takes, in characters.
const TITLE: usize = 255;
/// The longest message, in characters: GitHub takes 64 kB.
const MESSAGE: usize = 4096;

/// One for each failing test or finding whose place is `in_repository`, one for each other failing gate at its rule. Gates
/// that could not be judged, or only lack time, have none: no line of any file explains them.
pub fn annotations(gates: &GateReport, in_repository: &dyn Fn(&str) -> bool) -> Vec<Annotation> {
    let failing = gates.rows.iter().filter(|row| row.mark == Mark::Fail && row.not_before.is_none());
    let mut all: Vec<Annotation> = failing.flat_map(|row| of_row(row, in_repository)).collect();
    let left = all.len().saturating_sub(ANNOTATIONS);
    all.truncate(ANNOTATIONS);
    if let Some(last) = all.last_mut().filter(|_| left > 0) {
        last.message = format!("{}\nand {left} more places: the job summary has more", last.message);
    }
    all
}

fn of_row(row: &GateRow, in_repository: &dyn Fn(&str) -> bool) -> Vec<Annotation> {
    let here = |at: &str| Some(place(at)).filter(|place| is_inside(&place.file) && in_repository(&place.file));
    let details = row.details.iter().filter_map(|detail| Some(of_detail(row, detail, here(&detail.at)?)));
    let mut all: Vec<Annotation> = details.collect();
    if all.is_empty()
        && let Some(rule) = here(&row.rule)
    {
        all.push(annotation(row, rule, Vec::new()));
    }
    all
}

/// Whether a path stays inside the repository, as GitHub wants it.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && !path.contains('\\') && path.split('/').all(|part| part != "..")
}

fn of_detail(row: &GateRow, detail: &Detail, place: Place) -> Annotation {
    let said = [&detail.name, &detail.message];
    annotation(row, place, said.into_iter().filter(|text| !text.is_empty()).map(|text| escape::line(text)).collect())
}

fn annotation(row: &GateRow, place: Place, said: Vec<String>) -> Annotation {
    let title = format!("{}: wanted {}, found {}", words::gate(&row.id), row.expected, row.observed);
    let mut lines = said;
    if lines.is_empty() {
        lines.extend(row.because.iter().map(|text| escape::line(text)));
        lines.extend(report::more(row, row.details.len()));
    }
    lines.extend(row.hint.iter().map(|text| escape::line(text)));
    lines.push(format!("rule {}", escape::line(&row.rule)));
    let path = place.file.strip_prefix("./").unwrap_or(&place.file).to_owned();
    Annotation {
        path,
        line: place.line.unwrap_or(1),
        title: cut(&escape::line(&title), TITLE),
        message: cut(&lines.join("\n"), MESSAGE),
    }
}
