//! Jobs in, outcomes out, in order, with a bound on what is under way.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::desk::{Closing, Desk};
use super::outcome::{Cancel, Outcome, Progress, Stop};
use crate::error::{Error, ErrorKind, Result};

/// Jobs under way for each thread.
pub(super) const AHEAD: usize = 4;

/// How many documents are worked on at once, and who hears of it.
#[derive(Clone, Default)]
#[must_use = "nothing is done until it runs"]
pub struct Batch<'a> {
    threads: usize,
    window: Option<usize>,
    cancel: Cancel,
    progress: Option<&'a dyn Fn(Progress)>,
}

impl<'a> Batch<'a> {
    /// As many threads as the machine has cores.
    pub fn new() -> Self {
        Self::default()
    }

    /// This many threads work; 0 is as many as there are cores. The one that calls waits,
    /// takes jobs and gives outcomes back.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// At most this many jobs are under way, from when they are taken from the iterator until
    /// their outcome is given back. Four for each thread, unless said otherwise, and sixteen
    /// where documents are verified, whose reports are small; 256 where the holder of a key
    /// takes many values at once. A wider window bridges jobs that take long among short ones,
    /// and takes more memory.
    pub fn window(mut self, jobs: usize) -> Self {
        self.window = Some(jobs.max(1));
        self
    }

    /// Ends when this is used. What is begun is finished.
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Is told after each job how far the batch has come: on the thread that called, and
    /// before the outcome itself is given back where others come before it.
    pub fn progress(mut self, told: &'a dyn Fn(Progress)) -> Self {
        self.progress = Some(told);
        self
    }

    /// Does `work` on each job, and hands each job back to `each` with what came of it.
    ///
    /// A panic within `work` is a failure of that job (`Misuse`; where panics end the process,
    /// they do). One within the iterator or `each` passes through to the caller; when the
    /// iterator panics, after all that it gave before was handed back.
    ///
    /// # Errors
    /// `Io` when there are no threads to be had. What fails within is an outcome.
    pub fn run<J: Send, T: Send>(
        &self,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(&J) -> Result<T> + Sync,
        each: impl FnMut(J, Outcome<T>),
    ) -> Result<Progress> {
        self.run_ahead(AHEAD, jobs, work, each)
    }

    /// With a window of `ahead` for each thread, unless said otherwise.
    pub(super) fn run_ahead<J: Send, T: Send>(
        &self,
        ahead: usize,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(&J) -> Result<T> + Sync,
        mut each: impl FnMut(J, Outcome<T>),
    ) -> Result<Progress> {
        let (workers, stop) = (self.workers(ahead)?, self.stop());
        let mut jobs = Jobs::new(jobs.into_iter());
        let mut progress = jobs.total();
        let work = |job: &mut J| match stop.ended() {
            Some(ended) => Outcome::NotBegun(ended),
            None => work(job).into(),
        };
        workers.run(&mut jobs, &work, &mut |job, outcome| each(job, outcome), &mut |outcome| {
            self.count(&mut progress, outcome);
        });
        jobs.end();
        Ok(progress)
    }

    pub(super) fn stop(&self) -> Stop<'_> {
        Stop::new(&self.cancel)
    }

    pub(super) fn count<T>(&self, progress: &mut Progress, outcome: &Outcome<T>) {
        progress.count(outcome);
        if let Some(told) = self.progress {
            told(*progress);
        }
    }

    /// How many documents may be prepared for one call of the key's holder.
    pub(super) fn most(&self) -> usize {
        self.window.unwrap_or(256)
    }

    pub(super) fn workers(&self, ahead: usize) -> Result<Workers> {
        let pool = ThreadPoolBuilder::new().num_threads(self.threads).build().map_err(|error| {
            Error::new(ErrorKind::Io, format!("no threads can be started: {error}")).because(error)
        })?;
        let window = self.window.unwrap_or(pool.current_num_threads().saturating_mul(ahead));
        Ok(Workers { pool, window })
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} threads, window {:?}, {:?})", self.threads, self.window, self.cancel)
    }
}

/// What the caller's iterator gives. Once it has ended, or panicked, it is not asked again.
pub(super) struct Jobs<I> {
    jobs: Option<I>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<I: Iterator> Jobs<I> {
    pub(super) fn new(jobs: I) -> Self {
        Self { jobs: Some(jobs), panic: None }
    }

    /// How far the batch has come before it has begun.
    pub(super) fn total(&self) -> Progress {
        let total = match self.jobs.as_ref().map(Iterator::size_hint) {
            Some((least, Some(most))) if least == most => u64::try_from(most).ok(),
            _ => None,
        };
        Progress { total, ..Progress::default() }
    }

    /// Its panic goes on, now that nothing is lost by it.
    pub(super) fn end(self) {
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }
}

impl<I: Iterator> Iterator for Jobs<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let jobs = self.jobs.as_mut()?;
        let next = catch_unwind(AssertUnwindSafe(|| jobs.next())).unwrap_or_else(|panic| {
            self.panic = Some(panic);
            None
        });
        if next.is_none() {
            self.jobs = None;
        }
        next
    }
}

/// Threads that end with the batch.
pub(super) struct Workers {
    pool: ThreadPool,
    window: usize,
}

impl Workers {
    /// `ended` hears of outcomes as they come, `each` in the order of the jobs. `jobs` is asked
    /// again after it has ended, and does not panic: see [`Jobs`].
    pub(super) fn run<J: Send, T: Send>(
        &self,
        jobs: &mut dyn Iterator<Item = J>,
        work: &(dyn Fn(&mut J) -> Outcome<T> + Sync),
        each: &mut dyn FnMut(J, Outcome<T>),
        ended: &mut dyn FnMut(&Outcome<T>),
    ) {
        let desk = Desk::new(self.pool.current_num_threads());
        // One place for each job under way; the first is the one numbered `first`.
        let (mut places, mut first) = (VecDeque::new(), 0_usize);
        self.pool.in_place_scope(|scope| {
            // Once on each thread, so that none waits below a job of another.
            scope.spawn_broadcast(|_, _| desk.serve(work));
            let _closing = Closing(&desk);
            loop {
                while places.len() < self.window {
                    let Some(job) = jobs.next() else { break };
                    desk.put(first.wrapping_add(places.len()), job);
                    places.push_back(None);
                }
                if places.is_empty() {
                    break;
                }
                for (number, job, outcome) in desk.take() {
                    ended(&outcome);
                    if let Some(place) = places.get_mut(number.wrapping_sub(first)) {
                        *place = Some((job, outcome));
                    }
                }
                while let Some((job, outcome)) = places.front_mut().and_then(Option::take) {
                    places.pop_front();
                    first = first.wrapping_add(1);
                    each(job, outcome);
                }
            }
        });
    }
}

/// What is attempted for one document, and may go wrong in any way.
pub(super) fn attempt<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no reason is known");
        Outcome::Failed(Error::misuse(format!("the work on this document panicked: {text}")))
    })
}
