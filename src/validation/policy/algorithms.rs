//! Which algorithms and key sizes are strong enough, and until when.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::crypto::DigestAlgorithm;
use crate::pki::PublicKey;
use crate::time::UtcTime;

/// Which algorithms and key sizes are strong enough, and until when (EN 319 102-1 §5.2.8.4.2).
///
/// What is asked about is the time at which the thing is proven to have existed, which
/// without any proof is the time of validation; never one that a signer claims. What was
/// strong enough once leaves the conclusion open for want of a proof
/// (`CRYPTO_CONSTRAINTS_FAILURE_NO_POE`); what never was, no proof can save
/// (`CRYPTO_CONSTRAINTS_FAILURE`). Either may weigh less: [`Policy::levels`] takes
/// `DIGEST_STRENGTH`, `KEY_STRENGTH`, `PATH_STRENGTH` and `REVOCATION_STRENGTH`.
///
/// A table that a file gives stands for all of the default's. A trust anchor's own signature
/// is no part of a path and is not asked about; its key is.
///
/// [`Policy::levels`]: crate::Policy::levels
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AlgorithmConstraints {
    /// Digests of signers: of what they sign, in their signatures and in their certificates.
    /// One that is not named never is strong enough.
    pub digests: BTreeMap<DigestAlgorithm, Acceptable>,
    /// Digests of authorities: of time-stamps, of lists and answers about revocation, and of
    /// the certificates of authorities. Where nothing is said, those of signers.
    pub authority_digests: Option<BTreeMap<DigestAlgorithm, Acceptable>>,
    /// RSA keys by the bits of the modulus. A key is as good as the largest size here that it
    /// reaches, and one that reaches none is too small.
    pub rsa: BTreeMap<usize, Acceptable>,
    /// DSA keys by the bits of the prime, likewise.
    pub dsa: BTreeMap<usize, Acceptable>,
    /// Elliptic curves by the bits of the field, likewise. Ed25519 is one of 255.
    pub elliptic_curves: BTreeMap<usize, Acceptable>,
}

/// Until when something is strong enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Acceptable {
    /// No end is known.
    Always,
    /// As `Always`, but every report warns of it.
    Discouraged,
    /// What is proven to have existed by then is good.
    Until(UtcTime),
    /// At no time.
    Never,
}

/// Why something is not simply strong enough; the worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::validation) enum Weakness {
    Discouraged,
    Since(Reverse<UtcTime>),
    Ever,
}

/// The field of Curve25519 (RFC 7748 §4.1).
const ED25519_BITS: usize = 255;

impl AlgorithmConstraints {
    /// Everything is strong enough: for suites and archives that ask about other things.
    #[must_use]
    pub fn none() -> Self {
        let all = BTreeMap::from([(0, Acceptable::Always)]);
        Self {
            digests: DigestAlgorithm::ALL.map(|it| (it, Acceptable::Always)).into(),
            authority_digests: None,
            rsa: all.clone(),
            dsa: all.clone(),
            elliptic_curves: all,
        }
    }

    /// Of a digest that a signer chose.
    pub(in crate::validation) fn weakness_of(
        &self,
        digest: DigestAlgorithm,
        at: UtcTime,
    ) -> Option<Weakness> {
        Acceptable::of(&self.digests, digest).weakness(at)
    }

    /// Of a digest that an authority chose.
    pub(in crate::validation) fn weakness_of_authoritys(
        &self,
        digest: DigestAlgorithm,
        at: UtcTime,
    ) -> Option<Weakness> {
        let table = self.authority_digests.as_ref().unwrap_or(&self.digests);
        Acceptable::of(table, digest).weakness(at)
    }

    /// Of a key. What is not known of one, and of one of an unknown kind, is not held against
    /// it: nothing can be checked with it either.
    pub(in crate::validation) fn weakness_of_key(
        &self,
        key: PublicKey,
        at: UtcTime,
    ) -> Option<Weakness> {
        let (table, bits) = match key {
            PublicKey::Rsa { bits } => (&self.rsa, Some(bits)),
            PublicKey::Dsa { bits } => (&self.dsa, bits),
            PublicKey::EllipticCurve { bits } => (&self.elliptic_curves, bits),
            PublicKey::Ed25519 => (&self.elliptic_curves, Some(ED25519_BITS)),
            PublicKey::Other => return None,
        };
        let reached = table.range(..=bits?).next_back();
        reached.map_or(Acceptable::Never, |(_, it)| *it).weakness(at)
    }
}

impl Acceptable {
    fn of(table: &BTreeMap<DigestAlgorithm, Self>, digest: DigestAlgorithm) -> Self {
        table.get(&digest).copied().unwrap_or(Self::Never)
    }

    fn weakness(self, at: UtcTime) -> Option<Weakness> {
        match self {
            Self::Always => None,
            Self::Discouraged => Some(Weakness::Discouraged),
            Self::Until(end) => (at > end).then_some(Weakness::Since(Reverse(end))),
            Self::Never => Some(Weakness::Ever),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_time_decides() {
        let end = at("2019-10-01T00:00:00Z");
        let mut constraints = AlgorithmConstraints::none();
        constraints.digests = BTreeMap::from([(DigestAlgorithm::Sha1, Acceptable::Until(end))]);
        let sha1 = |time| constraints.weakness_of(DigestAlgorithm::Sha1, at(time));
        assert_eq!(sha1("2019-10-01T00:00:00Z"), None);
        assert_eq!(sha1("2019-10-01T00:00:01Z"), Some(Weakness::Since(Reverse(end))));
        let unnamed = constraints.weakness_of(DigestAlgorithm::Sha512, end);
        assert_eq!(unnamed, Some(Weakness::Ever));
        let same = |it| constraints.weakness_of_authoritys(it, at("2020-01-01T00:00:00Z"));
        assert_eq!(same(DigestAlgorithm::Sha1), sha1("2020-01-01T00:00:00Z"));
        constraints.authority_digests =
            Some(BTreeMap::from([(DigestAlgorithm::Sha1, Acceptable::Discouraged)]));
        let found = constraints.weakness_of_authoritys(DigestAlgorithm::Sha1, end);
        assert_eq!(found, Some(Weakness::Discouraged));
    }

    #[test]
    fn a_key_is_as_good_as_the_largest_size_that_it_reaches() {
        let (early, late) = (at("2010-01-01T00:00:00Z"), at("2020-01-01T00:00:00Z"));
        let mut constraints = AlgorithmConstraints::none();
        constraints.rsa =
            BTreeMap::from([(1024, Acceptable::Until(early)), (2048, Acceptable::Always)]);
        constraints.elliptic_curves = BTreeMap::from([(256, Acceptable::Always)]);
        let rsa = |bits, time| constraints.weakness_of_key(PublicKey::Rsa { bits }, time);
        assert_eq!(rsa(1023, early), Some(Weakness::Ever));
        assert_eq!(rsa(1024, early), None);
        assert_eq!(rsa(2047, late), Some(Weakness::Since(Reverse(early))));
        assert_eq!(rsa(2048, late), None);
        assert_eq!(rsa(16_384, late), None);
        let found = constraints.weakness_of_key(PublicKey::Ed25519, late);
        assert_eq!(found, Some(Weakness::Ever));
    }

    #[test]
    fn the_worst_weighs_most() {
        let since = |text| Weakness::Since(Reverse(at(text)));
        let long_ago = since("2012-08-01T00:00:00Z");
        assert!(Weakness::Ever > long_ago && long_ago > since("2019-10-01T00:00:00Z"));
        assert!(since("2029-01-01T00:00:00Z") > Weakness::Discouraged);
    }
}
