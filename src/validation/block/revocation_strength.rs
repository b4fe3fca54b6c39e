//! How strong the signatures are that revocation information hangs on: of lists and answers,
//! and of the certificates of those who sign them in an issuer's stead (EN 319 102-1 §5.5.4
//! step 10, §5.6.2.2.4 step 2 d), §5.6.2.4 step 4).
//!
//! Information that is too weak does not say that a certificate is good: anybody may have
//! made it. That one is revoked is believed all the same, as nothing is won by forging that
//! but a refusal.

use std::cmp::Reverse;

use super::acceptance::weakness;
use super::revocation::name;
use crate::pki::revocation::{Checked, Material, Signed, Status, Strength, Unusable, Word};
use crate::time::UtcTime;
use crate::validation::check::{CheckId, Finding, Level, Message, say};
use crate::validation::messages;
use crate::validation::policy::{Policy, Weakness};

const ID: CheckId = CheckId::RevocationStrength;

impl Strength for Policy {
    /// Where the policy takes weakness for no reason to fail, it is only told.
    fn suffices(&self, word: &Word) -> bool {
        let worst = weakest(word, self).map(|it| it.found);
        self.level(ID) != Level::Fail || worst.is_none_or(|it| it == Weakness::Discouraged)
    }
}

/// What is said of weak information: of that which a status rests on, and of that which a
/// status is not known for.
pub(in crate::validation) fn findings(checked: &Checked, policy: &Policy) -> Vec<Finding> {
    match checked.status {
        Status::Good { source, this_update } => {
            let named = |it: &&Word| {
                it.evidence.source() == source
                    && it.this_update == this_update
                    && policy.suffices(it)
            };
            let found = checked.words.iter().find(named);
            found.and_then(|word| finding(word, policy)).into_iter().collect()
        }
        Status::Revoked { .. } => Vec::new(),
        Status::Unknown => {
            too_weak(checked).filter_map(|word| finding(word, policy)).take(SHOWN).collect()
        }
    }
}

/// Up to when all that a word hangs on is strong enough; nothing where it is at the time.
pub(in crate::validation) fn strong_until(
    word: &Word,
    at: UtcTime,
    policy: &Policy,
) -> Option<UtcTime> {
    let ends = word.materials.iter().flat_map(|it| weaknesses(it, at, policy));
    let ends = ends.filter_map(|(found, _)| match found {
        Some(Weakness::Since(Reverse(end))) => Some(end),
        _ => None,
    });
    ends.min().filter(|_| policy.level(ID) == Level::Fail)
}

/// As many as of what was tried in vain.
const SHOWN: usize = 5;

/// What it would take in place of information that is too weak.
pub(in crate::validation) fn needed(checked: &Checked, policy: &Policy) -> Vec<Message> {
    let weak = too_weak(checked).filter_map(|word| weakest(word, policy)).take(SHOWN);
    weak.map(Weak::needed).collect()
}

/// Words that would say that the certificate is good, were they strong enough.
fn too_weak(checked: &Checked) -> impl Iterator<Item = &Word> {
    checked.words.iter().filter(|word| {
        let (source, issuer) = (word.evidence.source(), word.evidence.issuer());
        let why = Unusable::TooWeak { this_update: word.this_update };
        let mut tried = checked.tried.iter();
        word.is_weak && tried.any(|it| it.source == source && it.issuer == issuer && it.why == why)
    })
}

fn finding(word: &Word, policy: &Policy) -> Option<Finding> {
    let Weak { found, signed: [vi, en], what } = weakest(word, policy)?;
    Some(weakness(
        ID,
        Some(found),
        [String::new(), String::new()],
        [
            format!("{vi} dùng {what}, quá yếu theo chính sách."),
            format!("{en} uses {what}, too weak by the policy."),
        ],
    ))
}

/// What is weak, and how it is called.
struct Weak {
    found: Weakness,
    /// In Vietnamese and in English.
    signed: [String; 2],
    /// The digest or the key.
    what: String,
}

impl Weak {
    fn needed(self) -> Message {
        let Self { found, signed: [vi, en], what } = self;
        let end = match found {
            Weakness::Since(Reverse(end)) => Some(end.vietnam()),
            Weakness::Discouraged | Weakness::Ever => None,
        };
        let proof_vi = end.as_ref().map(|it| format!(", hoặc bằng chứng có từ trước {it}"));
        let proof_en = end.map(|it| format!(", or a proof that it is from before {it}"));
        say(
            format!("bản không dùng {what} thay cho: {vi}{}", proof_vi.unwrap_or_default()),
            format!(
                "revocation: without {what}, in place of: {en}{}",
                proof_en.unwrap_or_default()
            ),
        )
    }
}

/// The worst of the digests and keys that a word hangs on, each when it is proven to exist.
fn weakest(word: &Word, policy: &Policy) -> Option<Weak> {
    let used = word.materials.iter().flat_map(|material| {
        let used = weaknesses(material, material.exists, policy).into_iter();
        used.map(move |(found, what)| (found, material, what))
    });
    let (found, material, what) = used.max_by_key(|(found, ..)| *found)?;
    Some(Weak { found: found?, signed: signed(material), what })
}

/// Of its digest and of its key at this time, and how these are called.
fn weaknesses(
    material: &Material,
    at: UtcTime,
    policy: &Policy,
) -> Vec<(Option<Weakness>, String)> {
    let algorithms = &policy.algorithms;
    let digest =
        material.digest.map(|it| (algorithms.weakness_of_authoritys(it, at), it.to_string()));
    let key = (algorithms.weakness_of_key(material.key, at), messages::key(material.key));
    digest.into_iter().chain([key]).collect()
}

/// What a material is called, with the time from which it says that it is.
fn signed(material: &Material) -> [String; 2] {
    match &material.signed {
        Signed::Evidence(it) => {
            let (source, issuer) = (name(it.source()), it.issuer());
            let at = it.issued_at().map(UtcTime::vietnam).unwrap_or_default();
            [format!("{source} của {issuer} lúc {at}"), format!("The {source} of {issuer} of {at}")]
        }
        Signed::Certificate(it) => {
            let subject = it.subject();
            [
                format!("Chứng thư số của {subject}, người ký dữ liệu thu hồi,"),
                format!("The certificate of {subject}, who signed revocation information,"),
            ]
        }
    }
}
