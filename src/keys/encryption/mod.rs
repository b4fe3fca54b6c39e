//! Decryption with a password: PBES2 (RFC 8018 §6.2) and the schemes of PKCS#12
//! (RFC 7292 Annex C). Nothing here encrypts.

mod cipher;
mod kdf;
mod password;
#[cfg(test)]
mod tests;

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use self::cipher::Cipher;
pub(super) use self::kdf::{Budget, Hash, Purpose};
pub(super) use self::password::Password;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");

/// RFC 7292 Annex C.
const PKCS12_SCHEMES: [(ObjectIdentifier, Cipher); 6] = [
    (oid("1.2.840.113549.1.12.1.1"), Cipher::Rc4 { octets: 16 }),
    (oid("1.2.840.113549.1.12.1.2"), Cipher::Rc4 { octets: 5 }),
    (oid("1.2.840.113549.1.12.1.3"), Cipher::DesEde3),
    (oid("1.2.840.113549.1.12.1.4"), Cipher::DesEde2),
    (oid("1.2.840.113549.1.12.1.5"), Cipher::Rc2 { octets: 16 }),
    (oid("1.2.840.113549.1.12.1.6"), Cipher::Rc2 { octets: 5 }),
];

/// RFC 8018 Annex B.2.
const PBES2_CIPHERS: [(ObjectIdentifier, Cipher); 4] = [
    (oid("2.16.840.1.101.3.4.1.2"), Cipher::Aes128),
    (oid("2.16.840.1.101.3.4.1.22"), Cipher::Aes192),
    (oid("2.16.840.1.101.3.4.1.42"), Cipher::Aes256),
    (oid("1.2.840.113549.3.7"), Cipher::DesEde3),
];

/// `EncryptedPrivateKeyInfo > AlgorithmIdentifier > PBES2-params > … > PBKDF2-params > prf`.
const DEPTH: usize = 16;

/// What a wrong password and a damaged file have in common: neither shows which it was.
pub(super) fn wrong_password() -> Error {
    Error::new(ErrorKind::Signer, "the password is wrong or the file is damaged")
}

/// The `PrivateKeyInfo` of an `EncryptedPrivateKeyInfo` (RFC 5958 §3).
pub(super) fn decrypt_key(
    der: &[u8],
    password: &str,
    limits: &Limits,
) -> Result<Zeroizing<Vec<u8>>> {
    let value = Value::only(der, DEPTH)?;
    let mut budget = Budget::new(limits);
    for candidate in Password::candidates(Some(password)) {
        if let Some(key) = decrypt_key_info(&value, &candidate, &mut budget)? {
            return Ok(key);
        }
    }
    Err(wrong_password())
}

/// The same with one spelling of the password; nothing when it is the wrong one.
pub(super) fn decrypt_key_info(
    value: &Value<'_>,
    password: &Password,
    budget: &mut Budget,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let mut fields = value.sequence()?;
    let algorithm = fields.expect(Tag::SEQUENCE)?;
    let ciphertext = fields.expect(Tag::OCTET_STRING)?.octets()?;
    fields.finish()?;
    decrypt(&algorithm, &ciphertext, password, budget)
}

/// Decrypts with what an AlgorithmIdentifier says. Nothing when no SEQUENCE comes out, which
/// is all that can be encrypted in a key file: the password is wrong or the file is damaged.
pub(super) fn decrypt(
    algorithm: &Value<'_>,
    ciphertext: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let (scheme, parameters) = read_algorithm(algorithm)?;
    let parameters = required(parameters, algorithm)?;
    if scheme == PBES2 {
        let (derivation, cipher, iv) = read_pbes2(&parameters)?;
        // NSS before 2018 derived from the BMPString here, too.
        for password in [&password.utf8, &password.bmp] {
            let key = derivation.derive(cipher.key_octets(), password, budget)?;
            if let Some(plaintext) = decrypt_sequence(cipher, &key, &iv, ciphertext) {
                return Ok(Some(plaintext));
            }
        }
        return Ok(None);
    }
    let known = PKCS12_SCHEMES.iter().find(|(it, _)| *it == scheme);
    let (_, cipher) = *known.ok_or_else(|| {
        Error::unsupported(format!("keys encrypted with scheme {scheme} are not read"))
            .at_offset(algorithm.offset())
    })?;
    let mut fields = parameters.sequence()?;
    let salt = fields.expect(Tag::OCTET_STRING)?.octets()?;
    let iterations = fields.expect(Tag::INTEGER)?.small_integer()?;
    fields.finish()?;
    let mut derive = |purpose, octets| {
        Hash::Sha1.derive_pkcs12(purpose, &password.bmp, &salt, iterations, octets, budget)
    };
    let key = derive(Purpose::Key, cipher.key_octets())?;
    let iv = derive(Purpose::Iv, cipher.block_octets())?;
    Ok(decrypt_sequence(cipher, &key, &iv, ciphertext))
}

