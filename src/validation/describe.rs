//! What the report says of one signature: its facts, and what they came to.

use super::block::Context;
use super::facts::{
    DataFacts, DigestFact, EncapsulatedFact, EntryFact, EvidenceRecordFacts, Named, ReferenceFacts,
    SignatureFacts, TimeStampFacts, ValueFact,
};
use super::missing;
use super::process::{Processed, ProcessedEvidenceRecord, ProcessedTimeStamp};
use super::report::{
    Coverage, EvidenceRecordReport, Particulars, ReferenceReport, SignatureReport, Stamp,
    TimeStampReport,
};
use crate::pki::Certificate;
use crate::pki::path::Search;

/// The report on one signature.
pub(super) fn signature(
    facts: &SignatureFacts,
    mut processed: Processed,
    over_document: &[(TimeStampReport, Stamp)],
    context: Context<'_>,
) -> SignatureReport {
    let certificate = facts.signer.certificate.as_ref();
    let path = path_of(processed.search.as_ref());
    let own = facts.time_stamps.iter().zip(&processed.time_stamps);
    let mut timestamps: Vec<_> =
        own.map(|(facts, it)| (time_stamp(facts, it), Stamp::of(facts, it))).collect();
    let covering = facts.document_time_stamps.iter();
    timestamps.extend(covering.filter_map(|place| over_document.get(*place).cloned()));
    let (timestamps, stamps) = timestamps.into_iter().unzip();
    let lacks = missing::of_signature(facts, &processed, context);
    let (missing_vi, missing) = missing::told(lacks);
    let records =
        facts.evidence_records.iter().zip(std::mem::take(&mut processed.evidence_records));
    let records = records.map(|(facts, it)| evidence_record(facts, it, context)).collect();
    SignatureReport {
        id: facts.id.clone(),
        form: facts.form,
        level: facts.level,
        conclusion: processed.conclusion,
        intact: intact(facts),
        signature_value_ok: facts.value_holds(),
        references: references(facts),
        signature_algorithm: name(&facts.signature_algorithm),
        digest_algorithm: name(&facts.digest_algorithm),
        signer: certificate.map(Certificate::subject),
        signer_name: certificate.and_then(|it| it.subject_name().common_name().map(str::to_owned)),
        agency: certificate.and_then(|it| it.subject_name().organization().map(str::to_owned)),
        issuer: certificate.map(Certificate::issuer),
        serial: certificate.map(Certificate::serial),
        claimed_time: facts.claimed_time,
        claims: facts.claims.clone(),
        best_signature_time: processed.best_signature_time,
        trust_domain: match &processed.search {
            Some(Search::Found(path)) => path.anchor().domain().map(str::to_owned),
            Some(Search::NotFound(_)) | None => None,
        },
        missing,
        missing_vi,
        path,
        counter_signature: facts.counter_signature,
        covers: coverage(facts),
        pdf: facts.pdf.as_ref().map(|pdf| pdf.said.clone()),
        later_changes: facts.pdf.as_ref().map(|pdf| pdf.later_changes),
        permitted: facts.pdf.as_ref().and_then(|pdf| pdf.permitted),
        timestamps,
        evidence_records: records,
        particulars: Box::new(Particulars::of(facts, &processed, stamps, context)),
        checks: processed.checks,
        block: processed.block,
    }
}

fn name<T: ToString>(named: &Named<T>) -> Option<String> {
    let known = named.known.as_ref().map(ToString::to_string);
    known.or_else(|| Some(named.identifier()).filter(|it| !it.is_empty()))
}

fn path_of(search: Option<&Search>) -> Vec<String> {
    match search {
        Some(Search::Found(path)) => {
            let subjects = path.certificates().iter().map(Certificate::subject);
            subjects.chain([path.anchor().name()]).collect()
        }
        Some(Search::NotFound(rejections)) => rejections.first().map_or(Vec::new(), |rejection| {
            rejection.certificates.iter().map(Certificate::subject).collect()
        }),
        None => Vec::new(),
    }
}

fn intact(facts: &SignatureFacts) -> Option<bool> {
    let references = references(facts);
    if references.iter().any(|it| !it.found || it.intact == Some(false)) {
        return Some(false);
    }
    let unknown = references.iter().any(|it| it.intact.is_none());
    match facts.value_holds() {
        // Without a certificate no value verifies, which is what this field says.
        None if facts.value == ValueFact::NotChecked => Some(false),
        Some(true) if unknown => None,
        other => other,
    }
}

