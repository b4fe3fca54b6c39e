//! What is asked of a time-stamp token besides its own signature (EN 319 102-1 §5.4,
//! RFC 3161).

use super::Context;
use super::acceptance::weakness;
use crate::pki::Certificate;
use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::{Failed, Indeterminate};
use crate::validation::facts::TimeStampFacts;

/// `id-kp-timeStamping` (RFC 5280 §4.2.1.12).
pub(in crate::validation) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

/// RFC 3161 §2.3: the certificate's one purpose, and said so critically. A key that signs
/// other things, too, could be made to sign what looks like a token.
pub(super) fn purpose(certificate: &Certificate) -> Finding {
    let id = CheckId::TimeStampPurpose;
    let usages = certificate.extended_key_usage().unwrap_or_default();
    let only = usages.len() == 1 && usages.iter().all(|it| it == TIME_STAMPING);
    let critical = certificate.binding_extensions().iter().any(|it| it == EXTENDED_KEY_USAGE);
    let may_sign = certificate
        .key_usage()
        .is_none_or(|usage| usage.digital_signature || usage.content_commitment);
    if only && critical && may_sign {
        return Finding::holds(
            id,
            say(
                "Chứng thư số của máy chủ dấu thời gian chỉ dùng để cấp dấu thời gian.",
                "The certificate of the time-stamping authority is for nothing else.",
            ),
        );
    }
    Finding::broken(
        id,
        Indeterminate::ChainConstraintsFailure,
        say(
            "Chứng thư số ký dấu thời gian không phải của máy chủ dấu thời gian (RFC 3161).",
            "The certificate that signed the time-stamp is not one for time-stamping (RFC 3161).",
        ),
    )
}

/// Whether it is over what it has to be over, and by which digest.
pub(in crate::validation) fn imprint(facts: &TimeStampFacts, context: Context<'_>) -> Vec<Finding> {
    let id = CheckId::TimeStampImprint;
    let mut all = vec![match facts.imprint_intact {
        Some(true) => Finding::holds(
            id,
            say(
                "Dấu thời gian được cấp đúng cho dữ liệu này.",
                "The time-stamp is over this very data.",
            ),
        ),
        Some(false) => Finding::broken(
            id,
            Failed::HashFailure,
            say("Dấu thời gian được cấp cho dữ liệu khác.", "The time-stamp is over other data."),
        ),
        None => Finding::unknown(
            id,
            // By a digest that can be computed, only the data itself can be wanting.
            match facts.imprint.known {
                Some(_) => Indeterminate::SignedDataNotFound,
                None => Indeterminate::Generic,
            },
            say(
                "Không kiểm tra được dấu thời gian được cấp cho dữ liệu nào.",
                "What the time-stamp is over cannot be computed.",
            ),
        ),
    }];
    // An index is as good as what it digests by: what collides stands under it, too.
    let weakness_of = |it: &_| context.policy.algorithms.weakness_of_authoritys(*it, context.at);
    let used = [facts.imprint.known, facts.index].into_iter().flatten();
    if let Some(digest) = used.max_by_key(weakness_of) {
        all.push(weakness(
            CheckId::DigestStrength,
            weakness_of(&digest),
            [
                format!("Hàm băm {digest} của dấu thời gian đủ mạnh."),
                format!("The digest {digest} of the time-stamp is strong enough."),
            ],
            [
                format!("Hàm băm {digest} của dấu thời gian quá yếu theo chính sách."),
                format!("The digest {digest} of the time-stamp is too weak by the policy."),
            ],
        ));
    }
    all
}

/// The authority is vouched for from the first day of its certificate on.
pub(in crate::validation) fn issued(
    facts: &TimeStampFacts,
    certificate: Option<&Certificate>,
) -> Vec<Finding> {
    let id = CheckId::TimeStampTime;
    let Some(time) = facts.time else {
        return vec![Finding::broken(
            id,
            Failed::FormatFailure,
            say("Không đọc được dấu thời gian.", "The time-stamp cannot be read."),
        )];
    };
    let at = time.vietnam();
    if certificate.is_some_and(|it| time < it.not_before()) {
        let message = say(
            format!("Dấu thời gian ghi lúc {at}, trước khi chứng thư số của máy chủ có hiệu lực."),
            format!("The time-stamp says {at}, before its authority's certificate was valid."),
        );
        return vec![Finding::broken(id, Failed::NotYetValid, message)];
    }
    vec![Finding::noted(
        id,
        say(format!("Dấu thời gian ghi lúc {at}."), format!("The time-stamp says {at}.")),
    )]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::DigestAlgorithm;
    use crate::pki::TrustStore;
    use crate::pki::path::Checks;
    use crate::pki::revocation::Spent;
    use crate::validation::facts::{Covers, Named, TimeStampType};
    use crate::validation::poe::ObjectId;
    use crate::validation::{Policy, Validator};

    #[test]
    fn an_index_is_judged_as_the_imprint_is() {
        let now = "2026-06-15T00:00:00Z".parse().unwrap();
        let validator = Validator::new(TrustStore::new(), Policy::default(), now);
        let (checks, spent) = (Checks::default(), Spent::default());
        let context = validator.context(&checks, &spent, None);
        let follows = |index| {
            let facts = TimeStampFacts {
                kind: TimeStampType::ArchiveTimestamp,
                id: ObjectId::of(b"token"),
                octets: b"token".to_vec(),
                time: Some(now),
                imprint: Named { known: Some(DigestAlgorithm::Sha256), ..Named::NOTHING },
                index,
                imprint_intact: Some(true),
                token: None,
                covers: Covers::Objects(Vec::new()),
            };
            let judged = imprint(&facts, context).into_iter().map(|it| context.policy.judge(it));
            judged.filter_map(|(_, follows)| follows).count()
        };
        assert_eq!(follows(None), 0);
        assert_eq!(follows(Some(DigestAlgorithm::Sha512)), 0);
        assert_eq!(follows(Some(DigestAlgorithm::Sha1)), 1);
    }
}
