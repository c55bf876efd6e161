//! The road: the only code that calls a port.

pub mod wait;
