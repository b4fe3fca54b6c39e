//! One job from the queue, until there is a result that counts, or it goes back.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::{AckKind, Message};
use kyso::UtcTime;
use tokio::sync::Semaphore;
use tokio::time::{Instant, interval_at, sleep};

use crate::job::{Job, Key, Outcome, Profile, Record, Sha256};
use crate::queue::{Entered, Failure, Queue};
use crate::say;
use crate::work::{Fault, Product, Tools};

/// Of a reason that goes into a result.
const MOST_OF_REASON: usize = 1000;
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Before a result that could not be entered is tried to be entered again; then the job is
/// left to whoever gets it next.
const PAUSES: [u64; 5] = [0, 1, 2, 4, 8];

/// What one process of the fleet is.
pub(crate) struct Worker {
    pub(crate) queue: Queue,
    pub(crate) tools: Arc<Tools>,
    pub(crate) name: String,
    /// After so many attempts a job has failed.
    pub(crate) attempts: u64,
    /// Before the second attempt; each further one waits twice as long.
    pub(crate) pause: Duration,
    /// One for each thread that works.
    pub(crate) threads: Semaphore,
    pub(crate) counts: Counts,
}

#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) done: AtomicU64,
    /// There was a result already, and nothing was done.
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) postponed: AtomicU64,
    /// Done, but another one's result counts.
    pub(crate) discarded: AtomicU64,
}

impl Worker {
    /// Takes care of a message: while it is worked on, the queue is told so.
    pub(crate) async fn handle(&self, message: Message, ack_wait: Duration) {
        let delivered = message.info().map_or(1, |it| u64::try_from(it.delivered).unwrap_or(1));
        let answer = self.decide(message.subject.as_str(), &message.payload, delivered);
        let answer = while_saying_so(&message, ack_wait, answer).await.unwrap_or_else(|error| {
            say(&format!("postponed: {error}"));
            count(&self.counts.postponed);
            AckKind::Nak(Some(self.pause_after(delivered)))
        });
        // Where this is lost, the job comes again, and its result is there.
        let _ = message.double_ack_with(answer).await;
    }

    /// Fails where the queue itself does.
    async fn decide(
        &self,
        subject: &str,
        message: &[u8],
        delivered: u64,
    ) -> Result<AckKind, Failure> {
        let job = match Job::read(message).and_then(|job| self.in_its_part(job, subject)) {
            Ok(job) => job,
            Err(reason) => {
                let key = Key::of_message(message);
                self.fail(None, &key, &reason, delivered).await?;
                return Ok(AckKind::Term);
            }
        };
        let key = job.key();
        if self.queue.result(&key).await?.is_some() {
            count(&self.counts.answered);
            return Ok(AckKind::Ack);
        }
        if delivered > self.attempts {
            let reason = format!("tried {} times; no worker came to an end", self.attempts);
            self.fail(Some(job), &key, &reason, delivered).await?;
            return Ok(AckKind::Term);
        }
        match self.work(&job).await {
            Ok(product) => self.finish(job, &key, product, delivered).await,
            Err(Fault::Lasting(reason)) => {
                self.fail(Some(job), &key, &reason, delivered).await?;
                Ok(AckKind::Term)
            }
            Err(Fault::Passing(reason)) if delivered >= self.attempts => {
                let reason = format!("tried {delivered} times; the last time: {reason}");
                self.fail(Some(job), &key, &reason, delivered).await?;
                Ok(AckKind::Term)
            }
            Err(Fault::Passing(reason)) => Err(format!("{}: {reason}", job.name).into()),
        }
    }

    /// A job in another's part says nothing about the one that it pretends to be.
    fn in_its_part(&self, job: Job, subject: &str) -> Result<Job, String> {
        if self.queue.subject(&job.profile.part()) == subject {
            Ok(job)
        } else {
            Err("the job does not belong into this part of the queue".into())
        }
    }

    /// In a thread of its own: neither signing nor what is asked for meanwhile may keep the
    /// connection waiting.
    async fn work(&self, job: &Job) -> Result<Product, Fault> {
        let Ok(_thread) = self.threads.acquire().await else {
            return Err(Fault::Passing("the worker ends".into()));
        };
        let (tools, job) = (Arc::clone(&self.tools), job.clone());
        let worked = tokio::task::spawn_blocking(move || tools.carry_out(&job)).await;
        worked.unwrap_or_else(|error| Err(Fault::Passing(error.to_string())))
    }

    async fn finish(
        &self,
        job: Job,
        key: &Key,
        product: Product,
        delivered: u64,
    ) -> Result<AckKind, Failure> {
        let Product { output, conclusion } = product;
        // Reports may be the same under two keys; signed documents never are.
        let only_ours = matches!(job.profile, Profile::Sign(_));
        let outcome = Outcome::Done { output: output.clone(), conclusion };
        match self.enter(key, &self.record(Some(job), outcome, delivered)).await? {
            Entered::Ours => count(&self.counts.done),
            Entered::Others(there) => {
                count(&self.counts.discarded);
                if only_ours && there.output() != Some(&output) {
                    let tools = Arc::clone(&self.tools);
                    let _ = tokio::task::spawn_blocking(move || tools.discard(&output)).await;
                }
            }
        }
        Ok(AckKind::Ack)
    }

    async fn fail(
        &self,
        job: Option<Job>,
        key: &Key,
        reason: &str,
        delivered: u64,
    ) -> Result<(), Failure> {
        let reason: String = reason.chars().take(MOST_OF_REASON).collect();
        let name = job.as_ref().map_or("a message", |it| it.name.as_str());
        say(&format!("failed: {name}: {reason}"));
        match self.enter(key, &self.record(job, Outcome::Failed { reason }, delivered)).await? {
            Entered::Ours => count(&self.counts.failed),
            // Another worker came to an end after all.
            Entered::Others(_) => count(&self.counts.answered),
        }
        Ok(())
    }

    fn record(&self, job: Option<Job>, outcome: Outcome, attempts: u64) -> Record {
        Record { job, outcome, worker: self.name.clone(), attempts, at: UtcTime::now() }
    }

    async fn enter(&self, key: &Key, record: &Record) -> Result<Entered, Failure> {
        let mut last: Failure = "never tried".into();
        for pause in PAUSES {
            sleep(Duration::from_secs(pause)).await;
            match self.queue.enter(key, record).await {
                Ok(entered) => return Ok(entered),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn pause_after(&self, delivered: u64) -> Duration {
        let doublings = u32::try_from(delivered.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 2_u32.saturating_pow(doublings);
        self.pause.checked_mul(factor).map_or(LONGEST_PAUSE, |it| it.min(LONGEST_PAUSE))
    }
}

impl Record {
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }

    pub(crate) fn output(&self) -> Option<&Sha256> {
        match &self.outcome {
            Outcome::Done { output, .. } => Some(output),
            Outcome::Failed { .. } => None,
        }
    }
}

async fn while_saying_so<T>(
    message: &Message,
    ack_wait: Duration,
    work: impl Future<Output = T>,
) -> T {
    let often = (ack_wait / 3).max(Duration::from_millis(10));
    let mut due = interval_at(Instant::now() + often, often);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            worked = &mut work => return worked,
            _ = due.tick() => { let _ = message.ack_with(AckKind::Progress).await; }
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
