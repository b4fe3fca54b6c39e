//! Many certificates in one piece of bytes: PEM, DER, or a PKCS#7 bag.

use der::asn1::ObjectIdentifier;

use super::certificate::Certificate;
use crate::encoding::asn1::{Tag, Value};
use crate::encoding::pem;
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// `ContentInfo > [0] > SignedData > [0] > Certificate`, and what a certificate nests.
const DEPTH: usize = 32;

impl Certificate {
    /// Reads every certificate of a file: PEM blocks (other kinds of block are passed
    /// over), one DER certificate, or a PKCS#7 bag (`.p7b`) as PEM or DER.
    ///
    /// # Errors
    /// `Malformed` when there is no certificate, or when one cannot be read;
    /// `LimitExceeded` when there are more than [`Limits::certificates`].
    pub fn all_from(bytes: &[u8], limits: &Limits) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        if Value::only(bytes, DEPTH).is_ok() {
            all = from_der(bytes, limits)?;
        } else {
            for block in pem::blocks(bytes)? {
                match block.label.as_str() {
                    "CERTIFICATE" | "X509 CERTIFICATE" => {
                        all.push(Self::from_der_within(&block.bytes, limits)?);
                    }
                    "PKCS7" | "CMS" => all.extend(from_bag(&block.bytes, limits)?),
                    _ => {}
                }
                within(all.len(), limits.certificates, "certificates in one file")?;
            }
        }
        if all.is_empty() {
            return Err(Error::malformed("there is no certificate in this file"));
        }
        Ok(all)
    }
}

fn from_der(bytes: &[u8], limits: &Limits) -> Result<Vec<Certificate>> {
    let mut fields = Value::only(bytes, DEPTH)?.sequence()?;
    if fields.optional(Tag::OID)?.is_some() {
        from_bag(bytes, limits)
    } else {
        Ok(vec![Certificate::from_der_within(bytes, limits)?])
    }
}

/// `SignedData` that carries certificates only (RFC 5652 §5.1).
fn from_bag(bytes: &[u8], limits: &Limits) -> Result<Vec<Certificate>> {
    let mut content_info = Value::only(bytes, DEPTH)?.sequence()?;
    if content_info.expect(Tag::OID)?.oid()? != SIGNED_DATA {
        return Err(Error::malformed("this PKCS#7 file is no bag of certificates"));
    }
    let mut signed_data = content_info.expect(Tag::context(0))?.explicit()?.sequence()?;
    signed_data.expect(Tag::INTEGER)?;
    signed_data.expect(Tag::SET)?;
    signed_data.expect(Tag::SEQUENCE)?;
    let mut all = Vec::new();
    if let Some(certificates) = signed_data.optional(Tag::context(0))? {
        let mut choices = certificates.values()?;
        while let Some(choice) = choices.next()? {
            // The other choices are attribute certificates and retired forms.
            if choice.tag() == Tag::SEQUENCE {
                all.push(Certificate::from_der_within(choice.raw(), limits)?);
                within(all.len(), limits.certificates, "certificates in one file")?;
            }
        }
    }
    Ok(all)
}
