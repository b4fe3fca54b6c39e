//! An authority that is asked over whatever carries questions (RFC 3161 §3.4).

use std::sync::Arc;

use der::asn1::ObjectIdentifier;

use super::authority::{TOKEN_SPACE, TimeStampAuthority};
use super::request::{TimeStampRequest, read_policy};
use super::token::TimeStampToken;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::retrieval::{Request, RequestKind, Retrieve};
use crate::signature::cms::create::space_for;

/// A time-stamp authority at a URL.
#[derive(Debug, Clone)]
pub struct Online {
    url: String,
    retrieve: Arc<dyn Retrieve>,
    digest_algorithm: DigestAlgorithm,
    policy: Option<ObjectIdentifier>,
    token_space: Option<usize>,
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
            token_space: None,
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

    /// Tells the certificates that its tokens come with, so that where room has to be kept
    /// for one it is no larger than it has to be. Revocation data that it puts in besides
    /// finds no room then.
    #[must_use]
    pub fn with_certificate_chain(self, chain: &[Certificate]) -> Self {
        Self { token_space: Some(space_for(chain, TOKEN_REST)), ..self }
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

/// Beside the certificates: what is stamped, the value (RSA-8192 has 1,024 bytes), the
/// authority's names, and attributes that name its certificates by their digests.
const TOKEN_REST: usize = 4 << 10;

impl TimeStampAuthority for Online {
    fn token_space(&self) -> usize {
        self.token_space.unwrap_or(TOKEN_SPACE)
    }

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
