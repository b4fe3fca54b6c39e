//! Incremental updates (ISO 32000-2 §7.5.6): new and changed objects behind the
//! original, whose bytes stay as they are.

use std::collections::BTreeMap;
#[cfg(feature = "appearance")]
use std::io::Write;

#[cfg(feature = "appearance")]
use flate2::{Compression, write::ZlibEncoder};

use super::encryption::{Locked, Permission};
use super::object::{Dictionary, Object, Reference};
use super::reader::{Reader, View};
use super::section::Form;
use super::write::{write_dictionary, write_object};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::within;

/// An update under way.
pub(crate) struct Update<'r> {
    reader: &'r Reader<'r>,
    next: u32,
    /// The bodies of the objects, between `obj` and `endobj`.
    objects: BTreeMap<Reference, Vec<u8>>,
    /// Those of them whose values may be asked for again.
    values: BTreeMap<Reference, Object>,
    /// Whether what an encrypted file forbids is done nevertheless.
    despite_permissions: bool,
    failure: Option<Error>,
}

/// A finished update: the bytes behind the original.
pub(crate) struct Appended {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` the body of each object begins.
    bodies: BTreeMap<Reference, usize>,
}

impl Appended {
    pub(crate) fn body(&self, reference: Reference) -> Option<usize> {
        self.bodies.get(&reference).copied()
    }
}

impl<'r> Update<'r> {
    /// # Errors
    /// `Malformed` when the file's revision chain is not sound: an update would make
    /// readers disagree on it; `Misuse` when it is encrypted and no password opens it;
    /// `Unsupported` when it is encrypted otherwise.
    pub(crate) fn new(reader: &'r Reader<'r>) -> Result<Self> {
        let chain = reader.chain();
        let defect = chain.recovered().or(chain.irregular().first().map(String::as_str));
        if let Some(what) = defect {
            return Err(unsound(what));
        }
        match reader.encryption().locked() {
            Some(Locked::Password) => {
                return Err(Error::misuse("this PDF is encrypted: hand in its password"));
            }
            Some(Locked::Unsupported(what)) => {
                return Err(Error::unsupported(format!("this PDF is encrypted, and {what}")));
            }
            None => {}
        }
        let size = usize::try_from(chain.size()).unwrap_or(usize::MAX);
        within(size, reader.limits().pdf_objects, "objects in a PDF that is to get more")?;
        Ok(Self {
            reader,
            next: chain.size().max(1),
            objects: BTreeMap::new(),
            values: BTreeMap::new(),
            despite_permissions: false,
            failure: None,
        })
    }

    /// Does what an encrypted file forbids.
    pub(crate) fn despite_permissions(&mut self) {
        self.despite_permissions = true;
    }

    /// Asks whether an encrypted file lets this be done with it.
    ///
    /// # Errors
    /// `Misuse` where it does not.
    pub(crate) fn ask(&self, permission: Permission) -> Result<()> {
        if self.despite_permissions || self.reader.encryption().permits(permission) {
            return Ok(());
        }
        let what = match permission {
            Permission::FillFields => "fills",
            Permission::MakeFields => "makes",
        };
        Err(Error::misuse(format!(
            "the permissions of this encrypted PDF let nobody who has not the owner's password \
             {what} signature fields"
        )))
    }

    /// The file before the update.
    pub(crate) fn view(&self) -> View<'r> {
        self.reader.newest()
    }

    /// An object as the update leaves it, so far.
    ///
    /// # Errors
    /// As reading any object.
    pub(crate) fn get(&self, reference: Reference) -> Result<Object> {
        match self.values.get(&reference) {
            Some(value) => Ok(value.clone()),
            None => self.view().get(reference),
        }
    }

    /// The object itself, or the one that it refers to, as the update leaves it.
    ///
    /// # Errors
    /// As reading any object.
    pub(crate) fn resolve(&self, object: &Object) -> Result<Object> {
        match object.as_reference().and_then(|reference| self.values.get(&reference)) {
            Some(value) => Ok(value.clone()),
            None => self.view().resolve(object),
        }
    }

    /// The value of a key, resolved; null where there is none.
    ///
    /// # Errors
    /// As reading any object.
    pub(crate) fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object> {
        dictionary.get(key).map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// The catalog as the update leaves it, and the reference to it.
    ///
    /// # Errors
    /// `Malformed` when the trailer names none.
    pub(crate) fn catalog(&self) -> Result<(Reference, Dictionary)> {
        let (root, catalog) = self.view().catalog()?;
        match self.values.get(&root) {
            Some(Object::Dictionary(changed)) => Ok((root, changed.clone())),
            _ => Ok((root, (*catalog).clone())),
        }
    }

    /// A number that nothing in the file has.
    pub(crate) fn allocate(&mut self) -> Reference {
        let reference = Reference { number: self.next, generation: 0 };
        self.next = self.next.saturating_add(1);
        reference
    }

    /// Gives an object, old or new, this value.
    pub(crate) fn put(&mut self, reference: Reference, object: &Object) {
        let mut body = Vec::new();
        write_object(&self.encrypted(reference, object), &mut body);
        self.put_raw(reference, body);
        self.values.insert(reference, object.clone());
    }

    /// A value as it has to stand in an object of an encrypted file.
    pub(crate) fn encrypted(&mut self, of: Reference, object: &Object) -> Object {
        let encrypted = self.reader.encryption().encrypt_strings(of, object);
        self.or_fail(encrypted).unwrap_or(Object::Null)
    }

    /// What cannot be encrypted makes the whole update fail in the end.
    fn or_fail<T>(&mut self, outcome: Result<T>) -> Option<T> {
        outcome.map_err(|error| self.failure = Some(error)).ok()
    }

    /// The same with a body that was written by the caller, who asked for its strings to be
    /// [`encrypted`](Self::encrypted).
    pub(crate) fn put_raw(&mut self, reference: Reference, body: Vec<u8>) {
        self.objects.insert(reference, body);
    }

    /// The same with a stream, uncompressed.
    pub(crate) fn put_stream(&mut self, reference: Reference, dictionary: Dictionary, data: &[u8]) {
        let encryption = self.reader.encryption();
        let data = encryption.encrypt_stream(reference, &dictionary, data);
        let Some(data) = self.or_fail(data) else { return };
        let length = i64::try_from(data.len()).unwrap_or(i64::MAX);
        let dictionary = Object::Dictionary(dictionary.with("Length", Object::Integer(length)));
        let dictionary = self.encrypted(reference, &dictionary);
        self.put_raw(reference, stream(&dictionary, &data));
    }

    /// The same with a stream that is compressed here.
    ///
    /// # Errors
    /// `Io`, which compressing in memory does not meet.
    #[cfg(feature = "appearance")]
    pub(crate) fn put_flate(
        &mut self,
        reference: Reference,
        dictionary: Dictionary,
        data: &[u8],
    ) -> Result<()> {
        let mut deflater = ZlibEncoder::new(Vec::new(), Compression::default());
        deflater.write_all(data)?;
        let dictionary = dictionary.with("Filter", Object::name("FlateDecode"));
        self.put_stream(reference, dictionary, &deflater.finish()?);
        Ok(())
    }

    /// Writes everything out. `id` makes this state of the file tell apart from
    /// others (ISO 32000-2 §14.4).
    ///
    /// # Errors
    /// `LimitExceeded` when a file grows beyond what its cross-reference table can name;
    /// `Malformed` when an object that was read had strings that could not be decrypted.
    pub(crate) fn finish(mut self, id: &[u8]) -> Result<Appended> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if let Some(flaw) = self.reader.flaw() {
            return Err(unsound(&flaw));
        }
        let mut bytes = Vec::new();
        self.start(&mut bytes)?;
        let (mut bodies, mut offsets) = (BTreeMap::new(), BTreeMap::new());
        for (reference, body) in std::mem::take(&mut self.objects) {
            offsets.insert(reference, self.offset(&bytes));
            let head = format!("{} {} obj\n", reference.number, reference.generation);
            bytes.extend_from_slice(head.as_bytes());
            bodies.insert(reference, bytes.len());
            bytes.extend_from_slice(&body);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let at = self.offset(&bytes);
        match self.reader.chain().revisions().last().map(|it| it.form) {
            Some(Form::Stream) => self.write_xref_stream(offsets, at, id, &mut bytes)?,
            _ => self.write_xref_table(&offsets, id, &mut bytes)?,
        }
        bytes.extend_from_slice(format!("startxref\n{at}\n%%EOF\n").as_bytes());
        Ok(Appended { bytes, bodies })
    }

    /// A line of its own, whatever the original ends with.
    fn start(&self, bytes: &mut Vec<u8>) -> Result<()> {
        let source = self.reader.source();
        let len = source.len();
        let last = source.window(len.saturating_sub(1)..len)?;
        if !matches!(last.as_ref(), [b'\n' | b'\r']) {
            bytes.push(b'\n');
        }
        Ok(())
    }

    /// Where the next byte will be, as the file counts.
    fn offset(&self, bytes: &[u8]) -> u64 {
        let before = self.reader.source().len().saturating_sub(self.reader.chain().base());
        before.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
    }

    /// What trailers have in common (ISO 32000-2 §7.5.5).
    fn trailer(&self, id: &[u8]) -> Dictionary {
        let newest = self.reader.chain().revisions().last();
        let mut trailer = Dictionary::new().with("Size", Object::Integer(i64::from(self.next)));
        if let Some(newest) = newest {
            for key in ["Root", "Info", "Encrypt"] {
                if let Some(value) = newest.trailer.get(key) {
                    trailer.set(key, value.clone());
                }
            }
            let prev = i64::try_from(newest.start_xref).unwrap_or(i64::MAX);
            trailer.set("Prev", Object::Integer(prev));
        }
        let old = newest.and_then(|it| it.trailer.get("ID"));
        let is_direct = old.and_then(Object::as_array).is_some_and(|it| !it.is_empty());
        // The key depends on it: where there was none, one would lock the file. So would an
        // object of its own, whose strings would be taken for encrypted ones.
        if trailer.contains("Encrypt") && !is_direct {
            old.into_iter().for_each(|it| trailer.set("ID", it.clone()));
            return trailer;
        }
        let new = Object::String(id.to_vec());
        let old = old.and_then(|it| self.reader.newest().resolve(it).ok());
        let first = old.as_ref().and_then(Object::as_array).and_then(<[Object]>::first).cloned();
        trailer.set("ID", Object::Array(vec![first.unwrap_or_else(|| new.clone()), new]));
        trailer
    }

    fn write_xref_table(
        &self,
        offsets: &BTreeMap<Reference, u64>,
        id: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        const MOST: u64 = 9_999_999_999;
        out.extend_from_slice(b"xref\n");
        for run in runs(offsets) {
            let first = run.first().map_or(0, |it| it.0.number);
            out.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for (reference, offset) in run {
                if offset > MOST {
                    return Err(Error::new(
                        ErrorKind::LimitExceeded,
                        "a cross-reference table cannot name bytes beyond 10 GB",
                    ));
                }
                let line = format!("{offset:010} {:05} n \n", reference.generation);
                out.extend_from_slice(line.as_bytes());
            }
        }
        out.extend_from_slice(b"trailer\n");
        write_dictionary(&self.trailer(id), out);
        out.push(b'\n');
        Ok(())
    }

    /// ISO 32000-2 §7.5.8: kind, offset, generation. It is an object too, and names itself.
    fn write_xref_stream(
        &mut self,
        mut offsets: BTreeMap<Reference, u64>,
        at: u64,
        id: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let own = self.allocate();
        offsets.insert(own, at);
        let (mut index, mut rows) = (Vec::new(), Vec::new());
        for run in runs(&offsets) {
            let first = run.first().map_or(0, |it| it.0.number);
            index.push(Object::Integer(first.into()));
            index.push(Object::Integer(i64::try_from(run.len()).unwrap_or(i64::MAX)));
            for (reference, offset) in run {
                rows.push(1);
                rows.extend_from_slice(&offset.to_be_bytes());
                rows.extend_from_slice(&reference.generation.to_be_bytes());
            }
        }
        let widths = [1, 8, 2].map(Object::Integer).to_vec();
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let dictionary = self
            .trailer(id)
            .with("Type", Object::name("XRef"))
            .with("W", Object::Array(widths))
            .with("Index", Object::Array(index))
            .with("Length", Object::Integer(length));
        out.extend_from_slice(format!("{} 0 obj\n", own.number).as_bytes());
        out.extend_from_slice(&stream(&Object::Dictionary(dictionary), &rows));
        out.extend_from_slice(b"\nendobj\n");
        Ok(())
    }
}

fn unsound(what: &str) -> Error {
    Error::malformed(format!(
        "this PDF is not sound enough to be updated, save it anew first: {what}"
    ))
}

fn stream(dictionary: &Object, data: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    write_object(dictionary, &mut body);
    body.extend_from_slice(b"\nstream\n");
    body.extend_from_slice(data);
    body.extend_from_slice(b"\nendstream");
    body
}

/// Objects whose numbers follow one another.
fn runs(offsets: &BTreeMap<Reference, u64>) -> Vec<Vec<(Reference, u64)>> {
    let mut runs: Vec<Vec<(Reference, u64)>> = Vec::new();
    for (reference, offset) in offsets {
        let next = runs.last().and_then(|run| run.last()).map(|it| it.0.number.saturating_add(1));
        match runs.last_mut() {
            Some(run) if next == Some(reference.number) => run.push((*reference, *offset)),
            _ => runs.push(vec![(*reference, *offset)]),
        }
    }
    runs
}
