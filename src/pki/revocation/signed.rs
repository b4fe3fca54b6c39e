//! `SEQUENCE { toBeSigned, signatureAlgorithm, signatureValue, … }`, the shape that
//! revocation lists and OCSP answers share with certificates.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::Cell;
use std::ops::Range;
use std::sync::Mutex;

use super::fault::Unusable;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm, Verification, verify};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};

/// What is signed, by which algorithm, and the value.
#[derive(Debug)]
pub(super) struct Signed {
    to_be_signed: Range<usize>,
    algorithm: AlgorithmIdentifier,
    value: Vec<u8>,
    /// What the checks with the keys tried so far came to, each key by its digest.
    checked: Mutex<Vec<(Vec<u8>, Option<Unusable>)>>,
}

/// What revocation has cost so far for one document.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    signatures: Cell<usize>,
    detours: Cell<usize>,
    past: Cell<usize>,
}

impl Spent {
    /// So many more lists and answers are asked about one who signed another one.
    pub(super) fn detour(&self, count: usize, limits: &Limits) -> Result<()> {
        self.detours.set(self.detours.get().saturating_add(count));
        within(self.detours.get(), limits.revocation_detours, "lists and answers about signers")
    }

    /// So many more lists and answers are asked at another time than the present.
    ///
    /// # Errors
    /// `LimitExceeded` when that makes more than [`Limits::revocation_past`].
    pub(crate) fn in_the_past(&self, count: usize, limits: &Limits) -> Result<()> {
        self.past.set(self.past.get().saturating_add(count));
        within(self.past.get(), limits.revocation_past, "lists and answers asked in the past")
    }

    fn one_more(&self, limits: &Limits) -> Result<()> {
        self.signatures.set(self.signatures.get().saturating_add(1));
        within(
            self.signatures.get(),
            limits.revocation_signatures,
            "signatures on revocation information",
        )
    }
}

/// Keys that are remembered. An issuer has a new one every few years.
const KEYS: usize = 8;

impl Signed {
    pub(super) fn new(
        to_be_signed: &Value<'_>,
        algorithm: AlgorithmIdentifier,
        value: &Value<'_>,
    ) -> Result<Self> {
        let start = usize::try_from(to_be_signed.offset()).unwrap_or(usize::MAX);
        let end = start.saturating_add(to_be_signed.raw().len());
        let value = value.is(Tag::BIT_STRING)?.whole_octet_bits()?.to_vec();
        Ok(Self { to_be_signed: start..end, algorithm, value, checked: Mutex::default() })
    }

    pub(super) fn algorithm(&self) -> &AlgorithmIdentifier {
        &self.algorithm
    }

    /// Nothing when this key signed what stands in `der`. Asked again, it is not computed
    /// again.
    ///
    /// # Errors
    /// `LimitExceeded` when too many were computed for one document.
    pub(super) fn check(
        &self,
        der: &[u8],
        public_key_info: &[u8],
        spent: &Spent,
        limits: &Limits,
    ) -> Result<Option<Unusable>> {
        let key = DigestAlgorithm::Sha256.digest(public_key_info).value().to_vec();
        // A lock is poisoned by a panic only, and what it guards is whole all the same.
        let mut checked = self.checked.lock().unwrap_or_else(|it| it.into_inner());
        if let Some((_, known)) = checked.iter().find(|(it, _)| *it == key) {
            return Ok(known.clone());
        }
        spent.one_more(limits)?;
        let found = self.compute(der, public_key_info)?;
        if checked.len() >= KEYS {
            checked.remove(0);
        }
        checked.push((key, found.clone()));
        Ok(found)
    }

    fn compute(&self, der: &[u8], public_key_info: &[u8]) -> Result<Option<Unusable>> {
        let unsupported =
            || Unusable::UnsupportedAlgorithm { algorithm: self.algorithm.algorithm.to_string() };
        let algorithm = match SignatureAlgorithm::read(&self.algorithm, None) {
            Ok(Some(algorithm)) => algorithm,
            Ok(None) => return Ok(Some(unsupported())),
            Err(error) => return Ok(Some(Unusable::Malformed { what: error.to_string() })),
        };
        let message = der.get(self.to_be_signed.clone()).unwrap_or_default();
        match verify(public_key_info, algorithm, message, &self.value) {
            Ok(Verification::Valid | Verification::ValidWithoutNull) => Ok(None),
            Ok(Verification::Invalid) => Ok(Some(Unusable::BadSignature)),
            Ok(Verification::Unsupported) => Ok(Some(unsupported())),
            Err(error) if error.kind() == ErrorKind::Malformed => {
                Ok(Some(Unusable::Malformed { what: error.to_string() }))
            }
            Err(error) => Err(error),
        }
    }
}
