//! Logging in, so that no PIN is presented once more than it has to be.

use std::sync::Arc;

use super::driver::{Fault, FaultKind};
use super::info::{PinTries, TokenInfo};
use super::pin::{Login, Source};
use super::refused::{Refused, mark};
use crate::error::{Error, ErrorKind, Result};

/// What is known of the login to one token. Whoever presents a PIN holds it alone.
pub(super) struct Access {
    login: Option<Login>,
    last_try: bool,
    /// In words, once a PIN was refused: it is not presented again.
    refused: Option<String>,
    /// What others of this process were refused by the same token.
    by_all: Arc<Refused>,
    /// Sessions of this round are logged in.
    round: Option<u64>,
}

/// Why nothing came of a call.
pub(super) enum Trouble {
    /// A new session may do better.
    Lost(Fault),
    /// The module said so, and it would again.
    Faulty(Fault),
    Said(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        if fault.is_lost() { Self::Lost(fault) } else { Self::Faulty(fault) }
    }
}

impl Access {
    pub(super) fn new(by_all: Arc<Refused>) -> Self {
        Self { login: None, last_try: false, refused: None, by_all, round: None }
    }

    /// Whatever this object was refused before does not count against the new one.
    pub(super) fn set(&mut self, login: Login) {
        self.login = Some(login);
        self.refused = None;
    }

    /// The same, whoever was refused: the reason is mended.
    pub(super) fn renew(&mut self, login: Login) {
        self.by_all.presenting().forget();
        self.set(login);
    }

    pub(super) fn allow_last_try(&mut self) {
        self.last_try = true;
    }

    pub(super) fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// # Errors
    /// `Signer` when a PIN was refused and there was no other since.
    pub(super) fn check(&self) -> Result<()> {
        match &self.refused {
            Some(why) => Err(Error::new(ErrorKind::Signer, why)),
            None => Ok(()),
        }
    }

    pub(super) fn is_in(&self, round: u64) -> bool {
        self.round == Some(round)
    }

    pub(super) fn enter(&mut self, round: u64) {
        self.round = Some(round);
    }

    /// Has `by` present the PIN, unless it must not be. `look` asks the token about itself once
    /// more, to tell how many tries are left.
    pub(super) fn present<T>(
        &mut self,
        info: &TokenInfo,
        look: &dyn Fn() -> Option<TokenInfo>,
        by: &mut dyn FnMut(Option<&str>) -> Result<T, Fault>,
    ) -> Result<T, Trouble> {
        self.check()?;
        self.check_token(info)?;
        let asked;
        let pin = match &self.login {
            _ if info.pin_pad => None,
            None => return Err(no_login(info).into()),
            Some(Login(Source::OnDevice)) => return Err(no_pad(info).into()),
            Some(Login(Source::Pin(pin))) => Some(pin.text()),
            Some(Login(Source::Ask(ask))) => {
                asked = ask(info).map_err(of_the_holder)?;
                Some(asked.text())
            }
        };
        check_length(info, pin)?;
        let by_all = Arc::clone(&self.by_all);
        let mut presenting = by_all.presenting();
        // None is entered at the token itself.
        let mark = pin.map(mark);
        if mark.is_some_and(|it| presenting.has(it)) {
            return Err(self
                .remember(format!("a login to the token {info} with this PIN has failed before")));
        }
        match by(pin) {
            Err(fault) if fault.at_login || fault.kind.is_of_pin() => {
                let trouble = self.judge(fault, info, look);
                if let (Some(mark), Some(_)) = (mark, &self.refused) {
                    presenting.add(mark);
                }
                Err(trouble)
            }
            answer => answer.map_err(Trouble::from),
        }
    }

    /// From now on nothing is presented, for this reason.
    fn remember(&mut self, why: String) -> Trouble {
        let what = format!(
            "{why}. This PIN is not presented again: give another by `Token::set_login` once \
             the reason is mended"
        );
        self.refused = Some(what.clone());
        Trouble::Said(Error::new(ErrorKind::Signer, what))
    }

