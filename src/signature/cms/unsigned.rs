//! Unsigned attributes: what was added around a finished signature (RFC 5652 §11.4,
//! EN 319 122-1 §5.3 and §5.5, EN 319 122-2). Nothing here is protected by the
//! signature; time-stamps protect themselves.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::attributes::{Attribute, AttributeFault, misplaced, read_all};
use super::oids::{
    ALGORITHM_PROTECTION, ARCHIVE_TIME_STAMP, ARCHIVE_TIME_STAMP_V2, ARCHIVE_TIME_STAMP_V3,
    CADES_C_TIME_STAMP, CONTENT_TYPE, COUNTERSIGNATURE, MESSAGE_DIGEST, REFERENCES_TIME_STAMP,
    SIGNATURE_TIME_STAMP, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2, SIGNING_TIME,
};
use super::signer::SignerInfo;
use crate::encoding::asn1::{Tag, Value};
use crate::error::Result;
use crate::limits::{Limits, within};

/// `UnsignedAttributes ::= SET SIZE (1..MAX) OF Attribute`, under `[1]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnsignedAttributes<'a> {
    attributes: Vec<Attribute<'a>>,
}

/// What a time-stamp among the unsigned attributes is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeStampKind {
    /// The signature value (EN 319 122-1 §5.3).
    Signature,
    /// The signature and the references to its validation data (EN 319 122-1 Annex A.1.5.2).
    CadesC,
    /// The references to the validation data (Annex A.1.5.1).
    References,
    /// Everything, by RFC 3126's first definition.
    Archive,
    /// Everything, by RFC 5126 §6.4.1.
    ArchiveV2,
    /// Everything, by an index of digests (EN 319 122-1 §5.5.3).
    ArchiveV3,
}

impl TimeStampKind {
    /// Whether it is over the whole CMS, and what is added may break it.
    pub(crate) fn is_archive(self) -> bool {
        matches!(self, Self::Archive | Self::ArchiveV2 | Self::ArchiveV3)
    }
}

const TIME_STAMPS: [(ObjectIdentifier, TimeStampKind); 6] = [
    (SIGNATURE_TIME_STAMP, TimeStampKind::Signature),
    (CADES_C_TIME_STAMP, TimeStampKind::CadesC),
    (REFERENCES_TIME_STAMP, TimeStampKind::References),
    (ARCHIVE_TIME_STAMP, TimeStampKind::Archive),
    (ARCHIVE_TIME_STAMP_V2, TimeStampKind::ArchiveV2),
    (ARCHIVE_TIME_STAMP_V3, TimeStampKind::ArchiveV3),
];

/// RFC 5652 §11.1 to §11.3, RFC 5035 §3, RFC 6211 §2.
const ALWAYS_SIGNED: [ObjectIdentifier; 6] = [
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    ALGORITHM_PROTECTION,
];

impl<'a> UnsignedAttributes<'a> {
    pub(super) fn read(set: &Value<'a>, limits: &Limits) -> Result<Self> {
        let attributes =
            read_all(set, limits).map_err(|error| error.in_element("unsignedAttrs"))?;
        Ok(Self { attributes })
    }

    /// Attributes that would have to be signed to mean anything.
    pub(crate) fn faults(&self) -> Vec<AttributeFault> {
        misplaced(&self.attributes, &ALWAYS_SIGNED).collect()
    }

    /// All of them, in the order they stand in.
    pub(crate) fn all(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// Whether one of this type is there.
    pub(crate) fn has(&self, oid: ObjectIdentifier) -> bool {
        self.attributes.iter().any(|attribute| attribute.oid() == oid)
    }

    /// The values of all attributes of this type, as they stand.
    pub(crate) fn values(&self, oid: ObjectIdentifier) -> impl Iterator<Item = Value<'a>> + '_ {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.oid() == oid)
            .flat_map(|attribute| attribute.values().iter().copied())
    }

    /// Time-stamp tokens (RFC 3161 §2.4.2) as they stand, by what they are over. What
    /// is no SEQUENCE is no token: some signers wrap theirs in an OCTET STRING.
    pub(crate) fn time_stamps(&self) -> impl Iterator<Item = (TimeStampKind, &'a [u8])> + '_ {
        self.attributes.iter().flat_map(|attribute| {
            let kind = TIME_STAMPS.iter().find(|(oid, _)| *oid == attribute.oid());
            let values = attribute.values().iter().filter(|it| it.tag() == Tag::SEQUENCE);
            kind.into_iter()
                .flat_map(move |(_, kind)| values.clone().map(|value| (*kind, value.raw())))
        })
    }

    /// Signatures over this signature's value (RFC 5652 §11.4), each a result of its
    /// own. Theirs are asked for in the same way, as deep as ASN.1 may nest.
    ///
    /// # Errors
    /// `LimitExceeded` when there are more than one CMS may have signers.
    pub(crate) fn countersignatures(&self, limits: &Limits) -> Result<Vec<Result<SignerInfo<'a>>>> {
        let mut found = Vec::new();
        for value in self.values(COUNTERSIGNATURE) {
            let count = found.len().saturating_add(1);
            within(count, limits.cms_signers, "countersignatures of a signature")?;
            found.push(SignerInfo::read(&value, limits));
        }
        Ok(found)
    }
}
