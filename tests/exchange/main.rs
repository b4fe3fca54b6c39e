//! Two agencies and their post over a gateway on loopback: documents that are really
//! signed, the client of the axis, the examiner, the journal and its seals.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic, missing_docs)]

#[path = "../../examples/support/files.rs"]
mod files;
#[path = "../../examples/support/gateway.rs"]
mod gateway;
#[path = "../support/mod.rs"]
mod support;

mod events;
mod journal;
mod kinds;
mod office;
mod verdicts;
mod ways;
