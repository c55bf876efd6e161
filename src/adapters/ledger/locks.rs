//! Claims: the right to write to a service and environment, as a small text in a register that is compared and swapped.
//!
//! A claim is believed for its term; whoever waits takes it over when they have seen it without a renewal for all of that,
//! by their own clock. Only a holder that was a process of this very machine, and is gone, loses it at once.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::adapters::ledger::process::Process;
use crate::adapters::ledger::register::{Register, Swapped, Version};
use crate::ports::{Claim, Claimed, Fault, FaultKind, Hold};
use crate::promotion::holder::{Asking, Holder};
use crate::promotion::time::{Millis, Time};

/// The schema number of a claim.
const SCHEMA: u32 = 1;
/// How often a claim is asked for again when somebody else was quicker.
const TRIES: u32 = 5;

/// A claim, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    schema: u32,
    run: String,
    owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ci_run: Option<String>,
    since: Time,
    /// In milliseconds.
    term: Millis,
    /// How often it was renewed: it makes each text another one.
    renewals: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<Process>,
}

/// A claim in the register.
struct Kept {
    version: Version,
    /// `None` if it is of another's making and makes no sense.
    text: Option<Text>,
}

impl Kept {
    fn is_gone(&self) -> bool {
        self.text.as_ref().and_then(|text| text.process.as_ref()).is_some_and(Process::is_gone)
    }

    fn holder(self, seen: Time, term: Millis) -> Holder {
        let stamp = self.version;
        match self.text {
            Some(Text { run, owner, ci_run, since, term, .. }) => Holder { run, owner, ci_run, since, term, stamp },
            None => {
                let unknown = || "unknown".to_owned();
                Holder { run: unknown(), owner: unknown(), ci_run: None, since: seen, term, stamp }
            }
        }
    }
}

fn kept(register: &Register, service: &str, environment: &str) -> Result<Option<Kept>, Fault> {
    let found = register.read(service, environment)?;
    Ok(found.map(|(version, bytes)| Kept { version, text: serde_json::from_slice(&bytes).ok() }))
}

/// Takes the right to a service and environment: see [`Ledger::claim`](crate::ports::Ledger::claim).
pub(crate) fn claim(register: &Register, asking: &Asking<'_>) -> Result<Claimed, Fault> {
    let (service, environment) = (asking.service, asking.environment);
    let text = Text {
        schema: SCHEMA,
        run: asking.run.to_owned(),
        owner: asking.owner.to_owned(),
        ci_run: asking.ci_run.map(str::to_owned),
        since: asking.at,
        term: asking.term,
        renewals: 0,
        process: Process::this(),
    };
    for _ in 0..TRIES {
        let kept = kept(register, service, environment)?;
        let expected = match kept {
            None => None,
            Some(kept) if kept.is_gone() || asking.expired == Some(kept.version.as_str()) => Some(kept.version),
            Some(kept) => return Ok(Claimed::Held(kept.holder(asking.at, asking.term))),
        };
        let new = document(&text)?;
        let swapped = match register.swap(service, environment, expected.as_deref(), &new, asking.at) {
            Err(fault) if fault.kind == FaultKind::Uncertain => {
                found(register, service, environment, &text).ok_or(fault)?
            }
            swapped => swapped?,
        };
        if let Swapped::Done(version) = swapped {
            let state = Mutex::new(State { version, text, renewed: asking.at, lost: false });
            let (service, environment) = (service.to_owned(), environment.to_owned());
            return Ok(Claimed::Ours(Box::new(RegisteredClaim {
                register: register.clone(),
                service,
                environment,
                state,
            })));
        }
    }
    let why = format!("it changed hands {TRIES} times while it was asked for");
    Err(Fault::new(FaultKind::Transient, format!("claim {service} in {environment}"), why).hint("run it again"))
}

/// Our own claim, of which it was not known whether it arrived.
fn found(register: &Register, service: &str, environment: &str, ours: &Text) -> Option<Swapped> {
    let kept = kept(register, service, environment).ok()?;
    kept.filter(|kept| kept.text.as_ref() == Some(ours)).map(|kept| Swapped::Done(kept.version))
}

