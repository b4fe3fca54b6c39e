//! The rows of a cross-reference stream (ISO 32000-2 §7.5.8.2, §7.5.8.3).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::ops::Range;

use super::object::{Dictionary, Object};
use super::section::{Location, unsigned};
use super::slot::{FEW, Slot};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// Bytes of all rows before a predictor is undone, by what the dictionary says; 0 where it
/// cannot be told, or is too much.
pub(super) fn expected(dictionary: &Dictionary, limits: &Limits) -> usize {
    let (Ok(widths), Ok(index)) = (widths(dictionary), index(dictionary)) else { return 0 };
    let count = index.iter().fold(0, |sum: usize, it| sum.saturating_add(it.len()));
    // A predictor puts a byte before each (§7.4.4.4).
    let predicted = usize::from(dictionary.contains("DecodeParms"));
    let row = widths.iter().sum::<usize>().saturating_add(predicted);
    if count > limits.pdf_objects { 0 } else { count.saturating_mul(row) }
}

/// Number and place of each object, and whether there was a type that is not known.
pub(super) fn read_rows(
    dictionary: &Dictionary,
    rows: &[u8],
    limits: &Limits,
) -> Result<(Vec<Slot>, bool)> {
    let widths = widths(dictionary)?;
    let row: usize = widths.iter().sum();
    let count = rows.len().checked_div(row).unwrap_or_default();
    within(count, limits.pdf_objects, "objects in a cross-reference stream")?;
    let columns = Columns::new(widths);
    let (mut slots, mut unknown) = (Vec::with_capacity(count.saturating_add(FEW)), false);
    let mut rest = rows;
    for range in index(dictionary)? {
        for number in range {
            let (_, behind) = rest
                .split_at_checked(row)
                .ok_or_else(|| Error::malformed("a cross-reference stream is too short"))?;
            let (kind, place, last) = columns.of(rest);
            rest = behind;
            unknown |= kind > 2;
            if let Some(location) = location(kind, place, last) {
                slots.push(Slot::new(number, location));
            }
        }
    }
    Ok((slots, unknown))
}

fn widths(dictionary: &Dictionary) -> Result<[usize; 3]> {
    let wrong = || Error::malformed("the widths of a cross-reference stream are wrong");
    let list = dictionary.get("W").and_then(Object::as_array).ok_or_else(wrong)?;
    let mut widths = [0; 3];
    for (place, value) in widths.iter_mut().zip(list) {
        let width = unsigned(value).filter(|it| *it <= 8).ok_or_else(wrong)?;
        *place = usize::try_from(width).unwrap_or_default();
    }
    let [_, second, _] = widths;
    if list.len() != 3 || second == 0 { Err(wrong()) } else { Ok(widths) }
}

fn index(dictionary: &Dictionary) -> Result<Vec<Range<u32>>> {
    let wrong = || Error::malformed("the index of a cross-reference stream is wrong");
    let small = |value: &Object| unsigned(value).and_then(|it| u32::try_from(it).ok());
    let Some(list) = dictionary.get("Index") else {
        let size = dictionary.get("Size").and_then(small).ok_or_else(wrong)?;
        return Ok(std::iter::once(0..size).collect());
    };
    let list = list.as_array().ok_or_else(wrong)?;
    let pairs = list.chunks(2).map(|pair| match pair {
        [first, count] => {
            let first = small(first)?;
            Some(first..first.checked_add(small(count)?)?)
        }
        _ => None,
    });
    pairs.collect::<Option<Vec<_>>>().ok_or_else(wrong)
}

/// Where the three numbers of a row stand (§7.5.8.3).
struct Columns {
    widths: [usize; 3],
    /// Of a row that eight bytes hold, as most do: how far each number is from the right, in
    /// bits, and which bits are its own. There are a hundred thousand of them.
    narrow: Option<[(u32, u64); 3]>,
}

impl Columns {
    fn new(widths: [usize; 3]) -> Self {
        let mut right = u64::BITS;
        let bits = |width: usize| u32::try_from(width).ok()?.checked_mul(8);
        let narrow = widths.map(|width| {
            right = right.checked_sub(bits(width)?)?;
            let own = u64::MAX.checked_shl(bits(width)?).map_or(u64::MAX, |it| !it);
            // What is of no width is none of the bits, wherever it stands.
            Some((right.min(u64::BITS - 1), own))
        });
        let narrow = match narrow {
            [Some(kind), Some(place), Some(last)] => Some([kind, place, last]),
            _ => None,
        };
        Self { widths, narrow }
    }

    /// Type, place and what is beside it, of the row that stands first. Without a column for
    /// it the type is 1.
    fn of(&self, rows: &[u8]) -> (u64, u64, u64) {
        let [first, second, third] = self.widths;
        let (kind, place, last) = match self.narrow {
            Some(narrow) => {
                let row = start_of(rows);
                let [kind, place, last] = narrow.map(|(right, own)| row.wrapping_shr(right) & own);
                (kind, place, last)
            }
            None => {
                let (kind, rest) = rows.split_at_checked(first).unwrap_or_default();
                let (place, rest) = rest.split_at_checked(second).unwrap_or_default();
                (number(kind), number(place), number(rest.get(..third).unwrap_or_default()))
            }
        };
        (if first == 0 { 1 } else { kind }, place, last)
    }
}

/// The first eight bytes as one number; zeros stand for those that are not there.
fn start_of(rows: &[u8]) -> u64 {
    let mut eight = [0; 8];
    match rows.first_chunk() {
        Some(first) => eight = *first,
        None => eight.iter_mut().zip(rows).for_each(|(to, from)| *to = *from),
    }
    u64::from_be_bytes(eight)
}

/// Of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Free for a type that is not known, as such an entry is a null object (§7.5.8.3); nothing
/// where numbers are none of objects.
fn location(kind: u64, place: u64, last: u64) -> Option<Location> {
    Some(match kind {
        1 if place == 0 => Location::Free,
        1 => Location::At { offset: place, generation: u16::try_from(last).ok()? },
        2 => Location::InStream {
            stream: u32::try_from(place).ok()?,
            index: u32::try_from(last).ok()?,
        },
        _ => Location::Free,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the widths, a row is three numbers that follow one another.
    #[test]
    fn rows_of_every_width() {
        let line: Vec<u8> = (1..=24_u8).map(|n| n.wrapping_mul(0x4F)).collect();
        let mut rows = 0;
        for widths in (0..9 * 9 * 9).map(|n| [n / 81, n / 9 % 9, n % 9]) {
            let [first, second, third] = widths;
            let (kind, rest) = line.split_at(first);
            let (place, rest) = rest.split_at(second);
            let kind = if first == 0 { 1 } else { number(kind) };
            let expected = (kind, number(place), number(&rest[..third]));
            let row = &line[..first + second + third];
            assert_eq!(Columns::new(widths).of(row), expected, "{widths:?}");
            assert_eq!(Columns::new(widths).of(&line), expected, "more rows behind {widths:?}");
            rows += usize::from(Columns::new(widths).narrow.is_some());
        }
        assert_eq!(rows, 165, "as many have eight bytes at most");
    }
}
