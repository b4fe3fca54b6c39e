//! From a message to bytes, exactly as the national kit lays them out: prefixes,
//! order of elements, what is left out, coding of attachments.

use std::io::Write;

use super::NAMESPACE;
use crate::encoding::xml::Writer;
use crate::envelope::edxml::attachment::{Attachment, Content};
use crate::envelope::edxml::header::{Envelope, MessageHeader, OtherInfo, ResponseFor};
use crate::envelope::edxml::message::Message;
use crate::envelope::edxml::organization::{Organization, StaffInfo};
use crate::envelope::edxml::status::StatusMessage;
use crate::envelope::edxml::trace::{Business, BusinessDocumentInfo, ReplacementInfo};
use crate::error::{Error, Result};

impl Message {
    /// Writes the message as the national kit does.
    ///
    /// # Errors
    /// As [`Envelope::write_to`].
    pub fn write_to(&self, out: impl Write) -> Result<()> {
        match self {
            Self::Document(envelope) => envelope.write_to(out),
            Self::Status(status) => status.write_to(out),
        }
    }

    /// The message as bytes.
    ///
    /// # Errors
    /// As [`Envelope::write_to`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::Document(envelope) => envelope.to_bytes(),
            Self::Status(status) => status.to_bytes(),
        }
    }
}

impl Envelope {
    /// Writes the message as the national kit does. Attachments are encoded as they
    /// are written, so that they stand in memory once.
    ///
    /// # Errors
    /// `Misuse` when a text has characters that XML cannot carry, there is no
    /// receiver, or an attachment's content could not be read; `Io` when `out` fails.
    pub fn write_to(&self, mut out: impl Write) -> Result<()> {
        self.write(&mut Writer::new(&mut out))
    }

    fn write(&self, xml: &mut Writer<'_>) -> Result<()> {
        if self.header.to.is_empty() {
            return Err(Error::misuse("a document message needs a receiver").in_element("To"));
        }
        frame(
            xml,
            |xml| {
                message_header(xml, &self.header)?;
                trace(xml, self)?;
                match &self.signature {
                    Some(signature) => xml.verbatim(signature.xml()),
                    None => Ok(()),
                }
            },
            |xml| manifest(xml, &self.attachments),
            |xml| files(xml, &self.attachments),
        )
    }

    /// The message as bytes.
    ///
    /// # Errors
    /// As [`Envelope::write_to`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let files = self.attachments.iter().filter_map(Attachment::bytes).map(<[u8]>::len);
        let expected = files
            .fold(HEADER, |sum, len| sum.saturating_add(len / 3 * 4).saturating_add(ABOUT_A_FILE));
        let mut xml = Writer::in_memory(expected);
        self.write(&mut xml)?;
        Ok(xml.into_bytes())
    }
}

impl StatusMessage {
    /// Writes the message as the national kit does.
    ///
    /// # Errors
    /// `Misuse` when a text has characters that XML cannot carry; `Io` when `out` fails.
    pub fn write_to(&self, mut out: impl Write) -> Result<()> {
        self.write(&mut Writer::new(&mut out))
    }

    fn write(&self, xml: &mut Writer<'_>) -> Result<()> {
        frame(xml, |xml| status_header(xml, self), |_| Ok(()), |_| Ok(()))
    }

    /// The message as bytes.
    ///
    /// # Errors
    /// As [`StatusMessage::write_to`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut xml = Writer::in_memory(4 << 10);
        self.write(&mut xml)?;
        Ok(xml.into_bytes())
    }
}

/// Bytes that headers, and what is said about each file, are expected to take.
const HEADER: usize = 16 << 10;
const ABOUT_A_FILE: usize = 2 << 10;

