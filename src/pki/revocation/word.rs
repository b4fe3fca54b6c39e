//! What lists and answers say about one certificate, and what follows at a time.

use super::crl::Crl;
use super::entry::Entry;
use super::fault::Unusable;
use super::material::{Material, Strength};
use super::ocsp::OcspResponse;
use super::reason::{Reason, Reasons};
use crate::pki::Certificate;
use crate::time::UtcTime;

/// What one list or answer says of a certificate, once it is known to be by whom it has to
/// be. How old it is does not matter yet.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) evidence: Evidence,
    /// The list that was changed, where the evidence is a list of changes.
    pub(super) base: Option<Crl>,
    pub(crate) this_update: UtcTime,
    pub(crate) next_update: Option<UtcTime>,
    /// Since when whoever made it keeps what has expired.
    pub(super) kept_since: Option<UtcTime>,
    /// Nothing where it is not listed, or good.
    pub(super) entry: Option<Entry>,
    pub(super) reasons: Reasons,
    /// The signatures that it hangs on.
    pub(crate) materials: Vec<Material>,
    /// One of them is too weak: it may bring bad news, and no good ones.
    pub(crate) is_weak: bool,
}

/// The list or the answer itself.
#[derive(Debug, Clone)]
pub(crate) enum Evidence {
    Crl(Crl),
    Ocsp(OcspResponse),
}

/// What is known about a certificate at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    Good { source: Source, this_update: UtcTime },
    Revoked { source: Source, this_update: UtcTime, at: UtcTime, reason: Option<Reason> },
    Unknown,
}

/// Which kind of information it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Crl,
    Ocsp,
}

/// A list or an answer that says nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) source: Source,
    /// Who issued it, or the URL where it was asked for.
    pub(crate) issuer: String,
    pub(crate) why: Unusable,
}

/// The time that is asked about, and how old what is said may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: UtcTime,
    /// Nothing that was issued later is taken for news; the same as `at`, or the present
    /// where `at` is a proven time in the past.
    pub(crate) present: UtcTime,
    /// How many seconds old information may be; where nothing is said, it serves up to its
    /// nextUpdate.
    pub(crate) max_age: Option<u64>,
}

/// Clocks of issuers that run ahead of the verifier's; OpenSSL allows as much.
const CLOCK_SKEW: i64 = 300;

impl Evidence {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Crl(_) => Source::Crl,
            Self::Ocsp(_) => Source::Ocsp,
        }
    }

    /// Who issued it.
    pub(crate) fn issuer(&self) -> String {
        match self {
            Self::Crl(crl) => crl.issuer(),
            Self::Ocsp(response) => response.responder(),
        }
    }

    /// When it was issued; nothing where it is a refusal.
    pub(crate) fn issued_at(&self) -> Option<UtcTime> {
        match self {
            Self::Crl(crl) => Some(crl.this_update()),
            Self::Ocsp(response) => response.produced_at(),
        }
    }

    /// The list or the response as it stands.
    pub(crate) fn der(&self) -> &[u8] {
        match self {
            Self::Crl(crl) => crl.der(),
            Self::Ocsp(response) => response.der(),
        }
    }
}

impl Status {
    /// When the certificate was revoked.
    pub(crate) fn revoked_at(&self) -> Option<UtcTime> {
        match self {
            Self::Revoked { at, .. } => Some(*at),
            Self::Good { .. } | Self::Unknown => None,
        }
    }
}

impl Moment {
    /// Up to when information of this time serves (EN 319 102-1 §5.2.5.4).
    fn serves_until(self, this_update: UtcTime, next_update: Option<UtcTime>) -> Option<UtcTime> {
        match self.max_age {
            Some(age) => Some(this_update.plus_seconds(i64::try_from(age).unwrap_or(i64::MAX))),
            None => next_update,
        }
    }
}

impl Word {
    /// The lists or the answer that say it together, as they stand: it is no older than the
    /// youngest of them.
    pub(crate) fn made_of(&self) -> impl Iterator<Item = &[u8]> {
        [self.evidence.der()].into_iter().chain(self.base.as_ref().map(Crl::der))
    }

    /// The same, where it is known better since when what it hangs on exists.
    pub(crate) fn dated(
        mut self,
        since: impl Fn(&Material) -> UtcTime,
        strength: &dyn Strength,
    ) -> Self {
        for material in &mut self.materials {
            material.exists = since(material);
        }
        self.is_weak = !strength.suffices(&self);
        self
    }

