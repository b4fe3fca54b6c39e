//! The outlines of TrueType fonts that stand in the file (OpenType `glyf`, `loca`): how far
//! each glyph reaches. What their instructions do to them is not looked at.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::OnceCell;
use std::ops::Range;

use super::characters::{Characters, Names};
use super::effort::Effort;
use super::geometry::Matrix;
use super::shape::{Drawn, Pen, Reach};

/// A font whose outlines can be read.
#[derive(Debug)]
pub(super) struct TrueType {
    bytes: Vec<u8>,
    loca: Range<usize>,
    glyf: Range<usize>,
    /// Whether places take four bytes.
    long: bool,
    per_em: f64,
    glyphs: u32,
    /// Where glyphs begin, and how many of them have a width of their own (`hmtx`).
    metrics: Option<(Range<usize>, usize)>,
    /// How many points may still be looked at; a glyph within another counts as one, too.
    effort: Effort,
    characters: Option<Characters>,
    /// The names of its glyphs; nothing where they are not understood.
    names: Option<Names>,
    /// How far any glyph reaches.
    all: OnceCell<Option<Drawn>>,
}

/// A glyph within another.
struct Component {
    glyph: u32,
    matrix: Matrix,
    depth: usize,
}

/// Glyphs within one, one within the other or beside it. Vietnamese letters have three.
const COMPONENTS: usize = 64;
const DEPTH: usize = 6;

impl TrueType {
    /// Nothing where the outlines are not those of `glyf`, or not of these alone.
    pub(super) fn parse(bytes: Vec<u8>, effort: &Effort) -> Option<Self> {
        const OTHERS: [&[u8]; 7] = [b"CFF ", b"CFF2", b"COLR", b"SVG ", b"sbix", b"CBDT", b"EBDT"];
        let version = bytes.get(..4)?;
        (version == [0, 1, 0, 0] || version == b"true").then_some(())?;
        let (mut head, mut maxp, mut loca, mut glyf) = (None, None, None, None);
        let (mut cmap, mut hhea, mut hmtx, mut post) = (None, None, None, None);
        for n in 0..usize::from(u16_at(&bytes, 4)?) {
            let record = bytes.get(12..)?.chunks_exact(16).nth(n)?;
            let tag = record.get(..4)?;
            let start = usize::try_from(u32_at(record, 8)?).ok()?;
            let end = start.checked_add(usize::try_from(u32_at(record, 12)?).ok()?)?;
            let range = start..end.min(bytes.len());
            (!OTHERS.contains(&tag)).then_some(())?;
            let table = match tag {
                b"head" => &mut head,
                b"maxp" => &mut maxp,
                b"loca" => &mut loca,
                b"glyf" => &mut glyf,
                b"cmap" => &mut cmap,
                b"hhea" => &mut hhea,
                b"hmtx" => &mut hmtx,
                b"post" => &mut post,
                _ => continue,
            };
            table.replace(range).is_none().then_some(())?;
        }
        let head = bytes.get(head?)?;
        let per_em = f64::from(u16_at(head, 18)?);
        let long = match u16_at(head, 50)? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let glyphs = u16_at(bytes.get(maxp?)?, 4)?.into();
        (per_em > 0.0).then_some(())?;
        let (loca, glyf, effort) = (loca?, glyf?, effort.clone());
        let characters = cmap.map(|it| Characters::parse(bytes.get(it)?));
        let characters = characters.map_or(Some(Characters::default()), |it| it);
        let names = post.map_or(Some(Names::default()), |it| Names::parse(bytes.get(it)?));
        let all = OnceCell::new();
        let wide = hhea.map_or(Some(0), |it| u16_at(bytes.get(it)?, 34))?;
        let metrics = hmtx.map(|it| (it, usize::from(wide)));
        Some(Self {
            bytes,
            loca,
            glyf,
            long,
            per_em,
            glyphs,
            metrics,
            effort,
            characters,
            names,
            all,
        })
    }

    /// What a glyph draws; nothing where that cannot be told.
    pub(super) fn drawn(&self, glyph: u32) -> Option<Drawn> {
        let mut open = vec![Component { glyph, matrix: Matrix::IDENTITY, depth: 0 }];
        let (mut seen, mut pen, mut shifts) = (0_usize, Pen::default(), vec![0.0]);
        while let Some(component) = open.pop() {
            seen = seen.saturating_add(1);
            (seen <= COMPONENTS && component.depth <= DEPTH).then_some(())?;
            self.effort.spend(1)?;
            let data = self.data(component.glyph)?;
            if data.is_empty() {
                continue;
            }
            let mut data = Data { bytes: data };
            let (contours, left) = (data.i16()?, data.i16()?);
            data.take(6)?;
            shifts.extend(self.bearing(component.glyph).map(|it| it - f64::from(left)));
            if let Ok(contours) = usize::try_from(contours) {
                self.simple(&mut data, contours, &component.matrix, &mut pen)?;
            } else {
                open.extend(components(&mut data, &component)?);
            }
        }
        let em = Matrix([1.0 / self.per_em, 0.0, 0.0, 1.0 / self.per_em, 0.0, 0.0]);
        let mut drawn = pen.drawn(&em);
        if let Reach::Within(reach) = &mut drawn.reach {
            let own = *reach;
            let moved = shifts.iter().map(|by| Matrix::translation(*by / self.per_em, 0.0));
            *reach = moved.fold(own, |all, by| all.union(&by.bounds(&own)));
        }
        Some(drawn)
    }

