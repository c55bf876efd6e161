//! The canary: a version under a part of the traffic, compared with what it is to replace.
//!
//! What the rules ask is in [`limit`], which figures count in [`samples`], how two samples are told apart in [`judge`], and what that
//! comes to, in words, in [`finding`].

pub mod finding;
pub mod judge;
pub mod limit;
pub mod samples;
