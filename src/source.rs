//! Documents as they are handed in: bytes in memory, or a seekable stream that
//! is read piece by piece, so that a document of a gigabyte needs no gigabyte.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};

/// A document whose bytes can be asked for in any order.
///
/// Bytes in memory (`[u8]`, `Vec<u8>`) are lent, never copied. For anything that
/// reads and seeks, such as a file, there is [`Seekable`].
pub trait Source: Sync {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// The bytes of `range`, which must lie within `0..len()`.
    ///
    /// # Errors
    /// `Malformed` when the range does not lie within the document; `Io` when reading fails.
    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>>;

    /// Reads the bytes from `at` on over all of `into`, for which there must be as many: for
    /// who reads much, and would have memory asked for with each [`window`](Self::window).
    ///
    /// # Errors
    /// As [`window`](Self::window); what `into` holds then is undefined.
    fn read_over(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let to = at.saturating_add(u64::try_from(into.len()).unwrap_or(u64::MAX));
        let bytes = self.window(at..to)?;
        if bytes.len() != into.len() {
            return Err(outside(&(at..to)));
        }
        into.copy_from_slice(&bytes);
        Ok(())
    }

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all bytes are in memory, so that asking for many at once costs nothing.
    fn in_memory(&self) -> bool {
        false
    }
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        u64::try_from(<[u8]>::len(self)).unwrap_or(u64::MAX)
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let from = usize::try_from(range.start).unwrap_or(usize::MAX);
        let to = usize::try_from(range.end).unwrap_or(usize::MAX);
        self.get(from..to).map(Cow::Borrowed).ok_or_else(|| outside(&range))
    }

    fn in_memory(&self) -> bool {
        true
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        Source::len(self.as_slice())
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        self.as_slice().window(range)
    }

    fn in_memory(&self) -> bool {
        true
    }
}

/// What `include_bytes!` gives.
impl<const N: usize> Source for [u8; N] {
    fn len(&self) -> u64 {
        Source::len(self.as_slice())
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        self.as_slice().window(range)
    }

    fn in_memory(&self) -> bool {
        true
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        (**self).window(range)
    }

    fn read_over(&self, at: u64, into: &mut [u8]) -> Result<()> {
        (**self).read_over(at, into)
    }

    fn in_memory(&self) -> bool {
        (**self).in_memory()
    }
}

/// Files by their names: the data that stand beside a signature, or in one container with it.
///
/// A list of names with what they name is one.
pub trait Files: Sync {
    /// The names of all files, in the order they stand in.
    fn names(&self) -> Vec<&str>;

    /// The file of this very name: no letter is folded, no path resolved. Nothing where
    /// there is none.
    ///
    /// # Errors
    /// `Malformed` when it is there and cannot be read, or two have this name; `Io` when
    /// reading fails.
    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>>;
}

impl<N: AsRef<str> + Sync, S: Source> Files for [(N, S)] {
    fn names(&self) -> Vec<&str> {
        self.iter().map(|(name, _)| name.as_ref()).collect()
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        let mut named = self.iter().filter(|it| it.0.as_ref() == name);
        match (named.next(), named.next()) {
            (Some((_, source)), None) => Ok(Some(Box::new(source))),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(Error::malformed(format!("two files are named {name:?}"))),
        }
    }
}

impl<N: AsRef<str> + Sync, S: Source> Files for Vec<(N, S)> {
    fn names(&self) -> Vec<&str> {
        self.as_slice().names()
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        self.as_slice().open(name)
    }
}

/// A file or another seekable stream as a [`Source`].
#[derive(Debug)]
pub struct Seekable<R> {
    reader: Mutex<Ahead<R>>,
    len: u64,
}

/// Reads ahead where small parts are asked for one after the other, as the objects of
/// a document are.
#[derive(Debug)]
struct Ahead<R> {
    reader: R,
    start: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> Ahead<R> {
    const SIZE: u64 = 128 << 10;

    fn read(&mut self, range: Range<u64>, len: u64) -> Result<Vec<u8>> {
        if let Some(kept) = self.kept(&range) {
            return Ok(kept.to_vec());
        }
        let reach = self.start.saturating_add(Self::SIZE.saturating_mul(2));
        let follows = (self.start..reach).contains(&range.start);
        let whole = range.start..range.start.saturating_add(Self::SIZE).min(len);
        if !follows || range.end > whole.end {
            self.start = range.start;
            self.bytes.clear();
            return self.fetch(range);
        }
        self.bytes = self.fetch(whole)?;
        self.start = range.start;
        Ok(self.kept(&range).unwrap_or_default().to_vec())
    }

    fn kept(&self, range: &Range<u64>) -> Option<&[u8]> {
        let place = |at: u64| usize::try_from(at.checked_sub(self.start)?).ok();
        self.bytes.get(place(range.start)?..place(range.end)?)
    }

    fn fetch(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let size = usize::try_from(range.end.saturating_sub(range.start)).map_err(|_| {
            Error::new(ErrorKind::LimitExceeded, "the range does not fit in memory")
        })?;
        // Zeros to read over would be written for every piece of a large file.
        let mut bytes = Vec::with_capacity(size);
        self.reader.seek(SeekFrom::Start(range.start))?;
        let length = u64::try_from(size).unwrap_or(u64::MAX);
        if self.reader.by_ref().take(length).read_to_end(&mut bytes)? < size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes)
    }
}

