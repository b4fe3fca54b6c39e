//! The one joint for keys: software, tokens, remote services.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto::{Digest, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::pki::Certificate;

/// A private key that can be asked to sign, with the certificate that speaks for it.
///
/// Implementations neither fetch nor build anything: no network but on the way to the key, no
/// time-stamps, no formats. That is why one can be written for any token or service.
pub trait Signer: Send + Sync {
    /// The signer's certificate, then its issuers as far as they are known.
    fn certificate_chain(&self) -> &[Certificate];

    /// What [`sign`](Signer::sign) signs with.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs one data-to-be-signed representation.
    ///
    /// # Errors
    /// `Signer` when the key or its holder refuses; `Service` when a remote one is out of reach.
    /// Whoever signs many documents asks no more of it then; what is wrong with this one
    /// alone is of another kind.
    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue>;

    /// Signs many under one authorisation, one answer each, in order. Holders that
    /// know of batches override it. Once the key refuses, nothing more is asked of it, and the
    /// rest is refused for the same reason.
    fn sign_all(&self, batch: &[ToBeSigned]) -> Vec<Result<SignatureValue>> {
        let mut refusal: Option<(ErrorKind, String)> = None;
        let sign = |one| {
            if let Some((kind, why)) = &refusal {
                return Err(Error::new(*kind, format!("not asked, since {why}")));
            }
            self.sign(one).inspect_err(|error| {
                if matches!(error.kind(), ErrorKind::Signer | ErrorKind::Service) {
                    refusal = Some((error.kind(), error.to_string()));
                }
            })
        };
        batch.iter().map(sign).collect()
    }

    /// How many values [`sign_all`](Signer::sign_all) is best asked for at once. Whoever
    /// signs many documents hands it no more than these in one call, and makes one call at a
    /// time.
    ///
    /// 1, unless said otherwise: nothing is gained by asking for several together, and
    /// [`sign`](Signer::sign) may be called from as many threads as one likes. Holders that
    /// ask a person or a service once for many say how many that authorisation covers;
    /// those that sign one after the other behind a lock say how many are worth waiting for.
    fn batch_size(&self) -> usize {
        1
    }
}

/// The data-to-be-signed representation of EN 319 102-1 §4.2.8: the bytes that
/// the key signs. Small whatever the document's size.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToBeSigned {
    #[serde(with = "crate::encoding::base64")]
    bytes: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl ToBeSigned {
    pub(crate) fn new(bytes: Vec<u8>, algorithm: SignatureAlgorithm) -> Self {
        Self { bytes, algorithm }
    }

    /// The bytes, for keys that digest for themselves.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their digest, for tokens and services that sign a digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.algorithm.digest().digest(&self.bytes)
    }

    /// Whether a key that signs with this is the one that is wanted.
    ///
    /// # Errors
    /// `Misuse` where it is to be signed with something else.
    pub(crate) fn wants(&self, algorithm: SignatureAlgorithm) -> Result<()> {
        if self.algorithm == algorithm {
            return Ok(());
        }
        Err(Error::misuse(format!(
            "this is to be signed with {}, and the key signs with {algorithm}",
            self.algorithm
        )))
    }

    /// What it is to be signed with.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for ToBeSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToBeSigned({}, {} bytes)", self.algorithm, self.bytes.len())
    }
}

/// What a key answers: the value as CMS carries it (for ECDSA a DER SEQUENCE of r and s).
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignatureValue {
    #[serde(with = "crate::encoding::base64")]
    bytes: Vec<u8>,
    /// Nothing that was stored or came from elsewhere is proven.
    #[serde(skip)]
    proof: Option<Box<Proof>>,
}

/// Whose key made a value in this process, and over what.
#[derive(Clone)]
struct Proof {
    certificate: Certificate,
    to_be_signed: ToBeSigned,
}

impl SignatureValue {
    /// Takes the value as it came from the key.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, proof: None }
    }

    /// A value that was just made by a key that is known to be the certificate's.
    pub(super) fn made(
        bytes: Vec<u8>,
        certificate: &Certificate,
        to_be_signed: &ToBeSigned,
    ) -> Self {
        let (certificate, to_be_signed) = (certificate.clone(), to_be_signed.clone());
        Self { bytes, proof: Some(Box::new(Proof { certificate, to_be_signed })) }
    }

    /// Whether it need not be checked that this certificate's key made it over just this.
    pub(crate) fn is_proven(&self, certificate: &Certificate, to_be_signed: &ToBeSigned) -> bool {
        self.proof
            .as_ref()
            .is_some_and(|it| it.certificate == *certificate && it.to_be_signed == *to_be_signed)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for SignatureValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureValue({} bytes)", self.bytes.len())
    }
}

/// By the value alone.
impl PartialEq for SignatureValue {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for SignatureValue {}
