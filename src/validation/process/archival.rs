//! The validation process for signatures with archival data (EN 319 102-1 §5.6), which
//! runs all others: proofs of existence from the time-stamps, the newest first, then the
//! signature in their light. Evidence records add their proofs before the signatures' own
//! time-stamps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::basic::{self, Basic};
use super::evidence_record::{self, ProcessedEvidenceRecord};
use super::past;
use super::time_stamp::{self, ProcessedTimeStamp};
use crate::error::Result;
use crate::pki::path::Search;
use crate::pki::revocation::{Checked, Status};
use crate::time::UtcTime;
use crate::validation::block::{self, Context};
use crate::validation::check::{Check, CheckId, Finding, say};
use crate::validation::conclusion::{Conclusion, Failed, Indeterminate};
use crate::validation::facts::{
    DocumentFacts, EvidenceRecordFacts, RevocationFacts, SignatureFacts, TimeStampFacts,
};
use crate::validation::poe::{ObjectId, Proofs, Proven};
use crate::validation::steps::{Block, BlockId};

/// What the processes came to for one signature.
pub(in crate::validation) struct Processed {
    pub(in crate::validation) conclusion: Conclusion,
    pub(in crate::validation) checks: Vec<Check>,
    pub(in crate::validation) block: Block,
    pub(in crate::validation) search: Option<Search>,
    /// What is known about each certificate of the path.
    pub(in crate::validation) checked: Vec<Checked>,
    /// The earliest time at which it is proven to have existed.
    pub(in crate::validation) best_signature_time: Option<UtcTime>,
    /// For each of the signature's own time-stamps.
    pub(in crate::validation) time_stamps: Vec<ProcessedTimeStamp>,
    /// For each of the signature's own evidence records.
    pub(in crate::validation) evidence_records: Vec<ProcessedEvidenceRecord>,
    /// What is proven to have existed before the validation time.
    pub(in crate::validation) proven: Proven,
}

/// What the processes came to for a document.
pub(in crate::validation) struct ProcessedDocument {
    pub(in crate::validation) signatures: Vec<Processed>,
    /// For each time-stamp over the document.
    pub(in crate::validation) time_stamps: Vec<ProcessedTimeStamp>,
    /// For each evidence record over the document.
    pub(in crate::validation) evidence_records: Vec<ProcessedEvidenceRecord>,
}

/// Judges every signature of a document.
///
/// # Errors
/// `LimitExceeded` when a bound was reached: then nothing is concluded.
pub(in crate::validation) fn document(
    facts: &DocumentFacts,
    context: Context<'_>,
) -> Result<ProcessedDocument> {
    // They ask about no proof, and what they fetch leads to authorities of time-stamps, too.
    let signatures = facts.signatures.iter();
    let basics: Vec<_> =
        signatures.map(|it| basic::validate(it, context)).collect::<Result<_>>()?;
    let mut proofs = Proofs::none(context.at);
    let (time_stamps, evidence_records) = archives(facts, &mut proofs, context)?;
    let mut evidence_records = evidence_records.into_iter();
    let mut next =
        |of: &[EvidenceRecordFacts]| evidence_records.by_ref().take(of.len()).collect::<Vec<_>>();
    let over_parts = next(&facts.evidence_records);
    let own: Vec<_> = facts.signatures.iter().map(|it| next(&it.evidence_records)).collect();
    let over_document = (&facts.time_stamps[..], &time_stamps[..]);
    let known = Arc::new(proofs.own());
    let signatures = facts.signatures.iter().zip(basics).zip(own);
    let signatures: Result<_> = signatures
        .map(|((it, basic), records)| {
            signature(it, (basic, records), over_document, (&proofs, &known), context)
        })
        .collect();
    Ok(ProcessedDocument { signatures: signatures?, time_stamps, evidence_records: over_parts })
}

