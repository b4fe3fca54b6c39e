//! Objects of a PDF, read when asked for, as of any revision.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::encryption::{Encryption, Locked, Password};
use super::filter::{Size, decode};
use super::object::{Dictionary, Object, Reference, Stream};
use super::object_stream::{KeptStreams, ObjectStream};
use super::recover::{recover, search};
use super::scan::Chain;
use super::section::{File, Location, Spent, end_of_stream, stream_start, unsigned};
use super::skim::{Skim, Skimmed};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::source::Source;

/// A PDF whose objects are read when they are asked for.
pub(crate) struct Reader<'a> {
    source: &'a dyn Source,
    limits: &'a Limits,
    chain: Chain,
    encryption: Encryption,
    /// What was found to be wrong while reading objects.
    flaw: RefCell<Option<String>>,
    spent: Spent,
    /// Decoded object streams.
    streams: KeptStreams,
    /// The catalog that was asked for last, and as of which revision: who reads signatures
    /// asks for it again and again.
    catalog: RefCell<Option<(usize, Rc<Dictionary>)>>,
}

/// Bytes of one object that are looked through before it is read after all; if the first
/// do not do, the others. Signatures have some ten thousand with their values.
const SKIMMED: [u64; 2] = [2 << 10, 16 << 10];
/// References that may lead to references. None should.
const HOPS: usize = 16;

impl<'a> Reader<'a> {
    /// Follows the revision chain strictly. An encrypted file is opened by the empty password.
    ///
    /// # Errors
    /// `Malformed` where the chain is broken; `LimitExceeded`; `Io`.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn open(source: &'a dyn Source, limits: &'a Limits) -> Result<Self> {
        Self::open_with(source, limits, &Password::default())
    }

    /// The same with a password for a file that is encrypted.
    ///
    /// # Errors
    /// As [`open`](Self::open); that the password is wrong is none.
    pub(crate) fn open_with(
        source: &'a dyn Source,
        limits: &'a Limits,
        password: &Password,
    ) -> Result<Self> {
        let spent = Spent::default();
        let chain = Chain::scan(source, limits, &spent)?;
        Self::new(source, limits, chain, spent).opened(password)
    }

    /// Searches the file for objects, for `reason`.
    ///
    /// # Errors
    /// `Malformed` where not even that finds a catalog; `LimitExceeded`; `Io`.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn open_recovered(
        source: &'a dyn Source,
        limits: &'a Limits,
        reason: String,
    ) -> Result<Self> {
        Self::open_recovered_with(source, limits, &Password::default(), reason)
    }

    /// The same with a password for a file that is encrypted.
    ///
    /// # Errors
    /// As [`open_recovered`](Self::open_recovered).
    pub(crate) fn open_recovered_with(
        source: &'a dyn Source,
        limits: &'a Limits,
        password: &Password,
        reason: String,
    ) -> Result<Self> {
        recover(source, limits, password, reason)
    }

    /// One that is not opened yet, if it is encrypted.
    pub(super) fn new(
        source: &'a dyn Source,
        limits: &'a Limits,
        chain: Chain,
        spent: Spent,
    ) -> Self {
        let encryption = Encryption::Locked(Locked::Password);
        let (flaw, streams) = (RefCell::default(), KeptStreams::default());
        let catalog = RefCell::default();
        Self { source, limits, chain, encryption, flaw, spent, streams, catalog }
    }

    /// The same file by another reading of what is where.
    pub(super) fn with_chain(mut self, chain: Chain) -> Self {
        self.chain = chain;
        self.catalog = RefCell::default();
        self
    }

    pub(super) fn opened(mut self, password: &Password) -> Result<Self> {
        self.encryption = Encryption::open(self.newest(), password)?;
        self.catalog = RefCell::default();
        Ok(self)
    }

    pub(crate) fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// What was found to be wrong with the objects that were read so far.
    pub(crate) fn flaw(&self) -> Option<String> {
        self.flaw.borrow().clone()
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn source(&self) -> &'a dyn Source {
        self.source
    }

    pub(crate) fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// How many trailers a reader that repairs would find between two bytes.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`.
    pub(crate) fn trailers(&self, place: Range<u64>) -> Result<usize> {
        Ok(search(self.file(), place)?.1.len())
    }

    /// The file as it was when `revision`, counted from 0, was its newest.
    pub(crate) fn at(&self, revision: usize) -> View<'_> {
        View { reader: self, revision }
    }

    /// The file as it is.
    pub(crate) fn newest(&self) -> View<'_> {
        self.at(self.chain.revisions().len().saturating_sub(1))
    }

    fn file(&self) -> File<'_> {
        File { source: self.source, base: self.chain.base, limits: self.limits, spent: &self.spent }
    }

    pub(super) fn charge(&self, bytes: usize) -> Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.spent.charge(bytes, self.source.len(), self.limits)
    }

    /// The indirect object at an offset, as the file counts, with its strings decrypted.
    fn object_at(&self, reference: Reference, offset: u64) -> Result<Object> {
        let mut object = self.raw_object_at(reference, offset)?;
        if !self.encryption.decrypt_strings(reference, &mut object) {
            let number = reference.number;
            let note = || format!("object {number} has a string that is not encrypted as it must");
            self.flaw.borrow_mut().get_or_insert_with(note);
        }
        Ok(object)
    }

    fn skim_at(&self, reference: Reference, offset: u64, said: &mut impl Skimmed) -> Result<bool> {
        let (at, len) = (self.file().place(offset), self.source.len());
        // Whether its strings are encrypted as they must is told by decrypting them.
        if at >= len || matches!(self.encryption, Encryption::Open(_)) {
            return Ok(false);
        }
        for most in SKIMMED {
            let bytes = self.source.window(at..at.saturating_add(most).min(len))?;
            let mut skim = Skim::new(&bytes, self.limits);
            if skim.indirect(reference, said).is_some() {
                let taken = bytes.len().saturating_sub(skim.left());
                let taken = u64::try_from(taken).unwrap_or(u64::MAX);
                self.spent.charge(taken, len, self.limits)?;
                return Ok(true);
            }
            if !skim.starved() {
                break;
            }
            said.forget();
        }
        Ok(false)
    }

    fn raw_object_at(&self, reference: Reference, offset: u64) -> Result<Object> {
        let at = self.file().place(offset);
        self.file().lex(at, |lexer| {
            lexer.skip_white();
            if lexer.object_header() != Some(reference) {
                return Err(lexer.error(&format!("object {} is not here", reference.number)));
            }
            let object = lexer.object()?;
            lexer.skip_white();
            if let Object::Dictionary(dictionary) = object {
                let rest = lexer.rest();
                if !rest.starts_with(b"stream") && rest.len() >= 6 {
                    return Ok(Object::Dictionary(dictionary));
                }
                if !rest.starts_with(b"stream") {
                    lexer.skip(6);
                    lexer.peek();
                    return Ok(Object::Dictionary(dictionary));
                }
                let start = stream_start(lexer)?;
                return Ok(Object::Stream(Stream { reference, dictionary, start }));
            }
            Ok(object)
        })
    }
}

