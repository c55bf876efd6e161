//! A wire with what the server at its end says of itself. Over HTTP it says so once, and each exchange is a request of its
//! own (gitprotocol-http, "Smart Clients"); over ssh each exchange is a conversation, which begins with it.

use std::sync::Arc;
use std::time::Duration;

use git2::transport::{Service, SmartSubtransportStream};

use crate::adapters::git::fault::{Trace, clean};
use crate::adapters::git::lazy::advert::Advert;
use crate::adapters::git::lazy::pkt::{FLUSH, Packets, Trouble};
use crate::adapters::git::wire::Wire;
use crate::ports::{Fault, FaultKind};

/// How large an answer may be, in bytes.
const ANSWER_MAX: u64 = 1 << 30;
/// How often a read is tried in all, and the first pause between two tries.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// The two things that are done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Reading.
    Fetch,
    /// Writing.
    Push,
}

/// The bytes of one exchange, both ways.
pub(crate) type Stream = Box<dyn SmartSubtransportStream>;

/// One exchange.
pub(crate) struct Talk {
    /// What the server says of itself.
    pub(crate) advert: Arc<Advert>,
    /// What it answers; the request is written to their stream.
    pub(crate) packets: Packets<Stream>,
}

/// Why a read did not succeed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The fault.
    pub(crate) fault: Fault,
    /// Whether the server itself refused; its words are in the fault.
    pub(crate) refused: bool,
}

impl From<Ended> for Fault {
    fn from(ended: Ended) -> Self {
        ended.fault
    }
}

/// A wire and its server.
#[derive(Debug)]
pub(crate) struct Link {
    wire: Wire,
    fetch: Option<Arc<Advert>>,
    push: Option<Arc<Advert>>,
}

impl Link {
    /// Nothing is reached yet.
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire: wire.speaking_two(), fetch: None, push: None }
    }

    /// What the wire leaves behind.
    pub(crate) fn trace(&self) -> &Trace {
        self.wire.trace()
    }

    /// A server's words, fit to be shown.
    pub(crate) fn words(&self, text: &str) -> String {
        clean(&self.wire.scrub(text))
    }

    /// Begins an exchange. Over HTTP nothing is sent until it is read.
    pub(crate) fn begin(&mut self, side: Side, doing: &str) -> Result<Talk, Fault> {
        let (list, exchange) = match side {
            Side::Fetch => (Service::UploadPackLs, Service::UploadPack),
            Side::Push => (Service::ReceivePackLs, Service::ReceivePack),
        };
        self.trace().fault.take();
        if matches!(self.wire, Wire::Ssh(_)) {
            let mut packets = self.open(exchange, doing)?;
            let advert = Advert::read(&mut packets).map_err(|trouble| self.fault(doing, &trouble))?;
            return Ok(Talk { advert: Arc::new(advert), packets });
        }
        let kept = if side == Side::Fetch { &self.fetch } else { &self.push };
        let advert = match kept {
            Some(advert) => Arc::clone(advert),
            None => {
                let advert =
                    Advert::read(&mut self.open(list, doing)?).map_err(|trouble| self.fault(doing, &trouble))?;
                let kept = if side == Side::Fetch { &mut self.fetch } else { &mut self.push };
                Arc::clone(kept.insert(Arc::new(advert)))
            }
        };
        Ok(Talk { advert, packets: self.open(exchange, doing)? })
    }

    /// Forgets refs that the server listed with what it says of itself: they may have moved since.
    pub(crate) fn forget_refs(&mut self) {
        self.fetch = self.fetch.take().filter(|advert| advert.two);
    }

    /// Asks for what changes nothing, a few times if need be. An empty request means that the server's first words answer it.
    pub(crate) fn ask<T>(
        &mut self,
        doing: &str,
        request: impl Fn(&Advert) -> Result<Vec<u8>, Trouble>,
        mut answer: impl FnMut(&Advert, &mut Packets<Stream>) -> Result<T, Trouble>,
    ) -> Result<T, Ended> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.ask_once(doing, &request, &mut answer) {
                Err(ended) if matches!(ended.fault.kind, FaultKind::Transient | FaultKind::TimedOut) => {
                    tracing::debug!(why = ended.fault.why, "asking once more");
                    std::thread::sleep(pause);
                    pause *= 2;
                }
                ended => return ended,
            }
        }
        self.ask_once(doing, &request, &mut answer)
    }

    fn ask_once<T>(
        &mut self,
        doing: &str,
        request: &impl Fn(&Advert) -> Result<Vec<u8>, Trouble>,
        answer: &mut impl FnMut(&Advert, &mut Packets<Stream>) -> Result<T, Trouble>,
    ) -> Result<T, Ended> {
        let Talk { advert, mut packets } =
            self.begin(Side::Fetch, doing).map_err(|fault| Ended { fault, refused: false })?;
        let request = request(&advert).map_err(|trouble| self.ended(doing, &trouble))?;
        // Nothing to ask is a good-bye.
        let bytes = if request.is_empty() { FLUSH } else { &request };
        let sent = packets.stream().write_all(bytes).and_then(|()| packets.stream().flush());
        let answer = sent.map_err(|_| Trouble::Cut).and_then(|()| answer(&advert, &mut packets));
        answer.map_err(|trouble| self.ended(doing, &trouble))
    }

    fn ended(&self, doing: &str, trouble: &Trouble) -> Ended {
        let mut fault = self.fault(doing, trouble);
        if fault.kind == FaultKind::Uncertain {
            // What was lost changed nothing.
            fault.kind = FaultKind::Transient;
        }
        Ended { fault, refused: matches!(trouble, Trouble::Refused(_)) }
    }

    /// The fault behind a trouble: the wire's own, if it left one.
    pub(crate) fn fault(&self, doing: &str, trouble: &Trouble) -> Fault {
        let left = self.trace().fault.take();
        match (trouble, left) {
            (Trouble::Cut, Some(fault)) => Fault { doing: doing.to_owned(), ..fault },
            (Trouble::Cut, None) => Fault::new(FaultKind::Transient, doing, "the server's answer broke off"),
            (Trouble::Nonsense(why), _) => Fault::new(FaultKind::Broken, doing, self.words(why)),
            (Trouble::Refused(said), _) => {
                let said = self.words(said);
                Fault::new(refusal(&said), doing, format!("the server says: {said}"))
            }
        }
    }

    fn open(&self, service: Service, doing: &str) -> Result<Packets<Stream>, Fault> {
        let stream = self.wire.open(service).map_err(|_| self.fault(doing, &Trouble::Cut))?;
        Ok(Packets::new(stream, ANSWER_MAX))
    }
}

/// What a server's refusal of a whole request means.
fn refusal(said: &str) -> FaultKind {
    let said = said.to_lowercase();
    let any = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    if any(&["not our ref", "not found", "no such", "does not exist"]) {
        FaultKind::NotFound
    } else if any(&["denied", "permission", "not allowed", "unauthorized", "forbidden", "read-only", "access"]) {
        FaultKind::Denied
    } else {
        FaultKind::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_whole_request_is_told_apart() {
        for (said, wanted) in [
            ("upload-pack: not our ref 1234", FaultKind::NotFound),
            ("Repository not found.", FaultKind::NotFound),
            ("Permission to acme/gitops.git denied to bot.", FaultKind::Denied),
            ("filter 'tree' not supported", FaultKind::Broken),
        ] {
            assert_eq!(refusal(said), wanted, "{said}");
        }
    }
}
