//! The integrity of a file in password mode: `MacData` (RFC 7292 §4), and PBMAC1 (RFC 9579).
#![warn(clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};
use crate::keys::encryption::{
    Budget, Derivation, Hash, Password, Purpose, read_algorithm, required,
};

const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// RFC 9579 §5: at least 20 octets; none is longer than a hash.
const PBMAC1_KEY_OCTETS: std::ops::RangeInclusive<usize> = 20..=64;

/// ```text
/// MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
/// ```
pub(super) struct Mac {
    value: Vec<u8>,
    scheme: Scheme,
}

enum Scheme {
    Pkcs12 { hash: Hash, salt: Vec<u8>, iterations: u32 },
    Pbmac1 { derivation: Derivation, key_octets: usize, hash: Hash },
}

impl Mac {
    pub(super) fn read(value: &Value<'_>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let mut digest_info = fields.expect(Tag::SEQUENCE)?.sequence()?;
        let algorithm = digest_info.expect(Tag::SEQUENCE)?;
        let value = digest_info.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        digest_info.finish()?;
        let salt = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let iterations = match fields.optional(Tag::INTEGER)? {
            Some(iterations) => iterations.small_integer()?,
            None => 1,
        };
        fields.finish()?;
        let (oid, parameters) = read_algorithm(&algorithm)?;
        let scheme = if oid == PBMAC1 {
            // RFC 9579 §4: the salt and the iterations beside it mean nothing.
            read_pbmac1(&required(parameters, &algorithm)?)?
        } else {
            Scheme::Pkcs12 { hash: Hash::of_digest(oid)?, salt, iterations }
        };
        Ok(Self { value, scheme })
    }

    /// Whether the password made this MAC over `content`.
    pub(super) fn fits(
        &self,
        content: &[u8],
        password: &Password,
        budget: &mut Budget,
    ) -> Result<bool> {
        let (hash, key) = match &self.scheme {
            Scheme::Pkcs12 { hash, salt, iterations } => {
                let (octets, bmp) = (hash.output_octets(), &password.bmp);
                let key =
                    hash.derive_pkcs12(Purpose::Mac, bmp, salt, *iterations, octets, budget)?;
                (hash, key)
            }
            Scheme::Pbmac1 { derivation, key_octets, hash } => {
                (hash, derivation.derive(*key_octets, &password.utf8, budget)?)
            }
        };
        Ok(equal_in_constant_time(&hash.hmac(&key, content), &self.value))
    }
}

/// `PBMAC1-params` (RFC 8018 Annex A.5).
fn read_pbmac1(parameters: &Value<'_>) -> Result<Scheme> {
    let mut fields = parameters.sequence()?;
    let derivation = Derivation::read(&fields.required()?)?;
    let hash = Hash::of_hmac(&fields.required()?)?;
    fields.finish()?;
    let key_octets = derivation.key_octets().filter(|it| PBMAC1_KEY_OCTETS.contains(it));
    let key_octets = key_octets.ok_or_else(|| {
        Error::malformed("the key of a PBMAC1 has no length, or an absurd one")
            .at_offset(parameters.offset())
    })?;
    Ok(Scheme::Pbmac1 { derivation, key_octets, hash })
}

fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
