//! What a file holds: RFC 7292 §4, read as BER.
#![warn(clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::mac::Mac;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};
use crate::keys::encryption::{Budget, Password, decrypt, decrypt_key_info, wrong_password};
use crate::limits::{Limits, within};
use crate::pki::Certificate;

/// The keys and certificates of a file. Secrets, other bags and revocation lists are passed over.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) keys: Vec<Key>,
    pub(super) certificates: Vec<CertificateBag>,
}

/// A `PrivateKeyInfo`, not read any further.
pub(super) struct Key {
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) about: About,
}

pub(super) struct CertificateBag {
    pub(super) certificate: Certificate,
    pub(super) about: About,
}

/// The attributes that say which key and certificate belong together (RFC 2985 §5.5).
#[derive(Default)]
pub(super) struct About {
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = oid("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = oid("1.2.840.113549.1.9.21");

/// ```text
/// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }
/// ```
pub(super) fn read(bytes: &[u8], password: Option<&str>, limits: &Limits) -> Result<Contents> {
    // What follows is nobody's business: all known readers stop here, and some files were
    // padded on their way.
    let file = Value::first(bytes, limits.asn1_depth).and_then(|(file, _)| file.sequence());
    let mut fields = file.map_err(|error| error.in_element("PFX"))?;
    if fields.expect(Tag::INTEGER)?.small_integer()? != 3 {
        return Err(Error::unsupported("a PKCS#12 file of another version than 3"));
    }
    let safe = content_info(&fields.expect(Tag::SEQUENCE)?)?;
    let mac = fields.optional(Tag::SEQUENCE)?;
    fields.finish()?;
    let (DATA, safe) = safe else {
        return Err(Error::unsupported("a PKCS#12 file protected by a public key, not a password"));
    };
    // As large as the file at most, and wiped as there may be keys in it.
    let safe = Zeroizing::new(safe.is(Tag::OCTET_STRING)?.octets()?.into_owned());
    let mut budget = Budget::new(limits);
    let mut candidates = Password::candidates(password);
    if let Some(mac) = mac {
        let mac = Mac::read(&mac).map_err(|error| error.in_element("macData"))?;
        candidates = vec![fitting(&mac, &safe, candidates, &mut budget)?];
    }
    let mut reader = Reader { candidates, budget, limits, contents: Contents::default() };
    reader.authenticated_safe(&safe)?;
    Ok(reader.contents)
}

fn fitting(
    mac: &Mac,
    content: &[u8],
    candidates: Vec<Password>,
    budget: &mut Budget,
) -> Result<Password> {
    for candidate in candidates {
        if mac.fits(content, &candidate, budget)? {
            return Ok(candidate);
        }
    }
    Err(wrong_password())
}

/// ```text
/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }
/// ```
fn content_info<'a>(value: &Value<'a>) -> Result<(ObjectIdentifier, Value<'a>)> {
    let mut fields = value.sequence()?;
    let kind = fields.expect(Tag::OID)?.oid()?;
    let content = fields.expect(Tag::context(0))?.explicit()?;
    fields.finish()?;
    Ok((kind, content))
}

struct Reader<'a> {
    /// One when the MAC has told which it is.
    candidates: Vec<Password>,
    budget: Budget,
    limits: &'a Limits,
    contents: Contents,
}

