//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::app::commands::{self, Task};
use crate::app::rules_views::View;
use crate::app::settings::{INPUTS, Sources};
use crate::render::ending::USAGE;

/// Settings that are switches: a flag without a value.
const SWITCHES: [&str; 3] = ["dry-run", "auto-approve", "skip-validation"];

/// The whole command line, for parsing and for `--help`.
pub fn command() -> Command {
    let about = "Promotes a version of a service between environments, and proves that it was right to";
    let common = |name: &'static str, about: &'static str| {
        INPUTS
            .iter()
            .filter(|input| !input.flag.is_empty())
            .fold(Command::new(name).about(about), |command, input| command.arg(flag(input.flag, input.meaning)))
    };
    let id = |help: &'static str| Arg::new("id").help(help).value_name("ID");
    let rules = Command::new("rules")
        .about("Check the rules file, show what it means, or print its JSON Schema")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("check").about("Read the rules and name every fault").arg(flag("rules", "the rules file")),
        )
        .subcommand(
            Command::new("show")
                .about("Print what the rules mean: names bound, defaults filled in, gates spelled out as conditions")
                .arg(flag("rules", "the rules file")),
        )
        .subcommands(views());
    let env = Arg::new("env").long("env").value_name("ENVIRONMENT").help("the environment that is restored");
    Command::new("promote")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help("Exit codes: 0 done, 2 usage, 3 rules or settings, 10 held, 11 unknown, 12 rejected, 13 waiting,\n14 superseded, 20 failed, 21 rolled back, 22 stuck, 23 unconfirmed, 130 interrupted, 1 a bug in promote.")
        .disable_help_subcommand(true)
        .subcommand(common("validate", "Judge the gates of a promotion; writes nothing").arg(json()))
        .subcommand(common("plan", "Judge the gates and print every write that a run would make; writes nothing").arg(json()))
        .subcommand(common("run", "Promote: judge, commit, sync, verify, and roll back what does not verify").arg(json()))
        .subcommand(
            common("rollback", "Restore the version from before a promotion")
                .arg(json())
                .arg(env)
                .arg(id("the promotion that is undone; else the newest one to the environment")),
        )
        .subcommand(rules)
        .subcommands(kept())
        .subcommand(
            common("show", "Show the record of a promotion")
                .arg(json())
                .arg(id("its id, or the beginning of it; else the records are listed")),
        )
}

/// What the rules say, and how they stand to what was promoted by them.
fn views() -> [Command; 4] {
    let rules = || flag("rules", "the rules file");
    let ledger = || flag("ledger", "the ledger that keeps the records");
    [
        Command::new("schema").about("Print the JSON Schema of the rules file"),
        Command::new("list").about("Show each promotion on a line").arg(rules()).arg(json()),
        Command::new("test")
            .about("Judge the facts of a bundle by these rules, and show what would change; exit codes as validate's")
            .arg(
                Arg::new("bundle")
                    .required(true)
                    .value_name("BUNDLE")
                    .help("a bundle's directory, or a promotion's id"),
            )
            .arg(rules())
            .arg(ledger())
            .arg(json()),
        Command::new("diff")
            .about("Show what changed in the rules since a promotion, in meaning and in text; exit 0 whatever changed")
            .arg(Arg::new("since").long("since").value_name("ID").help("the promotion; else the newest completed one"))
            .arg(rules())
            .arg(ledger())
            .arg(json()),
    ]
}

