//! Facts about evidence records (RFC 4998, RFC 6283): what each archive time-stamp is over (§4.3,
//! §5.3), and who signed it. Whether a record proves anything is not judged here.

use std::cell::Cell;
use std::collections::HashSet;

use super::cms::CmsSource;
use super::data::Data;
use super::data_object::DataObject;
use super::time_stamp::{Beside, compared, info};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::xml::{Canonicalization, Document, decode};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::signature::cms::{Attribute, SignerInfo, oids};
use crate::signature::evidence::{
    ArchiveTimeStamp, Chain, EvidenceRecord, HashTree, Informations, RecordForm, StatedDigest,
    group,
};
use crate::signature::tsp::TimeStampInfo;
use crate::time::UtcTime;
use crate::validation::facts::{
    Covers, DataObjectFact, EvidenceRecordFacts, EvidenceRecordType, RevocationFacts,
    TimeStampFacts, TimeStampType, Unreadable,
};
use crate::validation::poe::ObjectId;

/// Facts about a record over these objects, all of which it has to be over. Where none are
/// named, what it is over stays open.
///
/// # Errors
/// `Malformed` when it is none; `Unsupported` for what RFC 4998 leaves open;
/// `LimitExceeded` when a bound was reached; `Io` when an object cannot be read.
pub(in crate::validation) fn collect(
    octets: &[u8],
    objects: &mut [DataObject<'_>],
    known: Beside<'_>,
) -> Result<EvidenceRecordFacts> {
    if !is_text(octets) {
        return collect_read(&EvidenceRecord::read(octets, known.limits)?, objects, known);
    }
    let (text, mark) = decode(octets)?;
    let document = Document::parse(&text, mark, known.limits)?;
    let element = document.root_element();
    let record = EvidenceRecord::in_document(&document, element, known.limits)?;
    collect_read(&record, objects, known)
}

/// Whether it is no ASN.1, in which a record begins with the tag of a SEQUENCE.
fn is_text(octets: &[u8]) -> bool {
    octets.first().is_some_and(|it| *it != SEQUENCE)
}

const SEQUENCE: u8 = 0x30;

/// As [`collect`], of a record that was read.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when an object cannot be read.
pub(in crate::validation) fn collect_read(
    record: &EvidenceRecord<'_>,
    objects: &mut [DataObject<'_>],
    known: Beside<'_>,
) -> Result<EvidenceRecordFacts> {
    let mut pool = known.certificates.to_vec();
    let mut revocation = RevocationFacts::default();
    let stamps = record.chains().iter().flat_map(|it| it.stamps());
    let beside = stamps.map(ArchiveTimeStamp::informations).chain([record.informations()]);
    for infos in beside {
        add_certificates(&mut pool, infos, known)?;
        revocation.add_all(&infos.crls, &infos.responses, known.limits)?;
    }
    let known = Beside { certificates: &pool, ..known };
    let mut collector = Collector { record, objects, known, first: None, digested: 0 };
    let (mut time_stamps, mut uniform) = (Vec::new(), true);
    for (n, chain) in record.chains().iter().enumerate() {
        let mut algorithms = Vec::new();
        for (m, stamp) in chain.stamps().iter().enumerate() {
            let (facts, algorithm) = collector.time_stamp(chain, (n, m), stamp)?;
            algorithms.push(algorithm);
            time_stamps.push(facts);
        }
        uniform &= algorithms.windows(2).all(|it| it.first() == it.last());
    }
    let first = collector.first.unwrap_or_default();
    cover(record, &mut time_stamps);
    Ok(EvidenceRecordFacts {
        entry: None,
        form: type_of(record.form()),
        unreadable: None,
        objects: first.objects,
        others: first.others,
        time_stamps,
        uniform,
        revocation,
        covers: Vec::new(),
    })
}

/// The records in the attributes of one signer (RFC 4998 Appendix A), the newest first. What
/// each covers besides records is for who knows all of the CMS.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when the content cannot be read.
pub(super) fn beside(
    source: &CmsSource<'_>,
    signer: &SignerInfo<'_>,
    data: &mut Option<Data<'_>>,
    certificates: &[Certificate],
    spent: &Spent,
) -> Result<Vec<EvidenceRecordFacts>> {
    let known = Beside { certificates, memory: source.memory, limits: source.limits };
    let attributes = attributes(signer, source.limits);
    let mut all = Vec::new();
    for found in &attributes {
        // Each was added to what was there before it.
        let later = attributes.iter().filter(|it| it.since >= found.since);
        let gone: Vec<_> = later.map(|it| it.attribute).collect();
        let mut objects = vec![signature_without(source, &gone, spent)?];
        if found.attribute.oid() == oids::EXTERNAL_EVIDENCE_RECORD {
            objects.push(DataObject::of("content", data.as_mut(), source.limits));
        }
        for value in found.attribute.values() {
            spent.add(value.raw(), source.limits)?;
            all.push((found.since, attempt(value.raw(), &mut objects, known)?));
        }
    }
    all.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
    // Those of one attribute, and others of the same age, are not over one another.
    let older = |since: Since| {
        let older = all.iter().filter(move |(it, _)| *it < since);
        older.flat_map(|(_, it)| it.time_stamps.iter().flat_map(objects_of)).collect::<Vec<_>>()
    };
    let covers: Vec<_> = all.iter().map(|(since, _)| older(*since)).collect();
    let records = all.into_iter().zip(covers);
    Ok(records.map(|((_, record), covers)| EvidenceRecordFacts { covers, ..record }).collect())
}

/// What the evidence records of one CMS cost, whichever signer's they are.
pub(super) struct Spent {
    /// Time-stamps of the CMS, those of its records among them.
    time_stamps: Cell<usize>,
    /// Bytes of the CMS that were digested.
    digested: Cell<usize>,
}

impl Spent {
    /// With so many time-stamps besides.
    pub(super) fn new(time_stamps: usize) -> Self {
        Self { time_stamps: Cell::new(time_stamps), digested: Cell::new(0) }
    }

    /// One record more, before it costs anything.
    fn add(&self, record: &[u8], limits: &Limits) -> Result<()> {
        let here = EvidenceRecord::read(record, limits).map_or(1, |it| it.len());
        self.time_stamps.set(self.time_stamps.get().saturating_add(here));
        within(self.time_stamps.get(), limits.cms_time_stamps, "time-stamps of a CMS")
    }
}

/// An attribute with records, all over the same.
struct Found<'x, 'a> {
    attribute: &'x Attribute<'a>,
    /// The earliest time in it; nothing where none can be read, which is the latest.
    since: Since,
}

/// A time, or that there is none, which sorts behind all.
type Since = (bool, Option<UtcTime>);

fn attributes<'x, 'a>(signer: &'x SignerInfo<'a>, limits: &Limits) -> Vec<Found<'x, 'a>> {
    let records = [oids::INTERNAL_EVIDENCE_RECORD, oids::EXTERNAL_EVIDENCE_RECORD];
    let all = signer.unsigned_attributes().all().iter();
    let all = all.filter(|it| records.contains(&it.oid()));
    all.map(|attribute| {
        let times = attribute.values().iter().filter_map(|it| issued_at(it.raw(), limits));
        let since = times.min();
        Found { attribute, since: (since.is_none(), since) }
    })
    .collect()
}

/// When the first archive time-stamp says that it was issued.
fn issued_at(record: &[u8], limits: &Limits) -> Option<UtcTime> {
    let record = EvidenceRecord::read(record, limits).ok()?;
    let token = record.chains().first()?.stamps().first()?.token();
    info(token, limits).map(|it| it.time)
}

fn signature_without<'a>(
    source: &CmsSource<'a>,
    gone: &[&Attribute<'_>],
    spent: &'a Spent,
) -> Result<DataObject<'a>> {
    let readings = source.signed_data.without(gone, source.limits)?;
    Ok(DataObject::signature("signature", readings, &spent.digested, source.limits))
}

/// As [`collect`]; that one cannot be read is a fact.
pub(super) fn attempt(
    octets: &[u8],
    objects: &mut [DataObject<'_>],
    known: Beside<'_>,
) -> Result<EvidenceRecordFacts> {
    let form = if is_text(octets) { EvidenceRecordType::Xml } else { EvidenceRecordType::Asn1 };
    read_or_unreadable(form, collect(octets, objects, known))
}

/// That one cannot be read is a fact.
pub(super) fn read_or_unreadable(
    form: EvidenceRecordType,
    found: Result<EvidenceRecordFacts>,
) -> Result<EvidenceRecordFacts> {
    let unreadable = match found {
        Ok(facts) => return Ok(facts),
        Err(error) => match error.kind() {
            ErrorKind::LimitExceeded | ErrorKind::Io => return Err(error),
            ErrorKind::Unsupported => Unreadable::Unsupported(error.to_string()),
            _ => Unreadable::Malformed(error.to_string()),
        },
    };
    Ok(EvidenceRecordFacts {
        entry: None,
        form,
        unreadable: Some(unreadable),
        objects: Vec::new(),
        others: Vec::new(),
        time_stamps: Vec::new(),
        uniform: false,
        revocation: RevocationFacts::default(),
        covers: Vec::new(),
    })
}

fn type_of(form: RecordForm) -> EvidenceRecordType {
    match form {
        RecordForm::Asn1 => EvidenceRecordType::Asn1,
        RecordForm::Xml => EvidenceRecordType::Xml,
    }
}

/// What cannot be read cannot be used, and is left out.
fn add_certificates(
    pool: &mut Vec<Certificate>,
    infos: &Informations<'_>,
    known: Beside<'_>,
) -> Result<()> {
    for raw in &infos.certificates {
        match known.memory.certificate(raw, known.limits) {
            Ok(certificate) if !pool.contains(&certificate) => pool.push(certificate),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Ok(_) | Err(_) => {}
        }
        within(pool.len(), known.limits.certificates, "certificates of an evidence record")?;
    }
    Ok(())
}

/// What the first time-stamp says of the objects.
#[derive(Default)]
struct First {
    objects: Vec<DataObjectFact>,
    others: Vec<String>,
}

struct Collector<'r, 'x, 'o> {
    record: &'r EvidenceRecord<'r>,
    objects: &'x mut [DataObject<'o>],
    known: Beside<'x>,
    first: Option<First>,
    /// What was digested of canonical forms.
    digested: usize,
}

