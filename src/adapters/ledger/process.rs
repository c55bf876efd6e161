//! Whether the process that holds a claim is certainly gone: only where it ran on this very machine, in this very
//! namespace of processes, and that can be looked up (proc(5), Linux). Everywhere else nothing is certain.

use std::fs;

use serde::{Deserialize, Serialize};

/// Where the system tells of its processes.
const PROC: &str = "/proc";

/// One process, told apart from every other that had its number before or will have it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// The boot of the machine: `/proc/sys/kernel/random/boot_id`.
    boot: String,
    /// The machine's name: machines that were copied while they ran have one boot.
    host: String,
    /// The namespace of processes: where `/proc/self/ns/pid` points to. Two containers of one machine have two.
    namespace: String,
    /// Its number.
    pid: u32,
    /// When it started, in ticks since the boot: field 22 of `/proc/<pid>/stat`.
    start: u64,
}

impl Process {
    /// This process; `None` where the system does not tell.
    pub(crate) fn this() -> Option<Self> {
        let [boot, host, namespace] = machine()?;
        let stat = fs::read_to_string(format!("{PROC}/self/stat")).ok()?;
        let pid = stat.split(' ').next()?.parse().ok()?;
        let (_, start) = state_and_start(&stat)?;
        Some(Self { boot, host, namespace, pid, start })
    }

    /// Whether it is certainly gone.
    pub(crate) fn is_gone(&self) -> bool {
        if machine().is_none_or(|here| here != [&*self.boot, &*self.host, &*self.namespace]) {
            return false;
        }
        match fs::read_to_string(format!("{PROC}/{}/stat", self.pid)) {
            // A zombie has ended, and only nobody has asked for its end yet.
            Ok(stat) => {
                state_and_start(&stat).is_some_and(|(state, start)| start != self.start || "ZX".contains(state))
            }
            // Where others' processes are hidden (hidepid), a missing one may only be hidden. The first one is there always.
            Err(error) => {
                error.kind() == std::io::ErrorKind::NotFound && fs::read_to_string(format!("{PROC}/1/stat")).is_ok()
            }
        }
    }
}

/// The boot, the machine's name, and the namespace of processes.
fn machine() -> Option<[String; 3]> {
    let told = |name: &str| fs::read_to_string(format!("{PROC}/sys/kernel/{name}")).map(|text| text.trim().to_owned());
    let namespace = fs::read_link(format!("{PROC}/self/ns/pid")).ok()?;
    Some([told("random/boot_id").ok()?, told("hostname").ok()?, namespace.to_string_lossy().into_owned()])
}

/// The state and the start of a process. Its name, in parentheses, may hold anything.
fn state_and_start(stat: &str) -> Option<(char, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_process_are_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 1";
        assert_eq!(state_and_start(stat), Some(('S', 98765)));
        assert_eq!(state_and_start("42 (a) S 1"), None);
    }

    #[test]
    fn this_process_is_there_and_one_of_another_time_is_gone() {
        let this = Process::this().unwrap();
        assert!(!this.is_gone());
        assert!(Process { start: this.start + 1, ..this.clone() }.is_gone(), "another process had its number");
        assert!(!Process { boot: "x".to_owned(), pid: u32::MAX, ..this.clone() }.is_gone(), "of another boot");
        assert!(!Process { host: "x".to_owned(), pid: u32::MAX, ..this.clone() }.is_gone(), "of another machine");
        assert!(
            !Process { namespace: "x".to_owned(), pid: u32::MAX, ..this.clone() }.is_gone(),
            "of another container"
        );
        assert!(Process { pid: u32::MAX, ..this }.is_gone());
    }

    #[test]
    fn a_child_that_has_ended_is_gone_also_before_anybody_asks() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let stat = fs::read_to_string(format!("{PROC}/{}/stat", child.id())).unwrap();
        let process = Process { pid: child.id(), start: state_and_start(&stat).unwrap().1, ..Process::this().unwrap() };
        assert!(!process.is_gone());
        child.kill().unwrap();
        while !process.is_gone() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(process.is_gone());
    }
}
