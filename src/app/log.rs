//! The mechanic's voice: what promote does in detail, on standard error, when `PROMOTE_LOG` or `RUNNER_DEBUG=1` asks for it.
//! The product's voice is [`screen`](crate::app::screen).

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

use crate::app::mask::Mask;

/// Begins to log what the filter lets through (`promote=debug`); a filter that cannot be read is told, and logs nothing.
pub fn begin(filter: &str, mask: &Mask) {
    let filter = match EnvFilter::try_new(filter) {
        Ok(filter) => filter,
        Err(error) => {
            let _ = writeln!(io::stderr(), "PROMOTE_LOG is not a filter like promote=debug: {error}");
            return;
        }
    };
    let mask = mask.clone();
    let writer = move || Masked(mask.clone());
    // Somebody who calls the library may have begun already: then theirs is used.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer).try_init();
}

/// Standard error without secrets. Each event comes as one write.
struct Masked(Mask);

impl Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().write_all(self.0.hide(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
