//! What the check of one signer's value comes to.

use super::data::Data;
use crate::crypto::{SignatureAlgorithm, Verification, verify, verify_digest};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::SignerInfo;
use crate::validation::facts::ValueFact;

/// RFC 5652 §5.6. `over` is what the signer says that its value is over.
pub(super) fn check(
    signer: &SignerInfo<'_>,
    over: Result<Option<Vec<u8>>>,
    certificate: &Certificate,
    data: &mut Option<Data<'_>>,
    limits: &Limits,
) -> Result<ValueFact> {
    let algorithm = match signer.signature_algorithm() {
        Ok(Some(algorithm)) => algorithm,
        Ok(None) => return Ok(ValueFact::Unsupported),
        Err(error) => return Ok(ValueFact::Unreadable(error.to_string())),
    };
    let key = certificate.public_key_info();
    let checked = match over {
        Ok(Some(attributes)) => verify(key, algorithm, &attributes, signer.signature()),
        Ok(None) => match data {
            Some(data) => over_data(key, algorithm, data, signer.signature(), limits),
            None => return Ok(ValueFact::NotChecked),
        },
        Err(error) => Err(error),
    };
    match checked {
        Ok(Verification::Valid) => Ok(ValueFact::Valid),
        Ok(Verification::ValidWithoutNull) => Ok(ValueFact::ValidWithoutNull),
        Ok(Verification::Unsupported) => Ok(ValueFact::Unsupported),
        Ok(Verification::Invalid) if valid_as_stored(signer, key, algorithm) => {
            Ok(ValueFact::ValidAsStoredOnly)
        }
        Ok(Verification::Invalid) => Ok(ValueFact::Invalid),
        Err(error) if error.kind() == ErrorKind::Malformed => {
            Ok(ValueFact::Unreadable(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Without signed attributes the value is over the content (RFC 5652 §5.4).
fn over_data(
    key: &[u8],
    algorithm: SignatureAlgorithm,
    data: &mut Data<'_>,
    value: &[u8],
    limits: &Limits,
) -> Result<Verification> {
    let over_digest = match algorithm {
        SignatureAlgorithm::Ed25519 => None,
        _ => data.digest(algorithm.digest())?,
    };
    if let Some(digest) = over_digest {
        let found = verify_digest(key, algorithm, &digest, value)?;
        if found != Verification::Unsupported {
            return Ok(found);
        }
    }
    // What wants the message, and not its digest, may be at hand all the same.
    Ok(match data.all(limits)? {
        Some(content) => verify(key, algorithm, &content, value)?,
        None => Verification::Unsupported,
    })
}

/// OpenSSL and pyHanko hash the attributes as they stand: said, so that the clerk
/// learns why another program may call this signature good.
fn valid_as_stored(signer: &SignerInfo<'_>, key: &[u8], algorithm: SignatureAlgorithm) -> bool {
    let Some(attributes) = signer.signed_attributes() else { return false };
    let stored = attributes.as_stored();
    // What stands in DER order was checked already; a check is the dearest thing here.
    attributes.to_be_signed().is_ok_and(|ordered| ordered != stored)
        && verify(key, algorithm, &stored, signer.signature()).is_ok_and(Verification::is_valid)
}