impl Collector<'_, '_, '_> {
    /// The facts about the time-stamp at this place, and what its hash tree is made by.
    fn time_stamp(
        &mut self,
        chain: &Chain<'_>,
        place: (usize, usize),
        stamp: &ArchiveTimeStamp<'_>,
    ) -> Result<(TimeStampFacts, StatedDigest)> {
        let mut used = StatedDigest::OfImprint;
        let (kind, known) = (TimeStampType::EvidenceRecordTimestamp, self.known);
        let facts = compared(kind, stamp.token(), known, |info| {
            used = digest_of(stamp, info);
            let StatedDigest::Known(algorithm) = used else { return Ok(None) };
            let list = match stamp.tree() {
                Some(tree) => tree.first().iter().map(AsRef::as_ref).collect(),
                // Without a tree, the one digest that was time-stamped.
                None => vec![info.imprint.as_slice()],
            };
            self.is_over(place, &Stamp::new(chain, stamp, algorithm, list), info)
        })?;
        if place == (0, 0) && self.first.is_none() {
            self.first = Some(First { objects: self.not_compared(), others: Vec::new() });
        }
        Ok((facts, used))
    }

    /// RFC 4998 §5.3: the hash tree leads to the imprint, and begins with what has to be
    /// covered.
    fn is_over(
        &mut self,
        (chain, at): (usize, usize),
        stamp: &Stamp<'_>,
        info: &TimeStampInfo,
    ) -> Result<Option<bool>> {
        let same = DigestAlgorithm::from_oid(info.algorithm) == Some(stamp.algorithm);
        let leads = |tree: &HashTree<'_>| {
            tree.root(stamp.algorithm).is_some_and(|root| root.value() == info.imprint)
        };
        let covers = match (chain, at) {
            (0, 0) => self.covers_objects(stamp)?,
            (_, 0) => self.covers_sequence(chain, stamp)?,
            (_, _) => self.covers_previous(at, stamp)?,
        };
        Ok(if same && stamp.stamp.tree().is_none_or(leads) { covers } else { Some(false) })
    }

    /// Where there is a tree, what belongs to it is told object by object.
    fn covers_objects(&mut self, stamp: &Stamp<'_>) -> Result<Option<bool>> {
        let (mut objects, mut own) = (Vec::new(), Vec::new());
        for object in &mut *self.objects {
            let by =
                object.digest_in(stamp.algorithm, stamp.method(), &mut self.digested, |it| {
                    stamp.holds(it)
                })?;
            let intact = by.as_ref().map(Option::is_some);
            let (name, found) = (object.name().to_owned(), object.is_found());
            objects.push(DataObjectFact { name, found, intact });
            own.extend(by.flatten());
        }
        let own: HashSet<_> = own.iter().map(Digest::value).collect();
        let others = stamp.list.iter().filter(|it| !own.contains(**it));
        let others = others.map(|it| format!("{}:{}", stamp.algorithm, hex(it))).collect();
        let known: Vec<_> = objects.iter().map(|it| it.intact).collect();
        self.first = Some(First { objects, others });
        Ok(if stamp.stamp.tree().is_some() { Some(true) } else { all_of(&known) })
    }

    /// Hash-tree renewal (RFC 4998 §5.2, RFC 6283 §4.2.2): each object, and all chains before.
    fn covers_sequence(&mut self, chain: usize, stamp: &Stamp<'_>) -> Result<Option<bool>> {
        let record = self.record;
        let Some(sequences) = record.sequence_before(chain, stamp.algorithm)? else {
            return Ok(None);
        };
        let apart = record.form() == RecordForm::Xml;
        if apart && stamp.stamp.tree().is_none() {
            return self.covers_group(&sequences, stamp);
        }
        if apart && !sequences.iter().any(|it| stamp.holds(it)) {
            return Ok(Some(false));
        }
        let stands = |it: &Digest| {
            let leaves = sequences.iter().map(|sequence| record.renewed_leaf(it, sequence));
            leaves.into_iter().any(|all| all.iter().all(|it| stamp.holds(it)))
        };
        let mut known = Vec::new();
        for object in &mut *self.objects {
            let by =
                object.digest_in(stamp.algorithm, stamp.method(), &mut self.digested, stands)?;
            known.push(by.map(|it| it.is_some()));
        }
        // Side by side with the documents, the chains before are told without them.
        Ok(if known.is_empty() && apart { Some(true) } else { all_of(&known) })
    }

    /// Where a time-stamp without a tree is over several digests, it is over those at hand.
    fn covers_group(&mut self, sequences: &[Digest], stamp: &Stamp<'_>) -> Result<Option<bool>> {
        let mut own = Vec::new();
        for object in &mut *self.objects {
            let Some(digest) = object.digest(stamp.algorithm)? else { return Ok(None) };
            own.push(digest);
        }
        if own.is_empty() {
            return Ok(None);
        }
        let over = |sequence: &Digest| {
            let all = own.iter().chain([sequence]).map(Digest::value).collect();
            group(stamp.algorithm, all).is_some_and(|it| stamp.holds(&it))
        };
        Ok(Some(sequences.iter().any(over)))
    }

    /// Time-stamp renewal (RFC 4998 §5.2, RFC 6283 §4.2.1): the one before.
    fn covers_previous(&self, at: usize, stamp: &Stamp<'_>) -> Result<Option<bool>> {
        let previous = at.checked_sub(1).and_then(|it| stamp.chain.stamps().get(it));
        let Some(previous) = previous else { return Ok(Some(false)) };
        let (record, limits) = (self.record, self.known.limits);
        let over = record.renewed(stamp.chain, previous, stamp.algorithm, limits)?;
        Ok(over.map(|all| all.iter().any(|it| stamp.holds(it))))
    }

    /// Where the first time-stamp tells nothing.
    fn not_compared(&self) -> Vec<DataObjectFact> {
        let objects = self.objects.iter();
        let fact = |it: &DataObject<'_>| DataObjectFact {
            name: it.name().to_owned(),
            found: it.is_found(),
            intact: None,
        };
        objects.map(fact).collect()
    }
}

