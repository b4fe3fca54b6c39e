//! JPEG (ITU-T T.81), passed through: its header is read, and what is not about the
//! pixels, such as where a photograph was taken, is left out.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Data, Pixels, bounded};
use crate::appearance::form::Colours;
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Markers (T.81 Table B.1).
const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
const ADOBE: u8 = 0xee;
const JFIF: u8 = 0xe0;

/// # Errors
/// `Malformed`; `Unsupported` for CMYK and what PDF's filter does not decode;
/// `LimitExceeded`.
pub(super) fn read(data: &[u8], limits: &Limits) -> Result<Pixels> {
    let mut rest = data.get(2..).unwrap_or_default();
    let mut kept = vec![0xff, 0xd8];
    let (mut frame, mut scanned) = (None, false);
    while !(scanned && rest.starts_with(&END_OF_IMAGE)) {
        let (segment, after) = segment(rest).ok_or_else(broken)?;
        let (marker, body) = (segment.marker, segment.body);
        // SOF0 to SOF15 without DHT, JPG and DAC, which stand among them.
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame && frame.replace(Frame::read(marker, body)?).is_some() {
            return Err(broken());
        }
        // APP1 to APP13, APP15 and COM tell of who, when and where.
        let personal = (0xe1..=0xef).contains(&marker) && marker != ADOBE || marker == 0xfe;
        let foreign = marker == JFIF && !body.starts_with(b"JFIF\0");
        if !personal && !foreign {
            kept.extend_from_slice(segment.bytes);
        }
        rest = after;
        if marker == START_OF_SCAN {
            let (coded, after) = coded(rest)?;
            kept.extend_from_slice(coded);
            (rest, scanned) = (after, true);
        }
    }
    // What follows is no part of it.
    kept.extend_from_slice(&END_OF_IMAGE);
    let frame = frame.ok_or_else(broken)?;
    bounded(frame.width, frame.height, limits)?;
    let Frame { width, height, colours } = frame;
    Ok(Pixels { width, height, colours, data: Data::Jpeg(kept), alpha: None })
}

fn broken() -> Error {
    Error::malformed("this JPEG is broken")
}

/// The coded pixels of one scan, and what follows them (T.81 §B.1.1.5): stuffed bytes and
/// restart markers stand within.
fn coded(rest: &[u8]) -> Result<(&[u8], &[u8])> {
    let ends = |it: &[u8]| matches!(it, [0xff, next] if !matches!(next, 0 | 0xff | 0xd0..=0xd7));
    let end = rest.windows(2).position(ends).and_then(|at| rest.split_at_checked(at));
    end.ok_or_else(|| Error::malformed("this JPEG ends too early"))
}

struct Segment<'d> {
    marker: u8,
    body: &'d [u8],
    /// With its marker and length.
    bytes: &'d [u8],
}

/// T.81 §B.1.1.4; nothing where there is none.
fn segment(data: &[u8]) -> Option<(Segment<'_>, &[u8])> {
    // Any number of 0xff may stand before a marker.
    let fill = data.windows(2).position(|it| *it != [0xff, 0xff])?;
    let data = data.get(fill..)?;
    let [0xff, marker, high, low, ..] = data else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let bytes = data.get(..length.checked_add(2)?)?;
    let segment = Segment { marker: *marker, body: bytes.get(4..)?, bytes };
    Some((segment, data.get(bytes.len()..)?))
}

/// T.81 §B.2.2.
struct Frame {
    width: u32,
    height: u32,
    colours: Colours,
}

impl Frame {
    fn read(marker: u8, body: &[u8]) -> Result<Self> {
        let [precision, y0, y1, x0, x1, components, ..] = *body else { return Err(broken()) };
        // Baseline, extended sequential and progressive (ISO 32000-2 §7.4.8).
        if marker > 0xc2 || precision != 8 {
            return Err(Error::unsupported("a JPEG of a process that PDF does not know"));
        }
        let colours = match components {
            1 => Colours::Grey,
            3 => Colours::Rgb,
            4 => return Err(Error::unsupported("a JPEG in CMYK: save it in RGB")),
            _ => return Err(broken()),
        };
        let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
        Ok(Self { width: side(x0, x1), height: side(y0, y1), colours })
    }
}
