//! The evidence records of an XML signature (EN 319 132-3 §5): each property of them seals the
//! signature with all that stands before it.

use std::collections::BTreeMap;

use super::time_stamps::COVERED;
use super::{Collector, Read};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::base64;
use crate::encoding::xml::{Canonicalization, Method, NodeId};
use crate::error::{Error, Result};
use crate::limits::within;
use crate::signature::evidence::{ERS, EvidenceRecord, group};
use crate::signature::xades::{Part, PropertyKind, Stamped, digest_parts, digest_reference};
use crate::signature::xmldsig::{Dereferencer, Reference, Signature};
use crate::validation::collect::data_object::{DataObject, Octets};
use crate::validation::collect::evidence_record::{
    collect_read, objects_of, read_or_unreadable as unreadable,
};
use crate::validation::collect::time_stamp::Beside;
use crate::validation::facts::{EvidenceRecordFacts, EvidenceRecordType, SignatureFacts};
use crate::validation::poe::ObjectId;

impl Collector<'_> {
    /// Those of the newest property first, which is the last.
    pub(super) fn evidence_records(
        &mut self,
        facts: &SignatureFacts,
        parts: &Read<'_>,
    ) -> Result<Vec<EvidenceRecordFacts>> {
        let document = self.source.document;
        let Some(properties) = parts.properties else { return Ok(Vec::new()) };
        let all = properties.unsigned.all.iter();
        let (mut records, mut before) = (Vec::new(), Vec::new());
        for property in all.filter(|it| matches!(it.kind, PropertyKind::EvidenceRecords)) {
            let stamped = Stamped {
                document,
                ids: self.dereferencer.ids(),
                signature: parts.signature.element,
                properties,
                references: &parts.followed.referred,
            };
            // What manifests list is among it; what those do that these list, would have to be.
            let over = stamped.sealed(property.node).filter(|_| !parts.followed.nested);
            let mut covers = self.covered(facts, parts, over.as_deref().unwrap_or_default())?;
            covers.extend(&before);
            // Those of one property are not over one another.
            let mut own: Vec<ObjectId> = Vec::new();
            for element in document.child_elements(property.node) {
                let mut record = self.record(facts, parts, element, over.as_deref())?;
                if record.unreadable.is_none() {
                    self.covered = self.covered.saturating_add(covers.len());
                    let what = "things that the evidence records of a document cover";
                    within(self.covered, COVERED, what)?;
                    record.revocation.extend(facts.revocation.clone());
                    record.covers.clone_from(&covers);
                }
                own.extend(record.time_stamps.iter().flat_map(objects_of));
                records.push(record);
            }
            before.extend(own);
        }
        records.reverse();
        Ok(records)
    }

    fn record(
        &mut self,
        facts: &SignatureFacts,
        parts: &Read<'_>,
        element: NodeId,
        over: Option<&[Part]>,
    ) -> Result<EvidenceRecordFacts> {
        let (document, limits) = (self.source.document, self.source.limits);
        // One that cannot be read has to be looked into as well.
        self.count(1)?;
        let in_xml = document.element(element).is_some_and(|it| it.is(ERS, "EvidenceRecord"));
        let form = if in_xml { EvidenceRecordType::Xml } else { EvidenceRecordType::Asn1 };
        let octets = if in_xml { None } else { base64::decode(&document.text_of(element)) };
        let record = match &octets {
            _ if in_xml => EvidenceRecord::in_document(document, element, limits),
            Some(octets) => EvidenceRecord::read(octets, limits),
            None => Err(Error::malformed("an evidence record is no base64")
                .at_offset(document.offset(element))),
        };
        let record = match record {
            Ok(record) => record,
            Err(error) => return unreadable(form, Err(error)),
        };
        self.count(record.len().saturating_sub(1))?;
        let own = parts.signature.signed_info.canonicalization.clone();
        let default = Canonicalization::new(Method::Inclusive, false);
        let mut methods = vec![own.unwrap_or(default)];
        let stated = record.chains().iter().filter_map(|it| it.canonicalization());
        for method in stated {
            if !methods.contains(method) {
                methods.push(method.clone());
            }
        }
        let dereferencer = &mut self.dereferencer;
        let signature = parts.signature;
        let known = BTreeMap::new();
        let listed = &parts.followed.listed[..];
        let sealed =
            over.map(|over| Sealed { dereferencer, signature, over, listed, methods, known });
        let mut objects = [DataObject::of("signature", sealed, limits)];
        let (certificates, memory) = (&facts.signer.certificates[..], self.source.memory);
        let known = Beside { certificates, memory, limits };
        unreadable(form, collect_read(&record, &mut objects, known))
    }
}

/// The group of what a record seals of a signature (EN 319 132-3 §5.2). Which canonical form
/// the standard means is disputed: that of `SignedInfo`, and those of the record.
struct Sealed<'f, 'd> {
    dereferencer: &'f mut Dereferencer<'d>,
    signature: &'f Signature,
    over: &'f [Part],
    /// What the signed manifests list.
    listed: &'f [Reference],
    methods: Vec<Canonicalization>,
    known: BTreeMap<DigestAlgorithm, Vec<Digest>>,
}

impl Sealed<'_, '_> {
    /// Nothing where a part is not at hand.
    fn digest(
        &mut self,
        method: &Canonicalization,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Digest>> {
        let mut all = Vec::with_capacity(self.over.len());
        let (dereferencer, signature) = (&mut *self.dereferencer, self.signature);
        for part in self.over.chunks(1) {
            let made = digest_parts(dereferencer, signature, part, method, algorithm)?;
            let Some(made) = made else { return Ok(None) };
            all.push(made);
        }
        for it in self.listed {
            let made = digest_reference(dereferencer, signature, it, method, algorithm)?;
            let Some(made) = made else { return Ok(None) };
            all.push(made);
        }
        Ok(group(algorithm, all.iter().map(Digest::value).collect()))
    }
}

impl Octets for Sealed<'_, '_> {
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        if let Some(known) = self.known.get(&algorithm) {
            return Ok(Some(known.clone()));
        }
        let mut all = Vec::new();
        for method in self.methods.clone() {
            // What is not at hand is so in every form.
            let Some(made) = self.digest(&method, algorithm)? else { return Ok(None) };
            all.push(made);
        }
        self.known.insert(algorithm, all.clone());
        Ok(Some(all))
    }
}
