//! Bodies of requests and replies, a piece in memory at a time.

use std::borrow::Cow;
use std::future::Future;
use std::io::{self, Read, Seek, Write};
use std::mem;
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use kyso::axis::{BodyDigest, EdocReply};
use kyso::exchange::store::{Mail, PostOffice};
use kyso::{Result, Source};
use tempfile::{SpooledTempFile, spooled_tempfile_in};
use tokio::task::JoinHandle;

/// Bytes of a body in memory; more are written to a file without a name.
const IN_MEMORY: usize = 256 << 10;

/// The body of a request as it comes.
pub(super) struct Incoming {
    file: SpooledTempFile,
    digest: BodyDigest,
}

impl Incoming {
    /// Nothing yet; what is too much for memory goes into `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { file: spooled_tempfile_in(IN_MEMORY, folder), digest: BodyDigest::new() }
    }

    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.digest.update(piece);
        self.file.write_all(piece)
    }

    /// The message at its start, if `claimed` is its digest.
    pub(super) fn message(mut self, claimed: &str) -> io::Result<Option<Claimed>> {
        let Some((length, digest)) = self.digest.message(claimed) else { return Ok(None) };
        self.file.set_len(length)?;
        self.file.rewind()?;
        Ok(Some(Claimed { file: self.file, length, digest }))
    }

    /// All of it, for bodies of a few bytes.
    pub(super) fn bytes(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// A message that is the one that was announced.
pub(super) struct Claimed {
    pub(super) file: SpooledTempFile,
    pub(super) length: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub(super) digest: String,
}

/// A message within the store, which is not held open: nothing is while a peer takes its time.
struct Kept {
    store: Arc<dyn PostOffice>,
    digest: String,
    length: u64,
    /// Where what was read last begins, and that.
    ahead: Mutex<(u64, Vec<u8>)>,
}

/// Bytes that are read at once.
const AHEAD: u64 = 240 << 10;

impl Source for Kept {
    fn len(&self) -> u64 {
        self.length
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = part(&ahead, &range) {
            return Ok(Cow::Owned(read));
        }
        let to = range.start.saturating_add(AHEAD).max(range.end).min(self.length);
        let message = self.store.open(&self.digest)?;
        *ahead = (range.start, message.window(range.start..to)?.into_owned());
        Ok(Cow::Owned(part(&ahead, &range).unwrap_or_default()))
    }
}

fn part((start, bytes): &(u64, Vec<u8>), range: &Range<u64>) -> Option<Vec<u8>> {
    let place = |at: u64| usize::try_from(at.checked_sub(*start)?).ok();
    bytes.get(place(range.start)?..place(range.end)?).map(<[u8]>::to_vec)
}

/// A message as it is, from here on.
struct Raw(Kept, u64);

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = u64::try_from(buffer.len()).unwrap_or(u64::MAX).min(PIECE);
        let to = self.1.saturating_add(room).min(self.0.length);
        let piece = self.0.window(self.1..to).map_err(io::Error::other)?;
        self.1 = to;
        (&*piece).read(buffer)
    }
}

type Reader = Box<dyn Read + Send>;
type Piece = (Reader, io::Result<Vec<u8>>);

/// The body of a reply.
pub(super) struct Outgoing {
    left: u64,
    from: From,
}

enum From {
    Memory(Bytes),
    /// Behind which nobody is reading.
    Reader(Option<Reader>),
    /// A thread is, who may wait for a disk or for a database.
    Reading(JoinHandle<Piece>),
}

/// Bytes of a message that are handed on at once.
const PIECE: u64 = 64 << 10;

impl Outgoing {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let left = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { left, from: From::Memory(bytes) }
    }

    /// A message of the store: in base64 within JSON, or as it is.
    pub(super) fn message(
        store: Arc<dyn PostOffice>,
        mail: &Mail,
        encoded: bool,
    ) -> io::Result<Self> {
        let (digest, length) = (mail.digest.clone(), mail.length);
        if length <= AHEAD {
            let message = store.open(&digest).map_err(io::Error::other)?;
            let message = message.window(0..length).map_err(io::Error::other)?;
            if !encoded {
                return Ok(Self::whole(message.into_owned()));
            }
            let mut reply = EdocReply::new(&*message);
            let mut bytes = Vec::with_capacity(usize::try_from(reply.len()).unwrap_or(0));
            reply.read_to_end(&mut bytes)?;
            return Ok(Self::whole(bytes));
        }
        let kept = Kept { store, digest, length, ahead: Mutex::default() };
        let (reader, left): (Reader, u64) = if encoded {
            let reply = EdocReply::new(kept);
            let length = reply.len();
            (Box::new(reply), length)
        } else {
            (Box::new(Raw(kept, 0)), length)
        };
        Ok(Self { left, from: From::Reader(Some(reader)) })
    }

    fn poll_reader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if let From::Reader(reader) = &mut self.from {
            let Some(mut reader) = reader.take() else {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            };
            self.from = From::Reading(tokio::task::spawn_blocking(move || {
                let mut piece = Vec::new();
                let read = reader.by_ref().take(PIECE).read_to_end(&mut piece);
                (reader, read.map(|_| piece))
            }));
        }
        match &mut self.from {
            From::Memory(bytes) => Poll::Ready(Ok(mem::take(bytes))),
            From::Reader(_) => Poll::Pending,
            From::Reading(reading) => {
                let (reader, piece) = ready!(Pin::new(reading).poll(context))?;
                self.from = From::Reader(Some(reader));
                Poll::Ready(piece.map(Bytes::from))
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = ready!(self.poll_reader(context))?;
        if piece.is_empty() {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.left = self.left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
