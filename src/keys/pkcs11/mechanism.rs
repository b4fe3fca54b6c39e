//! What a token is asked to compute, and how its answer becomes a value of CMS.

use super::driver::{Family, Job, KeyName, Mechanism};
use crate::crypto::{Curve, DigestAlgorithm, Halves, PssParameters, PublicKey, SignatureAlgorithm};
use crate::encoding::asn1::{AlgorithmIdentifier, to_der, writer};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::signer::ToBeSigned;

/// What is signed with unless somebody says otherwise: first what the field's tools read.
pub(super) fn candidates(public: &PublicKey<'_>) -> Vec<SignatureAlgorithm> {
    use DigestAlgorithm::{Sha256, Sha384};
    let pss = SignatureAlgorithm::RsaPss(PssParameters::new(Sha256));
    let mut candidates = match public {
        PublicKey::Rsa(_) => vec![SignatureAlgorithm::RsaPkcs1(Sha256), pss],
        PublicKey::RsaPss(_, own) => {
            vec![own.parameters().map_or(pss, SignatureAlgorithm::RsaPss)]
        }
        PublicKey::Ec(key) if key.curve == Curve::P384 => vec![SignatureAlgorithm::Ecdsa(Sha384)],
        PublicKey::Ec(key) if key.curve == Curve::P256 => vec![SignatureAlgorithm::Ecdsa(Sha256)],
        _ => Vec::new(),
    };
    candidates.retain(|it| fits(public, *it));
    candidates
}

/// Whether a key signs so: tokens differ in what they do with a digest that is longer than the
/// curve's numbers.
pub(super) fn fits(public: &PublicKey<'_>, algorithm: SignatureAlgorithm) -> bool {
    let short_enough = match (public, algorithm) {
        (PublicKey::Ec(key), SignatureAlgorithm::Ecdsa(digest)) => {
            octets(key.curve).is_some_and(|octets| digest.octets() <= octets)
        }
        (_, SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_)) => true,
        _ => false,
    };
    short_enough && public.signs_by(algorithm)
}

/// Of one of the two numbers of a signature.
fn octets(curve: Curve) -> Option<usize> {
    match curve {
        Curve::P256 => Some(32),
        Curve::P384 => Some(48),
        _ => None,
    }
}

/// The mechanism for this among those that the token has. Where it can be, the token gets a
/// digest. Where it digests for itself, it gets what is to be signed: the attributes of the
/// signature with the document's digest among them, never the document.
///
/// A key that wants the PIN for each signature has to have it between the beginning of a
/// signature and its end, and only what digests has those apart.
///
/// # Errors
/// `Signer` when the token has none.
pub(super) fn choose(
    offered: &[Mechanism],
    algorithm: SignatureAlgorithm,
    always_authenticate: bool,
) -> Result<Mechanism> {
    let family = match algorithm {
        SignatureAlgorithm::RsaPkcs1(_) => Family::Pkcs1,
        SignatureAlgorithm::RsaPss(_) => Family::Pss,
        SignatureAlgorithm::Ecdsa(_) => Family::Ecdsa,
        _ => return Err(Error::unsupported(format!("tokens are not asked for {algorithm}"))),
    };
    let digesting = Mechanism { family, digest: Some(algorithm.digest()) };
    let wanted = if always_authenticate {
        vec![digesting]
    } else {
        vec![Mechanism { family, digest: None }, digesting]
    };
    wanted.into_iter().find(|it| offered.contains(it)).ok_or_else(|| {
        let why = if always_authenticate {
            format!("with {algorithm} by a key that wants the PIN each time")
        } else {
            format!("with {algorithm}")
        };
        Error::new(
            ErrorKind::Signer,
            format!("the token does not sign {why}; choose another algorithm or key"),
        )
    })
}

