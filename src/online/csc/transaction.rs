//! What the holder agreed to: the signature activation data (SAD) of §11.6, how it is
//! obtained, and how long it holds.

use super::access::until;
use super::authorise::{Answer, FactorKind, Question, complete};
use super::credential::AuthorisationMode;
use super::refusal::{Refusal, garbled};
use super::secret::Secret;
use super::signer::RemoteSigner;
use super::wire;
use crate::crypto::Digest;
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// An authorisation; wiped when it is dropped.
pub(super) struct Activation {
    sad: Secret,
    /// Signatures that it is good for.
    left: usize,
    /// Until when it is used, and until when it can be extended.
    until: UtcTime,
    ends: UtcTime,
}

pub(super) const AUTHORIZE: &str = "credentials/authorize";
const CHECK: &str = "credentials/authorizeCheck";
const EXTEND: &str = "credentials/extendTransaction";
const CHALLENGE: &str = "credentials/getChallenge";
const OTP: &str = "credentials/sendOTP";
/// Seconds that an authorisation lasts where the service does not say (§11.6).
const LASTS: u64 = 3_600;

impl Activation {
    fn new(sad: Secret, left: usize, now: UtcTime, seconds: Option<u64>) -> Self {
        let lasts = i64::try_from(seconds.unwrap_or(LASTS)).unwrap_or(i64::MAX);
        Self { sad, left, until: until(now, seconds), ends: now.plus_seconds(lasts) }
    }

    pub(super) fn sad(&self) -> &Secret {
        &self.sad
    }

    /// What is left of it after so many signatures.
    pub(super) fn after(self, signatures: usize) -> Option<Self> {
        let left = self.left.saturating_sub(signatures);
        (left > 0).then_some(Self { left, ..self })
    }
}

impl RemoteSigner {
    /// The authorisation for these hashes, and whether it is one that was held. What was held
    /// is taken out, so that it is not used again where this fails.
    pub(super) fn activate(
        &self,
        held: &mut Option<Activation>,
        digests: &[Digest],
        hashes: &[String],
    ) -> Result<(Activation, bool)> {
        let now = self.client.now();
        if let Some(active) = held.take().filter(|it| it.left >= hashes.len()) {
            let is_bound = self.credential.is_bound_to_hashes();
            if !is_bound && now < active.until {
                return Ok((active, true));
            }
            if now < active.ends {
                match self.extend(&active, hashes) {
                    Ok(extended) => return Ok((extended, true)),
                    Err(error) if Refusal::of(&error).is_some_and(Refusal::is_the_holders) => {
                        return Err(error);
                    }
                    // A service need not know this call: the holder is asked again.
                    Err(_) => {}
                }
            }
        }
        self.obtain(digests, hashes).map(|it| (it, false))
    }

    /// §11.9.
    fn extend(&self, active: &Activation, hashes: &[String]) -> Result<Activation> {
        let now = self.client.now();
        let request = wire::ExtendRequest {
            credential: self.credential.id(),
            hashes,
            hash_algorithm: &self.named.hash,
            sad: &active.sad,
        };
        let reply = self.client.ask(EXTEND, &request, &[active.sad.as_str()])?;
        let answer: wire::Authorized = reply.parse(EXTEND)?;
        let sad = answer.sad.ok_or_else(|| garbled(EXTEND, "has no SAD"))?;
        Ok(Activation::new(sad, active.left, now, answer.expires_in))
    }

    /// Has the holder agree.
    pub(super) fn obtain(&self, digests: &[Digest], hashes: &[String]) -> Result<Activation> {
        let signatures = self.transaction.max(hashes.len());
        let mut question = Question {
            credential: &self.credential,
            digests,
            signatures,
            description: self.description.as_deref(),
            factors: Vec::new(),
        };
        match self.credential.mode() {
            AuthorisationMode::OAuth2Code => {
                let token = self.authorise.access_token(&question)?;
                Ok(Activation::new(Secret::new(token), signatures, self.client.now(), None))
            }
            AuthorisationMode::Implicit => self.authorize(&question, hashes, &[]),
            AuthorisationMode::Explicit => {
                question.factors = self.factors()?;
                let answers = complete(&question, self.answers(&question)?)?;
                self.authorize(&question, hashes, &answers)
            }
        }
    }

