//! Signature formats, one drawer each: what is in a signature, and making one.
//!
//! Making is the same in every format: *prepare* what is to be signed, have it
//! *signed* wherever the key is, *complete* the document with the value.

pub(crate) mod asic;
pub(crate) mod cades;
pub(crate) mod cms;
#[cfg(feature = "batch")]
mod creation;
pub(crate) mod evidence;
pub(crate) mod pades;
mod request;
pub(crate) mod tsp;
pub(crate) mod xades;
#[allow(dead_code, unused_imports)]
pub(crate) mod xmldsig;

#[cfg(feature = "batch")]
pub use creation::{Made, SignatureRequest};
pub use request::{Prepared, Signed};
