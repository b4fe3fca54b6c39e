//! What a proven time settles: the comparison of times for signatures with long-term
//! validation data (EN 319 102-1 §5.5.4), and past signature validation (§5.6.2.4) with
//! past certificate validation (§5.6.2.1) and validation time sliding (§5.6.2.2).
//!
//! Decisions where the standard leaves or opens a door:
//! - a path has to hold as a whole at the proven time (shell model), not only at some time
//!   that all its certificates share;
//! - where nothing but the present proves the validation data, no issuer may be revoked or out
//!   of its time today: such a one's key could have made that data yesterday. So
//!   REVOKED_CA_NO_POE is settled by past signature validation alone;
//! - an issuer of whom nothing is known today, and who is known to have been good at the proven
//!   time, serves: §5.5.4 step 6 asks of whatever was too old, about authorities as about
//!   signers, that it was fresh at best-signature-time, and no later step asks for more of it
//!   but for its algorithms today (step 10). EU DSS reads it so, too. A stolen key could have
//!   made the data since; that shows as soon as anything says that the issuer is revoked, and
//!   an archive time-stamp shuts it out, as then what the issuer said has to be proven from
//!   before its own information went stale (§5.6.2.2). [`Issuers::Good`] asks for more. Others
//!   who sign in an issuer's stead are held to that already;
//! - by the chain model, control-time slides to the revocation of an authority where its key
//!   may be compromised or nobody says why (§5.6.2.2.4 step 2 b), and so no other process lets
//!   such a one pass; to the revocation of the signer it slides by either model;
//! - control-time slides to the end of the algorithms of the latest information, too
//!   (§5.6.2.2.4 step 2 d); those of certificates are asked about at the times when these are
//!   proven to exist, in acceptance;
//! - control-time slides to the end of the interval in which the latest information is
//!   fresh, not to the information's own time: the freshness checker that decides it would
//!   accept the same information up to then (and §5.5.4 step 6 does);
//! - whether a certificate that has expired is known not to be revoked is asked when a proven
//!   time is at hand, and not named before (OUT_OF_BOUNDS_NOT_REVOKED is not said);
//! - who signed revocation information has to be good when the information is proven to
//!   have existed.

use super::basic::Basic;
use crate::error::Result;
use crate::pki::path::{Search, ValidatedPath};
use crate::pki::revocation::{
    Checked, Checker, Material, Moment, Signed, Status, Tried, Word, compromised, conclude,
};
use crate::pki::{Certificate, ValidityModel};
use crate::time::UtcTime;
use crate::validation::block::revocation_strength::strong_until;
use crate::validation::block::{self, Context, certificate_validation};
use crate::validation::check::{CheckId, Finding, Message};
use crate::validation::conclusion::{Conclusion, Failed, Indeterminate};
use crate::validation::facts::SignatureFacts;
use crate::validation::messages;
use crate::validation::poe::{ObjectId, Proofs};
use crate::validation::policy::{Issuers, Revocation};
use crate::validation::steps::{Block, BlockId};

/// What the processes came to that follow the basic one.
pub(super) struct Settled {
    pub(super) conclusion: Conclusion,
    /// The basic process, at the proven time where that settled something.
    pub(super) basic: Basic,
    pub(super) blocks: Vec<Block>,
}

