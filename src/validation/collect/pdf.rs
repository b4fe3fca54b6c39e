//! Facts about the signatures of one PDF (EN 319 142-1, ISO 32000-2 §12.8).

use std::cell::Cell;
use std::collections::BTreeSet;

use super::cms::{CmsSource, collect as collect_cms};
use super::completeness::Completeness;
use super::data::Data;
use super::{revocation, time_stamp};
use crate::crypto::DigestAlgorithm;
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::{Certificate, Memory};
use crate::signature::cades::StructuralLevel;
use crate::signature::cms::SignedData;
use crate::signature::pades::{
    ByteRange, FileDefect, Finding, PdfSignature, PdfSignatures, digests,
};
use crate::source::Source;
use crate::validation::facts::{
    Covers, DocumentFacts, EncapsulatedFact, Form, PdfFacts, PdfWords, SignatureFacts,
    SignatureLevel, TimeStampFacts, TimeStampType,
};
use crate::validation::poe::ObjectId;

/// ISO 32000-1 §12.8.3.3: the content is the SHA-1 digest of the covered bytes.
const DIGEST_INSIDE: &str = "adbe.pkcs7.sha1";
const PADES: &str = "ETSI.CAdES.detached";

/// Collects the facts about every signature, and about the time-stamps over the document,
/// which are no signatures.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when the file cannot be read.
pub(in crate::validation) fn collect(
    file: &dyn Source,
    pdf: &PdfSignatures,
    certificates: &[Certificate],
    memory: &Memory,
    limits: &Limits,
) -> Result<DocumentFacts> {
    let mut document = DocumentFacts { changes: pdf.changes.clone(), ..DocumentFacts::default() };
    let mut ends = Vec::new();
    let parsed: Vec<_> = pdf.signatures.iter().map(|it| parsed(it, limits)).collect();
    let covered = covered(file, pdf, &parsed, limits)?;
    let stored = revocation::of_store(&pdf.store, limits)?;
    let stored_certificates = &with_stored(&[], pdf, memory, limits)?;
    let certificates = &with_stored(certificates, pdf, memory, limits)?;
    let known = time_stamp::Beside { certificates, memory, limits };
    for ((signature, covered), parsed) in pdf.signatures.iter().zip(covered).zip(parsed) {
        let end = signature.byte_range.map_or(0, |range| range.end());
        if let Some(parsed) = parsed {
            let mut facts = one(pdf, signature, (parsed, covered), known)?;
            add_related(&mut facts, pdf, signature, known)?;
            document.add_objects(signature, &facts.objects);
            document.signatures.push(facts);
            ends.push(end);
            continue;
        }
        let mut stamp = document_time_stamp(pdf, signature, covered, known)?;
        if let Some(token) = &mut stamp.token {
            document.add_objects(signature, &token.objects);
            token.revocation.extend(stored.clone());
        }
        let place = document.time_stamps.len();
        let earlier = document.signatures.iter_mut().zip(&ends).filter(|(_, it)| **it < end);
        earlier.for_each(|(facts, _)| facts.document_time_stamps.push(place));
        document.time_stamps.push(stamp);
    }
    let store = [&pdf.store.certificates, &pdf.store.crls, &pdf.store.responses];
    let tokens = pdf.store.time_stamps.iter().map(|it| &it.token);
    let store = store.into_iter().flatten().chain(tokens);
    document.objects.extend(store.map(|it| (it.place.clone(), ObjectId::of(&it.der))));
    let compared = Cell::new(0);
    for facts in &mut document.signatures {
        facts.revocation.extend(stored.clone());
        let mut held = Completeness::new(limits, &compared);
        held.hold(&stored);
        held.hold_stored(stored_certificates);
        let complete = pdf.store.for_revocation && is_complete(facts, &document.time_stamps, held)?;
        facts.level = long_term_level(facts, complete);
    }
    Ok(document)
}

