//! Attributes of a signer, signed and unsigned alike (RFC 5652 §5.3).
//!
//! ```text
//! Attribute ::= SEQUENCE {
//!     attrType    OBJECT IDENTIFIER,
//!     attrValues  SET OF AttributeValue }
//! ```
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fmt;

use der::asn1::ObjectIdentifier;

use super::oids::attribute_name;
use crate::encoding::asn1::writer::{SEQUENCE, SET, set_of, tlv};
use crate::encoding::asn1::{Tag, Value};
use crate::error::Result;
use crate::limits::{Limits, within};

/// One attribute as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Attribute<'a> {
    whole: Value<'a>,
    kind: Value<'a>,
    oid: ObjectIdentifier,
    set: Value<'a>,
    values: Vec<Value<'a>>,
}

impl<'a> Attribute<'a> {
    fn read(value: &Value<'a>, limits: &Limits) -> Result<Self> {
        let mut fields = value.sequence()?;
        let kind = fields.expect(Tag::OID)?;
        let set = fields.expect(Tag::SET)?;
        let mut walked = set.values()?;
        fields.finish()?;
        let mut values = Vec::new();
        while let Some(value) = walked.next()? {
            let count = values.len().saturating_add(1);
            within(count, limits.cms_attributes, "values of an attribute")?;
            values.push(value);
        }
        Ok(Self { whole: *value, kind, oid: kind.oid()?, set, values })
    }

    /// `attrType`.
    pub(crate) fn oid(&self) -> ObjectIdentifier {
        self.oid
    }

    /// `attrValues`, in the order they stand in.
    pub(crate) fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    /// Whole, as it stands.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.whole.raw()
    }

    /// Where it begins in what was read.
    pub(crate) fn offset(&self) -> u64 {
        self.whole.offset()
    }

    /// `attrType` as it stands, tag and length included.
    pub(crate) fn kind(&self) -> &'a [u8] {
        self.kind.raw()
    }

    /// `attrValues` as it stands, tag and length included.
    pub(crate) fn set(&self) -> &'a [u8] {
        self.set.raw()
    }

    /// In DER, values in DER order.
    pub(crate) fn canonical(&self) -> Result<Vec<u8>> {
        // Most have one, and there is nothing to order.
        if self.values.len() <= 1 {
            return self.whole.canonical();
        }
        let values: Result<Vec<_>> = self.values.iter().map(Value::canonical).collect();
        Ok(tlv(SEQUENCE, &[&self.kind.canonical()?, &set_of(SET, values?)]))
    }
}

/// The attributes of one SET, in the order they stand in.
pub(super) fn read_all<'a>(set: &Value<'a>, limits: &Limits) -> Result<Vec<Attribute<'a>>> {
    let mut attributes = Vec::new();
    let mut values = set.values()?;
    while let Some(value) = values.next()? {
        let count = attributes.len().saturating_add(1);
        within(count, limits.cms_attributes, "attributes of a signer")?;
        attributes.push(Attribute::read(&value, limits)?);
    }
    Ok(attributes)
}

/// The one value of an attribute that may be there once, with one value; nothing
/// where it is not there.
pub(super) fn single<'a, T>(
    attributes: &[Attribute<'a>],
    oid: ObjectIdentifier,
    read: impl FnOnce(&Value<'a>) -> Result<T>,
) -> Result<Option<T>, AttributeFault> {
    let fault = |fault| AttributeFault { attribute: oid, fault };
    let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
    let Some(attribute) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(fault(Fault::Repeated));
    }
    match attribute.values() {
        [value] => {
            read(value).map(Some).map_err(|error| fault(Fault::Malformed(error.to_string())))
        }
        [] => Err(fault(Fault::NoValue)),
        _ => Err(fault(Fault::SeveralValues)),
    }
}

/// Those of `attributes` that belong to the other kind.
pub(super) fn misplaced<'f>(
    attributes: &'f [Attribute<'_>],
    other: &'f [ObjectIdentifier],
) -> impl Iterator<Item = AttributeFault> + 'f {
    attributes
        .iter()
        .map(Attribute::oid)
        .filter(|oid| other.contains(oid))
        .map(|attribute| AttributeFault { attribute, fault: Fault::Misplaced })
}

/// An attribute that is there, but not as its definition wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributeFault {
    /// `attrType`.
    pub(crate) attribute: ObjectIdentifier,
    /// What is wrong with it.
    pub(crate) fault: Fault,
}

/// What is wrong with an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There more than once: which one would count?
    Repeated,
    /// Without a value.
    NoValue,
    /// With several values where one is defined.
    SeveralValues,
    /// Its value is of another type; in words.
    Malformed(String),
    /// Unsigned where it has to be signed, or the other way round.
    Misplaced,
}

impl fmt::Display for AttributeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attribute {} ", attribute_name(self.attribute))?;
        match &self.fault {
            Fault::Repeated => f.write_str("is there more than once"),
            Fault::NoValue => f.write_str("has no value"),
            Fault::SeveralValues => f.write_str("has several values"),
            Fault::Malformed(what) => write!(f, "is malformed: {what}"),
            Fault::Misplaced => f.write_str("is not where it belongs, signed or unsigned"),
        }
    }
}
