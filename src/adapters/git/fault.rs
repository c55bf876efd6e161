//! What libgit2's errors and a server's refusals mean.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use git2::{ErrorClass, ErrorCode};

use crate::ports::{Fault, FaultKind};

/// How much of a server's own text is shown.
const SAID_MAX: usize = 2000;

/// Where a transport leaves its fault: libgit2 carries only a text through its C code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Fault>>>);

impl Slot {
    /// Leaves a fault; the first one is kept, since the later ones follow from it.
    pub(crate) fn put(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }

    /// Takes the fault out.
    pub(crate) fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a push needs to know of its wire, and where the wire leaves its faults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    /// The fault behind libgit2's error, in our words.
    pub(crate) fault: Slot,
    /// Whether an update of a ref has left for the server, and may have been carried out.
    pub(crate) sent: Arc<AtomicBool>,
}

/// The fault for one of libgit2's errors.
pub(crate) fn of(doing: &str, error: &git2::Error) -> Fault {
    let why = clean(error.message());
    match (error.code(), error.class()) {
        (ErrorCode::Owner, _) => Fault::new(FaultKind::Denied, doing, why).hint(
            "the directory belongs to another user, and git refuses it: give the repository's URL instead, or run \
             `git config --global --add safe.directory <path>` as the user that runs promote",
        ),
        (ErrorCode::NotFound, _) => Fault::new(FaultKind::NotFound, doing, why),
        (ErrorCode::Locked, _) => Fault::new(FaultKind::Transient, doing, why)
            .hint("another git process holds a lock; if none is running, remove the .lock file that is named"),
        (_, ErrorClass::Os | ErrorClass::Filesystem) => {
            Fault::new(FaultKind::Broken, doing, why).hint("check the free space and the rights of the directory")
        }
        (_, ErrorClass::Net) => Fault::new(FaultKind::Transient, doing, why),
        _ => Fault::new(FaultKind::Broken, doing, why),
    }
}

/// What a server's refusal of a ref means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Somebody else was first: fetch and try again.
    Race,
    /// The ref could not be written, and the server does not say why: a race if the branch has moved.
    Perhaps,
    /// A rule of the server: it will refuse again.
    Rule,
}

/// Reads a refusal: the status of the ref, and what the server said beside it.
pub(crate) fn refusal(status: &str, said: &str) -> Refusal {
    const RACES: [&str; 7] = [
        "non-fast-forward",
        "fetch first",
        "cannot lock ref",
        "incorrect old value",
        "reference already exists",
        "stale info",
        "but expected",
    ];
    let status = status.to_lowercase();
    let said = said.to_lowercase();
    let hook = status.contains("hook declined") || status.contains("protected branch");
    if !hook && RACES.iter().any(|race| status.contains(race) || said.contains(race)) {
        return Refusal::Race;
    }
    // The refs of an atomic push say only that one of them failed.
    if ["failed to update ref", "failed to lock", "atomic", "transaction failed"]
        .iter()
        .any(|text| status.contains(text))
    {
        return Refusal::Perhaps;
    }
    Refusal::Rule
}

/// A server's own text, fit to be shown: no control characters, no trailing space, not endless.
pub(crate) fn clean(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let text = lines.join("\n");
    match text.char_indices().nth(SAID_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (status, said, wanted) in [
            ("non-fast-forward", "", Refusal::Race),
            ("fetch first", "", Refusal::Race),
            ("cannot lock ref 'refs/heads/main': is at 1 but expected 2", "", Refusal::Race),
            ("failed to update ref", "error: cannot lock ref 'refs/heads/main': File exists", Refusal::Race),
            ("incorrect old value provided", "", Refusal::Race),
            ("failed to update ref", "", Refusal::Perhaps),
            ("atomic push failure", "", Refusal::Perhaps),
            ("atomic transaction failed", "cannot lock ref 'a': is at 1 but expected 2", Refusal::Race),
            ("pre-receive hook declined", "GH006: Protected branch update failed", Refusal::Rule),
            ("hook declined", "cannot lock ref said the hook", Refusal::Rule),
            ("protected branch hook declined", "", Refusal::Rule),
            ("push declined due to repository rule violations", "", Refusal::Rule),
            ("branch is currently checked out", "", Refusal::Rule),
            ("unpacker error", "", Refusal::Rule),
        ] {
            assert_eq!(refusal(status, said), wanted, "{status} / {said}");
        }
    }

    #[test]
    fn libgit2s_errors_say_what_to_do() {
        let error = |code, class| git2::Error::new(code, class, "repository path '/x' is not owned by current user");
        let fault = of("open the repository /x", &error(ErrorCode::Owner, ErrorClass::Config));
        assert_eq!(fault.kind, FaultKind::Denied);
        assert!(fault.hint.unwrap().contains("safe.directory"));
        assert_eq!(of("x", &error(ErrorCode::GenericError, ErrorClass::Net)).kind, FaultKind::Transient);
        assert_eq!(of("x", &error(ErrorCode::Locked, ErrorClass::Os)).kind, FaultKind::Transient);
        assert_eq!(of("x", &error(ErrorCode::GenericError, ErrorClass::Os)).kind, FaultKind::Broken);
    }

    #[test]
    fn a_servers_text_is_cleaned_and_cut() {
        assert_eq!(clean("remote: a \x1b[31mb\u{7}\r\n\n  c\n"), "remote: a [31mb\n  c");
        assert!(clean(&"x".repeat(5000)).chars().count() <= SAID_MAX + 1);
    }
}
