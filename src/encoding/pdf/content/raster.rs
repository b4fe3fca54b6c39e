//! The samples of images (ISO 32000-2 §8.9.5), and what colours they stand for.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::known;
use super::pictures::Source;
use super::state::brightness;
use crate::encoding::pdf::object::{Dictionary, Object};
use crate::encoding::pdf::reader::View;
use crate::error::{ErrorKind, Result};

/// So many samples, and bytes as they stand in the file, may still be looked at.
#[derive(Debug)]
pub(crate) struct Budget(pub(crate) usize);

impl Budget {
    /// Whether there was so much left.
    pub(super) fn take(&mut self, samples: usize) -> bool {
        let left = self.0.checked_sub(samples);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// An image, decoded but still packed.
#[derive(Debug)]
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    components: usize,
    bits: usize,
    /// Bytes of a row.
    row: usize,
    /// What the lowest and the highest sample of each component stand for, where it says.
    decode: Option<Vec<f64>>,
    bytes: Vec<u8>,
}

impl Raster {
    /// Nothing where it cannot be read, or has fewer samples than it says.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn read(
        view: View<'_>,
        source: &Source,
        components: usize,
        budget: &mut Budget,
    ) -> Result<Option<Self>> {
        let dictionary = source.dictionary();
        let number = |key| -> Result<Option<usize>> {
            let value = known(view.value(dictionary, key))?;
            Ok(value.as_integer().and_then(|it| usize::try_from(it).ok()).filter(|it| *it > 0))
        };
        let (Some(width), Some(height)) = (number("Width")?, number("Height")?) else {
            return Ok(None);
        };
        let bits =
            if is_stencil(view, dictionary)? { Some(1) } else { number("BitsPerComponent")? };
        let Some(bits) = bits.filter(|it| matches!(it, 1 | 2 | 4 | 8 | 16)) else {
            return Ok(None);
        };
        let row = width.saturating_mul(components).saturating_mul(bits).div_ceil(8);
        let size = row.saturating_mul(height);
        let fits = size <= view.reader().limits().pdf_stream_bytes;
        if !fits || !budget.take(width.saturating_mul(height)) {
            return Ok(None);
        }
        let Some(decode) = decoding(view, dictionary, components)? else { return Ok(None) };
        let bytes = data(view, source, budget)?;
        let read = Self { width, height, components, bits, row, decode, bytes };
        Ok((read.bytes.len() >= size).then_some(read))
    }

    /// A sample as it stands; 0 beyond the image.
    pub(super) fn raw(&self, x: usize, y: usize, component: usize) -> u16 {
        let at = x.saturating_mul(self.components).saturating_add(component);
        let row = y.saturating_mul(self.row);
        let byte = |at: usize| self.bytes.get(row.saturating_add(at)).copied().map_or(0, u16::from);
        match self.bits {
            8 => byte(at),
            16 => byte(at.saturating_mul(2)) << 8 | byte(at.saturating_mul(2).saturating_add(1)),
            bits => {
                let first = at.saturating_mul(bits);
                let shift = 8_usize.saturating_sub(bits).saturating_sub(first % 8);
                byte(first / 8) >> shift & self.highest()
            }
        }
    }

    /// The highest sample there can be.
    fn highest(&self) -> u16 {
        u16::MAX >> 16_usize.saturating_sub(self.bits)
    }

    /// What a sample stands for, from 0 to 1 but for indexed colours.
    pub(super) fn value(&self, x: usize, y: usize, component: usize) -> f64 {
        self.decoded(self.raw(x, y, component), component)
    }

    fn decoded(&self, raw: u16, component: usize) -> f64 {
        let part = f64::from(raw) / f64::from(self.highest());
        let ends = self.decode.as_ref().and_then(|it| it.chunks_exact(2).nth(component));
        match ends {
            Some([low, high]) => low + part * (high - low),
            _ => part,
        }
    }
}

/// Nothing where they cannot be read.
fn data(view: View<'_>, source: &Source, budget: &mut Budget) -> Result<Vec<u8>> {
    if !budget.take(source.length(view)) {
        return Ok(Vec::new());
    }
    source.data(view).or_else(|error| {
        match error.kind() {
            // Coded as photographs are, and by nothing besides.
            ErrorKind::Unsupported if !source.is_filtered_twice(view)? => {}
            // What it took until then is not told.
            ErrorKind::Malformed | ErrorKind::Unsupported | ErrorKind::LimitExceeded => {
                *budget = Budget(0);
            }
            _ => return Err(error),
        }
        Ok(Vec::new())
    })
}

/// Whether an image says where its colour is put, and nothing of colours.
///
/// # Errors
/// `LimitExceeded`; `Io`.
pub(super) fn is_stencil(view: View<'_>, dictionary: &Dictionary) -> Result<bool> {
    Ok(known(view.value(dictionary, "ImageMask"))? == Object::Boolean(true))
}