    /// Whether the certificate came with the answer, and so is as old.
    pub(crate) fn brings(&self, certificate: &Certificate) -> bool {
        match &self.evidence {
            Evidence::Crl(_) => false,
            Evidence::Ocsp(response) => response.accompanying().contains(certificate),
        }
    }

    /// When it says that the certificate was revoked.
    pub(crate) fn revoked(&self) -> Option<UtcTime> {
        self.entry.map(|it| it.revoked_at)
    }

    /// Up to when it serves where it says that the certificate is good; where nothing says
    /// when the next one is due, it is no news even when it is issued.
    pub(crate) fn serves_until(&self, moment: Moment) -> UtcTime {
        moment.serves_until(self.this_update, self.next_update).unwrap_or(self.this_update)
    }

    /// Whether it says anything of the certificate, old or not: bad news always does.
    pub(crate) fn speaks_of(&self, certificate: &Certificate) -> bool {
        self.entry.is_some()
            || after_expiry(certificate, self.this_update, self.kept_since).is_none()
    }

    fn is_hold(&self) -> bool {
        self.entry.and_then(|it| it.reason).is_some_and(Reason::is_hold)
    }

    /// Whether it says that the certificate was revoked, and not that its key was spared; no
    /// reason is none that spares it.
    fn may_be_compromise(&self) -> bool {
        self.entry.is_some_and(|it| !it.reason.is_some_and(Reason::spares_key))
    }

    fn revoked_by(&self, at: UtcTime) -> Option<Status> {
        let Entry { revoked_at, reason } = self.entry.filter(|it| it.revoked_at <= at)?;
        let (source, this_update) = (self.evidence.source(), self.this_update);
        Some(Status::Revoked { source, this_update, at: revoked_at, reason })
    }

    /// Why this word does not say that the certificate is good; nothing where it does.
    fn unusable(&self, certificate: &Certificate, moment: Moment) -> Option<Unusable> {
        let Self { this_update, next_update, .. } = *self;
        if this_update > moment.present.plus_seconds(CLOCK_SKEW) {
            return Some(Unusable::NotYetIssued { this_update });
        }
        let until = moment.serves_until(this_update, next_update);
        match until.is_some_and(|until| moment.at.whole_seconds() <= until) {
            false => Some(Unusable::Stale { this_update, next_update }),
            true => {
                let gone = after_expiry(certificate, this_update, self.kept_since);
                // To be listed says something at any time.
                let gone = gone.filter(|_| self.entry.is_none());
                gone.or(self.is_weak.then_some(Unusable::TooWeak { this_update }))
            }
        }
    }

    fn tried(&self, why: Unusable) -> Tried {
        Tried { source: self.evidence.source(), issuer: self.evidence.issuer(), why }
    }
}

/// Revoked is revoked, however old or weak the word is, and since the earliest time that any
/// names; only a hold may be taken back, and the latest word says whether it was. For good,
/// fresh and strong words have to speak of all reasons.
pub(crate) fn conclude(
    words: &[Word],
    certificate: &Certificate,
    moment: Moment,
) -> (Status, Vec<Tried>) {
    let revoked = |word: &Word| word.revoked_by(moment.at);
    let final_words = words.iter().filter(|it| !it.is_hold() && revoked(it).is_some());
    if let Some(word) = final_words.min_by_key(|it| it.revoked()) {
        return (revoked(word).unwrap_or(Status::Unknown), Vec::new());
    }
    let hold = words.iter().filter(|it| it.is_hold() && revoked(it).is_some());
    let hold = hold.max_by_key(|it| it.this_update);
    let usable = words.iter().filter(|it| it.unusable(certificate, moment).is_none());
    let good = usable.filter(|it| revoked(it).is_none());
    // What is older than a hold does not help to lift it.
    let good = good.filter(|it| hold.is_none_or(|hold| hold.this_update < it.this_update));
    let latest = good.clone().max_by_key(|it| it.this_update);
    let reasons = good.fold(Reasons::NONE, |all, it| all.or(it.reasons));
    match (latest, hold) {
        (Some(word), _) if reasons == Reasons::ALL => {
            let (source, this_update) = (word.evidence.source(), word.this_update);
            (Status::Good { source, this_update }, Vec::new())
        }
        (_, Some(hold)) => (revoked(hold).unwrap_or(Status::Unknown), Vec::new()),
        (_, None) => {
            let why = |it: &Word| it.unusable(certificate, moment);
            let tried = |it: &Word| it.tried(why(it).unwrap_or(Unusable::SomeReasonsOnly));
            (Status::Unknown, words.iter().map(tried).collect())
        }
    }
}

