//! PAdES (EN 319 142-1): signatures in PDF.

mod builder;
mod byte_range;
mod certification;
mod changes;
mod complete;
mod create;
mod extended;
mod facts;
mod form;
mod level;
mod long_term;
mod parse;
mod references;
mod shape;
mod store;
mod sub_filter;

pub use builder::SignatureBuilder;
pub(crate) use byte_range::digests;
pub use complete::Augment;
pub(crate) use extended::Extended;
pub(crate) use facts::{
    ByteRange, FileDefect, Finding, LaterChanges, PdfSignature, PdfSignatures, SignatureKind,
};
pub(crate) use long_term::{StoredData, store, time_stamp};
pub(crate) use parse::parse;
pub(crate) use store::SecurityStore;
pub use sub_filter::SubFilter;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod corpus;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
mod long_term_tests;
#[cfg(test)]
mod repair_attacks;
#[cfg(test)]
mod shadow_attacks;
#[cfg(test)]
mod tests;
