//! Extensions of lists, their entries and of answers (RFC 5280 §4.1).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};

/// `Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }` (RFC 5280 §4.1).
pub(super) struct Extension<'a> {
    pub(super) oid: String,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

/// As it stands, without words: a list may have millions.
pub(super) struct RawExtension<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

impl<'a> Extension<'a> {
    pub(super) fn read(value: &Value<'a>) -> Result<Self> {
        let RawExtension { oid, critical, value } = RawExtension::read(value)?;
        Ok(Self { oid: oid.to_string(), critical, value })
    }
}

impl<'a> RawExtension<'a> {
    pub(super) fn read(value: &Value<'a>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let oid = fields.expect(Tag::OID)?.oid()?;
        let critical = match fields.optional(Tag::BOOLEAN)? {
            Some(critical) => critical.boolean()?,
            None => false,
        };
        let value = fields.expect(Tag::OCTET_STRING)?;
        if value.is_constructed() {
            return Err(Error::malformed("an extension is in pieces").at_offset(value.offset()));
        }
        fields.finish()?;
        Ok(Self { oid, critical, value: value.content() })
    }
}
