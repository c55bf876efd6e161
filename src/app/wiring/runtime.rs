//! What every adapter stands on: the runtime that it blocks on, and how the HTTP client is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Runtime;

use crate::adapters::http::HttpSettings;
use crate::app::settings::Settings;
use crate::ports::{Fault, FaultKind};

/// The HTTP client's settings.
pub fn http_settings(settings: &Settings) -> Result<HttpSettings, Fault> {
    let ca_pem = match &settings.ca_file {
        Some(file) => Some(std::fs::read(file).map_err(|error| {
            let why = format!("{}: {error}", file.display());
            Fault::new(FaultKind::Settings, "read the certificates", why).hint("name a PEM file with --ca-file")
        })?),
        None => None,
    };
    Ok(HttpSettings { ca_pem, ..HttpSettings::default() })
}

/// The runtime of the adapters, with the signals that ask a run to stop between two steps.
pub fn runtime(stop: &Arc<AtomicBool>) -> Result<Runtime, Fault> {
    let fault = |error: std::io::Error| Fault::new(FaultKind::Broken, "start the runtime", error.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(fault)?;
    let stop = Arc::clone(stop);
    let _entered = runtime.enter();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(fault)?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map_err(fault)?;
    runtime.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.store(true, Ordering::Relaxed);
    });
    drop(_entered);
    Ok(runtime)
}