fn decrypt_sequence(
    cipher: Cipher,
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let is_sequence = |it: &Value<'_>| it.tag() == Tag::SEQUENCE;
    cipher.decrypt(key, iv, ciphertext).filter(|plaintext| {
        Value::first(plaintext, DEPTH).is_ok_and(|(value, _)| is_sequence(&value))
    })
}

/// PBKDF2 with its parameters (RFC 8018 Annex A.2).
pub(super) struct Derivation {
    salt: Vec<u8>,
    iterations: u32,
    key_octets: Option<u32>,
    prf: Hash,
}

impl Derivation {
    /// Reads the AlgorithmIdentifier of a key derivation function.
    pub(super) fn read(value: &Value<'_>) -> Result<Self> {
        let (function, parameters) = read_algorithm(value)?;
        if function != PBKDF2 {
            return Err(Error::unsupported(format!(
                "keys encrypted by way of key derivation {function} are not read"
            ))
            .at_offset(value.offset()));
        }
        let mut fields = required(parameters, value)?.sequence()?;
        let salt = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let iterations = fields.expect(Tag::INTEGER)?.small_integer()?;
        let key_octets = match fields.optional(Tag::INTEGER)? {
            Some(octets) => Some(octets.small_integer()?),
            None => None,
        };
        // The default is HMAC-SHA1.
        let prf = match fields.optional(Tag::SEQUENCE)? {
            Some(prf) => Hash::of_hmac(&prf)?,
            None => Hash::Sha1,
        };
        fields.finish()?;
        Ok(Self { salt, iterations, key_octets, prf })
    }

    /// The key, which must be as long as the cipher or the MAC wants.
    pub(super) fn derive(
        &self,
        octets: usize,
        password: &[u8],
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>> {
        if self.key_octets.is_some_and(|it| usize::try_from(it) != Ok(octets)) {
            return Err(Error::malformed("a derived key has another length than its cipher wants"));
        }
        self.prf.derive_pbkdf2(password, &self.salt, self.iterations, octets, budget)
    }

    /// What it says itself about the length of the key.
    pub(super) fn key_octets(&self) -> Option<usize> {
        self.key_octets.and_then(|it| usize::try_from(it).ok())
    }
}

fn read_pbes2(parameters: &Value<'_>) -> Result<(Derivation, Cipher, Vec<u8>)> {
    let mut fields = parameters.sequence()?;
    let derivation = Derivation::read(&fields.required()?)?;
    let scheme = fields.required()?;
    fields.finish()?;
    let (oid, parameters) = read_algorithm(&scheme)?;
    let known = PBES2_CIPHERS.iter().find(|(it, _)| *it == oid);
    let (_, cipher) = known.ok_or_else(|| {
        Error::unsupported(format!("keys encrypted with cipher {oid} are not read"))
            .at_offset(scheme.offset())
    })?;
    let iv = required(parameters, &scheme)?.is(Tag::OCTET_STRING)?.octets()?.into_owned();
    if iv.len() != cipher.block_octets() {
        return Err(Error::malformed("an initialisation vector is not as long as a block")
            .at_offset(scheme.offset()));
    }
    Ok((derivation, *cipher, iv))
}

/// AlgorithmIdentifier whose parameters may be BER.
pub(super) fn read_algorithm<'a>(
    value: &Value<'a>,
) -> Result<(ObjectIdentifier, Option<Value<'a>>)> {
    let mut fields = value.sequence()?;
    let algorithm = fields.expect(Tag::OID)?.oid()?;
    let parameters = fields.next()?;
    fields.finish()?;
    Ok((algorithm, parameters))
}

pub(super) fn required<'a>(parameters: Option<Value<'a>>, of: &Value<'_>) -> Result<Value<'a>> {
    parameters
        .ok_or_else(|| Error::malformed("an algorithm lacks its parameters").at_offset(of.offset()))
}
