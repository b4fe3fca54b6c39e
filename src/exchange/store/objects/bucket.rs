//! Large messages in a bucket that speaks S3.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, RetryConfig};
use tokio::runtime::{Builder, Runtime};

use super::carrier::Carrier;
use super::{Objects, check};
use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{Source, for_each_piece};
use crate::time::UtcTime;

/// A bucket that speaks S3, with an object for each message, named by its digest.
///
/// Parts of a message whose sending fails are called off. Those of one whose sender was killed
/// stay at the store, which lists them to nobody here: have it throw them away by a rule of
/// the bucket (`AbortIncompleteMultipartUpload`).
///
/// Synchronous, as all of this crate: not to be called from within an asynchronous runtime.
#[derive(Clone)]
pub struct Bucket {
    remote: Arc<Remote>,
    prefix: String,
}

struct Remote {
    store: AmazonS3,
    runtime: Runtime,
}

/// Messages of more bytes are handed over in parts of so many.
const PART: u64 = 8 << 20;
/// Asked for at once, where less is needed.
const AHEAD: u64 = 1 << 20;
/// So long a store that stumbles is asked again.
const PATIENCE: Duration = Duration::from_secs(30);

impl Bucket {
    /// A bucket by its URL, `s3://bucket/prefix`. Options are named as the programs of this
    /// field name them; `access_key_id` and `secret_access_key` are needed, then `region`,
    /// `endpoint` for others than Amazon's own, `allow_http` in a closed network.
    ///
    /// # Errors
    /// `Misuse` where the URL or an option is not understood, or a key is missing.
    pub fn new(url: &str, options: &[(&str, &str)]) -> Result<Self> {
        let place = url.strip_prefix("s3://");
        let place = place.ok_or_else(|| Error::misuse("the URL of a bucket begins with s3://"))?;
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let retry =
            RetryConfig { max_retries: 4, retry_timeout: PATIENCE, ..RetryConfig::default() };
        // One message is removed at a time: no list of them is needed for that.
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_http_connector(Carrier)
            .with_retry(retry)
            .with_disable_bulk_delete(true);
        for needed in ["access_key_id", "secret_access_key"] {
            if !options.iter().any(|(name, _)| *name == needed) {
                return Err(Error::misuse(format!("a bucket needs {needed}")));
            }
        }
        for (name, value) in options {
            let key = AmazonS3ConfigKey::from_str(name)
                .map_err(|_| Error::misuse(format!("a bucket has no option {name:?}")))?;
            builder = builder.with_config(key, *value);
        }
        let store = builder.build().map_err(|error| {
            Error::misuse("the options of the bucket do not fit").because(error)
        })?;
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let prefix = prefix.trim_matches('/').to_owned();
        Ok(Self { remote: Arc::new(Remote { store, runtime }), prefix })
    }

    fn place(&self, digest: &str) -> Result<Path> {
        check(digest)?;
        Ok(if self.prefix.is_empty() {
            Path::from(digest)
        } else {
            Path::from(format!("{}/{digest}", self.prefix))
        })
    }

    fn put_in_parts(&self, place: &Path, message: &dyn Source) -> Result<()> {
        let begun = self.remote.wait("sending", self.remote.store.put_multipart(place))?;
        let mut upload = Unfinished { remote: &self.remote, upload: Some(begun) };
        let mut from = 0;
        while from < message.len() {
            let to = from.saturating_add(PART).min(message.len());
            upload.part(read(message, from..to)?)?;
            from = to;
        }
        upload.complete()
    }
}

impl Objects for Bucket {
    /// Read twice: an object has its name from the beginning.
    fn put(&self, message: &dyn Source) -> Result<String> {
        let mut context = DigestContext::new(DigestAlgorithm::Sha256);
        for_each_piece(message, 0..message.len(), |piece| {
            context.update(piece);
            Ok(())
        })?;
        let digest = context.finish().to_string();
        let place = self.place(&digest)?;
        if message.len() > PART {
            self.put_in_parts(&place, message)?;
        } else {
            let bytes = read(message, 0..message.len())?;
            self.remote.wait("sending", self.remote.store.put(&place, bytes))?;
        }
        Ok(digest)
    }

