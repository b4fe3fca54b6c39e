//! Signature attributes (TS 119 102-2 Annex A.1): what the signer said, and what was
//! put beside it. Said is not proven.

use super::Xml;
use super::objects::Objects;
use crate::encoding::base64;
use crate::error::Result;
use crate::validation::facts::{Claims, NamedPolicy, PdfWords, TimeStampType};
use crate::validation::report::{SignatureReport, TimeStampReport};

const SIGNED: &[(&str, &str)] = &[("Signed", "true")];

/// Writes them; nothing where there are none, as the schema has no empty list.
pub(super) fn write(
    xml: &mut Xml<'_>,
    signature: &SignatureReport,
    objects: &Objects,
) -> Result<()> {
    let stamps = signature.timestamps().iter().zip(&signature.particulars.stamps);
    let digest = signature.particulars.octets.data.as_ref();
    let said = signature.claims();
    let any = signature.claimed_time().is_some()
        || signature.particulars.signature_policy.is_some()
        || stamps.clone().any(|(it, _)| it.time.is_some())
        || digest.is_some()
        || signature.pdf().is_some()
        || [&said.roles, &said.production_place, &said.commitments].iter().any(|it| !it.is_empty());
    if !any {
        return Ok(());
    }
    xml.within("SignatureAttributes", &[], |xml| {
        if let Some(claimed) = signature.claimed_time() {
            xml.within("SigningTime", SIGNED, |xml| xml.text("Time", &claimed.to_string()))?;
        }
        if let Some(policy) = &signature.particulars.signature_policy {
            xml.within("SigPolicyIdentifier", SIGNED, |xml| {
                xml.text("SigPolicyId", &policy_id(policy))
            })?;
        }
        if let Some(digest) = digest {
            xml.within("MessageDigest", SIGNED, |xml| {
                xml.text("Digest", &base64::encode(digest.value()))
            })?;
        }
        claims(xml, said)?;
        stamps.clone().try_for_each(|(report, stamp)| {
            time_stamp(xml, report, objects.id_of(&stamp.octets).as_deref())
        })?;
        signature.pdf().map_or(Ok(()), |pdf| dictionary(xml, signature, pdf))
    })
}

/// RFC 3061; an implied policy is in the signature, and has no name.
fn policy_id(policy: &NamedPolicy) -> String {
    match policy {
        NamedPolicy::Implied => "urn:x-kyso:implied".into(),
        NamedPolicy::Explicit { oid, .. } => uri(oid),
    }
}

/// Of what is named by an object identifier, or in XML by a URI.
fn uri(name: &str) -> String {
    if name.contains(':') { name.into() } else { format!("urn:oid:{name}") }
}

/// What the signer says of itself and of what it signed for: claimed, as nobody else says it.
fn claims(xml: &mut Xml<'_>, said: &Claims) -> Result<()> {
    for commitment in &said.commitments {
        xml.within("CommitmentTypeIndication", SIGNED, |xml| {
            xml.text("CommitmentTypeIdentifier", &uri(commitment))
        })?;
    }
    if !said.production_place.is_empty() {
        xml.within("SignatureProductionPlace", SIGNED, |xml| {
            said.production_place.iter().try_for_each(|it| xml.text("AddressString", it))
        })?;
    }
    if said.roles.is_empty() {
        return Ok(());
    }
    xml.within("SignerRole", SIGNED, |xml| {
        said.roles.iter().try_for_each(|role| {
            xml.within("RoleDetails", &[], |xml| {
                xml.text("Role", role)?;
                xml.text("EndorsementType", "claimed")
            })
        })
    })
}

fn time_stamp(xml: &mut Xml<'_>, stamp: &TimeStampReport, token: Option<&str>) -> Result<()> {
    let (name, signed) = match stamp.kind {
        TimeStampType::ContentTimestamp | TimeStampType::AllDataObjectsTimestamp => {
            ("AllDataObjectsTimeStamp", "true")
        }
        TimeStampType::IndividualDataObjectsTimestamp => ("IndividualDataObjectsTimeStamp", "true"),
        TimeStampType::SignatureTimestamp | TimeStampType::VriTimestamp => {
            ("SignatureTimeStamp", "false")
        }
        TimeStampType::ValidationDataRefsTimestamp => ("RefsOnlyTimeStamp", "false"),
        TimeStampType::ValidationDataTimestamp => ("SigAndRefsTimeStamp", "false"),
        TimeStampType::ArchiveTimestamp
        | TimeStampType::ContainerTimestamp
        | TimeStampType::EvidenceRecordTimestamp => ("ArchiveTimeStamp", "false"),
        TimeStampType::DocumentTimestamp => ("DocTimeStamp", "false"),
    };
    let Some(time) = stamp.time else { return Ok(()) };
    xml.within(name, &[("Signed", signed)], |xml| {
        token.map_or(Ok(()), |token| xml.reference("AttributeObject", token))?;
        xml.text("TimeStampValue", &time.to_string())
    })
}

/// What the PDF's signature dictionary says.
fn dictionary(xml: &mut Xml<'_>, signature: &SignatureReport, pdf: &PdfWords) -> Result<()> {
    if let Some(place) = &pdf.location {
        xml.within("SignatureProductionPlace", SIGNED, |xml| xml.text("AddressString", place))?;
    }
    let words = [
        ("Reason", "ReasonElement", &pdf.reason),
        ("Name", "NameElement", &pdf.name),
        ("ContactInfo", "ContactInfoElement", &pdf.contact),
        ("SubFilter", "SubFilterElement", &pdf.sub_filter),
    ];
    for (element, child, text) in words {
        if let Some(text) = text {
            xml.within(element, SIGNED, |xml| xml.text(child, text))?;
        }
    }
    if let Some(range) = signature.covers().byte_range {
        let numbers: Vec<_> = range.iter().map(ToString::to_string).collect();
        xml.text("ByteRange", &numbers.join(" "))?;
    }
    match &pdf.filter {
        Some(filter) => xml.within("Filter", &[], |xml| xml.text("Filter", filter)),
        None => Ok(()),
    }
}
