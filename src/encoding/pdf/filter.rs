//! Stream filters that a file's structure can use (ISO 32000-2 §7.4), with bounded output.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use flate2::{Decompress, FlushDecompress, Status};

use super::lexer::{hex_digit, is_white};
use super::object::{Dictionary, Object};
use crate::error::{Error, Result};

/// The data of a stream whose filters and parameters stand in its dictionary as
/// direct objects. `limit` bounds what each filter gives; `charge` is told of the bytes that
/// each makes or looks at, in vain or not, and may put an end to it.
///
/// # Errors
/// `Malformed` when the data is not what the filter says; `Unsupported` for a filter
/// that no writer uses for structure; `LimitExceeded`; those of `charge`.
pub(crate) fn decode(
    dictionary: &Dictionary,
    data: &[u8],
    limit: usize,
    charge: &dyn Fn(usize) -> Result<()>,
) -> Result<Vec<u8>> {
    let filters = one_or_many(dictionary.get("Filter"));
    let parameters = one_or_many(dictionary.get("DecodeParms"));
    let mut bytes = data.to_vec();
    for (n, filter) in filters.iter().enumerate() {
        let parameters = parameters.get(n).and_then(|it| it.as_dictionary());
        bytes = match filter.as_name() {
            Some(b"FlateDecode" | b"Fl") => predicted(inflate(&bytes, limit, charge)?, parameters)?,
            Some(b"ASCIIHexDecode" | b"AHx") => {
                charge(bytes.len())?;
                ascii_hex(&bytes)?
            }
            Some(b"ASCII85Decode" | b"A85") => {
                charge(bytes.len())?;
                ascii_85(&bytes)?
            }
            Some(b"RunLengthDecode" | b"RL") => run_length(&bytes, limit, charge)?,
            // Undone before all others (ISO 32000-2 §7.4.10).
            Some(b"Crypt") if n == 0 => bytes,
            Some(name) => {
                let name = String::from_utf8_lossy(name).into_owned();
                return Err(Error::unsupported(format!("the stream filter {name:?}")));
            }
            None => return Err(Error::malformed("a stream's filter is no name")),
        };
    }
    Ok(bytes)
}

