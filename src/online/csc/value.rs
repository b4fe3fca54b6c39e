//! Values as services write them, and as CMS carries them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::crypto::{Halves, PublicKey, SignatureAlgorithm};

/// Base64, in either of its alphabets: services write both.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let by_url = || URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    STANDARD.decode(text).ok().or_else(by_url).filter(|it| !it.is_empty())
}

/// A value of ECDSA as a DER SEQUENCE, which some services write as both numbers at full
/// length, one behind the other. Whether it is right is found where it is put in.
pub(super) fn normalised(value: Vec<u8>, algorithm: SignatureAlgorithm, key: &[u8]) -> Vec<u8> {
    if !matches!(algorithm, SignatureAlgorithm::Ecdsa(_)) || Halves::read(&value).is_some() {
        return value;
    }
    let octets = match PublicKey::read(key) {
        Ok(PublicKey::Ec(key)) => key.curve.octets(),
        _ => None,
    };
    let is_full = octets.and_then(|it| it.checked_mul(2)) == Some(value.len());
    let der =
        if is_full { Halves::of_full_length(&value).and_then(|it| it.to_der()) } else { None };
    der.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::DigestAlgorithm;
    use crate::limits::Limits;
    use crate::pki::Certificate;

    fn key(name: &str) -> Vec<u8> {
        let pem = std::fs::read(format!("testdata/keys/{name}.crt.pem")).unwrap();
        let all = Certificate::all_from(&pem, &Limits::default()).unwrap();
        all[0].public_key_info().to_vec()
    }

    #[test]
    fn numbers_at_full_length_become_der() {
        let ecdsa = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
        let mut raw = vec![0; 64];
        (raw[31], raw[32]) = (5, 0x80);
        let der = normalised(raw.clone(), ecdsa, &key("p256"));
        let mut expected = vec![0x30, 38, 2, 1, 5, 2, 33, 0, 0x80];
        expected.extend([0; 31]);
        assert_eq!(der, expected);
        assert_eq!(normalised(der.clone(), ecdsa, &key("p256")), der, "DER stays");
        for (value, algorithm, name) in [
            (raw.clone(), ecdsa, "p384"),
            (raw[1..].to_vec(), ecdsa, "p256"),
            (raw.clone(), SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256), "rsa2048"),
            (Vec::new(), ecdsa, "p256"),
        ] {
            assert_eq!(normalised(value.clone(), algorithm, &key(name)), value, "{name}");
        }
    }

    #[test]
    fn both_alphabets_are_read() {
        let bytes = [0xfb, 0xff, 0xfe, 0x01];
        for text in ["+//+AQ==", "-__-AQ", "-__-AQ==", " +//+AQ==\n"] {
            assert_eq!(decode(text).as_deref(), Some(&bytes[..]), "{text}");
        }
        for text in ["", "!", "A", "+__+"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
