//! The signatures that a word hangs on: by whom, with which digest and key. How strong is
//! strong enough is for a policy to say.

use std::fmt;

use super::word::{Evidence, Word};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::asn1::AlgorithmIdentifier;
use crate::pki::path::ValidatedPath;
use crate::pki::{Certificate, PublicKey};
use crate::time::UtcTime;

/// One signature that a word hangs on (the *material* of EN 319 102-1 table 6).
#[derive(Debug, Clone)]
pub(crate) struct Material {
    pub(crate) signed: Signed,
    /// Nothing where the algorithm holds none that is known.
    pub(crate) digest: Option<DigestAlgorithm>,
    /// Of who signed.
    pub(crate) key: PublicKey,
    /// Since when it is taken to exist; the time that is asked about, where nobody knows
    /// better.
    pub(crate) exists: UtcTime,
}

/// What is signed.
#[derive(Debug, Clone)]
pub(crate) enum Signed {
    /// The list or the answer itself.
    Evidence(Evidence),
    /// The certificate of who signed it in the issuer's stead, or one above it.
    Certificate(Certificate),
}

/// Whether the signatures that a word hangs on are strong enough for it to say that a
/// certificate is good. That one is revoked is heard from anybody whose signature verifies.
pub(crate) trait Strength: fmt::Debug {
    fn suffices(&self, word: &Word) -> bool;
}

impl Material {
    pub(super) fn of_evidence(
        evidence: Evidence,
        algorithm: Option<&AlgorithmIdentifier>,
        public_key_info: &[u8],
        exists: UtcTime,
    ) -> Self {
        let key = PublicKey::of(public_key_info);
        Self { signed: Signed::Evidence(evidence), digest: algorithm.and_then(digest), key, exists }
    }

    /// The certificates of whoever signed in the issuer's stead.
    pub(super) fn of_path(path: &ValidatedPath, exists: UtcTime) -> Vec<Self> {
        let certificates = path.certificates();
        let issuers = certificates.iter().skip(1).map(Certificate::public_key);
        let keys = issuers.chain([path.anchor().public_key()]);
        let signed = certificates.iter().filter(|it| !path.anchor().is_of(it));
        let made = signed.zip(keys).map(|(certificate, key)| Self {
            signed: Signed::Certificate(certificate.clone()),
            digest: digest(certificate.signature_algorithm()),
            key,
            exists,
        });
        made.collect()
    }
}

fn digest(algorithm: &AlgorithmIdentifier) -> Option<DigestAlgorithm> {
    SignatureAlgorithm::read(algorithm, None).ok().flatten().map(SignatureAlgorithm::digest)
}

/// Everything is strong enough.
#[cfg(any(test, fuzzing))]
#[derive(Debug)]
pub(super) struct AnyStrength;

#[cfg(any(test, fuzzing))]
impl Strength for AnyStrength {
    fn suffices(&self, _: &Word) -> bool {
        true
    }
}