/// A file as of one revision.
#[derive(Clone, Copy)]
pub(crate) struct View<'r> {
    reader: &'r Reader<'r>,
    revision: usize,
}

impl<'r> View<'r> {
    pub(crate) fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    pub(crate) fn trailer(&self) -> Option<&'r Dictionary> {
        self.reader.chain.revisions().get(self.revision).map(|it| &it.trailer)
    }

    pub(crate) fn locate(&self, number: u32) -> Location {
        self.reader.chain.locate(number, self.revision)
    }

    /// The object that a reference names; one that is not there is null
    /// (ISO 32000-2 §7.3.10).
    ///
    /// # Errors
    /// `Malformed` when something else is where it should be; `LimitExceeded`; `Io`.
    pub(crate) fn get(&self, reference: Reference) -> Result<Object> {
        match self.locate(reference.number) {
            Location::Free => Ok(Object::Null),
            Location::At { generation, .. } if generation != reference.generation => {
                Ok(Object::Null)
            }
            Location::At { offset, .. } => self.reader.object_at(reference, offset),
            Location::InStream { .. } if reference.generation != 0 => Ok(Object::Null),
            Location::InStream { stream, index } => {
                let container = self.object_stream(stream)?;
                container.object(reference.number, index, self.reader.limits)
            }
        }
    }

    /// Every number that some revision names, with where it is in this one.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (u32, Location)> {
        self.reader.chain.objects(self.revision)
    }

    /// Looks through an object for what it says. Whether that was all of it; if not, it has
    /// to be read.
    ///
    /// # Errors
    /// Some of those of [`get`](Self::get).
    pub(crate) fn skim(
        &self,
        number: u32,
        location: Location,
        said: &mut impl Skimmed,
    ) -> Result<bool> {
        match location {
            Location::Free => Ok(true),
            Location::At { offset, generation } => {
                self.reader.skim_at(Reference { number, generation }, offset, said)
            }
            Location::InStream { stream, index } => {
                let container = self.object_stream(stream)?;
                Ok(container.skim(number, index, self.reader.limits, said).is_some())
            }
        }
    }

    /// The object itself, or the one that it refers to.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) fn resolve(&self, object: &Object) -> Result<Object> {
        let Object::Reference(mut reference) = *object else { return Ok(object.clone()) };
        for _ in 0..HOPS {
            match self.get(reference)? {
                Object::Reference(next) => reference = next,
                other => return Ok(other),
            }
        }
        Err(Error::malformed("references lead to references without end"))
    }

    /// The value of a key, resolved; null where there is none.
    pub(crate) fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object> {
        dictionary.get(key).map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// The dictionary under a key, or nothing where something else is.
    pub(crate) fn dictionary(&self, parent: &Dictionary, key: &str) -> Result<Option<Dictionary>> {
        Ok(self.value(parent, key)?.into_dictionary())
    }

    /// The array under a key; empty where something else is.
    pub(crate) fn array(&self, parent: &Dictionary, key: &str) -> Result<Vec<Object>> {
        Ok(match self.value(parent, key)? {
            Object::Array(items) => items,
            _ => Vec::new(),
        })
    }

    /// The catalog and the reference to it (ISO 32000-2 §7.7.2).
    ///
    /// # Errors
    /// `Malformed` when the trailer names none.
    pub(crate) fn catalog(&self) -> Result<(Reference, Rc<Dictionary>)> {
        let root = self.trailer().and_then(|it| it.get("Root")).and_then(Object::as_reference);
        let root = root.ok_or_else(|| Error::malformed("the trailer names no catalog"))?;
        let kept = self.reader.catalog.borrow().clone();
        if let Some((_, catalog)) = kept.filter(|(revision, _)| *revision == self.revision) {
            return Ok((root, catalog));
        }
        match self.get(root)? {
            Object::Dictionary(catalog) => {
                let catalog = Rc::new(catalog);
                self.reader.catalog.replace(Some((self.revision, Rc::clone(&catalog))));
                Ok((root, catalog))
            }
            _ => Err(Error::malformed("the catalog is no dictionary")
                .in_element(format!("object {}", root.number))),
        }
    }

    /// Where the data of a stream stand in the file, by its length.
    ///
    /// # Errors
    /// `Malformed` when the length is none or is wrong.
    pub(crate) fn stream_data(&self, stream: &Stream) -> Result<Range<u64>> {
        let wrong = || Error::malformed("the length of a stream is wrong").at_offset(stream.start);
        let length = self.value(&stream.dictionary, "Length")?;
        let end = unsigned(&length)
            .and_then(|it| stream.start.checked_add(it))
            .filter(|end| *end <= self.reader.source.len())
            .ok_or_else(wrong)?;
        end_of_stream(self.reader.file(), end)?;
        Ok(stream.start..end)
    }

    /// Whether a stream has no data, decrypted.
    ///
    /// # Errors
    /// As [`decoded`](Self::decoded).
    pub(crate) fn is_empty(&self, stream: &Stream) -> Result<bool> {
        /// An initialisation vector and padding (ISO 32000-2 §7.6.3.1).
        const EMPTY: u64 = 32;
        let place = self.stream_data(stream)?;
        let encrypted = !matches!(self.reader.encryption, Encryption::None);
        let length = place.end.saturating_sub(place.start);
        Ok(length == 0 || (encrypted && length <= EMPTY && self.decoded(stream)?.is_empty()))
    }

    /// The decoded data of a stream.
    ///
    /// # Errors
    /// `Malformed`, `Unsupported` or `LimitExceeded` as its filters say.
    pub(crate) fn decoded(&self, stream: &Stream) -> Result<Vec<u8>> {
        let range = self.stream_data(stream)?;
        let limit = self.reader.limits.pdf_stream_bytes;
        let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        within(length, limit, "bytes of a stream")?;
        let mut dictionary = Dictionary::new();
        for key in ["Filter", "DecodeParms"] {
            if stream.dictionary.contains(key) {
                dictionary.set(key, self.flattened(&stream.dictionary, key)?);
            }
        }
        // Before anything is done with them: what cannot be decoded costs as much.
        self.reader.charge(length)?;
        let data = self.reader.source.window(range)?;
        let decrypted = self.reader.encryption.decrypt_stream(stream, &dictionary, &data)?;
        let data = decrypted.as_deref().unwrap_or(&data);
        decode(&dictionary, data, Size::up_to(limit), &|bytes| self.reader.charge(bytes))
            .map_err(|error| error.at_offset(stream.start))
    }

    /// A value, and the values of an array, resolved.
    fn flattened(&self, dictionary: &Dictionary, key: &str) -> Result<Object> {
        match self.value(dictionary, key)? {
            Object::Array(items) => {
                let items: Result<_> = items.iter().map(|item| self.resolve(item)).collect();
                Ok(Object::Array(items?))
            }
            other => Ok(other),
        }
    }

    /// The numbers of the objects that an object stream holds.
    ///
    /// # Errors
    /// As reading any object.
    pub(crate) fn numbers_in(&self, stream: u32) -> Result<Vec<u32>> {
        Ok(self.object_stream(stream)?.numbers().collect())
    }

    fn object_stream(&self, number: u32) -> Result<Rc<ObjectStream>> {
        let place = |error: Error| error.in_element(format!("object stream {number}"));
        // A stream's own place is never in another stream (§7.5.7): no recursion.
        let Location::At { offset, generation: 0 } = self.locate(number) else {
            return Err(place(Error::malformed("an object stream is not in the file")));
        };
        if let Some(kept) = self.reader.streams.at((number, offset)) {
            return Ok(kept);
        }
        if let Some(why) = self.reader.encryption.locked() {
            return Err(place(why.refusal()));
        }
        let object = self.reader.object_at(Reference { number, generation: 0 }, offset)?;
        let Object::Stream(stream) = object else {
            return Err(place(Error::malformed("an object stream is no stream")));
        };
        let limit = self.reader.limits.pdf_objects;
        let read = ObjectStream::read(&stream.dictionary, self.decoded(&stream)?, limit);
        let read = Rc::new(read.map_err(place)?);
        self.reader.streams.keep((number, offset), &read);
        Ok(read)
    }
}
