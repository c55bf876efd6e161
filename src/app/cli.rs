//! The command line.

pub mod arguments;
pub mod groups;

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command};

use crate::app::cli::arguments::{SWITCHES, common};
use crate::app::cli::groups::{environments, evidence, first, ledger, life, orders, road, rules};
use crate::app::commands;
use crate::app::environments::Deed;
use crate::app::evidence::{Looking, Stamping};
use crate::app::help;
use crate::app::history;
use crate::app::life::Verb;
use crate::app::orders::{Act, Asked};
use crate::app::rules_views::View;
use crate::app::settings::inputs::INPUTS;
use crate::app::settings::sources::Sources;
use crate::app::task::Task;
use crate::promotion::order::What;
use crate::render::ending::USAGE;
use crate::render::style::COLUMNS;

/// The whole command line, for parsing. Its help is laid out by [`help::grouped`] when somebody asks for it.
pub fn command() -> Command {
    let about = "Promotes a version of a service between environments, and proves that it was right to";
    let command = Command::new("promote")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .max_term_width(COLUMNS)
        .after_help("Exit codes: 0 done, 2 usage, 3 rules or settings, 10 held, 11 unknown, 12 rejected,\n13 waiting, 14 superseded, 20 failed, 21 rolled back, 22 stuck, 23 unconfirmed,\n130 interrupted, 1 a bug in promote.")
        .disable_help_subcommand(true);
    let back = history::commands(common);
    let schema = Command::new("schema")
        .about("Print the JSON Schema of a document")
        .arg(Arg::new("name").value_name("DOCUMENT").help("the document; else they are named"));
    let command =
        command.subcommands(first()).subcommands(road()).subcommands(life()).subcommands(orders()).subcommand(rules());
    let command = command.subcommand(environments()).subcommand(evidence());
    command.subcommands(ledger()).subcommands(back).subcommand(schema)
}

/// Parses and runs; the exit code.
pub fn run(arguments: Vec<OsString>, environment: impl Iterator<Item = (OsString, OsString)>) -> Result<u8> {
    let environment: BTreeMap<String, String> =
        environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let arguments = with_command(arguments, &environment);
    let matches = match command().try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let shown = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let asked = error.kind() == ErrorKind::DisplayHelp;
            let laid_out = || help::grouped(command()).try_get_matches_from(&arguments).err();
            asked.then(laid_out).flatten().unwrap_or(error).print()?;
            return Ok(if shown { 0 } else { USAGE });
        }
    };
    let Some((name, matches)) = matches.subcommand() else {
        help::grouped(command()).print_help()?;
        return Ok(USAGE);
    };
    let (task, matches) = task(name, matches);
    let json = is_set(matches, "json") || is_set(matches, "jsonl");
    commands::run(&task, &Sources { flags: flags(matches), environment }, json)
}

