//! The validation of an evidence record (EN 319 102-1 §5.6.2.5, RFC 4998 §5.3): each archive
//! time-stamp by itself, the newest first, the older ones in the light of the newer.

use super::time_stamp::{self, ProcessedTimeStamp};
use crate::error::Result;
use crate::time::UtcTime;
use crate::validation::block::{self, Context};
use crate::validation::check::{CheckId, Finding, Message, say};
use crate::validation::conclusion::{Conclusion, Failed, Indeterminate};
use crate::validation::facts::{Covers, EvidenceRecordFacts, Unreadable};
use crate::validation::poe::Proofs;
use crate::validation::steps::{Block, BlockId};

/// What the process came to for one record.
pub(in crate::validation) struct ProcessedEvidenceRecord {
    pub(in crate::validation) conclusion: Conclusion,
    pub(in crate::validation) block: Block,
    /// For each archive time-stamp.
    pub(in crate::validation) time_stamps: Vec<ProcessedTimeStamp>,
}

impl ProcessedEvidenceRecord {
    /// The time at which what it covers is proven to have existed, where it holds.
    pub(in crate::validation) fn proves(&self, facts: &EvidenceRecordFacts) -> Option<UtcTime> {
        facts.time().filter(|_| self.conclusion == Conclusion::TotalPassed)
    }
}

/// Judges one record with what is proven without it.
///
/// # Errors
/// `LimitExceeded` when a bound was reached.
pub(in crate::validation) fn validate(
    facts: &EvidenceRecordFacts,
    proofs: &Proofs<'_>,
    context: Context<'_>,
) -> Result<ProcessedEvidenceRecord> {
    let mut proofs = Proofs::upon(proofs);
    let mut time_stamps = Vec::with_capacity(facts.time_stamps.len());
    for stamp in facts.time_stamps.iter().rev() {
        let processed = time_stamp::validate(stamp, &facts.revocation, &proofs, context)?;
        if let (Some(at), Covers::Objects(objects)) = (processed.proves(stamp), &stamp.covers) {
            objects.iter().for_each(|object| proofs.add(*object, at));
        }
        time_stamps.push(processed);
    }
    time_stamps.reverse();
    let own = block::judge(BlockId::EvidenceRecord, findings(facts), context).block;
    let conclusions = time_stamps.iter().map(|it| it.conclusion);
    let conclusion = conclusions.fold(own.conclusion, Conclusion::worse);
    let mut block = Block { about: Some(name(facts)), conclusion, ..own };
    block.blocks = time_stamps.iter().map(|it| it.block.clone()).collect();
    Ok(ProcessedEvidenceRecord { conclusion, block, time_stamps })
}

/// What a report calls it.
fn name(facts: &EvidenceRecordFacts) -> String {
    let time = facts.time().map(|it| it.to_string()).unwrap_or_default();
    let entry = facts.entry.as_deref().map(|it| format!("{it} ")).unwrap_or_default();
    format!("{entry}{} {time}", facts.form.name())
}

fn findings(facts: &EvidenceRecordFacts) -> Vec<Finding> {
    match &facts.unreadable {
        Some(why) => vec![unreadable(why)],
        None => vec![objects(facts), chain(facts)],
    }
}

fn unreadable(why: &Unreadable) -> Finding {
    let id = CheckId::EvidenceRecordChain;
    match why {
        Unreadable::Malformed(what) => Finding::broken(
            id,
            Failed::FormatFailure,
            say(
                "Không đọc được bản ghi bằng chứng.",
                format!("The evidence record cannot be read: {what}."),
            ),
        ),
        Unreadable::Unsupported(what) => Finding::unknown(
            id,
            Indeterminate::Generic,
            say(
                "Bản ghi bằng chứng dùng tính năng chưa được hỗ trợ.",
                format!("The evidence record is of a kind that is not supported: {what}."),
            ),
        ),
    }
}

/// RFC 4998 §4.3: all that it has to be over stands in its first hash tree.
fn objects(facts: &EvidenceRecordFacts) -> Finding {
    let id = CheckId::EvidenceRecordObjects;
    let others = facts.objects.iter().filter(|it| it.intact == Some(false));
    let others: Vec<_> = others.map(|it| it.name.as_str()).collect();
    if !others.is_empty() {
        let names = others.join(", ");
        let message = say(
            format!("Bản ghi bằng chứng không bao trùm dữ liệu này: {names}."),
            format!("The evidence record is not over this data: {names}."),
        );
        return Finding::broken(id, Failed::HashFailure, message);
    }
    let known = facts.objects.iter().all(|it| it.intact.is_some());
    if facts.objects.is_empty() || !known {
        return Finding::unknown(
            id,
            Indeterminate::SignedDataNotFound,
            say(
                "Không có dữ liệu để kiểm tra bản ghi bằng chứng bao trùm những gì.",
                "What the evidence record is over is not at hand.",
            ),
        );
    }
    let count = facts.objects.len();
    Finding::holds(
        id,
        say(
            format!("Bản ghi bằng chứng bao trùm dữ liệu này ({count})."),
            format!("The evidence record is over this very data ({count})."),
        ),
    )
}

/// RFC 4998 §5.3: one digest in each chain, and time goes on.
fn chain(facts: &EvidenceRecordFacts) -> Finding {
    let id = CheckId::EvidenceRecordChain;
    if !facts.uniform {
        let message = say(
            "Một chuỗi dấu thời gian lưu trữ dùng nhiều hàm băm khác nhau (RFC 4998).",
            "The archive time-stamps of one chain are by different digests (RFC 4998).",
        );
        return Finding::broken(id, Failed::FormatFailure, message);
    }
    match facts.is_in_order() {
        Some(true) => Finding::holds(id, in_order(facts)),
        Some(false) => Finding::broken(
            id,
            Indeterminate::TimestampOrderFailure,
            say(
                "Các dấu thời gian lưu trữ không theo thứ tự thời gian.",
                "The archive time-stamps are not in the order of time.",
            ),
        ),
        None => Finding::broken(
            id,
            Failed::FormatFailure,
            say("Không đọc được dấu thời gian lưu trữ.", "An archive time-stamp cannot be read."),
        ),
    }
}

fn in_order(facts: &EvidenceRecordFacts) -> Message {
    let count = facts.time_stamps.len();
    say(
        format!("Bản ghi bằng chứng có {count} dấu thời gian lưu trữ, theo đúng thứ tự."),
        format!("The evidence record has {count} archive time-stamp(s), in the order of time."),
    )
}

/// What the report of what it covers says of it.
pub(super) fn finding(facts: &EvidenceRecordFacts, processed: &ProcessedEvidenceRecord) -> Finding {
    let id = CheckId::EvidenceRecordValidation;
    let at = facts.time().map(UtcTime::vietnam).unwrap_or_default();
    match processed.conclusion {
        Conclusion::TotalPassed => Finding::holds(
            id,
            say(
                format!("Bản ghi bằng chứng từ {at} đáng tin cậy."),
                format!("The evidence record since {at} can be relied on."),
            ),
        ),
        follows => {
            let Message { vi, en } = time_stamp::first_problem(&processed.block)
                .unwrap_or_else(|| say(follows.to_string(), follows.to_string()));
            let message = say(
                format!("Bản ghi bằng chứng từ {at} không dùng được ({follows}): {vi}"),
                format!("The evidence record since {at} proves nothing ({follows}): {en}"),
            );
            Finding::unknown(id, Indeterminate::SigConstraintsFailure, message)
        }
    }
}
