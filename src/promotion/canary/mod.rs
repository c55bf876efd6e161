//! The canary: a version under a part of the traffic, compared with what it is to replace.
//!
//! How two samples are told apart is in [`judge`].

pub mod judge;
