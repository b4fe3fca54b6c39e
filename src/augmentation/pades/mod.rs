//! Raising the signatures of PDFs (EN 319 142-1 §6).

mod augmenter;
mod extended;
mod level;
#[cfg(test)]
mod tests;

pub use augmenter::Augmenter;
pub use extended::Augmented;
pub use level::Level;
