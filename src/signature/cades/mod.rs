//! CAdES: CMS signatures over any file (EN 319 122-1).

mod archive;
mod builder;
mod counter;
mod covered;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
mod hash_index;
mod imprint;
mod level;
mod policy;
#[cfg(test)]
mod tests;

pub use builder::{Augment, SignatureBuilder};
pub use counter::CounterSignatureBuilder;
pub(crate) use imprint::{Imprints, SignedContent, hash_index, v3_imprint};
pub(crate) use level::{StructuralLevel, reference_found, signing_certificate};
pub use policy::SignaturePolicy;
