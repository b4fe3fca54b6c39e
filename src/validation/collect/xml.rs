//! Facts about the signatures in one XML document (XMLDSig §3.2, EN 319 132-1).

mod content;
mod coverage;
mod evidence_records;
mod references;
mod signer;
mod time_stamps;
mod value;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use self::references::{Followed, follow};
use self::signer::Pool;
use self::value::Values;
use super::completeness::Completeness;
use crate::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::xml::{Document, NodeId};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::{Certificate, Memory};
use crate::signature::xades::{
    NamedPolicy as Policy, PropertyFault, PropertyFaultKind, QualifyingProperties,
    SignedProperties, Structure,
};
use crate::signature::xmldsig::{Dereferencer, ReadFiles, Signature};
use crate::source::Files;
use crate::validation::facts::{
    AttributeFact, AttributeFaultKind, CertificateReferenceFact, Claims, DataFacts, DigestFact,
    DocumentFacts, Form, Named, NamedPolicy, PolicyDigest, SignatureFacts, SignatureOctets,
    ValueFact, XmlFacts,
};
use crate::validation::poe::ObjectId;

/// One document and what stands around it.
#[derive(Clone, Copy)]
pub(in crate::validation) struct XmlSource<'a> {
    pub(in crate::validation) document: &'a Document<'a>,
    /// What stands beside the document.
    pub(in crate::validation) files: Option<&'a dyn Files>,
    /// Of one file, where it is known by nothing else.
    pub(in crate::validation) digest: Option<&'a Digest>,
    /// Whether that or the only one of the files is what has to be signed, whatever it is called.
    pub(in crate::validation) content: bool,
    /// Certificates that the caller knows besides.
    pub(in crate::validation) certificates: &'a [Certificate],
    /// What was read before.
    pub(in crate::validation) memory: &'a Memory,
    pub(in crate::validation) limits: &'a Limits,
    /// What was read of the files, where other documents refer to the same ones.
    pub(in crate::validation) read: Option<&'a Rc<ReadFiles>>,
}

/// Collects the facts about every signature and every countersignature, in document order.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when a file cannot be read.
pub(in crate::validation) fn collect(source: XmlSource<'_>) -> Result<DocumentFacts> {
    let nodes = Signature::all_in(source.document, source.limits)?;
    let dereferencer = Dereferencer::new(source.document, source.files, source.limits);
    let mut collector = Collector {
        source,
        dereferencer: match source.read {
            Some(read) => dereferencer.sharing(Rc::clone(read)),
            None => dereferencer,
        },
        compared: &Cell::new(0),
        checks: &Cell::new(0),
        stamps: 0,
        within: HashMap::new(),
        covered: 0,
        countersigned: HashMap::new(),
    };
    let mut found = DocumentFacts::default();
    for (n, node) in nodes.into_iter().enumerate() {
        let facts = collector.signature(node, n.saturating_add(1))?;
        found.signatures.push(facts);
    }
    Ok(found)
}

struct Collector<'a> {
    source: XmlSource<'a>,
    dereferencer: Dereferencer<'a>,
    /// What was compared to tell levels.
    compared: &'a Cell<usize>,
    /// Values that were checked.
    checks: &'a Cell<usize>,
    /// Time-stamps that were looked into.
    stamps: usize,
    /// What names all that is in a property, once it was read.
    within: HashMap<NodeId, Rc<[ObjectId]>>,
    /// Things that time-stamps were found to cover.
    covered: usize,
    /// The signatures that stand in an unsigned property of another, with what names that
    /// one and the element that has its value.
    countersigned: HashMap<NodeId, Countersigned>,
}

/// The signature that another one is to countersign.
#[derive(Clone)]
struct Countersigned {
    name: String,
    number: usize,
    value: NodeId,
}

/// What is read of one signature.
struct Read<'r> {
    signature: &'r Signature,
    properties: Option<&'r QualifyingProperties>,
    followed: &'r Followed,
    pool: &'r Pool,
}

