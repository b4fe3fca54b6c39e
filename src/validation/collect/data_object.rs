//! What an evidence record has to be over, and the digests that stand for it.

use std::cell::Cell;
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
    limits: Limits,
}

/// Octets that a record may be over.
pub(super) trait Octets {
    /// Their digest as they stand, in each order that they may have; nothing where that
    /// cannot be computed.
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>>;

    /// That of their DER, where they are other ASN.1.
    fn in_der(&mut self, _algorithm: DigestAlgorithm) -> Result<Vec<Digest>> {
        Ok(Vec::new())
    }

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

    fn in_der(&mut self, algorithm: DigestAlgorithm) -> Result<Vec<Digest>> {
        T::in_der(self, algorithm)
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

    /// A CMS as it was before records were added, in each order that it may have had. What is
    /// digested of it is counted in `digested`.
    pub(super) fn signature(
        name: impl Into<String>,
        readings: Vec<Pieces<'a>>,
        digested: &'a Cell<usize>,
        limits: &'a Limits,
    ) -> Self {
        let digests = BTreeMap::new();
        let signature = Signature { readings, der: None, digests, digested, limits };
        Self::of(name, Some(signature), limits)
    }

    /// Nothing for what should be there and is not.
    pub(super) fn of(
        name: impl Into<String>,
        octets: Option<impl Octets + 'a>,
        limits: &Limits,
    ) -> Self {
        let octets = octets.map(|it| Box::new(it) as Box<dyn Octets + 'a>);
        Self { name: name.into(), octets, limits: limits.clone() }
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

    /// Which of its digests stands there, if any does: as it is written; in DER (ETSI TS
    /// 119 122-3); or, with a method, what is XML in canonical form (RFC 6283 §3.2.1), counted
    /// in `digested`. Nothing where that cannot be computed.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be digested; `Io` when it cannot be read.
    pub(super) fn digest_in(
        &mut self,
        algorithm: DigestAlgorithm,
        method: Option<&Canonicalization>,
        digested: &mut usize,
        stands: impl Fn(&Digest) -> bool,
    ) -> Result<Option<Option<Digest>>> {
        let Some(all) = self.digests(algorithm)? else { return Ok(None) };
        let mut found = all.into_iter().find(&stands);
        if let (None, Some(octets)) = (&found, &mut self.octets) {
            found = octets.in_der(algorithm)?.into_iter().find(&stands);
        }
        let (None, Some(method)) = (&found, method) else { return Ok(Some(found)) };
        match self.canonical(algorithm, method, digested) {
            Ok(canonical) => Ok(Some(canonical.filter(stands))),
            // What is too large to be looked at may be there all the same.
            Err(error) if error.kind() == ErrorKind::LimitExceeded => Ok(None),
            Err(error) if error.kind() == ErrorKind::Io => Err(error),
            Err(_) => Ok(Some(None)),
        }
    }

    /// Nothing for what is no XML.
    fn canonical(
        &self,
        algorithm: DigestAlgorithm,
        method: &Canonicalization,
        digested: &mut usize,
    ) -> Result<Option<Digest>> {
        let octets = self.octets.as_ref().map_or(Ok(None), |it| it.xml(&self.limits))?;
        let Some(octets) = octets else { return Ok(None) };
        let context = DigestContext::new(algorithm);
        let most = self.limits.evidence_record_digested_bytes;
        let mut sink = Metered { context, digested, most };
        sink.effort(octets.len())?;
        let (text, mark) = decode(&octets)?;
        let document = Document::parse(&text, mark, &self.limits)?;
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
    /// Computed where it is asked for.
    der: Option<Vec<Pieces<'a>>>,
    digests: BTreeMap<(DigestAlgorithm, bool), Vec<Digest>>,
    digested: &'a Cell<usize>,
    limits: &'a Limits,
}

impl Signature<'_> {
    fn computed(&mut self, algorithm: DigestAlgorithm, in_der: bool) -> Result<Vec<Digest>> {
        if let Some(known) = self.digests.get(&(algorithm, in_der)) {
            return Ok(known.clone());
        }
        let der = self.der.as_deref().unwrap_or_default();
        let readings = if in_der { der } else { &self.readings };
        let octets = readings.iter().map(Pieces::len).fold(0, usize::saturating_add);
        self.digested.set(self.digested.get().saturating_add(octets));
        let most = self.limits.evidence_record_digested_bytes;
        within(self.digested.get(), most, "bytes of a signature under evidence records")?;
        let all: Vec<_> = readings.iter().map(|it| it.digest(algorithm)).collect();
        self.digests.insert((algorithm, in_der), all.clone());
        Ok(all)
    }
}

impl Octets for Signature<'_> {
    /// RFC 4998 digests the CMS as it is encoded.
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        self.computed(algorithm, false).map(Some)
    }

    /// TS 119 122-3 digests its DER.
    fn in_der(&mut self, algorithm: DigestAlgorithm) -> Result<Vec<Digest>> {
        if self.der.is_none() {
            let der = self.readings.iter().map(|it| it.canonical(self.limits));
            self.der = Some(der.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect());
        }
        self.computed(algorithm, true)
    }
}
