//! Orders that stand, for people: a line each.

use crate::promotion::gates::standing::{said, until};
use crate::promotion::order::What;
use crate::promotion::orders::{Orders, Scope, Signed};
use crate::promotion::time::Time;
use crate::render::style::COLUMNS;
use crate::render::{escape, words};

/// The orders of one kind that stand at a moment, of one environment where it is named: those for every environment are
/// among them.
pub fn of_kind(scopes: Vec<Scope>, what: What, environment: Option<&str>, now: Time) -> Vec<Scope> {
    let applies = |scope: &Scope| match (&scope.environment, environment) {
        (Some(name), Some(wanted)) => name.eq_ignore_ascii_case(wanted),
        _ => true,
    };
    let only = |scope: Scope| {
        let all = in_force(&scope.orders, now);
        let orders = match what {
            What::Hold => Orders { holds: all.holds, ..Orders::default() },
            What::Freeze => Orders { frozen: all.frozen, ..Orders::default() },
            What::Veto => Orders { vetoes: all.vetoes, ..Orders::default() },
        };
        Scope { orders, ..scope }
    };
    let scopes = scopes.into_iter().filter(applies).map(only);
    scopes.filter(|scope| !scope.orders.is_empty()).collect()
}

/// The orders that stand at a moment, without what is only remembered.
fn in_force(orders: &Orders, now: Time) -> Orders {
    Orders {
        holds: orders.held(now).cloned().collect(),
        frozen: orders.freezes(now).cloned().collect(),
        vetoes: orders.vetoes.clone(),
        revoked: orders.revoked.clone(),
        cleared: Vec::new(),
    }
}

/// The list, with a line end; what to say where there is nothing.
pub fn text(scopes: &[Scope], what: What) -> String {
    let lines: Vec<String> = scopes.iter().flat_map(lines).collect();
    if lines.is_empty() {
        let nothing = match what {
            What::Hold => "No environment is on hold.",
            What::Veto => "No version is vetoed.",
            What::Freeze => "Nothing is frozen.",
        };
        return format!("{nothing}\n");
    }
    lines.join("\n") + "\n"
}

/// What stands below a list of promotions: what keeps environments from being promoted to now.
pub fn standing(scopes: &[Scope], now: Time) -> Vec<String> {
    let now = |scope: &Scope| {
        let orders = Orders { revoked: Vec::new(), ..in_force(&scope.orders, now) };
        Scope { orders, ..scope.clone() }
    };
    scopes.iter().map(now).flat_map(|scope| lines(&scope)).collect()
}

fn lines(scope: &Scope) -> Vec<String> {
    let of = place(scope);
    let Orders { holds, frozen, vetoes, revoked, .. } = &scope.orders;
    let frozen = frozen.iter().map(|stop| line(&format!("{of} is frozen{}", until(stop)), &stop.signed));
    let holds = holds.iter().map(|stop| line(&format!("{of} is on hold{}", until(stop)), &stop.signed));
    let vetoes = vetoes.iter().map(|veto| line(&format!("{} is vetoed for {of}", veto.name()), &veto.signed));
    let revoked =
        revoked.iter().map(|one| line(&format!("promotion {} to {of} is revoked", one.promotion), &one.signed));
    frozen.chain(holds).chain(vetoes).chain(revoked).flatten().collect()
}

fn line(what: &str, signed: &Signed) -> Vec<String> {
    words::wrapped("", 2, &escape::line(&format!("{what} {}", said(signed))), COLUMNS)
}

fn place(scope: &Scope) -> String {
    match (&scope.service, &scope.environment) {
        (Some(service), Some(environment)) => format!("{environment} ({service})"),
        (None, Some(environment)) => format!("{environment} (every service)"),
        (Some(service), None) => format!("every environment of {service}"),
        (None, None) => "everything".to_owned(),
    }
}
