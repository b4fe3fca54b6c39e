//! Asks for everything that the time-stamps of a CMS can be asked for: what fuzzers and
//! the tests with hostile bytes call.

use super::hash_index::{HashIndex, Unit};
use super::imprint::{Imprints, SignedContent};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::Value;
use crate::error::Result;
use crate::limits::Limits;
use crate::signature::cms::{SignedData, SignerInfo};
use crate::signature::tsp::TimeStampToken;

/// A detached content.
struct Nothing;

impl SignedContent for Nothing {
    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Digest>> {
        Ok(Some(algorithm.digest(b"")))
    }

    fn feed(&mut self, _: &mut DigestContext) -> Result<bool> {
        Ok(true)
    }

    fn size(&self) -> u64 {
        0
    }
}

/// The imprints of all time-stamps of a signer, and what they cover.
pub(crate) fn exhaust_time_stamps(cms: &SignedData<'_>, signer: &SignerInfo<'_>, limits: &Limits) {
    let mut imprints = Imprints::new(cms, signer, limits);
    for (kind, der) in signer.unsigned_attributes().time_stamps() {
        let Ok(token) = TimeStampToken::from_der(der, limits) else { continue };
        let intact = imprints.is_over(kind, der, token.info(), Some(&mut Nothing));
        let Ok(covered) = imprints.covered(kind, der, token.info()) else { continue };
        let mut bytes = 0_usize;
        let _ = covered.for_each(limits, &mut |it| bytes = bytes.saturating_add(it.len()));
        let _ = (intact, bytes);
    }
}

/// Whether the bytes are an index of digests, in either form.
pub(crate) fn exhaust_index(bytes: &[u8]) -> bool {
    let Ok(value) = Value::only(bytes, Limits::default().asn1_depth) else { return false };
    [Unit::Value, Unit::Attribute].iter().any(|unit| HashIndex::read(&value, *unit).is_ok())
}
