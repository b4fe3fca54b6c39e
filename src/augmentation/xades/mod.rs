//! Raising XAdES signatures (EN 319 132-1 §6).

mod augmenter;
mod data;
mod level;

pub use augmenter::Augmenter;
pub use level::Level;
