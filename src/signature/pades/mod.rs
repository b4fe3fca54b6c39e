//! PAdES (EN 319 142-1): signatures in PDF.

mod builder;
mod certification;
mod create;
mod facts;

pub use builder::{SignatureBuilder, SubFilter};
pub(crate) use facts::{
    ByteRange, FileDefect, Finding, LaterChanges, PdfSignature, PdfSignatures, SignatureKind,
};

#[cfg(test)]
mod tests;
