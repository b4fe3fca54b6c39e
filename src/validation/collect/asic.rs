//! Facts about the signatures, time-stamps and evidence records of one container
//! (EN 319 162-1).

mod coverage;
mod evidence_records;
mod time_stamps;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::coverage::{Cover, by_xml};
use super::cms::{CmsSource, collect as collect_cms};
use super::data::Data;
use super::digests::Digests;
use super::time_stamp::Beside;
use super::xml::{XmlSource, collect as collect_xml};
use crate::crypto::DigestAlgorithm;
use crate::encoding::xml::{Document, decode};
use crate::error::{ErrorKind, Result};
use crate::limits::within;
use crate::pki::Certificate;
use crate::signature::asic::{Container, ContainerType, Manifest, Role};
use crate::signature::cms::{self, SignedData};
use crate::signature::xmldsig::ReadFiles;
use crate::source::Files;
use crate::validation::facts::{
    ContainerFacts, DigestFact, DocumentFacts, EntryFact, Form, Misshapen, RevocationFacts,
    SignatureFacts,
};
use crate::validation::format::trailing;
use crate::validation::poe::ObjectId;

/// What was found in a container.
pub(in crate::validation) struct Collected {
    pub(in crate::validation) facts: DocumentFacts,
    /// Files that no signature covers, or in a container without signatures no time-stamp.
    pub(in crate::validation) uncovered: Vec<String>,
    /// Those of them of which a part is signed.
    pub(in crate::validation) in_part: Vec<String>,
    /// Those of them that an evidence record is over.
    pub(in crate::validation) recorded: Vec<String>,
    /// Files that a signature is over, or would be if they and it were as they were made; all
    /// where there is no signature.
    pub(in crate::validation) answered: BTreeSet<String>,
    /// What manifests of time-stamps list that is not there, or not as it was.
    pub(in crate::validation) stale: Vec<Stale>,
}

/// An entry that a time-stamp does not prove, though its manifest lists it.
pub(in crate::validation) struct Stale {
    pub(in crate::validation) time_stamp: String,
    pub(in crate::validation) entry: String,
}

/// Things that the time-stamps of one container may cover together: a hundred of them over
/// fifty signatures, each with what it takes to validate it, cover a hundred thousand.
const COVERED: usize = 1_000_000;

/// Collects the facts about every signature, and about the time-stamps and evidence records
/// beside them.
///
/// # Errors
/// `Malformed` when an entry cannot be read; `LimitExceeded` when a bound was reached; `Io`.
pub(in crate::validation) fn collect(
    container: &Container<'_>,
    known: Beside<'_>,
) -> Result<Collected> {
    let limits = known.limits;
    for role in [Role::Cades, Role::Xml, Role::TimeStamp, Role::EvidenceRecord] {
        within(container.of(role).count(), limits.asic_signatures, "signatures of a container")?;
    }
    let mut collector = Collector {
        container,
        known,
        digests: Digests::new(container),
        read: Rc::new(ReadFiles::new(limits)),
        listed: BTreeMap::new(),
        references: 0,
        claimed: BTreeSet::new(),
        stamped: BTreeSet::new(),
        stamped_file: None,
        facts: DocumentFacts::default(),
        objects: BTreeMap::new(),
        stale: Vec::new(),
    };
    collector.manifests()?;
    for name in container.of(Role::Cades) {
        collector.signature(name)?;
    }
    for name in container.of(Role::Xml) {
        collector.xml(name)?;
    }
    collector.evidence_records()?;
    collector.time_stamps()?;
    collector.covered_by_records()?;
    let misshapen = misshapen(container);
    for facts in &mut collector.facts.signatures {
        facts.container.iter_mut().for_each(|it| it.misshapen = misshapen);
    }
    let (uncovered, in_part) = collector.uncovered();
    let answered = collector.answered();
    let recorded: BTreeSet<_> = collector.under_records().collect();
    let recorded = uncovered.iter().filter(|it| recorded.contains(it.as_str())).cloned().collect();
    let Collector { facts, stale, .. } = collector;
    Ok(Collected { facts, uncovered, in_part, recorded, answered, stale })
}

