//! Where jobs are handed to the threads that work, and outcomes back.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::engine::attempt;
use super::outcome::Outcome;

/// A job with its number, done.
type Done<J, T> = (usize, J, Outcome<T>);

/// Between the thread that called and those that work. A document may take a tenth of a
/// millisecond, and to wake a thread a tenth of that: the caller is woken for several at once,
/// while there still are others to go on with.
pub(super) struct Desk<J, T> {
    state: Mutex<State<J, T>>,
    /// There is a job, or there will be none.
    job: Condvar,
    /// There is something for the caller.
    outcome: Condvar,
    /// Jobs that wait while those who work have enough to go on with.
    enough: usize,
}

struct State<J, T> {
    waiting: VecDeque<(usize, J)>,
    done: Vec<Done<J, T>>,
    /// Threads that wait for a job.
    idle: usize,
    /// Whether the caller waits, and for what.
    caller: Caller,
    closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    Busy,
    /// It is woken by any outcome.
    Waits,
    /// It is woken when those who work run out of jobs, or looks by itself after [`GATHERED`].
    Gathers,
}

/// For how long outcomes are gathered at most: nobody sees that one is told of so much later.
const GATHERED: Duration = Duration::from_millis(1);

impl<J, T> Desk<J, T> {
    pub(super) fn new(threads: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            done: Vec::new(),
            idle: 0,
            caller: Caller::Busy,
            closed: false,
        };
        let (job, outcome) = (Condvar::new(), Condvar::new());
        Self { state: Mutex::new(state), job, outcome, enough: threads }
    }

    fn state(&self) -> MutexGuard<'_, State<J, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job for those who work.
    pub(super) fn put(&self, number: usize, job: J) {
        let mut state = self.state();
        state.waiting.push_back((number, job));
        let idle = state.idle > 0;
        drop(state);
        if idle {
            self.job.notify_one();
        }
    }

    /// What has been done; waits until there is something. One job at least is under way.
    pub(super) fn take(&self) -> Vec<Done<J, T>> {
        let mut state = self.state();
        if state.waiting.len() > self.enough {
            state.caller = Caller::Gathers;
            let waits = |state: &mut State<J, T>| state.caller != Caller::Busy;
            let waited = self.outcome.wait_timeout_while(state, GATHERED, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.done.is_empty() {
            state.caller = Caller::Waits;
            let waits = |state: &mut State<J, T>| state.done.is_empty();
            let waited = self.outcome.wait_while(state, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.caller = Caller::Busy;
        std::mem::take(&mut state.done)
    }

    /// Does one job after the other, until there will be none.
    pub(super) fn serve(&self, work: &(dyn Fn(&mut J) -> Outcome<T> + Sync)) {
        let mut state = self.state();
        loop {
            let Some((number, mut job)) = state.waiting.pop_front() else {
                if state.closed {
                    return;
                }
                state.idle = state.idle.saturating_add(1);
                state = self.job.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle = state.idle.saturating_sub(1);
                continue;
            };
            drop(state);
            let outcome = attempt(|| work(&mut job));
            state = self.state();
            state.done.push((number, job, outcome));
            let wakes = match state.caller {
                Caller::Busy => false,
                Caller::Waits => true,
                Caller::Gathers => state.waiting.len() <= self.enough,
            };
            if wakes {
                state.caller = Caller::Busy;
                self.outcome.notify_one();
            }
        }
    }

    /// There will be no more jobs.
    fn close(&self) {
        self.state().closed = true;
        self.job.notify_all();
    }
}

/// Lets those who work go, whatever becomes of who called.
pub(super) struct Closing<'a, J, T>(pub(super) &'a Desk<J, T>);

impl<J, T> Drop for Closing<'_, J, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}