/// Judges what is open again at `proven`, when the signature is proven to have existed.
///
/// # Errors
/// `LimitExceeded` when a bound was reached.
pub(super) fn settle(
    facts: &SignatureFacts,
    mut basic: Basic,
    proven: UtcTime,
    proofs: &Proofs<'_>,
    context: Context<'_>,
) -> Result<Settled> {
    let mut blocks = vec![basic.block()];
    let mut conclusion = basic.conclusion();
    if proven >= context.at {
        return Ok(Settled { conclusion, basic, blocks });
    }
    if !matches!(conclusion, Conclusion::TotalFailed(_)) && is_premature(facts, proven) {
        let conclusion = Failed::NotYetValid.into();
        let finding =
            Finding::broken(CheckId::ProvenTime, Failed::NotYetValid, messages::premature(proven));
        blocks.push(block::judge(BlockId::LongTerm, vec![finding], context).block);
        return Ok(Settled { conclusion, basic, blocks });
    }
    if !basic.may_be_settled() {
        return Ok(Settled { conclusion, basic, blocks });
    }
    let then = Context { at: proven, ..context };
    let Some(Search::Found(path)) = certificate_validation::search(facts, then)? else {
        return Ok(Settled { conclusion, basic, blocks });
    };
    let past = Past { facts, path: &path, proofs, proven, context };
    let known = past.words()?;
    for process in [Past::long_term, Past::archival] {
        let (checked, mut block, material_at) = match process(&past, &known) {
            Ok(held) => held,
            Err(block) => {
                blocks.push(block);
                continue;
            }
        };
        let at = Context { material_at, ..then };
        let search = Some(Search::Found(path.clone()));
        let timely = block::timely(facts, search.as_ref(), &checked, at);
        let judged = Basic { at: proven, timely, search, checked, ..basic };
        block.conclusion = judged.conclusion();
        block.blocks.extend(judged.timely.iter().map(|it| it.block.clone()));
        blocks.push(block);
        conclusion = judged.conclusion();
        let open = judged.may_be_settled();
        basic = judged;
        if !open {
            break;
        }
    }
    Ok(Settled { conclusion, basic, blocks })
}

/// One signature and its path at the proven time.
struct Past<'a> {
    facts: &'a SignatureFacts,
    path: &'a ValidatedPath,
    proofs: &'a Proofs<'a>,
    proven: UtcTime,
    context: Context<'a>,
}

/// What was said of one certificate of the path.
struct Known {
    certificate: Certificate,
    said: Vec<Said>,
}

struct Said {
    word: Word,
    /// Since when the list or the answer is proven to exist.
    proven: UtcTime,
    /// Whether those who signed it in an issuer's stead are good today.
    today: bool,
}

/// Statuses at the proven time, what was asked, and since when the path's certificates are
/// taken to exist; or what was asked in vain.
type Held = Result<(Vec<Checked>, Block, UtcTime), Block>;

/// The time up to which a path can be relied on, and what was known of each certificate up
/// to then.
type Slid = (UtcTime, Vec<Vec<Word>>);

