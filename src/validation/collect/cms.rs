//! Facts about the signers of one CMS (RFC 5652 §5).

use std::cell::Cell;

use super::completeness::Completeness;
use super::data::Data;
use super::{cms_value, evidence_record, octets, revocation, time_stamp};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::{Certificate, Memory};
use crate::signature::cades::StructuralLevel;
use crate::signature::cms::{
    AttributeFault, CertificateReference, Fault, SignaturePolicy, SignedAttributes, SignedData,
    SignerInfo, oids,
};
use crate::validation::facts::{
    AttributeFact, AttributeFaultKind, CertificateReferenceFact, Claims, ContentTypeFact,
    DataFacts, DigestFact, Disagreement, Form, Named, NamedPolicy, PolicyDigest, RevocationFacts,
    SignatureFacts, SignerFacts, ValueFact,
};
use crate::validation::poe::ObjectId;

/// One CMS and what stands around it.
pub(in crate::validation) struct CmsSource<'a> {
    pub(in crate::validation) signed_data: &'a SignedData<'a>,
    /// What the names of the signatures begin with.
    pub(in crate::validation) id: &'a str,
    /// Nothing where the reference to the signing certificate tells the form.
    pub(in crate::validation) form: Option<Form>,
    /// Certificates that the caller knows besides.
    pub(in crate::validation) certificates: &'a [Certificate],
    /// Whether to look into time-stamps, too; not again within a time-stamp.
    pub(in crate::validation) time_stamps: bool,
    /// What was read before.
    pub(in crate::validation) memory: &'a Memory,
    pub(in crate::validation) limits: &'a Limits,
}

impl CmsSource<'_> {
    /// A certificate that cannot be read cannot be used, and is left out. Returned is what
    /// names it all the same.
    fn add_certificate(&self, pool: &mut Vec<Certificate>, raw: &[u8]) -> Result<ObjectId> {
        match self.memory.certificate(raw, self.limits) {
            Ok(certificate) => {
                let id = ObjectId::of_certificate(&certificate);
                if !pool.contains(&certificate) {
                    pool.push(certificate);
                }
                Ok(id)
            }
            Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
            Err(_) => Ok(ObjectId::of(raw)),
        }
    }
}

/// Collects the facts about every signer and every countersignature.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when the content cannot be read.
pub(in crate::validation) fn collect(
    source: &CmsSource<'_>,
    data: &mut Option<Data<'_>>,
) -> Result<Vec<SignatureFacts>> {
    let (pool, objects) = certificates(source)?;
    let revocation = revocation::of_cms(source.signed_data, source.limits)?;
    let (mut all, compared) = (Vec::new(), Cell::new(0));
    let signers = source.signed_data.signers();
    let mut places = Vec::new();
    for (n, signer) in signers.iter().enumerate() {
        let id = if signers.len() == 1 {
            source.id.to_owned()
        } else {
            format!("{}-{}", source.id, n.saturating_add(1))
        };
        let (pool, revocation, objects) = (&pool, &revocation, &objects);
        let compared = &compared;
        let mut collector =
            Collector { source, pool, revocation, objects, compared, all: &mut all };
        places.push(collector.all.len());
        collector.signer(id, signer, data, 0)?;
    }
    if source.time_stamps {
        add_records(source, &places, &mut all, data)?;
    }
    Ok(all)
}

/// The evidence records in the attributes of the signers at these places. Each covers the
/// whole CMS, all signers of it.
fn add_records(
    source: &CmsSource<'_>,
    places: &[usize],
    all: &mut [SignatureFacts],
    data: &mut Option<Data<'_>>,
) -> Result<()> {
    let spent = evidence_record::Spent::new(all.iter().map(|it| it.time_stamps.len()).sum());
    for (place, signer) in places.iter().zip(source.signed_data.signers()) {
        let (Ok(signer), Some(facts)) = (signer, all.get(*place)) else { continue };
        let mut records =
            evidence_record::beside(source, signer, data, &facts.signer.certificates, &spent)?;
        for record in &mut records {
            record.revocation.extend(facts.revocation.clone());
            record.covers.extend(all.iter().flat_map(|it| it.objects.iter().copied()));
        }
        if let Some(facts) = all.get_mut(*place) {
            facts.evidence_records = records;
        }
    }
    Ok(())
}

/// What came with the signature, then what the caller knows, none of it trusted; and what
/// names each certificate of the CMS.
fn certificates(source: &CmsSource<'_>) -> Result<(Vec<Certificate>, Vec<ObjectId>)> {
    let mut pool = Vec::new();
    let raw = source.signed_data.certificates().iter();
    let objects: Result<_> = raw.map(|it| source.add_certificate(&mut pool, it)).collect();
    let objects = objects?;
    pool.extend_from_slice(source.certificates);
    Ok((pool, objects))
}