fn references(facts: &SignatureFacts) -> Vec<ReferenceReport> {
    if facts.unreadable.is_some() {
        return Vec::new();
    }
    if let Some(xml) = &facts.xml {
        return xml.references.iter().map(reference).collect();
    }
    let DataFacts { found, signed_attributes, digest, .. } = facts.data;
    let intact = match digest {
        DigestFact::Matches => Some(true),
        DigestFact::Differs | DigestFact::Missing => Some(false),
        DigestFact::Unsupported => None,
        // Without signed attributes the value itself is over the data.
        DigestFact::NotCompared if !signed_attributes && found => facts.value_holds(),
        DigestFact::NotCompared => Some(false),
    };
    let signed = facts.container.as_ref().and_then(|it| it.signed.as_deref());
    let name = if facts.pdf.is_some() { "ByteRange" } else { signed.unwrap_or("content") };
    let mut all = vec![ReferenceReport::new(name.into(), found, intact)];
    all.extend(facts.container.iter().flat_map(|it| &it.entries).map(listed));
    if let Some(within) = facts.data.encapsulated {
        let intact = Some(within == EncapsulatedFact::Same);
        all.push(ReferenceReport::new("eContent".into(), true, intact));
    }
    all
}

/// A file that the manifest of a container lists.
fn listed(entry: &EntryFact) -> ReferenceReport {
    let intact = matches(entry.digest);
    ReferenceReport::new(entry.name.clone(), entry.found, intact)
}

fn reference(facts: &ReferenceFacts) -> ReferenceReport {
    let intact = matches(facts.digest);
    ReferenceReport {
        element: facts.element.clone(),
        transforms: facts.transforms.clone(),
        ..ReferenceReport::new(facts.name.clone(), facts.found, intact)
    }
}

fn matches(digest: DigestFact) -> Option<bool> {
    match digest {
        DigestFact::Matches => Some(true),
        DigestFact::Unsupported => None,
        DigestFact::Differs | DigestFact::Missing | DigestFact::NotCompared => Some(false),
    }
}

fn coverage(facts: &SignatureFacts) -> Coverage {
    let files = files(facts);
    let container = facts.container.as_ref();
    if let Some(xml) = &facts.xml {
        let whole_file = match container {
            Some(_) if facts.counter_signature => None,
            Some(it) => Some(it.covers_all),
            None => xml.covers_whole_document,
        };
        let container = container.is_some();
        return Coverage { whole_file, files, container, ..Coverage::default() };
    }
    match (&facts.pdf, container) {
        (Some(pdf), _) => Coverage {
            whole_file: Some(pdf.covers_whole_file),
            byte_range: pdf.byte_range,
            ..Coverage::default()
        },
        (None, Some(container)) => Coverage {
            whole_file: container.signed.is_some().then_some(container.covers_all),
            byte_range: None,
            entry: container.signed.clone(),
            files,
            container: true,
        },
        (None, None) => Coverage::default(),
    }
}

/// Those beside the signature that are as it was made over them, where its value holds.
fn files(facts: &SignatureFacts) -> Vec<String> {
    if facts.value_holds() != Some(true) {
        return Vec::new();
    }
    if let Some(xml) = &facts.xml {
        return xml.files_covered().map(str::to_owned).collect();
    }
    let Some(container) = facts.container.as_ref().filter(|_| facts.covers_data()) else {
        return Vec::new();
    };
    if container.entries.is_empty() {
        return container.signed.iter().cloned().collect();
    }
    let intact = container.entries.iter().filter(|it| it.holds());
    intact.map(|it| it.name.clone()).collect()
}

/// The report on one evidence record.
pub(super) fn evidence_record(
    facts: &EvidenceRecordFacts,
    processed: ProcessedEvidenceRecord,
    context: Context<'_>,
) -> EvidenceRecordReport {
    let stamps = || facts.time_stamps.iter().zip(&processed.time_stamps);
    let (missing_vi, missing) = missing::told(missing::of_record(facts, &processed, context));
    let objects = facts.objects.iter();
    let objects = objects.map(|it| (it.name.clone(), it.found, it.intact));
    let others = facts.others.iter().map(|it| (it.clone(), false, None));
    let references = objects.chain(others);
    EvidenceRecordReport {
        entry: None,
        kind: facts.form,
        time: facts.time(),
        references: references
            .map(|(name, found, intact)| ReferenceReport::new(name, found, intact))
            .collect(),
        timestamps: stamps().map(|(facts, it)| time_stamp(facts, it)).collect(),
        conclusion: processed.conclusion,
        sub_indication: processed.conclusion.sub_indication(),
        checks: processed.block.checks.clone(),
        missing,
        missing_vi,
        stamps: stamps().map(|(facts, it)| Stamp::of(facts, it)).collect(),
        block: processed.block,
    }
}

/// The report on one time-stamp.
pub(super) fn time_stamp(
    facts: &TimeStampFacts,
    processed: &ProcessedTimeStamp,
) -> TimeStampReport {
    TimeStampReport {
        entry: None,
        kind: facts.kind,
        time: facts.time,
        imprint_intact: facts.imprint_intact,
        signature_intact: facts.signature_intact(),
        conclusion: processed.conclusion,
        sub_indication: processed.conclusion.sub_indication(),
        path: path_of(processed.search.as_ref()),
    }
}
