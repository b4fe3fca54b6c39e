//! The index of digests that an archive-time-stamp-v3 is over (EN 319 122-1 §5.5.2): what
//! of certificates, revocation information and unsigned attributes it protects. What is
//! added later is not in the index, and harms nothing.
//!
//! ```text
//! ATSHashIndexV3 ::= SEQUENCE {
//!     hashIndAlgorithm             AlgorithmIdentifier,
//!     certificatesHashIndex        SEQUENCE OF OCTET STRING,
//!     crlsHashIndex                SEQUENCE OF OCTET STRING,
//!     unsignedAttrValuesHashIndex  SEQUENCE OF OCTET STRING }
//! ```
//!
//! The two editions before it (TS 101 733 §6.4.2) digest whole attributes instead of their
//! values, and the first may leave SHA-256 unsaid.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;

use der::asn1::ObjectIdentifier;

use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::encoding::asn1::writer::{OCTET_STRING, SEQUENCE, tlv};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value, to_der};
use crate::error::{Error, Result};
use crate::signature::cms::oids::{HASH_INDEX, HASH_INDEX_V2, HASH_INDEX_V3};
use crate::signature::cms::{Attribute, SignedData, SignerInfo};

/// An index as it stands.
#[derive(Debug)]
pub(crate) struct HashIndex<'a> {
    whole: Value<'a>,
    unit: Unit,
    algorithm: ObjectIdentifier,
    certificates: HashSet<&'a [u8]>,
    revocation: HashSet<&'a [u8]>,
    attributes: HashSet<&'a [u8]>,
}

/// What of the unsigned attributes an index has one digest of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    /// `Attribute`.
    Attribute,
    /// `attrType` and one `AttributeValue`.
    Value,
}

const EDITIONS: [(ObjectIdentifier, Unit); 3] =
    [(HASH_INDEX_V3, Unit::Value), (HASH_INDEX_V2, Unit::Attribute), (HASH_INDEX, Unit::Attribute)];

impl<'a> HashIndex<'a> {
    /// The index of a token, which stands unsigned beside its one signer: the imprint
    /// protects it. Nothing where there is none, or not exactly one.
    ///
    /// # Errors
    /// `Malformed` when it is no index.
    pub(crate) fn of_token(token: &SignedData<'a>) -> Result<Option<Self>> {
        let [Ok(signer)] = token.signers() else { return Ok(None) };
        let unsigned = signer.unsigned_attributes();
        let mut found = EDITIONS
            .iter()
            .flat_map(|(oid, unit)| unsigned.values(*oid).map(move |value| (value, *unit)));
        match (found.next(), found.next()) {
            (Some((value, unit)), None) => Self::read(&value, unit).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn read(value: &Value<'a>, unit: Unit) -> Result<Self> {
        let mut walked = value.sequence()?;
        let mut fields = Vec::new();
        while let Some(field) = walked.next()? {
            // Four at most: a fifth is refused below.
            if fields.len() > 4 {
                break;
            }
            fields.push(field);
        }
        let (algorithm, [certificates, revocation, attributes]) = match fields.as_slice() {
            [named, a, b, c] => (AlgorithmIdentifier::read(named)?.algorithm, [a, b, c]),
            [a, b, c] if unit == Unit::Attribute => (DigestAlgorithm::Sha256.oid(), [a, b, c]),
            _ => {
                let what = "an index of digests has three parts and an algorithm";
                return Err(Error::malformed(what).at_offset(value.offset()));
            }
        };
        Ok(Self {
            whole: *value,
            unit,
            algorithm,
            certificates: digests(certificates)?,
            revocation: digests(revocation)?,
            attributes: digests(attributes)?,
        })
    }

    /// As it stands.
    pub(crate) fn value(&self) -> &Value<'a> {
        &self.whole
    }

    /// What of the unsigned attributes it digests.
    pub(crate) fn unit(&self) -> Unit {
        self.unit
    }

    /// `hashIndAlgorithm`; nothing for a digest that this crate cannot compute.
    pub(crate) fn algorithm(&self) -> Option<DigestAlgorithm> {
        DigestAlgorithm::from_oid(self.algorithm)
    }

    /// Which of the components are in it. Nothing where it has an entry that none of
    /// them is: an original is missing or was changed, and the index does not hold
    /// (EN 319 122-1 §5.5.2).
    pub(crate) fn find(&self, components: &Components) -> Option<Found> {
        Some(Found {
            certificates: members(&self.certificates, &components.certificates)?,
            revocation: members(&self.revocation, &components.revocation)?,
            attributes: members(&self.attributes, &components.attributes)?,
        })
    }
}

fn digests<'a>(value: &Value<'a>) -> Result<HashSet<&'a [u8]>> {
    let mut walked = value.sequence()?;
    let mut found = HashSet::new();
    while let Some(digest) = walked.next()? {
        found.insert(digest.is(Tag::OCTET_STRING)?.content());
    }
    Ok(found)
}

/// Whether each component is among the entries; nothing where an entry is left over.
fn members(entries: &HashSet<&[u8]>, components: &[Spellings]) -> Option<Vec<bool>> {
    let mut found: HashSet<&[u8]> = HashSet::new();
    let mut covered = Vec::with_capacity(components.len());
    for spellings in components {
        let entry = spellings.iter().find_map(|it| entries.get(it.as_slice()).copied());
        covered.push(entry.is_some());
        found.extend(entry);
    }
    (found.len() == entries.len()).then_some(covered)
}

