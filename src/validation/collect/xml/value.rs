//! What the checks of one signature's value come to.

use std::cell::Cell;

use crate::crypto::Verification;
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::signature::xmldsig::Signature;
use crate::validation::facts::ValueFact;

/// The checks of one value, each key's made once.
pub(super) struct Values<'s> {
    signature: &'s Signature,
    /// What the value is over; nothing where its canonicalization is unknown.
    pub(super) over: Option<Vec<u8>>,
    known: Vec<(Vec<u8>, ValueFact)>,
    /// Those of the whole document.
    made: &'s Cell<usize>,
    limits: &'s Limits,
}

impl<'s> Values<'s> {
    pub(super) fn new(
        signature: &'s Signature,
        over: Option<Vec<u8>>,
        made: &'s Cell<usize>,
        limits: &'s Limits,
    ) -> Self {
        Self { signature, over, known: Vec::new(), made, limits }
    }

    /// With the key of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// `LimitExceeded` when too many were made for one document: a check is the dearest thing
    /// here.
    pub(super) fn check(&mut self, key: &[u8]) -> Result<ValueFact> {
        if let Some((_, known)) = self.known.iter().find(|it| it.0 == key) {
            return Ok(known.clone());
        }
        self.made.set(self.made.get().saturating_add(1));
        let what = "checks of signature values in one XML document";
        within(self.made.get(), self.limits.xml_value_checks, what)?;
        let found = match self.signature.check_value(self.over.as_deref(), key) {
            Ok(Verification::Valid) => ValueFact::Valid,
            Ok(Verification::ValidWithoutNull) => ValueFact::ValidWithoutNull,
            Ok(Verification::Unsupported) => ValueFact::Unsupported,
            Ok(Verification::Invalid) => ValueFact::Invalid,
            Err(error) if error.kind() == ErrorKind::Malformed => {
                ValueFact::Unreadable(error.to_string())
            }
            Err(error) => return Err(error),
        };
        self.known.push((key.to_vec(), found.clone()));
        Ok(found)
    }

    /// The first of these certificates whose key made the value.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn made_by<'c>(
        &mut self,
        candidates: impl Iterator<Item = &'c Certificate>,
    ) -> Result<Option<&'c Certificate>> {
        for it in candidates {
            let found = self.check(it.public_key_info())?;
            if matches!(found, ValueFact::Valid | ValueFact::ValidWithoutNull) {
                return Ok(Some(it));
            }
        }
        Ok(None)
    }
}
