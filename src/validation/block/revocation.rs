//! Revocation of the path's certificates, and the freshness of what says so (EN 319 102-1
//! §5.2.5, §5.2.6.4).

use super::{Context, revocation_strength};
use crate::error::Result;
use crate::pki::Certificate;
use crate::pki::path::{Search, ValidatedPath};
use crate::pki::revocation::{Checked, Checker, Source, Status, Tried, Unusable};
use crate::validation::check::{CheckId, Finding, Message, say};
use crate::validation::conclusion::Indeterminate;
use crate::validation::facts::SignatureFacts;
use crate::validation::policy::Revocation;

/// What is known about each certificate of the path that was found.
///
/// # Errors
/// `LimitExceeded` when a bound was reached.
pub(in crate::validation) fn check(
    facts: &SignatureFacts,
    search: Option<&Search>,
    context: Context<'_>,
) -> Result<Vec<Checked>> {
    let Some(Search::Found(path)) = search else { return Ok(Vec::new()) };
    let (mut crls, mut responses) = (context.crls.to_vec(), context.responses.to_vec());
    crls.extend(facts.revocation.crls.iter().map(|it| it.item.clone()));
    responses.extend(facts.revocation.responses.iter().map(|it| it.item.clone()));
    let context = Context { crls: &crls, responses: &responses, ..context };
    check_path(path, &facts.signer.certificates, context)
}

/// What is known about each certificate of a path.
///
/// # Errors
/// `LimitExceeded` when a bound was reached.
pub(in crate::validation) fn check_path(
    path: &ValidatedPath,
    candidates: &[Certificate],
    context: Context<'_>,
) -> Result<Vec<Checked>> {
    let checker = Checker {
        crls: context.crls,
        responses: context.responses,
        candidates,
        at: context.at,
        max_age: context.policy.revocation_max_age,
        strength: context.policy,
        model: context.requirements.validity_model,
        // Nobody asks for what the policy does not ask for.
        gathering: context.gathering.filter(|_| context.policy.revocation == Revocation::Required),
        checks: context.checks,
        spent: context.spent,
        limits: context.limits,
    };
    checker.check(path)
}

/// A certificate that is known to be revoked never passes; one of which nothing is known
/// does where the policy does not ask.
pub(super) fn findings(
    search: Option<&Search>,
    checked: &[Checked],
    context: Context<'_>,
) -> Vec<Finding> {
    let Some(Search::Found(path)) = search else { return Vec::new() };
    let unknown = || checked.iter().filter(|it| it.status == Status::Unknown);
    let required = context.policy.revocation == Revocation::Required;
    let mut all = Vec::new();
    if unknown().next().is_some() && !required {
        all.push(not_required(&context.policy.name));
    }
    // What is known to be revoked decides before what more data would settle.
    let revoked = |it: &&Checked| matches!(it.status, Status::Revoked { .. });
    let (first, then): (Vec<_>, Vec<_>) = checked.iter().partition(revoked);
    for one in first.into_iter().chain(then) {
        let is_signer = path.certificates().first() == Some(&one.certificate);
        if required || one.status != Status::Unknown {
            all.extend(revocation_strength::findings(one, context.policy));
        }
        match &one.status {
            Status::Unknown if !required => {}
            Status::Unknown => all.push(not_known(one)),
            Status::Good { .. } | Status::Revoked { .. } => all.push(known(one, is_signer)),
        }
    }
    if checked.is_empty() {
        let message = say(
            "Chứng thư số được tin cậy trực tiếp nên không cần kiểm tra thu hồi.",
            "The certificate is trusted for itself; whether it is revoked is not asked.",
        );
        all.push(Finding::noted(CheckId::Revocation, message));
    }
    all
}

fn not_required(policy: &str) -> Finding {
    Finding::noted(
        CheckId::Revocation,
        say(
            format!(
                "Chưa kiểm tra việc thu hồi chứng thư số: chính sách “{policy}” không yêu cầu."
            ),
            format!("Revocation was not checked: the policy “{policy}” does not require it."),
        ),
    )
}

fn known(checked: &Checked, is_signer: bool) -> Finding {
    let subject = checked.certificate.subject();
    match &checked.status {
        Status::Revoked { at, reason, source, .. } => {
            let follows = match is_signer {
                true => Indeterminate::RevokedNoPoe,
                false => Indeterminate::RevokedCaNoPoe,
            };
            let (at, source) = (at.vietnam(), name(*source));
            let reason = reason.map(|it| format!(" ({it})")).unwrap_or_default();
            let message = say(
                format!(
                    "Chứng thư số của {subject} đã bị thu hồi lúc {at}{reason} theo {source}, và \
                     không có gì chứng minh chữ ký được tạo trước đó."
                ),
                format!(
                    "The certificate of {subject} was revoked at {at}{reason}, by {source}, and \
                     nothing proves that the signature is older."
                ),
            );
            Finding::broken(CheckId::Revocation, follows, message)
        }
        Status::Good { source, this_update } => {
            let (issued, source) = (this_update.vietnam(), name(*source));
            let message = say(
                format!("Chứng thư số của {subject} không bị thu hồi theo {source} lúc {issued}."),
                format!("The certificate of {subject} is not revoked, by {source} of {issued}."),
            );
            Finding::holds(CheckId::Revocation, message)
        }
        Status::Unknown => not_known(checked),
    }
}

