//! The stand-in for GitHub, held to what is awkward about the real one.

mod asking;
mod contract;
mod refusals;
mod reviews;
mod shapes;
