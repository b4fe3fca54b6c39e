//! Which glyphs of a TrueType font a code may stand for (OpenType `cmap`; ISO 32000-2
//! §9.6.5.4). Readers differ in which of its tables they ask first: all are asked.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::outlines::{u16_at, u32_at};

/// The tables of a font, by platform and encoding.
#[derive(Debug, Default)]
pub(super) struct Characters {
    cmap: Vec<u8>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    symbols: bool,
    unicode: bool,
    /// Where it begins, from the beginning of all.
    start: usize,
}

impl Characters {
    /// Nothing where one of the tables is not understood: some reader may go by it.
    pub(super) fn parse(cmap: &[u8]) -> Option<Self> {
        let count = usize::from(u16_at(cmap, 2)?);
        (count <= MOST).then_some(())?;
        let mut tables = Vec::new();
        for record in cmap.get(4..)?.as_chunks::<8>().0.get(..count)? {
            let (platform, encoding) = (u16_at(record, 0)?, u16_at(record, 2)?);
            let start = usize::try_from(u32_at(record, 4)?).ok()?;
            let (symbols, unicode) = match (platform, encoding) {
                (3, 0) => (true, false),
                (1, 0) => (false, false),
                (0, _) | (3, 1 | 10) => (false, true),
                _ => continue,
            };
            let bytes = cmap.get(start..)?;
            match u16_at(bytes, 0)? {
                0 | 6 => {}
                4 => ends(bytes)?.is_sorted().then_some(())?,
                12 => is_in_order(groups(bytes)?).then_some(())?,
                // Variation sequences are asked by nobody here.
                14 => continue,
                _ => return None,
            }
            tables.push(Table { symbols, unicode, start });
        }
        Some(Self { cmap: cmap.to_vec(), tables })
    }

    /// All glyphs that some reader may take for a byte that stands for this character, as
    /// the font's encoding has it. None where nobody finds one.
    pub(super) fn glyphs(&self, byte: u32, character: Option<char>) -> Vec<u32> {
        let mut glyphs = Vec::new();
        for table in &self.tables {
            let codes = if table.unicode {
                [character.map(u32::from), None, None]
            } else if table.symbols {
                [Some(byte), Some(byte | 0xf000), None]
            } else {
                // By the byte itself, or by the code that Mac OS has for the character.
                [Some(byte), character.and_then(mac_code), None]
            };
            let bytes = self.cmap.get(table.start..).unwrap_or_default();
            glyphs.extend(codes.into_iter().flatten().filter_map(|it| glyph(bytes, it)));
        }
        glyphs
    }
}

/// The names that a font has for its glyphs (OpenType `post`).
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By the glyph: a name of its own, or the number of one that all fonts know.
    all: Vec<Result<Vec<u8>, u16>>,
}

impl Names {
    /// Nothing where they are not understood.
    pub(super) fn parse(post: &[u8]) -> Option<Self> {
        let indices = match u32_at(post, 0)? {
            0x1_0000 => return Some(Self { all: (0..KNOWN).map(Err).collect() }),
            0x3_0000 => return Some(Self::default()),
            0x2_0000 => post.get(34..)?,
            _ => return None,
        };
        let count = usize::from(u16_at(post, 32)?);
        let (indices, mut rest) = indices.split_at_checked(count.checked_mul(2)?)?;
        let mut strings = Vec::new();
        while let Some((length, more)) = rest.split_first() {
            let Some((name, behind)) = more.split_at_checked((*length).into()) else { break };
            strings.push(name);
            rest = behind;
        }
        let name = |index: u16| match index.checked_sub(KNOWN) {
            None => Some(Err(index)),
            Some(own) => strings.get(usize::from(own)).map(|it| Ok(it.to_vec())),
        };
        let all: Option<Vec<_>> = (0..count).map(|n| name(word(indices, n)?)).collect();
        Some(Self { all: all? })
    }

