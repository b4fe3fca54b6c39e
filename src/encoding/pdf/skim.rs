//! Looking through objects without making anything of them, for those who only ask what
//! they name. Whatever is out of the ordinary is left to the [lexer](super::lexer): this
//! says nothing of an object that the other would read otherwise, or not at all.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::lexer::{hex_digit, is_regular, is_white};
use super::object::Reference;
use crate::limits::Limits;

/// What is told of an object. Each answers whether to go on; else it is left to the lexer.
pub(crate) trait Skimmed {
    /// A reference, with the key whose value it is by itself.
    fn reference(&mut self, number: u32, key: Option<&[u8]>) -> bool;

    /// A name that is a value.
    fn name(&mut self, name: &[u8]) -> bool;

    /// What was told of the object was not all, and is told again.
    fn forget(&mut self);
}

/// Walks over the bytes of one object. Each step gives nothing where it cannot be sure.
pub(super) struct Skim<'a> {
    rest: &'a [u8],
    /// Whether more bytes would have told more.
    starved: bool,
    /// How many arrays and dictionaries may nest.
    depth: u32,
}

/// Which of the nested things is a dictionary, the innermost in the lowest bit.
#[derive(Default)]
struct Nesting {
    kinds: u64,
    depth: u32,
}

impl Nesting {
    fn push(&mut self, dictionary: bool, most: u32) -> Option<()> {
        self.kinds = self.kinds << 1 | u64::from(dictionary);
        self.depth = self.depth.checked_add(1).filter(|it| *it <= most.min(u64::BITS))?;
        Some(())
    }

    fn pop(&mut self) {
        self.kinds >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn in_dictionary(&self) -> bool {
        self.kinds & 1 == 1
    }
}

const WHITE: u8 = 1;
const DIGIT: u8 = 2;
/// Of a number with a sign or a point, too.
const NUMBER: u8 = 4;
const HEXADECIMAL: u8 = 8;
/// Of a name that stands as it is meant.
const NAME: u8 = 16;
const REGULAR: u8 = 32;

fn class(byte: u8) -> u8 {
    const CLASSES: [u8; 256] = classes();
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let digit = byte.is_ascii_digit();
        let number = digit || matches!(byte, b'+' | b'-' | b'.');
        let regular = is_regular(byte);
        let white = if is_white(byte) { WHITE | HEXADECIMAL } else { 0 };
        #[allow(clippy::indexing_slicing)]
        let class = &mut classes[byte as usize];
        *class = white
            | if digit { DIGIT } else { 0 }
            | if number { NUMBER } else { 0 }
            | if hex_digit(byte).is_some() { HEXADECIMAL } else { 0 }
            | if regular && byte != b'#' { NAME } else { 0 }
            | if regular { REGULAR } else { 0 };
        if byte == u8::MAX {
            return classes;
        }
        byte = byte.wrapping_add(1);
    }
}

