//! git over ssh: the system's own `ssh`, spawned for each conversation, so that keys, agents, known hosts and jump hosts
//! work as people have set them up. A minimal image has none; there, HTTPS with a token is the way.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use git2::transport::Service;

use crate::adapters::git::fault::{Trace, clean};
use crate::ports::{Fault, FaultKind};

/// How long a server may be silent before the conversation is ended.
const SILENCE: Duration = Duration::from_secs(60);
/// How much of what ssh says on its error output is kept.
const SAID_MAX: usize = 8 << 10;
/// How long is slept between two looks whether a child has ended, and how many looks it is given to end by itself.
const NAP: Duration = Duration::from_millis(25);
const LOOKS: u32 = 80;

/// A repository behind ssh.
#[derive(Debug)]
pub(crate) struct Ssh {
    program: OsString,
    args: Vec<String>,
    path: String,
    shown: String,
    two: bool,
    trace: Trace,
}

impl Ssh {
    /// A repository's path on a host; `program` is `ssh`, or what stands in for it.
    pub(crate) fn new(
        program: OsString,
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
        path: &str,
        shown: String,
    ) -> Self {
        let mut args: Vec<String> = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=15"].map(str::to_owned).into();
        args.extend(port.map(|port| ["-p".to_owned(), port.to_string()]).into_iter().flatten());
        args.push(user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}")));
        Self { program, args, path: path.to_owned(), shown, two: false, trace: Trace::default() }
    }

    /// The same, asking the server for version 2 of the protocol. A server that does not accept the variable speaks as ever.
    pub(crate) fn speaking_two(mut self) -> Self {
        self.args.splice(0..0, ["-o", "SendEnv=GIT_PROTOCOL"].map(str::to_owned));
        self.two = true;
        self
    }

    /// What this wire leaves behind.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Begins a conversation. libgit2 asks for the listing first, and goes on in the same one.
    pub(crate) fn spawn(&self, service: Service) -> Result<Conversation, git2::Error> {
        self.start(service).map_err(|fault| {
            self.trace.fault.put(fault);
            git2::Error::from_str("ssh could not be started")
        })
    }

    fn start(&self, service: Service) -> Result<Conversation, Fault> {
        let writes = matches!(service, Service::ReceivePackLs | Service::ReceivePack);
        let service = if writes { "git-receive-pack" } else { "git-upload-pack" };
        let doing = format!("reach the repository {}", self.shown);
        let mut child = Command::new(&self.program)
            .envs(self.two.then_some(("GIT_PROTOCOL", "version=2")))
            .args(&self.args)
            .arg(format!("{service} {}", quoted(&self.path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let why = format!("{} could not be started: {error}", self.program.display());
                let kind =
                    if error.kind() == io::ErrorKind::NotFound { FaultKind::Settings } else { FaultKind::Broken };
                Fault::new(kind, &doing, why).hint("use the repository's https address with a token, or install ssh")
            })?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(Fault::new(FaultKind::Broken, doing, "ssh has no pipes"));
        };
        let said = Said::from(errors);
        let child = Arc::new(Mutex::new(child));
        let silent = Arc::new(AtomicBool::new(false));
        let alive = watch(Arc::clone(&child), Arc::clone(&silent));
        let trace = self.trace.clone();
        Ok(Conversation { child, input: Some(input), output, said, alive, silent, writes, heard: false, doing, trace })
    }
}

/// Kills the child when nothing was heard from the conversation for [`SILENCE`]; ends when the sender is dropped.
fn watch(child: Arc<Mutex<Child>>, silent: Arc<AtomicBool>) -> Sender<()> {
    let (alive, signs) = channel();
    std::thread::spawn(move || {
        loop {
            match signs.recv_timeout(SILENCE) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    silent.store(true, Ordering::SeqCst);
                    // It may have ended already, which is all that is wanted.
                    let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
                    return;
                }
            }
        }
    });
    alive
}

/// What ssh says on its error output.
#[derive(Debug)]
struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    pump: JoinHandle<()>,
}

