//! The files of a message: read as they stream by, then held against the manifest.

use std::collections::{HashMap, HashSet};

use super::fields::{Notes, read_all};
use crate::encoding::xml::{Element, Reader, Start, Token};
use crate::envelope::edxml::attachment::{Attachment, Coding, Content, strip_cid, unwrap};
use crate::envelope::edxml::decoder::{DecodeFault, Decoder};
use crate::envelope::edxml::diagnostic::DiagnosticCode;
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// Who is given files.
pub(super) type Given<'l> = &'l mut dyn FnMut(&Attachment) -> Result<()>;

/// Reads `AttachmentEncoded`s. What they may hold in all is bounded.
pub(super) struct Files<'l> {
    pub(super) limits: &'l Limits,
    /// Bytes of all attachments that may still come.
    left: usize,
    pub(super) attachments: Vec<Attachment>,
    /// Who is given each file, if they are not kept.
    each: Option<Given<'l>>,
    /// What was handed out before, to be written over.
    spare: Vec<u8>,
}

impl<'l> Files<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        let (left, attachments) = (limits.attachments_bytes, Vec::new());
        Self { limits, left, attachments, each: None, spare: Vec::new() }
    }

    pub(super) fn handed_to(self, each: Given<'l>) -> Self {
        Self { each: Some(each), ..self }
    }

    /// The children of one `AttachmentEncoded`, whose start was just read.
    pub(super) fn read_list<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        notes: &mut Notes,
    ) -> Result<()> {
        loop {
            match reader.next()? {
                Token::Start(start) if start.local == "Attachment" && is_ours(notes, &start) => {
                    let count = self.attachments.len().saturating_add(1);
                    within(count, self.limits.attachments, "attachments")
                        .map_err(|it| it.at_offset(start.offset))?;
                    let mut attachment = self.read(reader, &start, notes)?;
                    self.hand_out(&mut attachment)?;
                    self.attachments.push(attachment);
                }
                Token::Start(start) => {
                    skip(reader, &start, notes)?;
                }
                Token::Text(_) => {}
                Token::End | Token::Eof => return Ok(()),
            }
        }
    }

    fn hand_out(&mut self, attachment: &mut Attachment) -> Result<()> {
        let Some(each) = &mut self.each else { return Ok(()) };
        each(attachment)?;
        if let Content::Bytes(bytes) = &mut attachment.content {
            self.spare = std::mem::take(bytes);
            attachment.content = Content::HandedOut;
        }
        Ok(())
    }

    fn read<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        start: &Start<'a>,
        notes: &mut Notes,
    ) -> Result<Attachment> {
        let mut described = Vec::new();
        let mut wire: Option<Result<Vec<u8>, DiagnosticCode>> = None;
        loop {
            match reader.next()? {
                Token::Start(child)
                    if child.local == "ContentTransferEncoded" && is_ours(notes, &child) =>
                {
                    if wire.is_some() {
                        let code = DiagnosticCode::ElementRepeated;
                        notes.add(code, child.local, child.offset, "");
                        skip(reader, &child, notes)?;
                    } else {
                        wire = Some(self.decode(reader)?);
                    }
                }
                Token::Start(child) => {
                    described.push(Element::read(reader, child, self.limits)?);
                }
                Token::Text(_) => {}
                Token::End | Token::Eof => break,
            }
        }
        let described = Element {
            local: start.local,
            namespace: start.namespace.clone(),
            text: "".into(),
            children: described,
            offset: start.offset,
        };
        self.assemble(&described, wire.unwrap_or(Ok(Vec::new())), notes)
    }

    /// The text of an element as base64. Not being base64 is a finding, not an error:
    /// who sent it has to be told, and that takes the rest of the message.
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<Result<Vec<u8>, DiagnosticCode>> {
        let limit = self.limits.attachment_bytes.min(self.left);
        let mut decoder = Some(Decoder::over(std::mem::take(&mut self.spare), limit));
        // Base64 is nothing but characters that can stand in XML; of all else the reader says
        // whether it can.
        let text = reader.text_ahead();
        if push(&mut decoder, text).map_err(|it| it.at_offset(reader.offset()))? {
            reader.pass(text.len());
        }
        let mut open = 1_usize;
        while open > 0 {
            let offset = reader.offset();
            match reader.next()? {
                Token::Text(text) => {
                    push(&mut decoder, text.as_bytes()).map_err(|it| it.at_offset(offset))?;
                }
                Token::Start(_) => {
                    decoder = None;
                    open = open.saturating_add(1);
                }
                Token::End => open = open.saturating_sub(1),
                Token::Eof => break,
            }
        }
        Ok(decoder.and_then(|it| it.finish().ok()).ok_or(DiagnosticCode::Base64Malformed))
    }

    fn assemble(
        &mut self,
        described: &Element<'_>,
        wire: Result<Vec<u8>, DiagnosticCode>,
        notes: &mut Notes,
    ) -> Result<Attachment> {
        let mut attachment = read_all(described, notes, |it| Attachment {
            content_id: it.text("ContentId"),
            name: it.text("AttachmentName"),
            description: it.text("Description"),
            field_name: it.text("FieldName"),
            mime_type: it.text("MimeType"),
            content_type: it.text("ContentType"),
            coding: Coding::Raw,
            content: Content::Unreadable,
        });
        let place = label(&attachment);
        let mut note = |code, found: &str| notes.add(code, &place, described.offset, found);
        if attachment.name.is_empty() {
            note(DiagnosticCode::AttachmentNameMissing, "");
        } else if attachment.name_is_unsafe() {
            note(DiagnosticCode::AttachmentNameUnsafe, &attachment.name);
        }
        match wire {
            Ok(wire) => {
                let limit = self.limits.attachment_bytes.min(self.left);
                let found = unwrap(wire, &attachment.name, &attachment.content_type, limit)
                    .map_err(|it| it.at_offset(described.offset).in_element(&place))?;
                for (code, what) in &found.findings {
                    note(*code, what);
                }
                attachment.coding = found.coding;
                attachment.content = found.content;
            }
            Err(code) => note(code, ""),
        }
        self.left = self.left.saturating_sub(attachment.bytes().map_or(0, <[u8]>::len));
        Ok(attachment)
    }

    /// Manifest and attachments name each other by content identifier.
    pub(super) fn compare(&self, references: Option<&[Reference]>, notes: &mut Notes) {
        let mut carried = HashMap::new();
        if self.attachments.is_empty() {
            notes.add(DiagnosticCode::ElementMissing, "Attachment", None, "");
        }
        for attachment in &self.attachments {
            if attachment.id().is_empty() {
                notes.add(DiagnosticCode::ElementMissing, "ContentId", None, &label(attachment));
            } else if carried.insert(attachment.id(), attachment).is_some() {
                let code = DiagnosticCode::ContentIdRepeated;
                notes.add(code, &label(attachment), None, attachment.id());
            }
        }
        let Some(references) = references else {
            if !self.attachments.is_empty() {
                notes.add(DiagnosticCode::ManifestMissing, "edXMLManifest", None, "");
            }
            return;
        };
        let mut named = HashSet::new();
        for reference in references {
            let id = strip_cid(&reference.content_id);
            named.insert(id);
            let code = match carried.get(id) {
                None => DiagnosticCode::ReferenceWithoutAttachment,
                // Some readers name the file by the one, some by the other.
                Some(it) if !reference.name.is_empty() && reference.name != it.name => {
                    DiagnosticCode::ReferenceNameDiffers
                }
                Some(_) => continue,
            };
            notes.add(code, &reference.name, reference.offset, &reference.content_id);
        }
        for attachment in
            self.attachments.iter().filter(|it| !it.id().is_empty() && !named.contains(it.id()))
        {
            let code = DiagnosticCode::AttachmentWithoutReference;
            notes.add(code, &label(attachment), None, &attachment.content_id);
        }
    }
}

