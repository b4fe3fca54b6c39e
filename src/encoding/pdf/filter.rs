//! Stream filters that a file's structure can use (ISO 32000-2 §7.4), with bounded output.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};

use super::lexer::{hex_digit, is_white};
use super::object::{Dictionary, Object};
use crate::error::{Error, Result};

/// How much a stream may come to.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Bytes that no filter may give more of.
    pub(crate) limit: usize,
    /// As many as it comes to if it is as it says; 0 where that is not known.
    pub(crate) expected: usize,
}

impl Size {
    pub(crate) fn up_to(limit: usize) -> Self {
        Self { limit, expected: 0 }
    }
}

/// The data of a stream whose filters and parameters stand in its dictionary as
/// direct objects. `size` bounds what each filter gives; `charge` is told of the bytes that
/// each makes or looks at, in vain or not, and may put an end to it.
///
/// # Errors
/// `Malformed` when the data is not what the filter says; `Unsupported` for a filter
/// that no writer uses for structure; `LimitExceeded`; those of `charge`.
pub(crate) fn decode(
    dictionary: &Dictionary,
    data: &[u8],
    size: Size,
    charge: &dyn Fn(usize) -> Result<()>,
) -> Result<Vec<u8>> {
    let filters = one_or_many(dictionary.get("Filter"));
    let parameters = one_or_many(dictionary.get("DecodeParms"));
    let mut bytes = Cow::Borrowed(data);
    for (n, filter) in filters.iter().enumerate() {
        let parameters = parameters.get(n).and_then(|it| it.as_dictionary());
        let decoded = match filter.as_name() {
            Some(b"FlateDecode" | b"Fl") => predicted(inflate(&bytes, size, charge)?, parameters)?,
            Some(b"ASCIIHexDecode" | b"AHx") => {
                charge(bytes.len())?;
                ascii_hex(&bytes)?
            }
            Some(b"ASCII85Decode" | b"A85") => {
                charge(bytes.len())?;
                ascii_85(&bytes)?
            }
            Some(b"RunLengthDecode" | b"RL") => run_length(&bytes, size.limit, charge)?,
            // Undone before all others (ISO 32000-2 §7.4.10).
            Some(b"Crypt") if n == 0 => continue,
            Some(name) => {
                let name = String::from_utf8_lossy(name).into_owned();
                return Err(Error::unsupported(format!("the stream filter {name:?}")));
            }
            None => return Err(Error::malformed("a stream's filter is no name")),
        };
        bytes = Cow::Owned(decoded);
    }
    Ok(bytes.into_owned())
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
fn inflate(data: &[u8], size: Size, charge: &dyn Fn(usize) -> Result<()>) -> Result<Vec<u8>> {
    const STEP: usize = 32 << 10;
    let Size { limit, expected } = size;
    if let Some(out) = inflate_at_once(data, expected.min(limit), charge)? {
        return Ok(out);
    }
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

/// The same to where it stays, without a window that is copied from. Nothing where it does not
/// come to what is expected, or is not to be read; what it came to is charged all the same.
fn inflate_at_once(
    data: &[u8],
    expected: usize,
    charge: &dyn Fn(usize) -> Result<()>,
) -> Result<Option<Vec<u8>>> {
    /// No byte of what is compressed makes more than this.
    const MOST: usize = 1032;
    if expected == 0 || expected > data.len().saturating_mul(MOST) {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(expected);
    let mut inflater = Decompress::new(true);
    let status = inflater.decompress_vec(data, &mut out, FlushDecompress::Finish);
    charge(out.len())?;
    let whole = matches!(status, Ok(Status::StreamEnd)) && out.len() == expected;
    Ok(whole.then_some(out))
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
        10..=15 => png(bytes, row, pixel),
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

/// RFC 2083 §6. Each row moves up by what said how it is coded.
fn png(mut bytes: Vec<u8>, row: usize, pixel: usize) -> Result<Vec<u8>> {
    let first = vec![0_u8; row];
    let (mut at, mut to) = (0_usize, 0_usize);
    while let Some(kind) = bytes.get(at).copied() {
        let from = at.saturating_add(1);
        at = from.saturating_add(row).min(bytes.len());
        bytes.copy_within(from..at, to);
        let length = at.saturating_sub(from);
        let (done, rest) = bytes.split_at_mut_checked(to).unwrap_or_default();
        let above = done.len().checked_sub(row).and_then(|it| done.get(it..)).unwrap_or(&first);
        let line = rest.get_mut(..length).unwrap_or_default();
        match kind {
            0 => {}
            1 => unguess(line, above, pixel, |left, _, _| left),
            // As writers do, in a hundred thousand rows.
            2 => line.iter_mut().zip(above).for_each(|(it, up)| *it = it.wrapping_add(*up)),
            3 => unguess(line, above, pixel, |left, up, _| left.midpoint(up)),
            4 => unguess(line, above, pixel, paeth),
            _ => return Err(Error::malformed("an unknown PNG predictor")),
        }
        to = to.saturating_add(length);
    }
    bytes.truncate(to);
    Ok(bytes)
}

/// Adds what was guessed of each byte, by those left of it, above, and left above.
fn unguess(line: &mut [u8], above: &[u8], pixel: usize, guess: impl Fn(u8, u8, u8) -> u8) {
    for at in 0..line.len() {
        let behind = at.checked_sub(pixel);
        let left = behind.and_then(|it| line.get(it)).copied().unwrap_or_default();
        let corner = behind.and_then(|it| above.get(it)).copied().unwrap_or_default();
        let up = above.get(at).copied().unwrap_or_default();
        if let Some(byte) = line.get_mut(at) {
            *byte = byte.wrapping_add(guess(left, up, corner));
        }
    }
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
    use std::cell::Cell;
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;
    use crate::error::ErrorKind;

    fn decode(dictionary: &Dictionary, data: &[u8], limit: usize) -> Result<Vec<u8>> {
        super::decode(dictionary, data, Size::up_to(limit), &|_| Ok(()))
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

    /// What is expected decides nothing but how it is done; what is done in vain counts.
    #[test]
    fn expected_or_not() {
        let plain: Vec<u8> = (0..70_000_u32).flat_map(|n| (n / 3).to_be_bytes()).collect();
        let mut data = zlib(&plain);
        let whole = data.len();
        data.extend(b"\r\n");
        let read = |data: &[u8], limit, expected| {
            let charged = Cell::new(0);
            let charge = |bytes| {
                charged.set(charged.get() + bytes);
                Ok(())
            };
            let decoded = super::decode(&flate(), data, Size { limit, expected }, &charge);
            decoded.map(|it| (it, charged.get())).map_err(|error| error.kind())
        };
        let at_once = inflate_at_once(&data, plain.len(), &|_| Ok(())).unwrap();
        assert_eq!(at_once.unwrap(), plain);
        let mut broken = data.clone();
        broken[whole - 1] ^= 1;
        for expected in [0, 1, plain.len() - 1, plain.len(), plain.len() + 1, 1 << 20, usize::MAX] {
            for limit in [usize::MAX, plain.len()] {
                let (decoded, charged) = read(&data, limit, expected).unwrap();
                assert_eq!(decoded, plain, "{expected}");
                let expected = expected.min(limit);
                let in_vain = expected != plain.len() && expected <= data.len() * 1032;
                let in_vain = if in_vain { expected.min(plain.len()) } else { 0 };
                assert_eq!(charged, plain.len() + in_vain, "{expected}");
            }
            let more = Err(ErrorKind::LimitExceeded);
            assert_eq!(read(&data, plain.len() - 1, expected), more, "{expected}");
            for data in [&broken[..], &data[..whole - 1], b"", b"x"] {
                let wrong = Err(ErrorKind::Malformed);
                assert_eq!(read(data, usize::MAX, expected), wrong, "{expected}");
            }
        }
    }

    /// By RFC 2083 §6, byte by byte.
    #[test]
    fn predictors_of_png() {
        let coded: Vec<u8> = (0..997_u32).map(|n| (n * n / 5).to_le_bytes()[0]).collect();
        for (row, pixel) in [(1, 1), (5, 1), (7, 3), (3, 7), (2000, 4)] {
            let mut bytes = coded.clone();
            let kinds = bytes.iter_mut().step_by(row + 1);
            kinds.enumerate().for_each(|(n, it)| *it = u8::try_from(n % 5).unwrap());
            let mut lines = vec![vec![0_u8; row]];
            for coded in bytes.chunks(row + 1) {
                let (mut line, above) = (Vec::new(), lines.last().unwrap());
                for (at, byte) in coded[1..].iter().enumerate() {
                    let before = |it: &[u8]| if at < pixel { 0 } else { it[at - pixel] };
                    let (left, corner, up) = (before(&line), before(above), above[at]);
                    let guess = match coded[0] {
                        0 => 0,
                        1 => left,
                        2 => up,
                        3 => u8::try_from((u16::from(left) + u16::from(up)) / 2).unwrap(),
                        _ => paeth(left, up, corner),
                    };
                    line.push(byte.wrapping_add(guess));
                }
                lines.push(line);
            }
            let expected = lines[1..].concat();
            assert_eq!(png(bytes.clone(), row, pixel).unwrap(), expected, "{row} {pixel}");
            bytes[0] = 5;
            assert!(png(bytes, row, pixel).is_err());
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
