//! Where messages are kept that are too large for a database.

#[cfg(feature = "object-store")]
mod bucket;
#[cfg(feature = "object-store")]
mod carrier;
mod folder;

#[cfg(unix)]
use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;
use crate::time::UtcTime;

#[cfg(feature = "object-store")]
pub use self::bucket::Bucket;
pub use self::folder::Folder;

/// A place for messages by their SHA-256 in lower-case hexadecimal. Each is written once
/// and never changed.
///
/// Errors are of kind [`ErrorKind::Io`].
pub trait Objects: Send + Sync {
    /// Keeps a message, piece by piece, and gives its digest. It is there as a whole, and
    /// outlives a crash, once this returns; until then it is not there at all.
    ///
    /// # Errors
    /// `Io`, and what reading the message fails with.
    fn put(&self, message: &dyn Source) -> Result<String>;

    /// Whether a message is kept.
    ///
    /// # Errors
    /// `Io`.
    fn has(&self, digest: &str) -> Result<bool>;

    /// A message, to be read piece by piece.
    ///
    /// # Errors
    /// `Io`, also where there is none.
    fn open(&self, digest: &str) -> Result<Box<dyn Source>>;

    /// Throws a message away; nothing happens where there is none.
    ///
    /// # Errors
    /// `Io`.
    fn remove(&self, digest: &str) -> Result<()>;

    /// Tells `found` the digest of each message that was last put before an instant. What it
    /// fails with ends the search.
    ///
    /// # Errors
    /// `Io`, and what `found` fails with.
    fn older(&self, before: UtcTime, found: &mut dyn FnMut(&str) -> Result<()>) -> Result<()>;

    /// Throws away what is left of messages that nobody has written to since an instant, and
    /// that were never put to their end; how many.
    ///
    /// # Errors
    /// `Io`.
    fn clear(&self, before: UtcTime) -> Result<u64>;
}

/// A digest names a file: nothing else may.
pub(super) fn check(digest: &str) -> Result<()> {
    let hexadecimal = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
    if digest.len() == 64 && digest.bytes().all(hexadecimal) {
        return Ok(());
    }
    Err(Error::misuse(format!("{digest:?} is no SHA-256 in lower-case hexadecimal")))
}

/// A name is kept across a crash once its folder is written. Only Unix opens folders.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|it| it.sync_all());
    synced.map_err(|error| failed("writing the folder", path, error))
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

pub(super) fn failed(doing: &str, path: &Path, error: io::Error) -> Error {
    let text = format!("{doing} {} failed: {error}", path.display());
    Error::new(ErrorKind::Io, text).because(error)
}
