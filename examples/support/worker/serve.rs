//! A worker's loop: takes as many jobs as it has hands, until it is told to end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::PullConsumer;
use futures_util::StreamExt;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::queue::Failure;
use crate::say;
use crate::task::{Counts, Worker};

/// How long a question for jobs stands: so long ending may take when there is nothing to do.
const QUESTION: Duration = Duration::from_secs(1);

/// Ends when it is told to, once what is in hand has a result.
pub(crate) async fn serve(
    worker: Arc<Worker>,
    hands: usize,
    ack_wait: Duration,
) -> Result<(), Failure> {
    let stop = told_by_signals()?;
    let mut loops = JoinSet::new();
    for part in worker.tools.parts() {
        let consumer = worker.queue.consumer(&part, ack_wait).await?;
        say(&format!("{}: serving {part}", worker.name));
        loops.spawn(take(Arc::clone(&worker), consumer, hands, stop.clone()));
    }
    if loops.is_empty() {
        return Err("give a key to sign with, --trust to verify by, or both".into());
    }
    while let Some(ended) = loops.join_next().await {
        ended?;
    }
    say(&format!("{}: {}", worker.name, worker.counts));
    Ok(())
}

/// Each part of the queue has hands of its own, so that one that is empty keeps none from
/// another; the threads they work with are the same.
async fn take(
    worker: Arc<Worker>,
    consumer: PullConsumer,
    hands: usize,
    mut stop: watch::Receiver<bool>,
) {
    let ack_wait = consumer.cached_info().config.ack_wait;
    let hands = Arc::new(Semaphore::new(hands));
    let mut in_hand = JoinSet::new();
    while !*stop.borrow() {
        let mut free = tokio::select! {
            free = free_ones(&hands) => free,
            _ = stop.changed() => break,
        };
        let asked = consumer.batch().max_messages(free.len()).expires(QUESTION).messages().await;
        let error = match asked {
            Ok(mut messages) => loop {
                match messages.next().await {
                    // It came although nobody wanted it any more.
                    Some(Ok(message)) if *stop.borrow() => {
                        let _ = message.double_ack_with(AckKind::Nak(None)).await;
                    }
                    Some(Ok(message)) => {
                        let (worker, hand) = (Arc::clone(&worker), free.pop());
                        in_hand.spawn(async move {
                            worker.handle(message, ack_wait).await;
                            drop(hand);
                        });
                    }
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            },
            Err(error) => Some(error.into()),
        };
        if let Some(error) = error {
            say(&format!("the queue does not answer: {error}"));
            let _ = tokio::time::timeout(QUESTION, stop.changed()).await;
        }
        while in_hand.try_join_next().is_some() {}
    }
    while in_hand.join_next().await.is_some() {}
}

/// At least one.
async fn free_ones(hands: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    let mut free: Vec<_> = Arc::clone(hands).acquire_owned().await.into_iter().collect();
    while let Ok(another) = Arc::clone(hands).try_acquire_owned() {
        free.push(another);
    }
    free
}

/// By SIGINT and SIGTERM; by a second one, the program ends at once.
fn told_by_signals() -> std::io::Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if tell.send_replace(true) {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            say("told to end: what is in hand is finished, nothing new is taken");
        }
    });
    Ok(told)
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [done, answered, failed, postponed, discarded] =
            [&self.done, &self.answered, &self.failed, &self.postponed, &self.discarded]
                .map(|it| it.load(Ordering::Relaxed));
        write!(
            f,
            "done {done}, answered from results {answered}, failed {failed}, \
             postponed {postponed}, discarded {discarded}"
        )
    }
}