impl Reader<'_> {
    /// `AuthenticatedSafe ::= SEQUENCE OF ContentInfo`
    fn authenticated_safe(&mut self, bytes: &[u8]) -> Result<()> {
        let mut safes = Value::only(bytes, self.limits.asn1_depth)?.sequence()?;
        while let Some(safe) = safes.next()? {
            let (kind, content) = content_info(&safe)?;
            match kind {
                DATA => {
                    let bags = content.is(Tag::OCTET_STRING)?.octets()?.into_owned();
                    self.safe_contents(&Zeroizing::new(bags))?;
                }
                ENCRYPTED_DATA => {
                    let bags = self.encrypted_data(&content)?;
                    self.safe_contents(&bags)?;
                }
                _ => {
                    return Err(Error::unsupported(
                        "a PKCS#12 file with parts encrypted for a public key",
                    )
                    .at_offset(safe.offset()));
                }
            }
        }
        Ok(())
    }

    /// `EncryptedData` (RFC 5652 §8).
    fn encrypted_data(&mut self, value: &Value<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let mut fields = value.sequence()?;
        fields.expect(Tag::INTEGER)?;
        let mut info = fields.expect(Tag::SEQUENCE)?.sequence()?;
        info.expect(Tag::OID)?;
        let algorithm = info.expect(Tag::SEQUENCE)?;
        let ciphertext = info.expect(Tag::context(0))?.octets()?;
        info.finish()?;
        self.with_password(|password, budget| decrypt(&algorithm, &ciphertext, password, budget))
    }

    fn with_password(
        &mut self,
        decrypt: impl Fn(&Password, &mut Budget) -> Result<Option<Zeroizing<Vec<u8>>>>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        for candidate in &self.candidates {
            if let Some(plaintext) = decrypt(candidate, &mut self.budget)? {
                return Ok(plaintext);
            }
        }
        Err(wrong_password())
    }

    fn safe_contents(&mut self, bytes: &[u8]) -> Result<()> {
        let bags = Value::only(bytes, self.limits.asn1_depth)?;
        self.bags(&bags).map_err(|error| error.in_element("SafeContents"))
    }

    /// ```text
    /// SafeContents ::= SEQUENCE OF SafeBag
    /// SafeBag ::= SEQUENCE { bagId OBJECT IDENTIFIER, bagValue [0] EXPLICIT ANY,
    ///     bagAttributes SET OF PKCS12Attribute OPTIONAL }
    /// ```
    /// Bags may hold bags; the depth of the value bounds how deep.
    fn bags(&mut self, value: &Value<'_>) -> Result<()> {
        let mut bags = value.sequence()?;
        while let Some(bag) = bags.next()? {
            let mut fields = bag.sequence()?;
            let kind = fields.expect(Tag::OID)?.oid()?;
            let content = fields.expect(Tag::context(0))?.explicit()?;
            let attributes = fields.optional(Tag::SET)?;
            fields.finish()?;
            match kind {
                KEY_BAG => {
                    self.key(Zeroizing::new(content.raw().to_vec()), About::read(attributes)?)?;
                }
                SHROUDED_KEY_BAG => {
                    let key = self.with_password(|password, budget| {
                        decrypt_key_info(&content, password, budget)
                    })?;
                    self.key(key, About::read(attributes)?)?;
                }
                CERTIFICATE_BAG => self.certificate(&content, About::read(attributes)?)?,
                SAFE_CONTENTS_BAG => self.bags(&content)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn key(&mut self, pkcs8: Zeroizing<Vec<u8>>, about: About) -> Result<()> {
        self.contents.keys.push(Key { pkcs8, about });
        within(self.contents.keys.len(), self.limits.private_keys, "private keys in one file")
    }

    /// ```text
    /// CertBag ::= SEQUENCE { certId OBJECT IDENTIFIER, certValue [0] EXPLICIT OCTET STRING }
    /// ```
    fn certificate(&mut self, value: &Value<'_>, about: About) -> Result<()> {
        let mut fields = value.sequence()?;
        if fields.expect(Tag::OID)?.oid()? != X509_CERTIFICATE {
            return Ok(());
        }
        let octets = fields.expect(Tag::context(0))?.explicit()?.is(Tag::OCTET_STRING)?.octets()?;
        let certificate = Certificate::from_der_within(&octets, self.limits)?;
        self.contents.certificates.push(CertificateBag { certificate, about });
        let count = self.contents.certificates.len();
        within(count, self.limits.certificates, "certificates in one file")
    }
}

impl About {
    /// ```text
    /// PKCS12Attribute ::= SEQUENCE { attrId OBJECT IDENTIFIER, attrValues SET OF ANY }
    /// ```
    fn read(attributes: Option<Value<'_>>) -> Result<Self> {
        let mut about = Self::default();
        let Some(attributes) = attributes else { return Ok(about) };
        let mut attributes = attributes.values()?;
        while let Some(attribute) = attributes.next()? {
            let mut fields = attribute.sequence()?;
            let kind = fields.expect(Tag::OID)?.oid()?;
            let value = fields.expect(Tag::SET)?.values()?.next()?;
            match (kind, value) {
                (FRIENDLY_NAME, Some(name)) => about.friendly_name = name.text().ok(),
                (LOCAL_KEY_ID, Some(id)) => {
                    about.local_key_id = Some(id.octets().map(Cow::into_owned)?);
                }
                _ => {}
            }
        }
        Ok(about)
    }
}
