//! From bytes to a message. One pass; the attachments never stand in a tree.

use super::fields::Notes;
use super::files::{Files, Reference, manifest, skip};
use super::read_header::{document, is_status, status, trace};
use super::{NAMESPACE, XMLDSIG};
use crate::encoding::xml::{Element, Namespace, Reader, Start, Token, undecoded};
use crate::envelope::edxml::attachment::Attachment;
#[cfg(doc)]
use crate::envelope::edxml::attachment::Content;
use crate::envelope::edxml::diagnostic::DiagnosticCode;
use crate::envelope::edxml::header::Envelope;
use crate::envelope::edxml::message::{Message, Parsed};
use crate::envelope::edxml::signature::{Signature, SignatureState};
use crate::envelope::edxml::trace::BusinessType;
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Reads a message, of whichever kind it is.
///
/// # Errors
/// `Malformed` when it is no well-formed XML, has a DTD, or lacks the frame of a
/// message (envelope, header, message header); `Unsupported` when it is in another
/// namespace, version or encoding; `LimitExceeded` when it is larger than `limits`
/// in any respect. Everything else is a diagnostic.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Parsed> {
    read(bytes, Files::new(limits))
}

/// Reads a message whose files go elsewhere: each is given to `each` as soon as it is read, in
/// memory that the next one takes over, and is not kept ([`Content::HandedOut`]). One that could
/// not be got out is given too. A hundred files of a megabyte so take a megabyte, and less than
/// half the time.
///
/// What is wrong with the message behind a file shows only after it was given; until this
/// returns, nothing that was made of it should count. Seals are handed out, too, so that
/// [`Envelope::check_seals`] has none to check, and refuses.
///
/// ```
/// use kyso::edxml::{self, Envelope, MessageHeader, Organization};
/// # use kyso::edxml::Code;
///
/// # fn main() -> kyso::Result<()> {
/// # let header = MessageHeader {
/// #     from: Organization::new("H40", "a"),
/// #     to: vec![Organization::new("H41", "b")],
/// #     code: Code::new("15", "QĐ"),
/// #     ..MessageHeader::default()
/// # };
/// let bytes = Envelope::new(header).attach("a.pdf", b"%PDF-1.7 ...".to_vec()).to_bytes()?;
///
/// let mut kept = Vec::new();
/// edxml::parse_files(&bytes, &kyso::Limits::default(), &mut |file| {
///     kept.push((file.file_name(), file.bytes().map(<[u8]>::len)));
///     Ok(())
/// })?;
/// assert_eq!(kept, [("a.pdf".to_owned(), Some(12))]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`parse`], and those of `each`, which end the reading.
pub fn parse_files(
    bytes: &[u8],
    limits: &Limits,
    each: &mut dyn FnMut(&Attachment) -> Result<()>,
) -> Result<Parsed> {
    read(bytes, Files::new(limits).handed_to(each))
}

fn read<'l>(bytes: &[u8], files: Files<'l>) -> Result<Parsed> {
    let limits = files.limits;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits.message_bytes {
        return Err(Error::limit(format_args!("{} bytes in one message", limits.message_bytes)));
    }
    let (bytes, mark) = undecoded(bytes)?;
    let mut reader = Reader::of_bytes(&bytes, mark, limits);
    let mut parts = Parts {
        notes: Notes::default(),
        limits,
        header: None,
        trace: None,
        signature: None,
        references: None,
        files,
        seen: Vec::new(),
    };
    parts.root(&mut reader)?;
    if let Some(offset) = reader.unbound_attribute() {
        parts.notes.unbound(offset);
    }
    parts.message()
}

/// What was met so far.
struct Parts<'a, 'l> {
    notes: Notes,
    limits: &'l Limits,
    header: Option<Element<'a>>,
    trace: Option<Element<'a>>,
    signature: Option<Signature>,
    references: Option<Vec<Reference>>,
    files: Files<'l>,
    /// Parts of the frame, by name, in the order they were met.
    seen: Vec<&'a str>,
}

/// Where in the frame of a message the reader stands.
#[derive(Clone, Copy)]
enum Frame {
    Root,
    Envelope,
    Header,
}

