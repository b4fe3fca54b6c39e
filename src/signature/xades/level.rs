//! How far an XML signature is built up, by what stands in it: the levels of EN 319 132-1 §6
//! and of EN 319 132-2. It is a matter of structure alone; an archive time-stamp is one in
//! whichever edition of the schema it is written.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::imprint::Referred;
use super::names::{DSIG, Version};
use super::properties::{PropertyFaultKind, QualifyingProperties};
use super::signed::{DataObjectFormat, SignedProperties};
use super::time_stamp::TimeStampKind;
use super::unsigned::PropertyKind;
use crate::encoding::xml::{Document, NodeId};
use crate::signature::cades::StructuralLevel;

/// What the level of a signature is told by.
#[derive(Clone, Copy)]
pub(crate) struct Structure<'s, 'a> {
    pub(crate) document: &'s Document<'a>,
    pub(crate) signature: NodeId,
    pub(crate) properties: Option<&'s QualifyingProperties>,
    /// Whether a Reference covers the signed properties.
    pub(crate) is_signed: bool,
    /// Those of `SignedInfo`, and of the manifests that it refers to.
    pub(crate) references: &'s [Referred],
    /// Those of `SignedInfo` that are to data, and so need a format.
    pub(crate) to_data: &'s [Referred],
    /// Whether `KeyInfo` holds the signer's certificate.
    pub(crate) certificate_held: bool,
    /// Whether `KeyInfo` is signed.
    pub(crate) key_info_signed: bool,
    /// Whether revocation data is there for every certificate that the signature leans on.
    pub(crate) complete: bool,
}

impl Structure<'_, '_> {
    /// The level.
    pub(crate) fn level(&self) -> StructuralLevel {
        let Some(properties) = self.properties.filter(|_| self.is_signed) else {
            return StructuralLevel::NotEtsi;
        };
        let Some(signed) = properties.signed.as_ref().filter(|it| self.is_basic(it, properties))
        else {
            return StructuralLevel::NotEtsi;
        };
        // The baseline levels are of the schema's edition that EN 319 132-1 has.
        let namespace = self.document.element(properties.node).and_then(|it| it.namespace.clone());
        let is_current = Version::of(namespace.as_deref()) == Some(Version::V132);
        let baseline = is_current && self.is_baseline(signed);
        let stamps = properties.unsigned.time_stamps().map(|(_, it)| it);
        let tokens: Vec<_> = stamps
            .filter(|it| it.kind == TimeStampKind::Signature)
            .map(|it| it.tokens.len())
            .collect();
        if tokens.is_empty() || tokens.contains(&0) {
            return match &signed.policy {
                _ if baseline => StructuralLevel::BaselineB,
                None => StructuralLevel::Bes,
                Some(_) => StructuralLevel::Epes,
            };
        }
        // EN 319 132-1 §6.3 requirement n): one token in each.
        match baseline && tokens.iter().all(|it| *it == 1) {
            true => self.long_term(properties),
            false => self.extended(properties),
        }
    }

    /// EN 319 132-2 §4.3: what the lowest level asks for.
    fn is_basic(&self, signed: &SignedProperties, properties: &QualifyingProperties) -> bool {
        let once = !properties.faults().any(|it| it.kind == PropertyFaultKind::Repeated);
        let certificate =
            signed.signing_certificate.is_some() || (self.key_info_signed && self.certificate_held);
        once && certificate && signed.formats.iter().all(|it| self.is_format(it))
    }

    /// EN 319 132-1 §5.2.4.
    fn is_format(&self, format: &DataObjectFormat) -> bool {
        let Some(id) = &format.reference else { return false };
        let referred = self.references.iter().find(|it| it.id.as_ref() == Some(id));
        let Some(referred) = referred else { return false };
        let says = format.mime_type.is_some() || format.described;
        let object = self.object(referred);
        let same = |said: &Option<String>, attribute: &str| {
            let other = object.and_then(|it| self.document.attribute(it, attribute));
            match (said, other) {
                (Some(said), Some(other)) if !other.is_empty() => said == other,
                _ => true,
            }
        };
        says && same(&format.mime_type, "MimeType") && same(&format.encoding, "Encoding")
    }