impl<'a> Skim<'a> {
    /// `bytes` may hold as many values as there are bytes.
    pub(super) fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        let depth = match bytes.len() <= limits.pdf_object_values {
            true => limits.pdf_depth,
            false => 0,
        };
        Self { rest: bytes, starved: false, depth: u32::try_from(depth).unwrap_or(u32::MAX) }
    }

    pub(super) fn starved(&self) -> bool {
        self.starved
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// An object by itself in the file, up to the data of a stream.
    pub(super) fn indirect(&mut self, own: Reference, said: &mut impl Skimmed) -> Option<()> {
        self.white()?;
        let number = self.unsigned(10)?;
        self.white()?;
        let generation = self.unsigned(5)?;
        self.white()?;
        (self.take(3)? == b"obj").then_some(())?;
        let expected = (u64::from(own.number), u64::from(own.generation));
        ((number, generation) == expected).then_some(())?;
        self.object(said)?;
        self.white()?;
        if self.rest.starts_with(b"stream") {
            self.take(6)?;
            matches!(self.peek()?, b'\r' | b'\n').then_some(())?;
        }
        // The lexer would look on for more of the word.
        self.starved |= self.rest.len() < 6;
        (!self.starved).then_some(())
    }

    /// The object that stands next.
    pub(super) fn object(&mut self, said: &mut impl Skimmed) -> Option<()> {
        let (mut open, mut key) = (Nesting::default(), None);
        loop {
            self.value(&mut open, key, said)?;
            loop {
                if open.depth == 0 {
                    return Some(());
                }
                self.white()?;
                if open.in_dictionary() {
                    match self.next()? {
                        b'/' => {
                            key = Some(self.name()?);
                            break;
                        }
                        b'>' if self.next()? == b'>' => open.pop(),
                        _ => return None,
                    }
                } else {
                    key = None;
                    if self.peek()? != b']' {
                        break;
                    }
                    self.next()?;
                    open.pop();
                }
            }
        }
    }

    /// One that does not nest, or the beginning of one that does.
    fn value(
        &mut self,
        open: &mut Nesting,
        key: Option<&[u8]>,
        said: &mut impl Skimmed,
    ) -> Option<()> {
        self.white()?;
        match self.peek()? {
            b'/' => {
                self.next()?;
                said.name(self.name()?).then_some(())
            }
            b'0'..=b'9' => self.number(key, said),
            b'(' => self.literal_string(),
            b'[' => {
                self.next()?;
                open.push(false, self.depth)
            }
            b'<' => {
                self.next()?;
                if self.peek()? != b'<' {
                    self.run(HEXADECIMAL)?;
                    return (self.next()? == b'>').then_some(());
                }
                self.next()?;
                open.push(true, self.depth)
            }
            b'+' | b'-' | b'.' => self.run(NUMBER)?.iter().any(u8::is_ascii_digit).then_some(()),
            _ => {
                let word = self.run(REGULAR)?;
                matches!(word, b"true" | b"false" | b"null").then_some(())
            }
        }
    }

    /// A number or a reference.
    fn number(&mut self, key: Option<&[u8]>, said: &mut impl Skimmed) -> Option<()> {
        const LONGEST: usize = 10;
        let digits = self.run(DIGIT)?;
        if class(self.peek()?) & NUMBER != 0 {
            self.run(NUMBER)?;
            return Some(());
        }
        let Ok(number) = u32::try_from(value(digits, LONGEST)?) else { return Some(()) };
        let back = self.rest;
        match self.is_reference()? {
            true => said.reference(number, key).then_some(()),
            false => {
                self.rest = back;
                Some(())
            }
        }
    }

    /// Whether a generation and `R` follow.
    fn is_reference(&mut self) -> Option<bool> {
        if self.white()? == 0 || class(self.peek()?) & DIGIT == 0 {
            return Some(false);
        }
        let digits = self.run(DIGIT)?;
        // Zeros before it do not make it larger.
        let generation = match value(digits, 5) {
            None if digits.first() == Some(&b'0') => return None,
            generation => generation.unwrap_or(u64::MAX),
        };
        if generation > u64::from(u16::MAX) || self.white()? == 0 {
            return Some(false);
        }
        Some(self.next()? == b'R' && class(self.peek()?) & REGULAR == 0)
    }

    fn literal_string(&mut self) -> Option<()> {
        let mut open = 0_usize;
        let mut bytes = self.rest.iter();
        loop {
            let Some(byte) = bytes.next() else {
                self.starved = true;
                return None;
            };
            match byte {
                // What is escaped is no end.
                b'\\' => drop(bytes.next()),
                b'(' => open = open.saturating_add(1),
                b')' if open <= 1 => break,
                b')' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        self.rest = bytes.as_slice();
        Some(())
    }

    /// A name without its solidus.
    fn name(&mut self) -> Option<&'a [u8]> {
        let name = self.run(NAME)?;
        (self.peek()? != b'#').then_some(name)
    }

    fn unsigned(&mut self, longest: usize) -> Option<u64> {
        let digits = self.run(DIGIT)?;
        (!digits.is_empty()).then_some(())?;
        value(digits, longest)
    }

    /// How much white space there was.
    fn white(&mut self) -> Option<usize> {
        let white = self.run(WHITE)?.len();
        // Comments are the lexer's.
        (self.peek()? != b'%').then_some(white)
    }

    fn peek(&mut self) -> Option<u8> {
        let first = self.rest.first().copied();
        self.starved |= first.is_none();
        first
    }

    fn next(&mut self) -> Option<u8> {
        let first = self.peek()?;
        self.take(1)?;
        Some(first)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            self.starved = true;
            return None;
        };
        self.rest = rest;
        Some(taken)
    }

    /// All that follows of some classes, behind which there is something else.
    fn run(&mut self, classes: u8) -> Option<&'a [u8]> {
        let count = self.rest.iter().position(|it| class(*it) & classes == 0);
        self.starved |= count.is_none();
        self.take(count?)
    }
}