fn one_or_many(value: Option<&Object>) -> Vec<&Object> {
    match value {
        None | Some(Object::Null) => Vec::new(),
        Some(Object::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}

/// zlib data (RFC 1950). What follows it within the stream is ignored, as
/// writers end streams with a line end that `/Length` counts in.
fn inflate(data: &[u8], limit: usize, charge: &dyn Fn(usize) -> Result<()>) -> Result<Vec<u8>> {
    const STEP: usize = 32 << 10;
    let broken = || Error::malformed("compressed data cannot be read");
    let mut inflater = Decompress::new(true);
    let mut out = Vec::new();
    let mut rest = data;
    loop {
        out.reserve(STEP);
        let before = (inflater.total_in(), out.len());
        let status = inflater
            .decompress_vec(rest, &mut out, FlushDecompress::None)
            .map_err(|source| broken().because(source))?;
        if out.len() > limit {
            return Err(Error::limit(format_args!("{limit} bytes of a decoded stream")));
        }
        charge(out.len().saturating_sub(before.1))?;
        let taken = inflater.total_in().saturating_sub(before.0);
        rest = rest.get(usize::try_from(taken).unwrap_or(usize::MAX)..).unwrap_or_default();
        match status {
            Status::StreamEnd => return Ok(out),
            Status::Ok | Status::BufError if taken == 0 && out.len() == before.1 => {
                return Err(broken());
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

/// ISO 32000-2 §7.4.4.4.
fn predicted(bytes: Vec<u8>, parameters: Option<&Dictionary>) -> Result<Vec<u8>> {
    let number = |key, default| {
        let value = parameters.and_then(|it| it.get(key)).map(Object::as_integer);
        match value {
            None => Ok(default),
            Some(value) => value
                .and_then(|it| usize::try_from(it).ok())
                .filter(|it| *it <= MAX_COLUMNS)
                .ok_or_else(|| Error::malformed(format!("the predictor's {key} is out of bounds"))),
        }
    };
    let predictor = number("Predictor", 1)?;
    let colors = number("Colors", 1)?;
    let bits = number("BitsPerComponent", 8)?;
    let row_bits = number("Columns", 1)?.saturating_mul(colors).saturating_mul(bits);
    let row = row_bits.div_ceil(8);
    let pixel = colors.saturating_mul(bits).div_ceil(8);
    match predictor {
        0 | 1 => Ok(bytes),
        _ if row == 0 || pixel == 0 => Err(Error::malformed("a predictor for empty rows")),
        2 if bits == 8 => Ok(tiff(bytes, row, pixel)),
        10..=15 => png(&bytes, row, pixel),
        _ => Err(Error::unsupported(format!("the predictor {predictor} at {bits} bits"))),
    }
}

/// Far more than a row of any structure stream; keeps products within `usize`.
const MAX_COLUMNS: usize = 1 << 20;

fn tiff(mut bytes: Vec<u8>, row: usize, pixel: usize) -> Vec<u8> {
    for line in bytes.chunks_mut(row) {
        for at in pixel..line.len() {
            let left = line.get(at.saturating_sub(pixel)).copied().unwrap_or_default();
            if let Some(byte) = line.get_mut(at) {
                *byte = byte.wrapping_add(left);
            }
        }
    }
    bytes
}

/// RFC 2083 §6.
fn png(bytes: &[u8], row: usize, pixel: usize) -> Result<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; row];
    let mut line = vec![0_u8; row];
    for coded in bytes.chunks(row.saturating_add(1)) {
        let Some((kind, coded)) = coded.split_first() else { break };
        for (at, byte) in coded.iter().enumerate() {
            let behind = at.checked_sub(pixel);
            let left = behind.and_then(|it| line.get(it)).copied().unwrap_or_default();
            let corner = behind.and_then(|it| above.get(it)).copied().unwrap_or_default();
            let up = above.get(at).copied().unwrap_or_default();
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => up,
                3 => u16::midpoint(left.into(), up.into()).to_le_bytes()[0],
                4 => paeth(left, up, corner),
                _ => return Err(Error::malformed("an unknown PNG predictor")),
            };
            if let Some(place) = line.get_mut(at) {
                *place = byte.wrapping_add(guess);
            }
        }
        out.extend_from_slice(line.get(..coded.len()).unwrap_or_default());
        std::mem::swap(&mut above, &mut line);
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let estimate = a.saturating_add(b).saturating_sub(c);
    let [da, db, dc] = [a, b, c].map(|it| estimate.saturating_sub(it).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}

/// ISO 32000-2 §7.4.5.
fn run_length(data: &[u8], limit: usize, charge: &dyn Fn(usize) -> Result<()>) -> Result<Vec<u8>> {
    const END: u8 = 128;
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((length, behind)) = rest.split_first().filter(|it| *it.0 != END) {
        let before = out.len();
        if *length < END {
            let (run, behind) = behind
                .split_at_checked(usize::from(*length).saturating_add(1))
                .ok_or_else(|| Error::malformed("a run of bytes is cut short"))?;
            out.extend_from_slice(run);
            rest = behind;
        } else {
            let (byte, behind) = behind
                .split_first()
                .ok_or_else(|| Error::malformed("a byte to be repeated is missing"))?;
            let times = 257_usize.saturating_sub(usize::from(*length));
            out.resize(out.len().saturating_add(times), *byte);
            rest = behind;
        }
        if out.len() > limit {
            return Err(Error::limit(format_args!("{limit} bytes of a decoded stream")));
        }
        charge(out.len().saturating_sub(before))?;
    }
    Ok(out)
}

fn ascii_hex(data: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len() / 2);
    let mut half = None;
    for byte in data.iter().filter(|it| !is_white(**it)).take_while(|it| **it != b'>') {
        let digit = hex_digit(*byte)
            .ok_or_else(|| Error::malformed("ASCIIHex data holds something else"))?;
        half = match half {
            None => Some(digit << 4),
            Some(high) => {
                out.push(high | digit);
                None
            }
        };
    }
    out.extend(half);
    Ok(out)
}

/// ISO 32000-2 §7.4.3.
fn ascii_85(data: &[u8]) -> Result<Vec<u8>> {
    let broken = || Error::malformed("ASCII85 data holds something else");
    let mut out = Vec::with_capacity(data.len());
    let mut group: Vec<u8> = Vec::with_capacity(5);
    for byte in data.iter().filter(|it| !is_white(**it)).take_while(|it| **it != b'~') {
        match byte {
            b'z' if group.is_empty() => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte.saturating_sub(b'!')),
            _ => return Err(broken()),
        }
        if group.len() == 5 {
            out.extend_from_slice(&base_85(&group).ok_or_else(broken)?);
            group.clear();
        }
    }
    if !group.is_empty() {
        // A last group of n digits, filled with the highest one, gives n - 1 bytes.
        let bytes = group.len().saturating_sub(1);
        group.resize(5, 84);
        let last = base_85(&group).ok_or_else(broken)?;
        out.extend(last.iter().take(bytes));
    }
    Ok(out)
}

fn base_85(group: &[u8]) -> Option<[u8; 4]> {
    group
        .iter()
        .try_fold(0_u32, |sum, digit| sum.checked_mul(85)?.checked_add(u32::from(*digit)))
        .map(u32::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;
    use crate::error::ErrorKind;

    fn decode(dictionary: &Dictionary, data: &[u8], limit: usize) -> Result<Vec<u8>> {
        super::decode(dictionary, data, limit, &|_| Ok(()))
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn flate() -> Dictionary {
        Dictionary::new().with("Filter", Object::name("FlateDecode"))
    }

    #[test]
    fn inflates_and_predicts() {
        let plain = b"xref stream rows".repeat(5000);
        assert_eq!(decode(&flate(), &zlib(&plain), 1 << 20).unwrap(), plain);
        let parameters = Dictionary::new()
            .with("Predictor", Object::Integer(12))
            .with("Columns", Object::Integer(3));
        let with = flate().with("DecodeParms", Object::Dictionary(parameters));
        let rows = [2, 1, 2, 3, 2, 1, 1, 1, 1, 5, 5, 5, 3, 4, 4, 4, 4, 1, 1, 1];
        let expected = [1, 2, 3, 2, 3, 4, 5, 10, 15, 6, 12, 17, 7, 13, 18];
        assert_eq!(decode(&with, &zlib(&rows), 100).unwrap(), expected);
        let parameters = Dictionary::new()
            .with("Predictor", Object::Integer(2))
            .with("Columns", Object::Integer(2));
        let with = flate().with("DecodeParms", Object::Dictionary(parameters));
        assert_eq!(decode(&with, &zlib(&[1, 1, 2, 2]), 100).unwrap(), [1, 2, 2, 4]);
    }

    #[test]
    fn bombs_and_broken_data_end() {
        let bomb = zlib(&vec![0; 50 << 20]);
        let error = decode(&flate(), &bomb, 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        for data in [&b""[..], b"x", b"\x78\x9c", &bomb[..100]] {
            assert_eq!(decode(&flate(), data, 1 << 20).unwrap_err().kind(), ErrorKind::Malformed);
        }
    }

    #[test]
    fn runs() {
        let with = Dictionary::new().with("Filter", Object::name("RunLengthDecode"));
        let data = [1, b'a', b'b', 254, b'c', 128, 7];
        assert_eq!(decode(&with, &data, 99).unwrap(), b"abccc");
        assert_eq!(
            decode(&with, &[129, 0].repeat(9), 99).unwrap_err().kind(),
            ErrorKind::LimitExceeded
        );
        for data in [&[3, 1][..], &[200]] {
            assert_eq!(decode(&with, data, 99).unwrap_err().kind(), ErrorKind::Malformed);
        }
    }

    #[test]
    fn ascii_filters() {
        let with = |name| Dictionary::new().with("Filter", Object::Array(vec![Object::name(name)]));
        assert_eq!(decode(&with("ASCIIHexDecode"), b"61 6 27>", 10).unwrap(), b"abp");
        assert_eq!(
            decode(&with("ASCII85Decode"), b"87cURD]i,\"Ebo80~>", 99).unwrap(),
            b"Hello World!"
        );
        assert_eq!(decode(&with("A85"), b"z!!~>", 99).unwrap(), [0, 0, 0, 0, 0]);
        assert_eq!(decode(&with("LZWDecode"), b"", 9).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
