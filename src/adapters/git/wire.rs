//! The wire between libgit2 and a server: our own transports, registered once under the scheme `promote`.
//!
//! libgit2 asks a transport's factory with nothing but the remote's URL. So that URL is `promote://7/`, where 7 names an
//! open line: the real address, the client and the login never enter libgit2.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};

use crate::adapters::git::fault::Trace;
use crate::adapters::git::smart_http::SmartHttp;
use crate::adapters::git::ssh::Ssh;
use crate::ports::{Fault, FaultKind};

/// The scheme that libgit2 knows our transports by.
const SCHEME: &str = "promote";

/// How a server is reached.
#[derive(Debug)]
pub(crate) enum Wire {
    /// Over HTTP.
    Http(SmartHttp),
    /// Over ssh.
    Ssh(Ssh),
}

impl Wire {
    /// What the wire leaves behind.
    pub(crate) fn trace(&self) -> &Trace {
        match self {
            Self::Http(http) => http.trace(),
            Self::Ssh(ssh) => ssh.trace(),
        }
    }

    /// A server's text without the login, should the server repeat it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        match self {
            Self::Http(http) => http.scrub(text),
            Self::Ssh(_) => text.to_owned(),
        }
    }

    /// The same, asking the server to speak version 2 of the protocol, which libgit2 does not know.
    pub(crate) fn speaking_two(self) -> Self {
        match self {
            Self::Http(http) => Self::Http(http.speaking_two()),
            Self::Ssh(ssh) => Self::Ssh(ssh.speaking_two()),
        }
    }

    /// The bytes of one exchange, both ways.
    pub(crate) fn open(&self, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        match self {
            Self::Http(http) => Ok(Box::new(http.exchange(service))),
            Self::Ssh(ssh) => Ok(Box::new(ssh.spawn(service)?)),
        }
    }
}

type Lines = Mutex<BTreeMap<u64, Arc<Wire>>>;

static LINES: Lines = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);
static REGISTERED: OnceLock<Result<(), String>> = OnceLock::new();

/// A wire that libgit2 can be sent to, until it is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    key: u64,
    wire: Arc<Wire>,
}

impl Line {
    /// Makes a wire known.
    pub(crate) fn open(wire: Wire) -> Result<Self, Fault> {
        let registered = REGISTERED.get_or_init(|| register().map_err(|error| error.message().to_owned()));
        if let Err(why) = registered {
            return Err(Fault::new(FaultKind::Broken, "register the git transport", why.clone()));
        }
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        let wire = Arc::new(wire);
        LINES.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&wire));
        Ok(Self { key, wire })
    }

    /// The address for libgit2.
    pub(crate) fn url(&self) -> String {
        format!("{SCHEME}://{}/", self.key)
    }

    /// The wire.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[expect(unsafe_code, reason = "libgit2's list of transports has no lock; git2 offers no safe way in")]
fn register() -> Result<(), git2::Error> {
    // SAFETY: called once, and every user of a transport comes through `Line::open`, that is, after it.
    unsafe {
        git2::transport::register(SCHEME, |remote| {
            let key = remote.url()?.strip_prefix("promote://").and_then(|rest| rest.trim_end_matches('/').parse().ok());
            let wire = key.and_then(|key: u64| LINES.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned());
            let wire = wire.ok_or_else(|| git2::Error::from_str("no such line is open"))?;
            // HTTP is stateless: each request is an exchange of its own. ssh is one conversation.
            let stateless = matches!(*wire, Wire::Http(_));
            Transport::smart(remote, stateless, Sub(wire))
        })
    }
}

struct Sub(Arc<Wire>);

impl SmartSubtransport for Sub {
    fn action(&self, _: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        self.0.open(service)
    }

    fn close(&self) -> Result<(), git2::Error> {
        // The streams clean up after themselves when libgit2 frees them.
        Ok(())
    }
}
