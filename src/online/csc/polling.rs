//! Waiting for a holder who agrees elsewhere, as on a phone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::refusal::may_pass;
use crate::error::{Error, ErrorKind, Result};
use crate::time::UtcTime;

/// How a service is asked again and again whether the holder has agreed: after a second at
/// first, then after pauses that grow to ten, for five minutes in all.
#[derive(Clone)]
pub struct Polling {
    first: Duration,
    longest: Duration,
    whole: Duration,
    pub(super) response_uri: Option<String>,
    cancel: Cancel,
    pause: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
}

/// Calls waiting off, from another thread.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Nobody waits any more, and whoever begins to does not.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(10),
            whole: Duration::from_secs(300),
            response_uri: None,
            cancel: Cancel::default(),
            pause: None,
        }
    }
}

/// Questions in a row that may go unanswered: a network that fails for a moment does not
/// undo what the holder does on a phone.
const UNANSWERED: usize = 3;
/// What is slept at once, so that calling off is heard.
const SLICE: Duration = Duration::from_millis(100);
/// No pause is shorter: whoever asks for none would ask without end.
const SHORTEST: Duration = Duration::from_millis(10);

impl Polling {
    /// With other pauses.
    #[must_use]
    pub fn with_pauses(self, first: Duration, longest: Duration) -> Self {
        let first = first.max(SHORTEST);
        Self { first, longest: longest.max(first), ..self }
    }

    /// For so long in all, and no longer.
    #[must_use]
    pub fn with_bound(self, whole: Duration) -> Self {
        Self { whole, ..self }
    }

    /// Tells the service an address of the application's, where it announces that it is done
    /// (`response_uri`). It is asked nonetheless: announcements get lost.
    #[must_use]
    pub fn with_response_uri(self, uri: impl Into<String>) -> Self {
        Self { response_uri: Some(uri.into()), ..self }
    }

    /// Ends when this is cancelled.
    #[must_use]
    pub fn cancelled_by(self, cancel: &Cancel) -> Self {
        Self { cancel: cancel.clone(), ..self }
    }

    /// Lets time pass by this in place of sleeping, for tests and for programs with a loop of
    /// their own.
    #[must_use]
    pub fn pausing_by(self, pause: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { pause: Some(Arc::new(pause)), ..self }
    }

    /// For how long the service has to keep what comes of it.
    pub(super) fn validity(&self) -> Option<u64> {
        u64::try_from(self.whole.as_millis()).ok()
    }

    /// Asks until there is an answer.
    pub(super) fn until_answered<T>(
        &self,
        call: &str,
        now: &dyn Fn() -> UtcTime,
        mut ask: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let whole = i64::try_from(self.whole.as_millis()).unwrap_or(i64::MAX);
        let ends = now().plus_millis(whole);
        let (mut pause, mut paused, mut unanswered) = (self.first, Duration::ZERO, 0_usize);
        loop {
            // The clock may stand still or be set back: the pauses are counted, too.
            if paused >= self.whole || now() >= ends {
                return Err(self.over(call));
            }
            let this = pause.min(self.whole.saturating_sub(paused)).max(SHORTEST);
            self.pause(call, this)?;
            paused = paused.saturating_add(this);
            match ask() {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => unanswered = 0,
                Err(error) if may_pass(&error) && unanswered < UNANSWERED => {
                    unanswered = unanswered.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
            pause = pause.saturating_add(pause / 2).min(self.longest);
        }
    }

    fn over(&self, call: &str) -> Error {
        let seconds = self.whole.as_secs();
        let what =
            format!("{call}: the key's holder has not agreed within {seconds} seconds; sign again");
        Error::new(ErrorKind::Signer, what)
    }

    fn pause(&self, call: &str, mut left: Duration) -> Result<()> {
        self.check(call)?;
        if let Some(pause) = &self.pause {
            pause(left);
            return self.check(call);
        }
        while !left.is_zero() {
            let slice = left.min(SLICE);
            thread::sleep(slice);
            left = left.saturating_sub(slice);
            self.check(call)?;
        }
        Ok(())
    }

    fn check(&self, call: &str) -> Result<()> {
        if self.cancel.is_cancelled() {
            let what = format!("{call}: waiting for the key's holder was called off");
            return Err(Error::new(ErrorKind::Signer, what));
        }
        Ok(())
    }
}

impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, longest, whole, .. } = self;
        write!(f, "Polling({first:?} to {longest:?}, {whole:?} in all)")
    }
}
