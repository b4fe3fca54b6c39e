//! Verifying many documents with one validator.

use std::fs::File;
use std::path::PathBuf;

use super::engine::Batch;
use super::outcome::{Outcome, Progress};
use crate::error::Result;
use crate::source::{Seekable, Source};
use crate::validation::{Report, Validator};

/// A document to be verified. A [`PathBuf`] is one: a file that holds its signatures.
pub trait ToVerify: Send {
    /// What it is when it is open.
    type Document: Source;

    /// Opens it: when its turn comes, on the thread that verifies it.
    ///
    /// # Errors
    /// Whatever keeps it from being read; it is this document's outcome.
    fn open(&self) -> Result<Self::Document>;

    /// The content, where the signature is detached from it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn content(&self) -> Result<Option<Self::Document>> {
        Ok(None)
    }
}

impl ToVerify for PathBuf {
    type Document = Seekable<File>;

    fn open(&self) -> Result<Seekable<File>> {
        Seekable::new(File::open(self)?)
    }
}

/// Documents under way for each thread: they are opened when their turn comes, and what waits
/// are reports. The fewer there are, the more often those who verify wait for who takes them.
const FAR_AHEAD: usize = 16;

impl Batch<'_> {
    /// Verifies each document, and hands it back with its report.
    ///
    /// All are verified as of the validator's time and by one memory: what a path or a
    /// certificate comes to is found once, and so is an answer about revocation. A bad signature
    /// is a [`Report`], and [`Outcome::Failed`] is a document of which nothing can be said.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn verify_all<J: ToVerify>(
        &self,
        validator: &Validator,
        documents: impl IntoIterator<Item = J>,
        each: impl FnMut(J, Outcome<Report>),
    ) -> Result<Progress> {
        let verify = |it: &J| {
            let document = it.open()?;
            match it.content()? {
                Some(content) => validator.validate_detached(&document, &content),
                None => validator.validate(&document),
            }
        };
        self.run_ahead(FAR_AHEAD, documents, verify, each)
    }
}