struct Collector<'a> {
    source: &'a CmsSource<'a>,
    pool: &'a [Certificate],
    /// What is known to all signers of the CMS.
    revocation: &'a RevocationFacts,
    /// The certificates of the CMS, by what names them.
    objects: &'a [ObjectId],
    /// What was compared to tell levels.
    compared: &'a Cell<usize>,
    all: &'a mut Vec<SignatureFacts>,
}

impl Collector<'_> {
    /// Depth counts countersignatures of countersignatures, each of which ASN.1
    /// nests some values deeper, so that the reader's own bound ends it.
    fn signer(
        &mut self,
        id: String,
        signer: &Result<SignerInfo<'_>>,
        data: &mut Option<Data<'_>>,
        depth: usize,
    ) -> Result<()> {
        let signer = match signer {
            Ok(signer) => signer,
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(again(error)),
            Err(error) => {
                let mut facts = SignatureFacts::new(id, self.source.form.unwrap_or(Form::Cms));
                facts.unreadable = Some(error.to_string());
                facts.counter_signature = depth > 0;
                self.all.push(facts);
                return Ok(());
            }
        };
        let facts = self.facts(id.clone(), signer, data, depth > 0)?;
        let place = self.all.len();
        self.all.push(facts);
        let counters = signer.unsigned_attributes().countersignatures(self.source.limits)?;
        for (n, counter) in counters.iter().enumerate() {
            let mut value = Some(Data::bytes(signer.signature()));
            let id = format!("{id}/counter-{}", n.saturating_add(1));
            self.signer(id, counter, &mut value, depth.saturating_add(1))?;
        }
        let level = self.level(signer, place)?;
        if let Some(facts) = self.all.get_mut(place) {
            facts.level = level.into();
        }
        Ok(())
    }

    /// The level of the signer at this place. What follows there countersigns it, and is
    /// leant on with it.
    fn level(&self, signer: &SignerInfo<'_>, place: usize) -> Result<StructuralLevel> {
        let cms = self.source.signed_data;
        let own = self.all.get(place..).unwrap_or_default();
        // In a PDF it is told by what stands there besides.
        let in_pdf = matches!(self.source.form, Some(Form::Pades | Form::Pkcs7));
        let Some(first) = own.first().filter(|_| !in_pdf) else {
            return Ok(StructuralLevel::NotEtsi);
        };
        // In a token nothing is stamped.
        let complete = !first.time_stamps.is_empty() && self.source.form.is_none() && {
            let mut completeness = Completeness::new(self.source.limits, self.compared);
            for facts in own {
                completeness.lean_on(facts)?;
                completeness.hold(&facts.revocation);
            }
            completeness.is_complete()?
        };
        let read = &first.signer.certificates;
        Ok(match first.counter_signature {
            true => StructuralLevel::of_countersignature(cms, signer, read, complete),
            false => StructuralLevel::of(cms, signer, read, complete),
        })
    }

    fn facts(
        &self,
        id: String,
        signer: &SignerInfo<'_>,
        data: &mut Option<Data<'_>>,
        counter_signature: bool,
    ) -> Result<SignatureFacts> {
        let attributes = signer.signed_attributes();
        let pool = self.pool_of(signer)?;
        let found = signer_facts(signer, pool);
        let form = self.source.form.unwrap_or(match found.reference {
            CertificateReferenceFact::Absent => Form::Cms,
            _ => Form::Cades,
        });
        let mut facts = SignatureFacts::new(id, form);
        facts.counter_signature = counter_signature;
        facts.digest_algorithm =
            Named::by_oid(signer.digest_algorithm(), signer.digest_identifier().algorithm);
        facts.signature_algorithm = Named::by_oid(
            signer.signature_algorithm().ok().flatten(),
            signer.signature_identifier().algorithm,
        );
        if let Some(attributes) = attributes {
            facts.attribute_faults = attributes.faults().iter().map(attribute_fact).collect();
            facts.claimed_time = attributes.signing_time().ok().flatten();
            facts.claims = claims(attributes);
            facts.signature_policy = attributes.signature_policy().ok().flatten().map(named);
        }
        let unsigned = signer.unsigned_attributes().faults();
        facts.attribute_faults.extend(unsigned.iter().map(attribute_fact));
        facts.data = self.data_facts(signer, data, counter_signature)?;
        let over = signer.bytes_to_verify();
        facts.octets = octets::of(signer, &over, data)?;
        facts.disagreements = disagreements(signer);
        facts.value = match &found.certificate {
            Some(certificate) => {
                cms_value::check(signer, over, certificate, data, self.source.limits)?
            }
            None => ValueFact::NotChecked,
        };
        facts.revocation = self.revocation.clone();
        facts.revocation.extend(revocation::of_signer(signer, self.source.limits)?);
        if self.source.time_stamps {
            self.bound_time_stamps(signer)?;
            facts.time_stamps = time_stamp::beside(self.source, signer, data, &found.certificates)?;
        }
        facts.value_id = ObjectId::of(signer.signature());
        facts.objects = self.objects(signer, &facts);
        facts.signer = found;
        Ok(facts)
    }

    /// What stands in the CMS, as far as it is this signer's or all signers'.
    fn objects(&self, signer: &SignerInfo<'_>, facts: &SignatureFacts) -> Vec<ObjectId> {
        let mut all = vec![facts.value_id];
        all.extend(self.objects);
        for value in signer.unsigned_attributes().values(oids::CERTIFICATE_VALUES) {
            let Ok(mut values) = value.sequence() else { continue };
            while let Ok(Some(raw)) = values.next() {
                all.push(ObjectId::of(raw.raw()));
            }
        }
        all.extend(facts.revocation.objects());
        for stamp in &facts.time_stamps {
            all.push(stamp.id);
            all.extend(stamp.token.iter().flat_map(|it| it.objects.iter().copied()));
        }
        all
    }

    /// With those of the signers before it.
    fn bound_time_stamps(&self, signer: &SignerInfo<'_>) -> Result<()> {
        let before = self.all.iter().map(|it| it.time_stamps.len()).sum::<usize>();
        let signed = signer.signed_attributes().map_or(0, |it| it.content_time_stamps().count());
        let here = signed.saturating_add(signer.unsigned_attributes().time_stamps().count());
        within(
            before.saturating_add(here),
            self.source.limits.cms_time_stamps,
            "time-stamps of a CMS",
        )
    }

    /// Besides the certificates of the CMS, those among the certificate values
    /// (EN 319 122-1 Annex A.1.1.2): the signing certificate may be only there.
    fn pool_of(&self, signer: &SignerInfo<'_>) -> Result<Vec<Certificate>> {
        let mut pool = self.pool.to_vec();
        for value in signer.unsigned_attributes().values(oids::CERTIFICATE_VALUES) {
            let Ok(mut values) = value.sequence() else { continue };
            while let Ok(Some(raw)) = values.next() {
                self.source.add_certificate(&mut pool, raw.raw())?;
                let limit = self.source.limits.certificates;
                within(pool.len(), limit, "certificates of a signature")?;
            }
        }
        Ok(pool)
    }

    fn data_facts(
        &self,
        signer: &SignerInfo<'_>,
        data: &mut Option<Data<'_>>,
        counter_signature: bool,
    ) -> Result<DataFacts> {
        let attributes = signer.signed_attributes();
        let mut facts = DataFacts {
            found: data.is_some(),
            signed_attributes: attributes.is_some(),
            ..DataFacts::default()
        };
        let content_type = self.source.signed_data.content_type();
        let Some(attributes) = attributes else {
            if !counter_signature && content_type != oids::ID_DATA {
                facts.content_type = ContentTypeFact::Unprotected;
            }
            if let Some(data) = data {
                facts.mimicry = data.mimicry(self.source.limits)?;
            }
            return Ok(facts);
        };
        facts.content_type = match (attributes.content_type(), counter_signature) {
            (Ok(None), true) => ContentTypeFact::NotSigned,
            (Ok(Some(_)), true) => ContentTypeFact::Forbidden,
            (Ok(None), false) => ContentTypeFact::Missing,
            (Ok(Some(stated)), false) if stated == content_type => ContentTypeFact::Matches,
            (Ok(Some(_)), false) => ContentTypeFact::Differs,
            // What is wrong with the attribute stands among the faults.
            (Err(_), _) => ContentTypeFact::NotSigned,
        };
        facts.digest = match (attributes.message_digest(), data) {
            (Ok(None), _) => DigestFact::Missing,
            (Err(_), _) | (_, None) => DigestFact::NotCompared,
            (Ok(Some(stated)), Some(data)) => match signer.digest_algorithm() {
                None => DigestFact::Unsupported,
                Some(algorithm) => match data.digest(algorithm)? {
                    Some(digest) if digest.value() == stated.as_ref() => DigestFact::Matches,
                    Some(_) => DigestFact::Differs,
                    None => DigestFact::Unsupported,
                },
            },
        };
        Ok(facts)
    }
}

