//! Facts about evidence records (RFC 4998): what each archive time-stamp is over (§4.3,
//! §5.3), and who signed it. Whether a record proves anything is not judged here.

use std::collections::BTreeMap;

use super::cms::CmsSource;
use super::data::Data;
use super::time_stamp::{Beside, compared};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::signature::cms::{Attribute, Pieces, SignerInfo, oids};
use crate::signature::evidence::{
    ArchiveTimeStamp, EvidenceRecord, HashTree, Informations, RecordForm, StatedDigest,
};
use crate::signature::tsp::TimeStampInfo;
use crate::validation::facts::{
    Covers, DataObjectFact, EvidenceRecordFacts, EvidenceRecordType, Named, RevocationFacts,
    TimeStampFacts, TimeStampType, Unreadable,
};
use crate::validation::poe::ObjectId;

/// What a record has to be over: a file, an entry of a container, a signature.
pub(in crate::validation) struct DataObject<'a> {
    name: String,
    /// Nothing where it is not at hand.
    octets: Option<Box<dyn Octets + 'a>>,
}

/// Octets that a record may be over.
trait Octets {
    /// Their digest, in each way that they may be written; nothing where that cannot be
    /// computed.
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>>;
}

impl Octets for Data<'_> {
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        Ok(self.digest(algorithm)?.map(|it| vec![it]))
    }
}

impl<T: Octets> Octets for &mut T {
    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        T::digests(self, algorithm)
    }
}

/// A CMS as it was, in each way that it may be written; its digests are computed once.
struct Signature<'a> {
    readings: Vec<Pieces<'a>>,
    in_der: bool,
    digests: BTreeMap<DigestAlgorithm, Vec<Digest>>,
    digested: usize,
    limits: &'a Limits,
}

impl<'a> DataObject<'a> {
    /// A file, or what else is at hand as it stands.
    pub(in crate::validation) fn new(name: impl Into<String>, data: Data<'a>) -> Self {
        Self::of(name, Some(data))
    }

    /// What it is called.
    pub(in crate::validation) fn name(&self) -> &str {
        &self.name
    }

