//! Certification paths: which certificates lead from a trust anchor to an end
//! entity (RFC 4158), and whether that way holds (RFC 5280 §6).
//!
//! Not done here yet: name constraints and certificate policies. A certificate that
//! binds its validators to them fails its path, by name.

mod build;
mod checks;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
mod fault;
#[cfg(test)]
mod tests;
mod validate;

pub(crate) use build::{PathFinder, Search, ValidatedPath};
pub(crate) use checks::Checks;
pub(crate) use fault::{Fault, Rejection};