impl Collector<'_> {
    fn signature(&mut self, node: NodeId, number: usize) -> Result<SignatureFacts> {
        let document = self.source.document;
        let outer = self.countersigned.get(&node).cloned();
        let id = document.attribute(node, "Id").map(str::to_owned);
        let id = id.unwrap_or_else(|| match &outer {
            Some(outer) => format!("{}/counter-{}", outer.name, outer.number),
            None => number.to_string(),
        });
        let read = Signature::read(document, node, self.source.limits);
        let properties = QualifyingProperties::read(document, node, self.source.limits)?;
        let form = match &properties {
            Some(_) => Form::Xades,
            None => Form::XmlDsig,
        };
        let mut facts = SignatureFacts::new(id, form);
        facts.counter_signature = outer.is_some();
        let signature = match read {
            Ok(signature) => signature,
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Err(error) => {
                facts.unreadable = Some(error.to_string());
                return Ok(facts);
            }
        };
        self.countersignatures(&signature, properties.as_ref(), &facts.id);
        let properties = properties.as_ref();
        let outer = outer.map(|it| it.value);
        let mut followed =
            follow(self.source, &mut self.dereferencer, &signature, properties, outer)?;
        facts.xml = Some(std::mem::take(&mut followed.xml));
        let pool = Pool::read(self.source, &signature, properties)?;
        let read = Read { signature: &signature, properties, followed: &followed, pool: &pool };
        self.fill(&mut facts, &read)?;
        Ok(facts)
    }

    /// Those that follow in the document know what they stand in.
    fn countersignatures(
        &mut self,
        signature: &Signature,
        properties: Option<&QualifyingProperties>,
        name: &str,
    ) {
        let Some(properties) = properties else { return };
        let all = properties.unsigned.countersignatures(self.source.document);
        for (n, node) in all.enumerate() {
            let (number, value) = (n.saturating_add(1), signature.value_element);
            let outer = Countersigned { name: name.to_owned(), number, value };
            self.countersigned.insert(node, outer);
        }
    }

    fn fill(&mut self, facts: &mut SignatureFacts, read: &Read<'_>) -> Result<()> {
        let &Read { signature, properties, followed, pool } = read;
        let method = &signature.signed_info.method;
        let known = method.algorithm.map(in_reports);
        facts.signature_algorithm = Named::by_uri(known, &method.uri);
        facts.digest_algorithm = match known {
            Some(known) => Named { known: Some(known.digest()), oid: None, uri: None },
            None => Named::NOTHING,
        };
        facts.data = facts.xml.as_ref().map(data).unwrap_or_default();
        let signed = properties.filter(|_| followed.properties_signed);
        if let Some(signed) = signed.and_then(|it| it.signed.as_ref()) {
            facts.claimed_time = signed.signing_time;
            facts.claims = claims(signed);
            facts.signature_policy = signed.policy.as_ref().map(named);
        }
        let faults = properties.into_iter().flat_map(|it| it.faults());
        facts.attribute_faults = faults.map(fault).collect();
        let stated = signed.and_then(|it| it.signed.as_ref()?.signing_certificate.as_ref());
        let over = self.dereferencer.signed_octets(&signature.signed_info)?;
        let mut values = Values::new(signature, over, self.checks, self.source.limits);
        facts.signer = pool.signer(stated, followed.key_info_signed, &mut values)?;
        facts.value = match &facts.signer.certificate {
            Some(certificate) => values.check(certificate.public_key_info())?,
            None => by_key(&mut values, pool)?,
        };
        facts.octets = octets(&values, signature, facts.digest_algorithm.known);
        facts.value_id = ObjectId::of(&signature.value);
        facts.revocation = pool.revocation.clone();
        facts.time_stamps = self.time_stamps(facts, read)?;
        facts.evidence_records = self.evidence_records(facts, read)?;
        facts.objects = objects(facts, pool);
        facts.level = self.level(facts, read)?.into();
        Ok(())
    }

    fn level(
        &self,
        facts: &SignatureFacts,
        read: &Read<'_>,
    ) -> Result<crate::signature::cades::StructuralLevel> {
        let Read { signature, properties, followed, pool } = read;
        let complete = !facts.time_stamps.is_empty() && {
            let mut completeness = Completeness::new(self.source.limits, self.compared);
            completeness.lean_on(facts)?;
            completeness.hold(&facts.revocation);
            completeness.is_complete()?
        };
        let certificate = facts.signer.certificate.as_ref();
        let referred = [&followed.referred[..], &followed.in_manifests].concat();
        let structure = Structure {
            document: self.source.document,
            signature: signature.element,
            properties: *properties,
            is_signed: followed.properties_referred,
            references: &referred,
            to_data: &followed.to_data,
            certificate_held: certificate.is_some_and(|it| pool.key_info.contains(it)),
            key_info_signed: followed.key_info_signed,
            complete,
        };
        Ok(structure.level())
    }
}

