//! Type 1 font programs (Adobe Type 1 Font Format, 1990), as `FontFile` has them: which
//! glyphs there are, and what they draw. They are PostScript, which is not run: one that is
//! not written as such fonts are is not understood.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;

use super::effort::Effort;
use super::geometry::{Matrix, Point};
use super::names::Encoding;
use super::shape::{Drawn, Pen};
use super::type2::whole;

/// A font whose outlines can be read.
#[derive(Debug)]
pub(super) struct Type1 {
    glyphs: HashMap<Vec<u8>, Vec<u8>>,
    subroutines: HashMap<i32, Vec<u8>>,
    /// What bytes stand for without an encoding in the file.
    encoding: HashMap<u8, Vec<u8>>,
    /// How many steps charstrings may still take.
    effort: Effort,
}

impl Type1 {
    /// Nothing where it is broken, or unusual.
    pub(super) fn parse(bytes: &[u8], effort: &Effort) -> Option<Self> {
        const EXEC: &[u8] = b"eexec";
        let mut found = bytes.windows(EXEC.len()).enumerate().filter(|it| it.1 == EXEC);
        let (at, _) = found.next().filter(|_| found.next().is_none())?;
        let (clear, rest) = bytes.split_at_checked(at)?;
        let rest = rest.get(EXEC.len()..)?;
        let white = rest.iter().take_while(|it| it.is_ascii_whitespace()).count();
        let cipher = rest.get(white..)?;
        // Only one font, and none that stands there openly.
        let once = |word: &[u8]| clear.windows(word.len()).filter(|it| *it == word).count();
        (once(b"/FontMatrix") == 1 && once(b"/CharStrings") == 0).then_some(())?;
        is_usual(clear).then_some(())?;
        let private = decrypted(&binary(cipher)?, 55_665, 4)?;
        let (mut glyphs, mut subroutines) = (HashMap::new(), HashMap::new());
        for (key, code) in charstrings(&private)? {
            let twice = match key.strip_prefix(b"/") {
                Some(name) => glyphs.insert(name.to_vec(), code).is_some(),
                None => subroutines.insert(number(key)?, code).is_some(),
            };
            (!twice).then_some(())?;
        }
        let (encoding, effort) = (encoding(clear)?, effort.clone());
        Some(Self { glyphs, subroutines, encoding, effort })
    }

    /// What the glyph draws that the font has under this name, or without one for a byte;
    /// nothing where that cannot be told.
    pub(super) fn of_byte(&self, byte: u32, name: Option<&[u8]>) -> Option<Drawn> {
        const EM: f64 = 0.001;
        let own = || self.encoding.get(&u8::try_from(byte).ok()?).map(Vec::as_slice);
        let charstring = self.glyphs.get(name.or_else(own)?)?;
        let mut machine = Machine { font: self, ..Machine::new(self) };
        let accented = machine.run(charstring)?;
        if let Some([beside, x, y, base, accent]) = accented {
            // The letter first, then the accent, each by its code.
            let standard = |code: f64| {
                let code = whole(code)?;
                let mut names = Encoding::Standard.names();
                let (_, name) = names.find(|it| i32::from(it.0) == code)?;
                self.glyphs.get(name.as_bytes())
            };
            let left = machine.left;
            machine.restart((0.0, 0.0));
            machine.run(standard(base)?)?.is_none().then_some(())?;
            machine.restart((left + x - beside, y));
            machine.run(standard(accent)?)?.is_none().then_some(())?;
        }
        Some(machine.pen.drawn(&Matrix([EM, 0.0, 0.0, EM, 0.0, 0.0])))
    }
}

fn without_comments(clear: &[u8]) -> Vec<u8> {
    let lines = clear.split(|it| matches!(it, b'\n' | b'\r'));
    let own = lines.filter_map(|line| line.split(|it| *it == b'%').next());
    own.collect::<Vec<_>>().join(&b'\n')
}

