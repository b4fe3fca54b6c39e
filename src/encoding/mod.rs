//! Bytes to trees and back. No keys, no trust, no network, no judgement.

pub(crate) mod asn1;
pub(crate) mod base64;
pub(crate) mod pdf;
pub(crate) mod pem;
pub(crate) mod percent;
mod text;
pub(crate) mod xml;
pub(crate) mod zip;

pub(crate) use text::{escape, folded, printable, steers};
