//! Which program made a report, where the rules expect a certain one.

use crate::promotion::facts::{Observation, Tool};
use crate::promotion::gates::usable::Unusable;
use crate::promotion::rules::GateKind;
use crate::promotion::words;

/// Why the reports do not count, if one of the programs that a gate expects made none of them.
pub fn missing(kind: &GateKind, observations: &[&Observation]) -> Option<Unusable> {
    let GateKind::Measured { tools: expected, .. } = kind else { return None };
    let made_by: Vec<&Tool> = observations.iter().flat_map(|observation| &observation.tools).collect();
    let missing = expected.iter().find(|name| !made_by.iter().any(|tool| is_called(tool, name)))?;
    let others: Vec<String> = made_by.iter().map(|tool| shown(tool)).collect();
    let who = match others.as_slice() {
        [] => "the reports do not say what made them".to_owned(),
        _ => format!("the reports were made by {}", words::list(&others)),
    };
    Some(Unusable {
        missing: false,
        observed: format!("not by {missing}"),
        because: format!("the rules expect a report by `{missing}`, and {who}"),
        hint: Some(format!("promote with the report of {missing}, or correct `tool:` in the rules")),
    })
}

/// Whether a program is called so: without case, and `trivy` is also `Trivy Security Scanner`.
fn is_called(tool: &Tool, name: &str) -> bool {
    let (tool, name) = (tool.name.to_lowercase(), name.to_lowercase());
    let rest = tool.strip_prefix(&name);
    !name.is_empty()
        && rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_'))
}

fn shown(tool: &Tool) -> String {
    match &tool.version {
        Some(version) => format!("{} {version}", tool.name),
        None => tool.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_compared_without_case_and_as_whole_words() {
        for (tool, name, is) in [
            ("Trivy", "trivy", true),
            ("Trivy Security Scanner", "trivy", true),
            ("trivy-operator", "trivy", false),
            ("Trivyx", "trivy", false),
            ("Grype", "trivy", false),
            ("Trivy", "", false),
        ] {
            assert_eq!(is_called(&Tool { name: tool.to_owned(), version: None }, name), is, "{tool} {name}");
        }
    }
}
