//! A key that a service keeps, as a [`Signer`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::algorithm::Named;
use super::authorise::Authorise;
use super::client::Client;
use super::credential::{AuthorisationMode, Credential, CredentialStatus};
use super::polling::Polling;
use super::refusal::{Refusal, again, garbled};
use super::secret::Secret;
use super::transaction::Activation;
use super::{value, wire};
use crate::crypto::{Digest, SignatureAlgorithm};
use crate::encoding::base64;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::{SignatureValue, Signer, ToBeSigned, check_choice};
use crate::pki::Certificate;

/// A key that a service keeps. Its values are checked against the certificate where they are
/// put in, as those of every [`Signer`].
///
/// Each call of [`sign`](Signer::sign) asks the holder, and each of
/// [`sign_all`](Signer::sign_all) once for as many as the service permits
/// ([`Credential::multisign`]). Where a part of a batch fails, what follows is not asked for.
///
/// # A phone that has to agree
///
/// Services ask their holder's phone in one of three ways, and each works here. The service
/// may keep the connection open until the holder has agreed: give the client a long
/// [`Timeouts::silence`](crate::exchange::Timeouts::silence). It may answer
/// `credentials/authorize` by a handle: then it is asked again as [`Polling`] says. Or it may
/// sign [`asynchronously`](Self::asynchronous). An application that cannot wait, as behind a
/// web page, calls [`submit`](Self::submit) now and [`collect`](Self::collect) later, from any
/// process, with what [`Prepared`](crate::Prepared) keeps of the document.
pub struct RemoteSigner {
    pub(super) client: Arc<Client>,
    pub(super) credential: Credential,
    algorithm: SignatureAlgorithm,
    pub(super) named: Named,
    pub(super) authorise: Box<dyn Authorise>,
    pub(super) polling: Polling,
    asynchronous: bool,
    pub(super) transaction: usize,
    pub(super) description: Option<String>,
    pub(super) sends_otp: bool,
    held: Mutex<Option<Activation>>,
}

/// What was handed to a service that signs later. It can be stored until
/// [`RemoteSigner::collect`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    response: String,
    algorithm: SignatureAlgorithm,
    values: usize,
}

const SIGN: &str = "signatures/signHash";
const POLL: &str = "signatures/signPolling";
/// Letters of an identifier that a service gives.
const RESPONSE: usize = 1_024;
/// §11.6: letters of a description.
const DESCRIPTION: usize = 500;

impl RemoteSigner {
    /// Asks what the service says of the key.
    ///
    /// # Errors
    /// As [`Client::credential`]; `Signer` when the key is disabled, revoked or suspended.
    pub fn open(
        client: impl Into<Arc<Client>>,
        credential: &str,
        authorise: impl Authorise + 'static,
    ) -> Result<Self> {
        let client = client.into();
        let credential = client.credential(credential)?;
        let refused = match credential.status() {
            _ if !credential.is_enabled() => Some("is disabled"),
            CredentialStatus::Revoked => Some("has a revoked certificate"),
            CredentialStatus::Suspended => Some("has a suspended certificate"),
            // Signing holds the certificate's own time against the claimed one.
            CredentialStatus::Expired | CredentialStatus::Valid | CredentialStatus::Unknown => None,
        };
        if let Some(why) = refused {
            let what = format!("the service says that the key {:?} {why}", credential.id());
            return Err(Error::new(ErrorKind::Signer, what));
        }
        let algorithm = credential.default_algorithm();
        let named = named(algorithm, &credential)?;
        Ok(Self {
            client,
            credential,
            algorithm,
            named,
            authorise: Box::new(authorise),
            polling: Polling::default(),
            asynchronous: false,
            transaction: 1,
            description: None,
            sends_otp: false,
            held: Mutex::new(None),
        })
    }

    /// The same key with another algorithm.
    ///
    /// # Errors
    /// `Misuse` when the certificate's key does not sign so, or the service does not.
    pub fn with_algorithm(self, algorithm: SignatureAlgorithm) -> Result<Self> {
        check_choice(self.certificate_chain(), algorithm, |_| true)?;
        let named = named(algorithm, &self.credential)?;
        Ok(Self { algorithm, named, ..self })
    }