/// Time-stamps over the value that stand in the document security store (EN 319 142-1
/// §5.4.2.3). They prove what one in the signature would.
fn add_related(
    facts: &mut SignatureFacts,
    pdf: &PdfSignatures,
    signature: &PdfSignature,
    known: time_stamp::Beside<'_>,
) -> Result<()> {
    if pdf.store.time_stamps.is_empty() {
        return Ok(());
    }
    let name = signature.name_in_store();
    let related = pdf.store.time_stamps.iter().filter(|it| it.signature == name);
    let mut tokens: Vec<&[u8]> = related.map(|it| it.token.der.as_slice()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    for token in tokens {
        let kind = TimeStampType::VriTimestamp;
        let mut stamp = time_stamp::read(kind, token, known, |algorithm| {
            Ok(Some(algorithm.digest(&facts.octets.value)))
        })?;
        if stamp.imprint_intact == Some(true) {
            stamp.covers = Covers::Objects(vec![facts.value_id]);
        }
        facts.time_stamps.push(stamp);
    }
    Ok(())
}

impl DocumentFacts {
    /// What stands in the Contents of a signature is left out by its own byte range. One that
    /// leaves out other bytes says nothing of where the Contents are: its gap could lie under
    /// an old time-stamp, and make anything old.
    fn add_objects(&mut self, signature: &PdfSignature, objects: &[ObjectId]) {
        let elsewhere = signature.findings.contains(&Finding::GapIsNotContents);
        let range = hashable_range(signature).filter(|_| !elsewhere);
        let Some(place) = range.map(|it| it.gap()) else { return };
        self.objects.extend(objects.iter().map(|it| (place.clone(), *it)));
    }
}

/// The caller's certificates, and those of the document security store.
fn with_stored(
    certificates: &[Certificate],
    pdf: &PdfSignatures,
    memory: &Memory,
    limits: &Limits,
) -> Result<Vec<Certificate>> {
    let mut all = certificates.to_vec();
    for stored in &pdf.store.certificates {
        match memory.certificate(&stored.der, limits) {
            Ok(certificate) if !all.contains(&certificate) => all.push(certificate),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(all)
}

/// The CMS of what is no time-stamp.
fn parsed<'a>(signature: &'a PdfSignature, limits: &Limits) -> Option<Result<SignedData<'a>>> {
    (!signature.is_time_stamp()).then(|| SignedData::parse(&signature.contents, limits))
}

/// What each signature covers, where that can be told. A file with a thousand
/// signatures is hashed in one pass, not a thousand times.
fn covered<'a>(
    file: &'a dyn Source,
    pdf: &PdfSignatures,
    parsed: &[Option<Result<SignedData<'_>>>],
    limits: &Limits,
) -> Result<Vec<Option<Data<'a>>>> {
    let ranges: Vec<_> = pdf.signatures.iter().map(hashable_range).collect();
    let mut wanted = Vec::new();
    for (n, ((signature, range), parsed)) in
        pdf.signatures.iter().zip(&ranges).zip(parsed).enumerate()
    {
        if let Some(range) = range {
            let asked_for = algorithms(signature, parsed.as_ref(), limits);
            wanted.extend(asked_for.into_iter().map(|algorithm| (n, (*range, algorithm))));
        }
    }
    let queries: Vec<_> = wanted.iter().map(|(_, query)| *query).collect();
    let mut digests: Vec<_> =
        wanted.iter().map(|(n, _)| *n).zip(digests(file, &queries)?).collect();
    let mut data = Vec::with_capacity(ranges.len());
    for (n, range) in ranges.into_iter().enumerate() {
        let own = digests.extract_if(.., |(of, _)| *of == n).map(|(_, digest)| digest);
        data.push(range.map(|it| Data::ranges(file, it.ranges().to_vec()).with_digests(own)));
    }
    Ok(data)
}

fn hashable_range(signature: &PdfSignature) -> Option<ByteRange> {
    let prevented = signature.findings.iter().any(|finding| finding.prevents_digest());
    signature.byte_range.filter(|_| !prevented)
}