fn attribute_fact(fault: &AttributeFault) -> AttributeFact {
    let core =
        [oids::CONTENT_TYPE, oids::MESSAGE_DIGEST, oids::SIGNING_TIME, oids::ALGORITHM_PROTECTION];
    let references = [oids::SIGNING_CERTIFICATE, oids::SIGNING_CERTIFICATE_V2];
    let kind = match fault.fault {
        Fault::Misplaced => AttributeFaultKind::Misplaced,
        _ if core.contains(&fault.attribute) => AttributeFaultKind::Core,
        Fault::Repeated => AttributeFaultKind::Repeated,
        _ if references.contains(&fault.attribute) => AttributeFaultKind::Reference,
        Fault::NoValue | Fault::SeveralValues | Fault::Malformed(_) => AttributeFaultKind::Other,
    };
    AttributeFact { what: fault.to_string(), kind }
}

fn claims(attributes: &SignedAttributes<'_>) -> Claims {
    let mut claims = Claims::default();
    attributes.claimed_roles().iter().for_each(|it| Claims::add(&mut claims.roles, it));
    let place = attributes.signer_location();
    place.iter().for_each(|it| Claims::add(&mut claims.production_place, it));
    attributes.commitments().iter().for_each(|it| Claims::add(&mut claims.commitments, it));
    claims
}