    fn of(name: impl Into<String>, octets: Option<impl Octets + 'a>) -> Self {
        let octets = octets.map(|it| Box::new(it) as Box<dyn Octets + 'a>);
        Self { name: name.into(), octets }
    }

    fn digests(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Vec<Digest>>> {
        self.octets.as_mut().map_or(Ok(None), |it| it.digests(algorithm))
    }

    fn is_found(&self) -> bool {
        self.octets.is_some()
    }
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
    let record = EvidenceRecord::read(octets, known.limits)?;
    let mut pool = known.certificates.to_vec();
    let mut revocation = RevocationFacts::default();
    let stamps = record.chains().iter().flat_map(|it| it.stamps());
    let beside = stamps.map(ArchiveTimeStamp::informations).chain([record.informations()]);
    for infos in beside {
        add_certificates(&mut pool, infos, known)?;
        revocation.add_all(&infos.crls, &infos.responses, known.limits)?;
    }
    let known = Beside { certificates: &pool, ..known };
    let mut collector = Collector { record: &record, objects, known, first: None };
    let (mut time_stamps, mut uniform) = (Vec::new(), true);
    for (n, chain) in record.chains().iter().enumerate() {
        let mut algorithms = Vec::new();
        for (m, stamp) in chain.stamps().iter().enumerate() {
            let (facts, algorithm) = collector.time_stamp((n, m), stamp)?;
            algorithms.push(algorithm);
            time_stamps.push(facts);
        }
        uniform &= algorithms.windows(2).all(|it| it.first() == it.last());
    }
    let first = collector.first.unwrap_or_default();
    cover(&record, &mut time_stamps);
    Ok(EvidenceRecordFacts {
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
) -> Result<Vec<EvidenceRecordFacts>> {
    let known = Beside { certificates, memory: source.memory, limits: source.limits };
    let attributes = attributes(signer, source.limits);
    let mut all = Vec::new();
    for found in &attributes {
        // Each was added to what was there before it.
        let later = attributes.iter().filter(|it| it.since >= found.since);
        let gone: Vec<_> = later.map(|it| it.attribute).collect();
        let mut objects = vec![signature_without(source, &gone)?];
        if found.attribute.oid() == oids::EXTERNAL_EVIDENCE_RECORD {
            objects.push(DataObject::of("content", data.as_mut()));
        }
        for value in found.attribute.values() {
            all.push((found.since, attempt(value.raw(), &mut objects, known)?));
        }
    }
    all.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
    let mut older: Vec<ObjectId> = Vec::new();
    for (_, record) in all.iter_mut().rev() {
        record.covers.clone_from(&older);
        older.extend(record.time_stamps.iter().flat_map(objects_of));
    }
    Ok(all.into_iter().map(|(_, record)| record).collect())
}

/// An attribute with records, all over the same.
struct Found<'x, 'a> {
    attribute: &'x Attribute<'a>,
    /// The earliest time in it; nothing where none can be read, which is the latest.
    since: Since,
}

/// A time, or that there is none, which sorts behind all.
type Since = (bool, Option<crate::time::UtcTime>);

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
fn issued_at(record: &[u8], limits: &Limits) -> Option<crate::time::UtcTime> {
    let record = EvidenceRecord::read(record, limits).ok()?;
    let token = record.chains().first()?.stamps().first()?.token();
    super::time_stamp::info(token, limits).map(|it| it.time)
}

fn signature_without<'a>(
    source: &CmsSource<'a>,
    gone: &[&Attribute<'_>],
) -> Result<DataObject<'a>> {
    let readings = source.signed_data.without(gone, source.limits)?;
    let octets = Signature {
        readings,
        in_der: false,
        digests: BTreeMap::new(),
        digested: 0,
        limits: source.limits,
    };
    Ok(DataObject::of("signature", Some(octets)))
}

/// As [`collect`]; that one cannot be read is a fact.
fn attempt(
    octets: &[u8],
    objects: &mut [DataObject<'_>],
    known: Beside<'_>,
) -> Result<EvidenceRecordFacts> {
    let unreadable = match collect(octets, objects, known) {
        Ok(facts) => return Ok(facts),
        Err(error) => match error.kind() {
            ErrorKind::LimitExceeded | ErrorKind::Io => return Err(error),
            ErrorKind::Unsupported => Unreadable::Unsupported(error.to_string()),
            _ => Unreadable::Malformed(error.to_string()),
        },
    };
    Ok(EvidenceRecordFacts {
        form: EvidenceRecordType::Asn1,
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
}

impl Collector<'_, '_, '_> {
    /// The facts about the time-stamp at this place, and what its hash tree is made by.
    fn time_stamp(
        &mut self,
        place: (usize, usize),
        stamp: &ArchiveTimeStamp<'_>,
    ) -> Result<(TimeStampFacts, Named<DigestAlgorithm>)> {
        let mut used = Named::NOTHING;
        let (kind, known) = (TimeStampType::EvidenceRecordTimestamp, self.known);
        let facts = compared(kind, stamp.token(), known, |info| {
            used = digest_of(stamp, info);
            let Some(algorithm) = used.known else { return Ok(None) };
            self.is_over(place, stamp, info, algorithm)
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
        stamp: &ArchiveTimeStamp<'_>,
        info: &TimeStampInfo,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<bool>> {
        let same = DigestAlgorithm::from_oid(info.algorithm) == Some(algorithm);
        let leads = stamp.tree().is_none_or(|tree| {
            tree.root(algorithm).is_some_and(|root| root.value() == info.imprint)
        });
        let covers = match (chain, at) {
            (0, 0) => self.covers_objects(stamp.tree(), info, algorithm)?,
            (_, 0) => self.covers_sequence(chain, stamp, info, algorithm)?,
            (_, _) => self.covers_previous((chain, at), stamp, info, algorithm)?,
        };
        Ok(if same && leads { covers } else { Some(false) })
    }

    /// Where there is a tree, what belongs to it is told object by object.
    fn covers_objects(
        &mut self,
        tree: Option<&HashTree<'_>>,
        info: &TimeStampInfo,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<bool>> {
        let list = first_list(tree, info);
        let (mut objects, mut own) = (Vec::new(), Vec::new());
        for object in &mut *self.objects {
            let digests = object.digests(algorithm)?;
            let intact = digests.as_ref().map(|all| all.iter().any(|it| holds(&list, it)));
            let found = object.is_found();
            objects.push(DataObjectFact { name: object.name.clone(), found, intact });
            own.extend(digests.into_iter().flatten());
        }
        let others = list.iter().filter(|it| !own.iter().any(|own| own.value() == **it));
        let others = others.map(|it| format!("{algorithm}:{}", hex(it))).collect();
        let known: Vec<_> = objects.iter().map(|it| it.intact).collect();
        self.first = Some(First { objects, others });
        Ok(if tree.is_some() { Some(true) } else { all_of(&known) })
    }

    /// §5.2, hash-tree renewal: each object together with all chains before.
    fn covers_sequence(
        &mut self,
        chain: usize,
        stamp: &ArchiveTimeStamp<'_>,
        info: &TimeStampInfo,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<bool>> {
        let list = first_list(stamp.tree(), info);
        let sequence = self.record.sequence_before(chain, algorithm)?;
        let mut known = Vec::new();
        for object in &mut *self.objects {
            known.push(object.digests(algorithm)?.map(|all| {
                let stands = |it: &Digest| EvidenceRecord::with_sequence(it, &sequence);
                all.iter().any(|it| holds(&list, &stands(it)))
            }));
        }
        Ok(all_of(&known))
    }

    /// §5.2, time-stamp renewal: the token before.
    fn covers_previous(
        &self,
        (chain, at): (usize, usize),
        stamp: &ArchiveTimeStamp<'_>,
        info: &TimeStampInfo,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<bool>> {
        let stamps = self.record.chains().get(chain).map_or(&[][..], |it| it.stamps());
        let Some(previous) = stamps.get(at.saturating_sub(1)) else { return Ok(Some(false)) };
        let list = first_list(stamp.tree(), info);
        let over = self.record.renewed(previous, algorithm, self.known.limits)?;
        Ok(Some(over.iter().any(|it| holds(&list, it))))
    }

    /// Where the first time-stamp tells nothing.
    fn not_compared(&self) -> Vec<DataObjectFact> {
        let objects = self.objects.iter();
        let fact = |it: &DataObject<'_>| DataObjectFact {
            name: it.name.clone(),
            found: it.is_found(),
            intact: None,
        };
        objects.map(fact).collect()
    }
}

/// RFC 4998 §4.1: where none is stated, that of the time-stamp.
fn digest_of(stamp: &ArchiveTimeStamp<'_>, info: &TimeStampInfo) -> Named<DigestAlgorithm> {
    match stamp.digest() {
        StatedDigest::Known(it) => Named { known: Some(it), oid: Some(it.oid()) },
        StatedDigest::Unknown(oid) => Named { known: None, oid: Some(oid) },
        StatedDigest::OfImprint => {
            let known = DigestAlgorithm::from_oid(info.algorithm);
            Named { known, oid: Some(info.algorithm) }
        }
    }
}

/// The digests that the objects' own stand among; without a tree, the one that was
/// time-stamped.
fn first_list<'a>(tree: Option<&'a HashTree<'_>>, info: &'a TimeStampInfo) -> Vec<&'a [u8]> {
    match tree {
        Some(tree) => tree.first().iter().map(AsRef::as_ref).collect(),
        None => vec![&info.imprint],
    }
}

fn holds(list: &[&[u8]], digest: &Digest) -> bool {
    list.contains(&digest.value())
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
fn objects_of(stamp: &TimeStampFacts) -> impl Iterator<Item = ObjectId> + '_ {
    let within = stamp.token.iter().flat_map(|it| it.objects.iter().copied());
    [stamp.id].into_iter().chain(within)
}