/// Takes the right away from whoever has it; who that was.
pub(crate) fn unlock(
    register: &Register,
    service: &str,
    environment: &str,
    now: Time,
) -> Result<Option<Holder>, Fault> {
    for _ in 0..TRIES {
        let Some(kept) = kept(register, service, environment)? else { return Ok(None) };
        if register.clear(service, environment, &kept.version)? {
            return Ok(Some(kept.holder(now, Millis(0))));
        }
    }
    let why = format!("it changed hands {TRIES} times while it was taken away");
    Err(Fault::new(FaultKind::Transient, format!("unlock {service} in {environment}"), why).hint("run it again"))
}

fn document(text: &Text) -> Result<String, Fault> {
    let fault = |error: serde_json::Error| Fault::new(FaultKind::Broken, "write a claim", error.to_string());
    serde_json::to_string_pretty(text).map(|text| text + "\n").map_err(fault)
}

/// A claim that is ours; given back when it is dropped.
struct RegisteredClaim {
    register: Register,
    service: String,
    environment: String,
    state: Mutex<State>,
}

struct State {
    version: Version,
    text: Text,
    /// When it was renewed last.
    renewed: Time,
    lost: bool,
}

impl RegisteredClaim {
    /// Renews it, as the register's next version.
    fn renew(&self, state: &mut State, now: Time) -> Result<bool, Fault> {
        let text = Text { renewals: state.text.renewals + 1, ..state.text.clone() };
        let (new, old) = (document(&text)?, Some(state.version.as_str()));
        Ok(match self.register.swap(&self.service, &self.environment, old, &new, now)? {
            Swapped::Done(version) => {
                (state.version, state.text, state.renewed) = (version, text, now);
                true
            }
            Swapped::Lost => false,
        })
    }

    /// Whether the register has our claim. One of ours that we did not know of (its answer was lost) is taken up.
    fn look(&self, state: &mut State, now: Time) -> Result<Hold, Fault> {
        match kept(&self.register, &self.service, &self.environment)? {
            Some(Kept { version, text: Some(text) }) if text.run == state.text.run => {
                (state.version, state.text) = (version, text);
                Ok(Hold::Ours)
            }
            other => Ok(Hold::Lost(other.map(|kept| kept.holder(now, state.text.term)))),
        }
    }

    /// Takes our claim out of the register, in whichever version it is there; whether it was.
    fn give_back(&self) -> Result<bool, Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.register.clear(&self.service, &self.environment, &state.version)? {
            return Ok(true);
        }
        let (before, now) = (state.version.clone(), state.renewed);
        let ours = self.look(&mut state, now)? == Hold::Ours && state.version != before;
        Ok(ours && self.register.clear(&self.service, &self.environment, &state.version)?)
    }

    fn held(&self, state: &mut State, now: Time, sure: bool) -> Result<Hold, Fault> {
        if Millis::between(state.renewed, now).0 * 3 >= state.text.term.0 {
            if self.renew(state, now)? {
                return Ok(Hold::Ours);
            }
            return match self.look(state, now)? {
                // Ours, in a version that we did not know of: renewed from that one.
                Hold::Ours if self.renew(state, now)? => Ok(Hold::Ours),
                Hold::Ours => self.look(state, now),
                lost @ Hold::Lost(_) => Ok(lost),
            };
        }
        if sure { self.look(state, now) } else { Ok(Hold::Ours) }
    }
}

impl Claim for RegisteredClaim {
    fn hold(&self, now: Time, sure: bool) -> Result<Hold, Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What was lost once is asked for each time.
        let sure = sure || state.lost;
        let held = self.held(&mut state, now, sure);
        // Whoever waits has seen no renewal for a whole term by now, and may have taken it over.
        let late = held.is_err() && Millis::between(state.renewed, now) >= state.text.term;
        let held = if late { Ok(Hold::Lost(None)) } else { held };
        state.lost = matches!(held, Ok(Hold::Lost(_))) || (state.lost && held.is_err());
        held
    }
}

impl Drop for RegisteredClaim {
    fn drop(&mut self) {
        let (service, environment) = (&self.service, &self.environment);
        match self.give_back() {
            Ok(true) => {}
            Ok(false) => tracing::debug!(service, environment, "the claim was not ours any more"),
            Err(fault) => tracing::warn!(service, environment, %fault, "the claim could not be given back; it expires"),
        }
    }
}

#[cfg(test)]
mod tests;
