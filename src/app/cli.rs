//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::app::commands::{self, Task};
use crate::app::settings::{INPUTS, Sources};
use crate::render::ending::USAGE;

/// Settings that are switches: a flag without a value.
const SWITCHES: [&str; 3] = ["dry-run", "auto-approve", "skip-validation"];

/// Settings of one promotion, which a look at all of them has no use for.
const OF_ONE_RUN: [&str; 7] = ["from", "to", "reason", "dry-run", "auto-approve", "skip-validation", "wait-lock"];
/// Settings that a person's order has no use for.
const OF_NO_ORDER: [&str; 7] = ["from", "to", "dry-run", "auto-approve", "skip-validation", "commit", "wait-lock"];

/// The whole command line, for parsing and for `--help`.
pub fn command() -> Command {
    let about = "Promotes a version of a service between environments, and proves that it was right to";
    let without = |name: &'static str, about: &'static str, but: &[&str]| {
        INPUTS
            .iter()
            .filter(|input| !input.flag.is_empty() && !but.contains(&input.flag))
            .fold(Command::new(name).about(about), |command, input| command.arg(flag(input.flag, input.meaning)))
    };
    let common = |name: &'static str, about: &'static str| without(name, about, &[]);
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
    let env = |help: &'static str| Arg::new("env").long("env").value_name("ENVIRONMENT").help(help);
    Command::new("promote")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help("Exit codes: 0 done, 2 usage, 3 rules or settings, 10 held, 11 unknown, 12 rejected, 13 waiting,\n14 superseded, 20 failed, 21 rolled back, 22 stuck, 23 unconfirmed, 130 interrupted, 1 a bug in promote.")
        .disable_help_subcommand(true)
        .subcommand(common("validate", "Judge the gates of a promotion; writes nothing").arg(json()))
        .subcommand(common("plan", "Judge the gates and print every write that a run would make; writes nothing").arg(json()))
        .subcommand(common("run", "Promote: judge, commit, sync, verify, and roll back what does not verify").arg(json()).arg(
            Arg::new("auto")
                .long("auto")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["from", "to"])
                .help("every promotion that the rules let go by itself (`auto_promote`), in their order: those that are ready"),
        ))
        .subcommand(
            common("rollback", "Restore the version from before a promotion")
                .arg(json())
                .arg(env("the environment that is restored"))
                .arg(id("the promotion that is undone; else the newest one to the environment")),
        )
        .subcommand(
            without("check-auto", "Say of each promotion whether it should be made now, and if not, why not; writes nothing", &OF_ONE_RUN)
                .after_help("Exit codes: 0 one can be made now; else the strongest reason why none can: 10 a gate failed, 11 something\ncould not be found out, 13 only time, approvals or a new version are lacking.")
                .arg(json())
                .arg(Arg::new("version").long("version").value_name("VERSION").help("only if the source pins this tag or digest")),
        )
        .subcommand(
            without("adopt", "Take what an environment pins now as given: a baseline, never verified by promote", &OF_NO_ORDER)
                .arg(json())
                .arg(env("the environment")),
        )
        .subcommand(rules)
        .subcommand(
            common("show", "Show the record of a promotion")
                .arg(json())
                .arg(id("its id, or the beginning of it; else the records are listed")),
        )
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
        ("validate", _) => (Task::Validate, matches),
        ("plan", _) => (Task::Plan, matches),
        ("run", _) if matches.get_flag("auto") => (Task::Auto, matches),
        ("run", _) => (Task::Run, matches),
        ("check-auto", _) => (Task::CheckAuto { version: text(matches, "version") }, matches),
        ("adopt", _) => (Task::Adopt { env: text(matches, "env") }, matches),
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