    /// The Object of this signature that a reference is to.
    fn object(&self, referred: &Referred) -> Option<NodeId> {
        let id = referred.uri.as_deref()?.strip_prefix('#')?;
        self.document
            .children_named(self.signature, DSIG, "Object")
            .find(|it| self.document.attribute(*it, "Id") == Some(id))
    }

    /// EN 319 132-1 §6.3, level B.
    fn is_baseline(&self, signed: &SignedProperties) -> bool {
        let key_infos = self.document.children_named(self.signature, DSIG, "KeyInfo").count();
        let formats = &signed.formats;
        let has_format = |it: &Referred| {
            it.id.is_none() || formats.iter().any(|format| format.reference == it.id)
        };
        // Requirement i): no URI says where the certificate is.
        let no_uri = signed.signing_certificate.as_ref().is_some_and(|it| {
            it.first.is_empty() && it.references.iter().all(|it| !it.uri || it.is_first())
        });
        key_infos == 1
            && self.certificate_held
            && (signed.signing_time.is_some() || signed.time_without_zone.is_some())
            && no_uri
            && formats.iter().all(|it| it.mime_type.is_some() && it.once)
            && self.to_data.iter().all(has_format)
    }

    /// EN 319 132-1 §6.3, from T on.
    fn long_term(&self, properties: &QualifyingProperties) -> StructuralLevel {
        let unsigned = &properties.unsigned;
        let ruled_out = unsigned.has(|it| {
            is_references(it)
                || matches!(it, PropertyKind::TimeStamp(it) if is_over_references(it.kind))
        });
        if ruled_out {
            return self.extended(properties);
        }
        match (self.complete, unsigned.has(is_archive)) {
            (false, _) => StructuralLevel::BaselineT,
            (true, false) if unsigned.has(is_sealing) => StructuralLevel::Ers,
            (true, false) => StructuralLevel::BaselineLt,
            (true, true) => StructuralLevel::BaselineLta,
        }
    }

    /// EN 319 132-2 §4.3, from T on.
    fn extended(&self, properties: &QualifyingProperties) -> StructuralLevel {
        let unsigned = &properties.unsigned;
        let certificates = |it: &PropertyKind| {
            matches!(it, PropertyKind::CertificateReferences { attribute: false, .. })
        };
        let revocation = |it: &PropertyKind| {
            matches!(it, PropertyKind::RevocationReferences { attribute: false })
        };
        let references = unsigned.has(certificates) && unsigned.has(revocation);
        let over = |it: &PropertyKind| matches!(it, PropertyKind::TimeStamp(it) if is_over_references(it.kind));
        if self.complete && unsigned.has(is_archive) {
            StructuralLevel::A
        } else if self.complete && references {
            StructuralLevel::Xl
        } else if references && unsigned.has(over) {
            StructuralLevel::X
        } else if references {
            StructuralLevel::C
        } else if self.complete {
            StructuralLevel::Lt
        } else {
            StructuralLevel::T
        }
    }
}

fn is_archive(kind: &PropertyKind) -> bool {
    matches!(kind, PropertyKind::TimeStamp(it) if it.kind.is_archive())
}

/// Records in the place of an archive time-stamp (EN 319 132-3).
fn is_sealing(kind: &PropertyKind) -> bool {
    matches!(kind, PropertyKind::EvidenceRecords)
}

fn is_references(kind: &PropertyKind) -> bool {
    matches!(
        kind,
        PropertyKind::CertificateReferences { attribute: false, .. }
            | PropertyKind::RevocationReferences { attribute: false }
    )
}

fn is_over_references(kind: TimeStampKind) -> bool {
    matches!(kind, TimeStampKind::SigAndRefs { .. } | TimeStampKind::RefsOnly { .. })
}