/// # Errors
/// `Misuse` when the digest cannot be written as DER, which none causes.
pub(super) fn job<'a>(
    key: &'a KeyName,
    mechanism: Mechanism,
    to_be_signed: &ToBeSigned,
) -> Result<Job<'a>> {
    let algorithm = to_be_signed.algorithm();
    let data = match mechanism {
        Mechanism { digest: Some(_), .. } => to_be_signed.bytes().to_vec(),
        Mechanism { family: Family::Pkcs1, .. } => {
            let digest = to_be_signed.digest();
            digest_info(digest.algorithm(), digest.value())?
        }
        _ => to_be_signed.digest().value().to_vec(),
    };
    Ok(Job { key, algorithm, mechanism, data })
}

/// `DigestInfo` (RFC 8017 §9.2), with the NULL that it asks for.
fn digest_info(algorithm: DigestAlgorithm, value: &[u8]) -> Result<Vec<u8>> {
    let identifier = to_der(&AlgorithmIdentifier::with_null(algorithm.oid()))?;
    let value = writer::tlv(writer::OCTET_STRING, &[value]);
    Ok(writer::tlv(writer::SEQUENCE, &[&identifier, &value]))
}

/// `ECDSA-Sig-Value` (RFC 3279 §2.2.3) of the two numbers that tokens give at full length, one
/// behind the other (PKCS #11 3.1 §6.3.1).
///
/// # Errors
/// `Signer` when the answer is not that.
pub(super) fn ecdsa_value(raw: &[u8]) -> Result<Vec<u8>> {
    Halves::of_full_length(raw).and_then(|it| it.to_der()).ok_or_else(|| {
        let what = format!("the token gave {} bytes, which are no ECDSA signature", raw.len());
        Error::new(ErrorKind::Signer, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::pkcs11::driver::KeyKind;

    const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

    #[test]
    fn the_digest_goes_where_it_can() {
        let bare = Mechanism { family: Family::Pkcs1, digest: None };
        let digesting = Mechanism { family: Family::Pkcs1, digest: Some(SHA256) };
        let algorithm = SignatureAlgorithm::RsaPkcs1(SHA256);
        let chosen = |offered: &[Mechanism], always| choose(offered, algorithm, always).ok();
        assert_eq!(chosen(&[digesting, bare], false), Some(bare));
        assert_eq!(chosen(&[digesting], false), Some(digesting));
        assert_eq!(chosen(&[bare, digesting], true), Some(digesting));
        assert_eq!(chosen(&[bare], true), None);
        let other = Mechanism { family: Family::Pss, digest: None };
        assert_eq!(chosen(&[other], false), None);

        let key = KeyName { id: vec![1], kind: KeyKind::Rsa, public: Vec::new() };
        let to_be_signed = ToBeSigned::new(b"abc".to_vec(), algorithm);
        let info = job(&key, bare, &to_be_signed).unwrap().data;
        // RFC 8017 §9.2 note 1.
        let prefix = [
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ];
        assert_eq!(info, [&prefix[..], to_be_signed.digest().value()].concat());
        assert_eq!(job(&key, digesting, &to_be_signed).unwrap().data, b"abc");
    }

    /// What a key insists on may be what nobody signs with any more.
    #[test]
    fn what_is_chosen_is_made() {
        // RSASSA-PSS-params (RFC 4055 §3.1): all defaults, which are SHA-1.
        let identifier = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10, 0x30, 0];
        let key = writer::tlv(0x03, &[&[0], &[0x30, 8, 2, 3, 1, 0, 1, 2, 1, 3]]);
        let info = writer::tlv(writer::SEQUENCE, &[&identifier, &key]);
        let public = PublicKey::read(&info).unwrap();
        assert_eq!(candidates(&public), []);
        let file = std::fs::read("testdata/keys/rsapss.crt.pem").unwrap();
        let limits = crate::limits::Limits::default();
        let file = crate::pki::Certificate::all_from(&file, &limits).unwrap();
        let public = PublicKey::read(file[0].public_key_info()).unwrap();
        assert!(matches!(candidates(&public)[..], [SignatureAlgorithm::RsaPss(_)]));
    }

    #[test]
    fn what_is_no_pair_of_numbers_is_no_value() {
        assert!(ecdsa_value(&[1, 2]).is_ok());
        assert_eq!(ecdsa_value(&[1, 2, 3]).unwrap_err().kind(), ErrorKind::Signer);
    }
}
