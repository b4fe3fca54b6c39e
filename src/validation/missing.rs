//! What would settle what is open: which certificate, which list or answer, where it was
//! asked for, and what came back.

use super::block::Context;
use crate::pki::path::Search;
use crate::pki::revocation::{Checked, Status};
use crate::retrieval::RequestKind;
use crate::validation::policy::Revocation;

/// Issuers that a path ends for want of.
pub(super) fn of_path(search: Option<&Search>, context: Context<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let Some(Search::NotFound(rejections)) = search else { return all };
    if let Some(last) = rejections.first().and_then(|it| it.certificates.last()) {
        all.push(format!("certificate: {}, as a trust anchor or below one", last.issuer()));
        all.extend(urls(RequestKind::Certificates, last.issuer_urls(), context));
    }
    all
}

/// Revocation information that the policy asks for.
pub(super) fn of_revocation(checked: &[Checked], context: Context<'_>) -> Vec<String> {
    let mut all = Vec::new();
    if context.policy.revocation != Revocation::Required {
        return all;
    }
    for checked in checked.iter().filter(|it| it.status == Status::Unknown) {
        let certificate = &checked.certificate;
        all.push(format!("revocation: {}", certificate.subject()));
        all.extend(urls(RequestKind::Crl, certificate.crl_urls(), context));
        all.extend(urls(RequestKind::Ocsp, certificate.ocsp_urls(), context));
    }
    all
}

/// Each with what came of asking there, where it was asked; no more of them than would be.
fn urls(kind: RequestKind, urls: &[String], context: Context<'_>) -> Vec<String> {
    let name = match kind {
        RequestKind::Crl => "crl",
        RequestKind::Ocsp => "ocsp",
        _ => "certificate",
    };
    let attempts = context.gathering.map(|it| it.attempts()).unwrap_or_default();
    let shown = urls.iter().take(context.limits.retrieval_urls);
    let told = shown.map(|url| {
        let attempt = attempts.iter().find(|it| it.kind == kind && it.url == *url);
        match attempt.map(|it| it.error.as_deref()) {
            None => format!("{name}: {url}"),
            Some(None) => format!("{name}: {url} (asked, and the answer does not settle it)"),
            Some(Some(error)) => format!("{name}: {url} (asked: {error})"),
        }
    });
    told.collect()
}
