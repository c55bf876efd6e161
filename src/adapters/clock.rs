//! The clock: the only place that reads wall time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::ports::Clock;
use crate::promotion::time::Time;

/// How long a sleep goes on at most before it looks whether the run was asked to stop.
const NAP: Duration = Duration::from_millis(50);

/// The system's clock, with a flag that a signal handler sets.
#[derive(Debug, Clone, Default)]
pub struct SystemClock {
    stop: Arc<AtomicBool>,
}

impl SystemClock {
    /// A clock whose sleeps end when the flag is set.
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        Time::now()
    }

    fn sleep(&self, span: Duration) {
        let mut left = span;
        while !left.is_zero() && !self.stopped() {
            let nap = left.min(NAP);
            std::thread::sleep(nap);
            left -= nap;
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
