//! Signing many documents with one key.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::engine::{AHEAD, Batch, Jobs, Workers};
use super::outcome::{Outcome, Progress, Stop};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::{SignatureValue, Signer, ToBeSigned};
use crate::signature::Prepared;
pub use crate::signature::{Made, SignatureRequest};
use crate::source::Source;

/// A document to be signed.
///
/// ```
/// use std::fs::File;
/// use std::path::PathBuf;
///
/// use kyso::batch::{Made, SignatureRequest, ToSign};
/// use kyso::{Result, Seekable, UtcTime, pades};
///
/// struct Decision {
///     path: PathBuf,
///     signed: PathBuf,
/// }
///
/// impl ToSign for Decision {
///     type Document = Seekable<File>;
///     type Kept = ();
///
///     fn open(&self) -> Result<Seekable<File>> {
///         Seekable::new(File::open(&self.path)?)
///     }
///
///     fn request<'a>(&'a self, document: &'a Seekable<File>) -> Result<SignatureRequest<'a>> {
///         Ok(pades::SignatureBuilder::new(document, UtcTime::now()).reason("Phê duyệt").into())
///     }
///
///     fn keep(&self, made: &Made<'_>) -> Result<()> {
///         made.write_to(&mut File::create(&self.signed)?)
///     }
/// }
/// ```
pub trait ToSign: Send {
    /// What it is when it is open.
    type Document: Source + Send;

    /// What is left of it when it is signed and kept: nothing, or the signature itself.
    type Kept: Send;

    /// Opens it: when its turn comes, on the thread that works on it.
    ///
    /// # Errors
    /// Whatever keeps it from being read; it is this document's outcome.
    fn open(&self) -> Result<Self::Document>;

    /// How it is to be signed: a builder of any format, with a level above B where one is
    /// wanted. A holder that takes many values at once has it asked for twice, to prepare and
    /// to complete; then only document and level count.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn request<'a>(&'a self, document: &'a Self::Document) -> Result<SignatureRequest<'a>>;

    /// Puts what was signed where it belongs, on the thread that signed it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn keep(&self, made: &Made<'_>) -> Result<Self::Kept>;
}

impl Batch<'_> {
    /// Signs each document, and hands it back with what was kept of it.
    ///
    /// Where [`Signer::batch_size`] is 1, every document is opened, prepared, signed, completed
    /// and kept on one thread, and the key is asked from all of them. Where it is more, so many
    /// documents are prepared on all threads, signed by one call of [`Signer::sign_all`], then
    /// completed and kept on all threads; so many are open at once, though not more than
    /// the [`window`](Self::window).
    ///
    /// Each value is checked against the certificate before anything is kept. When the batch
    /// ends early is told [above](crate::batch#where-a-batch-ends-early).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn sign_all<J: ToSign>(
        &self,
        signer: &dyn Signer,
        documents: impl IntoIterator<Item = J>,
        mut each: impl FnMut(J, Outcome<J::Kept>),
    ) -> Result<Progress> {
        let (workers, key) = (self.workers(AHEAD)?, Key::new(signer, self.stop()));
        let mut documents = Jobs::new(documents.into_iter());
        let mut progress = documents.total();
        let mut ended = |outcome: &_| self.count(&mut progress, outcome);
        if signer.batch_size() <= 1 {
            workers.run(&mut documents, &|it: &mut J| sign(&key, it), &mut each, &mut ended);
        } else {
            let size = signer.batch_size().min(self.most());
            while sign_some(
                &workers,
                &key,
                &mut documents.by_ref().take(size),
                &mut each,
                &mut ended,
            ) {}
        }
        documents.end();
        Ok(progress)
    }
}

/// One document from its beginning to its end.
fn sign<J: ToSign>(key: &Key<'_>, job: &J) -> Outcome<J::Kept> {
    let signed = || {
        let document = job.open()?;
        let request = job.request(&document)?;
        let prepared = key.prepare(&request)?;
        Ok(key.sign(prepared.to_be_signed()).and_then(|value| {
            request.finish(prepared, &value).and_then(|made| job.keep(&made)).into()
        }))
    };
    match key.stop.ended() {
        Some(ended) => Outcome::NotBegun(ended),
        None => signed().unwrap_or_else(Outcome::Failed),
    }
}