    /// All glyphs that may have this name, which stands for this character.
    pub(super) fn glyphs(&self, name: &[u8], character: Option<char>) -> Vec<u32> {
        // From the space on they are in the order of ASCII; the others are not told apart.
        let ascii = character.map(u32::from).filter(|it| (32..=126).contains(it));
        let index = ascii.and_then(|it| u16::try_from(it.saturating_sub(29)).ok());
        let is = |own: &Result<Vec<u8>, u16>| match own {
            Ok(own) => own == name,
            Err(known) => index.map_or(*known > 97, |it| it == *known),
        };
        (0..).zip(&self.all).filter(|it| is(it.1)).map(|it| it.0).collect()
    }
}

/// Names that all fonts know.
const KNOWN: u16 = 258;

/// Fonts have up to five.
const MOST: usize = 16;

fn mac_code(character: char) -> Option<u32> {
    let mut codes = super::names::Encoding::MacRoman.characters();
    codes.find(|it| it.1 == character).map(|it| it.0.into())
}

/// Nothing for the glyph that stands for those that are missing.
fn glyph(table: &[u8], code: u32) -> Option<u32> {
    let glyph = match u16_at(table, 0)? {
        0 => table.get(6..262)?.get(usize::try_from(code).ok()?).copied().map(u32::from),
        4 => segment(table, u16::try_from(code).ok()?).map(u32::from),
        6 => {
            let at = code.checked_sub(u16_at(table, 6)?.into())?;
            let at = usize::try_from(at).ok()?;
            (at < usize::from(u16_at(table, 8)?))
                .then(|| word(table.get(10..)?, at))
                .flatten()
                .map(u32::from)
        }
        12 => group(table, code),
        _ => None,
    };
    glyph.filter(|it| *it != 0)
}

fn word(words: &[u8], at: usize) -> Option<u16> {
    u16_at(words, at.checked_mul(2)?)
}

/// Format 4: segments with an offset for all, or a glyph for each.
fn segment(table: &[u8], code: u16) -> Option<u16> {
    let doubled = usize::from(u16_at(table, 6)?);
    let part = |n: usize| table.get(doubled.checked_mul(n)?.checked_add(16)?..);
    let (starts, deltas, offsets) = (part(1)?, part(2)?, part(3)?);
    let ends = ends(table)?;
    let at = ends.partition_point(|it| u16::from_be_bytes(*it) < code);
    let start = word(starts, at).filter(|it| *it <= code)?;
    let (delta, offset) = (word(deltas, at)?, usize::from(word(offsets, at)?));
    if offset == 0 {
        return Some(code.wrapping_add(delta));
    }
    let place = at.checked_mul(2)?.checked_add(offset)?;
    let glyph = word(offsets.get(place..)?, usize::from(code.checked_sub(start)?))?;
    Some(if glyph == 0 { 0 } else { glyph.wrapping_add(delta) })
}

/// The last codes of the segments of format 4.
fn ends(table: &[u8]) -> Option<&[[u8; 2]]> {
    table.get(14..)?.as_chunks().0.get(..usize::from(u16_at(table, 6)? / 2))
}

/// Format 12: ranges of characters.
fn group(table: &[u8], code: u32) -> Option<u32> {
    let groups = groups(table)?;
    let group =
        groups.get(groups.partition_point(|it| u32_at(it, 4).is_some_and(|it| it < code)))?;
    u32_at(group, 8)?.checked_add(code.checked_sub(u32_at(group, 0)?)?)
}

/// Whether readers find the same however they search.
fn is_in_order(groups: &[[u8; 12]]) -> bool {
    let ends = |it: &[u8; 12]| u32_at(it, 0).zip(u32_at(it, 4));
    groups.iter().all(|it| ends(it).is_some_and(|it| it.0 <= it.1))
        && groups.is_sorted_by(|a, b| ends(a).zip(ends(b)).is_some_and(|(a, b)| a.1 < b.0))
}

