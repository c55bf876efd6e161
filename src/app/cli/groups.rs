//! The commands, in groups.

use clap::{Arg, ArgAction, Command};

use crate::app::cli::arguments::{
    OF_NO_ORDER, OF_ONE_RUN, common, env, flag, id, json, reading, saved, settings, switch,
};
use crate::app::settings::inputs::{INPUTS, Input};

/// Commands for whoever begins.
pub fn first() -> Vec<Command> {
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
pub fn road() -> Vec<Command> {
    vec![
        common("validate", "Judge the gates of a promotion; writes nothing"),
        common("plan", "Judge, and print every write that a run would make; writes nothing"),
        common("run", "Judge, commit, sync, verify, and roll back what does not verify").arg(
            Arg::new("auto")
                .long("auto")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["from", "to", "hotfix", "skip"])
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
            .arg(
                Arg::new("to-version")
                    .long("to-version")
                    .value_name("VERSION")
                    .help("a version that was verified there; another than the last one needs approvals"),
            )
            .arg(id("the promotion that is undone; else the newest one to the environment")),
        Command::new("verify")
            .about("Judge what runs in an environment against its last record; writes nothing without --watch")
            .defer(|command| settings(command, &OF_NO_ORDER))
            .after_help("Exit codes: 0 it is well, 10 it definitely is not, 11 that could not be found out;\n21 it was not, and was rolled back (--watch).")
            .arg(
                Arg::new("revoke")
                    .long("revoke")
                    .value_name("ID")
                    .conflicts_with_all(["env", "watch"])
                    .help("take back that a promotion verified its version: it counts no more; needs --reason"),
            )
            .arg(env("the environment"))
            .arg(switch(
                "watch",
                "every environment whose version is under `watch`; what definitely fails is rolled back as the rules say",
            )),
    ]
}

/// Commands on a promotion that the ledger has: they move it on in its life.
pub fn life() -> Vec<Command> {
    const ID: &str = "its id, or the beginning of it";
    vec![
        common("request", "Ask for a promotion, and leave it to somebody to execute"),
        common("approve", "Approve a promotion that waits").arg(id(ID)),
        common("reject", "Refuse a promotion that waits; needs --reason").arg(id(ID)),
        common("execute", "Carry out a promotion that was asked for").arg(id(ID)),
        common("cancel", "Take back a promotion that is not written yet").arg(id(ID)),
        Command::new("review")
            .about("Review a hotfix that somebody else asked for; needs --reason")
            .defer(|command| settings(command, &OF_NO_ORDER))
            .arg(id(ID)),
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

/// Commands that give, lift and list orders.
pub fn orders() -> Vec<Command> {
    let giving = |name: &'static str, about: &'static str| {
        Command::new(name).about(about).defer(|command| settings(command, &OF_NO_ORDER))
    };
    // What a person lifts is said on a pull request: the last of the settings that an order has no use for otherwise.
    let lifting = |about: &'static str| {
        Command::new("lift").about(about).defer(|command| settings(command, &OF_NO_ORDER[..OF_NO_ORDER.len() - 1]))
    };
    let listing = |about: &'static str| reading(Command::new("list").about(about)).arg(env("of this environment"));
    let named = || {
        let help = "the image, or the service, with its tag or digest: app@1.20";
        Arg::new("named").value_name("VERSION").required(true).help(help)
    };
    let span = || Arg::new("for").long("for").value_name("TIME").help("for how long: 24h").conflicts_with("until");
    let until = || Arg::new("until").long("until").value_name("TIME").help("until when: 2026-12-24T08:00:00Z");
    let group = |name: &'static str, about: &'static str| {
        Command::new(name).about(about).subcommand_required(true).arg_required_else_help(true)
    };
    let of = "the environment";
    vec![
        group("hold", "Keep an environment from being promoted to by itself, or let it go on")
            .subcommand(giving("set", "Set it; needs --reason").arg(env(of)).arg(span()).arg(until()))
            .subcommand(lifting("Lift it; needs --reason").arg(env(of)))
            .subcommand(listing("List the holds that stand")),
        group("veto", "Keep a version from being promoted to an environment by anybody")
            .subcommand(giving("add", "Veto a version; needs --reason").arg(named()).arg(env(of)))
            .subcommand(lifting("Lift the veto on a version; needs --reason").arg(named()).arg(env(of)))
            .subcommand(listing("List the vetoes that stand")),
        group("freeze", "Stop all promotions, to everything or to one environment: the emergency stop")
            .subcommand(
                giving("set", "Freeze; without --env everything; needs --reason").arg(env(of)).arg(span()).arg(until()),
            )
            .subcommand(lifting("Lift a freeze; needs --reason").arg(env(of)))
            .subcommand(listing("List the freezes that stand")),
    ]
}

/// Commands that read the ledger.
pub fn ledger() -> Vec<Command> {
    vec![
        common("list", "List the newest promotions and all open ones")
            .arg(env("those to this environment"))
            .arg(switch(
                "bypassed",
                "those that bypassed gates, approvals or a soak, and hotfixes; reads every record that it must",
            ))
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

/// Commands on reports.
pub fn evidence() -> Command {
    let asks = |wanted: &'static [&'static str]| move |input: &&Input| wanted.contains(&input.input);
    let with = |command: Command, wanted: &'static [&'static str]| {
        let inputs = INPUTS.iter().filter(asks(wanted));
        inputs.fold(command, |command, input| command.arg(flag(input.flag, input.meaning))).arg(json())
    };
    let files = |help: &'static str| Arg::new("files").value_name("FILE").num_args(0..).help(help);
    let stamp = Command::new("stamp")
        .about("Write beside reports what they are about: <file>.stamp.json, which holds for these bytes only")
        .arg(files("the reports").required(true))
        .arg(
            Arg::new("image")
                .long("image")
                .value_name("IMAGE")
                .help("the image, with its digest: registry/app@sha256:…"),
        )
        .arg(env("the environment that they were taken in"));
    with(Command::new("evidence"), &["rules", "service", "from", "commit", "ca-file"])
        .about("Show what evidence there is, as what it is read, and what it says")
        .after_help("Exit codes: 0 all of it can be read, 11 something is missing or cannot be read.")
        .args_conflicts_with_subcommands(true)
        .arg(files("files, directories or globs, which need no rules; else the evidence of the rules"))
        .arg(Arg::new("format").long("format").value_name("FORMAT").help("their format, where it cannot be told"))
        .arg(switch("why", "say of each file what it was not taken for"))
        .subcommand(with(stamp, &["commit"]))
}

/// Commands on the rules file.
pub fn rules() -> Command {
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
pub fn environments() -> Command {
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
pub fn views() -> [Command; 3] {
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
