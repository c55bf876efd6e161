//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::app::commands::{self, Task};
use crate::app::environments::Deed;
use crate::app::help;
use crate::app::history;
use crate::app::life::Verb;
use crate::app::rules_views::View;
use crate::app::settings::inputs::{INPUTS, Input};
use crate::app::settings::sources::Sources;
use crate::render::ending::USAGE;
use crate::render::style::COLUMNS;

/// Settings that are switches: a flag without a value.
const SWITCHES: [&str; 3] = ["dry-run", "auto-approve", "skip-validation"];

/// Settings of one promotion, which a look at all of them has no use for.
const OF_ONE_RUN: [&str; 13] = [
    "from",
    "to",
    "version",
    "reason",
    "dry-run",
    "auto-approve",
    "skip-validation",
    "wait-lock",
    "wait-evidence",
    "plan-dir",
    "plan-artifact",
    "pull-request",
    "publish",
];
/// Settings that a person's order has no use for.
const OF_NO_ORDER: [&str; 12] = [
    "from",
    "to",
    "version",
    "dry-run",
    "auto-approve",
    "skip-validation",
    "commit",
    "wait-lock",
    "wait-evidence",
    "plan-dir",
    "plan-artifact",
    "pull-request",
];

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
    let command = command.subcommands(first()).subcommands(road()).subcommands(life()).subcommand(rules());
    let command = command.subcommand(environments());
    command.subcommands(ledger()).subcommands(back).subcommand(schema)
}

/// Commands for whoever begins.
fn first() -> Vec<Command> {
    let about = "Write a first rules file and workflow from what is found; overwrites nothing";
    let asks = |name: &&Input| ["rules", "gitops-repo", "gitops-branch", "ca-file"].contains(&name.input);
    let init = INPUTS
        .iter()
        .filter(asks)
        .fold(Command::new("init").about(about), |command, input| command.arg(flag(input.flag, input.meaning)));
    vec![
        init.arg(switch("stdout", "print the files instead")),
        Command::new("doctor")
            .about("Look at every connection and permission that a run needs; changes nothing")
            .defer(|command| settings(command, &OF_ONE_RUN))
            .after_help("Exit codes: 0 nothing would make a run fail, 3 the rules, 20 something outside."),
        Command::new("explain").about("Say what a gate, an exit code, an outcome or a word of a report means").arg(
            Arg::new("word")
                .value_name("WORD")
                .num_args(0..)
                .help("tests, `exit 11`, unknown, `no report`; else they are named"),
        ),
    ]
}

/// Commands on a promotion that the rules have: they walk the road, or a part of it.
fn road() -> Vec<Command> {
    vec![
        common("validate", "Judge the gates of a promotion; writes nothing"),
        common("plan", "Judge, and print every write that a run would make; writes nothing"),
        common("run", "Judge, commit, sync, verify, and roll back what does not verify").arg(
            Arg::new("auto")
                .long("auto")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["from", "to"])
                .help("every promotion that the rules let go by itself (`auto_promote`) and that is ready, in their order"),
        ),
        Command::new("check-auto")
            .about("Say of each promotion whether it should be made now, and if not, why not")
            .defer(|command| settings(command, &OF_ONE_RUN))
            .after_help("Writes nothing. Exit codes: 0 one can be made now; else the strongest reason why none\ncan: 10 a gate failed, 11 something could not be found out, 13 only time, approvals or\na new version are lacking.")
            .arg(
                // Not under the setting's name: each promotion of the rules says of it what it would do.
                Arg::new("asked")
                    .long("version")
                    .value_name("VERSION")
                    .help("only if the source pins this version: a tag or a digest"),
            ),
        common("rollback", "Restore the version from before a promotion")
            .arg(env("the environment that is restored"))
            .arg(id("the promotion that is undone; else the newest one to the environment")),
    ]
}

/// Commands on a promotion that the ledger has: they move it on in its life.
fn life() -> Vec<Command> {
    const ID: &str = "its id, or the beginning of it";
    vec![
        common("request", "Ask for a promotion, and leave it to somebody to execute"),
        common("approve", "Approve a promotion that waits").arg(id(ID)),
        common("reject", "Refuse a promotion that waits; needs --reason").arg(id(ID)),
        common("execute", "Carry out a promotion that was asked for").arg(id(ID)),
        common("cancel", "Take back a promotion that is not written yet").arg(id(ID)),
        common("resume", "Go on with a promotion that a run left, from wherever it stands")
            .arg(env("the environment, where several promotions are open"))
            .arg(id("its id, or the beginning of it; else the only open one")),
        Command::new("adopt")
            .about("Take what an environment pins as given: a baseline; needs --reason")
            .defer(|command| settings(command, &OF_NO_ORDER))
            .arg(env("the environment")),
        common("unlock", "Take an environment's lock away from the run that holds it; needs --reason")
            .arg(env("the environment that is unlocked")),
    ]
}

