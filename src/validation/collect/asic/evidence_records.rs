//! The evidence records of a container (EN 319 162-1 §4.3.3.2, §4.4.3.2): over the file of an
//! ASiC-S, or over what the manifests that name them list.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::{COVERED, Collector};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::Result;
use crate::limits::{Limits, within};
use crate::signature::asic::{ContainerType, Role};
use crate::source::{Files, Source};
use crate::validation::collect::data::Data;
use crate::validation::collect::data_object::{DataObject, Octets};
use crate::validation::collect::digests::Digests;
use crate::validation::collect::evidence_record;
use crate::validation::collect::time_stamp::Beside;
use crate::validation::facts::{DataObjectFact, DigestFact, EvidenceRecordFacts};
use crate::validation::poe::ObjectId;

impl<'c> Collector<'c, '_> {
    /// All are read before it is told what they cover: one may cover another.
    pub(super) fn evidence_records(&mut self) -> Result<()> {
        let container = self.container;
        let (mut stamps, mut objects) = (0_usize, 0_usize);
        let xml = Cell::new(0);
        let (pool, revocation) = (self.pool()?, self.revocation()?);
        let known = Beside { certificates: &pool, ..self.known };
        for entry in container.of(Role::EvidenceRecord) {
            let most = self.known.limits.evidence_record_bytes;
            let octets = container.read(entry, most)?;
            // In an ASiC-S none is asked: it is over the only file.
            if container.container_type() != ContainerType::Simple {
                self.claimed.extend(container.manifests_of(entry).map(|(name, _)| name));
            }
            let mut facts = self.evidence_record(entry, &octets, known, &xml)?;
            facts.revocation.extend(revocation.clone());
            stamps = stamps.saturating_add(facts.time_stamps.len());
            let most = self.known.limits.cms_time_stamps;
            within(stamps, most, "time-stamps of the evidence records of a container")?;
            objects = objects.saturating_add(facts.objects.len());
            within(objects, COVERED, "things that the evidence records of a container cover")?;
            let held = facts.time_stamps.iter().flat_map(evidence_record::objects_of);
            self.objects.insert(entry, [ObjectId::of(&octets)].into_iter().chain(held).collect());
            self.facts.evidence_records.push(facts);
        }
        Ok(())
    }

    fn evidence_record(
        &mut self,
        entry: &str,
        octets: &[u8],
        known: Beside<'_>,
        xml: &Cell<usize>,
    ) -> Result<EvidenceRecordFacts> {
        let listed = self.under(entry);
        let digests = RefCell::new(&mut self.digests);
        let mut objects = Vec::with_capacity(listed.len());
        for name in listed.keys() {
            let content = self.container.open(name)?;
            let file = content.map(|content| File { name, content, digests: &digests, xml });
            objects.push(DataObject::of(*name, file, known.limits));
        }
        let mut facts = evidence_record::attempt(octets, &mut objects, known)?;
        facts.entry = Some(entry.to_owned());
        // A manifest that lists another file is not the record's, whatever that is over.
        let differs = |it: &DataObjectFact| listed.get(it.name.as_str()).is_some_and(|it| *it);
        for object in facts.objects.iter_mut().filter(|it| differs(it)) {
            object.intact = Some(false);
        }
        Ok(facts)
    }

    /// What a record has to be over, and whether a manifest says of it what is not so.
    fn under<'l>(&self, entry: &str) -> BTreeMap<&'l str, bool>
    where
        'c: 'l,
    {
        let container = self.container;
        let simple = container.container_type() == ContainerType::Simple;
        let manifests = || container.manifests_of(entry).filter(|_| !simple);
        let mut all = BTreeMap::new();
        for (name, manifest) in manifests() {
            let facts = self.listed.get(name).map(Vec::as_slice).unwrap_or_default();
            for (reference, fact) in manifest.references.iter().zip(facts) {
                let name = reference.name.as_deref().filter(|_| fact.found);
                let differs = fact.digest == DigestFact::Differs;
                *all.entry(name.unwrap_or(&reference.uri)).or_default() |= differs;
            }
        }
        if manifests().next().is_none() {
            let mut files = container.data_files();
            let only = files.next().filter(|_| files.next().is_none());
            all.extend(only.map(|it| (it, false)));
        }
        all
    }

    /// What each record proves, if it holds: all that stands in the entries that it is over.
    pub(super) fn covered_by_records(&mut self) -> Result<()> {
        let mut all = 0_usize;
        for facts in &mut self.facts.evidence_records {
            for object in facts.objects.iter().filter(|it| it.intact == Some(true)) {
                let inside = self.objects.get(object.name.as_str()).into_iter().flatten();
                let before = facts.covers.len();
                facts.covers.extend(inside);
                all = all.saturating_add(facts.covers.len().saturating_sub(before));
                within(all, COVERED, "things that the evidence records of a container cover")?;
            }
        }
        Ok(())
    }

    /// The files that evidence records are over.
    pub(super) fn under_records(&self) -> impl Iterator<Item = &str> {
        let objects = self.facts.evidence_records.iter().flat_map(|it| &it.objects);
        objects.filter(|it| it.intact == Some(true)).map(|it| it.name.as_str())
    }
}

/// A file of the container, of which each digest is computed once for all records.
struct File<'f, 'c, 's> {
    name: &'f str,
    content: Box<dyn Source + 'c>,
    digests: &'f RefCell<&'f mut Digests<'c, 's>>,
    /// Octets that were read as XML, for whichever record.
    xml: &'f Cell<usize>,
}

impl Octets for File<'_, '_, '_> {
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        let all = self.digests.borrow_mut().compute(self.name, [algorithm].into())?;
        Ok(Some(all).filter(|it| !it.is_empty()))
    }

    fn xml(&self, limits: &Limits) -> Result<Option<Vec<u8>>> {
        let data = Data::whole(&*self.content);
        if !data.may_be_xml()? {
            return Ok(None);
        }
        let octets = usize::try_from(self.content.len()).unwrap_or(usize::MAX);
        self.xml.set(self.xml.get().saturating_add(octets));
        let most = limits.evidence_record_digested_bytes;
        within(self.xml.get(), most, "bytes of documents under evidence records")?;
        Ok(data.all(limits)?.map(std::borrow::Cow::into_owned))
    }
}
