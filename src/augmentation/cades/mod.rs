//! Raising CAdES signatures (EN 319 122-1 §6).

mod archive;
mod augmenter;
mod data;
mod level;
#[cfg(test)]
pub(crate) mod tests;

pub use augmenter::Augmenter;
pub(super) use data::completed;
pub use level::Level;
