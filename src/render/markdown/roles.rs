//! The approvals in Markdown: who approved what, and what is still open.

use crate::promotion::approvals::report::{ApprovalReport, RoleRow, Standing};
use crate::promotion::approvals::slots::short;
use crate::promotion::plan::Plan;
use crate::render::escape;
use crate::render::page::Page;

/// Who approved what, role by role, and what holds it.
pub(crate) fn approved(page: &mut Page, approvals: &ApprovalReport, plan: Option<&Plan>) {
    let of = plan.map(|plan| format!(" of plan {}", escape::code(short(&plan.digest)))).unwrap_or_default();
    page.paragraph(&format!("#### Approvals{of}"));
    let rows: Vec<String> = approvals.roles.iter().map(role_row).collect();
    page.block("| | role | needed | who can | approved by |\n|---|---|---|---|---|", &rows, "");
    let of_roles = approvals.roles.iter().flat_map(|role| role.because.iter().map(move |why| (Some(&role.role), why)));
    let said = approvals.because.iter().map(|why| (None, why)).chain(of_roles);
    let mut lines: Vec<String> = said
        .map(|(role, why)| {
            let role = role.map(|role| format!("{}: ", escape::markdown(role))).unwrap_or_default();
            format!("- {role}{}", escape::markdown(why))
        })
        .collect();
    let hints = approvals.hints.iter().chain(approvals.roles.iter().flat_map(|role| &role.hints));
    lines.extend(hints.map(|hint| format!("- → {}", escape::markdown(hint))));
    page.block("", &lines, "");
}

fn role_row(role: &RoleRow) -> String {
    let given: Vec<String> = role
        .given
        .iter()
        .map(|given| {
            let deputy = if given.deputy { " (deputy)" } else { "" };
            let place = given.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
            escape::markdown(&format!("@{}{deputy}{place}", given.login))
        })
        .collect();
    format!(
        "| {} | {} | {} | {} | {} |",
        standing(role.standing),
        escape::markdown(&role.role),
        role.needed,
        escape::markdown(&role.people),
        given.join(", ")
    )
}

/// A standing's sign and word.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Approved => "✓ approved",
        Standing::Bypassed => "~ set aside",
        Standing::Open => "· open",
        Standing::Unknown => "? unknown",
        Standing::Broken => "✗ cannot stand",
        Standing::Rejected => "✗ rejected",
    }
}
