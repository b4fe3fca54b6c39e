//! The text of a JSON string, out of its escapes, as it comes.

/// Where in a JSON string the reader stands.
#[derive(Default)]
pub(super) struct Unescape {
    escape: Escape,
    /// The first half of a character that takes two escapes.
    high: Option<u16>,
}

#[derive(Default)]
enum Escape {
    #[default]
    None,
    Begun,
    Unicode {
        value: u16,
        digits: u8,
    },
}

/// This is no string of JSON.
#[derive(Debug)]
pub(super) struct Broken;

impl Unescape {
    /// Takes a piece in up to the quote that ends the string, hands its text on, and gives
    /// what is behind the quote, and whether it came.
    pub(super) fn take<'b, E: From<Broken>>(
        &mut self,
        mut piece: &'b [u8],
        text: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(&'b [u8], bool), E> {
        loop {
            if let Escape::None = self.escape {
                let (run, rest) = piece.split_at_checked(plain(piece)).unwrap_or_default();
                if !run.is_empty() {
                    self.no_half()?;
                    text(run)?;
                }
                piece = rest;
            }
            let Some((byte, rest)) = piece.split_first() else { return Ok((&[], false)) };
            piece = rest;
            if let Some(character) = self.step(*byte)? {
                text(character.encode_utf8(&mut [0; 4]).as_bytes())?;
            } else if *byte == b'"' && matches!(self.escape, Escape::None) && self.high.is_none() {
                return Ok((piece, true));
            }
        }
    }

    /// One byte that is not plain, and the character that it completes.
    fn step(&mut self, byte: u8) -> Result<Option<char>, Broken> {
        match &mut self.escape {
            Escape::None if byte == b'\\' => self.escape = Escape::Begun,
            // A quote; everything else that is not plain is a control character.
            Escape::None if byte == b'"' => self.no_half()?,
            Escape::None => return Err(Broken),
            Escape::Begun if byte == b'u' => {
                self.escape = Escape::Unicode { value: 0, digits: 0 };
            }
            Escape::Begun => {
                self.no_half()?;
                self.escape = Escape::None;
                return simple(byte).map(Some);
            }
            Escape::Unicode { value, digits } => {
                let digit = char::from(byte).to_digit(16).and_then(|it| u16::try_from(it).ok());
                *value = *value << 4 | digit.ok_or(Broken)?;
                *digits = digits.saturating_add(1);
                if *digits == 4 {
                    let value = *value;
                    self.escape = Escape::None;
                    return self.unit(value);
                }
            }
        }
        Ok(None)
    }

    /// A unit of UTF-16, which may be half a character.
    fn unit(&mut self, unit: u16) -> Result<Option<char>, Broken> {
        match (self.high.take(), unit) {
            (None, 0xD800..=0xDBFF) => {
                self.high = Some(unit);
                Ok(None)
            }
            (None, _) => char::from_u32(u32::from(unit)).map(Some).ok_or(Broken),
            (Some(high), _) => match char::decode_utf16([high, unit]).next() {
                Some(Ok(character)) => Ok(Some(character)),
                _ => Err(Broken),
            },
        }
    }

    fn no_half(&self) -> Result<(), Broken> {
        if self.high.is_none() { Ok(()) } else { Err(Broken) }
    }
}

/// How many bytes stand for themselves, up to the first that does not.
fn plain(text: &[u8]) -> usize {
    let special = |it: &u8| (*it == b'"') | (*it == b'\\') | (*it < 0x20);
    // Many at a time: a message is long, and nothing in it is special.
    let many = text
        .chunks_exact(MANY)
        .take_while(|it| !it.iter().fold(false, |any, it| any | special(it)));
    let clean = many.count().saturating_mul(MANY);
    let rest = text.get(clean..).unwrap_or_default();
    clean.saturating_add(rest.iter().position(special).unwrap_or(rest.len()))
}

const MANY: usize = 64;

fn simple(byte: u8) -> Result<char, Broken> {
    Ok(match byte {
        b'"' | b'\\' | b'/' => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return Err(Broken),
    })
}
