//! An authority that is asked over whatever carries questions (RFC 3161 §3.4).

use std::sync::Arc;

use der::asn1::ObjectIdentifier;

use super::authority::TimeStampAuthority;
use super::request::{TimeStampRequest, read_policy};
use super::token::TimeStampToken;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::retrieval::{Request, RequestKind, Retrieve};

/// A time-stamp authority at a URL.
#[derive(Debug, Clone)]
pub struct Online {
    url: String,
    retrieve: Arc<dyn Retrieve>,
    digest_algorithm: DigestAlgorithm,
    policy: Option<ObjectIdentifier>,
    limits: Limits,
}

impl Online {
    /// The authority at `url`, asked with SHA-256 through `retrieve`.
    #[must_use]
    pub fn new(url: impl Into<String>, retrieve: Arc<dyn Retrieve>) -> Self {
        Self {
            url: url.into(),
            retrieve,
            digest_algorithm: DigestAlgorithm::Sha256,
            policy: None,
            limits: Limits::default(),
        }
    }

    /// Asked with another digest. With SHA-1, every request is an error.
    #[must_use]
    pub fn with_digest_algorithm(self, digest_algorithm: DigestAlgorithm) -> Self {
        Self { digest_algorithm, ..self }
    }

    /// Asked for tokens under this policy of the authority, an object identifier.
    ///
    /// # Errors
    /// `Misuse` when it is none.
    pub fn with_policy(self, policy: &str) -> Result<Self> {
        Ok(Self { policy: Some(read_policy(policy)?), ..self })
    }

    /// Its answers are read within other bounds.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    fn ask(&self, request: &TimeStampRequest) -> Result<TimeStampToken> {
        let body = request.to_der()?;
        let most = u64::try_from(self.limits.time_stamp_bytes).unwrap_or(u64::MAX);
        let question = Request::post(RequestKind::TimeStamp, &self.url, &body, most);
        request.accept(&self.retrieve.retrieve(&question)?, &self.limits)
    }
}

impl TimeStampAuthority for Online {
    fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest_algorithm
    }

    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken> {
        let mut request = TimeStampRequest::new(imprint)?;
        if let Some(policy) = self.policy {
            request = request.under(policy);
        }
        self.ask(&request).map_err(|error| {
            let kind = match error.kind() {
                kind @ (ErrorKind::LimitExceeded | ErrorKind::Misuse) => kind,
                _ => ErrorKind::Service,
            };
            let what = format!("the time-stamp authority at {}: {error}", self.url);
            Error::new(kind, what).because(error)
        })
    }
}