/// Of each the first and the last character, and the glyph of the first.
fn groups(table: &[u8]) -> Option<&[[u8; 12]]> {
    table.get(16..)?.as_chunks().0.get(..usize::try_from(u32_at(table, 12)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[u16]) -> Vec<u8> {
        all.iter().flat_map(|it| it.to_be_bytes()).collect()
    }

    /// A table of each kind.
    fn tables(all: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
        let mut cmap = words(&[0, u16::try_from(all.len()).unwrap()]);
        let mut at = all.len().saturating_mul(8).saturating_add(4);
        for (platform, encoding, table) in all {
            cmap.extend(words(&[*platform, *encoding, 0, u16::try_from(at).unwrap()]));
            at = at.saturating_add(table.len());
        }
        cmap.extend(all.iter().flat_map(|it| it.2.clone()));
        cmap
    }

    #[test]
    fn every_table_is_asked() {
        let mut bytes = vec![0, 0, 1, 6, 0, 0];
        bytes.extend((0..=255).map(|it| if it == 65 { 7 } else { 0 }));
        // Segments 'A'..'B' by offset, 'ấ' by a list, and the end.
        let segments = words(&[
            4,
            0,
            0,
            6,
            0,
            0,
            0,
            0x42,
            0x1ea5,
            0xffff,
            0,
            0x41,
            0x1ea5,
            0xffff,
            0xffff - 0x41 + 10,
            0,
            1,
            0,
            4,
            0,
            30,
        ]);
        let trimmed = words(&[6, 0, 0, 0xf041, 2, 40, 41]);
        let groups = words(&[12, 0, 0, 0, 0, 0, 0, 1, 0, 0x41, 0, 0x43, 0, 50]);
        let cmap = tables(&[(1, 0, bytes), (3, 1, segments), (3, 0, trimmed), (3, 10, groups)]);
        let characters = Characters::parse(&cmap).unwrap();
        assert_eq!(characters.glyphs(65, Some('A')), [7, 7, 9, 40, 50]);
        assert_eq!(characters.glyphs(66, Some('C')), [41, 52]);
        assert_eq!(characters.glyphs(1, Some('ấ')), [30]);
        assert!(characters.glyphs(1, None).is_empty());
        for at in 0..cmap.len() {
            let mut bent = cmap.clone();
            bent[at] = 0xff;
            let read = [Characters::parse(&bent), Characters::parse(&cmap[..at])];
            read.into_iter().flatten().for_each(|it| drop(it.glyphs(65, Some('A'))));
        }
    }

    /// What readers may ask and this does not is no table without the glyph.
    #[test]
    fn tables_that_are_not_understood_are_told() {
        let plain = |format: u16| words(&[format, 0, 0, 0x41, 1, 7, 0, 0]);
        assert!(Characters::parse(&tables(&[(3, 1, plain(6))])).is_some());
        for format in [2, 8, 10, 13, 99] {
            assert!(Characters::parse(&tables(&[(3, 1, plain(format))])).is_none(), "{format}");
        }
        // Others are behind as many as are asked.
        let many: Vec<_> = (0..=MOST).map(|_| (0, 3, plain(6))).collect();
        assert!(Characters::parse(&tables(&many)).is_none());
        assert!(Characters::parse(&tables(&many[1..])).is_some());
        // Readers search those that are not in order in different ways.
        let groups = words(&[12, 0, 0, 0, 0, 0, 0, 2, 0, 9, 0, 9, 0, 5, 0, 7, 0, 8, 0, 5]);
        assert!(Characters::parse(&tables(&[(3, 10, groups)])).is_none());
        let segments = words(&[4, 0, 0, 4, 0, 0, 0, 9, 8, 0, 8, 7, 0, 0, 0, 0]);
        assert!(Characters::parse(&tables(&[(3, 1, segments)])).is_none());
    }
}
