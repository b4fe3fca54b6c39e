//! What was asked elsewhere and what came back, word by word: so that the same questions
//! can be answered again without asking anybody.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::ocsp::OcspResponse;
use super::request;
use crate::encoding::base64::Octets;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::retrieval::{Request, RequestKind, Retrieve};

/// One question and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    kind: RequestKind,
    url: String,
    /// What was sent along, if anything was.
    request: Option<Octets>,
    answer: Option<Octets>,
    /// Why there is no answer.
    error: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Failure {
    kind: ErrorKind,
    message: String,
}

/// Lets another one ask, and keeps what is said on both sides.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    inner: &'a dyn Retrieve,
    exchanges: Mutex<Vec<Exchange>>,
}

/// Gives the answers of old to the questions of old, and asks nobody.
#[derive(Debug)]
pub(crate) struct Replay {
    exchanges: Vec<Exchange>,
    remembers: bool,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(inner: &'a dyn Retrieve) -> Self {
        Self { inner, exchanges: Mutex::default() }
    }

    /// What was kept, in the order of the questions.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Retrieve for Recorder<'_> {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        let result = self.inner.retrieve(request);
        let exchange = Exchange::of(request, &result);
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        result
    }

    fn remembers(&self) -> bool {
        self.inner.remembers()
    }
}

impl Exchange {
    fn of(request: &Request<'_>, result: &Result<Vec<u8>>) -> Self {
        let failure = |error: &Error| Failure { kind: error.kind(), message: error.to_string() };
        Self {
            kind: request.kind,
            url: request.url.to_owned(),
            request: request.body.map(Octets::from),
            answer: result.as_ref().ok().map(|it| Octets::from(it.as_slice())),
            error: result.as_ref().err().map(failure),
        }
    }

    /// Certificates that the answer brought, or that came with what it brought.
    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        let Some(answer) = self.answer.as_ref().map(Octets::as_slice) else { return Vec::new() };
        // What was too large then was not read.
        let limits = Limits::default();
        match self.kind {
            RequestKind::Certificates => Certificate::all_from(answer, &limits).unwrap_or_default(),
            RequestKind::Ocsp => OcspResponse::from_der(answer, &limits)
                .map(|it| it.certificates().to_vec())
                .unwrap_or_default(),
            RequestKind::Crl | RequestKind::TimeStamp => Vec::new(),
        }
    }
}

impl Replay {
    /// `remembers` is what the one said who was asked then.
    pub(crate) fn new(exchanges: Vec<Exchange>, remembers: bool) -> Self {
        Self { exchanges, remembers }
    }

    /// The nonce that the question about this certificate had then: with another one the
    /// answer of old would be none to it.
    pub(super) fn nonce(&self, url: &str, certificate_id: &[u8]) -> Option<Vec<u8>> {
        let bodies = self.exchanges.iter().filter(|it| it.url == url);
        let nonces = bodies.filter_map(|it| {
            let body = it.request.as_ref()?.as_slice();
            let (_, nonce) =
                body.split_at_checked(body.len().checked_sub(request::NONCE_OCTETS)?)?;
            (request::request(certificate_id, Some(nonce)) == body).then(|| nonce.to_vec())
        });
        nonces.into_iter().next()
    }
}

impl Retrieve for Replay {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        let found = self.exchanges.iter().find(|it| {
            it.kind == request.kind
                && it.url == request.url
                && it.request.as_ref().map(Octets::as_slice) == request.body
        });
        match found.map(|it| (&it.answer, &it.error)) {
            Some((Some(answer), None)) => Ok(answer.as_slice().to_vec()),
            Some((_, Some(failure))) => Err(Error::new(failure.kind, failure.message.clone())),
            Some((None, None)) | None => Err(Error::new(
                ErrorKind::Service,
                "this was not asked when the evidence was kept, and is not asked now",
            )),
        }
    }

    fn remembers(&self) -> bool {
        self.remembers
    }
}
