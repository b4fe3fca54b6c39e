//! Identification of the signing certificate (EN 319 102-1 §5.2.3), and the policy
//! that the signer names (§5.2.4).

use super::Context;
use crate::crypto::DigestContext;
use crate::encoding::asn1::Value;
use crate::error::Result;
use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::Indeterminate;
use crate::validation::facts::{
    CertificateReferenceFact, NamedPolicy, PolicyDigest, SignatureFacts,
};

/// Those of both blocks.
pub(super) fn findings(
    facts: &SignatureFacts,
    context: Context<'_>,
) -> (Vec<Finding>, Vec<Finding>) {
    let mut all = vec![found(facts)];
    all.extend(reference(facts));
    all.extend(issuer_serial(facts));
    (all, signature_policy(facts, context).into_iter().collect())
}

fn found(facts: &SignatureFacts) -> Finding {
    let id = CheckId::SigningCertificate;
    match (&facts.signer.certificate, facts.signer.reference) {
        (_, CertificateReferenceFact::Differs) => Finding::broken(
            id,
            Indeterminate::NoSigningCertificateFound,
            say(
                "Không có chứng thư số nào trùng với chứng thư mà người ký đã ghi trong chữ ký.",
                "No certificate at hand is the one that the signer named in the signature.",
            ),
        ),
        // The unsigned identifier may point at another one with the same key.
        (Some(_), CertificateReferenceFact::Unsupported) => Finding::unknown(
            id,
            Indeterminate::NoSigningCertificateFound,
            say(
                "Chứng thư số của người ký được ghi bằng hàm băm không được hỗ trợ.",
                "The signer's certificate is named by a digest that is not supported.",
            ),
        ),
        (None, _) => Finding::broken(
            id,
            Indeterminate::NoSigningCertificateFound,
            say(
                "Không tìm thấy chứng thư số của người ký.",
                "The signer's certificate is not at hand.",
            ),
        ),
        (Some(certificate), _) => {
            let subject = certificate.subject();
            Finding::holds(
                id,
                say(
                    format!("Người ký dùng chứng thư số của {subject}."),
                    format!("The signer's certificate is that of {subject}."),
                ),
            )
        }
    }
}

/// Without a signed reference the certificate could be exchanged for another one
/// with the same key (RFC 5035 §1).
fn reference(facts: &SignatureFacts) -> Option<Finding> {
    let id = CheckId::SigningCertificateReference;
    let follows = Indeterminate::SigConstraintsFailure;
    match facts.signer.reference {
        CertificateReferenceFact::Matches => Some(Finding::holds(
            id,
            say(
                "Chữ ký ghi đúng chứng thư số của người ký.",
                "The signature names the signer's certificate.",
            ),
        )),
        CertificateReferenceFact::Absent => Some(Finding::broken(
            id,
            follows,
            say(
                "Chữ ký không ghi chứng thư số của người ký trong phần được ký.",
                "The signature does not name the signer's certificate in its signed part.",
            ),
        )),
        // Said by the check above.
        CertificateReferenceFact::Unsupported | CertificateReferenceFact::Differs => None,
    }
}

fn issuer_serial(facts: &SignatureFacts) -> Option<Finding> {
    let id = CheckId::SigningCertificateIssuerSerial;
    let differs = facts.signer.issuer_serial == Some(false);
    let elsewhere = facts.signer.identifier == Some(false);
    let follows = Indeterminate::SigConstraintsFailure;
    if differs || elsewhere {
        return Some(Finding::broken(
            id,
            follows,
            say(
                "Tên cơ quan cấp hoặc số sê-ri ghi trong chữ ký không khớp với chứng thư số.",
                "The issuer or serial number in the signature is not the certificate's.",
            ),
        ));
    }
    None
}

fn signature_policy(facts: &SignatureFacts, context: Context<'_>) -> Option<Finding> {
    let id = CheckId::SignaturePolicy;
    let (oid, digest) = match facts.signature_policy.as_ref()? {
        NamedPolicy::Implied => {
            return Some(Finding::noted(
                id,
                say(
                    "Người ký viện dẫn một chính sách chữ ký ngầm định; chính sách đó không được kiểm tra.",
                    "The signer refers to an implied signature policy, which is not checked.",
                ),
            ));
        }
        NamedPolicy::Explicit { oid, digest } => (oid, digest.as_ref()),
    };
    let mut documents =
        context.signature_policies.iter().filter(|(known, _)| known == oid).peekable();
    if documents.peek().is_none() {
        return Some(Finding::noted(
            id,
            say(
                format!(
                    "Người ký viện dẫn chính sách chữ ký {oid}; chính sách đó không được kiểm tra."
                ),
                format!("The signer refers to the signature policy {oid}, which is not checked."),
            ),
        ));
    }
    let same = digest.is_some_and(|digest| documents.any(|(_, it)| is_of(digest, it)));
    Some(match same {
        true => Finding::holds(
            id,
            say(
                format!("Văn bản chính sách chữ ký {oid} đúng là văn bản mà người ký viện dẫn."),
                format!("The document of the signature policy {oid} is the one signed under."),
            ),
        ),
        false => Finding::broken(
            id,
            Indeterminate::PolicyProcessingError,
            say(
                format!(
                    "Văn bản chính sách chữ ký {oid} hiện có không phải là văn bản mà người ký \
                     viện dẫn."
                ),
                format!("The document at hand of the signature policy {oid} is another one."),
            ),
        ),
    })
}

/// Whether the digest is the document's (EN 319 122-1 §5.2.9.1): of all of it, or, where it is
/// a policy in ASN.1 (TR 102 272 §7), of its first two parts.
fn is_of(digest: &PolicyDigest, document: &[u8]) -> bool {
    let Some(algorithm) = digest.algorithm else { return false };
    if algorithm.digest(document).value() == digest.value {
        return true;
    }
    let parts = || -> Result<[&[u8]; 2]> {
        let mut fields = Value::only(document, 64)?.sequence()?;
        Ok([fields.required()?.raw(), fields.required()?.raw()])
    };
    parts().is_ok_and(|parts| {
        let mut context = DigestContext::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        context.finish().value() == digest.value
    })
}