/// Whether it was base64. There is no decoder any more once something was not.
fn push(decoder: &mut Option<Decoder>, text: &[u8]) -> Result<bool> {
    let Some(open) = decoder else { return Ok(false) };
    match open.push(text) {
        Ok(()) => Ok(true),
        Err(DecodeFault::Malformed) => {
            *decoder = None;
            Ok(false)
        }
        Err(DecodeFault::TooLong) => {
            Err(Error::limit(format_args!("{} bytes of attachments", open.limit())))
        }
    }
}

/// Passes over an element that is not read, but for what others could read in it.
pub(super) fn skip<'a>(
    reader: &mut Reader<'a>,
    start: &Start<'a>,
    notes: &mut Notes,
) -> Result<()> {
    notes.unread(start.local, start.offset, "");
    let mut open = 1_usize;
    while open > 0 {
        match reader.next()? {
            Token::Start(it) => {
                notes.unread_within(it.local, it.offset);
                open = open.saturating_add(1);
            }
            Token::End => open = open.saturating_sub(1),
            Token::Text(_) => {}
            Token::Eof => break,
        }
    }
    Ok(())
}

fn is_ours(notes: &mut Notes, start: &Start<'_>) -> bool {
    notes.is_ours(&start.namespace, start.local, start.offset)
}

fn label(attachment: &Attachment) -> String {
    if attachment.name.is_empty() { attachment.content_id.clone() } else { attachment.name.clone() }
}

/// A line of the manifest. All that it says stands at the attachment too.
pub(super) struct Reference {
    content_id: String,
    name: String,
    offset: u64,
}

/// The manifest in a body; nothing where there is none.
pub(super) fn manifest(body: &Element<'_>, notes: &mut Notes) -> Option<Vec<Reference>> {
    read_all(body, notes, |fields| {
        fields.nested("edXMLManifest", |it| {
            it.children("Reference")
                .into_iter()
                .map(|element| {
                    read_all(element, it.notes(), |it| {
                        // Always written, and always `application/zip`.
                        it.leaf("ContentType");
                        it.leaf("Description");
                        Reference {
                            content_id: it.text("ContentId"),
                            name: it.text("AttachmentName"),
                            offset: element.offset,
                        }
                    })
                })
                .collect()
        })
    })
}
