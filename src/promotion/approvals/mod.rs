//! Approvals: who must approve, what GitHub says of who did, and what that means for one plan. All of it is judged here, purely,
//! from what was read.
//!
//! GitHub's own rule for an environment is "any one of at most six reviewers". A promotion that needs several roles has one
//! environment for each of them, and [`judge`](fn@judge::judge) holds that each role's people, distinct ones, approved this very plan.

pub mod asked;
pub mod bypass;
pub mod codeowners;
pub mod environments;
pub mod facts;
pub mod guards;
pub mod heard;
pub mod judge;
pub mod legs;
pub mod matching;
pub mod obstacle;
pub mod origin;
pub mod protection;
pub mod report;
pub mod slots;
pub mod spoken;
pub mod survey;
pub mod words;
