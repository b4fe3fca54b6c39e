//! Signature acceptance (EN 319 102-1 §5.2.8): algorithms, key usage, times, and
//! what happened to the document since.

use std::cmp::Reverse;

use super::appearance::appearance;
use super::{Context, Role, time_stamp};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::asn1::AlgorithmIdentifier;
use crate::pki::Certificate;
use crate::pki::path::{Search, ValidatedPath};
use crate::signature::pades::{LaterChanges, Unlocked};
use crate::time::UtcTime;
use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::{Failed, Indeterminate};
use crate::validation::facts::{CertificateReferenceFact, PdfFacts, SignatureFacts};
use crate::validation::messages;
use crate::validation::policy::Weakness;

pub(super) fn findings(
    facts: &SignatureFacts,
    search: Option<&Search>,
    context: Context<'_>,
) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Some(certificate) = &facts.signer.certificate {
        all.push(match context.role {
            Role::Signer => key_usage(certificate),
            Role::TimeStampAuthority => time_stamp::purpose(certificate),
        });
        all.push(key_strength(certificate, context));
    }
    all.extend(digest_strength(facts, context));
    all.extend(reference_strength(facts, context));
    if let Some(Search::Found(path)) = search {
        // What the signature names by a digest is at least as old as the signature.
        let named = facts.signer.reference == CertificateReferenceFact::Matches;
        let own_at = if named { context.at } else { context.material_at };
        all.extend(path_strength(path, own_at, Context { at: context.material_at, ..context }));
    }
    // A token's own claim is what it proves, and what comes after it in a file is not its own.
    if context.role == Role::TimeStampAuthority {
        return all;
    }
    all.push(claimed_time(facts));
    if let Some(pdf) = &facts.pdf {
        all.extend(appearance(pdf, facts));
        all.extend(later_changes(pdf));
        all.extend(permitted(pdf));
    }
    all
}

/// RFC 5280 §4.2.1.3. No extended key usage is asked for: the government's own
/// certificates for officers have none for documents. But a key that signs what
/// anybody sends it, as time-stamping services do, has not signed a document.
fn key_usage(certificate: &Certificate) -> Finding {
    let id = CheckId::KeyUsage;
    let may_sign = certificate
        .key_usage()
        .is_none_or(|usage| usage.digital_signature || usage.content_commitment);
    if may_sign && !certificate.is_only_for_services() {
        Finding::holds(
            id,
            say("Khóa của người ký được phép dùng để ký.", "The signer's key may be used to sign."),
        )
    } else {
        Finding::broken(
            id,
            Indeterminate::ChainConstraintsFailure,
            say(
                "Chứng thư số không cho phép dùng khóa này để ký văn bản.",
                "The certificate does not let this key sign documents.",
            ),
        )
    }
}

/// What a weakness is to a signature. EN 319 102-1 table 6: where no time is known up to which
/// a thing was secure, there is none that a proof could fall before, and `NO_POE` would send
/// the clerk after a proof that helps nobody.
pub(super) fn weakness(
    id: CheckId,
    found: Option<Weakness>,
    good: [String; 2],
    weak: [String; 2],
) -> Finding {
    let ([good_vi, good_en], [vi, en]) = (good, weak);
    match found {
        None => Finding::holds(id, say(good_vi, good_en)),
        Some(Weakness::Discouraged) => Finding::warned(
            id,
            say(
                format!("{vi} Chính sách vẫn tạm chấp nhận."),
                format!("{en} It still accepts it."),
            ),
        ),
        Some(Weakness::Since(Reverse(end))) => {
            let end = end.vietnam();
            let message = say(
                format!("{vi} Chỉ được chấp nhận đến {end}."),
                format!("{en} It was accepted until {end}."),
            );
            Finding::broken(id, Indeterminate::CryptoConstraintsFailureNoPoe, message)
        }
        Some(Weakness::Ever) => {
            Finding::broken(id, Indeterminate::CryptoConstraintsFailure, say(vi, en))
        }
    }
}

fn key_strength(certificate: &Certificate, context: Context<'_>) -> Finding {
    let key = messages::key(certificate.public_key());
    weakness(
        CheckId::KeyStrength,
        context.policy.algorithms.weakness_of_key(certificate.public_key(), context.at),
        [format!("Khóa {key} đủ mạnh."), format!("The key ({key}) is strong enough.")],
        [
            format!("Khóa {key} quá yếu theo chính sách."),
            format!("The key ({key}) is too weak by the policy."),
        ],
    )
}