    /// Waits otherwise for a holder who agrees elsewhere.
    #[must_use]
    pub fn with_polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// Has the service sign asynchronously (`operationMode` `A`), and waits for what comes
    /// of it.
    #[must_use]
    pub fn asynchronous(self) -> Self {
        Self { asynchronous: true, ..self }
    }

    /// Has the holder agree to so many signatures at once, at most as many as the service
    /// permits, however few are wanted at first: for several calls of
    /// [`sign`](Signer::sign), as for the signatures of one PDF, each of which covers those
    /// before it. The authorisation is kept in memory until it is used up or ends.
    #[must_use]
    pub fn with_transaction(self, signatures: usize) -> Self {
        let transaction = signatures.clamp(1, self.batch_size());
        Self { transaction, ..self }
    }

    /// What is signed, in words that the service may show to the holder. Its first 500
    /// letters are sent.
    #[must_use]
    pub fn with_description(self, description: &str) -> Self {
        Self { description: Some(description.chars().take(DESCRIPTION).collect()), ..self }
    }

    /// Has the service send the holder a code (`credentials/sendOTP`) before each
    /// authorisation. Services of version 2 send one by themselves where a factor is a
    /// challenge; those that come from version 1 want to be asked.
    #[must_use]
    pub fn sending_otp(self) -> Self {
        Self { sends_otp: true, ..self }
    }

    /// What the service says of the key.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Has the holder agree where that is asked for here, and hands these over to be signed
    /// asynchronously.
    ///
    /// # Errors
    /// As [`sign`](Signer::sign); `Misuse` for none, and for more than
    /// [`batch_size`](Signer::batch_size).
    pub fn submit(&self, batch: &[ToBeSigned]) -> Result<Submitted> {
        self.check(batch)?;
        if batch.is_empty() || batch.len() > self.batch_size() {
            let most = self.batch_size();
            return Err(Error::misuse(format!("1 to {most} values can be handed over at once")));
        }
        let answer = self.conversation(batch, true)?;
        self.submitted(answer, batch.len())
    }

    /// What came of it; nothing as long as the holder has not agreed.
    ///
    /// # Errors
    /// As [`sign`](Signer::sign); `Misuse` for what another algorithm was meant for.
    pub fn collect(&self, submitted: &Submitted) -> Result<Option<Vec<Result<SignatureValue>>>> {
        if submitted.algorithm != self.algorithm {
            let what = format!("this was to be signed with {}", submitted.algorithm);
            return Err(Error::misuse(what));
        }
        let request = wire::PollRequest { request: &submitted.response };
        let reply = match self.client.ask(POLL, &request, &[]) {
            Ok(reply) => reply,
            Err(error) if Refusal::of(&error).is_some_and(Refusal::is_not_yet) => return Ok(None),
            Err(error) => return Err(error),
        };
        if reply.status == 202 && reply.is_blank() {
            return Ok(None);
        }
        let answer: wire::Signatures = reply.parse(POLL)?;
        answer.signatures.map(|it| self.values(POLL, &it, submitted.values)).transpose()
    }

    fn submitted(&self, answer: wire::Signatures, values: usize) -> Result<Submitted> {
        match answer.response {
            Some(response) if !response.is_empty() && response.len() <= RESPONSE => {
                Ok(Submitted { response, algorithm: self.algorithm, values })
            }
            _ => Err(garbled(SIGN, "has neither signatures nor a usable responseID")),
        }
    }

    fn sign_chunk(&self, chunk: &[ToBeSigned]) -> Result<Vec<Result<SignatureValue>>> {
        let answer = self.conversation(chunk, self.asynchronous)?;
        // Either kind of service may answer in the other's way.
        if let Some(signatures) = &answer.signatures {
            return self.values(SIGN, signatures, chunk.len());
        }
        let submitted = self.submitted(answer, chunk.len())?;
        self.polling.until_answered(POLL, &|| self.client.now(), || self.collect(&submitted))
    }

