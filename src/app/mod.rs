//! The doors: flags and inputs become settings, settings become a run, and a run ends in an exit code.

pub mod rules_file;
