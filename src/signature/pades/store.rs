//! The document security store (EN 319 142-1 §5.4.2): what was put into a PDF so that its
//! signatures can be validated later. Anybody may have put it there.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::ops::Range;

use crate::encoding::pdf::{Dictionary, Object, View};
use crate::error::{ErrorKind, Result};
use crate::limits::within;

/// `DSS` of the newest revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecurityStore {
    pub(crate) certificates: Vec<Stored>,
    pub(crate) crls: Vec<Stored>,
    pub(crate) responses: Vec<Stored>,
}

/// One value of the store as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) der: Vec<u8>,
    /// The bytes of the file that hold it, encoded: what covers them proves that it existed.
    pub(crate) place: Range<u64>,
}

impl SecurityStore {
    /// One that is broken holds nothing.
    ///
    /// # Errors
    /// `LimitExceeded` or `Io`, as reading any object.
    pub(super) fn read(view: View<'_>) -> Result<Self> {
        let read = || {
            let (_, catalog) = view.catalog()?;
            let Some(store) = view.dictionary(&catalog, "DSS")? else { return Ok(Self::default()) };
            Ok(Self {
                certificates: streams(view, &store, "Certs")?,
                crls: streams(view, &store, "CRLs")?,
                responses: streams(view, &store, "OCSPs")?,
            })
        };
        harmless(read())
    }
}

fn streams(view: View<'_>, store: &Dictionary, key: &str) -> Result<Vec<Stored>> {
    let items = harmless(view.array(store, key))?;
    let limit = view.reader().limits().cms_revocation_infos;
    within(items.len(), limit, "values of a kind in the document security store")?;
    let mut all = Vec::new();
    for item in items {
        let stored = view.resolve(&item).and_then(|object| match object {
            Object::Stream(stream) => {
                let place = view.stream_data(&stream)?;
                Ok(Some(Stored { der: view.decoded(&stream)?, place }))
            }
            _ => Ok(None),
        });
        all.extend(harmless(stored)?);
    }
    Ok(all)
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
