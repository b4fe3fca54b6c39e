//! What has to be asked for elsewhere: issuers' certificates, revocation lists and
//! answers, time-stamps. The crate knows the questions and reads the answers; who
//! carries them is the embedding application's choice.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Carries one question to a service and brings back what it says. The one joint
/// between this crate and any network; an implementation over HTTP may be behind the feature `http`.
///
/// Nothing that comes back is believed before its own signature was checked.
pub trait Retrieve: fmt::Debug + Send + Sync {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// `Service` when nobody answers in time or the answer is a refusal;
    /// `LimitExceeded` when it is longer than [`Request::most_bytes`]; `Misuse` when the
    /// URL is none that this one may ask.
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>>;

    /// Whether an answer may be one that was given before, as from a cache. Then OCSP
    /// requests carry no nonce: no answer of old could have it.
    fn remembers(&self) -> bool {
        false
    }

    /// Which edition of its answer this one keeps, where it would give a kept one: as long as
    /// that is the same, so is the answer, and whoever has read it need not ask again.
    fn edition(&self, _request: &Request<'_>) -> Option<Vec<u8>> {
        None
    }
}

impl<R: Retrieve + ?Sized> Retrieve for std::sync::Arc<R> {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        (**self).retrieve(request)
    }

    fn remembers(&self) -> bool {
        (**self).remembers()
    }

    fn edition(&self, request: &Request<'_>) -> Option<Vec<u8>> {
        (**self).edition(request)
    }
}

/// One question that was asked elsewhere while a document was judged, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// What was asked for.
    pub kind: RequestKind,
    /// Who was asked.
    pub url: String,
    /// For whose certificate, as RFC 4514 writes names.
    pub certificate: String,
    /// Why nothing came of it; nothing where an answer came that could be read.
    pub error: Option<String>,
}

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request<'a> {
    /// Whom to ask, as it stands in a certificate or in the caller's settings.
    pub url: &'a str,
    /// What is asked for.
    pub kind: RequestKind,
    /// What is sent along: an OCSP or a time-stamp request in DER. Without it, the
    /// resource at the URL is asked for.
    pub body: Option<&'a [u8]>,
    /// Bytes that the answer may have.
    pub most_bytes: u64,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RequestKind {
    /// Certificates of an issuer (RFC 5280 §4.2.2.1): one in DER or PEM, or a bag of them.
    Certificates,
    /// A revocation list (RFC 5280 §4.2.1.13).
    Crl,
    /// An OCSP response (RFC 6960 Appendix A).
    Ocsp,
    /// A time-stamp (RFC 3161 §3.4).
    TimeStamp,
}

impl<'a> Request<'a> {
    /// Asks for the resource at `url`.
    #[must_use]
    pub fn get(kind: RequestKind, url: &'a str, most_bytes: u64) -> Self {
        Self { url, kind, body: None, most_bytes }
    }

    /// Sends `body` to `url`.
    #[must_use]
    pub fn post(kind: RequestKind, url: &'a str, body: &'a [u8], most_bytes: u64) -> Self {
        Self { url, kind, body: Some(body), most_bytes }
    }
}

impl RequestKind {
    /// The media type of what is sent, where anything is.
    #[must_use]
    pub fn request_type(self) -> Option<&'static str> {
        match self {
            Self::Certificates | Self::Crl => None,
            Self::Ocsp => Some("application/ocsp-request"),
            Self::TimeStamp => Some("application/timestamp-query"),
        }
    }
}