fn digest_strength(facts: &SignatureFacts, context: Context<'_>) -> Option<Finding> {
    let stated = facts.digest_algorithm.known;
    let signature = facts.signature_algorithm.known.map(SignatureAlgorithm::digest);
    // A file is as safe as the digest that a manifest or a reference has of it.
    let listed = facts.container.iter().flat_map(|it| &it.entries).map(|it| it.algorithm);
    let references = facts.xml.iter().flat_map(|it| it.references.iter().chain(&it.manifest));
    let referred = references.map(|it| it.algorithm.known);
    let algorithms = &context.policy.algorithms;
    let weakness_of = |digest: &DigestAlgorithm| match context.role {
        Role::Signer => algorithms.weakness_of(*digest, context.at),
        Role::TimeStampAuthority => algorithms.weakness_of_authoritys(*digest, context.at),
    };
    let used = [stated, signature].into_iter().chain(listed).chain(referred);
    let weakest = used.flatten().max_by_key(weakness_of)?;
    Some(weakness(
        CheckId::DigestStrength,
        weakness_of(&weakest),
        [format!("Hàm băm {weakest} đủ mạnh."), format!("The digest {weakest} is strong enough.")],
        [
            format!("Hàm băm {weakest} quá yếu theo chính sách."),
            format!("The digest {weakest} is too weak by the policy."),
        ],
    ))
}

/// A second certificate of the same digest takes more than two documents of the same: whoever
/// signs chooses the documents, and an authority the certificate. The references of CMS have
/// SHA-1 by their definition (RFC 2634 §5.4).
fn reference_strength(facts: &SignatureFacts, context: Context<'_>) -> Option<Finding> {
    let digest = facts.signer.reference_digest?;
    context.policy.algorithms.weakness_of(digest, context.at)?;
    Some(Finding::warned(
        CheckId::DigestStrength,
        say(
            format!("Chữ ký ghi chứng thư số của người ký bằng hàm băm {digest}, quá yếu."),
            format!("The signature names the signer's certificate by {digest}, which is too weak."),
        ),
    ))
}

/// Keys and digests of a certificate and its path, without a signature.
pub(in crate::validation) fn strength(
    certificate: &Certificate,
    path: &ValidatedPath,
    context: Context<'_>,
) -> Vec<Finding> {
    let path = path_strength(path, context.at, context);
    [key_strength(certificate, context)].into_iter().chain(path).collect()
}

/// Keys of the issuers, the anchor's among them, and the digests that they signed with.
/// An anchor's own signature does not matter: it is no part of the path. `own_at` is since
/// when the first certificate is proven to have existed.
fn path_strength(path: &ValidatedPath, own_at: UtcTime, context: Context<'_>) -> Option<Finding> {
    let (algorithms, at) = (&context.policy.algorithms, context.at);
    let (certificates, anchor) = (path.certificates(), path.anchor());
    let digests = certificates.iter().enumerate().filter_map(|(index, certificate)| {
        let digest = signed_with(certificate.signature_algorithm())?;
        let found = match (index, context.role) {
            (0, Role::Signer) => algorithms.weakness_of(digest, own_at)?,
            (0, Role::TimeStampAuthority) => algorithms.weakness_of_authoritys(digest, own_at)?,
            _ => algorithms.weakness_of_authoritys(digest, at)?,
        };
        Some((found, certificate.subject(), digest.to_string()))
    });
    let issuers = certificates.iter().skip(1).map(|it| (it.subject(), it.public_key()));
    let anchor = (anchor.name(), anchor.public_key());
    let keys = issuers.chain([anchor]).filter_map(|(subject, key)| {
        Some((algorithms.weakness_of_key(key, at)?, subject, messages::key(key)))
    });
    let (found, subject, what) = digests.chain(keys).max_by_key(|(found, ..)| *found)?;
    Some(weakness(
        CheckId::PathStrength,
        Some(found),
        [String::new(), String::new()],
        [
            format!("Chứng thư số của {subject} dùng {what}, quá yếu theo chính sách."),
            format!("The certificate of {subject} uses {what}, too weak by the policy."),
        ],
    ))
}

fn signed_with(identifier: &AlgorithmIdentifier) -> Option<DigestAlgorithm> {
    SignatureAlgorithm::read(identifier, None).ok().flatten().map(SignatureAlgorithm::digest)
}

/// A claimed time never proves anything.
fn claimed_time(facts: &SignatureFacts) -> Finding {
    let id = CheckId::ClaimedTime;
    match (facts.claimed_time, &facts.claims.time_without_zone) {
        (Some(at), _) => {
            let at = at.vietnam();
            Finding::noted(
                id,
                say(
                    format!(
                        "Người ký khai thời gian ký là {at}; thời gian này không được chứng thực."
                    ),
                    format!("The signer claims to have signed at {at}, which nothing proves."),
                ),
            )
        }
        (None, Some(said)) => Finding::warned(
            id,
            say(
                format!(
                    "Người ký khai thời gian ký là “{said}” nhưng không ghi múi giờ, nên không \
                     rõ đó là thời điểm nào."
                ),
                format!(
                    "The signer claims to have signed at {said:?} without a zone: which moment \
                     that is, is open."
                ),
            ),
        ),
        (None, None) => Finding::noted(
            id,
            say("Người ký không khai thời gian ký.", "The signer claims no signing time."),
        ),
    }
}