struct Collector<'c, 's> {
    container: &'c Container<'s>,
    known: Beside<'c>,
    digests: Digests<'c, 's>,
    /// What the signatures in XML read of the files.
    read: Rc<ReadFiles>,
    /// What each manifest lists.
    listed: BTreeMap<&'c str, Vec<EntryFact>>,
    facts: DocumentFacts,
    /// References of all signatures.
    references: usize,
    /// The manifests by which it was told what a time-stamp or an evidence record is over.
    claimed: BTreeSet<&'c str>,
    /// The manifests that a time-stamp is over.
    stamped: BTreeSet<&'c str>,
    /// The only file, where a time-stamp is over it.
    stamped_file: Option<&'c str>,
    /// What stands in each entry and may have to be proven to have existed.
    objects: BTreeMap<&'c str, Vec<ObjectId>>,
    stale: Vec<Stale>,
}

/// What a signature is over.
struct Over<'c> {
    name: &'c str,
    manifest: bool,
}

impl<'c> Collector<'c, '_> {
    /// Each entry is read once, however many manifests list it.
    fn manifests(&mut self) -> Result<()> {
        let mut wanted: BTreeMap<&str, BTreeSet<DigestAlgorithm>> = BTreeMap::new();
        let readable =
            || self.container.manifests().filter_map(|(at, it)| Some((at, it.as_ref().ok()?)));
        for reference in readable().flat_map(|(_, it)| &it.references) {
            if let (Some(name), Some(algorithm)) = (&reference.name, reference.algorithm()) {
                wanted.entry(name).or_default().insert(algorithm);
            }
        }
        for (name, algorithms) in wanted {
            self.digests.compute(name, algorithms)?;
        }
        for (name, manifest) in readable() {
            let entries = entries(manifest, self.container, &mut self.digests)?;
            self.listed.insert(name, entries);
        }
        Ok(())
    }

    fn signature(&mut self, entry: &'c str) -> Result<()> {
        let limits = self.known.limits;
        let bytes = self.container.read(entry, limits.cms_bytes)?;
        let place = self.facts.signatures.len();
        let mut signatures = match self.cms(entry, &bytes) {
            Ok(signatures) => signatures,
            Err(error) if error.kind() != ErrorKind::Malformed => return Err(error),
            Err(error) => {
                let mut facts = SignatureFacts::new(entry.to_owned(), Form::Cades);
                facts.unreadable = Some(error.to_string());
                facts.container =
                    Some(ContainerFacts { entry: entry.into(), ..Default::default() });
                vec![facts]
            }
        };
        let mut objects = vec![ObjectId::of(&bytes)];
        for facts in &signatures {
            objects.push(facts.value_id);
            objects.extend(&facts.objects);
        }
        objects.sort_unstable();
        objects.dedup();
        self.objects.insert(entry, objects);
        self.facts.signatures.append(&mut signatures);
        within(
            self.facts.signatures.len().saturating_sub(place),
            limits.cms_signers,
            "signers of a CMS",
        )
    }

    fn cms(&mut self, entry: &'c str, bytes: &[u8]) -> Result<Vec<SignatureFacts>> {
        let limits = self.known.limits;
        let bytes: Cow<'_, [u8]> = cms::unarmoured(bytes)?;
        let signed_data = SignedData::parse(&bytes, limits)?;
        let over = self.over(entry, &signed_data)?;
        let source = CmsSource {
            signed_data: &signed_data,
            id: entry,
            form: None,
            certificates: self.known.certificates,
            time_stamps: true,
            memory: self.known.memory,
            limits,
        };
        let content = match &over {
            Some(over) => self.container.open(over.name)?,
            None => None,
        };
        let mut data = None;
        if let (Some(over), Some(content)) = (&over, &content) {
            let signers = signed_data.signers().iter().flatten();
            let algorithms = signers.filter_map(|it| it.digest_algorithm()).collect();
            let digests = self.digests.compute(over.name, algorithms)?;
            data = Some(Data::whole(&**content).with_digests(digests));
        }
        let encapsulated = match (signed_data.content(), &mut data) {
            (Some(within), Some(data)) => Some(data.compare(within)?),
            _ => None,
        };
        let mut all = collect_cms(&source, &mut data)?;
        let trailing = trailing(&signed_data);
        let place = self.place(entry, over.as_ref());
        self.referred(place.entries.len().saturating_mul(all.len()))?;
        for facts in &mut all {
            facts.trailing = trailing;
            facts.container = Some(place.clone());
            if facts.counter_signature {
                // It is over the signature, and over no file.
                let own = ContainerFacts { entry: entry.to_owned(), ..ContainerFacts::default() };
                facts.container = Some(own);
            } else if facts.data.digest != DigestFact::Differs {
                facts.data.encapsulated = encapsulated;
            }
        }
        Ok(all)
    }

    /// Signatures in XML refer to files of the container by their names (EN 319 162-1
    /// §4.4.3.2, and OpenDocument's own).
    fn xml(&mut self, entry: &'c str) -> Result<()> {
        let limits = self.known.limits;
        let most = usize::try_from(limits.message_bytes).unwrap_or(usize::MAX);
        let bytes = self.container.read(entry, most)?;
        let mut signatures = match self.in_document(&bytes) {
            Ok(signatures) => signatures,
            Err(error) if error.kind() != ErrorKind::Malformed => return Err(error),
            Err(error) => {
                let mut facts = SignatureFacts::new(entry.to_owned(), Form::XmlDsig);
                facts.unreadable = Some(error.to_string());
                vec![facts]
            }
        };
        let mut objects = vec![ObjectId::of(&bytes)];
        let referred = signatures.iter().filter_map(|it| it.xml.as_ref());
        let lists = referred.flat_map(|it| [&it.references, &it.manifest]);
        self.referred(lists.map(Vec::len).fold(0, usize::saturating_add))?;
        for facts in &mut signatures {
            objects.push(facts.value_id);
            objects.extend(&facts.objects);
            let known = self.facts.signatures.iter();
            if known.into_iter().any(|it| it.id == facts.id) {
                facts.id = format!("{entry}#{}", facts.id);
            }
            let whole = by_xml(facts, self.container).filter(|it| it.1 == Cover::Whole);
            let covered: BTreeSet<_> = whole.map(|it| it.0).collect();
            let covers_all = self.container.data_files().all(|it| covered.contains(it));
            let place = ContainerFacts { entry: entry.to_owned(), ..ContainerFacts::default() };
            let covers_all = covers_all && !facts.counter_signature;
            facts.container = Some(ContainerFacts { covers_all, ..place });
        }
        self.objects.insert(entry, objects);
        self.facts.signatures.append(&mut signatures);
        let most = limits.asic_signatures;
        within(self.facts.signatures.len(), most, "signatures of a container")
    }

    /// Each is kept for the report of its signature.
    fn referred(&mut self, more: usize) -> Result<()> {
        self.references = self.references.saturating_add(more);
        let most = self.known.limits.asic_references;
        within(self.references, most, "references of the signatures of a container")
    }

    fn in_document(&self, bytes: &[u8]) -> Result<Vec<SignatureFacts>> {
        let Beside { certificates, memory, limits } = self.known;
        let (text, mark) = decode(bytes)?;
        let document = Document::parse(&text, mark, limits)?;
        let files: Option<&dyn Files> = Some(self.container);
        let source = XmlSource {
            document: &document,
            files,
            digest: None,
            content: false,
            certificates,
            memory,
            limits,
            read: Some(&self.read),
        };
        Ok(collect_xml(source)?.signatures)
    }

    /// What a signature is over: its manifest, or without one the only file. Where several
    /// manifests claim it, what was signed tells which is its own.
    fn over(&mut self, entry: &str, cms: &SignedData<'_>) -> Result<Option<Over<'c>>> {
        let container = self.container;
        let mut candidates: Vec<_> =
            container.manifests_of(entry).map(|(name, _)| Over { name, manifest: true }).collect();
        if candidates.is_empty() {
            let several = container.container_type() == ContainerType::Extended
                && (container.data_files().nth(1).is_some()
                    || container.manifests().any(|(_, it)| it.is_err()));
            let files = container.data_files().filter(|_| !several);
            candidates = files.map(|name| Over { name, manifest: false }).collect();
        }
        let signers = cms.signers().iter().flatten();
        let stated: Vec<_> = signers
            .filter_map(|it| {
                let stated = it.signed_attributes()?.message_digest().ok()??;
                Some((it.digest_algorithm()?, stated.into_owned()))
            })
            .collect();
        if candidates.len() > 1 {
            for (n, candidate) in candidates.iter().enumerate() {
                let algorithms = stated.iter().map(|it| it.0).collect();
                let digests = self.digests.compute(candidate.name, algorithms)?;
                let signed = |it: &crate::crypto::Digest| {
                    stated.iter().any(|(by, of)| *by == it.algorithm() && of == it.value())
                };
                if digests.iter().any(signed) {
                    return Ok(Some(candidates.swap_remove(n)));
                }
            }
        }
        Ok(candidates.into_iter().next())
    }

    fn place(&self, entry: &str, over: Option<&Over<'c>>) -> ContainerFacts {
        let mut unreadable = self.container.manifests().filter_map(|(_, it)| it.as_ref().err());
        let entries = over.filter(|it| it.manifest).and_then(|it| self.listed.get(it.name));
        let entries = entries.cloned().unwrap_or_default();
        let covered: BTreeSet<_> = over
            .map(|it| it.name)
            .into_iter()
            .chain(entries.iter().filter(|it| it.holds()).map(|it| it.name.as_str()))
            .collect();
        let covers_all = self.container.data_files().all(|it| covered.contains(it));
        ContainerFacts {
            entry: entry.to_owned(),
            signed: over.map(|it| it.name.to_owned()),
            manifest_unreadable: match over {
                Some(_) => None,
                None => unreadable.next().map(ToString::to_string),
            },
            misshapen: None,
            covers_all,
            entries,
        }
    }

    /// Whether there are time-stamps or evidence records.
    fn stands_beside(&self) -> bool {
        let mut all = [Role::TimeStamp, Role::EvidenceRecord].into_iter();
        all.any(|it| self.container.of(it).next().is_some())
    }

    /// The caller's certificates, and those that came with the signatures: the validation
    /// data of what stands beside them may have been put there.
    fn pool(&self) -> Result<Vec<Certificate>> {
        let mut pool = self.known.certificates.to_vec();
        if !self.stands_beside() {
            return Ok(pool);
        }
        let most = self.known.certificates.len().saturating_add(self.known.limits.certificates);
        let signers = self.facts.signatures.iter().map(|it| &it.signer);
        for certificate in signers.flat_map(|it| &it.certificates) {
            if !pool.contains(certificate) {
                pool.push(certificate.clone());
                within(pool.len(), most, "certificates of a container")?;
            }
        }
        Ok(pool)
    }

    fn revocation(&self) -> Result<RevocationFacts> {
        let mut all = RevocationFacts::default();
        if !self.stands_beside() {
            return Ok(all);
        }
        let mut seen = BTreeSet::new();
        for facts in &self.facts.signatures {
            let RevocationFacts { crls, responses } = &facts.revocation;
            all.crls.extend(crls.iter().filter(|it| seen.insert(it.id)).cloned());
            all.responses.extend(responses.iter().filter(|it| seen.insert(it.id)).cloned());
            let most = self.known.limits.cms_revocation_infos;
            within(seen.len(), most, "CRLs and OCSP responses of a container")?;
        }
        Ok(all)
    }
}

