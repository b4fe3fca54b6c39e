//! An evidence record as it stands, whatever form it is written in, and what each of its
//! archive time-stamps is over.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::cell::Cell;

use super::tree::HashTree;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::Value;
use crate::encoding::asn1::writer::{SEQUENCE, header};
use crate::encoding::xml::{Canonicalization, Document, Kind, NodeId, Selection, Sink, Subtree};
use crate::error::Result;
use crate::limits::{Limits, within};

/// How an evidence record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RecordForm {
    /// RFC 4998.
    Asn1,
    /// RFC 6283.
    Xml,
}

/// One archive time-stamp after the other: those of a chain renew each other, and a new
/// chain renews the hash tree.
#[derive(Debug)]
pub(crate) struct EvidenceRecord<'a> {
    pub(super) written: WrittenRecord<'a>,
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
    pub(super) written: WrittenChain<'a>,
}

/// `ArchiveTimeStamp`.
#[derive(Debug)]
pub(crate) struct ArchiveTimeStamp<'a> {
    pub(super) digest: StatedDigest,
    pub(super) tree: Option<HashTree<'a>>,
    pub(super) token: Cow<'a, [u8]>,
    pub(super) informations: Informations<'a>,
    /// The element that a renewal is over; nothing where that is the token.
    pub(super) written: Option<NodeId>,
}

/// What a record is read from.
#[derive(Debug)]
pub(super) enum WrittenRecord<'a> {
    Asn1,
    Xml { document: &'a Document<'a>, sequence: NodeId },
}

/// What a chain is read from.
#[derive(Debug)]
pub(super) enum WrittenChain<'a> {
    /// As it stands.
    Asn1(&'a [u8]),
    /// Nothing for a method that is unknown.
    Xml { element: NodeId, method: Option<Canonicalization> },
}

