//! The pure middle: what a promotion is, and every decision about it.
//!
//! Nothing here performs I/O, reads a clock or the environment, logs, or is async. Each noun stands beside its verb:
//! facts and how they are judged, edits and how they are applied, an application's state and what it means.

pub mod alerts;
pub mod approvals;
pub mod audit;
pub mod bundle;
pub mod condition;
pub mod doctor;
pub mod edit;
pub mod event;
pub mod explain;
pub mod facts;
pub mod fields;
pub mod folded;
pub mod gates;
pub mod head;
pub mod heads;
pub mod history;
pub mod id;
pub mod image;
pub mod init;
pub mod inspection;
pub mod levels;
pub mod life;
pub mod listing;
pub mod live;
pub mod looks;
pub mod made;
pub mod measured;
pub mod measures;
pub mod merge;
pub mod number;
pub mod order;
pub mod outcome;
pub mod path;
pub mod pins;
pub mod place;
pub mod plan;
pub mod planning;
pub mod publication;
pub mod record;
pub mod releases;
pub mod replay;
pub mod report;
pub mod request;
pub mod rollback;
pub mod rules;
pub mod selector;
pub mod shown;
pub mod stamp;
pub mod time;
pub mod trail;
pub mod waivers;
pub mod words;
pub mod yaml;
