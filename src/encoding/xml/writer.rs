//! A writer that lays a document out as the national kit does (JDOM's pretty
//! format): CRLF, two blanks for each level, `<a />` for what is empty.

use std::io::Write;

use base64::Engine;

use super::chars::is_writable;
use crate::encoding::base64::WIDE;
use crate::error::{Error, Result};

/// Writes elements one after another; what is open is closed by [`Writer::end`].
pub(crate) struct Writer<'w> {
    /// What did not go on to `out` yet.
    text: Vec<u8>,
    out: Option<&'w mut dyn Write>,
    open: Vec<Open>,
}

/// Bytes that go on to `out` at once.
const FULL: usize = 64 << 10;

/// Bytes that become base64 at once: a multiple of three, so that only the last piece is padded,
/// and few, so that memory that is written to is taken in meanwhile.
const PIECE: usize = 3 << 10;

struct Open {
    name: &'static str,
    /// Whether its start tag still waits for its `>`.
    bare: bool,
}

impl<'w> Writer<'w> {
    /// Begins a document in UTF-8 that goes to `out` in large pieces, the last of them when its
    /// root ends.
    pub(crate) fn new(out: &'w mut dyn Write) -> Self {
        Self { out: Some(out), ..Self::in_memory(0) }
    }

    /// Begins one that stays in memory, of some `expected` bytes.
    pub(crate) fn in_memory(expected: usize) -> Self {
        let mut text = Vec::with_capacity(expected);
        text.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        Self { text, out: None, open: Vec::new() }
    }

    /// What stays in memory.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    /// Begins an element that will hold others. Without any it becomes `<a />`.
    pub(crate) fn start(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> Result<()> {
        self.tag(name, attributes);
        self.open.push(Open { name, bare: true });
        self.pass_on()
    }

    /// Ends the innermost element; the last one ends the document.
    pub(crate) fn end(&mut self) -> Result<()> {
        let Some(done) = self.open.pop() else { return Ok(()) };
        if done.bare {
            self.push(" />");
        } else {
            self.indent();
            self.close(done.name);
        }
        if self.open.is_empty() {
            self.push("\r\n");
            return self.pass_all_on();
        }
        self.pass_on()
    }

    /// An element that holds a text.
    pub(crate) fn text(&mut self, name: &'static str, text: &str) -> Result<()> {
        if !is_writable(text) {
            return Err(
                Error::misuse("a text has characters that XML cannot carry").in_element(name)
            );
        }
        self.tag(name, &[]);
        if text.is_empty() {
            self.push(" />");
            return self.pass_on();
        }
        self.text.push(b'>');
        self.escape(text);
        self.close(name);
        self.pass_on()
    }

    /// An element that holds bytes as base64, in one line.
    pub(crate) fn base64(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        bytes: &[u8],
    ) -> Result<()> {
        self.tag(name, attributes);
        self.text.push(b'>');
        for piece in bytes.chunks(PIECE) {
            let before = self.text.len();
            let more = piece.len().div_ceil(3).saturating_mul(4);
            self.text.resize(before.saturating_add(more), 0);
            let room = self.text.get_mut(before..).unwrap_or_default();
            WIDE.encode_slice(piece, room)
                .map_err(|source| Error::misuse("base64 found no room").because(source))?;
            self.pass_on()?;
        }
        self.close(name);
        self.pass_on()
    }

    /// An element that is written already, put where the next one stands.
    pub(crate) fn verbatim(&mut self, element: &str) -> Result<()> {
        self.settle();
        self.indent();
        self.push(element);
        self.pass_on()
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.settle();
        if !self.open.is_empty() {
            self.indent();
        }
        self.text.push(b'<');
        self.push(name);
        for (name, value) in attributes {
            for part in [" ", name, "=\"", value, "\""] {
                self.push(part);
            }
        }
    }

    fn close(&mut self, name: &str) {
        for part in ["</", name, ">"] {
            self.push(part);
        }
    }

    /// Gives the enclosing start tag its `>`.
    fn settle(&mut self) {
        if let Some(parent) = self.open.last_mut().filter(|it| it.bare) {
            parent.bare = false;
            self.text.push(b'>');
        }
    }

    fn indent(&mut self) {
        self.push("\r\n");
        for _ in 0..self.open.len() {
            self.push("  ");
        }
    }

    /// `>` and CR are escaped too, and a line end is the document's own.
    fn escape(&mut self, text: &str) {
        for piece in text.split_inclusive(['&', '<', '>', '\r', '\n']) {
            let special = piece.chars().next_back();
            let written = match special {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('\r') => "&#xD;",
                Some('\n') => "\r\n",
                _ => "",
            };
            let plain = match special {
                Some(it) if !written.is_empty() => piece.strip_suffix(it).unwrap_or(piece),
                _ => piece,
            };
            self.push(plain);
            self.push(written);
        }
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn pass_on(&mut self) -> Result<()> {
        if self.text.len() < FULL { Ok(()) } else { self.pass_all_on() }
    }

    fn pass_all_on(&mut self) -> Result<()> {
        if let Some(out) = &mut self.out {
            out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_as_the_national_kit() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        writer.start("a", &[("xmlns", "u")]).unwrap();
        writer.start("b", &[]).unwrap();
        writer.text("c", "1 < 2 & \"q\" > 'x'\r\nố").unwrap();
        writer.text("d", "").unwrap();
        writer.end().unwrap();
        writer.start("e", &[("k", "v")]).unwrap();
        writer.end().unwrap();
        writer.base64("f", &[], b"ABC").unwrap();
        writer.end().unwrap();
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a xmlns=\"u\">\r\n  <b>\r\n    \
             <c>1 &lt; 2 &amp; \"q\" &gt; 'x'&#xD;\r\nố</c>\r\n    <d />\r\n  </b>\r\n  \
             <e k=\"v\" />\r\n  <f>QUJD</f>\r\n</a>\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn refuses_control_characters() {
        let mut writer = Writer::in_memory(0);
        writer.start("a", &[]).unwrap();
        assert!(writer.text("b", "x\u{0}").is_err());
    }
}
