//! The doors: flags, inputs and variables become settings, a command runs, and its end becomes words and an exit code.
//!
//! The only place that reads the process's environment, and where `anyhow` ends.

pub mod actions;
pub mod adopt;
pub mod approved;
pub mod auto;
pub mod bundle;
pub mod choose;
pub mod cli;
pub mod commands;
pub mod doctor;
pub mod door;
pub mod ends;
pub mod environments;
pub mod evidence;
pub mod guards;
pub mod help;
pub mod here;
pub mod history;
pub mod hotfix;
pub mod init;
pub mod life;
pub mod log;
pub mod mask;
pub mod orders;
pub mod publish;
pub mod replay;
pub mod rules_file;
pub mod rules_source;
pub mod rules_views;
pub mod screen;
pub mod settings;
pub mod show;
pub mod task;
pub mod told;
pub mod verify;
pub mod wiring;

use std::process::ExitCode;

/// The exit code of a bug in promote.
const BUG: u8 = 1;

/// Runs the program: arguments and environment in, exit code out.
pub fn main() -> ExitCode {
    let ran = std::panic::catch_unwind(|| cli::run(std::env::args_os().collect(), std::env::vars_os()));
    match ran {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            screen::bug(&format!("{error:#}"));
            ExitCode::from(BUG)
        }
        // The panic's own message is on stderr already.
        Err(_) => {
            screen::bug("it stopped where it should not");
            ExitCode::from(BUG)
        }
    }
}