/// What is over the document or its parts, and the evidence records of its signatures, the newest
/// first whosever they are: each may be under any younger one. A record is as young as its last
/// time-stamp. The answers in the order of the document, the signatures' own records last.
fn archives(
    facts: &DocumentFacts,
    proofs: &mut Proofs<'_>,
    context: Context<'_>,
) -> Result<(Vec<ProcessedTimeStamp>, Vec<ProcessedEvidenceRecord>)> {
    let own = facts.signatures.iter().flat_map(|it| &it.evidence_records);
    let mut waiting: Vec<_> = facts.evidence_records.iter().chain(own).enumerate().collect();
    waiting.sort_by_key(|(place, it)| (it.last_time(), std::cmp::Reverse(*place)));
    let (nothing, mut processed) = (RevocationFacts::default(), Vec::new());
    let time_stamps = newest_first(&facts.time_stamps, |stamp| {
        while let Some((place, record)) = waiting.pop_if(|(_, it)| it.last_time() >= stamp.time) {
            processed.push((place, self::record(record, proofs, context)?));
        }
        let processed = time_stamp::validate(stamp, &nothing, proofs, context)?;
        if let Some(at) = processed.proves(stamp) {
            let covered = facts.objects.iter().filter(|(place, _)| stamp.covers.includes(place));
            covered.for_each(|(_, object)| proofs.add(*object, at));
            stamp.covers.objects().iter().for_each(|object| proofs.add(*object, at));
        }
        Ok(processed)
    })?;
    while let Some((place, record)) = waiting.pop() {
        processed.push((place, self::record(record, proofs, context)?));
    }
    processed.sort_by_key(|(place, _)| *place);
    Ok((time_stamps, processed.into_iter().map(|(_, it)| it).collect()))
}

/// §5.6.3.4: what an evidence record that holds proves, it proves of all that it covers,
/// whoever's attribute it is.
fn record(
    facts: &EvidenceRecordFacts,
    proofs: &mut Proofs<'_>,
    context: Context<'_>,
) -> Result<ProcessedEvidenceRecord> {
    let processed = evidence_record::validate(facts, proofs, context)?;
    if let Some(at) = processed.proves(facts) {
        facts.covers.iter().for_each(|object| proofs.add(*object, at));
    }
    Ok(processed)
}

/// In the order of the standard, each with what the newer ones prove; the answers in the
/// order of the document.
fn newest_first(
    stamps: &[TimeStampFacts],
    mut process: impl FnMut(&TimeStampFacts) -> Result<ProcessedTimeStamp>,
) -> Result<Vec<ProcessedTimeStamp>> {
    let mut order: Vec<_> = stamps.iter().enumerate().collect();
    order.sort_by_key(|(place, stamp)| std::cmp::Reverse((stamp.time, *place)));
    let mut processed = Vec::with_capacity(order.len());
    for (place, stamp) in order {
        processed.push((place, process(stamp)?));
    }
    processed.sort_by_key(|(place, _)| *place);
    Ok(processed.into_iter().map(|(_, it)| it).collect())
}