impl<'a> Parts<'a, '_> {
    fn root(&mut self, reader: &mut Reader<'a>) -> Result<()> {
        let Token::Start(root) = reader.next()? else {
            return Err(missing("edXML"));
        };
        if let Namespace::Name(name) = &root.namespace
            && &**name != NAMESPACE
        {
            let what = format!("the message is in the namespace {name:?}, not QCVN 102:2016's");
            return Err(Error::unsupported(what).at_offset(root.offset));
        }
        if root.local != "edXML" || !self.is_ours(&root) {
            let what = format!("the root element is {:?}, not edXML", root.qualified);
            return Err(Error::malformed(what).at_offset(root.offset));
        }
        self.children(reader, Frame::Root)?;
        reader.next().map(drop)
    }

    fn children(&mut self, reader: &mut Reader<'a>, frame: Frame) -> Result<()> {
        loop {
            match reader.next()? {
                Token::Start(start) => self.child(reader, frame, start)?,
                Token::Text(_) => {}
                Token::End | Token::Eof => return Ok(()),
            }
        }
    }

    /// Goes no deeper than the three frames.
    fn child(&mut self, reader: &mut Reader<'a>, frame: Frame, start: Start<'a>) -> Result<()> {
        let ours = self.is_ours(&start);
        match (frame, start.local) {
            (Frame::Root, "edXMLEnvelope") if ours => {
                self.once(&start)?;
                self.children(reader, Frame::Envelope)
            }
            (Frame::Root, "AttachmentEncoded") if ours => {
                // Vendors' readers take the last list and forget the others.
                if self.once(&start).is_err() {
                    self.note(DiagnosticCode::ElementRepeated, &start);
                }
                self.files.read_list(reader, &mut self.notes)
            }
            (Frame::Envelope, "edXMLHeader") if ours => {
                self.once(&start)?;
                self.children(reader, Frame::Header)
            }
            (Frame::Envelope, "edXMLBody") if ours => {
                self.once(&start)?;
                let body = Element::read(reader, start, self.limits)?;
                self.references = manifest(&body, &mut self.notes);
                Ok(())
            }
            (Frame::Header, "MessageHeader") if ours => {
                self.once(&start)?;
                self.header = Some(Element::read(reader, start, self.limits)?);
                Ok(())
            }
            (Frame::Header, "TraceHeaderList") if ours => {
                self.once(&start)?;
                self.trace = Some(Element::read(reader, start, self.limits)?);
                Ok(())
            }
            (Frame::Header, "Signature") if ours || is_xmldsig(&start) => {
                self.signature(reader, start)
            }
            // Another vendor's empty element in place of the signature.
            (Frame::Header, "DigitalSignature") => reader.skip(),
            _ => skip(reader, &start, &mut self.notes),
        }
    }

    /// Two of these would be read as one by some, and one of them by others.
    fn once(&mut self, start: &Start<'a>) -> Result<()> {
        if self.seen.contains(&start.local) {
            let what = format!("the message has more than one {}", start.local);
            return Err(Error::malformed(what).at_offset(start.offset));
        }
        self.seen.push(start.local);
        Ok(())
    }

    fn signature(&mut self, reader: &mut Reader<'a>, start: Start<'a>) -> Result<()> {
        if self.signature.is_some() {
            self.note(DiagnosticCode::ElementRepeated, &start);
            return reader.skip();
        }
        let outer = reader.inherited();
        let (offset, qualified, xmldsig) = (start.offset, start.qualified, is_xmldsig(&start));
        let element = Element::read(reader, start, self.limits)?;
        let state = match (holds_values(&element), xmldsig) {
            (false, _) => SignatureState::Dummy,
            (true, false) => SignatureState::WrongNamespace,
            (true, true) => SignatureState::Present,
        };
        let code = match state {
            SignatureState::Dummy => DiagnosticCode::SignatureDummy,
            SignatureState::WrongNamespace | SignatureState::Present => {
                DiagnosticCode::SignaturePresent
            }
        };
        self.notes.add(code, "Signature", offset, "");
        let xml = alone(reader.source_from(offset), qualified, &outer);
        self.signature = Some(Signature { xml, state });
        Ok(())
    }

    fn message(mut self) -> Result<Parsed> {
        let header = self.header.take().ok_or_else(|| {
            missing(if self.seen.contains(&"edXMLEnvelope") {
                "MessageHeader"
            } else {
                "edXMLEnvelope"
            })
        })?;
        let message = if is_status(&header) {
            self.nothing_but_a_status();
            Message::Status(status(&header, &mut self.notes)?)
        } else {
            Message::Document(self.document(&header))
        };
        Ok(Parsed { message, diagnostics: self.notes.into_list() })
    }

    /// Of a message that is both, two readers would each see another half.
    fn nothing_but_a_status(&mut self) {
        let carried = [
            (self.trace.is_some(), "TraceHeaderList"),
            (self.references.as_ref().is_some_and(|it| !it.is_empty()), "edXMLManifest"),
            (!self.files.attachments.is_empty(), "AttachmentEncoded"),
        ];
        for (_, name) in carried.into_iter().filter(|(is, _)| *is) {
            self.notes.add(DiagnosticCode::StatusCarriesDocument, name, None, "");
        }
    }

    fn document(&mut self, header: &Element<'_>) -> Envelope {
        let notes = &mut self.notes;
        let header = document(header, notes);
        let (trace, business) = self.trace.as_ref().map(|it| trace(it, notes)).unwrap_or_default();
        if business.is_none() {
            notes.add(DiagnosticCode::ElementMissing, "Bussiness", None, "");
        }
        self.files.compare(self.references.as_deref(), notes);
        let envelope = Envelope {
            header,
            trace,
            business,
            signature: self.signature.take(),
            attachments: std::mem::take(&mut self.files.attachments),
        };
        let kind = envelope.business.as_ref().map(|it| it.kind);
        let changes = matches!(
            kind,
            Some(BusinessType::Revocation | BusinessType::Update | BusinessType::Replacement)
        );
        if changes && envelope.targets().is_empty() {
            notes.add(DiagnosticCode::BusinessTargetMissing, "Bussiness", None, "");
        }
        envelope
    }

    fn is_ours(&mut self, start: &Start<'_>) -> bool {
        self.notes.is_ours(&start.namespace, start.local, start.offset)
    }

    fn note(&mut self, code: DiagnosticCode, start: &Start<'_>) {
        self.notes.add(code, start.local, start.offset, "");
    }
}

