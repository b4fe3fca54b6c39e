//! Signatures on certificates, each checked once for one document however many paths
//! lead over it, and not more than a bound.

use std::cell::RefCell;
use std::collections::HashMap;

use super::fault::Fault;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm, Verification, verify};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;

/// What was checked so far: by certificate and key, what is wrong with the signature.
#[derive(Debug, Default)]
pub(crate) struct Checks(RefCell<HashMap<Vec<u8>, Option<Fault>>>);

impl Checks {
    /// Nothing when this key signed the certificate.
    pub(super) fn check(
        &self,
        certificate: &Certificate,
        public_key_info: &[u8],
        limits: &Limits,
    ) -> Result<Option<Fault>> {
        // The certificate's DER says itself where it ends.
        let pair = [certificate.der(), public_key_info].concat();
        let pair = DigestAlgorithm::Sha256.digest(&pair).value().to_vec();
        if let Some(known) = self.0.borrow().get(&pair) {
            return Ok(known.clone());
        }
        let count = self.0.borrow().len().saturating_add(1);
        within(count, limits.paths_signatures, "signatures checked in search of all paths")?;
        let found = check_signature(certificate, public_key_info)?;
        self.0.borrow_mut().insert(pair, found.clone());
        Ok(found)
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
