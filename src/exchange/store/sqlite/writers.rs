//! Who writes at the same time shares a transaction, and so waits for the disk but once.
//!
//! Writers come one after the other. Whoever is through while another one waits leaves the
//! transaction open to that one, and learns from it how it ended; the last one ends it. Where
//! one of them fails, its own part is undone; where one panics, the database undoes it all, or
//! it cannot be ended, so is everybody's, who are told. Nobody is told anything that may yet be
//! undone, neither that something is written nor why it cannot be.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection as Sql;

use super::{Within, failed, wait_for_the_disk};
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::store::sql::{Connection, Kept};

/// What is carried out within a transaction.
type Work<'w> = dyn FnMut(&mut dyn Connection) -> Result<()> + 'w;

/// All who write by one connection.
pub(super) struct Writers {
    /// Those who have yet to be let in: one of them ends what was left open.
    waiting: AtomicUsize,
    inside: Mutex<Inside>,
    durable: bool,
}

/// What one has in hand, who was let in.
struct Inside {
    connection: Sql,
    /// Has on the disk what is kept beside the database.
    sync: Box<dyn Fn() -> Result<()> + Send>,
    /// Whether the connection waits for the disk at the end of a transaction.
    waits: bool,
    open: Option<Open>,
}

/// A transaction that is open.
struct Open {
    members: usize,
    end: Arc<End>,
}

/// How a transaction ended, for those who left it.
#[derive(Default)]
struct End {
    told: Mutex<Option<Outcome>>,
    heard: Condvar,
}

/// With what it failed, if it did.
type Outcome = std::result::Result<(), String>;

/// More do not share a transaction: the first of them waits for the last.
const MOST: usize = 64;

impl Writers {
    /// By a connection that waits for the disk if `durable`; `sync` has on the disk what is
    /// kept beside the database.
    pub(super) fn new(
        connection: Sql,
        durable: bool,
        sync: impl Fn() -> Result<()> + Send + 'static,
    ) -> Self {
        let inside = Inside { connection, sync: Box::new(sync), waits: durable, open: None };
        Self { waiting: AtomicUsize::new(0), inside: Mutex::new(inside), durable }
    }

    pub(super) fn write(&self, kept: Kept, work: &mut Work<'_>) -> Result<()> {
        let (waits, alone) = (self.durable && kept != Kept::Soon, kept == Kept::Alone);
        let mut inside = self.enter();
        inside.join(waits, alone)?;
        let worked = inside.carry_out(work);
        let Some(open) = &inside.open else { return worked };
        if alone || open.members >= MOST || self.waiting.load(Ordering::SeqCst) == 0 {
            return inside.end().and(worked);
        }
        let end = Arc::clone(&open.end);
        drop(inside);
        end.hear().and(worked)
    }

    fn enter(&self) -> MutexGuard<'_, Inside> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        inside
    }
}

impl Inside {
    /// Has a transaction open. Who waits for the disk joins none that does not, and who is to
    /// be alone joins none.
    fn join(&mut self, waits: bool, alone: bool) -> Result<()> {
        if self.open.is_some() && (alone || waits && !self.waits) {
            // Those who left it are told.
            let _ = self.end();
        }
        if self.open.is_some() {
            return Ok(());
        }
        self.roll_back();
        if self.waits != waits {
            wait_for_the_disk(&self.connection, waits).map_err(failed)?;
            self.waits = waits;
        }
        // The right to write is had from the beginning: who has read will not be told later
        // that somebody else was faster.
        self.run("BEGIN IMMEDIATE")?;
        self.open = Some(Open { members: 0, end: Arc::default() });
        Ok(())
    }

    /// What `work` did is undone where it fails.
    fn carry_out(&mut self, work: &mut Work<'_>) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.members = open.members.saturating_add(1);
        if open.members == 1 {
            let worked = self.caught(work);
            if worked.is_err() {
                self.undo("nobody else is in it");
            }
            return worked;
        }
        let worked = self.run("SAVEPOINT one").and_then(|()| self.caught(work));
        let settled = match worked {
            Ok(()) => self.run("RELEASE one"),
            Err(_) => self.run("ROLLBACK TO one").and_then(|()| self.run("RELEASE one")),
        };
        if let Err(error) = &settled {
            self.undo(&error.to_string());
        }
        worked.and(settled)
    }

    /// Where it panics, what everybody did is undone.
    fn caught(&mut self, work: &mut Work<'_>) -> Result<()> {
        let connection = &self.connection;
        let worked = catch_unwind(AssertUnwindSafe(|| work(&mut Within(connection))));
        let worked = worked.unwrap_or_else(|panic| {
            self.undo("another writer panicked");
            resume_unwind(panic)
        });
        // As the database may do by itself, such as where the disk is full.
        if self.connection.is_autocommit() {
            let why = "the database undid what was written";
            self.undo(why);
            return worked.and(Err(Error::new(ErrorKind::Io, why)));
        }
        worked
    }

    /// What everybody did is written, or nobody's; whoever left it is told.
    fn end(&mut self) -> Result<()> {
        let Some(Open { end, .. }) = self.open.take() else { return Ok(()) };
        let ended = (self.sync)().and_then(|()| self.run("COMMIT"));
        if ended.is_err() {
            self.roll_back();
        }
        tell(&end, || ended.as_ref().copied().map_err(Error::to_string));
        ended
    }

    fn undo(&mut self, why: &str) {
        self.roll_back();
        if let Some(Open { end, .. }) = self.open.take() {
            tell(&end, || Err(why.to_owned()));
        }
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // Where even this fails, the next one tries it again.
            let _ = self.run("ROLLBACK");
        }
    }

    fn run(&self, statement: &str) -> Result<()> {
        let run = self.connection.prepare_cached(statement).and_then(|mut it| it.raw_execute());
        run.map(drop).map_err(failed)
    }
}

/// Those who left, who each have `end`: whoever is alone has nobody to wake.
fn tell(end: &Arc<End>, how: impl FnOnce() -> Outcome) {
    if Arc::strong_count(end) > 1 {
        *end.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(how());
        end.heard.notify_all();
    }
}

impl End {
    fn hear(&self) -> Result<()> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let told = self.heard.wait_while(told, |it| it.is_none());
        match &*told.unwrap_or_else(PoisonError::into_inner) {
            Some(Err(why)) => Err(Error::new(ErrorKind::Io, why.as_str())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
