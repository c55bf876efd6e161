//! The check run: the answer, the picture of the path and the table of gates as its summary, everything else as its text.

use crate::promotion::publication::{CHECK_TEXT_MAX, Check, Conclusion};
use crate::render::github::annotations::annotations;
use crate::render::github::shown::{Shown, cut, shorter, shorter_roles};
use crate::render::github::title::title;
use crate::render::markdown::{self, Summary, roles};
use crate::render::page::Page;
use crate::render::waivers;

/// The longest name, in characters: service and environments have at most 63 each.
const NAME: usize = 250;

/// The check run of a commit. Annotations stand at files that are `in_repository`.
pub fn check(shown: &Shown<'_>, head_sha: &str, in_repository: &dyn Fn(&str) -> bool) -> Check {
    let gates = shown.summary.report.map(shorter);
    let approvals = shown.summary.approvals.map(shorter_roles);
    let summary = Summary { report: gates.as_ref(), approvals: approvals.as_ref(), ..shown.summary };
    let name = shown.name();
    Check {
        name: cut(&name, NAME),
        head_sha: head_sha.to_owned(),
        external_id: shown.id.map_or_else(|| cut(&name, NAME), str::to_owned),
        details_url: shown.run_url.map(str::to_owned),
        at: shown.at,
        conclusion: Conclusion::of(summary.ending.and_then(|ending| ending.exit.outcome())),
        title: title(shown),
        summary: front(&summary),
        text: details(&summary),
        annotations: gates.as_ref().map(|gates| annotations(gates, in_repository)).unwrap_or_default(),
    }
}

fn front(summary: &Summary<'_>) -> String {
    let mut page = Page::new(CHECK_TEXT_MAX);
    markdown::answered(&mut page, summary);
    markdown::flow(&mut page, summary);
    page.block("", &markdown::about(&summary.heading), "");
    if let Some(gates) = summary.report {
        markdown::table(&mut page, gates);
    }
    if let Some(approvals) = summary.approvals {
        roles::approved(&mut page, approvals, summary.plan);
    }
    markdown::links(&mut page, summary.links);
    page.finish_short()
}

fn details(summary: &Summary<'_>) -> String {
    let mut page = Page::new(CHECK_TEXT_MAX);
    if let Some(gates) = summary.report {
        markdown::folds(&mut page, gates);
        waivers::onto(&mut page, &gates.waivers, true);
    }
    if let Some(plan) = summary.plan {
        markdown::planned(&mut page, plan, summary.diffs);
    }
    page.finish_short()
}
