//! `promote --help`: the commands in groups, in the order in which people meet them.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::styling::Styles;

use crate::render::style::COLUMNS;
use crate::render::words;

/// The groups, and the commands of each. A command that is in none stands below [`OTHERS`].
const GROUPS: &[(&str, &[&str])] = &[
    ("Begin", &["init", "doctor", "explain"]),
    ("Promote", &["validate", "plan", "run", "verify", "rollback"]),
    ("Promote step by step", &["request", "approve", "reject", "execute", "cancel", "resume", "review"]),
    ("Promote by itself", &["check-auto"]),
    ("See what there is", &["evidence"]),
    ("See what was done", &["list", "show", "history", "audit", "bundle", "replay"]),
    ("Hold back", &["hold", "veto", "freeze"]),
    ("Put right", &["adopt", "unlock"]),
    ("Set up GitHub", &["environments"]),
    ("Forms", &["rules", "schema"]),
];
/// The heading of what has no group.
const OTHERS: &str = "More";
/// The column that a description begins at.
const SAID_AT: usize = 16;

/// The command with its subcommands in groups, in their own order in each.
pub fn grouped(command: Command) -> Command {
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = String::new();
    for (heading, members) in groups(&command) {
        let _ = writeln!(text, "{header}{heading}:{header:#}");
        for (name, about) in members {
            let lines = words::wrapped(&" ".repeat(SAID_AT), SAID_AT, &about, COLUMNS);
            let said = lines.join("\n");
            let _ = writeln!(text, "  {literal}{name}{literal:#}{}", &said[2 + name.len()..]);
        }
        text.push('\n');
    }
    command.help_template(format!(
        "{{before-help}}{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}{header}Options:{header:#}\n{{options}}{{after-help}}"
    ))
}

/// The groups that have commands, each with its commands and what they do.
fn groups(command: &Command) -> Vec<(&'static str, Vec<(String, String)>)> {
    let about = |name: &str| {
        let found = command.get_subcommands().find(|sub| sub.get_name() == name && !sub.is_hide_set());
        found.map(|sub| (name.to_owned(), sub.get_about().map(ToString::to_string).unwrap_or_default()))
    };
    let mut out: Vec<_> = GROUPS
        .iter()
        .map(|(heading, names)| (*heading, names.iter().filter_map(|name| about(name)).collect::<Vec<_>>()))
        .collect();
    let has_group = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let others = command.get_subcommands().map(Command::get_name).filter(|name| !has_group(name));
    out.push((OTHERS, others.filter_map(about).collect()));
    out.retain(|(_, members)| !members.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::cli;
    use crate::render::table::width;

    #[test]
    fn every_command_has_a_group() {
        let command = cli::command();
        let groups = groups(&command);
        assert!(
            groups.iter().all(|(heading, _)| *heading != OTHERS),
            "give each a place in GROUPS: {:?}",
            groups.last()
        );
        let listed: usize = groups.iter().map(|(_, members)| members.len()).sum();
        assert_eq!(listed, command.get_subcommands().count());
    }

    #[test]
    fn a_command_without_a_group_is_not_lost() {
        let command = Command::new("x").subcommand(Command::new("run").about("Go")).subcommand(Command::new("new"));
        let names = |(heading, members): &(&'static str, Vec<(String, String)>)| {
            (*heading, members.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())
        };
        let found: Vec<_> = groups(&command).iter().map(names).collect();
        assert_eq!(found, [("Promote", vec!["run".to_owned()]), (OTHERS, vec!["new".to_owned()])]);
    }

    #[test]
    fn the_help_fits_and_says_all() {
        let help = grouped(cli::command()).render_help().to_string();
        for line in help.lines() {
            assert!(width(line) <= COLUMNS, "{line}");
        }
        for sub in cli::command().get_subcommands() {
            let line = format!("\n  {:<width$}", sub.get_name(), width = SAID_AT - 2);
            assert_eq!(help.matches(&line).count(), 1, "{}:\n{help}", sub.get_name());
        }
        assert!(help.contains("Exit codes: 0 done"), "{help}");
    }
}
