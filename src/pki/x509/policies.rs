//! What certificates say of policies (RFC 5280 §4.2.1.4, §4.2.1.5, §4.2.1.11, §4.2.1.14).
#![warn(clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};
use crate::limits::{CERTIFICATE_POLICIES, within};

/// `anyPolicy` (RFC 5280 §4.2.1.4).
pub(crate) const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");

/// The four extensions on policies.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicyExtensions {
    /// Nothing where there is no such extension.
    pub(crate) policies: Option<BTreeSet<ObjectIdentifier>>,
    /// From the issuer's domain to the subject's.
    pub(crate) mappings: Vec<(ObjectIdentifier, ObjectIdentifier)>,
    /// After how many certificates a policy is required.
    pub(crate) require_explicit: Option<u32>,
    /// After how many certificates mappings no longer count.
    pub(crate) inhibit_mapping: Option<u32>,
    /// After how many certificates `anyPolicy` no longer counts.
    pub(crate) inhibit_any: Option<u32>,
    /// The extension is critical, and has a qualifier whose meaning is not known.
    pub(crate) unknown_qualifier: bool,
}

/// `certificatePolicies > PolicyInformation > qualifiers > qualifier > UserNotice` and
/// what that nests.
const DEPTH: usize = 16;

/// RFC 5280 §4.2.1.4: these are for people and decide nothing.
const QUALIFIERS: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2"),
];

impl PolicyExtensions {
    /// Reads the extension if it is one of them; whether it is.
    pub(super) fn take(&mut self, oid: &str, value: &[u8], critical: bool) -> Result<bool> {
        match oid {
            "2.5.29.32" => self.read_policies(value, critical)?,
            "2.5.29.33" => self.read_mappings(value)?,
            "2.5.29.36" => self.read_constraints(value)?,
            "2.5.29.54" => {
                self.inhibit_any = Some(skip_certs(&Value::only(value, DEPTH)?.is(Tag::INTEGER)?)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read_policies(&mut self, value: &[u8], critical: bool) -> Result<()> {
        let mut all = BTreeSet::new();
        let mut policies = Value::only(value, DEPTH)?.sequence()?;
        while let Some(information) = policies.next()? {
            let mut fields = information.sequence()?;
            let policy = fields.expect(Tag::OID)?.oid()?;
            if let Some(qualifiers) = fields.optional(Tag::SEQUENCE)? {
                let mut qualifiers = qualifiers.values()?;
                while let Some(qualifier) = qualifiers.next()? {
                    let kind = qualifier.sequence()?.expect(Tag::OID)?.oid()?;
                    self.unknown_qualifier |= critical && !QUALIFIERS.contains(&kind);
                }
            }
            fields.finish()?;
            if !all.insert(policy) {
                return Err(Error::malformed(format!("the policy {policy} is twice there")));
            }
            within(all.len(), CERTIFICATE_POLICIES, "policies of a certificate")?;
        }
        if all.is_empty() {
            return Err(Error::malformed("there is no policy"));
        }
        self.policies = Some(all);
        Ok(())
    }

    fn read_mappings(&mut self, value: &[u8]) -> Result<()> {
        let mut mappings = Value::only(value, DEPTH)?.sequence()?;
        while let Some(mapping) = mappings.next()? {
            let mut fields = mapping.sequence()?;
            let (from, to) = (fields.expect(Tag::OID)?.oid()?, fields.expect(Tag::OID)?.oid()?);
            fields.finish()?;
            self.mappings.push((from, to));
            within(self.mappings.len(), CERTIFICATE_POLICIES, "mappings of policies")?;
        }
        if self.mappings.is_empty() {
            return Err(Error::malformed("there is no policy mapping"));
        }
        Ok(())
    }

    fn read_constraints(&mut self, value: &[u8]) -> Result<()> {
        let mut fields = Value::only(value, DEPTH)?.sequence()?;
        let explicit = fields.optional(Tag::context(0))?;
        let mapping = fields.optional(Tag::context(1))?;
        fields.finish()?;
        if explicit.is_none() && mapping.is_none() {
            return Err(Error::malformed("policy constraints without a constraint"));
        }
        self.require_explicit = explicit.as_ref().map(skip_certs).transpose()?;
        self.inhibit_mapping = mapping.as_ref().map(skip_certs).transpose()?;
        Ok(())
    }
}

/// `SkipCerts ::= INTEGER (0..MAX)`; more than there are certificates is all the same.
fn skip_certs(value: &Value<'_>) -> Result<u32> {
    let octets = value.content();
    match octets.split_first() {
        Some((first, _)) if first & 0x80 == 0 && !value.is_constructed() => {}
        _ => return Err(Error::malformed("a number of certificates is none")),
    }
    let number = octets
        .iter()
        .try_fold(0_u32, |sum, byte| sum.checked_mul(256)?.checked_add(u32::from(*byte)));
    Ok(number.unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    /// `SEQUENCE OF` with a length of two octets.
    fn sequence(values: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
        let content: Vec<u8> = values.flatten().collect();
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82][..], &length, &content].concat()
    }

    /// `PolicyInformation` of the policy 1.2.840.n, in two octets.
    fn policy(n: u16) -> Vec<u8> {
        let n = [0x80 | u8::try_from(n >> 7).unwrap(), u8::try_from(n & 0x7f).unwrap()];
        [&[0x30, 7, 6, 5, 0x2a, 0x86, 0x48][..], &n].concat()
    }

    #[test]
    fn policies_are_bounded_and_not_repeated() {
        let read = |value: &[u8]| PolicyExtensions::default().take("2.5.29.32", value, true);
        assert!(read(&sequence((128..1_128).map(policy))).unwrap());
        let error = read(&sequence((128..1_129).map(policy))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        for broken in [sequence([policy(200), policy(200)].into_iter()), vec![0x30, 0]] {
            assert_eq!(read(&broken).unwrap_err().kind(), ErrorKind::Malformed);
        }
    }

    #[test]
    fn numbers_of_certificates_may_be_large_but_not_negative() {
        let read = |value: &[u8]| {
            let mut extensions = PolicyExtensions::default();
            extensions.take("2.5.29.36", value, true).map(|_| extensions)
        };
        assert_eq!(read(&[0x30, 3, 0x80, 1, 3]).unwrap().require_explicit, Some(3));
        let large = read(&[0x30, 8, 0x81, 6, 1, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!((large.require_explicit, large.inhibit_mapping), (None, Some(u32::MAX)));
        for broken in [&[0x30, 0][..], &[0x30, 3, 0x80, 1, 0xff], &[0x30, 2, 0x80, 0]] {
            assert_eq!(read(broken).unwrap_err().kind(), ErrorKind::Malformed);
        }
    }
}