    /// Nobody is asked for what is answered elsewhere alone.
    fn answers(&self, question: &Question<'_>) -> Result<Vec<Answer>> {
        let asks = question.factors.iter().any(|it| it.is_asked_here());
        if asks || question.leaves_choice() {
            self.authorise.authorise(question)
        } else {
            Ok(Vec::new())
        }
    }

    /// What the holder is asked for, once the service has sent its challenges.
    fn factors(&self) -> Result<Vec<super::Factor>> {
        let credential = self.credential.id();
        if self.sends_otp {
            self.client.ask(OTP, &wire::OtpRequest { credential }, &[])?;
        }
        let mut factors = self.credential.factors().to_vec();
        for factor in &mut factors {
            if factor.kind == FactorKind::ChallengeResponse {
                let request = wire::ChallengeRequest { credential, object: &factor.id };
                let reply = self.client.ask(CHALLENGE, &request, &[])?;
                let sent = if reply.is_blank() {
                    wire::Challenge::default()
                } else {
                    reply.parse(CHALLENGE)?
                };
                *factor = factor.clone().challenged(sent.challenge.as_deref());
            }
        }
        Ok(factors)
    }

    /// §11.6, and §11.7 where the holder agrees elsewhere.
    fn authorize(
        &self,
        question: &Question<'_>,
        hashes: &[String],
        answers: &[Answer],
    ) -> Result<Activation> {
        let (now, signatures) = (self.client.now(), question.signatures);
        let request = wire::AuthorizeRequest {
            credential: self.credential.id(),
            num_signatures: signatures,
            hashes,
            hash_algorithm: &self.named.hash,
            auth_data: answers.iter().map(Answer::wire).collect(),
            description: question.description,
        };
        let secrets: Vec<&str> = answers.iter().filter_map(Answer::secret).collect();
        let answered = self.client.ask(AUTHORIZE, &request, &secrets).map_err(|error| {
            self.told(error, |it| {
                it.is_the_holders() || (!secrets.is_empty() && it.may_be_of_them())
            })
        })?;
        let answer: wire::Authorized = answered.parse(AUTHORIZE)?;
        let (now, sad, expires_in) = match (answer.sad, answer.handle) {
            (Some(sad), _) => (now, sad, answer.expires_in),
            (None, Some(handle)) => {
                self.approved(handle).map_err(|error| self.told(error, Refusal::is_the_holders))?
            }
            (None, None) => return Err(garbled(AUTHORIZE, "has neither a SAD nor a handle")),
        };
        Ok(Activation::new(sad, signatures, now, expires_in))
    }

    /// Whoever answered hears that the service did not take it.
    fn told(&self, error: Error, is_of_answers: impl FnOnce(&Refusal) -> bool) -> Error {
        if Refusal::of(&error).is_some_and(is_of_answers) {
            self.authorise.refused();
        }
        error
    }

    fn approved(&self, mut handle: Secret) -> Result<(UtcTime, Secret, Option<u64>)> {
        self.polling.until_answered(CHECK, &|| self.client.now(), || {
            let now = self.client.now();
            let request = wire::CheckRequest { handle: handle.as_str() };
            let reply = match self.client.ask(CHECK, &request, &[handle.as_str()]) {
                Ok(reply) => reply,
                Err(error) if Refusal::of(&error).is_some_and(Refusal::is_not_yet) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            if reply.status == 202 && reply.is_blank() {
                return Ok(None);
            }
            let answer: wire::Authorized = reply.parse(CHECK)?;
            match (answer.sad, answer.handle) {
                (Some(sad), _) => return Ok(Some((now, sad, answer.expires_in))),
                (None, Some(next)) => handle = next,
                (None, None) if reply.status == 202 => {}
                (None, None) => return Err(garbled(CHECK, "has neither a SAD nor a handle")),
            }
            Ok(None)
        })
    }
}