fn missing(name: &str) -> Error {
    Error::malformed(format!("the message has no {name}")).in_element(name)
}

fn is_xmldsig(start: &Start<'_>) -> bool {
    matches!(&start.namespace, Namespace::Name(name) if &**name == XMLDSIG)
}

/// Characters below which a base64 text is no certificate: the samples have 11.
const LEAST_CERTIFICATE: usize = 400;

/// Whether there is a value and a certificate that is long enough to be one.
fn holds_values(signature: &Element<'_>) -> bool {
    let mut value = false;
    let mut certificate = false;
    let mut open = vec![signature];
    while let Some(element) = open.pop() {
        value |= element.local == "SignatureValue" && !element.text.is_empty();
        certificate |=
            element.local == "X509Certificate" && element.text.len() >= LEAST_CERTIFICATE;
        open.extend(&element.children);
    }
    value && certificate
}

/// The element with the declarations of `outer` that it inherited, except for those
/// that it will find again in a message that we write.
fn alone(source: &str, qualified: &str, outer: &[(&str, std::rc::Rc<str>)]) -> String {
    let mut declarations = String::new();
    for (prefix, name) in outer {
        if matches!(*prefix, "" | "edXML") && &**name == NAMESPACE {
            continue;
        }
        let value = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let colon = if prefix.is_empty() { "" } else { ":" };
        declarations.push_str(&format!(" xmlns{colon}{prefix}=\"{value}\""));
    }
    if declarations.is_empty() {
        return source.to_owned();
    }
    let name_end = qualified.len().saturating_add(1).min(source.len());
    let (name, rest) = source.split_at(name_end);
    format!("{name}{declarations}{rest}")
}