fn named(policy: SignaturePolicy<'_>) -> NamedPolicy {
    match policy {
        SignaturePolicy::Implied => NamedPolicy::Implied,
        SignaturePolicy::Explicit { policy, digest, .. } => NamedPolicy::Explicit {
            oid: policy.to_string(),
            digest: digest.map(|(algorithm, value)| PolicyDigest {
                algorithm: DigestAlgorithm::from_oid(algorithm.algorithm),
                value: value.into_owned(),
            }),
        },
    }
}

/// Which certificate signed (EN 319 102-1 §5.2.3.4): by the signed reference, or else
/// by the unsigned identifier.
fn signer_facts(signer: &SignerInfo<'_>, pool: Vec<Certificate>) -> SignerFacts {
    let references = signer.signed_attributes().map(references).unwrap_or_default();
    let by_identifier = signer.find_certificate(&pool).cloned();
    let matches_all = |certificate: &&Certificate| {
        references.iter().all(|it| it.digest_matches(certificate) == Some(true))
    };
    let by_reference = if references.is_empty() {
        None
    } else {
        // The same certificate may stand there twice; the identifier decides nothing.
        by_identifier.as_ref().filter(matches_all).or_else(|| pool.iter().find(matches_all))
    };
    let reference = match (references.is_empty(), by_reference) {
        (true, _) => CertificateReferenceFact::Absent,
        (false, Some(_)) => CertificateReferenceFact::Matches,
        // One that no certificate has is enough, whatever the other one may be.
        (false, None) if references.iter().any(|it| nobody_has(it, &pool)) => {
            CertificateReferenceFact::Differs
        }
        (false, None) if references.iter().any(|it| it.digest_algorithm().is_none()) => {
            CertificateReferenceFact::Unsupported
        }
        (false, None) => CertificateReferenceFact::Differs,
    };
    let certificate = by_reference.cloned().or(by_identifier);
    let issuer_serial = certificate.as_ref().and_then(|certificate| {
        let stated = references.iter().filter_map(|it| it.issuer_serial_matches(certificate));
        stated.reduce(|all, one| all && one)
    });
    let identifier = certificate.as_ref().map(|it| signer.identifier().matches(it));
    SignerFacts {
        certificate,
        certificates: pool,
        reference,
        reference_digest: None,
        issuer_serial,
        identifier,
    }
}

/// As far as the digest can be computed.
fn nobody_has(reference: &CertificateReference<'_>, pool: &[Certificate]) -> bool {
    pool.iter().all(|it| reference.digest_matches(it) == Some(false))
        && reference.digest_algorithm().is_some()
}

/// What signing-certificate and signing-certificate-v2 name first.
fn references<'a>(attributes: &SignedAttributes<'a>) -> Vec<CertificateReference<'a>> {
    let both = [attributes.signing_certificate_v2(), attributes.signing_certificate()];
    both.into_iter().filter_map(|it| it.ok().flatten()?.signer().cloned()).collect()
}

fn disagreements(signer: &SignerInfo<'_>) -> Vec<Disagreement> {
    let mut all = Vec::new();
    let stated = signer.digest_identifier().algorithm;
    let signature = SignatureAlgorithm::named_digest(signer.signature_identifier());
    if let Some(signature) = signature.filter(|signature| *signature != stated) {
        let name =
            |oid| DigestAlgorithm::from_oid(oid).map_or(oid.to_string(), |it| it.to_string());
        all.push(Disagreement::Digest { stated: name(stated), signature: name(signature) });
    }
    let protection = signer.signed_attributes().and_then(|it| it.algorithm_protection().ok()?);
    let used = (signer.digest_identifier(), signer.signature_identifier());
    if protection.is_some_and(|protected| !protected.matches(used.0, used.1)) {
        all.push(Disagreement::AlgorithmProtection);
    }
    all
}

fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.to_string())
}