fn signature(
    facts: &SignatureFacts,
    (basic, evidence_records): (Basic, Vec<ProcessedEvidenceRecord>),
    over_document: (&[TimeStampFacts], &[ProcessedTimeStamp]),
    (proofs, known): (&Proofs<'_>, &Arc<BTreeMap<ObjectId, UtcTime>>),
    context: Context<'_>,
) -> Result<Processed> {
    let mut proofs = Proofs::upon(proofs);
    let time_stamps = newest_first(&facts.time_stamps, |stamp| {
        let processed = time_stamp::validate(stamp, &facts.revocation, &proofs, context)?;
        if let Some(at) = processed.proves(stamp) {
            stamp.covers.objects().iter().for_each(|object| proofs.add(*object, at));
        }
        Ok(processed)
    })?;
    let proven = proofs.of(facts.value_id);
    let settled = past::settle(facts, basic, proven, &proofs, context)?;
    let proven = proofs.proven(facts.value_id);
    let mut findings: Vec<_> = facts
        .time_stamps
        .iter()
        .zip(&time_stamps)
        .map(|(stamp, processed)| time_stamp::finding(stamp, processed))
        .collect();
    findings.extend(facts.document_time_stamps.iter().filter_map(|place| {
        let (stamps, processed) = over_document;
        Some(time_stamp::finding(stamps.get(*place)?, processed.get(*place)?))
    }));
    let records = facts.evidence_records.iter().zip(&evidence_records);
    findings.extend(records.map(|(facts, it)| evidence_record::finding(facts, it)));
    findings.extend(order(facts, proven));
    findings.extend(too_late(facts, &settled, &time_stamps));
    findings.push(proven_time(findings.len(), proven));
    let own = block::judge(BlockId::Archival, findings, context);
    let conclusion = settled.conclusion.worse(own.block.conclusion);
    let mut block = Block { conclusion, ..own.block };
    block.blocks = settled.blocks;
    block.blocks.extend(time_stamps.iter().map(|it| it.block.clone()));
    block.blocks.extend(evidence_records.iter().map(|it| it.block.clone()));
    let (mut checks, search, checked) = settled.basic.into_parts();
    checks.extend(block.checks.iter().cloned());
    Ok(Processed {
        conclusion,
        checks,
        block,
        search,
        checked,
        best_signature_time: proven,
        time_stamps,
        evidence_records,
        proven: Proven::new(known, proofs.own()),
    })
}

/// §5.5.4 step 4 e): what was stamped before it was signed is older than what was stamped
/// after.
fn order(facts: &SignatureFacts, proven: Option<UtcTime>) -> Option<Finding> {
    let proven = proven?;
    let content = facts
        .time_stamps
        .iter()
        .filter(|it| it.kind.is_over_content() && it.imprint_intact != Some(false));
    let latest = content.filter_map(|it| it.time).max()?;
    let id = CheckId::TimeStampOrder;
    let (first, then) = (latest.vietnam(), proven.vietnam());
    Some(if latest <= proven {
        Finding::holds(
            id,
            say(
                format!("Nội dung có từ {first}, chữ ký có từ {then}."),
                format!("The content existed at {first}, the signature at {then}."),
            ),
        )
    } else {
        Finding::broken(
            id,
            Indeterminate::TimestampOrderFailure,
            say(
                format!("Dấu thời gian mâu thuẫn: nội dung {first}, chữ ký {then}."),
                format!(
                    "The time-stamps contradict: the content's {first}, the signature's {then}."
                ),
            ),
        )
    })
}

/// §5.3.4 steps 4 and 6: a time-stamp that the signer signed proves that the signature is
/// younger than it.
fn too_late(
    facts: &SignatureFacts,
    settled: &past::Settled,
    processed: &[ProcessedTimeStamp],
) -> Option<Finding> {
    let stamps = facts.time_stamps.iter().zip(processed);
    let content = stamps.filter(|(it, _)| it.kind.is_over_content());
    let after = content.filter_map(|(it, processed)| processed.proves(it)).max()?;
    let certificate = facts.signer.certificate.as_ref()?;
    let revoked = settled.basic.checked.first().filter(|it| it.certificate == *certificate);
    let failed = match revoked.map(|it| &it.status) {
        Some(Status::Revoked { at, .. }) if *at < after => Failed::Revoked,
        _ if certificate.not_after() < after => Failed::Expired,
        _ => return None,
    };
    let at = after.vietnam();
    let message = say(
        format!("Chữ ký được tạo sau {at}, khi chứng thư số không còn hiệu lực."),
        format!("It was signed after {at}, when the certificate was not good any more."),
    );
    Some(Finding::broken(CheckId::ProvenTime, failed, message))
}

fn proven_time(stamps: usize, proven: Option<UtcTime>) -> Finding {
    let message = match proven {
        Some(at) => {
            let at = at.vietnam();
            say(
                format!("Dấu thời gian chứng minh chữ ký đã có từ {at}."),
                format!("A time-stamp proves that the signature existed at {at}."),
            )
        }
        None if stamps == 0 => {
            say("Chữ ký không gắn dấu thời gian.", "The signature has no time-stamp.")
        }
        None => say(
            "Không có dấu thời gian nào chứng minh được chữ ký có từ lúc nào.",
            "No time-stamp proves when the signature existed.",
        ),
    };
    Finding::noted(CheckId::ProvenTime, message)
}
