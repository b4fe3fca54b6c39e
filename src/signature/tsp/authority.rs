//! Who issues time-stamps.

use super::token::TimeStampToken;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::Result;

/// Issues time-stamps (RFC 3161 §2): proof that a digest existed at a time.
pub trait TimeStampAuthority {
    /// The digest that it is to be asked with.
    fn digest_algorithm(&self) -> DigestAlgorithm {
        DigestAlgorithm::Sha256
    }

    /// A token over this digest. The token was compared with the request: it is over
    /// this very imprint. Whether it can be relied on is judged by validation.
    ///
    /// # Errors
    /// `Service` when the authority refuses, is silent, or answers another question;
    /// `Misuse` for a digest by SHA-1, of which no time-stamp is made.
    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken>;
}