/// As many as the holder of the key takes at once; false when there are none left.
fn sign_some<J: ToSign>(
    workers: &Workers,
    key: &Key<'_>,
    documents: &mut dyn Iterator<Item = J>,
    each: &mut dyn FnMut(J, Outcome<J::Kept>),
    ended: &mut dyn FnMut(&Outcome<J::Kept>),
) -> bool {
    let mut all = Vec::new();
    let prepare = |job: &mut J| match key.stop.ended() {
        Some(ended) => Outcome::NotBegun(ended),
        None => prepared(key, job).into(),
    };
    workers.run(documents, &prepare, &mut |job, outcome| all.push((job, outcome)), &mut |_| ());
    if all.is_empty() {
        return false;
    }
    let asked = all.iter().filter_map(|(_, outcome)| match outcome {
        Outcome::Done((_, prepared)) => Some(prepared.to_be_signed().clone()),
        Outcome::Failed(_) | Outcome::NotBegun(_) => None,
    });
    let mut answers = key.sign_all(&asked.collect::<Vec<_>>()).into_iter();
    let mut answered = all.into_iter().map(|(job, outcome)| {
        let outcome = outcome.and_then(|(document, prepared)| {
            let answer = answers.next().unwrap_or_else(|| Outcome::Failed(unanswered()));
            answer.and_then(|value| Outcome::Done((document, prepared, value)))
        });
        (job, Some(outcome))
    });
    // What the key has signed is completed, even when the batch has ended.
    let complete = |(job, outcome): &mut (J, Option<Outcome<_>>)| {
        let outcome = outcome.take().unwrap_or_else(|| Outcome::Failed(unanswered()));
        outcome.and_then(|(document, prepared, value)| {
            completed(job, &document, prepared, &value).into()
        })
    };
    workers.run(&mut answered, &complete, &mut |(job, _), outcome| each(job, outcome), ended);
    true
}

fn prepared<J: ToSign>(key: &Key<'_>, job: &J) -> Result<(J::Document, Prepared)> {
    let document = job.open()?;
    let prepared = key.prepare(&job.request(&document)?)?;
    Ok((document, prepared))
}

fn completed<J: ToSign>(
    job: &J,
    document: &J::Document,
    prepared: Prepared,
    value: &SignatureValue,
) -> Result<J::Kept> {
    job.keep(&job.request(document)?.finish(prepared, value)?)
}

/// The key, and whether it may be asked.
struct Key<'s> {
    signer: &'s dyn Signer,
    stop: Stop<'s>,
    /// Whether it has signed once. Until then whoever asks waits for the others: of a wrong
    /// PIN every thread would be one more try.
    proven: AtomicBool,
    turn: Mutex<()>,
}

impl<'s> Key<'s> {
    fn new(signer: &'s dyn Signer, stop: Stop<'s>) -> Self {
        Self { signer, stop, proven: AtomicBool::new(false), turn: Mutex::new(()) }
    }

    fn prepare(&self, request: &SignatureRequest<'_>) -> Result<Prepared> {
        request.begin(self.signer.certificate_chain(), self.signer.algorithm())
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Outcome<SignatureValue> {
        let proven = self.proven.load(Ordering::Acquire);
        let turn = || self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = (!proven).then(turn);
        if let Some(ended) = self.stop.ended() {
            return Outcome::NotBegun(ended);
        }
        let answer = catch_unwind(AssertUnwindSafe(|| self.signer.sign(to_be_signed)));
        let answer = answer.unwrap_or_else(|_| Err(unanswered()));
        match &answer {
            Ok(_) => self.proven.store(true, Ordering::Release),
            Err(error) => self.stop.hear(error),
        }
        answer.into()
    }

    /// One answer for each.
    fn sign_all(&self, asked: &[ToBeSigned]) -> Vec<Outcome<SignatureValue>> {
        if asked.is_empty() {
            return Vec::new();
        }
        if let Some(ended) = self.stop.ended() {
            return asked.iter().map(|_| Outcome::NotBegun(ended.clone())).collect();
        }
        let answers = catch_unwind(AssertUnwindSafe(|| self.signer.sign_all(asked)));
        let mut answers = answers.unwrap_or_default();
        answers.resize_with(asked.len(), || Err(unanswered()));
        answers.iter().filter_map(|it| it.as_ref().err()).for_each(|error| self.stop.hear(error));
        answers.into_iter().map(Outcome::from).collect()
    }
}

/// Of a holder that gives fewer values than it was asked for, or panics.
fn unanswered() -> Error {
    Error::new(ErrorKind::Signer, "the holder of the key gave no answer for this document")
}
