//! Raising the signatures of PDFs (EN 319 142-1 §6).

mod augmented;
mod augmenter;
mod standing;
#[cfg(test)]
mod tests;
mod vri;

pub use crate::augmentation::level::Level;
pub use augmented::Augmented;
pub use augmenter::Augmenter;
pub use vri::Vri;
