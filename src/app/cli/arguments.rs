//! The arguments of commands: each setting is declared once, and each command takes those that it has a use for.

use clap::{Arg, ArgAction, Command};

use crate::app::settings::inputs::{INPUTS, Input};

/// Settings that are switches: a flag without a value.
pub const SWITCHES: [&str; 5] = ["dry-run", "auto-approve", "skip-validation", "hotfix", "replace"];

/// Settings of one promotion, which a look at all of them has no use for.
pub const OF_ONE_RUN: [&str; 16] = [
    "from",
    "to",
    "version",
    "reason",
    "dry-run",
    "auto-approve",
    "skip-validation",
    "hotfix",
    "skip",
    "replace",
    "wait-lock",
    "wait-evidence",
    "plan-dir",
    "plan-artifact",
    "pull-request",
    "publish",
];
/// Settings that a person's order has no use for.
pub const OF_NO_ORDER: [&str; 15] = [
    "from",
    "to",
    "version",
    "dry-run",
    "auto-approve",
    "skip-validation",
    "hotfix",
    "skip",
    "replace",
    "commit",
    "wait-lock",
    "wait-evidence",
    "plan-dir",
    "plan-artifact",
    "pull-request",
];

/// A command that reads the ledger and nothing else.
pub fn reading(command: Command) -> Command {
    let asks = |name: &&Input| ["ledger", "gitops-repo", "ca-file"].contains(&name.input);
    INPUTS.iter().filter(asks).fold(command, |command, input| command.arg(flag(input.flag, input.meaning))).arg(json())
}

/// A bundle, or a promotion whose bundle is made.
pub fn saved() -> Arg {
    Arg::new("bundle").required(true).value_name("BUNDLE").help("a bundle's directory, or a promotion's id")
}
/// The switch for documents.
pub fn json() -> Arg {
    switch("json", "print a document for programs")
}

/// A command that takes every setting.
pub fn common(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).defer(|command| settings(command, &[]))
}

/// Every setting but some. They are added to a command once it is the one that is meant: most starts mean another one.
pub fn settings(command: Command, but: &[&str]) -> Command {
    // The help names the command's own options, which are there already, below the settings.
    let mut place = INPUTS.len();
    let command = command.mut_args(|arg| {
        place += 1;
        arg.display_order(place)
    });
    let asks = |input: &&Input| !input.flag.is_empty() && !but.contains(&input.flag);
    INPUTS.iter().filter(asks).fold(command, |command, input| command.arg(flag(input.flag, input.meaning))).arg(json())
}

/// A promotion.
pub fn id(help: &'static str) -> Arg {
    Arg::new("id").help(help).value_name("ID")
}

/// An environment.
pub fn env(help: &'static str) -> Arg {
    Arg::new("env").long("env").value_name("ENVIRONMENT").help(help)
}

/// A flag without a value.
pub fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// The flag of a setting.
pub fn flag(name: &'static str, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).help(help);
    let arg = match name {
        "from" => arg.short('f'),
        "to" => arg.short('t'),
        "dry-run" => arg.short('n'),
        _ => arg,
    };
    match name {
        "skip" => arg.value_name("ENVIRONMENT").action(ArgAction::Append),
        _ if SWITCHES.contains(&name) => arg.action(ArgAction::SetTrue),
        _ => arg.value_name("VALUE"),
    }
}
