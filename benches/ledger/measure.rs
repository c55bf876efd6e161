//! CPU, as Linux counts it: proc(5), `/proc/<pid>/stat` and `/proc/<pid>/task/<tid>/schedstat`.

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

/// What one promotion costs.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Of this thread.
    pub(crate) cpu: Duration,
    /// Written or sent.
    pub(crate) bytes: u64,
}

impl Cost {
    /// Of several: the median of each. Others use the machine too.
    pub(crate) fn usual(costs: Vec<Self>) -> Self {
        let mut cpu: Vec<Duration> = costs.iter().map(|cost| cost.cpu).collect();
        let mut bytes: Vec<u64> = costs.iter().map(|cost| cost.bytes).collect();
        cpu.sort();
        bytes.sort();
        Self { cpu: cpu[cpu.len() / 2], bytes: bytes[bytes.len() / 2] }
    }

    /// In words, with the ratios to another one.
    pub(crate) fn beside(&self, first: &Self, has_cpu: bool) -> String {
        let ratio = self.bytes as f64 / first.bytes as f64;
        let bytes = format!("{:>6.1} kB {ratio:>5.2}", self.bytes as f64 / 1e3);
        let ratio = self.cpu.as_secs_f64() / first.cpu.as_secs_f64();
        let cpu =
            if has_cpu { format!("{:>6.1} ms {ratio:>5.2}", self.cpu.as_secs_f64() * 1e3) } else { " ".repeat(15) };
        format!("{cpu}   {bytes}")
    }
}