impl Past<'_> {
    /// All that is said of each certificate by lists and answers that were made by whom they
    /// have to be, who was good when they are proven to have existed.
    fn words(&self) -> Result<Vec<Known>> {
        let present = self.context.at;
        let (crls, responses) = (&self.facts.revocation.crls, &self.facts.revocation.responses);
        let crls: Vec<_> = crls.iter().map(|it| (self.proofs.of(it.id), &it.item)).collect();
        let responses: Vec<_> =
            responses.iter().map(|it| (self.proofs.of(it.id), &it.item)).collect();
        let mut times: Vec<_> = crls.iter().map(|it| it.0).collect();
        times.extend(responses.iter().map(|it| it.0));
        times.push(present);
        times.sort_unstable();
        times.dedup();
        let mut known: Vec<Known> = Vec::new();
        for at in times {
            let then = |proven: UtcTime| proven <= at;
            let mut lists: Vec<_> =
                crls.iter().filter(|it| then(it.0)).map(|it| it.1.clone()).collect();
            let mut answers: Vec<_> =
                responses.iter().filter(|it| then(it.0)).map(|it| it.1.clone()).collect();
            let count = lists.len().saturating_add(answers.len());
            self.context.spent.in_the_past(count, self.context.limits)?;
            if at == present {
                lists.extend_from_slice(self.context.crls);
                answers.extend_from_slice(self.context.responses);
            }
            let checker = Checker {
                crls: &lists,
                responses: &answers,
                candidates: &self.facts.signer.certificates,
                at,
                max_age: self.context.policy.revocation_max_age,
                strength: self.context.policy,
                model: self.context.requirements.validity_model,
                gathering: self.context.gathering.filter(|_| at == present),
                checks: self.context.checks,
                spent: self.context.spent,
                limits: self.context.limits,
            };
            for (n, checked) in checker.check(self.path)?.into_iter().enumerate() {
                if known.len() <= n {
                    known.push(Known { certificate: checked.certificate, said: Vec::new() });
                }
                let Some(one) = known.get_mut(n) else { continue };
                for word in checked.words {
                    let since = |der: &[u8]| {
                        let of_list = crls.iter().find(|it| std::ptr::eq(it.1.der(), der));
                        let of_answer = responses.iter().find(|it| std::ptr::eq(it.1.der(), der));
                        of_list.map(|it| it.0).or(of_answer.map(|it| it.0)).unwrap_or(present)
                    };
                    let proven = word.made_of().map(since).max().unwrap_or(present);
                    let came_along = |it: &Certificate| word.brings(it);
                    let exists = |it: &Material| match &it.signed {
                        Signed::Evidence(it) => since(it.der()),
                        Signed::Certificate(it) if came_along(it) => proven,
                        Signed::Certificate(it) => {
                            self.proofs.of(ObjectId::of_certificate(it)).max(proven)
                        }
                    };
                    let word = word.clone().dated(exists, self.context.policy);
                    one.add(word, proven, at == present);
                }
            }
        }
        Ok(known)
    }

    /// When a certificate had to be good: at the proven time, or by the chain model an
    /// authority's when it issued the one below.
    fn moment(&self, certificate: &Certificate) -> Moment {
        let max_age = self.context.policy.revocation_max_age;
        let path = self.path.certificates();
        let place = path.iter().position(|it| it == certificate).unwrap_or_default();
        let below = place.checked_sub(1).and_then(|it| path.get(it)).filter(|_| self.is_chain());
        let at = below.map_or(self.proven, Certificate::not_before);
        Moment { at, present: self.context.at, max_age }
    }

    fn is_chain(&self) -> bool {
        self.context.requirements.validity_model == ValidityModel::Chain
    }

    /// Since when nothing of a certificate may be relied on, as known today. By the chain
    /// model what an authority issued outlives it, unless its key may be in other hands; a
    /// signer's revocation is a bound for whatever it signed.
    fn revoked_since(&self, words: &[Word], certificate: &Certificate) -> Option<UtcTime> {
        let moment = Moment { at: self.context.at, ..self.moment(certificate) };
        let signer = self.path.certificates().first() == Some(certificate);
        match self.is_chain() && !signer {
            true => compromised(words, certificate, moment)?.revoked_at(),
            false => conclude(words, certificate, moment).0.revoked_at(),
        }
    }

    fn required(&self) -> bool {
        self.context.policy.revocation == Revocation::Required
    }

    /// §5.5.4 steps 4, 6 and 7: everybody was good at the proven time, and nobody above the
    /// signer is known not to be today, or as the policy asks.
    fn long_term(&self, known: &[Known]) -> Held {
        let (present, id) = (self.context.at, CheckId::LongTermValidation);
        let block = Block::new(BlockId::LongTerm, self.proven);
        let mut issuers = self.path.certificates().iter().skip(1).filter(|_| !self.is_chain());
        let sunset = self.path.anchor().sunset().is_none_or(|sunset| present <= sunset);
        if !sunset || !issuers.all(|it| is_within(it, present)) {
            let follows = Indeterminate::OutOfBoundsNoPoe;
            return Err(self.fails(block, id, follows, messages::issuer_out_of_time()));
        }
        let mut all = Vec::new();
        for one in known {
            // Step 10: what they are signed by has to be strong enough today.
            let words_at = |at| {
                let words = one.words(|it| it.today || it.is_bad_news(at)).into_iter();
                words.map(|it| it.dated(|_| present, self.context.policy)).collect::<Vec<_>>()
            };
            let moment = self.moment(&one.certificate);
            let words = words_at(moment.at);
            let (status, tried) = conclude(&words, &one.certificate, moment);
            let since = self.revoked_since(&words_at(present), &one.certificate);
            let revoked = |it: &Status| it.revoked_at().is_some();
            let open = || self.is_open_today(&words, &one.certificate);
            let silent = || self.is_unknown_then(&words, &one.certificate);
            let signer = self.path.certificates().first() == Some(&one.certificate);
            let follows = match signer {
                true if revoked(&status) => Some(Indeterminate::RevokedNoPoe),
                false if revoked(&status) || since.is_some() => Some(Indeterminate::RevokedCaNoPoe),
                _ if self.required() && (status == Status::Unknown || silent()) => {
                    Some(Indeterminate::TryLater)
                }
                _ => None,
            };
            let then = follows.map(|it| (it, self.proven));
            let follows =
                then.or_else(|| (!signer && open()).then_some((Indeterminate::TryLater, present)));
            if let Some((follows, at)) = follows {
                let message = messages::not_good_then(&one.certificate, at);
                return Err(self.fails(block, id, follows, message));
            }
            all.push(one.checked(status, words, tried));
        }
        Ok((all, block, present))
    }

    /// Whether nothing is known of a certificate at the proven time, within its own: by the
    /// chain model, too, information has to be fresh then (§5.5.4 step 6), as when an authority
    /// issued is what whoever stole its key says.
    fn is_unknown_then(&self, words: &[Word], certificate: &Certificate) -> bool {
        let moment = Moment { at: self.proven, ..self.moment(certificate) };
        is_within(certificate, self.proven)
            && conclude(words, certificate, moment).0 == Status::Unknown
    }

    /// Whether the policy asks for more than is known of an issuer today.
    fn is_open_today(&self, words: &[Word], issuer: &Certificate) -> bool {
        let (present, asked) = (self.context.at, self.context.policy.issuers);
        let moment = Moment { at: present, ..self.moment(issuer) };
        let known = || conclude(words, issuer, moment).0 != Status::Unknown;
        self.required() && asked == Issuers::Good && !known()
    }

    /// §5.6.2.4: the signature is proven to be older than anything that went wrong since.
    fn archival(&self, known: &[Known]) -> Held {
        let mut block = Block::new(BlockId::PastSignatureValidation, self.proven);
        let (sliding, slid) = self.slide(known);
        block.blocks.push(sliding);
        let Some((control, selected)) = slid else {
            block.conclusion = Indeterminate::NoPoe.into();
            return Err(block);
        };
        if self.proven > control {
            let message = messages::proven_too_late(self.proven, control);
            return Err(self.fails(block, CheckId::PastValidation, Indeterminate::NoPoe, message));
        }
        let mut all = Vec::new();
        for (one, mut words) in known.iter().zip(selected) {
            let moment = self.moment(&one.certificate);
            words.extend(one.words(|it| it.is_bad_news(moment.at)));
            let (status, tried) = conclude(&words, &one.certificate, moment);
            let good = match status {
                Status::Good { .. } => true,
                Status::Unknown => !self.required(),
                Status::Revoked { .. } => false,
            };
            if !good {
                let message = messages::not_good_then(&one.certificate, self.proven);
                let follows = Indeterminate::RevocationOutOfBoundsNoPoe;
                return Err(self.fails(block, CheckId::PastValidation, follows, message));
            }
            all.push(one.checked(status, words, tried));
        }
        let own = self.path.certificates().iter();
        let exist = own.map(|it| self.proofs.of(ObjectId::of(it.der())));
        let material_at = exist.fold(self.proven, UtcTime::max);
        Ok((all, block, material_at))
    }

    /// §5.6.2.2: the time up to which the path can be relied on, from the anchor down; and
    /// for each certificate what was known of it up to then.
    fn slide(&self, known: &[Known]) -> (Block, Option<Slid>) {
        let present = self.context.at;
        let mut block = Block::new(BlockId::ValidationTimeSliding, present);
        let sunset = self.path.anchor().sunset();
        let mut control = sunset.map_or(present, |it| it.min(present));
        let mut selected = Vec::new();
        for one in known.iter().rev() {
            let exists = self.proofs.of(ObjectId::of(one.certificate.der())) <= control;
            let limit = self.end_of_issuer(&one.certificate).min(control);
            let words = one.words(|it| {
                it.proven <= limit
                    && it.word.this_update <= control
                    && (!it.word.is_weak || it.word.revoked().is_some())
                    && it.word.speaks_of(&one.certificate)
            });
            if !exists || (words.is_empty() && self.required()) {
                let message = messages::unproven(&one.certificate, control);
                block.at = control;
                let (id, follows) = (CheckId::PastValidation, Indeterminate::NoPoe);
                return (self.fails(block, id, follows, message), None);
            }
            let moment = self.moment(&one.certificate);
            let latest = words.iter().max_by_key(|it| it.this_update);
            let since = self.revoked_since(&one.words(|_| true), &one.certificate);
            let until = since.or_else(|| latest.map(|it| it.serves_until(moment)));
            control = until.map_or(control, |it| it.min(control));
            let strong = latest.and_then(|it| strong_until(it, control, self.context.policy));
            control = strong.map_or(control, |it| it.min(control));
            selected.push(words);
        }
        selected.reverse();
        block.at = control;
        (block, Some((control, selected)))
    }

    /// Information is no better than the certificate of the issuer, within whose time it has
    /// to be proven.
    fn end_of_issuer(&self, certificate: &Certificate) -> UtcTime {
        let path = self.path.certificates();
        let place = path.iter().position(|it| it == certificate);
        let issuer = place.and_then(|it| path.get(it.saturating_add(1)));
        issuer.map_or(self.context.at, |it| it.not_after().min(self.context.at))
    }

    /// The block with a check that fails.
    fn fails(
        &self,
        mut block: Block,
        id: CheckId,
        follows: Indeterminate,
        message: Message,
    ) -> Block {
        let judged =
            block::judge(block.id, vec![Finding::unknown(id, follows, message)], self.context);
        block.conclusion = judged.block.conclusion;
        block.checks.extend(judged.block.checks);
        block
    }
}