/// What came after the signature: what it comes to as a whole, and each kind that a policy
/// may weigh by itself.
fn later_changes(pdf: &PdfFacts) -> Vec<Finding> {
    let id = CheckId::LaterChanges;
    let message = messages::later_changes(pdf.later_changes, pdf.bytes_following);
    let whole = match pdf.later_changes {
        LaterChanges::None | LaterChanges::LtaUpdates | LaterChanges::Signatures => {
            Finding::holds(id, message)
        }
        LaterChanges::FormFilling | LaterChanges::Annotations | LaterChanges::ClerkAddition => {
            Finding::noted(id, message)
        }
        LaterChanges::Other => Finding::broken(id, Indeterminate::SigConstraintsFailure, message),
    };
    let permitted = |from: u8| pdf.permission.is_some_and(|it| it >= from);
    let told = |kind| messages::changed_later(kind, &pdf.changes);
    let kinds = [
        (pdf.kinds.form_filling, CheckId::FormFilling, LaterChanges::FormFilling, permitted(2)),
        (pdf.kinds.annotations, CheckId::Annotations, LaterChanges::Annotations, permitted(3)),
        (pdf.kinds.clerk_addition, CheckId::ClerkAddition, LaterChanges::ClerkAddition, false),
    ];
    let refilled = (pdf.kinds.form_refilling && !permitted(2)).then(|| {
        let message = messages::refilled(&pdf.changes);
        Finding::broken(CheckId::FormRefilling, Indeterminate::SigConstraintsFailure, message)
    });
    let kinds = kinds.into_iter().filter(|it| it.0).map(|(_, id, kind, permitted)| {
        if permitted {
            Finding::noted(id, told(kind))
        } else {
            Finding::broken(id, Indeterminate::SigConstraintsFailure, told(kind))
        }
    });
    [whole].into_iter().chain(kinds).chain(refilled).chain(covered(pdf)).collect()
}

/// Whether what was signed can still be read beneath the looks that came later.
fn covered(pdf: &PdfFacts) -> Option<Finding> {
    let id = CheckId::CoveredText;
    if pdf.kinds.hides {
        let message = say(
            "Hình ảnh được thêm sau khi ký che mất chữ của văn bản đã ký, hoặc có phần không đọc \
             được nằm trên chữ đó.",
            "A look that was added later hides letters of what was signed, or a part of it that \
             cannot be read lies on them.",
        );
        return Some(Finding::broken(id, Indeterminate::SigConstraintsFailure, message));
    }
    pdf.kinds.overlays.then(|| {
        let message = say(
            "Hình ảnh được thêm sau khi ký nằm đè lên chữ của văn bản đã ký; cần xem còn đọc được không.",
            "A look that was added later lies on letters of what was signed: see whether they can still be read.",
        );
        Finding::warned(id, message)
    })
}

/// Where no signature that passes covers what was drawn later.
pub(in crate::validation) fn overdrawn() -> Finding {
    Finding::broken(
        CheckId::LaterChanges,
        Indeterminate::SigConstraintsFailure,
        say(
            "Sau khi ký, có hình chữ ký, chú thích, nội dung trường hoặc nội dung khác được vẽ \
             thêm lên trang mà không có chữ ký hợp lệ nào về sau bao trùm.",
            "After it was signed, something was drawn on the pages (the look of a signature, of \
             an annotation or of a field, or an addition) that no later signature which passes \
             covers.",
        ),
    )
}

/// ISO 32000-2 §12.8.2.2, §12.8.2.4: what the signers forbade.
fn permitted(pdf: &PdfFacts) -> Option<Finding> {
    let id = CheckId::PermittedChanges;
    let forbidden = |message| Some(Finding::broken(id, Failed::FormatFailure, message));
    if pdf.permitted? {
        return Some(Finding::holds(
            id,
            say(
                "Các thay đổi về sau nằm trong giới hạn người ký cho phép.",
                "The later changes are within what the signer permits.",
            ),
        ));
    }
    let Some(Unlocked { field, by, revision }) = &pdf.unlocked else {
        return forbidden(say(
            "Tài liệu đã bị thay đổi ngoài giới hạn người ký cho phép (DocMDP).",
            "The document was changed beyond what the signer permits (DocMDP).",
        ));
    };
    forbidden(say(
        format!(
            "Trường {field} đã bị khóa bởi chữ ký {by} nhưng vẫn bị thay đổi ở phiên bản \
             {revision} (FieldMDP)."
        ),
        format!(
            "The field {field} was locked by the signature {by}, but changed in revision \
             {revision} (FieldMDP)."
        ),
    ))
}