/// Two for each component, or none for the usual ones; nothing where it is neither.
fn decoding(
    view: View<'_>,
    dictionary: &Dictionary,
    components: usize,
) -> Result<Option<Option<Vec<f64>>>> {
    match known(view.value(dictionary, "Decode"))? {
        Object::Null => Ok(Some(None)),
        Object::Array(items) => {
            let numbers: Option<Vec<f64>> = items.iter().map(Object::as_number).collect();
            let numbers = numbers.filter(|it| it.len() == components.saturating_mul(2));
            Ok(numbers.map(Some))
        }
        _ => Ok(None),
    }
}

/// Colour spaces whose components tell how bright a colour is.
#[derive(Debug)]
pub(super) enum Colours {
    /// Gray, red, green and blue, or inks.
    Plain(usize),
    /// Brightnesses by index (§8.6.6.3).
    Indexed(Vec<f64>),
}

impl Colours {
    /// Nothing where the colour space is another.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`.
    pub(super) fn of(view: View<'_>, space: &Object) -> Result<Option<Self>> {
        let space = known(view.resolve(space))?;
        let Object::Array(items) = &space else {
            return Ok(plain(&space, None).map(Self::Plain));
        };
        let [family, rest @ ..] = items.as_slice() else { return Ok(None) };
        let second = rest.first().map_or(Ok(Object::Null), |it| known(view.resolve(it)))?;
        match (family.as_name(), rest) {
            (Some(b"Indexed" | b"I"), [_, _, table]) => {
                let base = match &second {
                    Object::Array(items) => {
                        let profile = items.get(1).unwrap_or(&Object::Null);
                        let profile = known(view.resolve(profile))?;
                        items.first().and_then(|it| plain(it, profile.as_dictionary()))
                    }
                    base => plain(base, None),
                };
                let table = match known(view.resolve(table))? {
                    Object::String(table) => Some(table),
                    Object::Stream(table) => known(view.decoded(&table).map(Some))?,
                    _ => None,
                };
                Ok(base.zip(table).map(|(base, table)| Self::indexed(base, &table)))
            }
            _ => Ok(plain(family, second.as_dictionary()).map(Self::Plain)),
        }
    }

    fn indexed(components: usize, table: &[u8]) -> Self {
        /// An index has no more than eight bits.
        const MOST: usize = 256;
        let colours = table.chunks_exact(components).take(MOST).map(|colour| {
            let colour: Vec<f64> = colour.iter().map(|it| f64::from(*it) / 255.0).collect();
            brightness(&colour).unwrap_or(1.0)
        });
        Self::Indexed(colours.collect())
    }

    pub(super) fn components(&self) -> usize {
        match self {
            Self::Plain(components) => *components,
            Self::Indexed(_) => 1,
        }
    }

    /// From 0, black, to 1, white, as what cannot be told.
    pub(super) fn brightness(&self, of: &Raster, x: usize, y: usize) -> f64 {
        match self {
            Self::Plain(1) => of.value(x, y, 0),
            Self::Plain(3) => brightness(&[0, 1, 2].map(|it| of.value(x, y, it))).unwrap_or(1.0),
            Self::Plain(_) => brightness(&[0, 1, 2, 3].map(|it| of.value(x, y, it))).unwrap_or(1.0),
            Self::Indexed(_) if of.decode.is_some() => 1.0,
            Self::Indexed(all) => all.get(usize::from(of.raw(x, y, 0))).copied().unwrap_or(1.0),
        }
    }
}

/// How many components there are, of spaces like those of devices.
fn plain(family: &Object, parameters: Option<&Dictionary>) -> Option<usize> {
    match family.as_name()? {
        b"DeviceGray" | b"G" => Some(1),
        b"DeviceRGB" | b"RGB" => Some(3),
        b"CalGray" => is_usual(parameters?).then_some(1),
        b"CalRGB" => is_usual(parameters?).then_some(3),
        b"DeviceCMYK" | b"CMYK" => Some(4),
        b"ICCBased" => {
            let components = parameters?.get("N").and_then(Object::as_integer)?;
            usize::try_from(components).ok().filter(|it| matches!(it, 1 | 3 | 4))
        }
        _ => None,
    }
}

/// Whether dark colours stay dark (§8.6.5.2, §8.6.5.3).
fn is_usual(parameters: &Dictionary) -> bool {
    let usual = |it: &Object| it.as_number().is_some_and(|it| (1.0..=3.0).contains(&it));
    match parameters.get("Gamma") {
        None => true,
        Some(Object::Array(all)) => all.iter().all(usual),
        Some(one) => usual(one),
    }
}
