//! A pull reader: one token after another, names resolved (Namespaces in XML 1.0),
//! well-formedness checked, text lent from the input.

use std::borrow::Cow;
use std::io::BufRead as _;
use std::rc::Rc;

use quick_xml::encoding::EncodingError;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesStart, Event};

use self::markup::{declared, instruction, malformed_instruction};
use self::source::Source;
use super::chars::{attribute_value, is_qualified_name, not_utf8, resolve};
use super::document::XML_NAMESPACE;
use crate::error::{Error, Result};
use crate::limits::{Limits, XML_NAME_BYTES, XML_NAMESPACE_BYTES, within};

/// What stands next in the document. Comments and processing instructions do not.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    /// An element begins; an empty one begins and ends.
    Start(Start<'a>),
    /// A piece of text as it stands, line ends included. One text may come in
    /// several pieces: references and CDATA sections are pieces of their own.
    Text(Cow<'a, str>),
    /// The innermost element ends.
    End,
    /// The document ends.
    Eof,
}

/// What stands next, with what a [`Token`] leaves out.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// An element begins; [`Reader::attributes`] and [`Reader::declared`] are its.
    Start(Start<'a>),
    /// As it stands, line ends included.
    Text(&'a str),
    /// What a CDATA section holds, line ends included.
    CData(&'a str),
    /// What a reference stands for.
    Reference(char),
    Comment(&'a str),
    Instruction {
        target: &'a str,
        data: &'a str,
    },
    End,
    Eof,
}

/// The start of an element.
#[derive(Debug, Clone)]
pub(crate) struct Start<'a> {
    /// As written, with its prefix.
    pub(crate) qualified: &'a str,
    /// Without its prefix.
    pub(crate) local: &'a str,
    pub(crate) namespace: Namespace,
    /// Where its `<` stands, in bytes from the start of the input.
    pub(crate) offset: u64,
}

/// The namespace of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// No prefix, and no default namespace.
    None,
    /// The prefix is declared nowhere: not well-formed by Namespaces in XML, but
    /// written by senders, so the caller decides.
    Unbound,
    /// A namespace name.
    Name(Rc<str>),
}

/// A prefix (empty: the default namespace) bound from some depth inwards.
#[derive(Debug)]
struct Binding<'a> {
    depth: usize,
    prefix: &'a str,
    name: Rc<str>,
    /// The place of the binding of the same prefix that was in force before.
    hides: Option<usize>,
}

/// Names that no prefix may be bound to (Namespaces in XML 1.0 §3).
const RESERVED: [&str; 2] = [XML_NAMESPACE, "http://www.w3.org/2000/xmlns/"];

/// How many times as many declarations may stand around a place as namespaces are in force
/// there: what is put together of parts declares the same ones in each.
const REDECLARED: usize = 16;

/// Reads a document that is whole in memory.
pub(crate) struct Reader<'a> {
    source: Source<'a>,
    tokens: quick_xml::Reader<&'a [u8]>,
    limits: &'a Limits,
    /// Those of the open elements, outermost first.
    bindings: Vec<Binding<'a>>,
    /// The places of those that are hidden by none, each prefix once.
    in_force: Vec<usize>,
    depth: usize,
    elements: usize,
    root_seen: bool,
    unbound_attribute: Option<u64>,
    /// Of the element that began last, declarations of namespaces left out.
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Reader<'a> {
    /// `text` and `mark` as [`decode`](super::decode) gave them.
    pub(crate) fn new(text: &'a str, mark: u64, limits: &'a Limits) -> Self {
        Self::of(Source::of_text(text, mark), limits)
    }

    /// `bytes` and `mark` as [`undecoded`](super::undecoded) gave them: characters are looked
    /// at as they are read, and what is wrong with them shows only there.
    pub(crate) fn of_bytes(bytes: &'a [u8], mark: u64, limits: &'a Limits) -> Self {
        Self::of(Source::of_bytes(bytes, mark), limits)
    }

    fn of(source: Source<'a>, limits: &'a Limits) -> Self {
        let mut tokens = quick_xml::Reader::from_reader(source.bytes());
        let config = tokens.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Self {
            source,
            tokens,
            limits,
            bindings: Vec::new(),
            in_force: Vec::new(),
            depth: 0,
            elements: 0,
            root_seen: false,
            unbound_attribute: None,
            attributes: Vec::new(),
        }
    }

    /// The attributes of the element that has just begun, by their names as written, with
    /// their values as XML 1.0 §3.3.3 has them; declarations of namespaces left out.
    pub(super) fn attributes(&self) -> &[(&'a str, Cow<'a, str>)] {
        &self.attributes
    }

    /// The namespaces that the element which has just begun declares, by their prefixes.
    pub(super) fn declared(&self) -> impl Iterator<Item = (&'a str, Rc<str>)> + '_ {
        let first = self.bindings.partition_point(|it| it.depth < self.depth);
        self.bindings.iter().skip(first).map(|it| (it.prefix, Rc::clone(&it.name)))
    }

    /// Where the next token begins, in bytes from the start of the input.
    pub(crate) fn offset(&self) -> u64 {
        self.source.offset(self.tokens.buffer_position())
    }

    /// The source text from `from` (an offset) to where the reader stands.
    pub(crate) fn source_from(&self, from: u64) -> &'a str {
        self.source.text(self.source.place(from)..self.source.place(self.offset()))
    }

    /// The text that stands next, up to markup or a reference, if nobody looked at it yet: for
    /// who looks at it as it is and then [passes over](Self::pass) it.
    pub(crate) fn text_ahead(&self) -> &'a [u8] {
        let at = self.source.place(self.offset());
        let (before, ahead) = self.source.bytes().split_at_checked(at).unwrap_or_default();
        // Of an element that is empty the end is still to come.
        if before.ends_with(b"/>") {
            return &[];
        }
        let end = memchr::memchr2(b'<', b'&', ahead).unwrap_or(ahead.len());
        ahead.get(..end).unwrap_or_default()
    }

    /// Passes over the first `length` bytes of [`text_ahead`](Self::text_ahead), of which the
    /// caller knows that they are characters that can stand in XML.
    pub(crate) fn pass(&mut self, length: usize) {
        self.tokens.stream().consume(length);
        self.source.looked(self.source.place(self.offset()));
    }

    /// The prefixes that the element which has just begun inherits, each with its
    /// namespace: those in force that it does not declare itself.
    pub(crate) fn inherited(&self) -> Vec<(&'a str, Rc<str>)> {
        let mut places = self.in_force.clone();
        places.sort_unstable_by(|one, other| other.cmp(one));
        let in_force = places.into_iter().filter_map(|it| self.bindings.get(it));
        let inherited = in_force.filter(|it| it.depth < self.depth);
        inherited.map(|it| (it.prefix, Rc::clone(&it.name))).collect()
    }

    /// Where the first element stands that has an attribute with a prefix that is
    /// declared nowhere. Such attributes are handed out like any other.
    pub(crate) fn unbound_attribute(&self) -> Option<u64> {
        self.unbound_attribute
    }

    /// The next token. After [`Token::Eof`] it stays there.
    pub(crate) fn next(&mut self) -> Result<Token<'a>> {
        loop {
            return Ok(match self.next_node()? {
                Node::Start(start) => Token::Start(start),
                Node::Text(text) | Node::CData(text) => Token::Text(Cow::Borrowed(text)),
                Node::Reference(it) => Token::Text(Cow::Owned(it.to_string())),
                Node::End => Token::End,
                Node::Eof => Token::Eof,
                Node::Comment(_) | Node::Instruction { .. } => continue,
            });
        }
    }

    /// The next node, comments and instructions included.
    pub(super) fn next_node(&mut self) -> Result<Node<'a>> {
        loop {
            let offset = self.offset();
            let event = self.tokens.read_event().map_err(|source| match source {
                quick_xml::Error::Encoding(EncodingError::Utf8(source)) => not_utf8(source, offset),
                _ => {
                    let at = self.source.offset(self.tokens.error_position());
                    ill_formed(&source).at_offset(at)
                }
            })?;
            self.source.look(self.source.place(self.offset()))?;
            return Ok(match event {
                Event::Start(tag) | Event::Empty(tag) => Node::Start(self.start(&tag, offset)?),
                Event::End(_) => self.end(),
                Event::Text(text) => match self.text(lent(text.into_inner(), offset)?, offset)? {
                    Some(node) => node,
                    None => continue,
                },
                Event::CData(text) => {
                    self.inside(Node::CData(lent(text.into_inner(), offset)?), offset)?
                }
                Event::GeneralRef(name) => {
                    let found = reference(&name.into_inner()).map_err(|it| it.at_offset(offset))?;
                    self.inside(Node::Reference(found), offset)?
                }
                Event::Decl(declaration) => {
                    let (mark, bytes) = (self.source.mark(), self.source.bytes());
                    declared(&declaration, offset == mark, || mark == 0 && bytes.is_ascii())
                        .map_err(|it| it.at_offset(offset))?;
                    continue;
                }
                Event::DocType(_) => {
                    return Err(Error::malformed("a document type declaration (DTD) is refused")
                        .at_offset(offset));
                }
                Event::Comment(text) => Node::Comment(lent(text.into_inner(), offset)?),
                Event::PI(_) => instruction(self.source_from(offset))
                    .ok_or_else(|| malformed_instruction().at_offset(offset))?,
                Event::Eof => self.eof()?,
            });
        }
    }

    /// Skips to the end of the element that has just begun.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Token::Start(_) => open = open.saturating_add(1),
                Token::End => open = open.saturating_sub(1),
                Token::Text(_) => {}
                Token::Eof => return Err(ends_early(self.offset())),
            }
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>, offset: u64) -> Result<Start<'a>> {
        if self.depth == 0 && self.root_seen {
            return Err(Error::malformed("a second root element").at_offset(offset));
        }
        self.root_seen = true;
        self.depth = self.depth.saturating_add(1);
        self.elements = self.elements.saturating_add(1);
        within(self.depth, self.limits.xml_depth, "nested elements")
            .and_then(|()| within(self.elements, self.limits.xml_elements, "elements"))
            .map_err(|it| it.at_offset(offset))?;

        let content = self.content(tag, offset);
        let qualified = content.get(..tag.name().as_ref().len()).unwrap_or_default();
        name_within(qualified).map_err(|it| it.at_offset(offset))?;
        if !is_qualified_name(qualified) {
            let what = format!("{qualified:?} is no name of an element");
            return Err(Error::malformed(what).at_offset(offset));
        }
        self.read_attributes(content, qualified.len())
            .map_err(|it| it.at_offset(offset).in_element(qualified))?;
        let unbound = self
            .attributes
            .iter()
            .filter_map(|(name, _)| name.split_once(':'))
            .any(|(prefix, _)| prefix != "xml" && self.resolve(prefix) == Namespace::Unbound);
        if unbound {
            self.unbound_attribute.get_or_insert(offset);
        }
        let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
        Ok(Start { qualified, local, namespace: self.resolve(prefix), offset })
    }

    /// What stands between `<` and `>`, lent from the input rather than from the event.
    fn content(&self, tag: &BytesStart<'_>, offset: u64) -> &'a str {
        let from = self.source.place(offset).saturating_add(1);
        self.source.text(from..from.saturating_add(tag.len()))
    }

    /// Checks the attributes, heeds what they declare and keeps the rest.
    fn read_attributes(&mut self, content: &'a str, name_len: usize) -> Result<()> {
        self.attributes.clear();
        // A million attributes stop at the limit, before duplicates are looked for:
        // that search is quadratic.
        for (n, attribute) in Attributes::new(content, name_len).enumerate() {
            within(n.saturating_add(1), self.limits.xml_attributes, "attributes of one element")?;
            let attribute = attribute.map_err(|source| ill_formed(&source))?;
            let name = attribute.key.into_inner();
            name_within(name)?;
            // The iterator lends; it never makes text of its own.
            let Cow::Borrowed(raw) = attribute.value else {
                return Err(Error::malformed(format!("{name:?} is no attribute")));
            };
            within(raw.len(), self.limits.xml_text_bytes, "bytes in one attribute")?;
            if !is_qualified_name(name) || raw.contains('<') {
                return Err(Error::malformed(format!("{name:?} is no attribute")));
            }
            let value = attribute_value(raw).ok_or_else(|| {
                Error::malformed(format!("the attribute {name} refers to an unknown entity"))
            })?;
            match name.split_once(':') {
                None if name == "xmlns" => self.bind("", &value)?,
                Some(("xmlns", prefix)) => self.bind(prefix, &value)?,
                _ => self.attributes.push((name, value)),
            }
        }
        Ok(())
    }

    /// Namespaces in XML 1.0 §3: what may be declared.
    fn bind(&mut self, prefix: &'a str, name: &str) -> Result<()> {
        if prefix == "xml" && name == XML_NAMESPACE {
            // It is so without being said.
            return Ok(());
        }
        let reserved = matches!(prefix, "xml" | "xmlns") || RESERVED.contains(&name);
        if reserved || (name.is_empty() && !prefix.is_empty()) {
            return Err(Error::malformed(format!("the prefix {prefix:?} cannot be bound so")));
        }
        within(name.len(), XML_NAMESPACE_BYTES, "bytes in the name of a namespace")?;
        let own = self.bindings.len();
        let hides = match self.slot(prefix) {
            Some(slot) => Some(std::mem::replace(slot, own)),
            None => {
                self.in_force.push(own);
                None
            }
        };
        self.bindings.push(Binding { depth: self.depth, prefix, name: name.into(), hides });
        let most = self.limits.xml_attributes;
        within(self.in_force.len(), most, "namespaces in force at once")?;
        within(self.bindings.len(), most.saturating_mul(REDECLARED), "namespaces declared at once")
    }

    /// Where it says which binding of a prefix is in force.
    fn slot(&mut self, prefix: &str) -> Option<&mut usize> {
        let bindings = &self.bindings;
        let of_prefix = |it: &&mut usize| bindings.get(**it).is_some_and(|it| it.prefix == prefix);
        self.in_force.iter_mut().find(of_prefix)
    }

    pub(super) fn resolve(&self, prefix: &str) -> Namespace {
        let mut in_force = self.in_force.iter().filter_map(|it| self.bindings.get(*it));
        match in_force.find(|it| it.prefix == prefix) {
            Some(binding) if !binding.name.is_empty() => Namespace::Name(Rc::clone(&binding.name)),
            _ if prefix.is_empty() => Namespace::None,
            _ => Namespace::Unbound,
        }
    }

    fn end(&mut self) -> Node<'a> {
        let depth = self.depth;
        while let Some(binding) = self.bindings.pop_if(|it| it.depth == depth) {
            let own = self.bindings.len();
            match binding.hides {
                // What was bound last for the first time is in force last.
                None => {
                    self.in_force.pop();
                }
                Some(hidden) => {
                    let slot = self.in_force.iter_mut().find(|it| **it == own);
                    slot.into_iter().for_each(|it| *it = hidden);
                }
            }
        }
        self.depth = depth.saturating_sub(1);
        Node::End
    }

    /// Outside of the root there is only white space.
    fn text(&self, text: &'a str, offset: u64) -> Result<Option<Node<'a>>> {
        if self.depth == 0 && text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            return Ok(None);
        }
        self.inside(Node::Text(text), offset).map(Some)
    }

    fn inside(&self, node: Node<'a>, offset: u64) -> Result<Node<'a>> {
        if self.depth == 0 {
            return Err(Error::malformed("text outside of the root element").at_offset(offset));
        }
        Ok(node)
    }

    fn eof(&self) -> Result<Node<'a>> {
        if self.depth > 0 {
            return Err(ends_early(self.offset()));
        }
        if !self.root_seen {
            return Err(Error::malformed("there is no XML element").at_offset(self.offset()));
        }
        Ok(Node::Eof)
    }
}

fn ends_early(offset: u64) -> Error {
    Error::malformed("the document ends before its elements do").at_offset(offset)
}

/// What the tokeniser says repeats the input, however much of it.
fn ill_formed(source: &impl std::fmt::Display) -> Error {
    Error::malformed(format!("not well-formed XML: {}", short(&source.to_string())))
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

fn name_within(name: &str) -> Result<()> {
    within(name.len(), XML_NAME_BYTES, "bytes in one name")
}

fn reference(name: &str) -> Result<char> {
    name_within(name)?;
    resolve(name)
        .ok_or_else(|| Error::malformed(format!("the entity &{name}; is not known and not read")))
}

/// The tokeniser lends what it reads from a text; it never makes text of its own.
fn lent(text: Cow<'_, str>, offset: u64) -> Result<&str> {
    match text {
        Cow::Borrowed(text) => Ok(text),
        Cow::Owned(_) => Err(Error::malformed("not well-formed XML").at_offset(offset)),
    }
}

mod markup;
mod source;
#[cfg(test)]
mod tests;
