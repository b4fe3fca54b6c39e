//! Compact Font Format (Adobe Technical Note #5176), as `FontFile3` has it: which glyphs
//! there are, and what they draw.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::ops::Range;

use super::effort::Effort;
use super::geometry::Matrix;
use super::outlines::{u16_at, u32_at};
use super::shape::Drawn;
use super::type2::{self, Subroutines};

/// A font whose outlines can be read.
#[derive(Debug)]
pub(super) struct Cff {
    bytes: Vec<u8>,
    glyphs: Index,
    global: Index,
    /// The subroutines of each of the font's parts.
    local: Vec<Index>,
    /// First glyphs, and the part which they and those behind them belong to.
    select: Vec<(usize, usize)>,
    chosen: Chosen,
    /// How many steps charstrings may still take.
    effort: Effort,
}

/// What glyphs are chosen by.
#[derive(Debug)]
enum Chosen {
    /// CIDs, as the charset has them.
    Cids(HashMap<u16, Option<u32>>),
    /// Names; and what bytes stand for without an encoding in the file, where that is told.
    Names { names: HashMap<Vec<u8>, Option<u32>>, bytes: Option<HashMap<u8, u32>> },
}

/// Strings that no font brings (#5176, Appendix A).
const STANDARD: usize = 391;
/// Parts that a font may have.
const PARTS: usize = 256;

/// What there are many of, one behind the other (#5176, 5).
#[derive(Debug, Default)]
struct Index {
    count: usize,
    size: usize,
    offsets: usize,
    data: usize,
    end: usize,
}

impl Index {
    fn parse(bytes: &[u8], at: usize) -> Option<Self> {
        let count = usize::from(u16_at(bytes, at)?);
        if count == 0 {
            return Some(Self { end: at.checked_add(2)?, ..Self::default() });
        }
        let size = usize::from(*bytes.get(at.checked_add(2)?)?);
        (1..=4).contains(&size).then_some(())?;
        let offsets = at.checked_add(3)?;
        // What is counted from 1 stands behind all offsets.
        let data = offsets.checked_add(count.checked_add(1)?.checked_mul(size)?)?.checked_sub(1)?;
        let mut index = Self { count, size, offsets, data, end: 0 };
        index.end = index.place(bytes, count)?;
        (index.end <= bytes.len()).then_some(index)
    }

    fn place(&self, bytes: &[u8], n: usize) -> Option<usize> {
        let at = self.offsets.checked_add(n.checked_mul(self.size)?)?;
        let offset = bytes.get(at..at.checked_add(self.size)?)?;
        let offset = offset.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        self.data.checked_add(offset)
    }

    fn get<'a>(&self, bytes: &'a [u8], n: usize) -> Option<&'a [u8]> {
        (n < self.count).then_some(())?;
        bytes.get(self.place(bytes, n)?..self.place(bytes, n.checked_add(1)?)?)
    }

    /// A subroutine by the number that charstrings have for it (#5177, 4.7).
    fn biased<'a>(&self, bytes: &'a [u8], number: i32) -> Option<&'a [u8]> {
        let bias = match self.count {
            0..1_240 => 107,
            1_240..33_900 => 1_131,
            _ => 32_768,
        };
        self.get(bytes, usize::try_from(number.checked_add(bias)?).ok()?)
    }
}

/// Operators and their numbers (#5176, 4); those of two bytes are above 1,200.
type Values = HashMap<u16, Vec<f64>>;

const CHARSET: u16 = 15;
const ENCODING: u16 = 16;
const CHAR_STRINGS: u16 = 17;
const PRIVATE: u16 = 18;
const SUBRS: u16 = 19;
const CHARSTRING_TYPE: u16 = 1_206;
const FONT_MATRIX: u16 = 1_207;
const ROS: u16 = 1_230;
const FD_ARRAY: u16 = 1_236;
const FD_SELECT: u16 = 1_237;

