//! Those who hold keys. A [`Signer`] signs, and does nothing else.

mod signer;

pub use signer::{SignatureValue, Signer, ToBeSigned};