    /// Where readers let a glyph begin, wherever its points are (OpenType `hmtx`). One within
    /// another may give it its own.
    fn bearing(&self, glyph: u32) -> Option<f64> {
        let (place, wide) = self.metrics.as_ref()?;
        let (metrics, glyph) = (self.bytes.get(place.clone())?, usize::try_from(glyph).ok()?);
        let at = match glyph.checked_sub(*wide) {
            None => glyph.checked_mul(4)?.checked_add(2)?,
            Some(behind) => wide.checked_mul(4)?.checked_add(behind.checked_mul(2)?)?,
        };
        let bearing = u16_at(metrics, at).unwrap_or_default();
        Some(f64::from(i16::from_be_bytes(bearing.to_be_bytes())))
    }

    /// What those glyphs draw that a reader may take for a byte of a simple font, which has
    /// this name for it.
    pub(super) fn of_byte(
        &self,
        byte: u32,
        name: Option<&[u8]>,
        character: Option<char>,
    ) -> Option<Drawn> {
        let mut glyphs = self.characters.as_ref().map(|it| it.glyphs(byte, character));
        if let Some(name) = name {
            // Readers look for it among the names that the font has, too.
            let named = self.names.as_ref().map(|it| it.glyphs(name, character));
            glyphs =
                glyphs.zip(named.filter(|_| character.is_some())).map(|(a, b)| [a, b].concat());
        }
        match glyphs {
            Some(glyphs) if !glyphs.is_empty() => self.any_of(glyphs.into_iter()),
            // The one for what is missing, or whatever readers make of an unknown name.
            _ => self.all.get_or_init(|| self.any_of(0..self.glyphs)).clone(),
        }
    }

    fn any_of(&self, mut glyphs: impl Iterator<Item = u32>) -> Option<Drawn> {
        let first = self.drawn(glyphs.next()?)?;
        glyphs.try_fold(first, |all, glyph| Some(all.or(&self.drawn(glyph)?)))
    }

    fn data(&self, glyph: u32) -> Option<&[u8]> {
        (glyph < self.glyphs).then_some(())?;
        let (loca, at) = (self.bytes.get(self.loca.clone())?, usize::try_from(glyph).ok()?);
        let place = |at: usize| -> Option<usize> {
            if self.long {
                usize::try_from(u32_at(loca, at.checked_mul(4)?)?).ok()
            } else {
                usize::from(u16_at(loca, at.checked_mul(2)?)?).checked_mul(2)
            }
        };
        let glyf = self.bytes.get(self.glyf.clone())?;
        glyf.get(place(at)?..place(at.checked_add(1)?)?)
    }

    /// Through all points, those of control among them; curves stay between them.
    fn simple(
        &self,
        data: &mut Data<'_>,
        contours: usize,
        matrix: &Matrix,
        pen: &mut Pen,
    ) -> Option<()> {
        let mut ends = Vec::new();
        for _ in 0..contours {
            ends.push(usize::from(data.u16()?).checked_add(1)?);
        }
        let count = ends.last().copied().unwrap_or_default();
        ends.is_sorted().then_some(())?;
        self.effort.spend(count)?;
        let instructions = data.u16()?;
        data.take(instructions.into())?;
        let flags = flags(data, count)?;
        let xs = coordinates(data, &flags, 0x02, 0x10)?;
        let ys = coordinates(data, &flags, 0x04, 0x20)?;
        let mut begins = std::iter::once(0).chain(ends).peekable();
        for (n, point) in xs.into_iter().zip(ys).enumerate() {
            let point = matrix.apply(point);
            if begins.next_if(|it| *it == n).is_some() {
                pen.move_to(point);
            } else {
                pen.add(point);
                continue;
            }
            // One alone is seen by some readers.
            pen.add(point);
        }
        Some(())
    }
}

fn flags(data: &mut Data<'_>, count: usize) -> Option<Vec<u8>> {
    const REPEATED: u8 = 0x08;
    let mut flags = Vec::with_capacity(count);
    while flags.len() < count {
        let flag = data.u8()?;
        let times =
            if flag & REPEATED == 0 { 1 } else { usize::from(data.u8()?).saturating_add(1) };
        flags.extend(std::iter::repeat_n(flag, times.min(count.saturating_sub(flags.len()))));
    }
    Some(flags)
}

