//! What a signature looks like on a page (ISO 32000-2 §12.5.5): text in an embedded
//! font, pictures, and the looks that Decree 30/2020/NĐ-CP, Annex I asks for.
//!
//! A look says how and where; whose name and which time it shows come from what is
//! signed. Nothing here knows keys or certificates.

mod anchor;
mod embed;
mod font;
mod form;
mod geometry;
mod image;
mod look;
mod page;
mod placement;
mod scene;
mod text;
mod words;

pub use font::Font;
pub use image::Image;
pub use look::{Appearance, CopyForm};
pub use placement::{Placement, Side};
pub use words::{Line, TimeFormat};

pub(crate) use form::put_form;
pub(crate) use image::Transparency;
pub(crate) use page::Page;
pub(crate) use placement::{place, visible};
pub(crate) use words::Subject;

#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
