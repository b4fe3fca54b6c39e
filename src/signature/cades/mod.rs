//! CAdES: CMS signatures over any file (EN 319 122-1).

mod builder;
mod level;
#[cfg(test)]
mod tests;

pub use builder::SignatureBuilder;
pub(crate) use level::StructuralLevel;
