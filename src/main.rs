//! The binary: everything is in the library, whose guide is `lib.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    promote::app::main()
}
