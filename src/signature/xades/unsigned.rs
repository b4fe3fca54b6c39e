//! `UnsignedSignatureProperties` (EN 319 132-1 §5.3 to §5.5, 132-2, TS 101 903 §7.3 to §8).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::names::{DSIG, EVIDENCE, Version};
use super::properties::{child, named};
use super::time_stamp::{TimeStamp, TimeStampKind};
use crate::encoding::xml::{Document, NodeId};
use crate::error::Result;
use crate::limits::{Limits, within};

/// What was added to a signature after it was made.
#[derive(Debug, Default)]
pub(crate) struct UnsignedProperties {
    /// `UnsignedSignatureProperties`.
    pub(crate) node: Option<NodeId>,
    /// `UnsignedProperties`, where it is known and nothing stands in it.
    pub(crate) parent: Option<NodeId>,
    /// In their order.
    pub(crate) all: Vec<Property>,
}

/// One unsigned property.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) node: NodeId,
    pub(crate) kind: PropertyKind,
}

#[derive(Debug)]
pub(crate) enum PropertyKind {
    /// Holds a `ds:Signature`.
    CounterSignature,
    TimeStamp(TimeStamp),
    /// References to certificates; `second` is the form of EN 319 132-1.
    CertificateReferences {
        second: bool,
        attribute: bool,
    },
    RevocationReferences {
        attribute: bool,
    },
    CertificateValues,
    RevocationValues,
    /// Of time-stamps, or of anything; certificates and revocation data.
    ValidationData,
    EvidenceRecords,
    PolicyStore,
    /// One that says nothing here.
    Other,
}

/// Revocation data within a property.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RevocationValue {
    Crl(NodeId),
    Ocsp(NodeId),
}

impl UnsignedProperties {
    pub(super) fn read(document: &Document<'_>, node: NodeId, limits: &Limits) -> Result<Self> {
        let mut all = Vec::new();
        for it in document.child_elements(node) {
            within(all.len(), limits.cms_attributes, "unsigned properties of a signature")?;
            let kind = match TimeStampKind::of(document, it).filter(|it| !it.is_over_data()) {
                Some(kind) => PropertyKind::TimeStamp(TimeStamp::read(document, it, kind, limits)?),
                None => kind_of(document, it),
            };
            all.push(Property { node: it, kind });
        }
        Ok(Self { node: Some(node), parent: document.parent(node), all })
    }

    pub(crate) fn time_stamps(&self) -> impl Iterator<Item = (&Property, &TimeStamp)> {
        self.all.iter().filter_map(|it| match &it.kind {
            PropertyKind::TimeStamp(stamp) => Some((it, stamp)),
            _ => None,
        })
    }

    /// The signatures that countersign.
    pub(crate) fn countersignatures<'s>(
        &'s self,
        document: &'s Document<'_>,
    ) -> impl Iterator<Item = NodeId> + 's {
        let holders =
            self.all.iter().filter(|it| matches!(it.kind, PropertyKind::CounterSignature));
        holders.filter_map(|it| document.children_named(it.node, DSIG, "Signature").next())
    }

    /// Whether there is one of this kind.
    pub(crate) fn has(&self, kind: impl Fn(&PropertyKind) -> bool) -> bool {
        self.all.iter().any(|it| kind(&it.kind))
    }
}

fn kind_of(document: &Document<'_>, node: NodeId) -> PropertyKind {
    let Some(element) = document.element(node) else { return PropertyKind::Other };
    if element.is(EVIDENCE, "SealingEvidenceRecords") {
        return PropertyKind::EvidenceRecords;
    }
    if Version::of(element.namespace.as_deref()).is_none() {
        return PropertyKind::Other;
    }
    let certificates =
        |second, attribute| PropertyKind::CertificateReferences { second, attribute };
    match element.local {
        "CounterSignature" => PropertyKind::CounterSignature,
        "CompleteCertificateRefs" => certificates(false, false),
        "CompleteCertificateRefsV2" => certificates(true, false),
        "AttributeCertificateRefs" => certificates(false, true),
        "AttributeCertificateRefsV2" => certificates(true, true),
        "CompleteRevocationRefs" => PropertyKind::RevocationReferences { attribute: false },
        "AttributeRevocationRefs" => PropertyKind::RevocationReferences { attribute: true },
        "CertificateValues" | "AttrAuthoritiesCertValues" => PropertyKind::CertificateValues,
        "RevocationValues" | "AttributeRevocationValues" => PropertyKind::RevocationValues,
        "TimeStampValidationData" | "AnyValidationData" => PropertyKind::ValidationData,
        "SignaturePolicyStore" => PropertyKind::PolicyStore,
        _ => PropertyKind::Other,
    }
}

impl Property {
    /// The elements that hold certificates.
    pub(crate) fn certificate_values(&self, document: &Document<'_>) -> Vec<NodeId> {
        let parents = match self.kind {
            PropertyKind::CertificateValues => vec![self.node],
            PropertyKind::ValidationData => ["CertificateValues", "AttrAuthoritiesCertValues"]
                .into_iter()
                .filter_map(|it| child(document, self.node, it))
                .collect(),
            _ => Vec::new(),
        };
        let certificates =
            parents.iter().flat_map(|it| named(document, *it, "EncapsulatedX509Certificate"));
        certificates.collect()
    }

    /// The elements that hold lists and answers.
    pub(crate) fn revocation_values(&self, document: &Document<'_>) -> Vec<RevocationValue> {
        let parents = match self.kind {
            PropertyKind::RevocationValues => vec![self.node],
            PropertyKind::ValidationData => ["RevocationValues", "AttributeRevocationValues"]
                .into_iter()
                .filter_map(|it| child(document, self.node, it))
                .collect(),
            _ => Vec::new(),
        };
        let mut all = Vec::new();
        for parent in parents {
            for list in named(document, parent, "CRLValues") {
                let values = named(document, list, "EncapsulatedCRLValue");
                all.extend(values.map(RevocationValue::Crl));
            }
            for list in named(document, parent, "OCSPValues") {
                let values = named(document, list, "EncapsulatedOCSPValue");
                all.extend(values.map(RevocationValue::Ocsp));
            }
        }
        all
    }
}
