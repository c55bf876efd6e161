//! Words: reports, plans, records and events as text for the terminal, Markdown for summaries, JSON for programs, and the
//! lines of the GitHub Actions protocol.
//!
//! Everything here is a pure function from values to a `String`; who prints it, and where, is decided in `app`. Texts that
//! come from outside (test names, commit subjects, messages of resources) pass through [`escape`] on their way.

pub mod actions;
pub mod approvals;
pub mod auto;
pub mod bundle;
pub mod diff;
pub mod doctor;
pub mod ending;
pub mod environments;
pub mod escape;
pub mod evidence;
pub mod explain;
pub mod github;
pub mod history;
#[cfg(test)]
mod hostile;
pub mod init;
pub mod json;
pub mod links;
pub mod list;
pub mod markdown;
pub mod orders;
pub mod page;
pub mod plan;
pub mod progress;
pub mod record;
pub mod replay;
pub mod report;
pub mod rules;
#[cfg(test)]
mod samples;
pub mod style;
pub mod table;
pub mod waivers;
pub mod words;
