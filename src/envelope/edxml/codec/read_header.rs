//! The header of each kind of message, from its elements.

use super::NAMESPACE;
use super::fields::{Fields, Notes, read_all};
use crate::encoding::xml::{Element, Namespace};
use crate::envelope::edxml::diagnostic::DiagnosticCode;
use crate::envelope::edxml::header::{
    DocumentType, MessageHeader, OtherInfo, Priority, PromulgationInfo, ResponseFor, SignerInfo,
};
use crate::envelope::edxml::identifier::{Code, DocumentId, OrganId};
use crate::envelope::edxml::organization::{Organization, StaffInfo};
use crate::envelope::edxml::status::{StatusCode, StatusMessage};
use crate::envelope::edxml::trace::{
    Business, BusinessDocumentInfo, BusinessType, Receiver, ReplacementInfo, TraceHeader,
};
use crate::error::{Error, Result};

/// Whether this header is of a status message: nothing else tells them apart.
pub(super) fn is_status(header: &Element<'_>) -> bool {
    let ours = |it: &Element<'_>| match &it.namespace {
        Namespace::Name(name) => &**name == NAMESPACE,
        Namespace::None | Namespace::Unbound => true,
    };
    header.children.iter().any(|it| it.local == "StatusCode" && ours(it))
}

pub(super) fn document(header: &Element<'_>, notes: &mut Notes) -> MessageHeader {
    read_all(header, notes, |fields| {
        let read = MessageHeader {
            from: fields.nested("From", organization).unwrap_or_default(),
            to: fields.each("To", organization),
            document_id: DocumentId::from(fields.text("DocumentId")),
            code: fields.nested("Code", code).unwrap_or_default(),
            promulgation: fields.nested("PromulgationInfo", promulgation).unwrap_or_default(),
            document_type: fields.nested("DocumentType", document_type).unwrap_or_default(),
            subject: fields.text("Subject"),
            content: fields.text("Content"),
            signer: fields.nested("SignerInfo", signer).unwrap_or_default(),
            due_date: fields.date("DueDate"),
            other_info: fields.nested("OtherInfo", other_info),
            response_for: fields.each("ResponseFor", response_for),
            steering_type: fields.number_within("SteeringType", 0..=3),
            to_places: fields.nested("ToPlaces", |it| it.texts("Place")).unwrap_or_default(),
            response_for_tasks: fields
                .nested("ResponseForTask", |it| it.texts("TaskCode"))
                .unwrap_or_default(),
            application_type: fields.text("ApplicationType"),
        };
        fields.require("From/OrganId", !read.from.organ_id.is_empty());
        fields.require("To/OrganId", read.to.iter().any(|it| !it.organ_id.is_empty()));
        fields.require("DocumentId", !read.document_id.is_empty());
        fields.require("Code", read.code != Code::default());
        fields.require("PromulgationDate", !read.promulgation.date.is_empty());
        fields.require("Subject", !read.subject.is_empty());
        repeated_receivers(&read, fields);
        read
    })
}

fn repeated_receivers(header: &MessageHeader, fields: &mut Fields<'_, '_, '_>) {
    let mut codes: Vec<&str> =
        header.to.iter().map(|it| it.organ_id.as_str()).filter(|it| !it.is_empty()).collect();
    codes.sort_unstable();
    for pair in codes.windows(2) {
        if let [first, second] = pair
            && first == second
        {
            fields.notes().add(DiagnosticCode::ReceiverRepeated, "To", None, first);
        }
    }
}

fn organization(fields: &mut Fields<'_, '_, '_>) -> Organization {
    Organization {
        organ_id: OrganId::from(fields.text("OrganId")),
        organization_in_charge: fields.text("OrganizationInCharge"),
        organ_name: fields.text("OrganName"),
        organ_add: fields.text("OrganAdd"),
        email: fields.text("Email"),
        telephone: fields.text("Telephone"),
        fax: fields.text("Fax"),
        website: fields.text("Website"),
    }
}

fn code(fields: &mut Fields<'_, '_, '_>) -> Code {
    Code { number: fields.text("CodeNumber"), notation: fields.text("CodeNotation") }
}

fn promulgation(fields: &mut Fields<'_, '_, '_>) -> PromulgationInfo {
    PromulgationInfo { place: fields.text("Place"), date: fields.date("PromulgationDate") }
}

fn document_type(fields: &mut Fields<'_, '_, '_>) -> DocumentType {
    DocumentType {
        group: fields.number("Type"),
        detail: fields.number("TypeDetail"),
        name: fields.text("TypeName"),
    }
}

fn signer(fields: &mut Fields<'_, '_, '_>) -> SignerInfo {
    SignerInfo {
        competence: fields.text("Competence"),
        position: fields.text("Position"),
        full_name: fields.text("FullName"),
    }
}

fn other_info(fields: &mut Fields<'_, '_, '_>) -> OtherInfo {
    OtherInfo {
        priority: fields.number_within("Priority", 0..=4).map(Priority),
        sphere_of_promulgation: fields.text("SphereOfPromulgation"),
        typer_notation: fields.text("TyperNotation"),
        promulgation_amount: fields.number("PromulgationAmount"),
        page_amount: fields.number("PageAmount"),
        reply_fors: fields.nested("ReplyFors", |it| it.texts("ReplyFor")).unwrap_or_default(),
        direction: fields.text("Direction") == "true",
        reference_codes: fields
            .nested("ReferenceCodes", |it| it.texts("ReferenceCode"))
            .unwrap_or_default(),
        appendixes: fields.nested("Appendixes", |it| it.texts("Appendix")).unwrap_or_default(),
    }
}

