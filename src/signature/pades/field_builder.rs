//! Empty signature fields for those who sign later (ISO 32000-2 §12.7.5.5).

use std::io::Write;

use super::form::{NewField, add_field, nth_page};
use super::lock::{FieldLock, Restrictions};
use super::seed::SeedValues;
use crate::crypto::DigestAlgorithm;
use crate::encoding::pdf::{Password, Permission, Reader, Update, fields};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::limits::Limits;
use crate::source::{Source, for_each_piece};

/// A signature field that is to be made, and left empty.
#[derive(Debug, Clone)]
pub struct EmptyField {
    name: String,
    page: u64,
    rectangle: Option<[f64; 4]>,
    lock: Option<FieldLock>,
    seed: Option<SeedValues>,
}

impl EmptyField {
    /// By its full name: full stops separate the names of fields within fields. On page
    /// 1, and invisible, unless said otherwise.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), page: 1, rectangle: None, lock: None, seed: None }
    }

    /// The page, from 1.
    #[must_use]
    pub fn page(mut self, page: u32) -> Self {
        self.page = page.into();
        self
    }

    /// Where on the page, in the page's units: left, bottom, right, top.
    #[must_use]
    pub fn rectangle(mut self, rectangle: [f64; 4]) -> Self {
        self.rectangle = Some(rectangle);
        self
    }

    /// What the signature in this field is to lock.
    #[must_use]
    pub fn lock(mut self, lock: FieldLock) -> Self {
        self.lock = Some(lock);
        self
    }

    /// What the signature in this field has to be.
    #[must_use]
    pub fn seed(mut self, seed: SeedValues) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// Adds empty signature fields to a PDF, as one incremental update: every byte of the
/// document stays as it is, and so do earlier signatures.
#[derive(Debug, Clone)]
#[must_use = "nothing is added until `add` is called"]
pub struct FieldBuilder<'a, S: ?Sized> {
    document: &'a S,
    fields: Vec<EmptyField>,
    password: Password,
    limits: Limits,
}

impl<'a, S: Source + ?Sized> FieldBuilder<'a, S> {
    /// Adds nothing yet.
    pub fn new(document: &'a S) -> Self {
        let (password, limits) = (Password::default(), Limits::default());
        Self { document, fields: Vec::new(), password, limits }
    }

    /// One field more.
    pub fn field(mut self, field: EmptyField) -> Self {
        self.fields.push(field);
        self
    }

    /// Opens an encrypted PDF by this password, the user's or the owner's; the empty one is
    /// tried in any case. The update is encrypted as the document is.
    #[cfg(feature = "encrypted-pdf")]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Password::new(password);
        self
    }

    /// Bounds on reading the document.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives the PDF with its new fields in memory.
    ///
    /// # Errors
    /// `Malformed` when this is no PDF or its revision chain is not sound; `Unsupported`
    /// for one that is encrypted otherwise than under a password; `Misuse` without its
    /// password, when its permissions forbid it, without a field, when there is a field of that name
    /// or no such page, or when a signature forbids new fields; `LimitExceeded`; `Io`.
    pub fn add(&self) -> Result<Vec<u8>> {
        let update = self.update()?;
        let size = usize::try_from(self.document.len()).map_err(|_| {
            Error::new(ErrorKind::LimitExceeded, "the result does not fit in memory")
        })?;
        let mut bytes = Vec::with_capacity(size.saturating_add(update.len()));
        self.write(&update, &mut bytes)?;
        Ok(bytes)
    }

    /// Writes the PDF with its new fields out, piece by piece.
    ///
    /// # Errors
    /// As [`add`](Self::add); `Io` when writing fails.
    pub fn add_to(&self, out: &mut dyn Write) -> Result<()> {
        self.write(&self.update()?, out)
    }

    fn write(&self, update: &[u8], out: &mut dyn Write) -> Result<()> {
        let whole = 0..self.document.len();
        for_each_piece(self.document, whole, |piece| Ok(out.write_all(piece)?))?;
        Ok(out.write_all(update)?)
    }

    fn update(&self) -> Result<Vec<u8>> {
        if self.fields.is_empty() {
            return Err(Error::misuse("there is no field to add"));
        }
        let source = &self.document;
        let reader = Reader::open_with(source, &self.limits, &self.password)?;
        let view = reader.newest();
        let restrictions = Restrictions::of(view, &fields(view)?)?;
        let mut update = Update::new(&reader)?;
        update.ask(Permission::MakeFields)?;
        for field in &self.fields {
            let about = |error: Error| error.at(Place::Element(field.name.clone()));
            restrictions.let_in(&field.name).map_err(about)?;
            field.make(&mut update).map_err(about)?;
        }
        Ok(update.finish(&self.file_id())?.bytes)
    }

    /// Other for every state of the file, without chance or clock (ISO 32000-2 §14.4).
    fn file_id(&self) -> Vec<u8> {
        let names: Vec<_> = self.fields.iter().map(|it| it.name.as_str()).collect();
        let state = format!("{} {names:?}", self.document.len());
        let digest = DigestAlgorithm::Sha256.digest(state.as_bytes());
        digest.value().iter().take(16).copied().collect()
    }
}

impl EmptyField {
    fn make(&self, update: &mut Update<'_>) -> Result<()> {
        let page = self.page.checked_sub(1).ok_or_else(|| Error::misuse("pages count from 1"))?;
        if self.rectangle.is_some_and(|it| it.iter().any(|corner| !corner.is_finite())) {
            return Err(Error::misuse("the rectangle has a corner that is no number"));
        }
        let new = NewField {
            name: &self.name,
            page: nth_page(update, page)?,
            rectangle: self.rectangle,
            look: None,
            lock: self.lock.as_ref(),
            seed: self.seed.as_ref(),
            value: None,
        };
        add_field(update, &new)
    }
}