/// Which components an index has, in the order they stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Of `SignedData.certificates`.
    pub(crate) certificates: Vec<bool>,
    /// Of `SignedData.crls`.
    pub(crate) revocation: Vec<bool>,
    /// Of the attributes, or of all values of all attributes.
    pub(crate) attributes: Vec<bool>,
}

/// The digest of one component as it stands, and of its DER where that is another: some
/// signers write BER, and digest what they would have written in DER.
type Spellings = Vec<Vec<u8>>;

/// The digests of everything that an index may have.
#[derive(Debug)]
pub(crate) struct Components {
    certificates: Vec<Spellings>,
    revocation: Vec<Spellings>,
    attributes: Vec<Spellings>,
}

impl Components {
    pub(crate) fn of(
        cms: &SignedData<'_>,
        signer: &SignerInfo<'_>,
        algorithm: DigestAlgorithm,
        unit: Unit,
    ) -> Self {
        let all = |values: &[Value<'_>]| {
            values.iter().map(|it| spellings(algorithm, &[], it.raw(), it.canonical())).collect()
        };
        let unsigned = signer.unsigned_attributes().all();
        let attributes = match unit {
            Unit::Attribute => unsigned
                .iter()
                .map(|it| spellings(algorithm, &[], it.raw(), it.canonical()))
                .collect(),
            Unit::Value => unsigned.iter().flat_map(|it| value_spellings(algorithm, it)).collect(),
        };
        Self {
            certificates: all(cms.certificate_choices()),
            revocation: all(cms.revocation_choices()),
            attributes,
        }
    }

    /// `ATSHashIndexV3` over all of them as they stand.
    ///
    /// # Errors
    /// `Misuse` when it is too long to be written.
    pub(crate) fn to_index(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>> {
        let list = |all: &[Spellings]| {
            let stored: Vec<_> = all.iter().filter_map(|it| it.first()).collect();
            let octets: Vec<_> = stored.iter().map(|it| tlv(OCTET_STRING, &[it])).collect();
            tlv(SEQUENCE, &[&octets.concat()])
        };
        let named = to_der(&algorithm.identifier())?;
        let (certificates, revocation) = (list(&self.certificates), list(&self.revocation));
        Ok(tlv(SEQUENCE, &[&named, &certificates, &revocation, &list(&self.attributes)]))
    }
}

fn value_spellings<'x>(
    algorithm: DigestAlgorithm,
    attribute: &'x Attribute<'_>,
) -> impl Iterator<Item = Spellings> + 'x {
    let kind = attribute.kind();
    attribute.values().iter().map(move |it| spellings(algorithm, kind, it.raw(), it.canonical()))
}

fn spellings(
    algorithm: DigestAlgorithm,
    before: &[u8],
    stored: &[u8],
    canonical: Result<Vec<u8>>,
) -> Spellings {
    let digest = |bytes: &[u8]| {
        let mut context = DigestContext::new(algorithm);
        context.update(before);
        context.update(bytes);
        context.finish().value().to_vec()
    };
    let other = canonical.ok().filter(|canonical| canonical != stored);
    [Some(digest(stored)), other.map(|it| digest(&it))].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::signature::cades::exhaust::exhaust_index;

    fn list(digests: &[&[u8]]) -> Vec<u8> {
        let all: Vec<_> = digests.iter().map(|it| tlv(OCTET_STRING, &[it])).collect();
        tlv(SEQUENCE, &[&all.concat()])
    }

    fn index(parts: &[Vec<u8>]) -> Vec<u8> {
        tlv(SEQUENCE, &[&parts.concat()])
    }

    fn read(bytes: &[u8], unit: Unit) -> Option<ObjectIdentifier> {
        let value = Value::only(bytes, 8).unwrap();
        HashIndex::read(&value, unit).ok().map(|it| it.algorithm)
    }

    #[test]
    fn only_the_first_edition_may_leave_its_digest_unsaid() {
        let sha512 = to_der(&DigestAlgorithm::Sha512.identifier()).unwrap();
        let lists = [list(&[b"1"]), list(&[]), list(&[b"2", b"3"])];
        let short = index(&lists);
        let long = index(&[&[sha512.clone()][..], &lists].concat());
        assert_eq!(read(&short, Unit::Attribute), Some(DigestAlgorithm::Sha256.oid()));
        assert_eq!(read(&short, Unit::Value), None);
        assert_eq!(read(&long, Unit::Value), Some(DigestAlgorithm::Sha512.oid()));
        for wrong in [index(&lists[..2]), index(&[&lists[..], &lists].concat()), list(&[b"1"])] {
            assert_eq!(read(&wrong, Unit::Attribute), None);
        }
        for length in 0..long.len() {
            assert!(!exhaust_index(&long[..length]));
        }
    }

    /// An entry may stand for two components that are alike; one that stands for nothing
    /// brings the index down.
    #[test]
    fn an_entry_for_nothing_brings_the_index_down() {
        let component = |text: &[u8]| vec![text.to_vec()];
        let there = [component(b"1"), component(b"2"), component(b"1")];
        let entries = |all: &[&'static [u8]]| all.iter().copied().collect::<HashSet<_>>();
        assert_eq!(members(&entries(&[b"1"]), &there), Some(vec![true, false, true]));
        assert_eq!(members(&entries(&[]), &there), Some(vec![false; 3]));
        assert_eq!(members(&entries(&[b"1", b"3"]), &there), None);
    }
}
