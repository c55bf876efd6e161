//! CPU, as Linux counts it: proc(5), `/proc/<pid>/stat` and `/proc/<pid>/task/<tid>/schedstat`.

use std::fmt;
use std::fs;
use std::time::Duration;

/// How long a tick of `/proc/self/stat` is: `USER_HZ` is 100 on every architecture that Linux has today.
const TICK: Duration = Duration::from_millis(10);

/// The mean CPU of processes that are started and waited for, theirs included. Ticks are coarse; they are counted exactly
/// and over all runs.
pub(crate) fn children(times: usize, mut act: impl FnMut()) -> Duration {
    let before = waited();
    (0..times).for_each(|_| act());
    let count = u32::try_from(times).expect("a small number");
    TICK * (waited() - before) / count
}

/// The ticks of user and kernel that all children had which were waited for.
fn waited() -> u32 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this is measured on Linux only");
    let fields = stat.rsplit_once(')').expect("the name is in parentheses").1;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // `cutime` and `cstime` are the fields 16 and 17; the name is field 2.
    fields[13..15].iter().map(|field| field.parse::<u32>().expect("a number of ticks")).sum()
}

/// The CPU of this thread while it does something.
pub(crate) fn here(act: impl FnOnce()) -> Duration {
    let before = own();
    act();
    own() - before
}

fn own() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("this is measured on Linux only");
    let nanos = told.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.expect("a number of nanoseconds"))
}

/// What several promotions cost together.
#[derive(Default)]
pub(crate) struct Cost {
    cpu: Duration,
    bytes: u64,
}

impl Cost {
    /// One promotion more.
    pub(crate) fn add(&mut self, cpu: Duration, bytes: u64) {
        self.cpu += cpu;
        self.bytes += bytes;
    }
}

/// What one promotion costs.
pub(crate) struct Written {
    /// In milliseconds, where it is known.
    cpu: Option<f64>,
    /// In kB.
    bytes: f64,
}

impl Written {
    /// The mean.
    pub(crate) fn mean(cost: &Cost, times: usize, has_cpu: bool) -> Self {
        let mean = |sum: f64| sum / times as f64;
        Self { cpu: has_cpu.then(|| mean(cost.cpu.as_secs_f64() * 1e3)), bytes: mean(cost.bytes as f64 / 1e3) }
    }

    /// The ratios to another one.
    pub(crate) fn beside(&self, first: &Self) -> String {
        let cpu =
            self.cpu.zip(first.cpu).map_or_else(|| "   -".to_owned(), |(this, first)| format!("{:.2}", this / first));
        format!("{cpu} {:.2}", self.bytes / first.bytes)
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = self.cpu.map_or_else(|| "       -   ".to_owned(), |cpu| format!("{cpu:>8.2} ms"));
        write!(f, "{cpu} {:>8.1} kB", self.bytes)
    }
}
