//! Raising CAdES signatures (EN 319 122-1 §6).

mod archive;
mod augmenter;
mod data;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::augmentation::level::Level;
pub use augmenter::Augmenter;
pub(super) use data::completed;