/// Nothing where an operator stands twice.
fn values(mut bytes: &[u8]) -> Option<Values> {
    let (mut all, mut operands) = (Values::new(), Vec::new());
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        let mut byte = || {
            let (first, rest) = bytes.split_first()?;
            bytes = rest;
            Some(*first)
        };
        let number = match first {
            12 => {
                let operator = u16::from(byte()?).saturating_add(1_200);
                all.insert(operator, std::mem::take(&mut operands)).is_none().then_some(())?;
                continue;
            }
            0..=21 => {
                all.insert((*first).into(), std::mem::take(&mut operands))
                    .is_none()
                    .then_some(())?;
                continue;
            }
            28 => i16::from_be_bytes([byte()?, byte()?]).into(),
            29 => i32::from_be_bytes([byte()?, byte()?, byte()?, byte()?]).into(),
            30 => real(&mut byte)?,
            32..=246 => f64::from(*first) - 139.0,
            247..=250 => (f64::from(*first) - 247.0) * 256.0 + f64::from(byte()?) + 108.0,
            251..=254 => -(f64::from(*first) - 251.0) * 256.0 - f64::from(byte()?) - 108.0,
            _ => return None,
        };
        operands.push(number);
    }
    operands.is_empty().then_some(all)
}

/// Two digits in each byte.
fn real(byte: &mut dyn FnMut() -> Option<u8>) -> Option<f64> {
    let mut text = String::new();
    loop {
        let two = byte()?;
        for half in [two >> 4, two & 15] {
            match half {
                0..=9 => text.push(char::from(half.saturating_add(b'0'))),
                10 => text.push('.'),
                11 => text.push('E'),
                12 => text.push_str("E-"),
                14 => text.push('-'),
                15 => return text.parse().ok(),
                _ => return None,
            }
        }
        (text.len() < 64).then_some(())?;
    }
}

fn place(values: &Values, operator: u16) -> Option<usize> {
    let [place] = values.get(&operator)?[..] else { return None };
    usize::try_from(type2::whole(place)?).ok()
}

/// Whether all are a thousand units to the em, as matrices have it.
fn is_usual(top: &Values, parts: &[Values]) -> bool {
    let is = |values: &Values, scale: f64| {
        let expected = [scale, 0.0, 0.0, scale, 0.0, 0.0];
        values.get(&FONT_MATRIX).map(|it| it == &expected)
    };
    match is(top, 0.001) {
        // Those of the parts come on top of it.
        Some(usual) => usual && parts.iter().all(|it| is(it, 1.0) != Some(false)),
        None => parts.iter().all(|it| is(it, 0.001) != Some(false)),
    }
}

impl Cff {
    /// Nothing where it is broken, or unusual.
    pub(super) fn parse(bytes: Vec<u8>, effort: &Effort) -> Option<Self> {
        let bytes = if bytes.starts_with(b"OTTO") { table(&bytes)? } else { bytes };
        (bytes.first() == Some(&1)).then_some(())?;
        let names = Index::parse(&bytes, usize::from(*bytes.get(2)?))?;
        let tops = Index::parse(&bytes, names.end)?;
        let strings = Index::parse(&bytes, tops.end)?;
        let global = Index::parse(&bytes, strings.end)?;
        (tops.count == 1).then_some(())?;
        let top = values(tops.get(&bytes, 0)?)?;
        let of_type_2 = top.get(&CHARSTRING_TYPE).is_none_or(|it| it == &[2.0]);
        let glyphs = Index::parse(&bytes, place(&top, CHAR_STRINGS)?)?;
        let composite = top.contains_key(&ROS);
        let (parts, select) = if composite {
            let array = Index::parse(&bytes, place(&top, FD_ARRAY)?)?;
            ((1..=PARTS).contains(&array.count)).then_some(())?;
            let parts: Option<Vec<Values>> =
                (0..array.count).map(|n| values(array.get(&bytes, n)?)).collect();
            (parts?, selected(&bytes, place(&top, FD_SELECT)?, glyphs.count)?)
        } else {
            (Vec::new(), vec![(0, 0)])
        };
        (of_type_2 && is_usual(&top, &parts)).then_some(())?;
        let alone = [top];
        let owners = if composite { &parts[..] } else { &alone[..] };
        let local: Option<Vec<Index>> = owners.iter().map(|it| subroutines(&bytes, it)).collect();
        let [top] = &alone;
        let charset = charset(&bytes, top, glyphs.count)?;
        let chosen = if composite {
            Chosen::Cids(unique((1_u32..).zip(charset).map(|(glyph, cid)| (cid, glyph)), 0))
        } else {
            let standard: Vec<&str> = standard_names().collect();
            let name = |sid: u16| match usize::from(sid).checked_sub(STANDARD) {
                Some(own) => strings.get(&bytes, own),
                None => standard.get(usize::from(sid)).map(|it| it.as_bytes()),
            };
            let named = (1_u32..)
                .zip(&charset)
                .filter_map(|(glyph, sid)| Some((name(*sid)?.to_vec(), glyph)));
            let names = unique(named, b".notdef".to_vec());
            Chosen::Names { bytes: encoding(&bytes, top, &names), names }
        };
        let effort = effort.clone();
        Some(Self { global, local: local?, select, glyphs, chosen, effort, bytes })
    }