/// Of a key without a certificate it is only known that it made the value.
fn by_key(values: &mut Values<'_>, pool: &Pool) -> Result<ValueFact> {
    for key in pool.keys() {
        if values.check(key)? == ValueFact::Valid {
            return Ok(ValueFact::ValidByKey);
        }
    }
    Ok(ValueFact::NotChecked)
}

fn octets(
    values: &Values<'_>,
    signature: &Signature,
    algorithm: Option<DigestAlgorithm>,
) -> SignatureOctets {
    let algorithm = algorithm.unwrap_or(DigestAlgorithm::Sha256);
    let first = signature.signed_info.references.first();
    let data = first.and_then(|it| Digest::new(it.digest_algorithm?, it.digest_value.clone()).ok());
    SignatureOctets {
        value: signature.value.clone(),
        to_be_signed: values.over.as_ref().map(|it| algorithm.digest(it)),
        data,
    }
}

/// ECDSA is named as everywhere, though XML has values of its own form for it.
fn in_reports(algorithm: SignatureAlgorithm) -> SignatureAlgorithm {
    match algorithm {
        SignatureAlgorithm::PlainEcdsa(digest) => SignatureAlgorithm::Ecdsa(digest),
        other => other,
    }
}

fn data(xml: &XmlFacts) -> DataFacts {
    DataFacts {
        found: xml.found(),
        signed_attributes: true,
        digest: match (xml.found(), xml.digest()) {
            (false, DigestFact::Matches | DigestFact::Unsupported) => DigestFact::NotCompared,
            (_, found) => found,
        },
        ..DataFacts::default()
    }
}

fn claims(signed: &SignedProperties) -> Claims {
    let mut claims = Claims::default();
    claims.time_without_zone.clone_from(&signed.time_without_zone);
    signed.roles.iter().for_each(|it| Claims::add(&mut claims.roles, it));
    signed.commitments.iter().for_each(|it| Claims::add(&mut claims.commitments, it));
    signed.production_place.iter().for_each(|it| Claims::add(&mut claims.production_place, it));
    claims
}

fn named(policy: &Policy) -> NamedPolicy {
    match policy {
        Policy::Implied => NamedPolicy::Implied,
        Policy::Explicit { identifier, digest } => NamedPolicy::Explicit {
            oid: identifier.clone(),
            digest: digest.clone().map(|(algorithm, value)| PolicyDigest { algorithm, value }),
        },
    }
}

fn fault(fault: &PropertyFault) -> AttributeFact {
    let kind = match fault.kind {
        PropertyFaultKind::Repeated => AttributeFaultKind::Repeated,
        // It stands in this signature, whatever it says.
        PropertyFaultKind::Target | PropertyFaultKind::BothEditions => AttributeFaultKind::Other,
        PropertyFaultKind::Malformed if fault.property == "SigningCertificate" => {
            AttributeFaultKind::Reference
        }
        PropertyFaultKind::Malformed => AttributeFaultKind::Other,
    };
    AttributeFact { what: fault.to_string(), kind }
}

/// All that stands in the signature and may have to be proven to have existed.
fn objects(facts: &SignatureFacts, pool: &Pool) -> Vec<ObjectId> {
    let mut all = vec![facts.value_id];
    all.extend(&pool.objects);
    all.extend(facts.revocation.objects());
    let records = facts.evidence_records.iter().flat_map(|it| &it.time_stamps);
    for stamp in facts.time_stamps.iter().chain(records) {
        all.push(stamp.id);
        all.extend(stamp.token.iter().flat_map(|it| it.objects.iter().copied()));
    }
    all
}

/// Whether a signed reference leads to the signer's certificate.
fn reference_fact(matches: bool, is_unknown: bool) -> CertificateReferenceFact {
    match (matches, is_unknown) {
        (true, _) => CertificateReferenceFact::Matches,
        (false, true) => CertificateReferenceFact::Unsupported,
        (false, false) => CertificateReferenceFact::Differs,
    }
}
