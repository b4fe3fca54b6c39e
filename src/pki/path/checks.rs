//! Signatures on certificates, each counted once for one document however many paths
//! lead over it, and not more than a bound.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::fault::Fault;
use super::memory::{Key, Memory, Remembered};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm, Verification, verify};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;

/// A certificate and a key that may have signed it, by their SHA-256 digests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pair {
    certificate: [u8; 32],
    key: [u8; 32],
}

/// What is wrong with a signature; nothing when the key signed the certificate.
pub(super) type Outcome = Option<Fault>;

/// What was checked for one document so far, and what is remembered from before. What is
/// remembered counts as what is computed, so that no bound depends on what came before.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    done: RefCell<BTreeMap<Pair, Outcome>>,
    memory: Option<Memory>,
}

impl Checks {
    /// With what is remembered.
    pub(crate) fn with(memory: &Memory) -> Self {
        Self { memory: Some(memory.clone()), ..Self::default() }
    }

    /// Nothing when this key signed the certificate.
    pub(super) fn check(
        &self,
        certificate: &Certificate,
        public_key_info: &[u8],
        limits: &Limits,
    ) -> Result<(Pair, Outcome)> {
        let pair = Pair::of(certificate, public_key_info);
        if let Some(known) = self.done.borrow().get(&pair) {
            return Ok((pair, known.clone()));
        }
        self.one_more(limits)?;
        let known = self.memory.as_ref().and_then(|it| it.signature(&pair, limits));
        let outcome = match known {
            Some(known) => known,
            None => {
                let found = check_signature(certificate, public_key_info)?;
                if let Some(memory) = &self.memory {
                    memory.remember_signature(pair.clone(), found.clone(), limits);
                }
                found
            }
        };
        self.done.borrow_mut().insert(pair.clone(), outcome.clone());
        Ok((pair, outcome))
    }

    /// A path that was found before, by a search of which everything was the same.
    ///
    /// # Errors
    /// `LimitExceeded` when the signatures on it are too many for this document.
    pub(super) fn recall(&self, key: &Key, limits: &Limits) -> Result<Option<Remembered>> {
        let Some(known) = self.memory.as_ref().and_then(|it| it.path(key)) else {
            return Ok(None);
        };
        for (pair, outcome) in &known.signatures {
            if !self.done.borrow().contains_key(pair) {
                self.one_more(limits)?;
                self.done.borrow_mut().insert(pair.clone(), outcome.clone());
            }
        }
        Ok(Some(known))
    }

    pub(super) fn remember(&self, key: Key, found: Remembered) {
        if let Some(memory) = &self.memory {
            memory.remember_path(key, found);
        }
    }

    fn one_more(&self, limits: &Limits) -> Result<()> {
        let count = self.done.borrow().len().saturating_add(1);
        within(count, limits.paths_signatures, "signatures checked in search of all paths")
    }
}

impl Pair {
    fn of(certificate: &Certificate, public_key_info: &[u8]) -> Self {
        let key = DigestAlgorithm::Sha256.digest(public_key_info);
        let key = key.value().first_chunk().copied().unwrap_or_default();
        Self { certificate: *certificate.digest(), key }
    }

    /// Whether it is this certificate's signature that was checked.
    pub(super) fn is_about(&self, certificate: &Certificate) -> bool {
        self.certificate == *certificate.digest()
    }
}

/// §6.1.3 (a)(1). Nothing when the signature holds.
fn check_signature(certificate: &Certificate, public_key_info: &[u8]) -> Result<Option<Fault>> {
    let identifier = certificate.signature_algorithm();
    let unsupported =
        || Fault::UnsupportedAlgorithm { algorithm: identifier.algorithm.to_string() };
    let algorithm = match SignatureAlgorithm::read(identifier, None) {
        Ok(Some(algorithm)) => algorithm,
        Ok(None) => return Ok(Some(unsupported())),
        Err(error) => return Ok(Some(Fault::Malformed { what: error.to_string() })),
    };
    let (message, value) = (certificate.to_be_signed(), certificate.signature_value());
    match verify(public_key_info, algorithm, message, value) {
        Ok(Verification::Valid | Verification::ValidWithoutNull) => Ok(None),
        Ok(Verification::Invalid) => Ok(Some(Fault::BadSignature)),
        Ok(Verification::Unsupported) => Ok(Some(unsupported())),
        // An issuer whose key cannot be read has signed nothing that could be checked.
        Err(error) if error.kind() == ErrorKind::Malformed => {
            Ok(Some(Fault::Malformed { what: error.to_string() }))
        }
        Err(error) => Err(error),
    }
}