/// The digests that this signature will be asked for; one forgotten here is computed
/// when it is asked for.
fn algorithms(
    signature: &PdfSignature,
    parsed: Option<&Result<SignedData<'_>>>,
    limits: &Limits,
) -> BTreeSet<DigestAlgorithm> {
    let Some(parsed) = parsed else {
        return time_stamp::imprint_algorithm(&signature.contents, limits).into_iter().collect();
    };
    let Ok(cms) = parsed else { return BTreeSet::new() };
    let signers = cms.signers().iter().filter_map(|it| it.as_ref().ok()?.digest_algorithm());
    let content = cms.content().map(|_| match is_digest_inside(signature) {
        true => DigestAlgorithm::Sha1,
        false => DigestAlgorithm::Sha256,
    });
    signers.chain(content).collect()
}

fn is_digest_inside(signature: &PdfSignature) -> bool {
    signature.sub_filter.as_deref() == Some(DIGEST_INSIDE)
}

fn one(
    pdf: &PdfSignatures,
    signature: &PdfSignature,
    (parsed, mut covered): (Result<SignedData<'_>>, Option<Data<'_>>),
    known: time_stamp::Beside<'_>,
) -> Result<SignatureFacts> {
    let pades = signature.sub_filter.as_deref() == Some(PADES);
    let form = if pades { Form::Pades } else { Form::Pkcs7 };
    let mut place = pdf_facts(pdf, signature);
    let unreadable = |why: String, place: PdfFacts| {
        let mut facts = SignatureFacts::new(signature.field.clone(), form);
        facts.unreadable = Some(why);
        facts.claimed_time = signature.claimed_time;
        facts.pdf = Some(place);
        Ok(facts)
    };
    let signed_data = match parsed {
        Ok(signed_data) => signed_data,
        Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
        Err(error) => return unreadable(error.to_string(), place),
    };
    let digest_inside = is_digest_inside(signature);
    let encapsulated = match (signed_data.content(), &mut covered) {
        (Some(content), Some(covered)) if digest_inside => {
            Some(digest_is(&content.bytes()?, covered)?)
        }
        (Some(content), Some(covered)) => Some(covered.compare(content)?),
        _ => None,
    };
    let mut data = match digest_inside {
        true => covered.and(signed_data.content().map(Data::encapsulated)),
        false => covered,
    };
    let source = CmsSource {
        signed_data: &signed_data,
        id: &signature.field,
        form: Some(form),
        certificates: known.certificates,
        time_stamps: true,
        memory: known.memory,
        limits: known.limits,
    };
    // ISO 32000-2 §12.8.3.3.1: one signer. Others stand there beside the document.
    let mut signers = collect_cms(&source, &mut data)?.into_iter();
    let Some(mut facts) = signers.next() else {
        return unreadable("the CMS has no signer".into(), place);
    };
    facts.id.clone_from(&signature.field);
    place.further_signers = signers.filter(|it| !it.counter_signature).count();
    facts.level =
        StructuralLevel::of_pdf(&signed_data, signature, &facts.signer.certificates).into();
    // EN 319 142-1 §6.3: the claimed time of a PAdES signature is the dictionary's.
    facts.claimed_time = facts.claimed_time.or(signature.claimed_time);
    facts.data.encapsulated = encapsulated;
    facts.pdf = Some(place);
    Ok(facts)
}

/// EN 319 142-1 §6.3: T by a time-stamp in the signature or the first over the document;
/// LT by what the document security store holds; LTA by a time-stamp besides. The older
/// profiles know the last alone (EN 319 142-2 §5.5).
fn long_term_level(facts: &SignatureFacts, complete: bool) -> SignatureLevel {
    let over_document = facts.document_time_stamps.len();
    match (facts.level, over_document.saturating_add(own_time_stamps(facts)), complete) {
        (SignatureLevel::Bes | SignatureLevel::Epes, _, true) if over_document > 0 => {
            SignatureLevel::Ltv
        }
        (SignatureLevel::BaselineB, 1.., false) => SignatureLevel::BaselineT,
        (SignatureLevel::BaselineB, 1, true) => SignatureLevel::BaselineLt,
        (SignatureLevel::BaselineB, 2.., true) => SignatureLevel::BaselineLta,
        (level, _, _) => level,
    }
}

