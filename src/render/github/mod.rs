//! What is shown of a promotion at GitHub, beside the job summary: [`check`] run, commit [`status`], sticky [`comment`], [`deployment`].
//!
//! All are made of the same [`Shown`](shown::Shown), say the same [`title`] and are shorter than the summary, to which they
//! link. GitHub renders Markdown and Mermaid in them, so that everything that comes from outside is escaped, and cut to a
//! sensible length before that: one name of 70 kB must not hide all other rows.

pub mod annotations;
pub mod check;
pub mod comment;
pub mod deployment;
pub mod shown;
pub mod status;
#[cfg(test)]
mod tests;
pub mod title;
