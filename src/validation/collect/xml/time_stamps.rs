//! The time-stamps of an XML signature, and what each covers (EN 319 102-1 §5.6.2.3).

use std::collections::HashMap;
use std::rc::Rc;

use super::{Collector, Read};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::base64;
use crate::encoding::xml::{Canonicalization, Document, Method, NodeId};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::signature::cms::{RevocationInfo, SignedData};
use crate::signature::xades::{
    Part, Property, PropertyKind, RevocationValue, Stamped, TimeStamp, TimeStampKind, digest_parts,
};
use crate::signature::xmldsig::canonicalization;
use crate::validation::collect::time_stamp::{Beside, read};
use crate::validation::facts::{Covers, SignatureFacts, TimeStampFacts, TimeStampType};
use crate::validation::poe::ObjectId;

/// Things that the time-stamps of one document may cover together: two hundred of them over
/// as many properties with validation data each cover some hundred thousand.
pub(super) const COVERED: usize = 1_000_000;

impl Collector<'_> {
    /// Those that are signed, then those that came later.
    pub(super) fn time_stamps(
        &mut self,
        facts: &SignatureFacts,
        parts: &Read<'_>,
    ) -> Result<Vec<TimeStampFacts>> {
        let Some(properties) = parts.properties else { return Ok(Vec::new()) };
        let signed = properties.signed.iter().filter(|_| parts.followed.properties_signed);
        let signed = signed.flat_map(|it| &it.time_stamps);
        let later = properties.unsigned.time_stamps().map(|(_, it)| it);
        let mut all = Vec::new();
        for stamp in signed.chain(later) {
            let stamped = self.stamp(facts, parts, stamp)?;
            all.extend(stamped);
        }
        Ok(all)
    }

    /// The tokens in one container.
    fn stamp(
        &mut self,
        facts: &SignatureFacts,
        parts: &Read<'_>,
        stamp: &TimeStamp,
    ) -> Result<Vec<TimeStampFacts>> {
        let count = stamp.tokens.len().saturating_add(stamp.in_xml);
        // A container that holds none has to be looked into as well.
        self.count(count.max(1))?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let over = self.parts(parts, stamp);
        self.dereferencer.effort(over.as_ref().map_or(0, Vec::len))?;
        let method = self.method(stamp);
        let mut imprints: HashMap<DigestAlgorithm, Option<Digest>> = HashMap::new();
        let mut all = Vec::new();
        for token in tokens(self.source.document, stamp) {
            let known = Beside {
                certificates: &facts.signer.certificates,
                memory: self.source.memory,
                limits: self.source.limits,
            };
            let mut found = read(type_of(stamp.kind), &token, known, |algorithm| {
                if let Some(known) = imprints.get(&algorithm) {
                    return Ok(known.clone());
                }
                let made = match (&over, &method) {
                    (Some(over), Some(method)) => {
                        let sources = &mut self.dereferencer;
                        digest_parts(sources, parts.signature, over, method, algorithm)?
                    }
                    _ => None,
                };
                imprints.insert(algorithm, made.clone());
                Ok(made)
            })?;
            if found.imprint_intact == Some(true) {
                let over = over.as_deref().unwrap_or_default();
                found.covers = Covers::Objects(self.covered(facts, parts, over)?);
            }
            all.push(found);
        }
        Ok(all)
    }

    /// What a container's tokens are over, as far as it can be told.
    fn parts(&self, parts: &Read<'_>, stamp: &TimeStamp) -> Option<Vec<Part>> {
        let stamped = Stamped {
            document: self.source.document,
            ids: self.dereferencer.ids(),
            signature: parts.signature.element,
            properties: parts.properties?,
            references: &parts.followed.referred,
        };
        stamped.parts(stamp)
    }

    /// Counts time-stamps that are looked into.
    ///
    /// # Errors
    /// `LimitExceeded` when there are too many.
    pub(super) fn count(&mut self, more: usize) -> Result<()> {
        self.stamps = self.stamps.saturating_add(more);
        within(self.stamps, self.source.limits.cms_time_stamps, "time-stamps of a document")
    }

    /// EN 319 132-1 §4.5; nothing for a canonicalization that is unknown.
    fn method(&self, stamp: &TimeStamp) -> Option<Canonicalization> {
        let Some(node) = stamp.canonicalization else {
            return Some(Canonicalization::new(Method::Inclusive, false));
        };
        let uri = self.source.document.attribute(node, "Algorithm")?;
        canonicalization(self.source.document, node, uri).ok().flatten()
    }

    /// What names all that is in these parts.
    pub(super) fn covered(
        &mut self,
        facts: &SignatureFacts,
        parts: &Read<'_>,
        over: &[Part],
    ) -> Result<Vec<ObjectId>> {
        let mut all = Vec::new();
        let properties = parts.properties.iter().flat_map(|it| &it.unsigned.all);
        let properties: HashMap<NodeId, &Property> = properties.map(|it| (it.node, it)).collect();
        for part in over {
            match part {
                Part::Element(node) if *node == parts.signature.value_element => {
                    all.push(facts.value_id);
                }
                Part::Element(node) if Some(*node) == parts.signature.key_info => {
                    all.extend(parts.pool.key_info_objects());
                }
                Part::Element(node) => {
                    if let Some(property) = properties.get(node) {
                        all.extend(self.within_property(property)?.iter());
                    }
                }
                Part::Referenced(place) => {
                    let referred = parts.followed.referred.get(*place);
                    if referred.is_some_and(|it| it.is_signed_properties) {
                        let signed = parts.properties.and_then(|it| it.signed.as_ref());
                        for stamp in signed.iter().flat_map(|it| &it.time_stamps) {
                            all.extend(self.within_stamp(stamp)?.iter());
                        }
                    }
                }
            }
        }
        self.covered = self.covered.saturating_add(all.len());
        within(self.covered, COVERED, "things that the time-stamps of a document cover")?;
        Ok(all)
    }

    fn within_property(&mut self, property: &Property) -> Result<Rc<[ObjectId]>> {
        if let PropertyKind::TimeStamp(stamp) = &property.kind {
            return self.within_stamp(stamp);
        }
        if let Some(known) = self.within.get(&property.node) {
            return Ok(Rc::clone(known));
        }
        let document = self.source.document;
        let certificates = property.certificate_values(document);
        let values = property.revocation_values(document);
        let values = values.into_iter().map(|it| match it {
            RevocationValue::Crl(node) | RevocationValue::Ocsp(node) => node,
        });
        let nodes = certificates.into_iter().chain(values);
        let octets = nodes.filter_map(|it| base64::decode(&document.text_of(it)));
        let all: Rc<[ObjectId]> = octets.map(|it| ObjectId::of(&it)).collect();
        self.within.insert(property.node, Rc::clone(&all));
        Ok(all)
    }

    /// A token is covered with all that is in it. Each is read once, however many later ones
    /// are over it.
    fn within_stamp(&mut self, stamp: &TimeStamp) -> Result<Rc<[ObjectId]>> {
        if let Some(known) = self.within.get(&stamp.node) {
            return Ok(Rc::clone(known));
        }
        let mut all = Vec::new();
        for node in &stamp.tokens {
            let token = base64::decode(&self.source.document.text_of(*node));
            if let Some(token) = token {
                objects_in_token(&token, self.source.limits, &mut all)?;
            }
        }
        let all: Rc<[ObjectId]> = all.into();
        self.within.insert(stamp.node, Rc::clone(&all));
        Ok(all)
    }
}

