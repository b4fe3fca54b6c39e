//! What the time-stamps of an XML signature are over (EN 319 132-1 §5.2.8, §5.3, §5.5.2, Annex
//! A.1.5; TS 101 903 §7.2.9, §7.3 to §7.7): elements and signed data, in order, each in its
//! canonical form.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{HashMap, HashSet};

use super::names::DSIG;
use super::properties::QualifyingProperties;
use super::time_stamp::{Include, TimeStamp, TimeStampKind};
use super::unsigned::PropertyKind;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::xml::{Canonicalization, Document, Ids, NodeId};
use crate::error::{ErrorKind, Result};
use crate::signature::xmldsig::{Dereferencer, Reference, Signature, Transform};

/// A signature and its references, as far as time-stamps ask.
#[derive(Clone, Copy)]
pub(crate) struct Stamped<'s, 'a> {
    pub(crate) document: &'s Document<'a>,
    pub(crate) ids: &'s Ids<'s>,
    pub(crate) signature: NodeId,
    pub(crate) properties: &'s QualifyingProperties,
    /// Those of `SignedInfo`, in their order.
    pub(crate) references: &'s [Referred],
}

/// A Reference of `SignedInfo`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Referred {
    pub(crate) id: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) is_signed_properties: bool,
}

/// A part of what is stamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What the Reference at this place comes to.
    Referenced(usize),
    Element(NodeId),
}

impl Stamped<'_, '_> {
    /// What a time-stamp is over, in order; nothing where it says so in a way that leads
    /// nowhere.
    pub(crate) fn parts(&self, stamp: &TimeStamp) -> Option<Vec<Part>> {
        match stamp.kind {
            TimeStampKind::AllDataObjects => Some(self.all_data()),
            TimeStampKind::IndividualDataObjects => {
                let data = stamp.includes.iter().all(|it| it.referenced_data);
                data.then(|| self.included(&stamp.includes)).flatten()
            }
            TimeStampKind::Signature => Some(vec![Part::Element(self.own("SignatureValue")?)]),
            TimeStampKind::SigAndRefs { second } => {
                let value = Part::Element(self.own("SignatureValue")?);
                let others = match stamp.includes.is_empty() {
                    true => self.before(stamp, |kind| {
                        is_signature_time_stamp(kind) || is_reference(kind, second)
                    }),
                    false => self.included(&stamp.includes)?,
                };
                Some([value].into_iter().chain(others).collect())
            }
            TimeStampKind::RefsOnly { second } => match stamp.includes.is_empty() {
                true => Some(self.before(stamp, |kind| is_reference(kind, second))),
                false => self.included(&stamp.includes),
            },
            TimeStampKind::ArchiveFirst | TimeStampKind::Archive => self.archive(stamp),
        }
    }

    /// What an archive time-stamp is over that is added now, behind all that is there.
    pub(crate) fn archive_to_come(&self) -> Option<Vec<Part>> {
        let mut all = self.signature_parts()?;
        all.extend(self.properties.unsigned.all.iter().map(|it| Part::Element(it.node)));
        all.extend(self.objects().map(Part::Element));
        Some(all)
    }

    /// What evidence records are over that stand in this property (EN 319 132-3 §5.2): all
    /// but what came after it, and what manifests list, which is sealed besides.
    pub(crate) fn sealed(&self, records: NodeId) -> Option<Vec<Part>> {
        let mut all = self.signature_parts()?;
        let before = self.properties.unsigned.all.iter().take_while(|it| it.node != records);
        all.extend(before.map(|it| Part::Element(it.node)));
        all.extend(self.objects().map(Part::Element));
        Some(all)
    }

    fn all_data(&self) -> Vec<Part> {
        let all = self.references.iter().enumerate();
        all.filter(|(_, it)| !it.is_signed_properties).map(|(n, _)| Part::Referenced(n)).collect()
    }

    /// TS 101 903 §7.7, §8.2; EN 319 132-1 §5.5.2.2.
    fn archive(&self, stamp: &TimeStamp) -> Option<Vec<Part>> {
        let mut all = self.signature_parts()?;
        match stamp.includes.is_empty() {
            true => all.extend(self.before(stamp, |_| true)),
            false => all.extend(self.included(&stamp.includes)?),
        }
        // Since TS 101 903 V1.4.1 whether they are referred to does not matter.
        let referred = match stamp.kind {
            TimeStampKind::ArchiveFirst => self.referred_to(),
            _ => HashSet::new(),
        };
        let is_referred_to = |it: &NodeId| {
            let id = self.document.attribute(*it, "Id");
            id.is_some_and(|it| referred.contains(it))
        };
        let wanted = self.objects().filter(|it| referred.is_empty() || !is_referred_to(it));
        all.extend(wanted.map(Part::Element));
        Some(all)
    }

    /// All that is signed, and the signature but its properties.
    fn signature_parts(&self) -> Option<Vec<Part>> {
        let mut all: Vec<_> = (0..self.references.len()).map(Part::Referenced).collect();
        all.push(Part::Element(self.own("SignedInfo")?));
        all.push(Part::Element(self.own("SignatureValue")?));
        all.extend(self.own("KeyInfo").map(Part::Element));
        Some(all)
    }

