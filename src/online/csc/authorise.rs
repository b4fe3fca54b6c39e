//! The joint to those who hold keys: what they are asked before the service signs (§8.3).

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::credential::Credential;
use super::refusal::{cleaned, garbled};
use super::secret::Secret;
use super::wire;
use crate::crypto::Digest;
use crate::error::{Error, ErrorKind, Result};

/// Asks the holder of a key for what the service wants to know before it signs.
///
/// It is asked once for each authorisation, and never again by itself: an answer that the
/// service refuses ends the batch, since services lock keys after a few wrong PINs. A closure
/// `Fn(&Question) -> Result<Vec<Answer>>` is one, too.
pub trait Authorise: Send + Sync {
    /// The holder's answers: one for each factor that is asked for, or for those chosen
    /// where the service leaves a choice ([`Question::leaves_choice`]).
    ///
    /// # Errors
    /// `Signer` where the holder does not agree.
    fn authorise(&self, question: &Question<'_>) -> Result<Vec<Answer>>;

    /// For keys whose holder agrees in a browser
    /// ([`OAuth2Code`](super::AuthorisationMode::OAuth2Code)): the access token of scope
    /// `credential` that this ends in, for these hashes and so many signatures.
    ///
    /// # Errors
    /// `Unsupported`, unless it is implemented; `Signer` where the holder does not agree.
    fn access_token(&self, question: &Question<'_>) -> Result<String> {
        let _ = question;
        Err(Error::unsupported(
            "the holder of this key agrees in a browser: give `Authorise::access_token` the \
             token that this ends in",
        ))
    }

    /// The service refused what the holder answered, or may have: it said no to the request that
    /// held the answers, in whatever words, and not of the access token.
    fn refused(&self) {}
}

impl<F: Fn(&Question<'_>) -> Result<Vec<Answer>> + Send + Sync> Authorise for F {
    fn authorise(&self, question: &Question<'_>) -> Result<Vec<Answer>> {
        self(question)
    }
}

/// What the holder is to agree to.
#[derive(Debug)]
pub struct Question<'a> {
    pub(super) credential: &'a Credential,
    pub(super) digests: &'a [Digest],
    pub(super) signatures: usize,
    pub(super) description: Option<&'a str>,
    pub(super) factors: Vec<Factor>,
}

impl Question<'_> {
    /// The key that is to sign.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        self.credential
    }

    /// The hashes that are to be signed now.
    #[must_use]
    pub fn digests(&self) -> &[Digest] {
        self.digests
    }

    /// How many signatures the holder agrees to: more than there are hashes where others
    /// follow in the same transaction.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.signatures
    }

    /// What is signed, in the application's words.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description
    }

    /// What the service wants to know, with the challenges that it gave for it.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// Whether some of the factors are enough.
    #[must_use]
    pub fn leaves_choice(&self) -> bool {
        !self.credential.wants_all
    }
}

/// One way to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Factor {
    /// By what the service knows it, such as `PIN`.
    pub id: String,
    /// How it works.
    pub kind: FactorKind,
    /// For people; words of the service, as those that follow.
    pub label: String,
    /// For people.
    pub description: String,
    /// Whether digits alone are expected.
    pub is_numeric: bool,
    /// What makes the answer, such as `totp`; empty where the service does not say.
    pub generator: String,
    /// What the service gave to answer to; nothing where it sent that by another way, as by a
    /// message to a phone.
    pub challenge: Option<String>,
}

/// How a factor works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactorKind {
    /// The holder knows the answer, or has something that makes it.
    Password,
    /// The holder answers what the service sends first.
    ChallengeResponse,
    /// The holder answers elsewhere, as on a phone; nothing is asked for here.
    OutOfBand,
}

/// Letters of what a service tells about a factor.
const ID: usize = 256;
const LABEL: usize = 100;
const DESCRIPTION: usize = 300;
const CHALLENGE: usize = 2_000;

impl Factor {
    pub(super) fn read(wire: &wire::AuthObject) -> Result<Self> {
        let kind = match wire.kind.as_str() {
            "Password" => FactorKind::Password,
            "ChallengeResponse" => FactorKind::ChallengeResponse,
            "PasswordOOB" | "ChallengeResponseOOB" => FactorKind::OutOfBand,
            other => {
                let other = cleaned(other, LABEL, &[]);
                let what = format!("the service wants {other:?} from the key's holder");
                return Err(Error::unsupported(what));
            }
        };
        if wire.id.is_empty() || wire.id.len() > ID {
            return Err(garbled("credentials/info", "names a factor that has no usable name"));
        }
        let text =
            |it: &Option<String>, most| cleaned(it.as_deref().unwrap_or_default(), most, &[]);
        Ok(Self {
            id: wire.id.clone(),
            kind,
            label: text(&wire.label, LABEL),
            description: text(&wire.description, DESCRIPTION),
            is_numeric: wire.format.as_deref() == Some("N"),
            generator: text(&wire.generator, LABEL),
            challenge: None,
        })
    }

