//! Certification paths: which certificates lead from a trust anchor to an end
//! entity (RFC 4158), and whether that way holds (RFC 5280 §6).

mod build;
mod checks;
#[cfg(test)]
mod constraint_tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
mod fault;
#[cfg(test)]
mod hint_tests;
mod memory;
#[cfg(test)]
mod memory_tests;
mod names;
mod policies;
mod requirements;
#[cfg(test)]
mod tests;
mod validate;

pub(crate) use build::{Issuers, PathFinder, Search, ValidatedPath};
pub(crate) use checks::Checks;
pub(crate) use fault::{Fault, Rejection};
pub use memory::Memory;
pub use requirements::{PathCheck, PathRequirements, ValidityModel};
