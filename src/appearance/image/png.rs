//! PNG (ISO/IEC 15948), decoded to eight bits, colour and transparency apart.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Transformations};

use super::{Data, Pixels, bounded};
use crate::appearance::form::Colours;
use crate::error::{Error, Result};
use crate::limits::Limits;

/// # Errors
/// `Malformed`; `LimitExceeded`.
pub(super) fn read(data: &[u8], limits: &Limits) -> Result<Pixels> {
    /// Rows, tables and texts that a decoder keeps beside the pixels.
    const BESIDE: usize = 16 << 20;
    let beside = png::Limits { bytes: BESIDE };
    let mut decoder = Decoder::new_with_limits(Cursor::new(data), beside);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    // Its size is known before anything is made of it.
    let header = decoder.read_header_info().map_err(broken)?;
    let (width, height) = (header.width, header.height);
    bounded(width, height, limits)?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let size = reader.output_buffer_size();
    let mut samples = vec![0; size.ok_or_else(|| Error::limit("what fits into memory"))?];
    let frame = reader.next_frame(&mut samples).map_err(broken)?;
    samples.truncate(frame.buffer_size());
    let whole = frame.width == width && frame.height == height;
    if !whole {
        return Err(Error::malformed("this PNG shows only a part of itself"));
    }
    let (colours, with_alpha) = match frame.color_type {
        ColorType::Grayscale => (Colours::Grey, false),
        ColorType::GrayscaleAlpha => (Colours::Grey, true),
        ColorType::Rgb => (Colours::Rgb, false),
        ColorType::Rgba => (Colours::Rgb, true),
        ColorType::Indexed => return Err(Error::unsupported("a PNG that keeps its palette")),
    };
    let (samples, alpha) =
        if with_alpha { apart(&samples, colours.components()) } else { (samples, None) };
    Ok(Pixels { width, height, colours, data: Data::Plain(samples), alpha })
}

fn broken(source: DecodingError) -> Error {
    match source {
        DecodingError::LimitsExceeded => Error::limit("memory for a PNG"),
        source => Error::malformed("this PNG is broken").because(source),
    }
}

/// The colours, and how opaque they are if any is not wholly so. What is not seen at all
/// is white: nothing is hidden there, and it takes less space.
fn apart(samples: &[u8], components: usize) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut colours, mut alpha) = (Vec::new(), Vec::new());
    for pixel in samples.chunks_exact(components.saturating_add(1)) {
        let Some((opacity, colour)) = pixel.split_last() else { continue };
        alpha.push(*opacity);
        colours.extend(colour.iter().map(|it| if *opacity == 0 { 0xff } else { *it }));
    }
    let is_transparent = alpha.iter().any(|it| *it != 0xff);
    (colours, is_transparent.then_some(alpha))
}