    pub(super) fn challenged(self, challenge: Option<&str>) -> Self {
        Self { challenge: challenge.map(|it| cleaned(it, CHALLENGE, &[])), ..self }
    }

    /// Whether the holder answers here.
    #[must_use]
    pub fn is_asked_here(&self) -> bool {
        self.kind != FactorKind::OutOfBand
    }
}

/// The holder's answer to one factor; wiped when it is dropped, and never printed.
#[derive(Clone)]
pub struct Answer {
    id: String,
    value: Option<Secret>,
}

impl Answer {
    /// The answer to the factor of this [`id`](Factor::id).
    #[must_use]
    pub fn new(id: impl Into<String>, value: impl Into<String>) -> Self {
        Self { id: id.into(), value: Some(Secret::new(value)) }
    }

    /// The choice of a factor that is answered elsewhere. Only to be given where the service
    /// leaves a choice; else such factors are all taken.
    #[must_use]
    pub fn out_of_band(id: impl Into<String>) -> Self {
        Self { id: id.into(), value: None }
    }

    pub(super) fn wire(&self) -> wire::AuthData<'_> {
        wire::AuthData { id: &self.id, value: self.secret() }
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.value.as_ref().map(Secret::as_str)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({:?})", self.id)
    }
}

/// The answers that go to the service: those of the holder, once they fit the question, and
/// what is answered elsewhere.
pub(super) fn complete(question: &Question<'_>, mut answers: Vec<Answer>) -> Result<Vec<Answer>> {
    for (n, answer) in answers.iter().enumerate() {
        let factor = question.factors.iter().find(|it| it.id == answer.id);
        let fits = factor.is_some_and(|it| it.is_asked_here() == answer.value.is_some());
        let is_twice = answers.iter().take(n).any(|it| it.id == answer.id);
        if !fits || is_twice {
            let what = format!("the key's holder was not asked for {:?} so", answer.id);
            return Err(Error::misuse(what));
        }
        // It would be looked at, and counted as a wrong one.
        if answer.secret().is_some_and(str::is_empty) {
            let what = format!("nothing was answered for {:?}: nothing is sent", answer.id);
            return Err(Error::new(ErrorKind::Signer, what));
        }
    }
    if !question.leaves_choice() {
        for factor in &question.factors {
            if answers.iter().any(|it| it.id == factor.id) {
                continue;
            }
            if factor.is_asked_here() {
                let what = format!("the key's holder did not answer for {:?}", factor.id);
                return Err(Error::new(ErrorKind::Signer, what));
            }
            answers.push(Answer::out_of_band(&factor.id));
        }
    }
    Ok(answers)
}

/// A PIN that is known beforehand, as for seals that no person watches over. It answers keys
/// that want one password and nothing else; once the service has said no to a request with it,
/// unless it was to the access token, it is not sent again.
pub struct Pin {
    pin: Secret,
    refused: AtomicBool,
}

impl Pin {
    /// With this PIN.
    #[must_use]
    pub fn new(pin: impl Into<String>) -> Self {
        Self { pin: Secret::new(pin), refused: AtomicBool::new(false) }
    }
}

impl Authorise for Pin {
    fn authorise(&self, question: &Question<'_>) -> Result<Vec<Answer>> {
        if self.refused.load(Ordering::SeqCst) {
            let what = "the service said no to a request with this PIN before: it is not sent again; \
                        open the key anew once it is certain what was refused";
            return Err(Error::new(ErrorKind::Signer, what));
        }
        let mut asked = question.factors().iter().filter(|it| it.is_asked_here());
        match (asked.next(), asked.next()) {
            (Some(factor), None) if factor.kind == FactorKind::Password => {
                Ok(vec![Answer::new(&factor.id, self.pin.as_str())])
            }
            _ => Err(Error::new(
                ErrorKind::Signer,
                "this key wants more of its holder than a PIN: somebody has to be asked",
            )),
        }
    }

    fn refused(&self) {
        self.refused.store(true, Ordering::SeqCst);
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}