    /// The Objects but that of the properties.
    fn objects(&self) -> impl Iterator<Item = NodeId> + '_ {
        let objects = self.document.children_named(self.signature, DSIG, "Object");
        objects.filter(|it| *it != self.properties.object)
    }

    /// The unsigned properties of some kinds that stand before the time-stamp.
    fn before(&self, stamp: &TimeStamp, wanted: impl Fn(&PropertyKind) -> bool) -> Vec<Part> {
        let all = self.properties.unsigned.all.iter().take_while(|it| it.node != stamp.node);
        all.filter(|it| wanted(&it.kind)).map(|it| Part::Element(it.node)).collect()
    }

    /// What is included one by one. What leads to none or to several elements leads nowhere.
    fn included(&self, includes: &[Include]) -> Option<Vec<Part>> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        if includes.iter().any(|it| it.referenced_data) {
            // The first of those with one Id stays.
            let ids = self.references.iter().enumerate().rev();
            places.extend(ids.filter_map(|(n, it)| Some((it.id.as_deref()?, n))));
        }
        let include = |it: &Include| {
            let id = it.uri.strip_prefix('#').unwrap_or(&it.uri);
            if it.referenced_data {
                return places.get(id).map(|it| Part::Referenced(*it));
            }
            match self.ids.named(id) {
                [one] => Some(Part::Element(*one)),
                _ => None,
            }
        };
        includes.iter().map(include).collect()
    }

    fn own(&self, local: &str) -> Option<NodeId> {
        self.document.children_named(self.signature, DSIG, local).next()
    }

    /// The Ids that the References of `SignedInfo` lead to.
    fn referred_to(&self) -> HashSet<&str> {
        let uris = self.references.iter().filter_map(|it| it.uri.as_deref());
        uris.filter_map(|it| it.strip_prefix('#')).collect()
    }
}

fn is_signature_time_stamp(kind: &PropertyKind) -> bool {
    matches!(kind, PropertyKind::TimeStamp(it) if it.kind == TimeStampKind::Signature)
}

/// The digest of all parts; nothing where one of them is not at hand.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when a file cannot be read.
pub(crate) fn digest_parts(
    dereferencer: &mut Dereferencer<'_>,
    signature: &Signature,
    over: &[Part],
    method: &Canonicalization,
    algorithm: DigestAlgorithm,
) -> Result<Option<Digest>> {
    let mut sink = DigestContext::new(algorithm);
    for part in over {
        match part {
            Part::Element(node) => dereferencer.canonical(*node, method, &mut sink)?,
            Part::Referenced(place) => {
                let reference = signature.signed_info.references.get(*place);
                let Some(reference) = reference else { return Ok(None) };
                if !add_reference(dereferencer, signature, reference, method, &mut sink)? {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(sink.finish()))
}

/// The digest of what a Reference comes to, such as one of a manifest; nothing where that is
/// not at hand.
///
/// # Errors
/// As [`digest_parts`].
pub(crate) fn digest_reference(
    dereferencer: &mut Dereferencer<'_>,
    signature: &Signature,
    reference: &Reference,
    method: &Canonicalization,
    algorithm: DigestAlgorithm,
) -> Result<Option<Digest>> {
    let mut sink = DigestContext::new(algorithm);
    let added = add_reference(dereferencer, signature, reference, method, &mut sink)?;
    Ok(added.then(|| sink.finish()))
}

/// Whether it is at hand.
fn add_reference(
    dereferencer: &mut Dereferencer<'_>,
    signature: &Signature,
    reference: &Reference,
    method: &Canonicalization,
    sink: &mut DigestContext,
) -> Result<bool> {
    let reference = canonical_at_last(reference, method);
    match dereferencer.write(signature.element, &reference, sink) {
        Ok(written) => Ok(written.is_some()),
        Err(error) => match error.kind() {
            ErrorKind::Malformed | ErrorKind::Unsupported => Ok(false),
            _ => Err(error),
        },
    }
}

/// What comes to nodes, and not to octets, is put into the form that the time-stamp names
/// (EN 319 132-1 §4.5).
fn canonical_at_last(reference: &Reference, method: &Canonicalization) -> Reference {
    let mut reference = reference.clone();
    let makes_octets =
        |it: &Transform| matches!(it, Transform::Canonicalization(_) | Transform::Base64);
    let is_file = reference.uri.as_deref().is_none_or(|it| !it.is_empty() && !it.starts_with('#'));
    let octets = match reference.transforms.is_empty() {
        true => is_file,
        false => reference.transforms.iter().any(makes_octets),
    };
    if !octets {
        reference.transforms.push(Transform::Canonicalization(method.clone()));
    }
    reference
}

/// References to validation data, in the edition of the time-stamp.
fn is_reference(kind: &PropertyKind, v2: bool) -> bool {
    match kind {
        PropertyKind::CertificateReferences { second, .. } => *second == v2,
        PropertyKind::RevocationReferences { .. } => true,
        _ => false,
    }
}
