//! What would settle what is open: which certificate, which list or answer, where it was
//! asked for, and what came back.

use super::block::{Context, revocation_strength};
use super::check::{Message, say};
use super::conclusion::Conclusion;
use super::facts::{EvidenceRecordFacts, SignatureFacts};
use super::policy::Revocation;
use super::process::{Processed, ProcessedEvidenceRecord, ProcessedTimeStamp};
use crate::pki::Certificate;
use crate::pki::path::{Fault, Search};
use crate::pki::revocation::{Checked, Status};
use crate::retrieval::RequestKind;
use crate::time::UtcTime;

/// What a signature lacks, and each of its time-stamps that proves nothing for that.
pub(super) fn of_signature(
    facts: &SignatureFacts,
    processed: &Processed,
    context: Context<'_>,
) -> Vec<Message> {
    let mut all = Vec::new();
    if facts.unreadable.is_some() {
        return all;
    }
    if !facts.data.found {
        all.push(say("tệp đã được ký", "content: the signed file"));
    }
    if facts.signer.certificate.is_none() {
        all.push(say("chứng thư số của người ký", "certificate: the signer's"));
    }
    let proven = processed.best_signature_time;
    all.extend(of_path(processed.search.as_ref(), proven, context));
    all.extend(of_revocation(&processed.checked, context));
    if processed.conclusion != Conclusion::TotalPassed {
        let records = processed.evidence_records.iter().flat_map(|it| &it.time_stamps);
        add_of_time_stamps(&mut all, processed.time_stamps.iter().chain(records), context);
    }
    all
}

/// What an evidence record lacks.
pub(super) fn of_record(
    facts: &EvidenceRecordFacts,
    processed: &ProcessedEvidenceRecord,
    context: Context<'_>,
) -> Vec<Message> {
    let mut all = Vec::new();
    if facts.unreadable.is_some() || processed.conclusion == Conclusion::TotalPassed {
        return all;
    }
    if facts.objects.is_empty() || facts.objects.iter().any(|it| !it.found) {
        all.push(say(
            "tệp được bản ghi bằng chứng bao trùm",
            "content: the file that the evidence record is over",
        ));
    }
    add_of_time_stamps(&mut all, &processed.time_stamps, context);
    all
}

/// What those lack that prove nothing, each thing once.
fn add_of_time_stamps<'a>(
    all: &mut Vec<Message>,
    stamps: impl IntoIterator<Item = &'a ProcessedTimeStamp>,
    context: Context<'_>,
) {
    let open = stamps.into_iter().filter(|it| it.conclusion != Conclusion::TotalPassed);
    for stamp in open {
        let needed = of_path(stamp.search.as_ref(), None, context);
        let revocation = of_revocation(&stamp.checked, context);
        let new = needed.into_iter().chain(revocation).filter(|it| !all.contains(it));
        all.extend(new.collect::<Vec<_>>());
    }
}

/// The Vietnamese and the English.
pub(super) fn told(missing: Vec<Message>) -> (Vec<String>, Vec<String>) {
    missing.into_iter().map(|it| (it.vi, it.en)).unzip()
}

/// Issuers that a path ends for want of. Where it only is out of its time, these would
/// change nothing: what was proven to be older wants word about revocation, and what was
/// not a proof.
pub(super) fn of_path(
    search: Option<&Search>,
    proven: Option<UtcTime>,
    context: Context<'_>,
) -> Vec<Message> {
    let Some(Search::NotFound(rejections)) = search else { return Vec::new() };
    let Some(rejection) = rejections.first() else { return Vec::new() };
    let path = rejection.certificates.iter();
    match &rejection.fault {
        Fault::Expired { not_after } if proven.is_some_and(|it| it <= *not_after) => {
            path.flat_map(|it| revocation_of(it, context)).collect()
        }
        Fault::Expired { not_after } => vec![say(
            format!("dấu thời gian từ trước {}", not_after.vietnam()),
            format!("time-stamp: from before {}", not_after.vietnam()),
        )],
        Fault::NotYetValid { .. } => Vec::new(),
        _ => path.last().map(|last| issuer_of(last, context)).unwrap_or_default(),
    }
}

fn issuer_of(certificate: &Certificate, context: Context<'_>) -> Vec<Message> {
    let issuer = certificate.issuer();
    let mut all = vec![say(
        format!("chứng thư số của {issuer}, là gốc tin cậy hoặc dưới một gốc tin cậy"),
        format!("certificate: {issuer}, as a trust anchor or below one"),
    )];
    all.extend(urls(RequestKind::Certificates, certificate.issuer_urls(), context));
    all
}

/// Revocation information that the policy asks for.
pub(super) fn of_revocation(checked: &[Checked], context: Context<'_>) -> Vec<Message> {
    let mut all = Vec::new();
    if context.policy.revocation != Revocation::Required {
        return all;
    }
    for checked in checked.iter().filter(|it| it.status == Status::Unknown) {
        all.extend(revocation_strength::needed(checked, context.policy));
        all.extend(revocation_of(&checked.certificate, context));
    }
    all
}

fn revocation_of(certificate: &Certificate, context: Context<'_>) -> Vec<Message> {
    let subject = certificate.subject();
    let mut all = vec![say(
        format!("thông tin thu hồi về chứng thư số của {subject}"),
        format!("revocation: {subject}"),
    )];
    all.extend(urls(RequestKind::Crl, certificate.crl_urls(), context));
    all.extend(urls(RequestKind::Ocsp, certificate.ocsp_urls(), context));
    all
}

/// Each with what came of asking there, where it was asked; no more of them than would be.
fn urls(kind: RequestKind, urls: &[String], context: Context<'_>) -> Vec<Message> {
    let (vi, en) = match kind {
        RequestKind::Crl => ("danh sách thu hồi", "crl"),
        RequestKind::Ocsp => ("trả lời OCSP", "ocsp"),
        _ => ("chứng thư số", "certificate"),
    };
    let attempts = context.gathering.map(|it| it.attempts()).unwrap_or_default();
    let shown = urls.iter().take(context.limits.retrieval_urls);
    let told = shown.map(|url| {
        let attempt = attempts.iter().find(|it| it.kind == kind && it.url == *url);
        match attempt.map(|it| it.error.as_deref()) {
            None => say(format!("{vi} tại {url}"), format!("{en}: {url}")),
            Some(None) => say(
                format!("{vi} tại {url} (đã hỏi, nhưng trả lời không giúp kết luận)"),
                format!("{en}: {url} (asked, and the answer does not settle it)"),
            ),
            Some(Some(error)) => say(
                format!("{vi} tại {url} (đã hỏi: {error})"),
                format!("{en}: {url} (asked: {error})"),
            ),
        }
    });
    told.collect()
}
