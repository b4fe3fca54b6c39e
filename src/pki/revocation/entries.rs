//! The entries of a list, found by serial number: offsets into the list as it stands,
//! sorted into buckets. A list of a million entries then takes a tenth of its size
//! besides itself, and is walked twice to be read.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use super::entry::{Entry, Met, RawEntry, Walk, canonical, serial_of};
use super::scope::{directory_name, general_names};
use crate::encoding::asn1::Value;
use crate::error::{Error, Result};
use crate::limits::within;

/// `revokedCertificates` by serial number.
pub(super) struct Entries {
    /// Where each entry begins, bucket after bucket, and in the order of the list within.
    offsets: Vec<u32>,
    /// Where each bucket ends among the offsets; the next one begins there.
    ends: Vec<u32>,
    keys: Keys,
    /// Where certificateIssuer (RFC 5280 §5.3.3) changes whose certificates are listed: the
    /// offset of the entry and its place in the list.
    issuers: Vec<u32>,
    unprocessed: Option<String>,
}

/// Certificates of several issuers may have one number (RFC 5280 §5.3.3); a list that
/// repeats one number for ever is made to cost time.
const SAME_SERIAL: usize = 64;
/// Octets of the list for each bucket: about ten entries.
const OCTETS_A_BUCKET: usize = 512;
/// `SEQUENCE > extensions > extension > names > name`.
const DEPTH: usize = 16;

impl Entries {
    /// `list` is nothing where none is revoked.
    pub(super) fn read(list: Option<Value<'_>>) -> Result<Self> {
        let mut entries = Self {
            offsets: Vec::new(),
            ends: Vec::new(),
            keys: Keys::new(),
            issuers: Vec::new(),
            unprocessed: None,
        };
        let Some(list) = list else { return Ok(entries) };
        let buckets = (list.content().len() / OCTETS_A_BUCKET).next_power_of_two();
        entries.ends = vec![0; buckets];
        entries.count(&list)?;
        entries.sort_in(&list)?;
        entries.bound_same_serials(&list)?;
        Ok(entries)
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Memory besides the list itself.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        [&self.offsets, &self.ends, &self.issuers].into_iter().map(|it| size_of_val(&**it)).sum()
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
        let serial = canonical(serial);
        for offset in self.offsets.get(self.bucket(self.bucket_of(serial))).unwrap_or_default() {
            if serial_of(at(der, *offset)) == Some(serial)
                && self.is_of(der, *offset, issuer, direct)?
            {
                return RawEntry::first_of(at(der, *offset))?.entry().map(Some);
            }
        }
        Ok(None)
    }

    fn is_of(&self, der: &[u8], offset: u32, issuer: &[u8], direct: bool) -> Result<bool> {
        let later = self.issuers.partition_point(|at| *at <= offset);
        match later.checked_sub(1).and_then(|it| self.issuers.get(it)) {
            None => Ok(direct),
            Some(changed) => {
                let names = RawEntry::first_of(at(der, *changed))?.issuer;
                let names = names.map(|it| general_names(&Value::only(it, DEPTH)?)).transpose()?;
                Ok(names.is_some_and(|names| names.contains(&directory_name(issuer))))
            }
        }
    }

    /// The first walk: how many there are in each bucket, and what is special about some.
    fn count(&mut self, list: &Value<'_>) -> Result<()> {
        let mut walk = Walk::over(list)?;
        let mut count = 0_usize;
        while let Some(Met { offset, serial, special }) = walk.next()? {
            count = count.saturating_add(1);
            let bucket = self.bucket_of(canonical(serial));
            if let Some(end) = self.ends.get_mut(bucket) {
                *end = end.saturating_add(1);
            }
            let Some(raw) = special else { continue };
            if raw.issuer.is_some() {
                self.issuers.push(small(offset)?);
            }
            if self.unprocessed.is_none() {
                self.unprocessed = raw.unprocessed.map(|oid| oid.to_string());
            }
        }
        // So far that each bucket begins where it will end.
        let mut begins = 0_u32;
        for end in &mut self.ends {
            begins = begins.saturating_add(std::mem::replace(end, begins));
        }
        self.offsets = vec![0; count];
        Ok(())
    }

    /// The second walk: each into its bucket.
    fn sort_in(&mut self, list: &Value<'_>) -> Result<()> {
        let mut walk = Walk::over(list)?;
        while let Some(Met { offset, serial, .. }) = walk.next()? {
            let bucket = self.bucket_of(canonical(serial));
            let Some(end) = self.ends.get_mut(bucket) else { continue };
            if let Some(place) = self.offsets.get_mut(index(*end)) {
                *place = small(offset)?;
            }
            *end = end.saturating_add(1);
        }
        Ok(())
    }

    /// Only what is alike meets in numbers: the hash is keyed.
    fn bound_same_serials(&self, list: &Value<'_>) -> Result<()> {
        let whole = list.raw();
        for bucket in 0..self.ends.len() {
            let offsets = self.offsets.get(self.bucket(bucket)).unwrap_or_default();
            if offsets.len() <= SAME_SERIAL {
                continue;
            }
            let mut counts = HashMap::new();
            for offset in offsets {
                let inside = u64::from(*offset).saturating_sub(list.offset());
                let inside = usize::try_from(inside).unwrap_or(usize::MAX);
                let serial = serial_of(whole.get(inside..).unwrap_or_default());
                let count = counts.entry(serial).or_insert(0_usize);
                *count = count.saturating_add(1);
                within(*count, SAME_SERIAL, "entries of a CRL with the same serial number")?;
            }
        }
        Ok(())
    }

    /// Among the offsets.
    fn bucket(&self, bucket: usize) -> Range<usize> {
        let end = |it: usize| self.ends.get(it).copied().map_or(0, index);
        bucket.checked_sub(1).map_or(0, end)..end(bucket)
    }

    fn bucket_of(&self, serial: &[u8]) -> usize {
        // As many as a power of two.
        let last = u64::try_from(self.ends.len()).unwrap_or(u64::MAX).saturating_sub(1);
        usize::try_from(self.keys.hash(serial) & last).unwrap_or_default()
    }
}

fn at(der: &[u8], offset: u32) -> &[u8] {
    der.get(index(offset)..).unwrap_or_default()
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn small(offset: u64) -> Result<u32> {
    u32::try_from(offset).map_err(|_| Error::limit("4 GB of a CRL"))
}

/// Secrets of this list, so that nobody can choose serial numbers that meet; who could
/// would only make look-ups slow. The standard library's hash takes as long as all else.
struct Keys {
    start: u64,
    factor: u64,
}

impl Keys {
    fn new() -> Self {
        let state = RandomState::new();
        Self { start: state.hash_one(0), factor: state.hash_one(1) | 1 }
    }

    /// Multiplies and folds, eight octets at a time.
    fn hash(&self, serial: &[u8]) -> u64 {
        let (words, rest) = serial.as_chunks();
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        words.iter().chain([&last]).fold(self.start, |hash, word| {
            let mixed = hash ^ u64::from_le_bytes(*word);
            let product = u128::from(mixed).wrapping_mul(u128::from(self.factor));
            let high = u64::try_from(product >> 64).unwrap_or_default();
            mixed.wrapping_mul(self.factor) ^ high
        })
    }
}