/// What a command is to do, and the arguments of what was meant.
fn task<'a>(name: &str, matches: &'a ArgMatches) -> (Task, &'a ArgMatches) {
    match (name, matches.subcommand()) {
        ("rules", Some(("schema", _))) => (Task::Schema { name: Some("rules".to_owned()) }, matches),
        ("rules", Some(("show", show))) => (Task::Meaning, show),
        ("rules", Some(("list", list))) => (Task::Rules(View::List), list),
        ("rules", Some(("test", test))) => (Task::Rules(View::Test { bundle: given(test, "bundle") }), test),
        ("rules", Some(("diff", diff))) => (Task::Rules(View::Diff { since: text(diff, "since") }), diff),
        ("rules", Some((_, check))) => (Task::Check, check),
        ("environments", Some(("sync", sync))) => (Task::Environments(Deed::Sync { yes: is_set(sync, "yes") }), sync),
        ("environments", Some((_, check))) => (Task::Environments(Deed::Check), check),
        ("history", Some(("verify", verify))) => (Task::Back(history::back("verify", verify)), verify),
        ("history" | "audit", _) => (Task::Back(history::back(name, matches)), matches),
        ("evidence", Some((_, stamp))) => {
            let (image, env) = (text(stamp, "image"), text(stamp, "env"));
            (Task::Stamp(Stamping { files: all(stamp, "files"), image, env }), stamp)
        }
        ("evidence", None) => {
            let (files, why) = (all(matches, "files"), is_set(matches, "why"));
            (Task::Evidence(Looking { files, format: text(matches, "format"), why }), matches)
        }
        ("hold", Some((act, leaf))) => (order(What::Hold, act, leaf), leaf),
        ("veto", Some((act, leaf))) => (order(What::Veto, act, leaf), leaf),
        ("freeze", Some((act, leaf))) => (order(What::Freeze, act, leaf), leaf),
        ("init", _) => (Task::Init { stdout: is_set(matches, "stdout") }, matches),
        ("doctor", _) => (Task::Doctor, matches),
        ("explain", _) => (Task::Explain { words: all(matches, "word").join(" ") }, matches),
        ("validate", _) => (Task::Validate, matches),
        ("plan", _) => (Task::Plan, matches),
        ("run", _) if matches.get_flag("auto") => (Task::Auto, matches),
        ("run", _) => (Task::Run, matches),
        ("check-auto", _) => (Task::CheckAuto { version: text(matches, "asked") }, matches),
        ("adopt", _) => (Task::Adopt { env: text(matches, "env") }, matches),
        ("request", _) => (Task::Request, matches),
        ("execute", _) => (Task::Execute { id: text(matches, "id") }, matches),
        ("resume", _) => (Task::Resume { id: text(matches, "id"), env: text(matches, "env") }, matches),
        ("approve", _) => (Task::Say { verb: Verb::Approve, id: text(matches, "id") }, matches),
        ("reject", _) => (Task::Say { verb: Verb::Reject, id: text(matches, "id") }, matches),
        ("cancel", _) => (Task::Say { verb: Verb::Cancel, id: text(matches, "id") }, matches),
        ("review", _) => (Task::Review { id: text(matches, "id") }, matches),
        ("unlock", _) => (Task::Unlock { env: text(matches, "env") }, matches),
        ("bundle", _) => (Task::Bundle { id: given(matches, "id"), out: text(matches, "out") }, matches),
        ("replay", _) => (Task::Replay { bundle: given(matches, "bundle"), inputs: text(matches, "inputs") }, matches),
        ("verify", _) if text(matches, "revoke").is_some() => (Task::Revoke { id: given(matches, "revoke") }, matches),
        ("verify", _) => (Task::Verify { env: text(matches, "env"), watch: is_set(matches, "watch") }, matches),
        ("rollback", _) => {
            let (id, env, to_version) = (text(matches, "id"), text(matches, "env"), text(matches, "to-version"));
            (Task::Rollback { id, env, to_version }, matches)
        }
        ("schema", _) => (Task::Schema { name: text(matches, "name") }, matches),
        ("list", _) => {
            let (service, env) = (text(matches, "of"), text(matches, "env"));
            (Task::List { service, env, bypassed: is_set(matches, "bypassed") }, matches)
        }
        _ => match text(matches, "id") {
            Some(id) => (Task::Show { id }, matches),
            None => (Task::List { service: None, env: None, bypassed: false }, matches),
        },
    }
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

fn order(what: What, act: &str, matches: &ArgMatches) -> Task {
    let act = match act {
        "lift" => Act::Lift,
        "list" => Act::List,
        _ => Act::Set,
    };
    let (version, env) = (text(matches, "named"), text(matches, "env"));
    Task::Order(Asked { what, act, version, env, span: text(matches, "for"), until: text(matches, "until") })
}

fn is_set(matches: &ArgMatches, name: &str) -> bool {
    matches.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false)
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.try_get_one::<String>(name).ok().flatten().cloned()
}

/// Every value of an argument.
fn all(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many(name).into_iter().flatten().cloned().collect()
}

/// An argument that must be there.
fn given(matches: &ArgMatches, name: &str) -> String {
    text(matches, name).unwrap_or_default()
}

fn flags(matches: &ArgMatches) -> BTreeMap<String, String> {
    let mut flags = BTreeMap::new();
    for input in INPUTS.iter().filter(|input| !input.flag.is_empty()) {
        if SWITCHES.contains(&input.flag) {
            if is_set(matches, input.flag) {
                flags.insert(input.flag.to_owned(), "true".to_owned());
            }
        } else if input.flag == "skip" {
            let names = matches.try_get_many::<String>("skip").ok().flatten().into_iter().flatten();
            flags.insert(input.flag.to_owned(), names.cloned().collect::<Vec<_>>().join(","));
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
