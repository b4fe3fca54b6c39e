//! The sessions with one token: as many as it allows, lent to one thread each.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::access::{Access, Trouble};
use super::driver::{Connection, Driver, Fault, FaultKind, Job};
use super::info::TokenInfo;
use super::refused::Refused;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};

/// A token, wherever it is plugged in.
pub(super) struct Pool {
    driver: Arc<dyn Driver>,
    token: TokenInfo,
    slots: usize,
    state: Mutex<State>,
    /// A session was given back or closed.
    freed: Condvar,
    access: Mutex<Access>,
}

struct State {
    /// Nothing while it is not known where the token is.
    slot: Option<u64>,
    /// Raised when what is known of the slot and of sessions does not hold any more.
    place: u64,
    /// Raised then, too, and when nobody is logged in any more.
    round: u64,
    idle: Vec<Box<dyn Connection>>,
    /// Idle, lent, or being opened.
    open: usize,
    /// Of them, those that are open, and since this round began.
    of_round: usize,
    most: usize,
}

/// Whether a session has to be logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Login,
    /// Only where it is known how.
    LoginIfGiven,
}

impl Pool {
    pub(super) fn new(
        driver: Arc<dyn Driver>,
        slot: u64,
        token: TokenInfo,
        limits: &Limits,
    ) -> Self {
        let most = token.sessions.unwrap_or(usize::MAX);
        let state = State {
            slot: Some(slot),
            place: 0,
            round: 0,
            idle: Vec::new(),
            open: 0,
            of_round: 0,
            most: most.max(1),
        };
        let refused = Refused::by(driver.name(), token.identity());
        Self {
            driver,
            token,
            slots: limits.token_slots,
            state: Mutex::new(state),
            freed: Condvar::new(),
            access: Mutex::new(Access::new(refused)),
        }
    }

    pub(super) fn token(&self) -> &TokenInfo {
        &self.token
    }

