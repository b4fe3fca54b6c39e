//! Raising the signatures of containers (EN 319 162-1 §5, Annex A.7).

mod augmenter;

pub use augmenter::Augmenter;
