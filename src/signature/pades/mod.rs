//! PAdES (EN 319 142-1): signatures in PDF.

mod facts;

pub(crate) use facts::{
    ByteRange, FileDefect, Finding, LaterChanges, PdfSignature, PdfSignatures, SignatureKind,
};
