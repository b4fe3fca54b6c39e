//! What comes of a job, and what ends a batch early.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};

/// What came of one job.
#[derive(Debug)]
#[must_use = "a job may have failed"]
pub enum Outcome<T> {
    /// What it came to.
    Done(T),
    /// Why it failed; the others go on.
    Failed(Error),
    /// It is as if it had never been there: the batch had ended before its turn.
    NotBegun(Ended),
}

impl<T> Outcome<T> {
    /// For whoever need not tell those that were not begun from those that failed.
    ///
    /// # Errors
    /// Why it failed; for one that was not begun the key's error, or `Misuse` when the batch
    /// was cancelled.
    pub fn into_result(self) -> Result<T> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Failed(error) => Err(error),
            Self::NotBegun(Ended::Key(kind, why)) => Err(Error::new(kind, &*why)),
            Self::NotBegun(Ended::Cancelled) => Err(Error::misuse("the batch was cancelled")),
        }
    }

    pub(super) fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Done(value) => next(value),
            Self::Failed(error) => Outcome::Failed(error),
            Self::NotBegun(ended) => Outcome::NotBegun(ended),
        }
    }
}

impl<T> From<Result<T>> for Outcome<T> {
    fn from(result: Result<T>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(error) => Self::Failed(error),
        }
    }
}

/// Why a batch ended before all jobs were begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// By its [`Cancel`].
    Cancelled,
    /// The key or its holder refused, or was out of reach: whose turn it is, and why.
    Key(ErrorKind, Arc<str>),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the batch was cancelled"),
            Self::Key(_, why) => write!(f, "the key was not asked again after: {why}"),
        }
    }
}

/// Ends batches from any thread, as from a handler of signals. Clones are one.
///
/// What is begun is finished; nothing else is begun.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// One that nobody has used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the batches that have it, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was used.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What ends this run: the first of its reasons counts.
#[derive(Debug)]
pub(super) struct Stop<'a> {
    pub(super) cancel: &'a Cancel,
    pub(super) key: OnceLock<Ended>,
}

impl<'a> Stop<'a> {
    pub(super) fn new(cancel: &'a Cancel) -> Self {
        Self { cancel, key: OnceLock::new() }
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        let cancelled = || self.cancel.is_cancelled().then_some(Ended::Cancelled);
        self.key.get().cloned().or_else(cancelled)
    }

    /// Hears what the key said, and whether that is the end.
    pub(super) fn hear(&self, error: &Error) {
        if matches!(error.kind(), ErrorKind::Signer | ErrorKind::Service) {
            let _ = self.key.set(Ended::Key(error.kind(), error.to_string().into()));
        }
    }
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Jobs that came to something.
    pub done: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Jobs that were left, since the batch had ended.
    pub not_begun: u64,
    /// All jobs, where the iterator says how many they are.
    pub total: Option<u64>,
}

impl Progress {
    pub(super) fn count<T>(&mut self, outcome: &Outcome<T>) {
        let which = match outcome {
            Outcome::Done(_) => &mut self.done,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::NotBegun(_) => &mut self.not_begun,
        };
        *which = which.saturating_add(1);
    }
}
