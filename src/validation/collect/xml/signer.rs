//! Certificates and revocation data that came with an XML signature, and which one is the
//! signer's.

use std::collections::{BTreeMap, HashSet};

use super::value::Values;
use super::{XmlSource, reference_fact};
use crate::crypto::DigestAlgorithm;
use crate::encoding::base64;
use crate::encoding::xml::NodeId;
use crate::error::{ErrorKind, Result};
use crate::limits::within;
use crate::pki::Certificate;
use crate::signature::xades::{
    CertificateReference, QualifyingProperties, RevocationValue, SigningCertificate, from_decimal,
};
use crate::signature::xmldsig::{KeyInfo, Signature};
use crate::validation::facts::{CertificateReferenceFact, RevocationFacts, SignerFacts};
use crate::validation::poe::ObjectId;

/// What came along, none of it trusted.
pub(super) struct Pool {
    /// Those of `KeyInfo`, those of the unsigned properties, and what the caller knows.
    certificates: Vec<Certificate>,
    /// How many of them came with the signature.
    own: usize,
    /// Those of `KeyInfo`.
    pub(super) key_info: Vec<Certificate>,
    hints: KeyInfo,
    pub(super) revocation: RevocationFacts,
    /// What names each certificate that came along.
    pub(super) objects: Vec<ObjectId>,
}

/// Certificates whose keys are tried on a value that nothing says the signer of.
const TRIED: usize = 16;

impl Pool {
    pub(super) fn read(
        source: XmlSource<'_>,
        signature: &Signature,
        properties: Option<&QualifyingProperties>,
    ) -> Result<Self> {
        let hints = match signature.key_info {
            Some(node) => KeyInfo::read(source.document, node, source.limits)?,
            None => KeyInfo::default(),
        };
        let mut pool = Self {
            key_info: hints.certificates.clone(),
            certificates: Vec::new(),
            own: 0,
            objects: hints.certificates.iter().map(ObjectId::of_certificate).collect(),
            revocation: RevocationFacts::default(),
            hints,
        };
        for certificate in &pool.key_info {
            if !pool.certificates.contains(certificate) {
                pool.certificates.push(certificate.clone());
            }
        }
        for crl in &pool.hints.crls {
            pool.revocation.add_crl(crl, source.limits)?;
        }
        for property in properties.iter().flat_map(|it| &it.unsigned.all) {
            for node in property.certificate_values(source.document) {
                pool.add(source, node)?;
            }
            for value in property.revocation_values(source.document) {
                pool.add_revocation(source, value)?;
            }
        }
        pool.own = pool.certificates.len();
        pool.certificates.extend_from_slice(source.certificates);
        Ok(pool)
    }

    fn add(&mut self, source: XmlSource<'_>, node: NodeId) -> Result<()> {
        let Some(der) = base64::decode(&source.document.text_of(node)) else { return Ok(()) };
        match source.memory.certificate(&der, source.limits) {
            Ok(certificate) => {
                self.objects.push(ObjectId::of_certificate(&certificate));
                if !self.certificates.contains(&certificate) {
                    self.certificates.push(certificate);
                }
            }
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Err(_) => self.objects.push(ObjectId::of(&der)),
        }
        within(self.certificates.len(), source.limits.certificates, "certificates of a signature")
    }

    fn add_revocation(&mut self, source: XmlSource<'_>, value: RevocationValue) -> Result<()> {
        let (RevocationValue::Crl(node) | RevocationValue::Ocsp(node)) = value;
        let Some(der) = base64::decode(&source.document.text_of(node)) else { return Ok(()) };
        match value {
            RevocationValue::Crl(_) => self.revocation.add_crl(&der, source.limits),
            RevocationValue::Ocsp(_) => self.revocation.add_response(&der, source.limits),
        }
    }

    /// Which certificate signed (EN 319 102-1 §5.2.3.4): by the signed reference, or else by
    /// what `KeyInfo` hints at. A `KeyInfo` that is signed is such a reference itself, as
    /// XAdES-BES has it (TS 101 903 §4.4.1).
    ///
    /// # Errors
    /// `LimitExceeded` when too many values were checked.
    pub(super) fn signer(
        &self,
        stated: Option<&SigningCertificate>,
        key_info_signed: bool,
        values: &mut Values<'_>,
    ) -> Result<SignerFacts> {
        let references = stated.map_or(&[][..], |it| &it.references);
        let first = stated.map_or(&[][..], |it| &it.first);
        let (named, named_first) = (Named::by(references), Named::by(first));
        let is_named = |it: &&Certificate| {
            named.names(it) && (named_first.is_empty() || named_first.names(it))
        };
        let by_reference: Vec<_> = self.certificates.iter().filter(is_named).collect();
        // Those of the path may be named, too.
        let by_reference = match values.made_by(by_reference.iter().copied().take(TRIED))? {
            Some(found) => Some(found),
            None => by_reference.first().copied(),
        };
        let certificate = match by_reference {
            Some(found) => Some(found.clone()),
            None => self.hinted(!references.is_empty(), values)?,
        };
        let held = |it: &Certificate| key_info_signed && self.key_info.contains(it);
        let reference = match references.is_empty() {
            true if certificate.as_ref().is_some_and(held) => CertificateReferenceFact::Matches,
            true => CertificateReferenceFact::Absent,
            false => reference_fact(by_reference.is_some(), named.is_empty()),
        };
        let own: Vec<_> = match &certificate {
            Some(it) => Named::of(it, references.iter().chain(first)),
            None => Vec::new(),
        };
        Ok(SignerFacts {
            issuer_serial: certificate.as_ref().and_then(|certificate| {
                let serials = own.iter().filter_map(|it| it.issuer_serial_matches(certificate));
                serials.reduce(|all, one| all && one)
            }),
            reference_digest: own.iter().find_map(|it| it.algorithm),
            certificate,
            certificates: self.certificates.clone(),
            reference,
            identifier: None,
        })
    }