impl Said {
    fn from(errors: ChildStderr) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&text);
        let pump = std::thread::spawn(move || {
            let mut errors = errors;
            let mut chunk = [0; 1024];
            while let Ok(count @ 1..) = errors.read(&mut chunk) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = SAID_MAX.saturating_sub(kept.len()).min(count);
                kept.extend_from_slice(&chunk[..room]);
            }
        });
        Self { text, pump }
    }

    /// All of it, once ssh has ended; waited for only a little, since a shared connection (ControlPersist) keeps the pipe open.
    fn text(&self) -> String {
        for _ in 0..20 {
            if self.pump.is_finished() {
                break;
            }
            std::thread::sleep(NAP);
        }
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// One conversation with a server. Dropping it ends and reaps the child.
#[derive(Debug)]
pub(crate) struct Conversation {
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    output: ChildStdout,
    said: Said,
    alive: Sender<()>,
    silent: Arc<AtomicBool>,
    writes: bool,
    /// Whether the server has said anything.
    heard: bool,
    doing: String,
    trace: Trace,
}

impl Conversation {
    /// The conversation broke off: why, in ssh's own words.
    fn broke(&mut self, how: &str) -> io::Error {
        self.input = None;
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        let said = self.said.text();
        let fault = if self.silent.load(Ordering::SeqCst) {
            let why = format!("nothing was heard from the server for {} s", SILENCE.as_secs());
            Fault::new(FaultKind::TimedOut, &self.doing, why)
        } else {
            meaning(&self.doing, how, &clean(&said), self.heard)
        };
        self.trace.fault.put(fault);
        io::Error::other("the ssh conversation broke off")
    }
}

/// What ssh's words mean.
fn meaning(doing: &str, how: &str, said: &str, heard: bool) -> Fault {
    let lower = said.to_lowercase();
    let why = if said.is_empty() { how.to_owned() } else { format!("{how}: {said}") };
    let any = |texts: &[&str]| texts.iter().any(|text| lower.contains(text));
    if any(&["host key verification failed", "remote host identification has changed"]) {
        return Fault::new(FaultKind::Denied, doing, why).hint("add the server's key to known_hosts, or use https");
    }
    if any(&["permission denied", "access denied", "permission to", "not allowed", "read-only", "deploy key"]) {
        return Fault::new(FaultKind::Denied, doing, why)
            .hint("check the ssh key and its rights, or use https with a token");
    }
    if any(&["not found", "does not exist", "does not appear to be a git repository"]) {
        return Fault::new(FaultKind::NotFound, doing, why).hint("check the address and the key's rights");
    }
    if any(&["could not resolve", "connection refused", "timed out", "connection closed", "connection reset"]) || heard
    {
        return Fault::new(FaultKind::Transient, doing, why);
    }
    Fault::new(FaultKind::Broken, doing, why)
        .hint("try the same with `ssh -o BatchMode=yes`, or use https with a token")
}

impl Read for Conversation {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.output.read(into) {
            Ok(0) if !into.is_empty() => Err(self.broke("the server ended the conversation")),
            Ok(count) => {
                self.heard = true;
                let _ = self.alive.send(());
                Ok(count)
            }
            Err(error) => Err(self.broke(&error.to_string())),
        }
    }
}

impl Write for Conversation {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A flush alone (`0000`) says good-bye; anything longer to a receiving server begins an update.
        if self.writes && bytes.len() > 4 {
            self.trace.sent.store(true, Ordering::SeqCst);
        }
        let Some(input) = self.input.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        match input.write(bytes) {
            Ok(count) => {
                let _ = self.alive.send(());
                Ok(count)
            }
            Err(error) => Err(self.broke(&error.to_string())),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // The server sees the end, and finishes what it is at: its hooks run after it has answered us.
        self.input = None;
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..LOOKS {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(NAP);
        }
        // Both fail only when it has ended and been reaped already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A path as one word of the server's shell.
fn quoted(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some(rest) => format!("~/'{}'", rest.replace('\'', r"'\''")),
        None => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_servers_shell() {
        assert_eq!(quoted("/srv/it's; rm -rf x"), r"'/srv/it'\''s; rm -rf x'");
        assert_eq!(quoted("~/a.git"), "~/'a.git'");
    }

    #[test]
    fn what_ssh_says_is_told_apart() {
        for (said, wanted) in [
            ("git@github.com: Permission denied (publickey).", FaultKind::Denied),
            ("Host key verification failed.", FaultKind::Denied),
            ("ERROR: Repository not found.", FaultKind::NotFound),
            ("ssh: Could not resolve hostname x", FaultKind::Transient),
            ("ERROR: Permission to acme/gitops.git denied to bot.", FaultKind::Denied),
            ("", FaultKind::Broken),
        ] {
            assert_eq!(meaning("reach x", "ended", said, false).kind, wanted, "{said}");
        }
    }
}
