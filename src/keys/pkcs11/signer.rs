//! A key on a token that signs.

use std::fmt;
use std::sync::Arc;

use super::driver::{Mechanism, StoredKey};
use super::entry::Entry;
use super::mechanism;
use super::pool::{Need, Pool};
use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::keys::fitness::check_choice;
use crate::keys::signer::{SignatureValue, Signer, ToBeSigned};
use crate::keys::software::chain;
use crate::pki::Certificate;

/// A key on a [`Token`](super::Token). It signs with RSA (PKCS#1 v1.5 and PSS) and ECDSA on
/// P-256 and P-384, as far as the token does, and may be used by any number of threads.
///
/// The token gets a digest; where it digests for itself, the attributes that are signed, with
/// the document's digest among them. It never gets the document.
///
/// A key that wants the PIN for each signature (`CKA_ALWAYS_AUTHENTICATE`) signs only where the
/// token digests for itself: the binding to modules that is used here has no way to log in
/// between the beginning of a signature over a digest and its end.
pub struct TokenSigner {
    pool: Arc<Pool>,
    offered: Vec<Mechanism>,
    key: StoredKey,
    chain: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
    mechanism: Mechanism,
}

impl TokenSigner {
    pub(super) fn new(
        pool: Arc<Pool>,
        offered: Vec<Mechanism>,
        entry: &Entry,
        certificates: &[Certificate],
    ) -> Result<Self> {
        let about = |error: Error| error.at(Place::Certificate(entry.certificate.subject()));
        let public = PublicKey::read(entry.certificate.public_key_info()).map_err(about)?;
        let Some(key) = entry.key() else {
            let what = "the private key of this certificate is not on the token";
            return Err(about(Error::new(ErrorKind::Signer, what)));
        };
        let mut failed = Error::unsupported(
            "keys on tokens sign here by RSA, and by ECDSA on P-256 and P-384, and this one is of \
             another kind; use such a key, or implement `Signer`",
        );
        for algorithm in mechanism::candidates(&public) {
            match mechanism::choose(&offered, algorithm, key.always_authenticate) {
                Ok(mechanism) => {
                    let chain = chain(&entry.certificate, certificates);
                    let key = key.clone();
                    return Ok(Self { pool, offered, key, chain, algorithm, mechanism });
                }
                Err(error) => failed = error,
            }
        }
        Err(about(failed))
    }

    /// The same key with another algorithm.
    ///
    /// # Errors
    /// `Misuse` when the key or its certificate does not sign so, `Signer` when the token does
    /// not.
    pub fn with_algorithm(self, algorithm: SignatureAlgorithm) -> Result<Self> {
        check_choice(&self.chain, algorithm, |key| mechanism::fits(key, algorithm))?;
        let subject = self.chain.first().map(Certificate::subject).unwrap_or_default();
        let about = |error: Error| error.at(Place::Certificate(subject.clone()));
        let always = self.key.always_authenticate;
        let mechanism = mechanism::choose(&self.offered, algorithm, always).map_err(about)?;
        Ok(Self { algorithm, mechanism, ..self })
    }
}

impl Signer for TokenSigner {
    fn certificate_chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        to_be_signed.wants(self.algorithm)?;
        let job = mechanism::job(&self.key.name, self.mechanism, to_be_signed)?;
        let raw = self.pool.run(Need::Login, |lease| {
            if self.key.always_authenticate {
                lease.sign_by_pin(&job)
            } else {
                Ok(lease.session()?.sign(&job)?)
            }
        })?;
        match self.algorithm {
            SignatureAlgorithm::Ecdsa(_) => mechanism::ecdsa_value(&raw).map(SignatureValue::new),
            _ => Ok(SignatureValue::new(raw)),
        }
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSigner({}, {}, {:?})", self.pool.token(), self.algorithm, self.chain)
    }
}
