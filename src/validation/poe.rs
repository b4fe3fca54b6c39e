//! Proofs of existence (EN 319 102-1 §5.6.2.3): which object is proven to have existed
//! when. What nothing proves exists at the validation time, for it is at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::crypto::DigestAlgorithm;
use crate::pki::Certificate;
use crate::time::UtcTime;

/// Names an object: the SHA-256 of its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(super) struct ObjectId([u8; 32]);

impl ObjectId {
    pub(super) fn of(octets: &[u8]) -> Self {
        let mut id = [0; 32];
        let digest = DigestAlgorithm::Sha256.digest(octets);
        id.iter_mut().zip(digest.value()).for_each(|(to, from)| *to = *from);
        Self(id)
    }

    /// Names a certificate, whose digest is computed once.
    pub(super) fn of_certificate(certificate: &Certificate) -> Self {
        Self(*certificate.digest())
    }
}

/// What is proven so far. A proof comes only from a time-stamp that was validated with the
/// proofs before it, so that nothing vouches for itself.
#[derive(Debug)]
pub(super) struct Proofs<'a> {
    present: UtcTime,
    /// Those that hold for all signatures of the document.
    below: Option<&'a Proofs<'a>>,
    earliest: BTreeMap<ObjectId, UtcTime>,
}

impl Proofs<'static> {
    /// Nothing is proven to be older than the present.
    pub(super) fn none(present: UtcTime) -> Self {
        Self { present, below: None, earliest: BTreeMap::new() }
    }
}

impl<'a> Proofs<'a> {
    /// To go on from these without changing them.
    pub(super) fn upon(below: &'a Self) -> Self {
        Self { present: below.present, below: Some(below), earliest: BTreeMap::new() }
    }

    /// The earliest time at which the object is proven to have existed.
    pub(super) fn of(&self, object: ObjectId) -> UtcTime {
        let below = self.below.map_or(self.present, |below| below.of(object));
        self.earliest.get(&object).map_or(below, |own| below.min(*own))
    }

    /// The earliest time by a time-stamp; nothing where none proves it. One may be as young as
    /// the present.
    pub(super) fn proven(&self, object: ObjectId) -> Option<UtcTime> {
        let below = self.below.and_then(|below| below.proven(object));
        let own = self.earliest.get(&object).copied().filter(|at| *at <= self.present);
        below.into_iter().chain(own).min()
    }

    /// What is proven by these alone, without those below.
    pub(super) fn own(&self) -> BTreeMap<ObjectId, UtcTime> {
        self.earliest.clone()
    }

    /// A later proof of the same object changes nothing.
    pub(super) fn add(&mut self, object: ObjectId, at: UtcTime) {
        let earliest = self.earliest.entry(object).or_insert(at);
        *earliest = at.min(*earliest);
    }
}

/// All that is proven about one signature. What holds for the whole document is shared by
/// all of its signatures, as there may be a thousand of them and of what is proven.
#[derive(Debug, Clone, Default)]
pub(super) struct Proven {
    below: Arc<BTreeMap<ObjectId, UtcTime>>,
    own: BTreeMap<ObjectId, UtcTime>,
}

impl Proven {
    pub(super) fn new(
        below: &Arc<BTreeMap<ObjectId, UtcTime>>,
        own: BTreeMap<ObjectId, UtcTime>,
    ) -> Self {
        Self { below: Arc::clone(below), own }
    }

    /// The earliest time at which the object is proven to have existed, if anything proves it.
    pub(super) fn get(&self, object: &ObjectId) -> Option<UtcTime> {
        self.below.get(object).into_iter().chain(self.own.get(object)).min().copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_earliest_proof_counts_and_the_present_is_the_last() {
        let at = |text: &str| text.parse::<UtcTime>().unwrap();
        let (one, other) = (ObjectId::of(b"1"), ObjectId::of(b"2"));
        let mut document = Proofs::none(at("2030-01-01T00:00:00Z"));
        document.add(one, at("2028-01-01T00:00:00Z"));
        let mut own = Proofs::upon(&document);
        own.add(one, at("2029-01-01T00:00:00Z"));
        own.add(one, at("2031-01-01T00:00:00Z"));
        assert_eq!(own.of(one), at("2028-01-01T00:00:00Z"));
        assert_eq!(own.of(other), at("2030-01-01T00:00:00Z"));
        own.add(one, at("2027-01-01T00:00:00Z"));
        assert_eq!(own.of(one), at("2027-01-01T00:00:00Z"));
        assert_eq!(document.of(one), at("2028-01-01T00:00:00Z"));
        let below = Arc::new(document.own());
        let proven = Proven::new(&below, own.own());
        assert_eq!(proven.get(&one), Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(proven.get(&other), None);
        let elsewhere = Proven::new(&below, BTreeMap::new());
        assert_eq!(elsewhere.get(&one), Some(at("2028-01-01T00:00:00Z")));
        own.add(other, at("2031-01-01T00:00:00Z"));
        assert_eq!(own.proven(other), None);
        own.add(other, at("2030-01-01T00:00:00Z"));
        assert_eq!(own.proven(other), Some(at("2030-01-01T00:00:00Z")));
    }
}
