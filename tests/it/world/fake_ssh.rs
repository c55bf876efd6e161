//! A stand-in for ssh that runs the command here: it gets what ssh gets, and writes down what that was.
#![allow(dead_code, clippy::allow_attributes, reason = "the tests and the examples each use a part")]
#![expect(clippy::unwrap_used, reason = "a world that cannot be set up ends the test")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a server does that lets everybody in.
pub(crate) const LETS_IN: &str = "for last; do :; done; exec sh -c \"$last\"";

/// A program in a directory, which does what `body` says in the shell's words; its arguments are in `ssh-args` beside it.
pub(crate) fn fake_ssh(dir: &Path, body: &str) -> PathBuf {
    let path = dir.join("fake-ssh");
    let log = dir.join("ssh-args");
    std::fs::write(&path, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\n{body}\n", log.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