/// What is done with what the ledger keeps.
fn kept() -> [Command; 2] {
    let ledger = || flag("ledger", "the ledger that keeps the records");
    [
        Command::new("bundle")
            .about("Write the evidence bundle of a promotion")
            .arg(Arg::new("id").required(true).value_name("ID").help("the promotion's id, or the beginning of it"))
            .arg(Arg::new("out").long("out").value_name("DIR").help("where to; else promotion-bundle/<id>"))
            .arg(ledger())
            .arg(json()),
        Command::new("replay")
            .about(
                "Judge again what a bundle holds, offline; exit 0 if all is the same, 10 if not, 3 if it is no bundle",
            )
            .arg(
                Arg::new("bundle")
                    .required(true)
                    .value_name("BUNDLE")
                    .help("a bundle's directory, or a promotion's id"),
            )
            .arg(Arg::new("inputs").long("inputs").value_name("DIR").help("compare the evidence files below it too"))
            .arg(ledger())
            .arg(json()),
    ]
}

fn json() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("print a document for programs")
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).help(help);
    let arg = match name {
        "from" => arg.short('f'),
        "to" => arg.short('t'),
        "dry-run" => arg.short('n'),
        _ => arg,
    };
    if SWITCHES.contains(&name) { arg.action(ArgAction::SetTrue) } else { arg.value_name("VALUE") }
}

/// Parses and runs; the exit code.
pub fn run(arguments: Vec<OsString>, environment: impl Iterator<Item = (OsString, OsString)>) -> Result<u8> {
    let environment: BTreeMap<String, String> =
        environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let arguments = with_command(arguments, &environment);
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let shown = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            error.print()?;
            return Ok(if shown { 0 } else { USAGE });
        }
    };
    let Some((name, matches)) = matches.subcommand() else {
        command().print_help()?;
        return Ok(USAGE);
    };
    let (task, matches) = match (name, matches.subcommand()) {
        ("rules", Some(("schema", _))) => (Task::Schema, matches),
        ("rules", Some(("show", show))) => (Task::Meaning, show),
        ("rules", Some(("list", list))) => (Task::Rules(View::List), list),
        ("rules", Some(("test", test))) => {
            (Task::Rules(View::Test { bundle: text(test, "bundle").unwrap_or_default() }), test)
        }
        ("rules", Some(("diff", diff))) => (Task::Rules(View::Diff { since: text(diff, "since") }), diff),
        ("rules", Some((_, check))) => (Task::Check, check),
        ("validate", _) => (Task::Validate, matches),
        ("plan", _) => (Task::Plan, matches),
        ("run", _) => (Task::Run, matches),
        ("bundle", _) => {
            (Task::Bundle { id: text(matches, "id").unwrap_or_default(), out: text(matches, "out") }, matches)
        }
        ("replay", _) => {
            let bundle = text(matches, "bundle").unwrap_or_default();
            (Task::Replay { bundle, inputs: text(matches, "inputs") }, matches)
        }
        ("rollback", _) => (Task::Rollback { id: text(matches, "id"), env: text(matches, "env") }, matches),
        _ => (Task::Show { id: text(matches, "id") }, matches),
    };
    let json = matches.try_get_one::<bool>("json").ok().flatten().copied().unwrap_or(false);
    commands::run(&task, &Sources { flags: flags(matches), environment }, json)
}

/// As an action there are no arguments: the input `command` names what to do.
fn with_command(mut arguments: Vec<OsString>, environment: &BTreeMap<String, String>) -> Vec<OsString> {
    arguments.retain(|argument| !argument.is_empty());
    if arguments.len() <= 1
        && let Some(words) = environment.get("INPUT_COMMAND").filter(|words| !words.trim().is_empty())
    {
        arguments.extend(words.split_whitespace().map(OsString::from));
    }
    arguments
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.try_get_one::<String>(name).ok().flatten().cloned()
}

fn flags(matches: &ArgMatches) -> BTreeMap<String, String> {
    let mut flags = BTreeMap::new();
    for input in INPUTS.iter().filter(|input| !input.flag.is_empty()) {
        if SWITCHES.contains(&input.flag) {
            if matches.try_get_one::<bool>(input.flag).ok().flatten() == Some(&true) {
                flags.insert(input.flag.to_owned(), "true".to_owned());
            }
        } else if let Some(value) = text(matches, input.flag) {
            flags.insert(input.flag.to_owned(), value);
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