fn response_for(fields: &mut Fields<'_, '_, '_>) -> ResponseFor {
    ResponseFor {
        organ_id: OrganId::from(fields.text("OrganId")),
        code: fields.text("Code"),
        document_id: DocumentId::from(fields.text("DocumentId")),
        promulgation_date: fields.date("PromulgationDate"),
    }
}

fn staff(fields: &mut Fields<'_, '_, '_>) -> StaffInfo {
    StaffInfo {
        department: fields.text("Department"),
        department_id: fields.text("DepartmentId"),
        staff: fields.text("Staff"),
        staff_id: fields.text("StaffId"),
        email: fields.text("Email"),
        mobile: fields.text("Mobile"),
    }
}

pub(super) fn trace(list: &Element<'_>, notes: &mut Notes) -> (Vec<TraceHeader>, Option<Business>) {
    read_all(list, notes, |fields| {
        let headers = fields.each("TraceHeader", |it| TraceHeader {
            organ_id: OrganId::from(it.text("OrganId")),
            timestamp: it.timestamp("Timestamp"),
        });
        let mut business = fields.nested("Bussiness", business);
        // The national kit takes it directly under the list as well.
        let paper = fields.number_within("Paper", 0..=1);
        if let Some(business) = &mut business {
            business.paper = business.paper.or(paper);
        }
        (headers, business)
    })
}

fn business(fields: &mut Fields<'_, '_, '_>) -> Business {
    let number = fields.number("BussinessDocType");
    fields.require("BussinessDocType", number.is_some());
    // Without a number it is not to be taken for a new document.
    let kind = BusinessType::from_number(number.unwrap_or(-1));
    if let BusinessType::Other(number) = kind {
        let code = DiagnosticCode::BusinessTypeUnknown;
        fields.notes().add(code, "BussinessDocType", None, &number.to_string());
    }
    Business {
        kind,
        reason: fields.text("BussinessDocReason"),
        paper: fields.number_within("Paper", 0..=1),
        document_info: fields.nested("BussinessDocumentInfo", document_info),
        document_id: fields.nested_text("DocumentId").map(DocumentId::from),
        staff: fields.nested("StaffInfo", staff),
        replacements: fields
            .nested("ReplacementInfoList", |it| it.each("ReplacementInfo", replacement))
            .unwrap_or_default(),
    }
}

fn document_info(fields: &mut Fields<'_, '_, '_>) -> BusinessDocumentInfo {
    let receiver = |it: &mut Fields<'_, '_, '_>| Receiver {
        organ_id: OrganId::from(it.text("OrganId")),
        receiver_type: it.number_within("ReceiverType", 0..=1),
    };
    BusinessDocumentInfo {
        document_info: fields.number_within("DocumentInfo", 0..=1),
        document_receiver: fields.number_within("DocumentReceiver", 0..=1),
        receivers: fields
            .nested("ReceiverList", |it| it.each("Receiver", receiver))
            .unwrap_or_default(),
    }
}

fn replacement(fields: &mut Fields<'_, '_, '_>) -> ReplacementInfo {
    ReplacementInfo {
        document_id: DocumentId::from(fields.text("DocumentId")),
        organ_ids: fields
            .nested("OrganIdList", |it| it.texts("OrganId"))
            .unwrap_or_default()
            .into_iter()
            .map(OrganId::from)
            .collect(),
    }
}

pub(super) fn status(header: &Element<'_>, notes: &mut Notes) -> Result<StatusMessage> {
    read_all(header, notes, |fields| {
        let read = StatusMessage {
            from: fields.nested("From", organization).unwrap_or_default(),
            response_for: fields.nested("ResponseFor", response_for).unwrap_or_default(),
            staff: fields.nested("StaffInfo", staff),
            code: status_code(fields)?,
            description: fields.text("Description"),
            timestamp: fields.timestamp("Timestamp"),
        };
        fields.require("From/OrganId", !read.from.organ_id.is_empty());
        fields.require("ResponseFor/DocumentId", !read.response_for.document_id.is_empty());
        fields.require("Timestamp", !read.timestamp.is_empty());
        Ok(read)
    })
}

fn status_code(fields: &mut Fields<'_, '_, '_>) -> Result<StatusCode> {
    let Some(element) = fields.leaf("StatusCode") else {
        return Err(Error::malformed("the status has no code").in_element("StatusCode"));
    };
    let text = &*element.text;
    let number = Some(text)
        .filter(|it| it.len() <= 2 && it.bytes().all(|it| it.is_ascii_digit()))
        .and_then(|it| it.parse().ok())
        .ok_or_else(|| {
            Error::malformed("the status code is no number of two digits")
                .at_offset(element.offset)
                .in_element("StatusCode")
        })?;
    if text.len() != 2 {
        fields.notes().add(DiagnosticCode::StatusCodeForm, "StatusCode", element.offset, text);
    }
    let code = StatusCode::from_number(number);
    if let StatusCode::Other(_) = code {
        fields.notes().add(DiagnosticCode::StatusCodeUnknown, "StatusCode", element.offset, text);
    }
    Ok(code)
}
