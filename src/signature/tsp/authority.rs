//! Who issues time-stamps.

use std::fmt;

use super::token::TimeStampToken;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{Error, ErrorKind, Result};

/// Issues time-stamps (RFC 3161 §2): proof that a digest existed at a time.
pub trait TimeStampAuthority: Send + Sync {
    /// The digest that it is to be asked with.
    fn digest_algorithm(&self) -> DigestAlgorithm {
        DigestAlgorithm::Sha256
    }

    /// A token over this digest. The token was compared with the request: it is over
    /// this very imprint. Whether it can be relied on is judged by validation.
    ///
    /// # Errors
    /// `Service` when the authority refuses, is silent, or answers another question;
    /// `LimitExceeded` when its answer is over a bound; `Misuse` for a digest by SHA-1, of
    /// which no time-stamp is made.
    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken>;

    /// Bytes to keep for one of its tokens where room has to be kept before there is one,
    /// as in a PDF.
    fn token_space(&self) -> usize {
        TOKEN_SPACE
    }
}

/// With three certificates, and revocation data that an authority may put in, most tokens
/// stay below 10 KB.
pub(super) const TOKEN_SPACE: usize = 24 << 10;

/// An authority of the embedding application's own may have compared nothing.
pub(crate) fn token_over(
    authority: &dyn TimeStampAuthority,
    imprint: &Digest,
) -> Result<TimeStampToken> {
    if imprint.algorithm() == DigestAlgorithm::Sha1 {
        return Err(Error::misuse("no time-stamp is made by SHA-1"));
    }
    let token = authority.time_stamp(imprint)?;
    if token.imprint().as_ref() == Some(imprint) {
        Ok(token)
    } else {
        Err(Error::new(ErrorKind::Service, "the time-stamp is over something else"))
    }
}

impl<T: TimeStampAuthority + ?Sized> TimeStampAuthority for &T {
    fn digest_algorithm(&self) -> DigestAlgorithm {
        (**self).digest_algorithm()
    }

    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken> {
        (**self).time_stamp(imprint)
    }

    fn token_space(&self) -> usize {
        (**self).token_space()
    }
}

/// Those that are asked for content time-stamps, before signing.
#[derive(Clone, Default)]
pub(crate) struct Authorities<'a>(pub(crate) Vec<&'a dyn TimeStampAuthority>);

impl fmt::Debug for Authorities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

/// Several authorities, asked one after the other until one answers as it should.
pub struct Several(Vec<Box<dyn TimeStampAuthority + Send + Sync>>);

impl Several {
    /// In the order in which they are asked. The first one says by which digest all of
    /// them are.
    #[must_use]
    pub fn new(authorities: Vec<Box<dyn TimeStampAuthority + Send + Sync>>) -> Self {
        Self(authorities)
    }
}

impl TimeStampAuthority for Several {
    fn digest_algorithm(&self) -> DigestAlgorithm {
        self.0.first().map_or(DigestAlgorithm::Sha256, |first| first.digest_algorithm())
    }

    /// That of the one whose tokens may be the largest.
    fn token_space(&self) -> usize {
        self.0.iter().map(|it| it.token_space()).max().unwrap_or(TOKEN_SPACE)
    }

    /// As the trait says; the error tells what each one failed of.
    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken> {
        let mut failures = Vec::new();
        for authority in &self.0 {
            match authority.time_stamp(imprint) {
                // The next one would say the same.
                Err(error) if error.kind() == ErrorKind::Misuse => return Err(error),
                Err(error) => failures.push(error.to_string()),
                Ok(token) => return Ok(token),
            }
        }
        if failures.is_empty() {
            return Err(Error::misuse("there is no time-stamp authority to ask"));
        }
        Err(Error::new(
            ErrorKind::Service,
            format!("no time-stamp authority gave a time-stamp: {}", failures.join("; ")),
        ))
    }
}

impl fmt::Debug for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Several({})", self.0.len())
    }
}
