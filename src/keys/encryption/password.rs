//! How a password becomes octets.

use zeroize::Zeroizing;

/// One spelling of a password. Wiped when dropped.
pub(in crate::keys) struct Password {
    /// For the derivation of PKCS#12: BMPString with two zero octets behind it (RFC 7292 Annex B.1).
    pub(in crate::keys) bmp: Zeroizing<Vec<u8>>,
    /// For PBKDF2: UTF-8 (RFC 8018 §3).
    pub(in crate::keys) utf8: Zeroizing<Vec<u8>>,
}

impl Password {
    /// The spellings that writers are known for, likeliest first.
    pub(in crate::keys) fn candidates(password: Option<&str>) -> Vec<Self> {
        let text = password.unwrap_or_default();
        let utf8 = || Zeroizing::new(text.as_bytes().to_vec());
        let mut candidates = vec![Self { bmp: bmp(text.encode_utf16()), utf8: utf8() }];
        if text.is_empty() {
            // No password and an empty one differ by the two zero octets, and writers mix them up.
            candidates.push(Self { bmp: Zeroizing::default(), utf8: utf8() });
            if password.is_none() {
                candidates.reverse();
            }
        } else {
            // NSS derives from the BMPString by PBKDF2, too.
            candidates.push(Self { bmp: bmp(text.encode_utf16()), utf8: bmp(text.encode_utf16()) });
        }
        if !text.is_ascii() {
            // OpenSSL before 1.1.0 took each octet of UTF-8 for a character.
            let octets = text.bytes().map(u16::from);
            candidates.push(Self { bmp: bmp(octets), utf8: utf8() });
        }
        candidates
    }
}

fn bmp(units: impl Iterator<Item = u16> + Clone) -> Zeroizing<Vec<u8>> {
    // A buffer that never grows leaves no copy behind.
    let octets = units.clone().count().saturating_add(1).saturating_mul(2);
    let mut bytes = Zeroizing::new(Vec::with_capacity(octets));
    for unit in units.chain([0]) {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes
}
