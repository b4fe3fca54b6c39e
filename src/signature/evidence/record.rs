//! An evidence record as it stands, whatever form it is written in, and what each of its
//! archive time-stamps is over.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::cell::Cell;

use der::asn1::ObjectIdentifier;

use super::tree::HashTree;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::Value;
use crate::encoding::asn1::writer::{SEQUENCE, header};
use crate::error::Result;
use crate::limits::{Limits, within};

/// How an evidence record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RecordForm {
    /// RFC 4998.
    Asn1,
}

/// One archive time-stamp after the other: those of a chain renew each other, and a new
/// chain renews the hash tree.
#[derive(Debug)]
pub(crate) struct EvidenceRecord<'a> {
    pub(super) form: RecordForm,
    pub(super) chains: Vec<Chain<'a>>,
    pub(super) informations: Informations<'a>,
    /// Octets digested so far to tell what time-stamps are over.
    pub(super) digested: Cell<usize>,
    pub(super) digested_at_most: usize,
}

/// `ArchiveTimeStampChain`.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    pub(super) stamps: Vec<ArchiveTimeStamp<'a>>,
    /// As it stands.
    pub(super) octets: Cow<'a, [u8]>,
}

/// `ArchiveTimeStamp`.
#[derive(Debug)]
pub(crate) struct ArchiveTimeStamp<'a> {
    pub(super) digest: StatedDigest,
    pub(super) tree: Option<HashTree<'a>>,
    pub(super) token: Cow<'a, [u8]>,
    pub(super) informations: Informations<'a>,
}

/// The digest that a hash tree is made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatedDigest {
    /// That of the time-stamp's imprint.
    OfImprint,
    Known(DigestAlgorithm),
    /// One that this crate cannot compute.
    Unknown(ObjectIdentifier),
}

/// What was put beside the time-stamps to validate them by (RFC 4998 §3.1). Nobody vouches
/// for it.
#[derive(Debug, Default)]
pub(crate) struct Informations<'a> {
    pub(crate) certificates: Vec<Cow<'a, [u8]>>,
    pub(crate) crls: Vec<Cow<'a, [u8]>>,
    pub(crate) responses: Vec<Cow<'a, [u8]>>,
}

impl<'a> EvidenceRecord<'a> {
    /// How it is written.
    pub(crate) fn form(&self) -> RecordForm {
        self.form
    }

    /// In their order; none is empty.
    pub(crate) fn chains(&self) -> &[Chain<'a>] {
        &self.chains
    }

    /// What stands beside the sequence.
    pub(crate) fn informations(&self) -> &Informations<'a> {
        &self.informations
    }

    /// How many time-stamps there are.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn len(&self) -> usize {
        self.chains.iter().map(|it| it.stamps.len()).sum()
    }

    /// What a time-stamp that renews `stamp` is over (RFC 4998 §5.2): its token, as it stands
    /// and in DER, as both are written.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be digested.
    pub(crate) fn renewed(
        &self,
        stamp: &ArchiveTimeStamp<'_>,
        algorithm: DigestAlgorithm,
        limits: &Limits,
    ) -> Result<Vec<Digest>> {
        self.spend(stamp.token.len())?;
        let mut all = vec![algorithm.digest(&stamp.token)];
        let der = Value::only(&stamp.token, limits.asn1_depth).and_then(|it| it.canonical());
        if let Some(der) = der.ok().filter(|der| **der != *stamp.token) {
            all.push(algorithm.digest(&der));
        }
        Ok(all)
    }

    /// The digest of all chains before this one (RFC 4998 §5.2: `atsc(i)`), by the digest of
    /// the new one.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be digested.
    pub(crate) fn sequence_before(
        &self,
        chain: usize,
        algorithm: DigestAlgorithm,
    ) -> Result<Digest> {
        let before = || self.chains.iter().take(chain).map(|it| it.octets.as_ref());
        let length = before().map(<[u8]>::len).fold(0, usize::saturating_add);
        self.spend(length)?;
        let mut context = DigestContext::new(algorithm);
        context.update(&header(SEQUENCE, u64::try_from(length).unwrap_or(u64::MAX)));
        before().for_each(|it| context.update(it));
        Ok(context.finish())
    }

    /// What stands for a document in the hash tree of a new chain (RFC 4998 §5.2 step 4):
    /// its digest and that of the chains before in one.
    pub(crate) fn with_sequence(document: &Digest, sequence: &Digest) -> Digest {
        let mut context = DigestContext::new(document.algorithm());
        context.update(document.value());
        context.update(sequence.value());
        context.finish()
    }

    /// Each chain digests all those before it.
    fn spend(&self, octets: usize) -> Result<()> {
        self.digested.set(self.digested.get().saturating_add(octets));
        within(self.digested.get(), self.digested_at_most, "bytes under an evidence record")
    }
}

impl<'a> Chain<'a> {
    /// In their order; there is at least one.
    pub(crate) fn stamps(&self) -> &[ArchiveTimeStamp<'a>] {
        &self.stamps
    }
}

impl<'a> ArchiveTimeStamp<'a> {
    /// The digest that the tree is made by.
    pub(crate) fn digest(&self) -> StatedDigest {
        self.digest
    }

    /// Nothing where the time-stamp is over one digest itself.
    pub(crate) fn tree(&self) -> Option<&HashTree<'a>> {
        self.tree.as_ref()
    }

    /// The time-stamp token (RFC 3161), as it stands.
    pub(crate) fn token(&self) -> &[u8] {
        &self.token
    }

    /// What stands beside the token.
    pub(crate) fn informations(&self) -> &Informations<'a> {
        &self.informations
    }
}

impl<'a> Informations<'a> {
    /// All of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8]> {
        let certificates = self.certificates.iter().chain(&self.crls);
        certificates.chain(&self.responses).map(AsRef::as_ref)
    }
}
