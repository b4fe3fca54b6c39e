//! The token by which a service knows this application, as long as it lasts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::time::UtcTime;

/// The latest token. One is obtained at a time: those who come meanwhile wait for it.
pub(crate) struct Latest<T>(Mutex<Option<Token<T>>>);

/// A token, and until when it is used: somewhat less than it lasts, where it is known to end.
#[derive(Clone)]
pub(crate) struct Token<T> {
    pub(crate) text: T,
    pub(crate) until: Option<UtcTime>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + PartialEq> Latest<T> {
    /// The token at this time, and a new one where there is none any more.
    pub(crate) fn get(&self, now: UtcTime, obtain: impl FnOnce() -> Result<Token<T>>) -> Result<T> {
        let mut latest = self.lock();
        if let Some(it) = latest.as_ref().filter(|it| it.until.is_none_or(|until| now < until)) {
            return Ok(it.text.clone());
        }
        *latest = None;
        let token = obtain()?;
        *latest = Some(token.clone());
        Ok(token.text)
    }

    /// The service does not take this token any more. A newer one stays.
    pub(crate) fn refused(&self, text: &T) {
        let mut latest = self.lock();
        if latest.as_ref().is_some_and(|it| it.text == *text) {
            *latest = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Token<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_token_is_obtained_once_while_it_lasts() {
        let latest = Latest::default();
        let now: UtcTime = "2026-11-22T08:00:00Z".parse().unwrap();
        let obtained = |seconds, text: &'static str| {
            let until = Some(now.plus_seconds(seconds));
            move || Ok(Token { text, until })
        };
        let nobody = || Err(Error::misuse("nobody is asked"));
        assert_eq!(latest.get(now, obtained(10, "a")).unwrap(), "a");
        assert_eq!(latest.get(now.plus_seconds(9), nobody).unwrap(), "a");
        assert_eq!(latest.get(now.plus_seconds(10), obtained(20, "b")).unwrap(), "b");
        latest.refused(&"a");
        assert_eq!(latest.get(now.plus_seconds(11), nobody).unwrap(), "b", "a newer one stays");
        latest.refused(&"b");
        assert!(latest.get(now, nobody).is_err());
        let endless = || Ok(Token { text: "c", until: None });
        assert_eq!(latest.get(now, endless).unwrap(), "c");
        assert_eq!(latest.get(now.plus_seconds(1_000_000), nobody).unwrap(), "c");
    }
}
