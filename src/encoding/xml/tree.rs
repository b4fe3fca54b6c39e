//! A small part of a document as a tree. Whole messages are never read into one:
//! only headers are, and those are bounded by `Limits`.

use std::borrow::Cow;

use super::chars::is_char;
use super::reader::{Namespace, Reader, Start, Token};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// An element with all that is in it.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) local: &'a str,
    pub(crate) namespace: Namespace,
    /// Its own text: line ends made `\n` (XML 1.0 §2.11), white space around it left out.
    pub(crate) text: Cow<'a, str>,
    pub(crate) children: Vec<Element<'a>>,
    /// Where its `<` stands, in bytes from the start of the input.
    pub(crate) offset: u64,
}

impl<'a> Element<'a> {
    /// Reads to the end of the element that `start` began. Goes down without
    /// recursion; how deep is bounded by the reader.
    pub(crate) fn read(reader: &mut Reader<'a>, start: Start<'a>, limits: &Limits) -> Result<Self> {
        let mut open = vec![Self::new(start)];
        loop {
            match reader.next()? {
                Token::Start(start) => open.push(Self::new(start)),
                Token::Text(piece) => {
                    if let Some(element) = open.last_mut() {
                        element.push(piece, limits)?;
                    }
                }
                Token::End => {
                    let Some(mut done) = open.pop() else { break };
                    done.trim();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(done),
                    }
                }
                Token::Eof => break,
            }
        }
        Err(Error::malformed("the document ends before its elements do").at_offset(reader.offset()))
    }

    fn new(start: Start<'a>) -> Self {
        Self {
            local: start.local,
            namespace: start.namespace,
            text: Cow::Borrowed(""),
            children: Vec::new(),
            offset: start.offset,
        }
    }

    fn push(&mut self, piece: Cow<'a, str>, limits: &Limits) -> Result<()> {
        let piece = line_ends(piece);
        if self.text.is_empty() {
            // White space before the first child is no text.
            if !piece.trim_matches(is_space).is_empty() {
                self.text = piece;
            }
        } else {
            self.text.to_mut().push_str(&piece);
        }
        within(self.text.len(), limits.xml_text_bytes, "bytes in one text")
            .map_err(|it| it.at_offset(self.offset).in_element(self.local))
    }

    fn trim(&mut self) {
        match &mut self.text {
            Cow::Borrowed(text) => *text = text.trim_matches(is_space),
            Cow::Owned(text) => *text = text.trim_matches(is_space).to_owned(),
        }
    }
}

/// As Java's `trim` sees it, which is what the other side trims with.
fn is_space(it: char) -> bool {
    it <= ' ' && is_char(it)
}

fn line_ends(piece: Cow<'_, str>) -> Cow<'_, str> {
    if piece.contains('\r') && piece != "\r" {
        Cow::Owned(piece.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, limits: &Limits) -> Result<String> {
        let mut reader = Reader::new(text, 0, limits);
        let Token::Start(start) = reader.next()? else { panic!("no root") };
        Element::read(&mut reader, start, limits).map(|it| show(&it))
    }

    fn show(element: &Element<'_>) -> String {
        let children: Vec<_> = element.children.iter().map(show).collect();
        format!("{}[{}]({})", element.local, element.text, children.join(","))
    }

    #[test]
    fn gathers_text_and_children() {
        let limits = Limits::default();
        let text = "<a>\r\n  <b> x\r\ny &amp; z&#13; </b>\r\n  <c/>\r\n</a>";
        assert_eq!(read(text, &limits).unwrap(), "a[](b[x\ny & z](),c[]())");
    }

    #[test]
    fn texts_are_bounded() {
        let limits = Limits { xml_text_bytes: 4, ..Limits::default() };
        assert!(read("<a>1234</a>", &limits).is_ok());
        assert!(read("<a>12345</a>", &limits).is_err());
        assert!(read("<a>1&amp;3&amp;5</a>", &limits).is_err());
    }
}