/// The digest that a hash tree is made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StatedDigest {
    /// That of the time-stamp's imprint.
    OfImprint,
    Known(DigestAlgorithm),
    /// One that this crate cannot compute.
    Unknown(String),
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
        match self.written {
            WrittenRecord::Asn1 => RecordForm::Asn1,
            WrittenRecord::Xml { .. } => RecordForm::Xml,
        }
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
    pub(crate) fn len(&self) -> usize {
        self.chains.iter().map(|it| it.stamps.len()).sum()
    }

    /// What a time-stamp that renews this one of a chain is over, in each way that it may be
    /// written: its token, as it stands and in DER (RFC 4998 §5.2), or the element that it
    /// stands in (RFC 6283 §4.2.1). Nothing where that cannot be computed.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be digested.
    pub(crate) fn renewed(
        &self,
        chain: &Chain<'_>,
        stamp: &ArchiveTimeStamp<'_>,
        algorithm: DigestAlgorithm,
        limits: &Limits,
    ) -> Result<Option<Vec<Digest>>> {
        match (&self.written, &chain.written, stamp.written) {
            (
                WrittenRecord::Xml { document, .. },
                WrittenChain::Xml { method, .. },
                Some(element),
            ) => {
                let Some(method) = method else { return Ok(None) };
                let subtree = Subtree::new(element, true);
                self.canonical(document, method, subtree, algorithm).map(|it| Some(vec![it]))
            }
            _ => self.renewed_token(&stamp.token, algorithm, limits).map(Some),
        }
    }

    fn renewed_token(
        &self,
        token: &[u8],
        algorithm: DigestAlgorithm,
        limits: &Limits,
    ) -> Result<Vec<Digest>> {
        self.spend(token.len())?;
        let mut all = vec![algorithm.digest(token)];
        let der = Value::only(token, limits.asn1_depth).and_then(|it| it.canonical());
        if let Some(der) = der.ok().filter(|der| **der != *token) {
            all.push(algorithm.digest(&der));
        }
        Ok(all)
    }

    /// The digest of all chains before this one by that of the new one, in each way that they
    /// may be written: as a sequence of their own (RFC 4998 §5.2: `atsc(i)`), or as the
    /// element that they stand in, without the later ones (RFC 6283 §4.2.2). Nothing where
    /// that cannot be computed.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be digested.
    pub(crate) fn sequence_before(
        &self,
        chain: usize,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Vec<Digest>>> {
        match &self.written {
            WrittenRecord::Asn1 => self.asn1_sequence_before(chain, algorithm).map(Some),
            WrittenRecord::Xml { document, sequence } => {
                self.xml_sequence_before(document, *sequence, chain, algorithm)
            }
        }
    }

    fn asn1_sequence_before(
        &self,
        chain: usize,
        algorithm: DigestAlgorithm,
    ) -> Result<Vec<Digest>> {
        let before = || self.chains.iter().take(chain).map(|it| it.written.octets());
        let length = before().map(<[u8]>::len).fold(0, usize::saturating_add);
        self.spend(length)?;
        let mut context = DigestContext::new(algorithm);
        context.update(&header(SEQUENCE, u64::try_from(length).unwrap_or(u64::MAX)));
        before().for_each(|it| context.update(it));
        Ok(vec![context.finish()])
    }

    /// When the chains before were digested, there was less white space between them and the
    /// end of the sequence, or as much: programs that indent add some with a chain.
    fn xml_sequence_before(
        &self,
        document: &Document<'_>,
        sequence: NodeId,
        chain: usize,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Vec<Digest>>> {
        let elements = || self.chains.iter().filter_map(|it| it.written.element());
        let method = self.chains.get(chain).and_then(|it| it.written.method());
        let Some(method) = method else { return Ok(None) };
        let later: Vec<_> = elements().skip(chain).collect();
        self.spend(document.source(sequence).len())?;
        let mut before = None;
        let mut blank = Vec::new();
        for child in document.children(sequence) {
            if document.element(child).is_some() && later.binary_search(&child).is_ok() {
                blank.extend(before.filter(|it| is_text(document, *it)));
            }
            before = Some(child);
        }
        let mut all = Vec::new();
        for gone in [later.clone(), [later, blank].concat()] {
            let mut subtree = Subtree::new(sequence, true);
            subtree.remove(gone);
            all.push(self.canonical(document, method, subtree, algorithm)?);
        }
        Ok(Some(all))
    }

    /// The digest of the canonical form.
    fn canonical(
        &self,
        document: &Document<'_>,
        method: &Canonicalization,
        subtree: Subtree,
        algorithm: DigestAlgorithm,
    ) -> Result<Digest> {
        let mut sink = Digesting { record: self, context: DigestContext::new(algorithm) };
        method.write(document, &Selection::Subtree(subtree), &mut sink)?;
        Ok(sink.context.finish())
    }

    /// What stands for a document in the hash tree of a new chain: with RFC 4998 §5.2 step 4
    /// its digest and that of the chains before in one; with RFC 6283 §4.2.2 they stand side by
    /// side.
    pub(crate) fn renewed_leaf(&self, document: &Digest, sequence: &Digest) -> Vec<Digest> {
        match &self.written {
            WrittenRecord::Asn1 => {
                let mut context = DigestContext::new(document.algorithm());
                context.update(document.value());
                context.update(sequence.value());
                vec![context.finish()]
            }
            WrittenRecord::Xml { .. } => vec![document.clone(), sequence.clone()],
        }
    }

    /// Each chain digests all those before it.
    fn spend(&self, octets: usize) -> Result<()> {
        self.digested.set(self.digested.get().saturating_add(octets));
        within(self.digested.get(), self.digested_at_most, "bytes under an evidence record")
    }
}

fn is_text(document: &Document<'_>, node: NodeId) -> bool {
    matches!(document.kind(node), Kind::Text(_))
}

struct Digesting<'r, 'a> {
    record: &'r EvidenceRecord<'a>,
    context: DigestContext,
}

impl Sink for Digesting<'_, '_> {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.record.spend(octets.len())?;
        self.context.update(octets);
        Ok(())
    }

    fn effort(&mut self, octets: usize) -> Result<()> {
        self.record.spend(octets)
    }
}

impl WrittenChain<'_> {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Asn1(octets) => octets,
            Self::Xml { .. } => &[],
        }
    }

    fn element(&self) -> Option<NodeId> {
        match self {
            Self::Asn1(_) => None,
            Self::Xml { element, .. } => Some(*element),
        }
    }

    fn method(&self) -> Option<&Canonicalization> {
        match self {
            Self::Asn1(_) => None,
            Self::Xml { method, .. } => method.as_ref(),
        }
    }
}

impl<'a> Chain<'a> {
    /// What XML is made octets by, where it is known and there is any (RFC 6283 §3.1.1).
    pub(crate) fn canonicalization(&self) -> Option<&Canonicalization> {
        self.written.method()
    }

    /// In their order; there is at least one.
    pub(crate) fn stamps(&self) -> &[ArchiveTimeStamp<'a>] {
        &self.stamps
    }
}

impl<'a> ArchiveTimeStamp<'a> {
    /// The digest that the tree is made by.
    pub(crate) fn digest(&self) -> &StatedDigest {
        &self.digest
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