/// TRY_LATER is the standard's word for constraints that further revocation data would
/// settle (table 6).
pub(in crate::validation) fn not_known(checked: &Checked) -> Finding {
    let subject = checked.certificate.subject();
    let tried: Vec<_> = checked.tried.iter().take(SHOWN).map(tried).collect();
    let (mut vi, mut en): (Vec<_>, Vec<_>) = tried.into_iter().map(|it| (it.vi, it.en)).unzip();
    if checked.tried.is_empty() {
        vi.push("không có dữ liệu thu hồi nào cho chứng thư số này".into());
        en.push("there is no revocation information for it".into());
    }
    let (vi, en) = (vi.join("; "), en.join("; "));
    let message = say(
        format!("Chưa biết chứng thư số của {subject} có bị thu hồi hay không: {vi}."),
        format!("Whether the certificate of {subject} is revoked is not known: {en}."),
    );
    Finding::unknown(CheckId::Revocation, Indeterminate::TryLater, message)
}

/// What was tried in vain is told, but not a thousand times.
pub(in crate::validation) const SHOWN: usize = 5;

pub(in crate::validation) fn name(source: Source) -> &'static str {
    match source {
        Source::Crl => "CRL",
        Source::Ocsp => "OCSP",
    }
}

pub(in crate::validation) fn tried(tried: &Tried) -> Message {
    let (source, issuer) = (name(tried.source), &tried.issuer);
    let why = why(&tried.why);
    say(format!("{source} của {issuer} {}", why.vi), format!("the {source} of {issuer} {}", why.en))
}

/// Ends a sentence that begins with the list or the answer.
fn why(unusable: &Unusable) -> Message {
    match unusable {
        Unusable::Malformed { what } => {
            say(format!("bị lỗi: {what}"), format!("is broken: {what}"))
        }
        Unusable::UnprocessedExtension { oid } => say(
            format!("có ràng buộc {oid} chưa được hỗ trợ"),
            format!("has a binding extension {oid} that is not supported"),
        ),
        Unusable::Delta => say(
            "chỉ là danh sách thay đổi (delta), không có danh sách gốc tương ứng",
            "is a delta CRL without the list that it changes",
        ),
        Unusable::OutOfScope => {
            say("không áp dụng cho chứng thư số này", "is not about this certificate")
        }
        Unusable::SomeReasonsOnly => {
            say("không bao gồm mọi lý do thu hồi", "does not speak of every reason")
        }
        Unusable::BadSignature => {
            say("không do cơ quan cấp ký", "was not signed by the issuer's key")
        }
        Unusable::UnsupportedAlgorithm { algorithm } => say(
            format!("được ký bằng thuật toán không hỗ trợ {algorithm}"),
            format!("is signed by an unsupported algorithm {algorithm}"),
        ),
        Unusable::NoSigner => say(
            "do một chứng thư số không rõ hoặc không tin cậy ký",
            "was signed by a certificate that is not at hand or not trusted",
        ),
        Unusable::NotAuthorised => {
            say("do người không có thẩm quyền ký", "was signed by someone who may not")
        }
        Unusable::SignerStatus => say(
            "do một chứng thư số ký mà chưa biết có bị thu hồi hay không",
            "was signed by a certificate that is not known to be good itself",
        ),
        Unusable::NotYetIssued { this_update } => {
            let issued = this_update.vietnam();
            say(
                format!("được phát hành lúc {issued}, sau thời điểm kiểm tra"),
                format!("was issued at {issued}, after the validation time"),
            )
        }
        Unusable::AfterExpiry { this_update } => {
            let issued = this_update.vietnam();
            say(
                format!(
                    "được phát hành lúc {issued}, sau khi chứng thư số hết hạn, nên không nói gì \
                     về chứng thư số này"
                ),
                format!(
                    "was issued at {issued}, after the certificate expired, and does not say \
                     that it keeps such ones"
                ),
            )
        }
        Unusable::TooWeak { this_update } => {
            let issued = this_update.vietnam();
            say(
                format!("phát hành lúc {issued} được ký bằng thuật toán hoặc khóa quá yếu"),
                format!("of {issued} is signed by an algorithm or a key that is too weak"),
            )
        }
        Unusable::Unknown => say("không biết chứng thư số này", "does not know this certificate"),
        Unusable::Refused { status } => say(
            format!("từ chối trả lời (mã {status})"),
            format!("refused to answer (status {status})"),
        ),
        Unusable::WrongNonce => say(
            "trả lời cho một câu hỏi khác (nonce sai)",
            "answers another question (wrong nonce)",
        ),
        Unusable::NotRetrieved { why } => {
            say(format!("không tải được: {why}"), format!("could not be had: {why}"))
        }
        Unusable::Stale { this_update, next_update } => {
            stale(&this_update.vietnam(), next_update.map(|it| it.vietnam()).as_deref())
        }
    }
}

fn stale(issued: &str, next: Option<&str>) -> Message {
    match next {
        Some(next) => say(
            format!("phát hành lúc {issued} đã cũ, bản kế tiếp phải có lúc {next}"),
            format!("of {issued} is too old, the next one was due at {next}"),
        ),
        None => say(
            format!("phát hành lúc {issued} không nói khi nào có bản kế tiếp nên coi là đã cũ"),
            format!("of {issued} does not say when the next one is due, and counts as too old"),
        ),
    }
}
