//! Octets on their way: small ones gathered, long ones handed through; characters replaced
//! as Canonical XML 1.0 §2.3 has it.

use super::Sink;
use crate::error::Result;

/// What is gathered at most, and how long a run is that is handed through.
const GATHERED: usize = 16 << 10;
const LONG: usize = 2 << 10;

pub(super) struct Output<'s> {
    sink: &'s mut dyn Sink,
    gathered: Vec<u8>,
}

impl<'s> Output<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink, gathered: Vec::new() }
    }

    pub(super) fn effort(&mut self, octets: usize) -> Result<()> {
        self.sink.effort(octets)
    }

    pub(super) fn put(&mut self, octets: &[u8]) -> Result<()> {
        if octets.len() >= LONG {
            self.flush()?;
            return self.sink.write(octets);
        }
        self.gathered.extend_from_slice(octets);
        if self.gathered.len() >= GATHERED { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        if !self.gathered.is_empty() {
            self.sink.write(&self.gathered)?;
            self.gathered.clear();
        }
        Ok(())
    }

    /// `="value"`.
    pub(super) fn value(&mut self, value: &str) -> Result<()> {
        self.put(b"=\"")?;
        self.replaced(value.as_bytes(), in_value)?;
        self.put(b"\"")
    }

    /// Text as it stands in a document: line ends are made `\n`.
    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        self.replaced(text.as_bytes(), in_text)
    }

    /// What a reference stands for.
    pub(super) fn character(&mut self, it: char) -> Result<()> {
        if it == '\r' {
            return self.put(b"&#xD;");
        }
        self.text(it.encode_utf8(&mut [0; 4]))
    }

    /// A comment or an instruction: nothing but line ends is replaced.
    pub(super) fn lines(&mut self, text: &str) -> Result<()> {
        self.replaced(text.as_bytes(), in_lines)
    }

    fn replaced(&mut self, octets: &[u8], by: Replace) -> Result<()> {
        let mut rest = octets;
        while let Some(at) = first(rest, by) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            self.put(before)?;
            let Some((special, after)) = from.split_first() else { break };
            // The `\r` of `\r\n` is nothing, the `\n` is written as any other octet.
            if *special != b'\r' || !after.starts_with(b"\n") || !by.lines {
                self.put((by.with)(*special).unwrap_or_default())?;
            }
            rest = after;
        }
        self.put(rest)
    }
}

#[derive(Clone, Copy)]
struct Replace {
    with: fn(u8) -> Option<&'static [u8]>,
    is_special: fn(u8) -> bool,
    /// Finds out about many octets at once.
    any_special: fn(&[u8; BLOCK]) -> bool,
    /// Whether line ends are still as they stand in the document.
    lines: bool,
}

macro_rules! replace {
    ($name:ident, $lines:expr, $($special:literal => $with:literal),*) => {
        #[allow(non_upper_case_globals)]
        const $name: Replace = Replace {
            with: |octet| match octet {
                $($special => Some($with),)*
                _ => None,
            },
            is_special: |octet| matches!(octet, $($special)|*),
            // Without a branch, so that it is done by vectors.
            any_special: |block| {
                block.iter().fold(false, |seen, octet| seen $(| (*octet == $special))*)
            },
            lines: $lines,
        };
    };
}

replace!(in_text, true, b'&' => b"&amp;", b'<' => b"&lt;", b'>' => b"&gt;", b'\r' => b"\n");
replace!(in_lines, true, b'\r' => b"\n");
replace!(in_value, false, b'&' => b"&amp;", b'<' => b"&lt;", b'"' => b"&quot;",
    b'\t' => b"&#x9;", b'\n' => b"&#xA;", b'\r' => b"&#xD;");

const BLOCK: usize = 64;

/// The place of the first octet that is to be replaced.
fn first(octets: &[u8], by: Replace) -> Option<usize> {
    let (blocks, _) = octets.as_chunks::<BLOCK>();
    let clean = blocks.iter().take_while(|it| !(by.any_special)(it)).count();
    let from = clean.saturating_mul(BLOCK);
    let rest = octets.get(from..)?;
    rest.iter().position(|it| (by.is_special)(*it)).map(|at| from.saturating_add(at))
}