    pub(super) fn access(&self) -> MutexGuard<'_, Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` with a session. Where the token was taken out in between, or has forgotten
    /// who is logged in, it is searched and logged in to again, and `work` done once more.
    ///
    /// # Errors
    /// `Signer`, with what to do.
    pub(super) fn run<T>(
        &self,
        need: Need,
        mut work: impl FnMut(&mut Lease<'_>) -> Result<T, Trouble>,
    ) -> Result<T> {
        let mut lost = None;
        for _ in 0..2 {
            match self.attempt(need, &mut work) {
                Ok(done) => return Ok(done),
                Err((_, Trouble::Said(error))) => return Err(error),
                Err((_, Trouble::Faulty(fault))) => return Err(self.refused(fault)),
                Err((place, Trouble::Lost(fault))) => {
                    self.forget(place);
                    lost = Some(fault);
                }
            }
        }
        Err(self.gone(lost))
    }

    fn attempt<T>(
        &self,
        need: Need,
        work: &mut dyn FnMut(&mut Lease<'_>) -> Result<T, Trouble>,
    ) -> Result<T, (u64, Trouble)> {
        let has_login = {
            let access = self.access();
            access.check().map_err(|error| (0, error.into()))?;
            access.has_login()
        };
        let mut lease = self.lend()?;
        let place = lease.place;
        let at_place = |trouble| (place, trouble);
        if need == Need::Login || has_login {
            lease.log_in().map_err(at_place)?;
        }
        let done = work(&mut lease).map_err(at_place)?;
        lease.is_sound = true;
        Ok(done)
    }

    /// A session of its own for the calling thread, which waits until there is one.
    fn lend(&self) -> Result<Lease<'_>, (u64, Trouble)> {
        let mut state = self.state();
        loop {
            let place = state.place;
            let slot = match state.slot {
                Some(slot) => slot,
                None => self.find(&mut state).map_err(|trouble| (place, trouble))?,
            };
            if let Some(connection) = state.idle.pop() {
                return Ok(Lease::new(self, Some(connection), &state, slot));
            }
            if state.open < state.most {
                state.open += 1;
                let mut lease = Lease::new(self, None, &state, slot);
                drop(state);
                match self.driver.open(slot) {
                    Ok(connection) => {
                        lease.is_open(connection);
                        return Ok(lease);
                    }
                    Err(fault) => {
                        drop(lease);
                        state = self.fewer(fault).map_err(|trouble| (place, trouble))?;
                    }
                }
            } else {
                state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// A session could not be opened. Where the token has no more of them, those of this
    /// process have to do.
    fn fewer(&self, fault: Fault) -> Result<MutexGuard<'_, State>, Trouble> {
        let mut state = self.state();
        if fault.kind != FaultKind::Sessions {
            return Err(fault.into());
        }
        if state.open == 0 {
            let what = format!(
                "the token {} has no session left; end other programs that use it, and share \
                 one `Token` within this one",
                self.token
            );
            return Err(Error::new(ErrorKind::Signer, what).because(fault).into());
        }
        state.most = state.open;
        Ok(state)
    }

    /// Where the token is now, by its serial number.
    fn find(&self, state: &mut State) -> Result<u64, Trouble> {
        let mut found = plugged_in(&*self.driver, self.slots)?;
        found.retain(|(_, token)| self.is(token));
        // Some makers give all tokens one serial number.
        if found.len() > 1 {
            found.retain(|(_, token)| token.label == self.token.label);
        }
        let slot = match found.as_slice() {
            [(slot, _)] => *slot,
            [] => return Err(self.gone(None).into()),
            _ => return Err(self.several().into()),
        };
        state.slot = Some(slot);
        state.most = self.token.sessions.unwrap_or(usize::MAX).max(1);
        Ok(slot)
    }

    fn is(&self, other: &TokenInfo) -> bool {
        other.identity() == self.token.identity()
    }

    fn several(&self) -> Error {
        let what = format!(
            "several tokens say that they are {}: no PIN was presented; leave only the right one \
             plugged in and repeat",
            self.token
        );
        Error::new(ErrorKind::Signer, what)
    }

    /// Nothing that is known of this place holds any more; unless somebody else said so first.
    fn forget(&self, place: u64) {
        let mut state = self.state();
        if state.place != place {
            return;
        }
        state.place = place.wrapping_add(1);
        state.begin_round();
        state.slot = None;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        let closed = idle.len();
        // Closed before others are opened.
        drop(idle);
        let mut state = self.state();
        state.open = state.open.saturating_sub(closed);
        drop(state);
        self.freed.notify_all();
    }

    fn gone(&self, fault: Option<Fault>) -> Error {
        let what = format!(
            "the token {} is not there any more, or does not stay; plug it in again and repeat",
            self.token
        );
        let error = Error::new(ErrorKind::Signer, what);
        match fault {
            Some(fault) => error.because(fault),
            None => error,
        }
    }

    fn refused(&self, fault: Fault) -> Error {
        let what = match fault.kind {
            FaultKind::Mechanism => "does not sign so with this key; choose another algorithm",
            FaultKind::NoSuchKey => {
                "has no such private key any more; list what is on it by `Token::entries`"
            }
            _ => {
                "did not do what it was asked for; see what its driver says, take it out and put \
                 it in again"
            }
        };
        Error::new(ErrorKind::Signer, format!("the token {} {what} ({fault})", self.token))
            .because(fault)
    }
}

impl State {
    /// Nobody counts as logged in any more.
    fn begin_round(&mut self) {
        self.round = self.round.wrapping_add(1);
        self.of_round = 0;
    }
}

/// The tokens that are there now, with their slots. One that is taken out right now, or cannot
/// be read, is none.
pub(super) fn plugged_in(
    driver: &dyn Driver,
    most: usize,
) -> Result<Vec<(u64, TokenInfo)>, Trouble> {
    let slots = driver.slots()?;
    within(slots.len(), most, "slots")?;
    let token = |slot| Some((slot, driver.token(slot).ok()?));
    Ok(slots.into_iter().filter_map(token).collect())
}

/// A session that is lent to one thread. One on which something failed is not lent again: an
/// operation may be left open on it.
pub(super) struct Lease<'a> {
    pool: &'a Pool,
    connection: Option<Box<dyn Connection>>,
    place: u64,
    round: u64,
    pub(super) slot: u64,
    is_sound: bool,
}

impl<'a> Lease<'a> {
    fn new(
        pool: &'a Pool,
        connection: Option<Box<dyn Connection>>,
        state: &State,
        slot: u64,
    ) -> Self {
        let State { place, round, .. } = *state;
        Self { pool, connection, place, round, slot, is_sound: false }
    }

    /// It belongs to the round that is now: whoever closed the last one while this one was
    /// opened began another, in which this one logs in.
    fn is_open(&mut self, connection: Box<dyn Connection>) {
        self.connection = Some(connection);
        let mut state = self.pool.state();
        if state.place == self.place {
            self.round = state.round;
        }
        if state.round == self.round {
            state.of_round = state.of_round.saturating_add(1);
        }
    }

    /// # Errors
    /// `Misuse` when there is none, which nobody causes who got the lease.
    pub(super) fn session(&mut self) -> Result<&mut dyn Connection> {
        match &mut self.connection {
            Some(connection) => Ok(&mut **connection),
            None => Err(Error::misuse("there is no session")),
        }
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.pool.access().is_in(self.round)
    }

    pub(super) fn driver(&self) -> &dyn Driver {
        &*self.pool.driver
    }

    /// Once in a round: who is logged in by one session is by all of this process.
    fn log_in(&mut self) -> Result<(), Trouble> {
        let pool = self.pool;
        let mut access = pool.access();
        if access.is_in(self.round) {
            return Ok(access.check()?);
        }
        let (info, round) = (self.look()?, self.round);
        if info.login_required {
            let look = || pool.driver.token(self.slot).ok();
            let session = match &mut self.connection {
                Some(session) => session,
                None => return Err(Error::misuse("there is no session").into()),
            };
            access.present(&info, &look, &mut |pin| match session.login(pin) {
                Err(fault) if fault.kind == FaultKind::AlreadyLoggedIn => Ok(()),
                answer => answer,
            })?;
        }
        access.enter(round);
        Ok(())
    }

    /// One signature with the PIN for it. Nobody else presents one meanwhile; what is known
    /// before that cannot be signed costs none.
    pub(super) fn sign_by_pin(&mut self, job: &Job<'_>) -> Result<Vec<u8>, Trouble> {
        self.session()?.begin(job)?;
        let pool = self.pool;
        let mut access = pool.access();
        let info = self.look()?;
        let look = || pool.driver.token(self.slot).ok();
        match &mut self.connection {
            Some(session) => access.present(&info, &look, &mut |pin| session.finish(job, pin)),
            None => Err(Error::misuse("there is no session").into()),
        }
    }

    /// What the token says now. In its slot there may be another one by now, which must not see
    /// the PIN.
    fn look(&self) -> Result<TokenInfo, Trouble> {
        let info = self.pool.driver.token(self.slot)?;
        if self.pool.is(&info) {
            return Ok(info);
        }
        Err(Trouble::Lost(Fault {
            kind: FaultKind::Removed,
            at_login: false,
            what: format!("there is the token {info} in its slot"),
        }))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take();
        let mut state = self.pool.state();
        match connection {
            Some(connection) if self.is_sound && state.round == self.round => {
                state.idle.push(connection);
            }
            connection => {
                if connection.is_some() && state.round == self.round {
                    state.of_round = state.of_round.saturating_sub(1);
                    if state.of_round == 0 {
                        // With its last session an application is logged out. Whoever opens
                        // one while this one is closed logs in.
                        state.begin_round();
                    }
                }
                drop(state);
                // Closed before another is opened instead.
                drop(connection);
                state = self.pool.state();
                state.open = state.open.saturating_sub(1);
            }
        }
        drop(state);
        self.pool.freed.notify_all();
    }
}