/// Whether the signature is proven to be older than its certificate.
fn is_premature(facts: &SignatureFacts, proven: UtcTime) -> bool {
    facts.signer.certificate.as_ref().is_some_and(|it| proven < it.not_before())
}

fn is_within(certificate: &Certificate, at: UtcTime) -> bool {
    let at = at.whole_seconds();
    certificate.not_before() <= at && at <= certificate.not_after()
}

impl Said {
    /// Bad news counts whenever it came and whoever brings it; but what says that a certificate
    /// was revoked later must not be taken for good news of the time before.
    fn is_bad_news(&self, at: UtcTime) -> bool {
        self.word.revoked().is_some_and(|since| since <= at)
    }
}

impl Known {
    fn add(&mut self, word: Word, proven: UtcTime, today: bool) {
        let same = |it: &&mut Said| {
            it.word.made_of().map(<[u8]>::as_ptr).eq(word.made_of().map(<[u8]>::as_ptr))
        };
        match self.said.iter_mut().find(same) {
            Some(known) => known.today |= today,
            None => self.said.push(Said { word, proven, today }),
        }
    }

    fn words(&self, which: impl Fn(&Said) -> bool) -> Vec<Word> {
        self.said.iter().filter(|it| which(it)).map(|it| it.word.clone()).collect()
    }

    fn checked(&self, status: Status, words: Vec<Word>, tried: Vec<Tried>) -> Checked {
        Checked { certificate: self.certificate.clone(), status, words, tried }
    }
}
