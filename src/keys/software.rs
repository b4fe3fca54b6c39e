//! Keys in this process' memory.

use std::collections::VecDeque;
use std::fmt;

use super::fitness::check_choice;
use super::key_pair::KeyPair;
use super::private_key::PrivateKey;
use super::signer::{SignatureValue, Signer, ToBeSigned};
use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::limits::Limits;
use crate::pki::Certificate;

/// A key in memory and the certificates that speak for it.
///
/// It signs with RSA of 2048, 3072 or 4096 bits (PKCS#1 v1.5 and PSS, with SHA-256, SHA-384 or
/// SHA-512), ECDSA on P-256 with SHA-256 and on P-384 with SHA-384, and Ed25519. Unless
/// [`with_algorithm`](Self::with_algorithm) says otherwise, RSA signs by PKCS#1 v1.5 with
/// SHA-256, which all of the field's tools read.
///
/// The copies of the key that this crate makes are wiped from memory. ring keeps its own inner
/// form as long as the signer lives and does not wipe it: a key that has to stay out of this
/// process belongs into a token or service, behind another [`Signer`].
///
/// ```
/// use kyso::{Signer, SoftwareSigner};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
/// let key = std::fs::read(format!("{directory}/p256.key.pem"))?;
/// let certificates = std::fs::read(format!("{directory}/p256.crt.pem"))?;
/// let signer = SoftwareSigner::from_pem(&key, &certificates)?;
/// assert_eq!(signer.algorithm().to_string(), "ECDSA_SHA256");
/// # Ok(())
/// # }
/// ```
pub struct SoftwareSigner {
    key: KeyPair,
    chain: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
}

impl SoftwareSigner {
    /// From a `PrivateKeyInfo` (PKCS#8, RFC 5208) in DER and the certificates that go with it,
    /// in any order: the key's own, and issuers as far as they are known.
    ///
    /// # Errors
    /// `Malformed` when the key cannot be read; `Unsupported` when it cannot sign here, with
    /// what to do instead; `Signer` when no certificate belongs to it.
    pub fn from_pkcs8(key: &[u8], certificates: &[Certificate]) -> Result<Self> {
        Self::new(&PrivateKey::from_pkcs8(key)?, certificates)
    }

    /// From PEM: `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`, and certificates in any
    /// form that [`Certificate::all_from`] reads. Where one file holds both, pass it twice.
    ///
    /// # Errors
    /// As [`from_pkcs8`](Self::from_pkcs8); `Misuse` when the key is encrypted.
    pub fn from_pem(key: &[u8], certificates: &[u8]) -> Result<Self> {
        Self::new(
            &PrivateKey::from_pem(key, None)?,
            &Certificate::all_from(certificates, &Limits::default())?,
        )
    }

    /// As [`from_pem`](Self::from_pem), with a password for an `ENCRYPTED PRIVATE KEY`
    /// (RFC 5958 §3: PBES2 and the schemes of PKCS#12).
    ///
    /// # Errors
    /// As [`from_pkcs8`](Self::from_pkcs8); `Signer` when the password is wrong;
    /// `LimitExceeded` when its derivation is longer than [`Limits::kdf_iterations`].
    #[cfg(feature = "pkcs12")]
    pub fn from_encrypted_pem(key: &[u8], password: &str, certificates: &[u8]) -> Result<Self> {
        Self::new(
            &PrivateKey::from_pem(key, Some(password))?,
            &Certificate::all_from(certificates, &Limits::default())?,
        )
    }

    /// The same key with another algorithm.
    ///
    /// # Errors
    /// `Misuse` when the key or its certificate does not sign so.
    pub fn with_algorithm(self, algorithm: SignatureAlgorithm) -> Result<Self> {
        check_choice(&self.chain, algorithm, |_| self.key.can(algorithm))?;
        Ok(Self { algorithm, ..self })
    }

    pub(super) fn new(key: &PrivateKey, certificates: &[Certificate]) -> Result<Self> {
        for certificate in certificates {
            // An issuer's key may be of a kind that cannot be read here: it is not this one.
            let Ok(public) = PublicKey::read(certificate.public_key_info()) else { continue };
            let opened = KeyPair::open(key, &public).map_err(|error| about(error, certificate))?;
            if let Some(key) = opened {
                let algorithm = key.default_algorithm(&public);
                let chain = chain(certificate, certificates);
                return Self { key, chain, algorithm }.with_algorithm(algorithm);
            }
        }
        let what = if certificates.is_empty() {
            "no certificate came with the private key"
        } else {
            "the private key belongs to none of the certificates that came with it"
        };
        let error = Error::new(ErrorKind::Signer, what);
        Err(certificates.iter().take(NAMED).fold(error, about))
    }
}

/// Certificates that an error names when none fits.
const NAMED: usize = 4;

impl Signer for SoftwareSigner {
    fn certificate_chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        to_be_signed.wants(self.algorithm)?;
        let value = self.key.sign(self.algorithm, to_be_signed.bytes())?;
        Ok(match self.chain.first() {
            Some(certificate) => SignatureValue::made(value, certificate, to_be_signed),
            None => SignatureValue::new(value),
        })
    }
}

impl fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareSigner({}, {:?})", self.algorithm, self.chain)
    }
}

fn about(error: Error, certificate: &Certificate) -> Error {
    error.at(Place::Certificate(certificate.subject()))
}

/// The end entity's certificate, then whoever bears an issuer's name: there may be several for
/// one name where issuers are cross-certified. What leads nowhere is left out.
pub(super) fn chain(end_entity: &Certificate, all: &[Certificate]) -> Vec<Certificate> {
    let mut rest: Vec<&Certificate> = all.iter().filter(|it| *it != end_entity).collect();
    let mut open = VecDeque::from([end_entity]);
    let mut chain = Vec::new();
    while let Some(next) = open.pop_front() {
        chain.push(next.clone());
        let is_issuer = |it: &Certificate| it.subject_name() == next.issuer_name();
        open.extend(rest.iter().copied().filter(|it| is_issuer(it)));
        rest.retain(|it| !is_issuer(it));
    }
    chain
}