    /// What the token says before any PIN is presented.
    fn check_token(&self, info: &TokenInfo) -> Result<()> {
        let signer = |what: String| Err(Error::new(ErrorKind::Signer, what));
        match info.tries {
            PinTries::Locked => signer(locked(info)),
            PinTries::Last if !self.last_try => signer(format!(
                "the token {info} has one try left for its PIN, and a wrong one locks it: no PIN \
                 was presented; see that it is the right one, then allow it by \
                 `Token::allow_last_try`"
            )),
            _ if !info.pin_set => signer(unset(info)),
            _ => Ok(()),
        }
    }

    /// A login that failed. Unless it is certain that no PIN was looked at, it may have cost a
    /// try, and is the last one with this PIN.
    fn judge(
        &mut self,
        fault: Fault,
        info: &TokenInfo,
        look: &dyn Fn() -> Option<TokenInfo>,
    ) -> Trouble {
        let tries = || look().map_or(PinTries::Unsaid, |it| it.tries);
        let what = match fault.kind {
            FaultKind::Stale => return Trouble::Lost(fault),
            FaultKind::Cancelled => {
                return said(format!("no PIN was entered for the token {info}"), fault);
            }
            FaultKind::PinUnset => return said(unset(info), fault),
            FaultKind::OtherUser => {
                let what = format!(
                    "somebody else, such as the security officer, is logged in to the token \
                     {info} by this process; log out there first"
                );
                return said(what, fault);
            }
            FaultKind::PinIncorrect => match tries() {
                PinTries::Locked => locked(info),
                tries => format!("the PIN is not that of the token {info}; {tries}"),
            },
            FaultKind::PinLocked => locked(info),
            FaultKind::PinExpired => format!(
                "the PIN of the token {info} has expired; set a new one with the program that \
                 came with the token"
            ),
            FaultKind::PinMalformed => format!(
                "the token {info} takes no such PIN (its length, or what it is made of); {}",
                tries()
            ),
            // Modules err in what they answer: what no login should be answered by is no proof.
            FaultKind::AlreadyLoggedIn
            | FaultKind::NotLoggedIn
            | FaultKind::Removed
            | FaultKind::Sessions
            | FaultKind::Mechanism
            | FaultKind::NoSuchKey
            | FaultKind::Other => format!(
                "the token {info} did not let this process log in ({fault}); it is not known \
                 whether that cost a try; {}",
                tries()
            ),
        };
        match self.remember(what) {
            Trouble::Said(error) => Trouble::Said(error.because(fault)),
            other => other,
        }
    }
}

/// Whoever is asked and gives no PIN is the key's holder, whatever kept them from it: nobody is
/// asked for the rest of a batch.
fn of_the_holder(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Signer => error,
        _ => Error::new(ErrorKind::Signer, error.to_string()).because(error),
    }
}

fn said(what: String, fault: Fault) -> Trouble {
    Trouble::Said(Error::new(ErrorKind::Signer, what).because(fault))
}

fn locked(info: &TokenInfo) -> String {
    format!(
        "the PIN of the token {info} is locked; who issued the token can unlock it with the \
         security officer's PIN (PUK)"
    )
}

fn unset(info: &TokenInfo) -> String {
    format!("the token {info} has no PIN yet; set one with the program that came with the token")
}

fn no_login(info: &TokenInfo) -> Error {
    Error::misuse(format!("the token {info} wants a PIN; give one by `Token::with_login`"))
}

fn no_pad(info: &TokenInfo) -> Error {
    Error::misuse(format!(
        "the token {info} has no keys of its own to enter a PIN at; give one by \
         `Login::with_pin` or `Login::ask`"
    ))
}

/// A PIN that cannot be right is not presented. Tokens that say nonsense are not believed.
fn check_length(info: &TokenInfo, pin: Option<&str>) -> Result<()> {
    let (least, most) = info.pin_octets;
    match pin {
        Some(pin) if most > 0 && least <= most && !(least..=most).contains(&pin.len()) => {
            Err(Error::new(
                ErrorKind::Signer,
                format!(
                    "PINs of the token {info} have {least} to {most} bytes, and this one has not; \
                     it was not presented"
                ),
            ))
        }
        _ => Ok(()),
    }
}
