//! Whether certificates are revoked: lists (RFC 5280 §5), answers (RFC 6960), and what
//! both say about the certificates of a path (RFC 5280 §6.3).

mod about;
mod check;
#[cfg(test)]
mod corpus;
mod crl;
mod entries;
mod entry;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
mod extension;
mod fault;
mod gathering;
mod lists;
mod material;
mod ocsp;
mod reason;
mod record;
mod relevant;
mod request;
mod scope;
mod signed;
mod signer;
#[cfg(test)]
mod tests;
mod word;

pub use crl::Crl;
pub use ocsp::OcspResponse;

pub(crate) use check::{Checked, Checker};
pub(crate) use fault::Unusable;
pub(crate) use gathering::Gathering;
pub(crate) use lists::{Lists, ReadLists};
pub(crate) use material::{Material, Signed, Strength};
pub(crate) use record::{Exchange, Recorder, Replay};
pub(crate) use relevant::Kept;
pub(crate) use signed::Spent;
pub(crate) use word::{Moment, Source, Status, Tried, Word, compromised, conclude};
