//! What an evidence record has to be over, and the digests that stand for it.

use std::collections::BTreeMap;

use super::data::Data;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::xml::{Canonicalization, Document, NodeId, Sink, decode};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::signature::cms::Pieces;

/// A file, an entry of a container, a signature.
pub(in crate::validation) struct DataObject<'a> {
    name: String,
    /// Nothing where it is not at hand.
    octets: Option<Box<dyn Octets + 'a>>,
    /// What was digested of canonical forms.
    digested: usize,
    limits: Limits,
}

/// Octets that a record may be over.
pub(super) trait Octets {
    /// Their digest, in each way that they may be written; nothing where that cannot be
    /// computed.
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>>;

    /// The whole, where it is XML; nothing where it is none, or not at hand.
    fn xml(&self, _limits: &Limits) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

impl Octets for Data<'_> {
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        Ok(self.digest(algorithm)?.map(|it| vec![it]))
    }

    fn xml(&self, limits: &Limits) -> Result<Option<Vec<u8>>> {
        if !self.may_be_xml()? {
            return Ok(None);
        }
        Ok(self.all(limits)?.map(std::borrow::Cow::into_owned))
    }
}

impl<T: Octets> Octets for &mut T {
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        T::digests(self, algorithm)
    }

    fn xml(&self, limits: &Limits) -> Result<Option<Vec<u8>>> {
        T::xml(self, limits)
    }
}

impl<'a> DataObject<'a> {
    /// A file, or what else is at hand as it stands.
    pub(in crate::validation) fn new(
        name: impl Into<String>,
        data: Data<'a>,
        limits: &Limits,
    ) -> Self {
        Self::of(name, Some(data), limits)
    }

    /// A CMS as it was before records were added, in each way that it may be written.
    pub(super) fn signature(
        name: impl Into<String>,
        readings: Vec<Pieces<'a>>,
        limits: &'a Limits,
    ) -> Self {
        let (digests, in_der, digested) = (BTreeMap::new(), false, 0);
        let signature = Signature { readings, in_der, digests, digested, limits };
        Self::of(name, Some(signature), limits)
    }

    /// Nothing for what should be there and is not.
    pub(super) fn of(
        name: impl Into<String>,
        octets: Option<impl Octets + 'a>,
        limits: &Limits,
    ) -> Self {
        let octets = octets.map(|it| Box::new(it) as Box<dyn Octets + 'a>);
        Self { name: name.into(), octets, digested: 0, limits: limits.clone() }
    }

    /// What it is called.
    pub(in crate::validation) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_found(&self) -> bool {
        self.octets.is_some()
    }

    /// The digest of what it is as it stands; nothing where that cannot be computed.
    pub(super) fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Digest>> {
        Ok(self.digests(algorithm)?.and_then(|it| it.into_iter().next()))
    }

    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        self.octets.as_mut().map_or(Ok(None), |it| it.digests(algorithm))
    }

    /// Which of its digests stands there, if any does: as it is written, or, with a method,
    /// what is XML in canonical form (RFC 6283 §3.2.1). Nothing where that cannot be computed.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be digested; `Io` when it cannot be read.
    pub(super) fn digest_in(
        &mut self,
        algorithm: DigestAlgorithm,
        method: Option<&Canonicalization>,
        stands: impl Fn(&Digest) -> bool,
    ) -> Result<Option<Option<Digest>>> {
        let Some(all) = self.digests(algorithm)? else { return Ok(None) };
        let found = all.into_iter().find(&stands);
        let (None, Some(method)) = (&found, method) else { return Ok(Some(found)) };
        match self.canonical(algorithm, method) {
            Ok(canonical) => Ok(Some(canonical.filter(stands))),
            // What is too large to be looked at may be there all the same.
            Err(error) if error.kind() == ErrorKind::LimitExceeded => Ok(None),
            Err(error) if error.kind() == ErrorKind::Io => Err(error),
            Err(_) => Ok(Some(None)),
        }
    }

    /// Nothing for what is no XML.
    fn canonical(
        &mut self,
        algorithm: DigestAlgorithm,
        method: &Canonicalization,
    ) -> Result<Option<Digest>> {
        let octets = self.octets.as_ref().map_or(Ok(None), |it| it.xml(&self.limits))?;
        let Some(octets) = octets else { return Ok(None) };
        let (text, mark) = decode(&octets)?;
        let document = Document::parse(&text, mark, &self.limits)?;
        let context = DigestContext::new(algorithm);
        let most = self.limits.evidence_record_digested_bytes;
        let mut sink = Metered { context, digested: &mut self.digested, most };
        sink.effort(octets.len())?;
        method.write_subtree(&document, NodeId::ROOT, &mut sink)?;
        Ok(Some(sink.context.finish()))
    }
}

struct Metered<'d> {
    context: DigestContext,
    digested: &'d mut usize,
    most: usize,
}

impl Sink for Metered<'_> {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.effort(octets.len())?;
        self.context.update(octets);
        Ok(())
    }

    fn effort(&mut self, octets: usize) -> Result<()> {
        *self.digested = self.digested.saturating_add(octets);
        within(*self.digested, self.most, "bytes of a document under an evidence record")
    }
}

/// A CMS as it was; its digests are computed once.
struct Signature<'a> {
    readings: Vec<Pieces<'a>>,
    in_der: bool,
    digests: BTreeMap<DigestAlgorithm, Vec<Digest>>,
    digested: usize,
    limits: &'a Limits,
}

impl Octets for Signature<'_> {
    /// RFC 4998 digests the CMS as it is encoded, TS 119 122-3 its DER.
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        if let Some(known) = self.digests.get(&algorithm) {
            return Ok(Some(known.clone()));
        }
        if !self.in_der {
            let der: Result<Vec<_>> =
                self.readings.iter().map(|it| it.canonical(self.limits)).collect();
            self.readings.extend(der?.into_iter().flatten());
            self.in_der = true;
        }
        let octets = self.readings.iter().map(Pieces::len).fold(0, usize::saturating_add);
        self.digested = self.digested.saturating_add(octets);
        let most = self.limits.evidence_record_digested_bytes;
        within(self.digested, most, "bytes of a signature under an evidence record")?;
        let all: Vec<_> = self.readings.iter().map(|it| it.digest(algorithm)).collect();
        self.digests.insert(algorithm, all.clone());
        Ok(Some(all))
    }
}
