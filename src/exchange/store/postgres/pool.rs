//! Connections that are used one after the other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{Failure, Link, failed_with};
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::store::sql::{Connection, Database, Kept};

/// A few connections, made when they are needed.
pub(super) struct Pool {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    idle: Vec<Link>,
    /// How many more may be made.
    room: u32,
}

/// How often a transaction is carried out again, where the server asks for that.
const ATTEMPTS: u32 = 20;
/// How often a server that went away is asked what became of a transaction.
const QUESTIONS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// On every connection: a lock is waited for, and may be held by who is idle, for half a
/// minute.
const SETTINGS: &str = "SET lock_timeout = '30s'; \
                        SET idle_in_transaction_session_timeout = '60s'; \
                        SET client_min_messages = 'warning'";

impl Pool {
    pub(super) fn new(config: Config, tls: Option<MakeRustlsConnect>, most: u32) -> Self {
        let state = State { idle: Vec::new(), room: most };
        Self { config, tls, state: Mutex::new(state), freed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<Link> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = client.map_err(|error| failed_with(&error))?;
        client.batch_execute(SETTINGS).map_err(|error| failed_with(&error))?;
        Ok(Link::new(client))
    }

    fn lease(&self) -> Result<Lease<'_>> {
        let mut state = self.state();
        loop {
            if let Some(link) = state.idle.pop() {
                return Ok(Lease { pool: self, link: Some(link) });
            }
            if state.room > 0 {
                state.room = state.room.saturating_sub(1);
                break;
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        // Gives its place back where no connection comes about.
        let mut lease = Lease { pool: self, link: None };
        lease.link = Some(self.connect()?);
        Ok(lease)
    }

    fn transaction(
        &self,
        writes: Option<Kept>,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>,
    ) -> Result<()> {
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let error = match self.lease()?.transaction(writes, work) {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Unknown(number, error)) => return self.settle(&number, error),
                Err(Failure::Again(error)) => error,
            };
            if attempt >= ATTEMPTS {
                return Err(error);
            }
            // Those that were in each other's way do not come back at the same time.
            std::thread::sleep(Duration::from_millis(attempt.saturating_mul(3).into()));
        }
    }

    /// Asks what became of a transaction whose end was not confirmed.
    fn settle(&self, number: &str, error: Error) -> Result<()> {
        for _ in 0..QUESTIONS {
            let outcome = self.lease().and_then(|mut lease| lease.outcome(number));
            match outcome {
                Ok(Some(true)) => return Ok(()),
                Ok(Some(false)) => return Err(error),
                Ok(None) | Err(_) => std::thread::sleep(PAUSE),
            }
        }
        let text = "the database went away, and it is not known what it has kept";
        Err(Error::new(ErrorKind::Io, text).because(error))
    }
}

impl Database for Pool {
    fn write(
        &self,
        kept: Kept,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>,
    ) -> Result<()> {
        self.transaction(Some(kept), work)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()> {
        self.transaction(None, work)
    }
}

/// A connection in one thread's hands. It is kept for the next one only where its
/// transaction came to an end; otherwise closing it ends what is left.
struct Lease<'p> {
    pool: &'p Pool,
    link: Option<Link>,
}

impl Lease<'_> {
    fn transaction(
        mut self,
        writes: Option<Kept>,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>,
    ) -> Result<(), Failure> {
        // Taken out, so that it is closed where `work` panics.
        let Some(mut link) = self.link.take() else {
            return Err(Failure::Final(Error::misuse("there is no connection")));
        };
        let outcome = link.transaction(writes, work);
        let sound = match &outcome {
            Ok(()) => true,
            Err(Failure::Unknown(..)) => false,
            Err(Failure::Again(_) | Failure::Final(_)) => link.roll_back(),
        };
        self.link = sound.then_some(link);
        outcome
    }

    fn outcome(&mut self, number: &str) -> Result<Option<bool>> {
        let link = self.link.take();
        let mut link = link.ok_or_else(|| Error::misuse("there is no connection"))?;
        let outcome = link.outcome(number)?;
        self.link = Some(link);
        Ok(outcome)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        match self.link.take() {
            Some(link) => state.idle.push(link),
            None => state.room = state.room.saturating_add(1),
        }
        drop(state);
        self.pool.freed.notify_one();
    }
}
