//! Pictures: PNG and JPEG, as they go into a PDF (ISO 32000-2 §8.9).

mod jpeg;
mod png;

use std::fmt;
use std::sync::Arc;

use super::form::{Colours, put_colours};
use super::geometry::Size;
use crate::encoding::pdf::{Dictionary, Object, Reference, Update};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// A picture to show: PNG, with its transparency, or JPEG. Cheap to clone.
#[derive(Clone, PartialEq)]
pub struct Image(Arc<Pixels>);

#[derive(PartialEq)]
struct Pixels {
    width: u32,
    height: u32,
    colours: Colours,
    data: Data,
    /// How opaque each pixel is, where any is not wholly so.
    alpha: Option<Vec<u8>>,
}

#[derive(PartialEq)]
enum Data {
    /// Eight bits for each component, row by row.
    Plain(Vec<u8>),
    /// A whole JPEG file.
    Jpeg(Vec<u8>),
}

/// How transparency is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transparency {
    /// As it is, by a soft mask.
    Soft,
    /// PDF/A-1 (ISO 19005-1 §6.4) has none: each pixel is shown or is not.
    Hard,
}

impl Image {
    /// Reads a picture: PNG of any kind (of an animated one what is to be shown without
    /// animation), or JPEG in grey or RGB with eight bits. Colours are taken as sRGB;
    /// what a JPEG says besides its pixels is left out.
    ///
    /// # Errors
    /// `Malformed` when it is broken; `Unsupported` when it is of another format, or a
    /// JPEG in CMYK or of a rare process; `LimitExceeded` beyond
    /// [`Limits::image_bytes`] or [`Limits::image_pixels`].
    pub fn from_bytes(data: &[u8], limits: &Limits) -> Result<Self> {
        within(data.len(), limits.image_bytes, "bytes of a picture")?;
        let pixels = match data {
            [0x89, b'P', b'N', b'G', ..] => png::read(data, limits)?,
            [0xff, 0xd8, ..] => jpeg::read(data, limits)?,
            _ => return Err(Error::unsupported("this picture is neither PNG nor JPEG")),
        };
        Ok(Self(Arc::new(pixels)))
    }

    /// In pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width
    }

    /// In pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height
    }

    /// Whether anything beneath it is to be seen through it.
    #[must_use]
    pub fn is_transparent(&self) -> bool {
        self.0.alpha.is_some()
    }

    /// So wide, with its own proportions.
    pub(super) fn of_width(&self, width: f64) -> Size {
        Size { width, height: width * f64::from(self.0.height) / f64::from(self.0.width) }
    }

    /// Writes it as an image XObject.
    ///
    /// # Errors
    /// `Io` when compression fails, which it does not in memory.
    pub(super) fn put(
        &self,
        update: &mut Update<'_>,
        transparency: Transparency,
    ) -> Result<Reference> {
        let pixels = &*self.0;
        let mut dictionary = pixels
            .dictionary(8)
            .with("ColorSpace", Object::Reference(put_colours(update, pixels.colours)));
        if let Some(alpha) = &pixels.alpha {
            let mask = update.allocate();
            match transparency {
                Transparency::Soft => {
                    let grey = pixels.dictionary(8).with("ColorSpace", Object::name("DeviceGray"));
                    update.put_flate(mask, grey, alpha)?;
                    dictionary.set("SMask", Object::Reference(mask));
                }
                Transparency::Hard => {
                    let stencil = pixels.dictionary(1).with("ImageMask", Object::Boolean(true));
                    update.put_flate(mask, stencil, &pixels.stencil(alpha))?;
                    dictionary.set("Mask", Object::Reference(mask));
                }
            }
        }
        let image = update.allocate();
        match &pixels.data {
            Data::Plain(samples) => update.put_flate(image, dictionary, samples)?,
            Data::Jpeg(file) => {
                dictionary.set("Filter", Object::name("DCTDecode"));
                update.put_stream(image, dictionary, file);
            }
        }
        Ok(image)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({} × {})", self.0.width, self.0.height)
    }
}

impl Pixels {
    /// ISO 32000-2 §8.9.5, Table 87.
    fn dictionary(&self, bits: i64) -> Dictionary {
        Dictionary::new()
            .with("Type", Object::name("XObject"))
            .with("Subtype", Object::name("Image"))
            .with("Width", Object::Integer(self.width.into()))
            .with("Height", Object::Integer(self.height.into()))
            .with("BitsPerComponent", Object::Integer(bits))
    }

    /// A bit for each pixel that is not shown (ISO 32000-2 §8.9.6.3); rows begin on bytes.
    fn stencil(&self, alpha: &[u8]) -> Vec<u8> {
        const SHOWN: u8 = 128;
        let width = usize::try_from(self.width).unwrap_or(usize::MAX).max(1);
        let byte = |pixels: &[u8]| {
            let bits = pixels.iter().enumerate().filter(|(_, it)| **it < SHOWN);
            bits.fold(0_u8, |byte, (n, _)| {
                byte | 0x80_u8.checked_shr(u32::try_from(n).unwrap_or(8)).unwrap_or(0)
            })
        };
        alpha.chunks(width).flat_map(|row| row.chunks(8).map(byte)).collect()
    }
}

/// # Errors
/// `Malformed` for a picture without pixels; `LimitExceeded`.
fn bounded(width: u32, height: u32, limits: &Limits) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::malformed("this picture has no pixels"));
    }
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let pixels = usize::try_from(pixels).unwrap_or(usize::MAX);
    within(pixels, limits.image_pixels, "pixels of a picture")
}

#[cfg(test)]
mod tests;
