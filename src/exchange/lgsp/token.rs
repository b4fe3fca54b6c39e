//! The token of a login, which lasts for half an hour.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::error::Result;
use crate::time::UtcTime;

/// The latest token. One login at a time: those who come meanwhile wait for its outcome.
#[derive(Default)]
pub(super) struct Token(Mutex<Option<Latest>>);

struct Latest {
    text: Zeroizing<String>,
    /// Until when it is used: somewhat less than it lasts.
    until: UtcTime,
}

/// Seconds for which a token is used. It lasts for 1,800; a call takes up to 300.
const USED: i64 = 1_440;

impl Token {
    /// The token at this time, and a new one where there is none any more.
    pub(super) fn get(
        &self,
        now: UtcTime,
        login: impl FnOnce() -> Result<Zeroizing<String>>,
    ) -> Result<Zeroizing<String>> {
        let mut latest = self.lock();
        if let Some(it) = latest.as_ref().filter(|it| now < it.until) {
            return Ok(it.text.clone());
        }
        *latest = None;
        let text = login()?;
        *latest = Some(Latest { text: text.clone(), until: now.plus_seconds(USED) });
        Ok(text)
    }

    /// The service does not take this token any more. A newer one stays.
    pub(super) fn refused(&self, text: &str) {
        let mut latest = self.lock();
        if latest.as_ref().is_some_and(|it| it.text.as_str() == text) {
            *latest = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Latest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
