//! One entry of a list (RFC 5280 §5.1.2.6), and walking from one to the next.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::extension::RawExtension;
use super::reason::Reason;
use crate::encoding::asn1::{Cursor, Tag, Value};
use crate::error::Result;
use crate::time::UtcTime;

/// What the list says of one certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) revoked_at: UtcTime,
    pub(super) reason: Option<Reason>,
}

impl Entry {
    /// Whether it takes the certificate off the list that it changes.
    pub(super) fn is_removal(&self) -> bool {
        self.reason.is_some_and(Reason::is_removal)
    }
}

/// `SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }`.
pub(super) struct RawEntry<'a> {
    pub(super) serial: &'a [u8],
    date: Value<'a>,
    reason: Option<&'a [u8]>,
    pub(super) issuer: Option<&'a [u8]>,
    pub(super) unprocessed: Option<ObjectIdentifier>,
}

/// `SEQUENCE > extensions > extension > names > name`.
const DEPTH: usize = 16;

const REASON_CODE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");

impl<'a> RawEntry<'a> {
    /// The entry that the bytes begin with.
    pub(super) fn first_of(bytes: &'a [u8]) -> Result<Self> {
        Self::read(&Value::first(bytes, DEPTH)?.0)
    }

    fn read(value: &Value<'a>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let serial = canonical(fields.expect(Tag::INTEGER)?.integer()?);
        let date = fields.required()?;
        let mut raw = Self { serial, date, reason: None, issuer: None, unprocessed: None };
        if let Some(extensions) = fields.optional(Tag::SEQUENCE)? {
            let mut extensions = extensions.values()?;
            while let Some(extension) = extensions.next()? {
                let extension = RawExtension::read(&extension)?;
                match extension.oid {
                    REASON_CODE => raw.reason = Some(extension.value),
                    CERTIFICATE_ISSUER => raw.issuer = Some(extension.value),
                    INVALIDITY_DATE => {}
                    _ if extension.critical => raw.unprocessed = Some(extension.oid),
                    _ => {}
                }
            }
        }
        fields.finish()?;
        Ok(raw)
    }

    pub(super) fn entry(&self) -> Result<Entry> {
        let reason = self.reason.map(|it| Reason::read(&Value::only(it, DEPTH)?)).transpose()?;
        Ok(Entry { revoked_at: self.date.time()?, reason })
    }
}

/// Goes from entry to entry.
pub(super) struct Walk<'a> {
    entries: Cursor<'a>,
}

/// An entry on the way.
pub(super) struct Met<'a> {
    /// Of its first octet, from the start of the list's file.
    pub(super) offset: u64,
    pub(super) serial: &'a [u8],
    /// Where it has more than a number, a date, a reason and a second date.
    pub(super) special: Option<RawEntry<'a>>,
}

impl<'a> Walk<'a> {
    pub(super) fn over(list: &Value<'a>) -> Result<Self> {
        Ok(Self { entries: list.values()? })
    }

    pub(super) fn next(&mut self) -> Result<Option<Met<'a>>> {
        let offset = self.entries.offset();
        if let Some((serial, size)) = plain(self.entries.rest()) {
            self.entries.skip(size);
            return Ok(Some(Met { offset, serial, special: None }));
        }
        let Some(value) = self.entries.next()? else { return Ok(None) };
        let raw = RawEntry::read(&value)?;
        Ok(Some(Met { offset, serial: raw.serial, special: Some(raw) }))
    }
}

/// The number of the entry that the bytes begin with, and the entry's size, where it is
/// written as nearly all are: lengths of one octet, a UTCTime, and nothing besides but
/// reason and invalidity date. A list may have millions, and the reader of all ASN.1 takes
/// ten times as long.
fn plain(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let ([0x30, length @ 0..0x80], rest) = bytes.split_first_chunk()? else { return None };
    let size = usize::from(*length);
    let entry = rest.get(..size)?;
    let ([2, length @ 1..0x80], entry) = entry.split_first_chunk()? else { return None };
    let (serial, entry) = entry.split_at_checked(usize::from(*length))?;
    let ([0x17, 13, ..], extensions) = entry.split_first_chunk::<15>()? else { return None };
    let is_plain = extensions.is_empty() || are_plain(extensions);
    is_plain.then_some((canonical(serial), size.saturating_add(2)))
}

/// `SEQUENCE OF SEQUENCE { 2.5.29.21 or 2.5.29.24, OCTET STRING }`, none of them critical.
fn are_plain(extensions: &[u8]) -> bool {
    let Some(([0x30, length @ 0..0x80], mut rest)) = extensions.split_first_chunk() else {
        return false;
    };
    if rest.len() != usize::from(*length) {
        return false;
    }
    while let Some((head, more)) = rest.split_first_chunk() {
        let [0x30, outer @ 0..0x80, 6, 3, 0x55, 0x1d, 21 | 24, 4, inner @ 0..0x80] = head else {
            return false;
        };
        match more.split_at_checked(usize::from(*inner)) {
            Some((_, more)) if usize::from(*outer) == usize::from(*inner).saturating_add(7) => {
                rest = more;
            }
            _ => return false,
        }
    }
    rest.is_empty()
}

/// The number of the entry that the bytes begin with.
pub(super) fn serial_of(bytes: &[u8]) -> Option<&[u8]> {
    let entry = Value::first(bytes, DEPTH).ok()?.0;
    let serial = entry.sequence().ok()?.expect(Tag::INTEGER).ok()?;
    serial.integer().ok().map(canonical)
}

/// As DER writes an INTEGER: some writers of numbers add zeros.
pub(super) fn canonical(mut integer: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = integer
        && rest.first().is_some_and(|next| *next < 0x80)
    {
        integer = rest;
    }
    integer
}
