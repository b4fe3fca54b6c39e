//! X.509 certificate validation (EN 319 102-1 §5.2.6, RFC 5280 §6).

use super::Context;
use crate::error::Result;
use crate::pki::Certificate;
use crate::pki::path::{Fault, PathFinder, Rejection, Search};
use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::Indeterminate;
use crate::validation::facts::SignatureFacts;
use crate::validation::messages;

/// Looks for a path at the time of the context; nothing where it is not known who signed.
///
/// # Errors
/// `LimitExceeded` when the search reached a bound.
pub(in crate::validation) fn search(
    facts: &SignatureFacts,
    context: Context<'_>,
) -> Result<Option<Search>> {
    if facts.unreadable.is_some() {
        return Ok(None);
    }
    let Some(certificate) = &facts.signer.certificate else { return Ok(None) };
    let finder = PathFinder {
        trust: context.trust,
        candidates: &facts.signer.certificates,
        at: context.at,
        requirements: context.requirements,
        checks: context.checks,
        check: context.path_check,
        issuers: context.issuers(),
        limits: context.limits,
    };
    finder.find(certificate).map(Some)
}

pub(super) fn findings(
    facts: &SignatureFacts,
    search: Option<&Search>,
    context: Context<'_>,
) -> Vec<Finding> {
    let Some(certificate) = &facts.signer.certificate else { return Vec::new() };
    let mut all = match search {
        Some(Search::Found(path)) => {
            let names: Vec<_> = path.certificates().iter().map(Certificate::subject).collect();
            vec![messages::trusted(&names, path.anchor())]
        }
        Some(Search::NotFound(rejections)) => match rejections.first() {
            // Only its time stands between this path and trust; that is said below.
            Some(rejection) if rejection.fault.is_about_time() => Vec::new(),
            Some(rejection) => vec![not_found(rejection)],
            None => Vec::new(),
        },
        None => Vec::new(),
    };
    all.push(validity(certificate, search, context));
    all
}

fn not_found(rejection: &Rejection) -> Finding {
    let follows = match rejection.fault {
        Fault::NoIssuer | Fault::OtherKey | Fault::BadSignature | Fault::TooLong => {
            Indeterminate::NoCertificateChainFound
        }
        Fault::AnchorPastSunset { .. } => Indeterminate::NoCertificateChainFoundNoPoe,
        Fault::NotYetValid { .. } | Fault::Expired { .. } => Indeterminate::OutOfBoundsNoPoe,
        Fault::NoPolicy | Fault::Purpose { .. } | Fault::Rejected { .. } => {
            Indeterminate::ChainConstraintsFailure
        }
        Fault::UnsupportedAlgorithm { .. }
        | Fault::Malformed { .. }
        | Fault::NotAuthority
        | Fault::KeyUsage
        | Fault::PathLength
        | Fault::NameConstraint { .. }
        | Fault::UnprocessedExtension { .. } => Indeterminate::CertificateChainGeneralFailure,
    };
    let message = messages::path_fault(&rejection.subject(), &rejection.fault);
    Finding::broken(CheckId::CertificationPath, follows, message)
}

/// §5.2.6.4: without a proven time the validation time is all there is.
fn validity(certificate: &Certificate, search: Option<&Search>, context: Context<'_>) -> Finding {
    let id = CheckId::CertificateValidity;
    let in_path = match search {
        Some(Search::NotFound(rejections)) => {
            rejections.first().filter(|rejection| rejection.fault.is_about_time())
        }
        _ => None,
    };
    let at = context.at.whole_seconds();
    let broken = |subject: &str, fault: &Fault| {
        let message = messages::path_fault(subject, fault);
        Finding::broken(id, Indeterminate::OutOfBoundsNoPoe, message)
    };
    if let Some(rejection) = in_path {
        broken(&rejection.subject(), &rejection.fault)
    } else if at < certificate.not_before() {
        let fault = Fault::NotYetValid { not_before: certificate.not_before() };
        broken(&certificate.subject(), &fault)
    } else if at > certificate.not_after() {
        broken(&certificate.subject(), &Fault::Expired { not_after: certificate.not_after() })
    } else {
        let (from, to, at) =
            (certificate.not_before().vietnam(), certificate.not_after().vietnam(), at.vietnam());
        Finding::holds(
            id,
            say(
                format!("Chứng thư số còn hiệu lực lúc {at} (từ {from} đến {to})."),
                format!("The certificate is within its time at {at} (from {from} to {to})."),
            ),
        )
    }
}