/// `short`: one byte; `same`: of one byte, it is positive, otherwise as before.
fn coordinates(data: &mut Data<'_>, flags: &[u8], short: u8, same: u8) -> Option<Vec<f64>> {
    let mut at = 0.0;
    let one = |flag: &u8| {
        at += match (flag & short != 0, flag & same != 0) {
            (true, true) => f64::from(data.u8()?),
            (true, false) => -f64::from(data.u8()?),
            (false, true) => 0.0,
            (false, false) => f64::from(data.i16()?),
        };
        Some(at)
    };
    flags.iter().map(one).collect()
}

/// The glyphs that a glyph is put together from.
fn components(data: &mut Data<'_>, whole: &Component) -> Option<Vec<Component>> {
    const WORDS: u16 = 0x01;
    const OFFSETS: u16 = 0x02;
    const SCALE: u16 = 0x08;
    const MORE: u16 = 0x20;
    const TWO_SCALES: u16 = 0x40;
    const TWO_BY_TWO: u16 = 0x80;
    const SCALED_OFFSET: u16 = 0x800;
    let mut all = Vec::new();
    loop {
        let (flags, glyph) = (data.u16()?, u32::from(data.u16()?));
        let is = |flag: u16| flags & flag != 0;
        // By points that meet, or by offsets in which readers differ.
        (is(OFFSETS) && !is(SCALED_OFFSET) && all.len() < COMPONENTS).then_some(())?;
        let (x, y) = if is(WORDS) {
            (f64::from(data.i16()?), f64::from(data.i16()?))
        } else {
            (f64::from(data.i8()?), f64::from(data.i8()?))
        };
        let [a, b, c, d] = if is(TWO_BY_TWO) {
            [data.scale()?, data.scale()?, data.scale()?, data.scale()?]
        } else if is(TWO_SCALES) {
            [data.scale()?, 0.0, 0.0, data.scale()?]
        } else if is(SCALE) {
            let scale = data.scale()?;
            [scale, 0.0, 0.0, scale]
        } else {
            [1.0, 0.0, 0.0, 1.0]
        };
        let matrix = Matrix([a, b, c, d, x, y]).then(&whole.matrix);
        all.push(Component { glyph, matrix, depth: whole.depth.saturating_add(1) });
        if !is(MORE) {
            return Some(all);
        }
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let [high, low] = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes([*high, *low]))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|it| u32::from_be_bytes(*it))
}

/// What is still to be read of a glyph.
struct Data<'a> {
    bytes: &'a [u8],
}

impl<'a> Data<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn i8(&mut self) -> Option<i8> {
        self.u8().map(|it| i8::from_be_bytes([it]))
    }

    fn u16(&mut self) -> Option<u16> {
        u16_at(self.take(2)?, 0)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take(2)?.first_chunk().map(|it| i16::from_be_bytes(*it))
    }

    /// 2.14 fixed.
    fn scale(&mut self) -> Option<f64> {
        self.i16().map(|it| f64::from(it) / 16_384.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::pdf::content::Rect;
    use crate::encoding::pdf::content::samples::true_type;

    #[test]
    fn glyphs_reach_as_far_as_their_points() {
        let font = TrueType::parse(true_type(), &Effort::default()).unwrap();
        let reach = |glyph| font.drawn(glyph).map(|it| it.reach);
        let within = |glyph: Option<Reach>, left, bottom, right, top| {
            let expected = Rect { left, bottom, right, top };
            let Some(Reach::Within(found)) = glyph else { panic!("a place: {glyph:?}") };
            assert!(found.grown(1e-9).holds(&expected), "{found:?}");
            assert!(expected.grown(1e-9).holds(&found), "{found:?}");
        };
        // What the glyphs themselves say of it, nothing at all, does not count.
        assert_eq!(reach(0), Some(Reach::Nothing));
        within(reach(1), 0.1, -0.2, 0.5, 0.7);
        // Twice, the second time at half the size, up and to the right.
        within(reach(2), 0.1, -0.2, 0.65, 1.15);
        // Which glyph this byte stands for is not told: any.
        let any = font.of_byte(65, Some(b"A"), Some('A'));
        within(any.map(|it| it.reach), 0.1, -0.2, 0.65, 1.15);
        assert_eq!(reach(3), None);
    }

    #[test]
    fn what_is_no_outline_is_not_told() {
        let bytes = true_type();
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 0xff;
            for font in
                [bent, bytes[..at].to_vec()].map(|it| TrueType::parse(it, &Effort::default()))
            {
                let _ = font.map(|it| (it.of_byte(65, Some(b"A"), None), it.drawn(2)));
            }
        }
        let mut other = bytes.clone();
        let at = bytes.windows(4).position(|it| it == b"post").unwrap();
        other[at..at + 4].copy_from_slice(b"CFF ");
        assert!(TrueType::parse(other, &Effort::default()).is_none());
        // A glyph that is put together from itself.
        let mut itself = bytes;
        let at = itself.windows(4).rposition(|it| it == [0, 0x2a, 0, 1]).unwrap();
        itself[at + 3] = 2;
        assert_eq!(TrueType::parse(itself, &Effort::default()).unwrap().drawn(2), None);
    }
}
