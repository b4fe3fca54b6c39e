//! Certificates and revocation data that came with an XML signature, and which one is the
//! signer's.

use super::{XmlSource, reference_fact};
use crate::encoding::base64;
use crate::encoding::xml::NodeId;
use crate::error::{ErrorKind, Result};
use crate::limits::within;
use crate::pki::Certificate;
use crate::signature::xades::{CertificateReference, QualifyingProperties, RevocationValue};
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
    /// what `KeyInfo` hints at. `signs` says whether a certificate's key made the value.
    pub(super) fn signer(
        &self,
        references: &[CertificateReference],
        mut signs: impl FnMut(&Certificate) -> bool,
    ) -> SignerFacts {
        let named = |it: &&Certificate| {
            references.iter().any(|reference| reference.digest_matches(it) == Some(true))
        };
        let mut by_reference: Vec<_> = self.certificates.iter().filter(named).collect();
        // Those of the path may be named, too.
        let place = by_reference.iter().take(TRIED).position(|it| signs(it)).unwrap_or(0);
        let by_reference = match by_reference.is_empty() {
            true => None,
            false => Some(by_reference.swap_remove(place.min(by_reference.len() - 1))),
        };
        let reference = match references.is_empty() {
            true => CertificateReferenceFact::Absent,
            false => {
                let unknown = references.iter().all(|it| it.algorithm.is_none());
                reference_fact(by_reference.is_some(), unknown)
            }
        };
        let certificate =
            by_reference.cloned().or_else(|| self.hinted(!references.is_empty(), &mut signs));
        let issuer_serial = certificate.as_ref().and_then(|certificate| {
            let own = references
                .iter()
                .filter(|it| it.digest_matches(certificate) == Some(true))
                .filter_map(|it| it.issuer_serial_matches(certificate));
            own.reduce(|all, one| all && one)
        });
        SignerFacts {
            certificate,
            certificates: self.certificates.clone(),
            reference,
            issuer_serial,
            identifier: None,
        }
    }

    /// Of those that `KeyInfo` holds or points at, the one whose key made the value, or else
    /// the first.
    fn hinted(
        &self,
        is_named: bool,
        mut signs: impl FnMut(&Certificate) -> bool,
    ) -> Option<Certificate> {
        let hints = &self.hints;
        let serial = |it: &Certificate| {
            let serials = hints.issuer_serials.iter();
            serials.clone().any(|hint| is_serial(&hint.serial, it))
        };
        let pointed = |it: &&Certificate| {
            hints.keys.iter().any(|key| key == it.public_key_info())
                || hints
                    .subject_key_identifiers
                    .iter()
                    .any(|id| it.subject_key_identifier() == Some(id))
                || serial(it)
        };
        let others = self.certificates.iter().filter(pointed);
        let candidates: Vec<_> = self.key_info.iter().chain(others).take(TRIED).collect();
        let found = candidates.iter().find(|it| signs(it));
        // Where the signer named another one, nobody is known to have signed.
        let first = candidates.first().filter(|_| !is_named);
        found.or(first).map(|it| (*it).clone())
    }

    /// Keys without certificates.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.hints.keys.iter().take(TRIED).map(Vec::as_slice)
    }
}

/// Whether a serial number in decimal digits is this certificate's.
fn is_serial(digits: &str, certificate: &Certificate) -> bool {
    crate::signature::xades::from_decimal(digits)
        .is_some_and(|it| it == without_zeros(certificate.serial_octets()))
}

fn without_zeros(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|it| **it == 0).count();
    octets.get(zeros..).unwrap_or_default()
}
