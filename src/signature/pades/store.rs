//! The document security store (EN 319 142-1 §5.4.2): what was put into a PDF so that its
//! signatures can be validated later. Anybody may have put it there.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::encoding::pdf::{Dictionary, Location, Object, Reader, Reference, View};
use crate::error::{ErrorKind, Result};
use crate::limits::within;

/// `DSS`: of one revision, or of all of them, as some writers replace what was there.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecurityStore {
    pub(crate) certificates: Vec<Stored>,
    pub(crate) crls: Vec<Stored>,
    pub(crate) responses: Vec<Stored>,
    pub(crate) time_stamps: Vec<Related>,
    /// Whether it has a place for lists or answers, whatever stands there.
    pub(crate) for_revocation: bool,
}

/// One value of the store as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) der: Vec<u8>,
    /// The bytes of the file that hold it, encoded: what covers them proves that it existed.
    pub(crate) place: Range<u64>,
    /// The object that it is.
    pub(super) reference: Reference,
}

/// A time-stamp token about one signature (`VRI`, EN 319 142-1 §5.4.2.3).
#[derive(Debug, Clone)]
pub(crate) struct Related {
    /// The SHA-1 of the signature's `/Contents`, padded as they are, in upper-case digits.
    pub(crate) signature: Vec<u8>,
    pub(crate) token: Stored,
}

impl SecurityStore {
    /// What the arrays of one revision hold. A store that is broken holds nothing.
    ///
    /// # Errors
    /// `LimitExceeded` or `Io`, as reading any object.
    pub(super) fn read(view: View<'_>) -> Result<Self> {
        let mut reading = Reading::default();
        harmless(reading.arrays(view))?;
        Ok(reading.store)
    }

    /// What stands in the stores of all revisions, the newest first, each value once for each
    /// place that it stands in.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn read_all(reader: &Reader<'_>) -> Result<Self> {
        let mut reading = Reading::default();
        let newest = reader.newest();
        harmless(reading.whole(newest))?;
        let revisions = reader.chain().revisions();
        for (revision, written) in revisions.iter().enumerate().skip(1).rev() {
            // Where nothing that the store was read from was written, it was the same before.
            let older = reader.at(revision.saturating_sub(1));
            let root = |it: View<'_>| it.trailer().and_then(|it| it.get("Root")).cloned();
            if root(older) == root(reader.at(revision))
                && !written.changed.iter().any(|it| reading.touched.contains(it))
            {
                continue;
            }
            reading.touched.clear();
            harmless(reading.whole(older))?;
        }
        Ok(reading.store)
    }
}

/// The kinds of values, by their keys in the store and in what is related to one signature.
const KINDS: [(&str, &str); 3] = [("Certs", "Cert"), ("CRLs", "CRL"), ("OCSPs", "OCSP")];

#[derive(Default)]
struct Reading {
    store: SecurityStore,
    /// Numbers of the objects that the last store was read from.
    touched: HashSet<u32>,
    /// Where each object stood that was read.
    seen: HashMap<(&'static str, u32), Vec<Location>>,
}

impl Reading {
    fn whole(&mut self, view: View<'_>) -> Result<()> {
        let Some(store) = self.arrays(view)? else { return Ok(()) };
        let Some(related) = self.dictionary(view, &store, "VRI")? else { return Ok(()) };
        let most = view.reader().limits().cms_revocation_infos;
        within(related.entries().len(), most, "entries of VRI in the document security store")?;
        for entry in related.entries() {
            harmless(self.related(view, &related, &entry.key))?;
        }
        Ok(())
    }

    fn arrays(&mut self, view: View<'_>) -> Result<Option<Dictionary>> {
        let (root, catalog) = view.catalog()?;
        self.touched.insert(root.number);
        let Some(store) = self.dictionary(view, &catalog, "DSS")? else { return Ok(None) };
        self.store.for_revocation |= store.contains("CRLs") || store.contains("OCSPs");
        for (key, _) in KINDS {
            self.streams(view, &store, (key, key))?;
        }
        Ok(Some(store))
    }

    /// What is related to one signature.
    fn related(&mut self, view: View<'_>, parent: &Dictionary, key: &[u8]) -> Result<()> {
        let Ok(name) = std::str::from_utf8(key) else { return Ok(()) };
        let Some(related) = self.dictionary(view, parent, name)? else { return Ok(()) };
        for (kind, key) in KINDS {
            self.streams(view, &related, (kind, key))?;
        }
        if let Some(token) = related.get("TS")
            && let Some(token) = self.stored(view, token, "TS")?
        {
            let signature = key.to_ascii_uppercase();
            self.store.time_stamps.push(Related { signature, token });
        }
        Ok(())
    }

    fn dictionary(
        &mut self,
        view: View<'_>,
        parent: &Dictionary,
        key: &str,
    ) -> Result<Option<Dictionary>> {
        self.touch(parent.get(key));
        harmless(view.dictionary(parent, key))
    }

    fn streams(
        &mut self,
        view: View<'_>,
        parent: &Dictionary,
        (kind, key): (&'static str, &str),
    ) -> Result<()> {
        self.touch(parent.get(key));
        let items = harmless(view.array(parent, key))?;
        let limit = view.reader().limits().cms_revocation_infos;
        within(items.len(), limit, "values of a kind in the document security store")?;
        for item in items {
            let stored = self.stored(view, &item, kind)?;
            let all = match kind {
                "Certs" => &mut self.store.certificates,
                "CRLs" => &mut self.store.crls,
                _ => &mut self.store.responses,
            };
            all.extend(stored);
        }
        Ok(())
    }

    /// Nothing where it was read before, or is no stream that can be read.
    fn stored(
        &mut self,
        view: View<'_>,
        item: &Object,
        kind: &'static str,
    ) -> Result<Option<Stored>> {
        let Some(reference) = self.touch(Some(item)) else { return Ok(None) };
        let location = view.locate(reference.number);
        let seen = self.seen.entry((kind, reference.number)).or_default();
        if seen.contains(&location) {
            return Ok(None);
        }
        seen.push(location);
        let read = view.resolve(item).and_then(|object| match object {
            Object::Stream(stream) => {
                let place = view.stream_data(&stream)?;
                Ok(Some(Stored { der: view.decoded(&stream)?, place, reference }))
            }
            _ => Ok(None),
        });
        harmless(read)
    }

    fn touch(&mut self, value: Option<&Object>) -> Option<Reference> {
        let reference = value.and_then(Object::as_reference)?;
        self.touched.insert(reference.number);
        Some(reference)
    }
}

/// What cannot be read says nothing.
fn harmless<T: Default>(read: Result<T>) -> Result<T> {
    match read {
        Err(error) if matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported) => {
            Ok(T::default())
        }
        other => other,
    }
}