    fn has(&self, digest: &str) -> Result<bool> {
        let place = self.place(digest)?;
        match self.remote.runtime.block_on(self.remote.store.head(&place)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed("looking for", error)),
        }
    }

    fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        let place = self.place(digest)?;
        let found = self.remote.wait("opening", self.remote.store.head(&place))?;
        let ahead = Mutex::new((0, Bytes::new()));
        Ok(Box::new(Object { remote: Arc::clone(&self.remote), place, len: found.size, ahead }))
    }

    fn remove(&self, digest: &str) -> Result<()> {
        let place = self.place(digest)?;
        match self.remote.runtime.block_on(self.remote.store.delete(&place)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("removing", error)),
        }
    }

    fn older(&self, before: UtcTime, found: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let folder =
            if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let mut options =
            PaginatedListOptions { delimiter: Some("/".into()), ..PaginatedListOptions::default() };
        loop {
            let page = self.remote.store.list_paginated(Some(&folder), options.clone());
            let page = self.remote.wait("listing", page)?;
            for object in &page.result.objects {
                let name = object.location.as_ref().strip_prefix(&folder);
                let is_older = object.last_modified.timestamp_micros() < before.unix_micros();
                if let Some(digest) = name.filter(|it| is_older && check(it).is_ok()) {
                    found(digest)?;
                }
            }
            match page.page_token {
                Some(token) => options.page_token = Some(token),
                None => return Ok(()),
            }
        }
    }

    /// Nothing: a store keeps to itself what was sent in parts and never put together. Have it
    /// throw that away by a rule of the bucket.
    fn clear(&self, _: UtcTime) -> Result<u64> {
        Ok(0)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Remote {
    fn wait<T>(
        &self,
        doing: &str,
        future: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T> {
        self.runtime.block_on(future).map_err(|error| failed(doing, error))
    }
}

fn read(message: &dyn Source, range: Range<u64>) -> Result<PutPayload> {
    let mut bytes = Vec::new();
    for_each_piece(message, range.clone(), |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(Bytes::from(bytes).into())
}

/// Parts that were sent take room at the other side until they are put together, or called
/// off.
struct Unfinished<'r> {
    remote: &'r Remote,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Unfinished<'_> {
    fn part(&mut self, bytes: PutPayload) -> Result<()> {
        match &mut self.upload {
            Some(upload) => self.remote.wait("sending", upload.put_part(bytes)),
            None => Ok(()),
        }
    }

    fn complete(mut self) -> Result<()> {
        if let Some(upload) = &mut self.upload {
            self.remote.wait("sending", upload.complete())?;
        }
        self.upload = None;
        Ok(())
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(upload) = &mut self.upload {
            let _ = self.remote.wait("calling off", upload.abort());
        }
    }
}

/// An object that is read piece by piece.
struct Object {
    remote: Arc<Remote>,
    place: Path,
    len: u64,
    /// What was fetched last, and where it stands.
    ahead: Mutex<(u64, Bytes)>,
}

impl Source for Object {
    fn len(&self) -> u64 {
        self.len
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.len {
            let text = format!("bytes {} to {} are not in the message", range.start, range.end);
            return Err(Error::malformed(text));
        }
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = within(&ahead, &range) {
            return Ok(Cow::Owned(bytes.to_vec()));
        }
        if range.is_empty() {
            return Ok(Cow::Owned(Vec::new()));
        }
        let end = range.end.max(range.start.saturating_add(AHEAD)).min(self.len);
        let fetched = self.remote.store.get_range(&self.place, range.start..end);
        *ahead = (range.start, self.remote.wait("reading", fetched)?);
        let bytes = within(&ahead, &range).map(<[u8]>::to_vec);
        bytes.map(Cow::Owned).ok_or_else(|| Error::new(ErrorKind::Io, "an object ends too early"))
    }
}

fn within<'b>((start, bytes): &'b (u64, Bytes), range: &Range<u64>) -> Option<&'b [u8]> {
    let place = |at: u64| usize::try_from(at.checked_sub(*start)?).ok();
    bytes.get(place(range.start)?..place(range.end)?)
}

/// Errors of this crate quote addresses and answers, never the key.
fn failed(doing: &str, error: object_store::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{doing} an object failed: {error}")).because(error)
}