/// Commands that read the ledger.
fn ledger() -> Vec<Command> {
    vec![
        common("list", "List the newest promotions and all open ones")
            .arg(env("those to this environment"))
            .arg(switch("bypassed", "those that bypassed gates or approvals; reads every record that it must"))
            .arg(Arg::new("of").value_name("SERVICE").help("those of this service").conflicts_with("service")),
        common("show", "Tell all that is known of one promotion")
            .arg(id("its id, or the beginning of it; else the promotions are listed")),
        reading(Command::new("bundle").about("Write the evidence bundle of a promotion"))
            .arg(id("its id, or the beginning of it").required(true))
            .arg(Arg::new("out").long("out").value_name("DIR").help("where to; else promotion-bundle/<id>")),
        reading(Command::new("replay").about(
            "Judge again what a bundle holds, offline; exit 0 if all is the same, 10 if not, 3 if it is no bundle",
        ))
        .arg(saved())
        .arg(Arg::new("inputs").long("inputs").value_name("DIR").help("compare the evidence files below it too")),
    ]
}

/// A command that reads the ledger and nothing else.
fn reading(command: Command) -> Command {
    let asks = |name: &&Input| ["ledger", "gitops-repo", "ca-file"].contains(&name.input);
    INPUTS.iter().filter(asks).fold(command, |command, input| command.arg(flag(input.flag, input.meaning))).arg(json())
}

fn saved() -> Arg {
    Arg::new("bundle").required(true).value_name("BUNDLE").help("a bundle's directory, or a promotion's id")
}

/// Commands on the rules file.
fn rules() -> Command {
    Command::new("rules")
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
        .subcommand(Command::new("schema").about("Print the JSON Schema of the rules file"))
        .subcommands(views().map(|view| view.arg(flag("rules", "the rules file"))))
}

/// Commands on the environments at GitHub.
fn environments() -> Command {
    let common = |command: Command| {
        let asks = |input: &&Input| ["rules", "app-id", "ca-file"].contains(&input.input);
        INPUTS
            .iter()
            .filter(asks)
            .fold(command, |command, input| command.arg(flag(input.flag, input.meaning)))
            .arg(json())
    };
    let check = "Say how they differ from the rules; exit 0 as the rules want, 10 not so, 11 not known";
    let sync = "Make them as the rules want; what the rules do not name is left alone";
    Command::new("environments")
        .about("Check or write the environments at GitHub that ask the roles of the rules")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(common(Command::new("check").about(check)))
        .subcommand(common(Command::new("sync").about(sync)).arg(switch("yes", "write; else it is only shown")))
}

/// What the rules say, and how they stand to what was promoted by them.
fn views() -> [Command; 3] {
    [
        Command::new("list").about("Show each promotion on a line").arg(json()),
        reading(
            Command::new("test").about(
                "Judge the facts of a bundle by these rules, and show what would change; exit codes as validate's",
            ),
        )
        .arg(saved()),
        reading(Command::new("diff").about(
            "Show what changed in the rules since a promotion, in meaning and in text; exit 0 whatever changed",
        ))
        .arg(Arg::new("since").long("since").value_name("ID").help("the promotion; else the newest completed one")),
    ]
}

fn json() -> Arg {
    switch("json", "print a document for programs")
}

/// A command that takes every setting.
fn common(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).defer(|command| settings(command, &[]))
}

/// Every setting but some. They are added to a command once it is the one that is meant: most starts mean another one.
fn settings(command: Command, but: &[&str]) -> Command {
    // The help names the command's own options, which are there already, below the settings.
    let mut place = INPUTS.len();
    let command = command.mut_args(|arg| {
        place += 1;
        arg.display_order(place)
    });
    let asks = |input: &&Input| !input.flag.is_empty() && !but.contains(&input.flag);
    INPUTS.iter().filter(asks).fold(command, |command, input| command.arg(flag(input.flag, input.meaning))).arg(json())
}

fn id(help: &'static str) -> Arg {
    Arg::new("id").help(help).value_name("ID")
}

fn env(help: &'static str) -> Arg {
    Arg::new("env").long("env").value_name("ENVIRONMENT").help(help)
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
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
    let (task, matches) = match (name, matches.subcommand()) {
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
        ("init", _) => (Task::Init { stdout: is_set(matches, "stdout") }, matches),
        ("doctor", _) => (Task::Doctor, matches),
        ("explain", _) => {
            let words: Vec<String> = matches.get_many("word").into_iter().flatten().cloned().collect();
            (Task::Explain { words: words.join(" ") }, matches)
        }
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
        ("unlock", _) => (Task::Unlock { env: text(matches, "env") }, matches),
        ("bundle", _) => (Task::Bundle { id: given(matches, "id"), out: text(matches, "out") }, matches),
        ("replay", _) => (Task::Replay { bundle: given(matches, "bundle"), inputs: text(matches, "inputs") }, matches),
        ("rollback", _) => (Task::Rollback { id: text(matches, "id"), env: text(matches, "env") }, matches),
        ("schema", _) => (Task::Schema { name: text(matches, "name") }, matches),
        ("list", _) => {
            let (service, env) = (text(matches, "of"), text(matches, "env"));
            (Task::List { service, env, bypassed: is_set(matches, "bypassed") }, matches)
        }
        _ => match text(matches, "id") {
            Some(id) => (Task::Show { id }, matches),
            None => (Task::List { service: None, env: None, bypassed: false }, matches),
        },
    };
    let json = is_set(matches, "json") || is_set(matches, "jsonl");
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

fn is_set(matches: &ArgMatches, name: &str) -> bool {
    matches.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false)
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.try_get_one::<String>(name).ok().flatten().cloned()
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