/// Whether it is a thousand units to the em.
fn is_usual(clear: &[u8]) -> bool {
    let clear = without_comments(clear);
    let words: Vec<&[u8]> = words(&clear).collect();
    let Some(at) = words.iter().position(|it| *it == b"/FontMatrix") else { return false };
    let Some([_, open, numbers @ .., close]) = words.get(at..at.saturating_add(9)) else {
        return false;
    };
    let numbers: Vec<Option<f64>> =
        numbers.iter().map(|it| std::str::from_utf8(it).ok()?.parse().ok()).collect();
    let usual = [0.001, 0.0, 0.0, 0.001, 0.0, 0.0].map(Some);
    matches!((*open, *close), (b"[", b"]") | (b"{", b"}")) && numbers == usual
}

/// What is encrypted, in hexadecimal digits or not (7.2).
fn binary(cipher: &[u8]) -> Option<Vec<u8>> {
    if !cipher.get(..4)?.iter().all(u8::is_ascii_hexdigit) {
        return Some(cipher.to_vec());
    }
    let digits = cipher.iter().filter(|it| !it.is_ascii_whitespace());
    let digits: Vec<u8> = digits
        .map_while(|it| char::from(*it).to_digit(16).and_then(|it| u8::try_from(it).ok()))
        .collect();
    Some(digits.chunks_exact(2).map(|it| it.iter().fold(0, |sum, one| sum << 4 | one)).collect())
}

/// Without the first bytes, which are there for nothing (7.1).
fn decrypted(cipher: &[u8], mut key: u16, more: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(cipher.len());
    for byte in cipher {
        let [high, _] = key.to_be_bytes();
        plain.push(byte ^ high);
        key = u16::from(*byte).wrapping_add(key).wrapping_mul(52_845).wrapping_add(22_719);
    }
    plain.drain(..more.min(plain.len()));
    (cipher.len() >= more).then_some(plain)
}

/// Names, numbers, brackets and what else stands between white space.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || word(&mut rest))
}

fn word<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let white = rest.iter().take_while(|it| is_white(**it)).count();
    *rest = rest.get(white..)?;
    let first = *rest.first()?;
    let alone = matches!(first, b'[' | b']' | b'{' | b'}');
    let ends = |it: &&u8| is_white(**it) || matches!(**it, b'[' | b']' | b'{' | b'}' | b'/');
    let more =
        rest.iter().skip(1).position(|it| ends(&it)).map_or(rest.len(), |it| it.saturating_add(1));
    let (word, behind) = rest.split_at_checked(if alone { 1 } else { more })?;
    *rest = behind;
    Some(word)
}

fn is_white(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0
}

fn number(word: &[u8]) -> Option<i32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Names or numbers, and the charstrings behind them: `/A 120 RD`, a space, and so many
/// bytes (2.4).
fn charstrings(private: &[u8]) -> Option<Vec<(&[u8], Vec<u8>)>> {
    let (mut rest, mut all, mut skipped) = (private, Vec::new(), 4);
    let (mut last, mut glyphs): ([&[u8]; 2], bool) = ([b"", b""], false);
    while let Some(next) = word(&mut rest).filter(|it| *it != b"closefile") {
        // Comments, which are read over.
        (!next.contains(&b'%')).then_some(())?;
        match (next, last) {
            (b"/CharStrings", _) => (!std::mem::replace(&mut glyphs, true)).then_some(())?,
            (_, [_, b"/lenIV"]) => skipped = usize::try_from(number(next)?).ok()?,
            (b"RD" | b"-|", [key, length]) if number(length).is_some() => {
                (glyphs == key.starts_with(b"/")).then_some(())?;
                let length = usize::try_from(number(length)?).ok()?;
                let (code, behind) = rest.get(1..)?.split_at_checked(length)?;
                all.push((key, decrypted(code, 4_330, skipped)?));
                rest = behind;
            }
            _ => {}
        }
        last = [last[1], next];
    }
    Some(all)
}