impl<R: Read + Seek> Seekable<R> {
    /// Takes the stream whole, wherever it stands.
    ///
    /// # Errors
    /// `Io` when the stream cannot be sought.
    pub fn new(mut reader: R) -> Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        let ahead = Ahead { reader, start: 0, bytes: Vec::new() };
        Ok(Self { reader: Mutex::new(ahead), len })
    }
}

impl<R: Read + Seek + Send> Source for Seekable<R> {
    fn len(&self) -> u64 {
        self.len
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.len {
            return Err(outside(&range));
        }
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.read(range, self.len).map(Cow::Owned)
    }

    fn read_over(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let to = at.saturating_add(u64::try_from(into.len()).unwrap_or(u64::MAX));
        if to > self.len {
            return Err(outside(&(at..to)));
        }
        let mut ahead = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.reader.seek(SeekFrom::Start(at))?;
        Ok(ahead.reader.read_exact(into)?)
    }
}

fn outside(range: &Range<u64>) -> Error {
    Error::malformed(format!("bytes {} to {} are not in the document", range.start, range.end))
        .at_offset(range.start)
}

/// Bytes read at once from a stream: large enough to keep the disk busy, small
/// enough to stay in the processor's cache while they are hashed.
const PIECE: u64 = 256 << 10;

/// Hands `range` piece by piece, in order, to `each`. Memory is lent in one piece.
pub(crate) fn for_each_piece<S: Source + ?Sized>(
    source: &S,
    range: Range<u64>,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if source.in_memory() {
        return each(&source.window(range)?);
    }
    let (mut at, mut buffer) = (range.start, Vec::new());
    while at < range.end {
        let size = range.end.saturating_sub(at).min(PIECE);
        // Of one size but for the last, which is smaller.
        buffer.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        source.read_over(at, &mut buffer)?;
        each(&buffer)?;
        at = at.saturating_add(size);
    }
    Ok(())
}

/// A whole document as a stream from its beginning, for those who take nothing else.
#[cfg(feature = "http")]
pub(crate) struct Reader<'s> {
    source: &'s dyn Source,
    at: u64,
    /// Why the document could not be read: whoever reads this has but an error of `io`.
    failed: Option<Error>,
}

#[cfg(feature = "http")]
impl<'s> Reader<'s> {
    pub(crate) fn new(source: &'s dyn Source) -> Self {
        Self { source, at: 0, failed: None }
    }

    /// Takes out why the document could not be read, where it could not.
    pub(crate) fn failure(&mut self) -> Option<Error> {
        self.failed.take()
    }
}

#[cfg(feature = "http")]
impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = u64::try_from(buffer.len()).unwrap_or(u64::MAX).min(PIECE);
        let end = self.at.saturating_add(room).min(self.source.len());
        match self.source.window(self.at..end) {
            Ok(bytes) => {
                self.at = end;
                if let Some(room) = buffer.get_mut(..bytes.len()) {
                    room.copy_from_slice(&bytes);
                }
                Ok(bytes.len())
            }
            Err(error) => {
                let why = io::Error::other(error.to_string());
                self.failed = Some(error);
                Err(why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn small_parts_are_what_stands_there_in_any_order() {
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n / 7).to_le_bytes()[0]).collect();
        let stream = Seekable::new(Cursor::new(bytes.clone())).unwrap();
        let mut state = 7_u64;
        for n in 0..2_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let start = if n % 50 == 0 { (state >> 20) % 700_000 } else { (n * 311) % 700_000 };
            let end = (start + (state >> 40) % 3_000).min(700_000);
            let expected = Source::window(&bytes, start..end).unwrap();
            assert_eq!(stream.window(start..end).unwrap(), expected, "{start}..{end}");
        }
    }

    #[test]
    fn streams_and_memory_agree() {
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let stream = Seekable::new(Cursor::new(bytes.clone())).unwrap();
        assert_eq!(stream.len(), Source::len(&bytes));
        let mut pieced = Vec::new();
        let mut pieces = 0;
        for_each_piece(&stream, 5..699_999, |piece| {
            pieces += 1;
            pieced.extend_from_slice(piece);
            Ok(())
        })
        .unwrap();
        assert_eq!(pieced, bytes[5..699_999]);
        assert_eq!(pieces, 3);
    }

    #[test]
    fn refuses_ranges_outside() {
        let bytes = vec![1, 2, 3];
        let stream = Seekable::new(Cursor::new(bytes.clone())).unwrap();
        for range in [2..4, 4..4, u64::MAX - 1..u64::MAX] {
            assert!(Source::window(&bytes, range.clone()).is_err(), "{range:?}");
            assert!(stream.window(range.clone()).is_err(), "{range:?}");
        }
        let (stream, mut into) = (Seekable::new(Cursor::new(vec![1_u8, 2, 3])).unwrap(), [0; 2]);
        let both: [&dyn Source; 2] = [&stream, &[1_u8, 2, 3]];
        for source in both {
            source.read_over(1, &mut into).unwrap();
            assert_eq!(into, [2, 3]);
            for at in [2, 3, u64::MAX] {
                let error = source.read_over(at, &mut into).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Malformed, "{at}");
            }
        }
    }

    #[test]
    fn files_are_found_by_their_very_names() {
        let files = vec![("a", b"1".to_vec()), ("b", b"2".to_vec()), ("b", b"3".to_vec())];
        let files: &dyn Files = &files;
        assert_eq!(files.names(), ["a", "b", "b"]);
        assert_eq!(files.open("a").unwrap().unwrap().window(0..1).unwrap().as_ref(), b"1");
        assert!(files.open("A").unwrap().is_none());
        assert!(files.open("b").is_err());
    }
}