/// One time-stamp with what it is compared by.
struct Stamp<'s> {
    chain: &'s Chain<'s>,
    stamp: &'s ArchiveTimeStamp<'s>,
    algorithm: DigestAlgorithm,
    /// The digests that what it covers has its own among.
    list: Vec<&'s [u8]>,
    /// The same, to look into.
    set: HashSet<&'s [u8]>,
}

impl<'s> Stamp<'s> {
    fn new(
        chain: &'s Chain<'s>,
        stamp: &'s ArchiveTimeStamp<'s>,
        algorithm: DigestAlgorithm,
        list: Vec<&'s [u8]>,
    ) -> Self {
        let set = list.iter().copied().collect();
        Self { chain, stamp, algorithm, list, set }
    }

    fn holds(&self, digest: &Digest) -> bool {
        self.set.contains(digest.value())
    }

    /// What a document in XML is made octets by.
    fn method(&self) -> Option<&Canonicalization> {
        self.chain.canonicalization()
    }
}

/// RFC 4998 §4.1: where none is stated, that of the time-stamp.
fn digest_of(stamp: &ArchiveTimeStamp<'_>, info: &TimeStampInfo) -> StatedDigest {
    match (stamp.digest(), DigestAlgorithm::from_oid(info.algorithm)) {
        (StatedDigest::OfImprint, Some(known)) => StatedDigest::Known(known),
        (StatedDigest::OfImprint, None) => StatedDigest::Unknown(info.algorithm.to_string()),
        (stated, _) => stated.clone(),
    }
}