/// `dup 65 /A put`, or the standard one (2.2).
fn encoding(clear: &[u8]) -> Option<HashMap<u8, Vec<u8>>> {
    let clear = without_comments(clear);
    let words: Vec<&[u8]> = words(&clear).collect();
    let mut found = words.iter().enumerate().filter(|it| *it.1 == b"/Encoding");
    let Some((at, _)) = found.next() else { return Some(HashMap::new()) };
    found.next().is_none().then_some(())?;
    if words.get(at.saturating_add(1)) == Some(&&b"StandardEncoding"[..]) {
        let names = Encoding::Standard.names();
        return Some(names.map(|(byte, name)| (byte, name.as_bytes().to_vec())).collect());
    }
    let mut all = HashMap::new();
    for four in words.windows(4).skip(at) {
        let [b"dup", code, name, b"put"] = four else { continue };
        let (code, name) = (u8::try_from(number(code)?).ok()?, name.strip_prefix(b"/")?);
        all.insert(code, name.to_vec()).is_none().then_some(())?;
    }
    Some(all)
}

/// Runs charstrings (6).
struct Machine<'f> {
    font: &'f Type1,
    pen: Pen,
    stack: Vec<f64>,
    /// What PostScript would have on its own stack.
    handed: Vec<f64>,
    at: Point,
    left: f64,
    origin: Point,
    /// The points of a flat curve that were gone through, the first of which is none.
    flex: Option<usize>,
}

/// Calls within calls, and numbers on the stack (6.1).
const DEPTH: usize = 10;
const STACK: usize = 24;
/// Operators of two bytes, the first of which is this.
const ESCAPE: u8 = 12;

enum Step<'a> {
    Goes,
    Ends,
    Returns,
    Calls(&'a [u8]),
    Accented([f64; 5]),
}

impl<'f> Machine<'f> {
    fn new(font: &'f Type1) -> Self {
        Self {
            font,
            pen: Pen::default(),
            stack: Vec::new(),
            handed: Vec::new(),
            at: (0.0, 0.0),
            left: 0.0,
            origin: (0.0, 0.0),
            flex: None,
        }
    }

    /// For another charstring, from another place.
    fn restart(&mut self, origin: Point) {
        self.stack.clear();
        self.handed.clear();
        (self.at, self.left, self.origin, self.flex) = (origin, 0.0, origin, None);
    }

    /// From beginning to end; what it is put together from, where it is.
    fn run(&mut self, charstring: &'f [u8]) -> Option<Option<[f64; 5]>> {
        let mut calls = vec![charstring];
        while let Some(code) = calls.last_mut() {
            self.font.effort.spend(1)?;
            let (first, rest) = code.split_first()?;
            *code = rest;
            if *first >= 32 {
                let number = operand(*first, code)?;
                (self.stack.len() < STACK).then(|| self.stack.push(number))?;
                continue;
            }
            let step = if *first == ESCAPE {
                let (second, rest) = code.split_first()?;
                *code = rest;
                self.escaped(*second)?
            } else {
                self.execute(*first)?
            };
            match step {
                Step::Goes => {}
                Step::Ends => return Some(None),
                Step::Accented(how) => return Some(Some(how)),
                Step::Returns => drop(calls.pop()),
                Step::Calls(called) => {
                    (calls.len() <= DEPTH).then_some(())?;
                    calls.push(called);
                }
            }
        }
        None
    }

    fn to(&mut self, x: f64, y: f64) {
        self.at = (self.at.0 + x, self.at.1 + y);
        self.pen.add(self.at);
    }

    fn curve(&mut self, [a, b, c, d, e, f]: [f64; 6]) {
        self.to(a, b);
        self.to(c, d);
        self.to(e, f);
    }

    fn move_by(&mut self, x: f64, y: f64) {
        self.at = (self.at.0 + x, self.at.1 + y);
        match &mut self.flex {
            None => self.pen.move_to(self.at),
            // What the others are told by.
            Some(0) => {}
            Some(_) => self.pen.add(self.at),
        }
        self.flex = self.flex.map(|it| it.saturating_add(1));
    }

