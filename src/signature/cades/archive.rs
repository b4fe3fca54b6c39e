//! The parts of a signer that archive time-stamps before the third are over, in the
//! readings that are in use (RFC 5126 §6.4.1, TS 101 733 Annex K, RFC 3126 §4.12.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::writer::{constructed, tlv};
use crate::encoding::asn1::{Tag, Value};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::signature::cms::oids::{
    ARCHIVE_TIME_STAMP, ARCHIVE_TIME_STAMP_V2, ARCHIVE_TIME_STAMP_V3, CADES_C_TIME_STAMP,
    CERTIFICATE_REFERENCES, CERTIFICATE_VALUES, REFERENCES_TIME_STAMP, REVOCATION_REFERENCES,
    REVOCATION_VALUES, SIGNATURE_TIME_STAMP,
};
use crate::signature::cms::{Attribute, SignedData, SignerInfo};
use crate::signature::tsp::TimeStampInfo;
use crate::time::UtcTime;

const ARCHIVE: [ObjectIdentifier; 3] =
    [ARCHIVE_TIME_STAMP, ARCHIVE_TIME_STAMP_V2, ARCHIVE_TIME_STAMP_V3];

/// The unsigned attributes that were there when a token was made: all but the archive
/// time-stamps that are not earlier than it, itself among them.
pub(super) fn earlier<'s, 'a>(
    signer: &'s SignerInfo<'a>,
    token: &TimeStampInfo,
    limits: &Limits,
) -> Result<Vec<&'s Attribute<'a>>> {
    let mut all = Vec::new();
    for attribute in signer.unsigned_attributes().all() {
        if !ARCHIVE.contains(&attribute.oid())
            || time_of(attribute, limits)?.is_some_and(|at| at < token.time)
        {
            all.push(attribute);
        }
    }
    Ok(all)
}

/// When the token of an attribute was made, as it says.
fn time_of(attribute: &Attribute<'_>, limits: &Limits) -> Result<Option<UtcTime>> {
    let Some(token) = attribute.values().first() else { return Ok(None) };
    let read = SignedData::parse(token.raw(), limits).and_then(|token| match token.content() {
        Some(content) => TimeStampInfo::read(&content.bytes()?, limits).map(|it| Some(it.time)),
        None => Ok(None),
    });
    match read {
        Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
        read => Ok(read.ok().flatten()),
    }
}

/// The fields of the signer, then those of its unsigned attributes that count: as they
/// stand, in DER, and both again with the attributes' own tag and length left out.
pub(super) fn tails<'x>(
    signer: &'x SignerInfo<'_>,
    attributes: &'x [&Attribute<'_>],
) -> impl Iterator<Item = Vec<u8>> + 'x {
    let stored = move || {
        let unsigned: Vec<_> = attributes.iter().map(|it| it.raw()).collect();
        Ok((stored_fields(signer), unsigned.concat()))
    };
    let canonical = move || {
        let unsigned: Result<Vec<_>> = attributes.iter().map(|it| it.canonical()).collect();
        Ok((canonical_fields(signer)?, unsigned?.concat()))
    };
    let framed = |(fields, unsigned): (Vec<u8>, Vec<u8>)| {
        [fields, tlv(constructed(1), &[&unsigned])].concat()
    };
    let bare = |(fields, unsigned): (Vec<u8>, Vec<u8>)| [fields, unsigned].concat();
    // Made one by one: the first nearly always fits.
    let readings: [Box<dyn Fn() -> Result<Vec<u8>> + 'x>; 4] = [
        Box::new(move || stored().map(framed)),
        Box::new(move || canonical().map(framed)),
        Box::new(move || stored().map(bare)),
        Box::new(move || canonical().map(bare)),
    ];
    readings.into_iter().filter_map(|reading| reading().ok())
}

fn stored_fields(signer: &SignerInfo<'_>) -> Vec<u8> {
    signer.fields().iter().map(Value::raw).collect::<Vec<_>>().concat()
}

/// From version to signature in DER, the signed attributes in DER order under `[0]`.
pub(super) fn canonical_fields(signer: &SignerInfo<'_>) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for (n, field) in signer.fields().iter().enumerate() {
        let signed = signer.signed_attributes().filter(|_| n == 3);
        match signed {
            Some(attributes) => {
                let mut der = attributes.to_be_signed()?;
                if let Some(tag) = der.first_mut() {
                    *tag = constructed(0);
                }
                all.extend(der);
            }
            None => all.extend(field.canonical()?),
        }
    }
    Ok(all)
}

/// `attrType` and `attrValues` in DER.
pub(super) fn canonical_parts(attribute: &Attribute<'_>) -> Result<Vec<u8>> {
    let der = attribute.canonical()?;
    Ok(Value::only(&der, 64)?.content().to_vec())
}

/// RFC 3126 §4.12.2, in its order.
const FIRST_EDITION: [ObjectIdentifier; 8] = [
    SIGNATURE_TIME_STAMP,
    CERTIFICATE_REFERENCES,
    REVOCATION_REFERENCES,
    CERTIFICATE_VALUES,
    REVOCATION_VALUES,
    CADES_C_TIME_STAMP,
    REFERENCES_TIME_STAMP,
    ARCHIVE_TIME_STAMP,
];

/// The attributes that the first edition is over.
pub(super) fn first_edition<'s, 'a>(
    signer: &'s SignerInfo<'a>,
    token: &TimeStampInfo,
    limits: &Limits,
) -> Result<Vec<&'s Attribute<'a>>> {
    let there = earlier(signer, token, limits)?;
    let of = |oid: ObjectIdentifier| there.iter().filter(move |it| it.oid() == oid).copied();
    Ok(FIRST_EDITION.iter().flat_map(|oid| of(*oid)).collect())
}

/// The signed attributes, the value and each attribute: their contents, their values, or
/// type and values.
pub(super) fn first_tails(signer: &SignerInfo<'_>, attributes: &[&Attribute<'_>]) -> Vec<Vec<u8>> {
    let signed = signer.fields().iter().find(|it| it.tag() == Tag::context(0));
    let bare = signed.map_or(&[][..], |it| it.content());
    let framed = signer.signed_attributes().map(|it| it.as_stored()).unwrap_or_default();
    let values = || attributes.iter().flat_map(|it| it.values());
    let unsigned = [
        values().map(Value::raw).collect::<Vec<_>>().concat(),
        values().map(Value::content).collect::<Vec<_>>().concat(),
        attributes.iter().flat_map(|it| [it.kind(), it.set()]).collect::<Vec<_>>().concat(),
    ];
    let both = [bare, &framed];
    both.iter()
        .flat_map(|signed| unsigned.iter().map(move |it| (signed, it)))
        .map(|(signed, unsigned)| [signed, signer.signature(), unsigned].concat())
        .collect()
}
