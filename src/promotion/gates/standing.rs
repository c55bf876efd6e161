//! Standing orders and freeze windows: what holds a promotion whatever its gates say. Nothing sets them aside but what they
//! name themselves.

use crate::promotion::facts::{Excepted, Facts};
use crate::promotion::freeze::Window;
use crate::promotion::image::versions;
use crate::promotion::orders::{Signed, Stop, Veto};
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::promotion::request::ActorKnown;
use crate::promotion::rules::Promotion;
use crate::promotion::words::moment;

/// One row for each order and window that stands; none where nothing does.
pub fn rows(promotion: &Promotion, facts: &Facts, rules_path: &str) -> Vec<GateRow> {
    let mut rows = orders(promotion, facts);
    rows.extend(windows(promotion, facts, rules_path));
    rows
}

/// Whether an order or a window holds what a report is about.
pub fn holds(report: &GateReport) -> bool {
    report.rows.iter().any(|row| row.order().is_some() && row.mark == Mark::Fail)
}

/// The rows of orders.
fn orders(promotion: &Promotion, facts: &Facts) -> Vec<GateRow> {
    let (to, orders) = (promotion.to.as_str(), &facts.target.head.orders);
    let freezes = orders.freezes(facts.at).map(|stop| frozen(to, stop));
    let vetoes = orders.vetoes_on(&facts.version).map(|veto| vetoed(to, facts, veto));
    let holds = orders.held(facts.at).map(|stop| held(to, facts.alone, stop));
    freezes.chain(vetoes).chain(holds).collect()
}

/// The rows of windows.
fn windows(promotion: &Promotion, facts: &Facts, rules_path: &str) -> Vec<GateRow> {
    let standing = promotion.freeze.iter().filter_map(|window| Some((window, window.in_force(facts.at)?)));
    standing
        .map(|(window, until)| {
            let excepted = facts.excepted.iter().find(|one| one.window == window.name);
            let (mark, because, hint) = match excepted {
                Some(Excepted { set_aside, .. }) => {
                    let by = set_aside.by.trim_start_matches('@');
                    (Mark::Waived, format!("@{by} goes on in it: {}", set_aside.reason), None)
                }
                None => (Mark::Fail, closed(promotion, window), exception(window)),
            };
            GateRow {
                id: format!("freeze.{}", window.name),
                mark,
                expected: "not frozen".to_owned(),
                observed: format!("until {}", moment(until)),
                because: Some(because),
                hint,
                evidence: window.describe(),
                files: Vec::new(),
                details: Vec::new(),
                details_total: 0,
                not_before: (mark == Mark::Fail).then_some(until),
                rule: format!("{rules_path}:{}", window.at.line),
            }
        })
        .collect()
}

fn closed(promotion: &Promotion, window: &Window) -> String {
    format!("nothing is promoted to {} in the window {} ({})", promotion.to, window.name, window.describe())
}

fn exception(window: &Window) -> Option<String> {
    let by = window.except.join(", ");
    (!by.is_empty()).then(|| format!("{by} may go on: start it with --reason \"…\""))
}

fn frozen(to: &str, stop: &Stop) -> GateRow {
    let what = match &stop.signed.environment {
        Some(_) => to.to_owned(),
        None => "everything".to_owned(),
    };
    let until = until(stop);
    let because = format!("{what} is frozen{until} {}", said(&stop.signed));
    let lift = format!("promote freeze lift{} --reason \"…\"", place(&stop.signed, true));
    row(format!("freeze.{to}"), Mark::Fail, "not frozen", format!("frozen{until}"), because, lift)
}

fn vetoed(to: &str, facts: &Facts, veto: &Veto) -> GateRow {
    let version = versions(&facts.version);
    let because = format!(
        "{version} is vetoed for {} {}",
        veto.signed.environment.as_deref().unwrap_or("all"),
        said(&veto.signed)
    );
    let lift = format!("promote veto lift {}{} --reason \"…\"", veto.name(), place(&veto.signed, false));
    row(format!("veto.{to}"), Mark::Fail, "not vetoed", "vetoed".to_owned(), because, lift)
}

/// A hold keeps what goes by itself; a person goes past it, and sees that.
fn held(to: &str, alone: bool, stop: &Stop) -> GateRow {
    let until = until(stop);
    let goes = if alone { "nothing goes there by itself" } else { "a person's run goes past it" };
    let because = format!("{to} is on hold{until} {}; {goes}", said(&stop.signed));
    let lift = format!("promote hold lift{} --reason \"…\"", place(&stop.signed, false));
    let mark = if alone { Mark::Fail } else { Mark::Warn };
    row(format!("hold.{to}"), mark, "not on hold", format!("on hold{until}"), because, lift)
}

fn row(id: String, mark: Mark, expected: &str, observed: String, because: String, hint: String) -> GateRow {
    GateRow {
        id,
        mark,
        expected: expected.to_owned(),
        observed,
        because: Some(because),
        hint: Some(hint),
        evidence: "orders".to_owned(),
        files: Vec::new(),
        details: Vec::new(),
        details_total: 0,
        not_before: None,
        rule: "orders in the ledger".to_owned(),
    }
}

/// ` until 2026-11-22 12:10:00Z`, or nothing.
pub fn until(stop: &Stop) -> String {
    stop.until.map(|until| format!(" until {}", moment(until))).unwrap_or_default()
}

/// `by dana, 2026-11-21 12:10:00Z: the load test`, and that a lift does not count.
pub fn said(signed: &Signed) -> String {
    let claimed = if signed.by.known == ActorKnown::Claimed { " (claimed)" } else { "" };
    let doubt = signed.not_lifted.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    format!("by {}{claimed}, {}: {}{doubt}", signed.by.name, moment(signed.at), signed.reason)
}

/// The flags that name what an order is about: a freeze without a service is one of every service.
pub fn place(signed: &Signed, is_freeze: bool) -> String {
    let service = signed.service.as_ref().filter(|_| is_freeze);
    let environment = signed.environment.as_ref().map(|name| format!(" --env {name}")).unwrap_or_default();
    let service = service.map(|name| format!(" --service {name}")).unwrap_or_default();
    format!("{environment}{service}")
}
