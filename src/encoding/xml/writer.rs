//! A writer that lays a document out as the national kit does (JDOM's pretty
//! format): CRLF, two blanks for each level, `<a />` for what is empty.

use std::io::Write;

use super::chars::is_writable;
use crate::error::{Error, Result};

/// Writes elements one after another; what is open is closed by [`Writer::end`].
pub(crate) struct Writer<W> {
    out: W,
    open: Vec<Open>,
}

struct Open {
    name: &'static str,
    /// Whether its start tag still waits for its `>`.
    bare: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a document in UTF-8.
    pub(crate) fn new(mut out: W) -> Result<Self> {
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n")?;
        Ok(Self { out, open: Vec::new() })
    }

    /// Begins an element that will hold others. Without any it becomes `<a />`.
    pub(crate) fn start(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> Result<()> {
        self.tag(name, attributes)?;
        self.open.push(Open { name, bare: true });
        Ok(())
    }

    /// Ends the innermost element; the last one ends the document.
    pub(crate) fn end(&mut self) -> Result<()> {
        let Some(done) = self.open.pop() else { return Ok(()) };
        if done.bare {
            self.out.write_all(b" />")?;
        } else {
            self.indent()?;
            write!(self.out, "</{}>", done.name)?;
        }
        if self.open.is_empty() {
            self.out.write_all(b"\r\n")?;
        }
        Ok(())
    }

    /// An element that holds a text.
    pub(crate) fn text(&mut self, name: &'static str, text: &str) -> Result<()> {
        if !is_writable(text) {
            return Err(
                Error::misuse("a text has characters that XML cannot carry").in_element(name)
            );
        }
        self.tag(name, &[])?;
        if text.is_empty() {
            self.out.write_all(b" />")?;
            return Ok(());
        }
        self.out.write_all(b">")?;
        self.escape(text)?;
        write!(self.out, "</{name}>")?;
        Ok(())
    }

    /// An element whose text `write` writes itself; nothing in it is escaped.
    pub(crate) fn raw_text(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        write: impl FnOnce(&mut W) -> Result<()>,
    ) -> Result<()> {
        self.tag(name, attributes)?;
        self.out.write_all(b">")?;
        write(&mut self.out)?;
        write!(self.out, "</{name}>")?;
        Ok(())
    }

    /// An element that is written already, put where the next one stands.
    pub(crate) fn verbatim(&mut self, element: &str) -> Result<()> {
        self.settle()?;
        self.indent()?;
        self.out.write_all(element.as_bytes())?;
        Ok(())
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<()> {
        self.settle()?;
        if !self.open.is_empty() {
            self.indent()?;
        }
        write!(self.out, "<{name}")?;
        for (name, value) in attributes {
            write!(self.out, " {name}=\"{value}\"")?;
        }
        Ok(())
    }

    /// Gives the enclosing start tag its `>`.
    fn settle(&mut self) -> Result<()> {
        if let Some(parent) = self.open.last_mut().filter(|it| it.bare) {
            parent.bare = false;
            self.out.write_all(b">")?;
        }
        Ok(())
    }

    fn indent(&mut self) -> Result<()> {
        self.out.write_all(b"\r\n")?;
        for _ in &self.open {
            self.out.write_all(b"  ")?;
        }
        Ok(())
    }

    /// `>` and CR are escaped too, and a line end is the document's own.
    fn escape(&mut self, text: &str) -> Result<()> {
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
            self.out.write_all(plain.as_bytes())?;
            self.out.write_all(written.as_bytes())?;
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
        let mut writer = Writer::new(&mut out).unwrap();
        writer.start("a", &[("xmlns", "u")]).unwrap();
        writer.start("b", &[]).unwrap();
        writer.text("c", "1 < 2 & \"q\" > 'x'\r\nố").unwrap();
        writer.text("d", "").unwrap();
        writer.end().unwrap();
        writer.start("e", &[("k", "v")]).unwrap();
        writer.end().unwrap();
        writer.raw_text("f", &[], |out| Ok(out.write_all(b"QUJD")?)).unwrap();
        writer.end().unwrap();
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a xmlns=\"u\">\r\n  <b>\r\n    \
             <c>1 &lt; 2 &amp; \"q\" &gt; 'x'&#xD;\r\nố</c>\r\n    <d />\r\n  </b>\r\n  \
             <e k=\"v\" />\r\n  <f>QUJD</f>\r\n</a>\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn refuses_control_characters() {
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.start("a", &[]).unwrap();
        assert!(writer.text("b", "x\u{0}").is_err());
    }
}