    fn begin(&mut self, x: f64, y: f64) {
        self.left = x;
        self.at = (self.origin.0 + x, self.origin.1 + y);
        self.pen.move_to(self.at);
    }

    fn execute(&mut self, operator: u8) -> Option<Step<'f>> {
        if operator == 10 {
            let number = whole(self.stack.pop()?)?;
            return Some(Step::Calls(self.font.subroutines.get(&number)?));
        }
        if operator == 11 {
            return Some(Step::Returns);
        }
        let numbers = std::mem::take(&mut self.stack);
        match (operator, &numbers[..]) {
            // Hints.
            (1 | 3, [_, _]) => {}
            (4, [y]) => self.move_by(0.0, *y),
            (5, [x, y]) => self.to(*x, *y),
            (6, [x]) => self.to(*x, 0.0),
            (7, [y]) => self.to(0.0, *y),
            (8, [a, b, c, d, e, f]) => self.curve([*a, *b, *c, *d, *e, *f]),
            (9, []) => self.pen.move_to(self.at),
            (13, [left, _]) => self.begin(*left, 0.0),
            (14, []) => return Some(Step::Ends),
            (21, [x, y]) => self.move_by(*x, *y),
            (22, [x]) => self.move_by(*x, 0.0),
            (30, [a, b, c, d]) => self.curve([0.0, *a, *b, *c, *d, 0.0]),
            (31, [a, b, c, d]) => self.curve([*a, 0.0, *b, *c, 0.0, *d]),
            _ => return None,
        }
        Some(Step::Goes)
    }

    fn escaped(&mut self, operator: u8) -> Option<Step<'f>> {
        match operator {
            12 => {
                let (by, number) = (self.stack.pop()?, self.stack.pop()?);
                self.stack.push(number / by);
                return Some(Step::Goes);
            }
            16 => return self.call_other().map(|()| Step::Goes),
            17 => {
                self.stack.push(self.handed.pop()?);
                return Some(Step::Goes);
            }
            _ => {}
        }
        let numbers = std::mem::take(&mut self.stack);
        match (operator, &numbers[..]) {
            // Hints.
            (0, []) | (1 | 2, [_, _, _, _, _, _]) => {}
            (6, all) => return Some(Step::Accented(all.try_into().ok()?)),
            (7, [left, below, _, _]) => self.begin(*left, *below),
            // Where the pen is already.
            (33, [x, y]) => (self.at == (self.origin.0 + x, self.origin.1 + y)).then_some(())?,
            _ => return None,
        }
        Some(Step::Goes)
    }

    /// The procedures that every font has: flat curves, and hints that change (8).
    fn call_other(&mut self) -> Option<()> {
        let number = whole(self.stack.pop()?)?;
        let count = usize::try_from(whole(self.stack.pop()?)?).ok()?;
        let arguments = self.stack.split_off(self.stack.len().checked_sub(count)?);
        match (number, &arguments[..]) {
            (0, [_, x, y]) => {
                (self.flex.take() == Some(7)).then_some(())?;
                self.handed = vec![*y, *x];
            }
            (1, []) => self.flex.replace(0).is_none().then_some(())?,
            (2, []) => self.flex.is_some().then_some(())?,
            (3, [subroutine]) => self.handed = vec![*subroutine],
            _ => return None,
        }
        Some(())
    }
}

fn operand(first: u8, code: &mut &[u8]) -> Option<f64> {
    let mut take = |count: usize| {
        let (taken, rest) = code.split_at_checked(count)?;
        *code = rest;
        Some(taken)
    };
    Some(match first {
        0..=246 => f64::from(first) - 139.0,
        247..=250 => (f64::from(first) - 247.0) * 256.0 + f64::from(*take(1)?.first()?) + 108.0,
        251..=254 => -(f64::from(first) - 251.0) * 256.0 - f64::from(*take(1)?.first()?) - 108.0,
        255 => i32::from_be_bytes(*take(4)?.first_chunk()?).into(),
    })
}