/// Nothing where there are so many digits that the number may be too large.
fn value(digits: &[u8], longest: usize) -> Option<u64> {
    let digit = |byte: &u8| u64::from(byte.wrapping_sub(b'0'));
    let number = digits.iter().fold(0_u64, |sum, it| sum.wrapping_mul(10).wrapping_add(digit(it)));
    (digits.len() <= longest).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::pdf::exhaust::assert_skimmed;
    use crate::encoding::pdf::reader::Reader;
    use crate::encoding::pdf::sample;

    /// How many of these objects can be looked through, which has to say what reading says.
    fn skimmed(bodies: &[Vec<u8>]) -> usize {
        let mut pdf = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n".to_vec();
        let mut rows = String::from("0000000000 65535 f \n0000000009 00000 n \n");
        for (n, body) in bodies.iter().enumerate() {
            rows += &format!("{:010} 00000 n \n", pdf.len());
            let object =
                [format!("{} 0 obj ", n.saturating_add(2)).as_bytes(), body, b" endobj\n"].concat();
            pdf.extend(object);
        }
        let (size, at) = (bodies.len().saturating_add(2), pdf.len());
        let tail = format!(
            "xref\n0 {size}\n{rows}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n"
        );
        pdf.extend(tail.as_bytes());
        let (source, limits) = (&pdf[..], Limits::default());
        let reader = Reader::open(&source, &limits).unwrap();
        let view = reader.newest();
        let others = view.objects().filter(|it| it.0 > 1);
        others.filter(|(number, location)| assert_skimmed(view, *number, *location)).count()
    }

    const ORDINARY: [&[u8]; 9] = [
        b"<</Type/Page/Parent 2 0 R/Kids[3 0 R 4 0 R]/Length 12>>\nstream\nq",
        b"[1 2 3 4 0 R 5 6.5 -1 +.5 70000 99999 4294967296 0]",
        b"<</A(a(b)\\)\\\\)/B<00 fF>/C null/D true/E false/F<</G 7 0 R>>/H[[8 0 R]/I]>>",
        b"12 0 R",
        b"/Name",
        b"(x)",
        b"12",
        b"null",
        b"<< /K [ 1 << /P 9 0 R /P 9 0 R >> ] /L 3 0\nR >>",
    ];

    #[test]
    fn ordinary_objects_are_looked_through() {
        assert_eq!(skimmed(&ORDINARY.map(<[u8]>::to_vec)), ORDINARY.len());
    }

    #[test]
    fn others_are_left_to_the_lexer() {
        let deep = ["[".repeat(200), "]".repeat(200)].concat();
        let odd: [&[u8]; 14] = [
            deep.as_bytes(),
            b"<</A#20B 1>>",
            b"/A#42",
            b"<</A 1 %\n0 R>>",
            b"[1 0 R % ]\n]",
            b"<</A>>",
            b"[1 0 R",
            b"<</A 1>",
            b"(a",
            b"<0x>",
            b"-",
            b"true1",
            b"<<1 2>>",
            b"<<>>streamline",
        ];
        assert_eq!(skimmed(&odd.map(<[u8]>::to_vec)), 0);
    }

    #[test]
    fn whatever_is_looked_through_is_what_is_read() {
        const BYTES: &[u8] = b" \n%0129.-+R/#<>[]()\\ftnull\0obj";
        let mut state = 11_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mutated: Vec<Vec<u8>> = (0..40_000)
            .map(|n| {
                let mut body = ORDINARY[n % ORDINARY.len()].to_vec();
                for _ in 0..=random(3) {
                    let at = random(body.len());
                    match random(3) {
                        0 => drop(body.remove(at)),
                        1 => body.insert(at, BYTES[random(BYTES.len())]),
                        _ => body[at] = BYTES[random(BYTES.len())],
                    }
                    if body.is_empty() {
                        body.push(b' ');
                    }
                }
                body
            })
            .collect();
        let count = skimmed(&mutated);
        assert!((10_000..35_000).contains(&count), "{count}");
    }

    #[test]
    fn objects_within_object_streams_too() {
        let pdf = sample::streams(&sample::with(&[(5, "[3 0 R]"), (6, "<</A 5 0 R>>")]), &[5, 6]);
        let (source, limits) = (&pdf[..], Limits::default());
        let reader = Reader::open(&source, &limits).unwrap();
        let view = reader.newest();
        for (number, location) in view.objects().filter(|it| [5, 6].contains(&it.0)) {
            assert!(assert_skimmed(view, number, location), "{number}");
        }
    }
}