    /// What a glyph draws; nothing where that cannot be told.
    fn drawn(&self, glyph: u32) -> Option<Drawn> {
        const EM: f64 = 0.001;
        let glyph = usize::try_from(glyph).ok()?;
        let behind = self.select.partition_point(|it| it.0 <= glyph);
        let (_, part) = self.select.get(behind.checked_sub(1)?)?;
        let calls = Calls { font: self, local: self.local.get(*part)? };
        let pen = type2::draw(self.glyphs.get(&self.bytes, glyph)?, &calls, &self.effort)?;
        Some(pen.drawn(&Matrix([EM, 0.0, 0.0, EM, 0.0, 0.0])))
    }

    /// What the glyph draws that a composite font has for a CID (ISO 32000-2 §9.7.4.2).
    pub(super) fn of_cid(&self, cid: u32) -> Option<Drawn> {
        self.drawn(match &self.chosen {
            Chosen::Cids(cids) => (*cids.get(&u16::try_from(cid).ok()?)?)?,
            Chosen::Names { .. } => cid,
        })
    }

    /// What the glyph draws that a simple font has under this name, or without one for a byte.
    pub(super) fn of_byte(&self, byte: u32, name: Option<&[u8]>) -> Option<Drawn> {
        let Chosen::Names { names, bytes } = &self.chosen else { return None };
        self.drawn(match name {
            Some(name) => (*names.get(name)?)?,
            None => *bytes.as_ref()?.get(&u8::try_from(byte).ok()?)?,
        })
    }
}

struct Calls<'a> {
    font: &'a Cff,
    local: &'a Index,
}

impl Subroutines for Calls<'_> {
    fn global(&self, number: i32) -> Option<&[u8]> {
        self.font.global.biased(&self.font.bytes, number)
    }

    fn local(&self, number: i32) -> Option<&[u8]> {
        self.local.biased(&self.font.bytes, number)
    }
}

/// Nothing for what stands there twice.
fn unique<K: std::hash::Hash + Eq>(
    pairs: impl Iterator<Item = (K, u32)>,
    missing: K,
) -> HashMap<K, Option<u32>> {
    let mut all = HashMap::from([(missing, Some(0))]);
    for (key, glyph) in pairs {
        all.entry(key).and_modify(|it| *it = None).or_insert(Some(glyph));
    }
    all
}

/// The table of an OpenType font.
fn table(font: &[u8]) -> Option<Vec<u8>> {
    const OTHERS: [&[u8]; 7] = [b"glyf", b"CFF2", b"COLR", b"SVG ", b"sbix", b"CBDT", b"EBDT"];
    let mut found = None;
    for n in 0..usize::from(u16_at(font, 4)?) {
        let record = font.get(12..)?.chunks_exact(16).nth(n)?;
        let tag = record.get(..4)?;
        (!OTHERS.contains(&tag)).then_some(())?;
        if tag == b"CFF " {
            let start = usize::try_from(u32_at(record, 8)?).ok()?;
            let end = start.checked_add(usize::try_from(u32_at(record, 12)?).ok()?)?;
            found.replace(font.get(start..end)?.to_vec()).is_none().then_some(())?;
        }
    }
    found
}

