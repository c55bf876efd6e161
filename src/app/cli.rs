//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::app::commands::{self, Task};
use crate::app::history::{Back, Range};
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
    let json = || Arg::new("json").long("json").action(ArgAction::SetTrue).help("print a document for programs");
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
        .subcommand(Command::new("schema").about("Print the JSON Schema of the rules file"));
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
        .subcommand(history(&common))
        .subcommand(
            common("audit", "Name each commit that changed a pinned version without a record; writes nothing")
                .arg(json())
                .args(range(false)),
        )
        .subcommand(
            common("show", "Show the record of a promotion")
                .arg(json())
                .arg(id("its id, or the beginning of it; else the records are listed")),
        )
}

/// Looking back.
fn history(common: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let json = || Arg::new("json").long("json").action(ArgAction::SetTrue).help("print a document for programs");
    let switch = |name: &'static str, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    common("history", "Print what was done, oldest first: the audit trail")
        .arg(json())
        .arg(switch("jsonl", "print one JSON document a line"))
        .args(range(true))
        .args_conflicts_with_subcommands(true)
        .subcommand(
            common("verify", "Prove that nothing in the ledger was rewritten, removed or reordered; writes nothing")
                .arg(json())
                .arg(switch("no-gitops", "look at the ledger alone, not at the GitOps repository")),
        )
}

/// Which part of the past.
fn range(until: bool) -> Vec<Arg> {
    let arg = |name: &'static str, value: &'static str, help| Arg::new(name).long(name).value_name(value).help(help);
    let mut args = vec![arg("since", "TIME", "from then on: 2026-11-20T09:30:00Z, 2026-11-20, or an age such as 7d")];
    if until {
        args.push(arg("until", "TIME", "until then"));
    }
    args.push(arg("env", "ENVIRONMENT", "of this environment only"));
    args
}

fn back(name: &str, matches: &ArgMatches) -> Back {
    let range = Range { since: text(matches, "since"), until: text(matches, "until"), env: text(matches, "env") };
    let set = |name| matches.try_get_one::<bool>(name).ok().flatten() == Some(&true);
    match name {
        "verify" => Back::Verify { gitops: !set("no-gitops") },
        "audit" => Back::Audit { range },
        _ => Back::Trail { range, lines: set("jsonl") },
    }
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
        ("rules", Some((_, check))) => (Task::Check, check),
        ("history", Some(("verify", verify))) => (Task::Back(back("verify", verify)), verify),
        ("history" | "audit", _) => (Task::Back(back(name, matches)), matches),
        ("validate", _) => (Task::Validate, matches),
        ("plan", _) => (Task::Plan, matches),
        ("run", _) => (Task::Run, matches),
        ("rollback", _) => (Task::Rollback { id: text(matches, "id"), env: text(matches, "env") }, matches),
        _ => (Task::Show { id: text(matches, "id") }, matches),
    };
    let is = |name: &str| matches.try_get_one::<bool>(name).ok().flatten() == Some(&true);
    let json = is("json") || is("jsonl");
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
