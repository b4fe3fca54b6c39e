//! What other programs know a signature by.

use super::data::Data;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::Result;
use crate::signature::cms::SignerInfo;
use crate::validation::facts::SignatureOctets;

/// The value, and the digests of what it is over and of what is signed. `over` are the
/// signer's [bytes to verify](SignerInfo::bytes_to_verify).
///
/// # Errors
/// `Io` when the signed data cannot be read.
pub(super) fn of(
    signer: &SignerInfo<'_>,
    over: &Result<Option<Vec<u8>>>,
    data: &mut Option<Data<'_>>,
) -> Result<SignatureOctets> {
    let value = signer.signature().to_vec();
    let algorithm = signer.digest_algorithm();
    let Some(attributes) = signer.signed_attributes() else {
        let digest = match (data, algorithm) {
            (Some(data), Some(algorithm)) => data.digest(algorithm)?,
            _ => None,
        };
        return Ok(SignatureOctets { value, to_be_signed: digest.clone(), data: digest });
    };
    let stated = attributes.message_digest().ok().flatten();
    let data = algorithm.zip(stated).and_then(|(algorithm, it)| Digest::new(algorithm, it).ok());
    let algorithm = algorithm.unwrap_or(DigestAlgorithm::Sha256);
    let over = over.as_ref().ok().and_then(Option::as_ref);
    let to_be_signed = over.map(|it| algorithm.digest(it));
    Ok(SignatureOctets { value, to_be_signed, data })
}