/// Whether all are; nothing where none is known to be missing and not all are known.
fn all_of(known: &[Option<bool>]) -> Option<bool> {
    if known.contains(&Some(false)) {
        return Some(false);
    }
    (!known.is_empty() && !known.contains(&None)).then_some(true)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|it| format!("{it:02x}")).collect()
}

/// What each later time-stamp proves to have existed: the token before it; with the first of
/// a chain, all that the chains before hold.
fn cover(record: &EvidenceRecord<'_>, time_stamps: &mut [TimeStampFacts]) {
    let (mut place, mut before) = (0_usize, Vec::new());
    for chain in record.chains() {
        let mut own = Vec::new();
        for (n, stamp) in chain.stamps().iter().enumerate() {
            let previous = place.checked_sub(1).and_then(|it| time_stamps.get(it));
            let covered: Vec<ObjectId> = match (n, previous) {
                (0, _) => before.clone(),
                (_, Some(previous)) => objects_of(previous).collect(),
                (_, None) => Vec::new(),
            };
            if let Some(facts) = time_stamps.get_mut(place) {
                facts.covers = Covers::Objects(covered);
                own.extend(objects_of(facts));
            }
            own.extend(stamp.informations().all().map(ObjectId::of));
            place = place.saturating_add(1);
        }
        before.extend(own);
    }
}

/// The token, its signature, and all that stands in it.
pub(super) fn objects_of(stamp: &TimeStampFacts) -> impl Iterator<Item = ObjectId> + '_ {
    let within = stamp.token.iter().flat_map(|it| it.objects.iter().copied());
    [stamp.id].into_iter().chain(within)
}