/// Many systems look for `edXML:StatusCode` as text: prefixes are part of the format.
fn frame(
    xml: &mut Writer<'_>,
    header: impl FnOnce(&mut Writer<'_>) -> Result<()>,
    body: impl FnOnce(&mut Writer<'_>) -> Result<()>,
    files: impl FnOnce(&mut Writer<'_>) -> Result<()>,
) -> Result<()> {
    xml.start("edXML", &[("xmlns", NAMESPACE)])?;
    xml.start("edXML:edXMLEnvelope", &[("xmlns:edXML", NAMESPACE)])?;
    xml.start("edXML:edXMLHeader", &[])?;
    header(xml)?;
    xml.end()?;
    body(xml)?;
    xml.end()?;
    files(xml)?;
    xml.end()
}

/// An element with others in it.
fn group(
    xml: &mut Writer<'_>,
    name: &'static str,
    write: impl FnOnce(&mut Writer<'_>) -> Result<()>,
) -> Result<()> {
    xml.start(name, &[])?;
    write(xml)?;
    xml.end()
}

/// The kit trims texts and leaves out empty ones.
fn text(xml: &mut Writer<'_>, name: &'static str, value: &str) -> Result<()> {
    match value.trim_matches(|it| it <= ' ') {
        "" => Ok(()),
        value => xml.text(name, value),
    }
}

/// The kit leaves out negative numbers.
fn number(xml: &mut Writer<'_>, name: &'static str, value: Option<i32>) -> Result<()> {
    match value.filter(|it| *it >= 0) {
        Some(value) => xml.text(name, &value.to_string()),
        None => Ok(()),
    }
}

/// A list of texts; nothing where it is empty.
fn list(
    xml: &mut Writer<'_>,
    name: &'static str,
    item: &'static str,
    values: &[String],
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    group(xml, name, |xml| values.iter().try_for_each(|it| text(xml, item, it)))
}

/// A group, unless all that it holds is empty.
fn filled(xml: &mut Writer<'_>, name: &'static str, values: &[(&'static str, &str)]) -> Result<()> {
    if values.iter().all(|(_, value)| value.trim().is_empty()) {
        return Ok(());
    }
    group(xml, name, |xml| values.iter().try_for_each(|(name, value)| text(xml, name, value)))
}

fn message_header(xml: &mut Writer<'_>, header: &MessageHeader) -> Result<()> {
    group(xml, "edXML:MessageHeader", |xml| {
        organization(xml, "edXML:From", &header.from)?;
        header.to.iter().try_for_each(|it| organization(xml, "edXML:To", it))?;
        text(xml, "edXML:DocumentId", header.document_id.as_str())?;
        filled(
            xml,
            "edXML:Code",
            &[
                ("edXML:CodeNumber", &header.code.number),
                ("edXML:CodeNotation", &header.code.notation),
            ],
        )?;
        filled(
            xml,
            "edXML:PromulgationInfo",
            &[
                ("edXML:Place", &header.promulgation.place),
                ("edXML:PromulgationDate", header.promulgation.date.as_str()),
            ],
        )?;
        document_type(xml, header)?;
        text(xml, "edXML:Subject", &header.subject)?;
        text(xml, "edXML:Content", &header.content)?;
        filled(
            xml,
            "edXML:SignerInfo",
            &[
                ("edXML:Competence", &header.signer.competence),
                ("edXML:Position", &header.signer.position),
                ("edXML:FullName", &header.signer.full_name),
            ],
        )?;
        text(xml, "edXML:DueDate", header.due_date.as_str())?;
        if let Some(info) = &header.other_info {
            other_info(xml, info)?;
        }
        header.response_for.iter().try_for_each(|it| response_for(xml, it))?;
        number(xml, "edXML:SteeringType", header.steering_type)?;
        list(xml, "edXML:ResponseForTask", "edXML:TaskCode", &header.response_for_tasks)?;
        text(xml, "edXML:ApplicationType", &header.application_type)?;
        list(xml, "edXML:ToPlaces", "edXML:Place", &header.to_places)
    })
}

fn organization(
    xml: &mut Writer<'_>,
    name: &'static str,
    organization: &Organization,
) -> Result<()> {
    group(xml, name, |xml| {
        text(xml, "edXML:OrganId", organization.organ_id.as_str())?;
        text(xml, "edXML:OrganizationInCharge", &organization.organization_in_charge)?;
        text(xml, "edXML:OrganName", &organization.organ_name)?;
        text(xml, "edXML:OrganAdd", &organization.organ_add)?;
        text(xml, "edXML:Email", &organization.email)?;
        text(xml, "edXML:Telephone", &organization.telephone)?;
        text(xml, "edXML:Fax", &organization.fax)?;
        text(xml, "edXML:Website", &organization.website)
    })
}

fn document_type(xml: &mut Writer<'_>, header: &MessageHeader) -> Result<()> {
    let kind = &header.document_type;
    if kind.group.is_none() && kind.detail.is_none() && kind.name.is_empty() {
        return Ok(());
    }
    group(xml, "edXML:DocumentType", |xml| {
        number(xml, "edXML:Type", kind.group)?;
        number(xml, "edXML:TypeDetail", kind.detail)?;
        text(xml, "edXML:TypeName", &kind.name)
    })
}

fn other_info(xml: &mut Writer<'_>, info: &OtherInfo) -> Result<()> {
    group(xml, "edXML:OtherInfo", |xml| {
        number(xml, "edXML:Priority", info.priority.map(|it| it.0))?;
        text(xml, "edXML:SphereOfPromulgation", &info.sphere_of_promulgation)?;
        text(xml, "edXML:TyperNotation", &info.typer_notation)?;
        number(xml, "edXML:PromulgationAmount", info.promulgation_amount)?;
        number(xml, "edXML:PageAmount", info.page_amount)?;
        list(xml, "edXML:ReplyFors", "edXML:ReplyFor", &info.reply_fors)?;
        xml.text("edXML:Direction", if info.direction { "true" } else { "false" })?;
        list(xml, "edXML:ReferenceCodes", "edXML:ReferenceCode", &info.reference_codes)?;
        list(xml, "edXML:Appendixes", "edXML:Appendix", &info.appendixes)
    })
}

fn response_for(xml: &mut Writer<'_>, response: &ResponseFor) -> Result<()> {
    group(xml, "edXML:ResponseFor", |xml| {
        text(xml, "edXML:OrganId", response.organ_id.as_str())?;
        text(xml, "edXML:Code", &response.code)?;
        text(xml, "edXML:DocumentId", response.document_id.as_str())?;
        text(xml, "edXML:PromulgationDate", response.promulgation_date.as_str())
    })
}

fn staff(xml: &mut Writer<'_>, staff: &StaffInfo) -> Result<()> {
    group(xml, "edXML:StaffInfo", |xml| {
        text(xml, "edXML:Department", &staff.department)?;
        text(xml, "edXML:DepartmentId", &staff.department_id)?;
        text(xml, "edXML:Staff", &staff.staff)?;
        text(xml, "edXML:StaffId", &staff.staff_id)?;
        text(xml, "edXML:Email", &staff.email)?;
        text(xml, "edXML:Mobile", &staff.mobile)
    })
}

/// The kit writes the business before the trace; readers take any order.
fn trace(xml: &mut Writer<'_>, envelope: &Envelope) -> Result<()> {
    if envelope.business.is_none() && envelope.trace.is_empty() {
        return Ok(());
    }
    group(xml, "edXML:TraceHeaderList", |xml| {
        if let Some(it) = &envelope.business {
            business(xml, it)?;
        }
        envelope.trace.iter().try_for_each(|header| {
            group(xml, "edXML:TraceHeader", |xml| {
                text(xml, "edXML:OrganId", header.organ_id.as_str())?;
                text(xml, "edXML:Timestamp", header.timestamp.as_str())
            })
        })
    })
}

fn business(xml: &mut Writer<'_>, business: &Business) -> Result<()> {
    group(xml, "edXML:Bussiness", |xml| {
        number(xml, "edXML:BussinessDocType", Some(business.kind.number()))?;
        text(xml, "edXML:BussinessDocReason", &business.reason)?;
        if let Some(info) = &business.document_info {
            document_info(xml, info)?;
        }
        if let Some(id) = &business.document_id {
            text(xml, "edXML:DocumentId", id.as_str())?;
        }
        number(xml, "edXML:Paper", business.paper)?;
        if !business.replacements.is_empty() {
            group(xml, "edXML:ReplacementInfoList", |xml| {
                business.replacements.iter().try_for_each(|it| replacement(xml, it))
            })?;
        }
        match &business.staff {
            Some(it) => staff(xml, it),
            None => Ok(()),
        }
    })
}

fn document_info(xml: &mut Writer<'_>, info: &BusinessDocumentInfo) -> Result<()> {
    group(xml, "edXML:BussinessDocumentInfo", |xml| {
        number(xml, "edXML:DocumentInfo", info.document_info)?;
        number(xml, "edXML:DocumentReceiver", info.document_receiver)?;
        if info.receivers.is_empty() {
            return Ok(());
        }
        group(xml, "edXML:ReceiverList", |xml| {
            info.receivers.iter().try_for_each(|it| {
                group(xml, "edXML:Receiver", |xml| {
                    text(xml, "edXML:OrganId", it.organ_id.as_str())?;
                    number(xml, "edXML:ReceiverType", it.receiver_type)
                })
            })
        })
    })
}

fn replacement(xml: &mut Writer<'_>, replacement: &ReplacementInfo) -> Result<()> {
    group(xml, "edXML:ReplacementInfo", |xml| {
        text(xml, "edXML:DocumentId", replacement.document_id.as_str())?;
        if replacement.organ_ids.is_empty() {
            return Ok(());
        }
        group(xml, "edXML:OrganIdList", |xml| {
            let mut ids = replacement.organ_ids.iter();
            ids.try_for_each(|it| text(xml, "edXML:OrganId", it.as_str()))
        })
    })
}

fn status_header(xml: &mut Writer<'_>, status: &StatusMessage) -> Result<()> {
    group(xml, "edXML:MessageHeader", |xml| {
        organization(xml, "edXML:From", &status.from)?;
        response_for(xml, &status.response_for)?;
        if let Some(it) = &status.staff {
            staff(xml, it)?;
        }
        xml.text("edXML:StatusCode", &status.code.to_string())?;
        text(xml, "edXML:Description", &status.description)?;
        text(xml, "edXML:Timestamp", status.timestamp.as_str())
    })
}

/// The kit writes the manifest before it knows how attachments are coded, so that
/// the content type here is always the same.
fn manifest(xml: &mut Writer<'_>, attachments: &[Attachment]) -> Result<()> {
    group(xml, "edXML:edXMLBody", |xml| {
        xml.start("edXML:edXMLManifest", &[("version", "1.0")])?;
        for attachment in attachments {
            group(xml, "edXML:Reference", |xml| {
                text(xml, "edXML:ContentId", &attachment.content_id)?;
                xml.text("edXML:ContentType", "application/zip")?;
                text(xml, "edXML:Description", &attachment.description)?;
                text(xml, "edXML:AttachmentName", &attachment.name)
            })?;
        }
        xml.end()
    })
}

fn files(xml: &mut Writer<'_>, attachments: &[Attachment]) -> Result<()> {
    group(xml, "AttachmentEncoded", |xml| attachments.iter().try_for_each(|it| file(xml, it)))
}

fn file(xml: &mut Writer<'_>, attachment: &Attachment) -> Result<()> {
    let Content::Bytes(bytes) = &attachment.content else {
        let what = "an attachment that could not be read, or is not kept, cannot be written";
        return Err(Error::misuse(what).in_element(&attachment.name));
    };
    let wrapped = attachment.wire(bytes)?;
    let wire = wrapped.as_deref().unwrap_or(bytes);
    group(xml, "Attachment", |xml| {
        text(xml, "ContentId", &attachment.content_id)?;
        text(xml, "AttachmentName", &attachment.name)?;
        text(xml, "Description", &attachment.description)?;
        text(xml, "FieldName", &attachment.field_name)?;
        text(xml, "MimeType", &attachment.mime_type)?;
        text(xml, "ContentType", &attachment.content_type)?;
        let declaration = [("xmlns:edXML", NAMESPACE)];
        xml.base64("edXML:ContentTransferEncoded", &declaration, wire)
    })
}
