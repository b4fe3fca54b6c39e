//! The entries of a list, found by serial number: a table of offsets into the list as it
//! stands. A list of a million entries then takes a tenth of its size besides itself.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::hash::{BuildHasher, RandomState};

use super::extension::Extension;
use super::reason::Reason;
use super::scope::{directory_name, general_names};
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};
use crate::limits::within;
use crate::time::UtcTime;

/// `revokedCertificates` by serial number.
pub(super) struct Entries {
    /// Open addressing; every third slot stays free. The hash is keyed, so that nobody can
    /// choose serial numbers that meet.
    slots: Vec<u32>,
    keys: RandomState,
    len: usize,
    /// Where certificateIssuer (RFC 5280 §5.3.3) changes whose certificates are listed: the
    /// offset of the entry and its place in the list.
    issuers: Vec<u32>,
    unprocessed: Option<String>,
}

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

const FREE: u32 = u32::MAX;
/// Certificates of several issuers may have one number (RFC 5280 §5.3.3); a list that
/// repeats one number for ever is made to cost time.
const SAME_SERIAL: usize = 64;
/// `SEQUENCE > extensions > extension > names > name`.
const DEPTH: usize = 16;

const REASON_CODE: &str = "2.5.29.21";
const INVALIDITY_DATE: &str = "2.5.29.24";
const CERTIFICATE_ISSUER: &str = "2.5.29.29";

impl Entries {
    /// `list` is nothing where none is revoked.
    pub(super) fn read(list: Option<Value<'_>>) -> Result<Self> {
        let mut entries = Self {
            slots: Vec::new(),
            keys: RandomState::new(),
            len: 0,
            issuers: Vec::new(),
            unprocessed: None,
        };
        let Some(list) = list else { return Ok(entries) };
        let mut counted = list.values()?;
        while counted.next()?.is_some() {
            entries.len = entries.len.saturating_add(1);
        }
        let slots = entries.len.saturating_add(entries.len / 2).saturating_add(1);
        entries.slots = vec![FREE; slots];
        // Offsets are those of the list as a whole; the table looks into it from its start.
        let base = list.offset();
        let mut all = list.values()?;
        while let Some(value) = all.next()? {
            entries.add(&value, list.raw(), base)?;
        }
        Ok(entries)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Memory besides the list itself.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.slots.as_slice()).saturating_add(size_of_val(self.issuers.as_slice()))
    }

    /// A critical extension of some entry that is not understood: then RFC 5280 §5.3
    /// forbids to use the list for any certificate.
    pub(super) fn unprocessed(&self) -> Option<&str> {
        self.unprocessed.as_deref()
    }

    /// The entry of this number of this issuer, whose name is in DER, in the list `der`;
    /// `direct` says whether that one issued the list.
    pub(super) fn find(
        &self,
        der: &[u8],
        serial: &[u8],
        issuer: &[u8],
        direct: bool,
    ) -> Result<Option<Entry>> {
        for offset in self.chain(canonical(serial)) {
            let raw = RawEntry::at(der, offset)?;
            if raw.serial == canonical(serial) && self.is_of(der, offset, issuer, direct)? {
                return raw.entry().map(Some);
            }
        }
        Ok(None)
    }

    fn is_of(&self, der: &[u8], offset: u32, issuer: &[u8], direct: bool) -> Result<bool> {
        let later = self.issuers.partition_point(|at| *at <= offset);
        match later.checked_sub(1).and_then(|it| self.issuers.get(it)) {
            None => Ok(direct),
            Some(at) => {
                let names = RawEntry::at(der, *at)?.issuer;
                let names = names.map(|it| general_names(&Value::only(it, DEPTH)?)).transpose()?;
                Ok(names.is_some_and(|names| names.contains(&directory_name(issuer))))
            }
        }
    }

    fn add(&mut self, value: &Value<'_>, list: &[u8], base: u64) -> Result<()> {
        let offset = u32::try_from(value.offset())
            .ok()
            .filter(|it| *it != FREE)
            .ok_or_else(|| Error::limit("4 GB of a CRL"))?;
        let raw = RawEntry::read(value)?;
        if raw.issuer.is_some() {
            self.issuers.push(offset);
        }
        if self.unprocessed.is_none() {
            self.unprocessed = raw.unprocessed;
        }
        let mut same = 0_usize;
        let mut at = self.slot(raw.serial);
        while let Some(taken) = self.slots.get(at).copied().filter(|it| *it != FREE) {
            let inside = u64::from(taken).saturating_sub(base);
            let inside = usize::try_from(inside).unwrap_or(usize::MAX);
            let other = list.get(inside..).unwrap_or_default();
            if serial_of(other) == Some(raw.serial) {
                same = same.saturating_add(1);
                within(same, SAME_SERIAL, "entries of a CRL with the same serial number")?;
            }
            at = self.next(at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = offset;
        }
        Ok(())
    }

    /// Offsets that this number may be at.
    fn chain(&self, serial: &[u8]) -> impl Iterator<Item = u32> + '_ {
        let mut at = self.slot(serial);
        std::iter::from_fn(move || {
            let offset = self.slots.get(at).copied().filter(|it| *it != FREE)?;
            at = self.next(at);
            Some(offset)
        })
    }

    fn slot(&self, serial: &[u8]) -> usize {
        let slots = u64::try_from(self.slots.len()).unwrap_or(u64::MAX).max(1);
        let at = self.keys.hash_one(serial).checked_rem(slots).unwrap_or_default();
        usize::try_from(at).unwrap_or_default()
    }

    fn next(&self, at: usize) -> usize {
        let next = at.saturating_add(1);
        if next < self.slots.len() { next } else { 0 }
    }
}

/// `SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }`.
struct RawEntry<'a> {
    serial: &'a [u8],
    date: Value<'a>,
    reason: Option<&'a [u8]>,
    issuer: Option<&'a [u8]>,
    unprocessed: Option<String>,
}

impl<'a> RawEntry<'a> {
    fn at(der: &'a [u8], offset: u32) -> Result<Self> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Self::read(&Value::first(der.get(offset..).unwrap_or_default(), DEPTH)?.0)
    }

    fn read(value: &Value<'a>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let serial = canonical(fields.expect(Tag::INTEGER)?.integer()?);
        let date = fields.required()?;
        let mut raw = Self { serial, date, reason: None, issuer: None, unprocessed: None };
        if let Some(extensions) = fields.optional(Tag::SEQUENCE)? {
            let mut extensions = extensions.values()?;
            while let Some(extension) = extensions.next()? {
                let extension = Extension::read(&extension)?;
                match extension.oid.as_str() {
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

    fn entry(&self) -> Result<Entry> {
        let reason = self.reason.map(|it| Reason::read(&Value::only(it, DEPTH)?)).transpose()?;
        Ok(Entry { revoked_at: self.date.time()?, reason })
    }
}

/// The number of the entry that the bytes begin with.
fn serial_of(bytes: &[u8]) -> Option<&[u8]> {
    let entry = Value::first(bytes, DEPTH).ok()?.0;
    let serial = entry.sequence().ok()?.expect(Tag::INTEGER).ok()?;
    serial.integer().ok().map(canonical)
}

/// As DER writes an INTEGER: some writers of numbers add zeros.
fn canonical(mut integer: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = integer
        && rest.first().is_some_and(|next| *next < 0x80)
    {
        integer = rest;
    }
    integer
}
