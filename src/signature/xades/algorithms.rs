//! What XML names algorithms by when signatures are made (RFC 9231 §2).

use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::error::{Error, Result};
use crate::signature::xmldsig;

/// The URI of a digest.
///
/// # Errors
/// `Misuse` for one that nothing is to be signed with.
pub(crate) fn digest_uri(algorithm: DigestAlgorithm) -> Result<&'static str> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    match algorithm {
        Sha256 | Sha384 | Sha512 => Ok(xmldsig::digest_uri(algorithm)),
        other => Err(Error::misuse(format!("{other} is read, and never made"))),
    }
}

/// The URI of a signature algorithm.
///
/// # Errors
/// `Misuse` for one that XML has no name for, or that nothing is to be signed with.
pub(crate) fn signature_uri(algorithm: SignatureAlgorithm) -> Result<&'static str> {
    let found = xmldsig::signature_uri(algorithm).filter(|_| algorithm.is_made());
    found.ok_or_else(|| unnamed(algorithm))
}

fn unnamed(algorithm: SignatureAlgorithm) -> Error {
    Error::misuse(format!("XML signatures are not made by {algorithm} with these parameters"))
}