fn misshapen(container: &Container<'_>) -> Option<Misshapen> {
    let mut files = container.data_files();
    let several = container.several_signature_files();
    match (container.container_type(), files.next(), files.count()) {
        (ContainerType::Extended, None, _) => Some(Misshapen::NoFile),
        (ContainerType::Simple, None, _) => Some(Misshapen::NotOneFile(0)),
        (ContainerType::Simple, Some(only), 0) if only.contains('/') => Some(Misshapen::InFolder),
        (ContainerType::Simple, Some(_), 0) => several.map(Misshapen::SeveralSignatureFiles),
        (ContainerType::Simple, Some(_), more) => {
            Some(Misshapen::NotOneFile(more.saturating_add(1)))
        }
        (ContainerType::Extended, Some(_), _) => None,
    }
}

fn entries(
    manifest: &Manifest,
    container: &Container<'_>,
    digests: &mut Digests<'_, '_>,
) -> Result<Vec<EntryFact>> {
    let mut all = Vec::with_capacity(manifest.references.len());
    for reference in &manifest.references {
        let algorithm = reference.algorithm();
        let name = reference.name.as_deref().filter(|it| container.holds(it));
        let digest = match (name, algorithm) {
            (None, _) => DigestFact::NotCompared,
            (Some(_), None) => DigestFact::Unsupported,
            (Some(name), Some(algorithm)) => {
                let computed = digests.compute(name, [algorithm].into())?;
                match computed.iter().any(|it| it.value() == reference.value) {
                    true => DigestFact::Matches,
                    false => DigestFact::Differs,
                }
            }
        };
        all.push(EntryFact {
            name: name.map_or_else(|| reference.uri.clone(), str::to_owned),
            found: name.is_some(),
            algorithm,
            method: reference.method.clone(),
            digest,
        });
    }
    Ok(all)
}