fn subroutines(bytes: &[u8], owner: &Values) -> Option<Index> {
    let [size, start] = owner.get(&PRIVATE)?[..] else { return None };
    let whole = |it| usize::try_from(type2::whole(it)?).ok();
    let (size, start) = (whole(size)?, whole(start)?);
    let own: Range<usize> = start..start.checked_add(size)?;
    let private = values(bytes.get(own)?)?;
    if !private.contains_key(&SUBRS) {
        return Some(Index::default());
    }
    Index::parse(bytes, start.checked_add(place(&private, SUBRS)?)?)
}

/// The name or the CID of each glyph but the first (#5176, 13).
fn charset(bytes: &[u8], top: &Values, glyphs: usize) -> Option<Vec<u16>> {
    let wanted = glyphs.checked_sub(1)?;
    let at = if top.contains_key(&CHARSET) { place(top, CHARSET)? } else { 0 };
    let mut all = Vec::with_capacity(wanted);
    match at {
        0 => {
            (wanted <= 228).then_some(())?;
            all.extend((1..=u16::MAX).take(wanted));
            return Some(all);
        }
        // Expert ones: small capitals and old figures.
        1 | 2 => return None,
        _ => {}
    }
    let (format, mut rest) = bytes.get(at..)?.split_first()?;
    while all.len() < wanted {
        let first = u16_at(rest, 0)?;
        let (more, size) = match format {
            0 => (0, 2),
            1 => (u16::from(*rest.get(2)?), 3),
            2 => (u16_at(rest, 2)?, 4),
            _ => return None,
        };
        all.extend(first..=first.checked_add(more)?);
        rest = rest.get(size..)?;
    }
    (all.len() == wanted).then_some(all)
}

/// The standard strings of glyphs, by their number (#5176, Appendix A).
fn standard_names() -> impl Iterator<Item = &'static str> {
    include_str!("cff_names.txt").split_whitespace()
}

/// Which glyphs bytes stand for by the font itself (#5176, 12); nothing where it is unusual.
fn encoding(
    bytes: &[u8],
    top: &Values,
    names: &HashMap<Vec<u8>, Option<u32>>,
) -> Option<HashMap<u8, u32>> {
    let at = if top.contains_key(&ENCODING) { place(top, ENCODING)? } else { 0 };
    if at == 0 {
        let all = super::names::Encoding::Standard.names();
        let known = all.filter_map(|(byte, name)| Some((byte, (*names.get(name.as_bytes())?)?)));
        return Some(known.collect());
    }
    (at > 1).then_some(())?;
    let (format, rest) = bytes.get(at..)?.split_first()?;
    let (count, rest) = rest.split_first()?;
    let mut all = HashMap::new();
    let mut glyphs = 1_u32..;
    let mut add = |byte: u8| all.insert(byte, glyphs.next()?).is_none().then_some(());
    match format {
        0 => rest.get(..usize::from(*count))?.iter().try_for_each(|it| add(*it))?,
        1 => {
            for range in rest.chunks_exact(2).take(usize::from(*count)) {
                let [first, more] = range else { return None };
                (*first..=first.checked_add(*more)?).try_for_each(&mut add)?;
            }
        }
        // With what stands for a glyph besides.
        _ => return None,
    }
    Some(all)
}

/// Which parts glyphs belong to (#5176, 19).
fn selected(bytes: &[u8], at: usize, glyphs: usize) -> Option<Vec<(usize, usize)>> {
    let (format, rest) = bytes.get(at..)?.split_first()?;
    match format {
        0 => Some(rest.get(..glyphs)?.iter().map(|it| usize::from(*it)).enumerate().collect()),
        3 => {
            let count = usize::from(u16_at(rest, 0)?);
            let ranges = rest.get(2..)?.chunks_exact(3).take(count);
            let range = |it: &[u8]| Some((u16_at(it, 0)?.into(), usize::from(*it.get(2)?)));
            let all: Vec<(usize, usize)> = ranges.filter_map(range).collect();
            (all.len() == count && all.is_sorted_by(|a, b| a.0 < b.0)).then_some(all)
        }
        _ => None,
    }
}
