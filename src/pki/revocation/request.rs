//! Questions to responders (RFC 6960 §4.1).

use der::asn1::ObjectIdentifier;
use ring::rand::{SecureRandom, SystemRandom};

use super::ocsp::key_bits;
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::writer::{INTEGER, OCTET_STRING, OID, SEQUENCE, constructed, tlv};
use crate::encoding::asn1::{AlgorithmIdentifier, to_der};
use crate::error::{Error, Result};
use crate::pki::Certificate;

/// `id-pkix-ocsp-nonce` (RFC 9654).
pub(super) const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
/// RFC 9654 §2.1: clients should send as many octets.
pub(super) const NONCE_OCTETS: usize = 32;

/// `CertID`: the certificate that is asked about. Names and keys are told by SHA-1, which
/// every responder knows (RFC 5019 §2.1.1) and which protects nothing here: what an answer
/// is worth is decided by its own signature.
///
/// # Errors
/// `Malformed` when the issuer's key cannot be read.
pub(super) fn certificate_id(certificate: &Certificate, issuer_key_info: &[u8]) -> Result<Vec<u8>> {
    let sha1 = DigestAlgorithm::Sha1;
    let algorithm = to_der(&AlgorithmIdentifier::with_null(sha1.oid()))?;
    let bits = key_bits(issuer_key_info)
        .ok_or_else(|| Error::malformed("the issuer's key cannot be read"))?;
    let name = sha1.digest(certificate.issuer_name().der());
    let key = sha1.digest(bits);
    Ok(tlv(
        SEQUENCE,
        &[
            &algorithm,
            &tlv(OCTET_STRING, &[name.value()]),
            &tlv(OCTET_STRING, &[key.value()]),
            &tlv(INTEGER, &[certificate.serial_octets()]),
        ],
    ))
}

/// `OCSPRequest` about one certificate, not signed.
pub(super) fn request(certificate_id: &[u8], nonce: Option<&[u8]>) -> Vec<u8> {
    let questions = tlv(SEQUENCE, &[&tlv(SEQUENCE, &[certificate_id])]);
    let extensions = nonce.map(|nonce| {
        let value = tlv(OCTET_STRING, &[&tlv(OCTET_STRING, &[nonce])]);
        let extension = tlv(SEQUENCE, &[&tlv(OID, &[NONCE.as_bytes()]), &value]);
        tlv(constructed(2), &[&tlv(SEQUENCE, &[&extension])])
    });
    let to_be_signed = tlv(SEQUENCE, &[&questions, &extensions.unwrap_or_default()]);
    tlv(SEQUENCE, &[&to_be_signed])
}

/// Nothing where the machine has no randomness to give: then the question goes without.
pub(super) fn nonce() -> Option<Vec<u8>> {
    let mut nonce = vec![0; NONCE_OCTETS];
    SystemRandom::new().fill(&mut nonce).ok()?;
    Some(nonce)
}