    /// One authorisation, where none is held, and one request. Those of several threads go
    /// one after the other where a person is asked, or an authorisation is held.
    fn conversation(&self, chunk: &[ToBeSigned], later: bool) -> Result<wire::Signatures> {
        let digests: Vec<Digest> = chunk.iter().map(ToBeSigned::digest).collect();
        let hashes: Vec<String> = digests.iter().map(|it| base64::encode(it.value())).collect();
        let asks = self.credential.mode() != AuthorisationMode::Implicit;
        let mut guard = (asks || self.transaction > 1).then(|| self.lock());
        let mut own = None;
        let held = guard.as_deref_mut().unwrap_or(&mut own);
        let (activation, is_held) = self.activate(held, &digests, &hashes)?;
        let (activation, answer) = match self.request(activation.sad(), &hashes, later) {
            Ok(answer) => (activation, answer),
            // It ended before our clock said so. One that is new is not obtained again.
            Err(error) if is_held && Refusal::of(&error).is_some_and(Refusal::is_of_the_sad) => {
                let activation = self.obtain(&digests, &hashes)?;
                let answer = self.request(activation.sad(), &hashes, later)?;
                (activation, answer)
            }
            Err(error) => return Err(error),
        };
        *held = activation.after(chunk.len());
        Ok(answer)
    }

    fn request(&self, sad: &Secret, hashes: &[String], later: bool) -> Result<wire::Signatures> {
        let request = wire::SignRequest {
            credential: self.credential.id(),
            sad,
            hashes,
            hash_algorithm: &self.named.hash,
            sign_algo: &self.named.oid,
            sign_algo_params: self.named.parameters.as_deref(),
            operation_mode: if later { "A" } else { "S" },
            validity_period: later.then(|| self.polling.validity()).flatten(),
            response_uri: self.polling.response_uri.as_deref().filter(|_| later),
        };
        self.client.ask(SIGN, &request, &[sad.as_str()])?.parse(SIGN)
    }

    /// One answer each, in order, or none of them.
    fn values(
        &self,
        call: &str,
        texts: &[String],
        wanted: usize,
    ) -> Result<Vec<Result<SignatureValue>>> {
        if texts.len() != wanted {
            let why =
                format!("has {} signatures for {wanted} hashes: none of them is used", texts.len());
            return Err(garbled(call, &why));
        }
        let key = self.certificate_chain().first().map_or(&[][..], Certificate::public_key_info);
        let value = |text: &String| {
            let bytes = value::decode(text)
                .ok_or_else(|| garbled(call, "has a signature that is no base64"))?;
            Ok(SignatureValue::new(value::normalised(bytes, self.algorithm, key)))
        };
        Ok(texts.iter().map(value).collect())
    }

    fn check(&self, batch: &[ToBeSigned]) -> Result<()> {
        batch.iter().try_for_each(|it| it.wants(self.algorithm))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Activation>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(algorithm: SignatureAlgorithm, credential: &Credential) -> Result<Named> {
    Named::of(algorithm, credential.algorithms())?.ok_or_else(|| {
        let id = credential.id();
        Error::misuse(format!("the service does not sign with {algorithm} by the key {id:?}"))
    })
}

impl Signer for RemoteSigner {
    fn certificate_chain(&self) -> &[Certificate] {
        self.credential.certificate_chain()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        let mut all = self.sign_all(std::slice::from_ref(to_be_signed));
        all.pop().unwrap_or_else(|| Err(garbled(SIGN, "has no signature")))
    }

    fn sign_all(&self, batch: &[ToBeSigned]) -> Vec<Result<SignatureValue>> {
        let mut failed = self.check(batch).err();
        let mut answers = Vec::with_capacity(batch.len());
        for chunk in batch.chunks(self.batch_size()) {
            let signed = match failed.take() {
                Some(error) => Err(error),
                None => self.sign_chunk(chunk),
            };
            match signed {
                Ok(values) => answers.extend(values),
                Err(error) => {
                    answers.extend(chunk.iter().map(|_| Err(again(&error))));
                    failed = Some(error);
                }
            }
        }
        answers
    }

    fn batch_size(&self) -> usize {
        self.credential.multisign().min(self.client.limits().signing_batch).max(1)
    }
}

impl fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSigner")
            .field("client", &self.client)
            .field("credential", &self.credential.id())
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