/// By the chain model, what an authority issued outlives its revocation, but not where its key
/// may be in other hands, or nobody says why: then whoever has the key writes any date into
/// what it issues (EN 319 102-1 §5.6.2.2.4 step 2 b). The status at that moment, where it is
/// such a one. One word that leaves it open is enough.
pub(crate) fn compromised(
    words: &[Word],
    certificate: &Certificate,
    moment: Moment,
) -> Option<Status> {
    let open = words.iter().filter(|it| it.may_be_compromise() && !it.is_hold());
    let first = open.filter_map(|it| it.revoked_by(moment.at)).min_by_key(Status::revoked_at);
    // A hold stands until it is taken back, or the final reason is known.
    first.or_else(|| match conclude(words, certificate, moment).0 {
        Status::Revoked { reason, .. } if reason.is_some_and(Reason::spares_key) => None,
        held @ Status::Revoked { .. } => Some(held),
        Status::Good { .. } | Status::Unknown => None,
    })
}

/// Issuers may drop a certificate from lists and archives once it has expired (RFC 5280
/// §3.3), so that not to be listed afterwards says nothing, unless they say since when they
/// keep what has expired: expiredCertsOnCRL (X.509 §9.5.2.8), archiveCutoff (RFC 6960 §4.4.4).
fn after_expiry(
    certificate: &Certificate,
    this_update: UtcTime,
    kept_since: Option<UtcTime>,
) -> Option<Unusable> {
    let not_after = certificate.not_after();
    let kept = kept_since.is_some_and(|since| since <= not_after);
    (this_update > not_after && !kept).then_some(Unusable::AfterExpiry { this_update })
}

impl Word {
    /// A complete list as of the time of the list of its changes (RFC 5280 §5.2.4): the
    /// times of the constructed list are those of the delta.
    pub(super) fn updated_by(&self, change: &Self) -> Self {
        let entry = match change.entry {
            Some(entry) if entry.is_removal() => None,
            Some(entry) => Some(entry),
            None => self.entry,
        };
        let reasons = self.reasons.and(change.reasons);
        let base = match &self.evidence {
            Evidence::Crl(base) => Some(base.clone()),
            Evidence::Ocsp(_) => None,
        };
        let materials = [&self.materials[..], &change.materials].concat();
        let is_weak = self.is_weak || change.is_weak;
        Self { entry, reasons, base, materials, is_weak, ..change.clone() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::encoding::asn1::writer::tlv;
    use crate::limits::Limits;

    fn word(number: u8) -> Word {
        let seq = |parts: &[&[u8]]| tlv(0x30, parts);
        let algorithm = seq(&[&tlv(6, &[&[0x2a, 3]])]);
        let number = seq(&[&tlv(6, &[&[0x55, 0x1d, 20]]), &tlv(4, &[&tlv(2, &[&[number]])])]);
        let extensions = tlv(0xa0, &[&seq(&[&number])]);
        let time = tlv(0x17, &[b"260601000000Z"]);
        let to_be_signed = seq(&[&tlv(2, &[&[1]]), &algorithm, &seq(&[]), &time, &extensions]);
        let der = seq(&[&to_be_signed, &algorithm, &tlv(3, &[&[0, 1]])]);
        let crl = Crl::from_der(der, &Limits::default()).unwrap();
        let this_update = crl.this_update();
        let evidence = Evidence::Crl(crl);
        let (base, next_update, kept_since, entry) = (None, None, None, None);
        let reasons = Reasons::ALL;
        let (materials, is_weak) = (Vec::new(), false);
        Word {
            evidence,
            base,
            this_update,
            next_update,
            kept_since,
            entry,
            reasons,
            materials,
            is_weak,
        }
    }

    /// A delta under an old time-stamp must not lend its age to a base that a stolen key made
    /// today.
    #[test]
    fn a_base_is_proven_for_itself_and_not_by_its_delta() {
        let (base, delta) = (word(5), word(6));
        let updated = base.updated_by(&delta);
        assert!(updated.made_of().eq([delta.evidence.der(), base.evidence.der()]));
        assert!(base.made_of().eq([base.evidence.der()]));
    }
}
