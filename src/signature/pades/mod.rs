//! PAdES (EN 319 142-1): signatures in PDF.

mod builder;
mod byte_range;
mod certification;
mod changes;
mod complete;
mod create;
mod extended;
mod facts;
mod field_builder;
mod form;
mod later;
mod level;
mod lock;
mod long_term;
#[cfg(feature = "appearance")]
mod look;
mod parse;
mod references;
mod related;
mod seed;
mod shape;
mod shown;
mod store;
mod sub_filter;
mod withdrawn;

pub(crate) use crate::encoding::pdf::{Locked, Password};
pub use builder::SignatureBuilder;
pub(crate) use byte_range::digests;
pub use certification::DocMdp;
pub use complete::Augment;
pub(crate) use extended::Extended;
pub(crate) use facts::{
    ByteRange, FileDefect, Finding, Kinds, LaterChanges, PdfSignature, PdfSignatures,
    RevisionChanges, Unlocked,
};
pub use facts::{Drawing, DrawingKind};
pub use field_builder::{EmptyField, FieldBuilder};
pub use lock::FieldLock;
pub(crate) use long_term::{StoredData, store, time_stamp};
#[cfg(any(test, fuzzing))]
pub(crate) use parse::parse;
pub(crate) use parse::parse_with;
pub(crate) use related::{Created, RelatedData};
pub use seed::SeedValues;
pub(crate) use store::SecurityStore;
pub use sub_filter::SubFilter;

#[cfg(test)]
mod addition_attacks;
#[cfg(test)]
mod annotation_attacks;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod crypt_filter_tests;
#[cfg(test)]
mod encrypted_tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod filling_attacks;
#[cfg(test)]
mod font_attacks;
#[cfg(test)]
mod long_term_tests;
#[cfg(test)]
mod overdrawing_attacks;
#[cfg(test)]
mod repair_attacks;
#[cfg(test)]
mod second_edition_tests;
#[cfg(test)]
mod shadow_attacks;
#[cfg(test)]
mod tests;