    /// Of those that `KeyInfo` holds or points at, the one whose key made the value, or else
    /// the first.
    fn hinted(&self, is_named: bool, values: &mut Values<'_>) -> Result<Option<Certificate>> {
        let hints = &self.hints;
        let serials = hints.issuer_serials.iter().filter_map(|it| from_decimal(&it.serial));
        let serials: HashSet<Vec<u8>> = serials.collect();
        let pointed = |it: &&Certificate| {
            hints.keys.iter().any(|key| key == it.public_key_info())
                || hints
                    .subject_key_identifiers
                    .iter()
                    .any(|id| it.subject_key_identifier() == Some(id))
                || serials.contains(without_zeros(it.serial_octets()))
        };
        let others = self.certificates.iter().filter(pointed);
        let candidates: Vec<_> = self.key_info.iter().chain(others).take(TRIED).collect();
        let found = values.made_by(candidates.iter().copied())?;
        // Where the signer named another one, nobody is known to have signed.
        let first = candidates.first().copied().filter(|_| !is_named);
        Ok(found.or(first).cloned())
    }

    /// What names each certificate and each list of `KeyInfo`.
    pub(super) fn key_info_objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let certificates = self.key_info.iter().map(ObjectId::of_certificate);
        certificates.chain(self.hints.crls.iter().map(|it| ObjectId::of(it)))
    }

    /// Keys without certificates.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.hints.keys.iter().take(TRIED).map(Vec::as_slice)
    }
}

/// What certificates digest to by the references to them: each certificate is digested once,
/// however many there are.
struct Named<'r>(BTreeMap<DigestAlgorithm, HashSet<&'r [u8]>>);

impl<'r> Named<'r> {
    /// Those whose digest is not known are left out.
    fn by(references: &'r [CertificateReference]) -> Self {
        let mut all: BTreeMap<_, HashSet<_>> = BTreeMap::new();
        for (by, digest) in references.iter().filter_map(CertificateReference::stated) {
            all.entry(by).or_default().insert(digest);
        }
        Self(all)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn names(&self, certificate: &Certificate) -> bool {
        let names = |(by, all): (&DigestAlgorithm, &HashSet<&[u8]>)| {
            all.contains(digest(certificate, *by).as_slice())
        };
        self.0.iter().any(names)
    }

    /// Those of the references that are to this certificate.
    fn of(
        certificate: &Certificate,
        references: impl Iterator<Item = &'r CertificateReference>,
    ) -> Vec<&'r CertificateReference> {
        let mut known: BTreeMap<DigestAlgorithm, Vec<u8>> = BTreeMap::new();
        let is_to = |it: &&CertificateReference| {
            it.stated().is_some_and(|(by, stated)| {
                *known.entry(by).or_insert_with(|| digest(certificate, by)) == stated
            })
        };
        references.filter(is_to).collect()
    }
}

fn digest(certificate: &Certificate, by: DigestAlgorithm) -> Vec<u8> {
    match by {
        DigestAlgorithm::Sha256 => certificate.digest().to_vec(),
        other => other.digest(certificate.der()).value().to_vec(),
    }
}

fn without_zeros(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|it| **it == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::xml::Document;
    use crate::limits::Limits;
    use crate::pki::Memory;

    /// A time-stamp over `KeyInfo` proves the lists in it as it does the certificates.
    #[test]
    fn lists_in_key_info_are_among_what_it_holds() {
        let text = "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:SignedInfo>\
            <ds:CanonicalizationMethod Algorithm='urn:c'/><ds:SignatureMethod Algorithm='urn:s'/>\
            <ds:Reference><ds:DigestMethod Algorithm='urn:d'/><ds:DigestValue/></ds:Reference>\
            </ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
            <ds:X509CRL>AQID</ds:X509CRL></ds:X509Data></ds:KeyInfo></ds:Signature>";
        let (limits, memory) = (Limits::default(), Memory::new());
        let document = Document::parse(text, 0, &limits).unwrap();
        let source = XmlSource {
            document: &document,
            files: None,
            digest: None,
            content: false,
            certificates: &[],
            memory: &memory,
            limits: &limits,
            read: None,
        };
        let signature = Signature::read(&document, document.root_element(), &limits).unwrap();
        let pool = Pool::read(source, &signature, None).unwrap();
        let objects: Vec<ObjectId> = pool.key_info_objects().collect();
        assert_eq!(objects, [ObjectId::of(&[1, 2, 3])]);
    }
}