/// 1 where there is a time-stamp in the signature, however many there are.
fn own_time_stamps(facts: &SignatureFacts) -> usize {
    let own = facts.time_stamps.iter();
    own.filter(|it| it.kind == TimeStampType::SignatureTimestamp).count().min(1)
}

/// Whether revocation data is stored for all that the signature leans on, outside the
/// attributes of its CMS (EN 319 142-1 §6.3). The last time-stamp of several protects that
/// data; its own comes with the next one.
fn is_complete<'a>(
    facts: &'a SignatureFacts,
    time_stamps: &'a [TimeStampFacts],
    mut held: Completeness<'a>,
) -> Result<bool> {
    held.lean_on(facts)?;
    let over_document = facts.document_time_stamps.iter();
    let leaning = match (own_time_stamps(facts), over_document.len()) {
        // Without any, there is no level above B to tell.
        (0, 0) => return Ok(false),
        (0, 1) => 1,
        (_, all) => all.saturating_sub(1),
    };
    for (n, place) in over_document.enumerate() {
        let Some(stamp) = time_stamps.get(*place) else { continue };
        held.lean_on_stamp(stamp, n < leaning)?;
    }
    held.is_complete()
}

fn pdf_facts(pdf: &PdfSignatures, signature: &PdfSignature) -> PdfFacts {
    let (mut recovered, mut irregular) = (Vec::new(), Vec::new());
    for defect in &pdf.defects {
        match defect {
            FileDefect::Recovered(what) => recovered.push(what.clone()),
            FileDefect::Irregular(what) => irregular.push(what.clone()),
        }
    }
    PdfFacts {
        byte_range: signature
            .byte_range
            .map(|it| [it.before.0, it.before.1, it.after.0, it.after.1]),
        findings: signature.findings.clone(),
        said: words(pdf, signature),
        covers_whole_file: signature.covers_whole_file,
        bytes_following: signature.bytes_following,
        later_changes: signature.later_changes,
        revision: signature.revision,
        kinds: signature.kinds,
        changes: signature.changes.clone(),
        drawn: signature.drawn,
        permission: signature.permission,
        permitted: signature.permitted,
        unlocked: signature.unlocked.clone(),
        recovered,
        irregular,
        further_signers: 0,
    }
}

fn words(pdf: &PdfSignatures, signature: &PdfSignature) -> PdfWords {
    PdfWords {
        filter: signature.filter.clone(),
        sub_filter: signature.sub_filter.clone(),
        name: signature.name.clone(),
        reason: signature.reason.clone(),
        location: signature.location.clone(),
        contact: signature.contact.clone(),
        shown: signature.shown.clone(),
        page: signature.page,
        revision: signature.revision,
        revisions: pdf.revisions,
        certification: signature.certification,
        file_certification: pdf.certification,
        object: signature.dictionary.map(|it| it.to_string()),
    }
}

fn digest_is(content: &[u8], covered: &mut Data<'_>) -> Result<EncapsulatedFact> {
    let digest = covered.digest(DigestAlgorithm::Sha1)?;
    Ok(match digest.is_some_and(|digest| digest.value() == content) {
        true => EncapsulatedFact::Same,
        false if content.is_empty() => EncapsulatedFact::Empty,
        false => EncapsulatedFact::Other,
    })
}

fn document_time_stamp(
    pdf: &PdfSignatures,
    signature: &PdfSignature,
    covered: Option<Data<'_>>,
    known: time_stamp::Beside<'_>,
) -> Result<TimeStampFacts> {
    let (kind, token) = (TimeStampType::DocumentTimestamp, &signature.contents);
    let imprinted = |algorithm| match covered {
        Some(mut covered) => covered.digest(algorithm),
        None => Ok(None),
    };
    let mut facts = time_stamp::read(kind, token, known, imprinted)?;
    if let Some(token) = &mut facts.token {
        token.id.clone_from(&signature.field);
        token.pdf = Some(pdf_facts(pdf, signature));
    }
    if let Some(range) = hashable_range(signature) {
        facts.covers = Covers::Ranges(range.ranges());
    }
    Ok(facts)
}
