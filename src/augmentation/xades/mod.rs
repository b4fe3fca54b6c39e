//! Raising XAdES signatures (EN 319 132-1 §6).

mod augmenter;
mod data;

pub use crate::augmentation::level::Level;
pub use augmenter::Augmenter;