fn objects_in_token(token: &[u8], limits: &Limits, all: &mut Vec<ObjectId>) -> Result<()> {
    all.push(ObjectId::of(token));
    match SignedData::parse(token, limits) {
        Ok(token) => {
            all.extend(token.certificates().iter().map(|it| ObjectId::of(it)));
            all.extend(token.revocation_infos().iter().map(|it| match it {
                RevocationInfo::Crl(der)
                | RevocationInfo::OcspResponse(der)
                | RevocationInfo::BasicOcspResponse(der)
                | RevocationInfo::Other(der) => ObjectId::of(der),
            }));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
        Err(_) => Ok(()),
    }
}

/// The tokens of a container, each as it is read; those that are no base64, or written in XML,
/// are empty.
fn tokens(document: &Document<'_>, stamp: &TimeStamp) -> impl Iterator<Item = Vec<u8>> {
    let octets = stamp.tokens.iter().map(|it| base64::decode(&document.text_of(*it)));
    let octets = octets.map(Option::unwrap_or_default);
    octets.chain(std::iter::repeat_n(Vec::new(), stamp.in_xml))
}

fn type_of(kind: TimeStampKind) -> TimeStampType {
    match kind {
        TimeStampKind::AllDataObjects => TimeStampType::AllDataObjectsTimestamp,
        TimeStampKind::IndividualDataObjects => TimeStampType::IndividualDataObjectsTimestamp,
        TimeStampKind::Signature => TimeStampType::SignatureTimestamp,
        TimeStampKind::SigAndRefs { .. } => TimeStampType::ValidationDataTimestamp,
        TimeStampKind::RefsOnly { .. } => TimeStampType::ValidationDataRefsTimestamp,
        TimeStampKind::ArchiveFirst | TimeStampKind::Archive => TimeStampType::ArchiveTimestamp,
    }
}
