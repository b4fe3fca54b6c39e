//! The little-endian fields that records are made of.

use super::name;
use crate::error::{Error, Result};

/// What is left of a record.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(u16::from_le_bytes(*taken))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*taken))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*taken))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn short() -> Error {
    Error::malformed("a record of the ZIP archive ends too early")
}

/// What the extra fields of one header say that matters here (APPNOTE §4.5, §4.6.9).
#[derive(Default)]
pub(super) struct Extra<'a> {
    /// ZIP64 extended information.
    pub(super) zip64: Option<&'a [u8]>,
    /// Whether there is any field at all.
    pub(super) any: bool,
}

impl<'a> Extra<'a> {
    /// `raw_name` is what the header says: another name in an extra field is a second one.
    pub(super) fn read(bytes: &'a [u8], raw_name: &[u8]) -> Result<Self> {
        let mut extra = Self { any: !bytes.is_empty(), ..Self::default() };
        let mut fields = Fields::new(bytes);
        while !fields.is_empty() {
            let (id, len) = (fields.u16()?, fields.u16()?);
            let data = fields.take(usize::from(len))?;
            match id {
                ZIP64 if extra.zip64.is_some() => {
                    return Err(Error::malformed("the ZIP64 sizes stand there twice"));
                }
                ZIP64 => extra.zip64 = Some(data),
                // Version and checksum of the name in the header come before it.
                UNICODE_PATH => {
                    let other = data.get(5..).unwrap_or_default();
                    if name::decode(raw_name) != String::from_utf8_lossy(other) {
                        return Err(Error::malformed("an extra field gives a second name"));
                    }
                }
                _ => {}
            }
        }
        Ok(extra)
    }
}

const ZIP64: u16 = 1;
const UNICODE_PATH: u16 = 0x7075;
