//! CAdES: CMS signatures over any file (EN 319 122-1).

mod builder;

pub use builder::SignatureBuilder;
