//! PINs, and how one is come by.

use std::fmt;

use zeroize::Zeroizing;

use super::info::TokenInfo;
use crate::error::Result;

/// A PIN. It is wiped from memory when it is dropped, and never printed.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Takes a PIN. A `String` is moved in, not copied.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(not shown)")
    }
}

/// How a token is logged in to.
pub struct Login(pub(super) Source);

pub(super) enum Source {
    Pin(Pin),
    Ask(Box<Ask>),
    OnDevice,
}

/// Who is asked for a PIN.
type Ask = dyn Fn(&TokenInfo) -> Result<Pin> + Send + Sync;

impl Login {
    /// By a PIN that is kept, so that nobody is asked when the token was taken out and put in
    /// again.
    #[must_use]
    pub fn with_pin(pin: Pin) -> Self {
        Self(Source::Pin(pin))
    }

    /// By a PIN that is asked for each time when one is needed, and not kept: at the first use,
    /// when the token was put in again, and for each signature where the key wants that. What
    /// is asked must not use the same token.
    #[must_use]
    pub fn ask(ask: impl Fn(&TokenInfo) -> Result<Pin> + Send + Sync + 'static) -> Self {
        Self(Source::Ask(Box::new(ask)))
    }

    /// At the keys of the token or its reader
    /// (`CKF_PROTECTED_AUTHENTICATION_PATH`). Where a token has such, it is used in any case.
    #[must_use]
    pub fn on_device() -> Self {
        Self(Source::OnDevice)
    }
}

impl From<Pin> for Login {
    fn from(pin: Pin) -> Self {
        Self::with_pin(pin)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Pin(_) => "Login(by PIN)",
            Source::Ask(_) => "Login(asks)",
            Source::OnDevice => "Login(on device)",
        })
    }
}
