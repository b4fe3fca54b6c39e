//! Getting the bytes of a message, from the axis or from the store.

use super::Inbox;
use super::read::Read;
use super::take::Parcel;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::store::{Body, Incoming, IncomingState};
use crate::exchange::transport::Transport;

/// What became of getting the bytes.
pub(super) enum Got {
    /// They are here, and not stored yet.
    Fetched(Body, Read),
    /// They were stored before.
    Kept(Read),
    /// It was decided upon before: only the axis does not know.
    Decided,
    /// Not this time.
    Not { fault: String, hopeless: bool },
}

impl Inbox {
    pub(super) fn fetch(&self, transport: &dyn Transport, incoming: Incoming) -> Parcel {
        let got = match incoming.state {
            IncomingState::Listed => self.fetched(transport, &incoming),
            IncomingState::Stored => self.kept(&incoming).map(Got::Kept),
            _ => Ok(Got::Decided),
        };
        let got = got.unwrap_or_else(|error| not(&error));
        Parcel::new(incoming, got)
    }

    fn fetched(&self, transport: &dyn Transport, incoming: &Incoming) -> Result<Got> {
        let bytes = transport.fetch_bytes(&incoming.transport_id)?;
        let body = self.post.store().keep(&bytes)?;
        Ok(Got::Fetched(body, self.read(incoming, &bytes)))
    }

    fn kept(&self, incoming: &Incoming) -> Result<Read> {
        let source = self.post.store().open(&incoming.digest)?;
        let bytes = source.window(0..source.len())?;
        Ok(self.read(incoming, &bytes))
    }
}

fn not(error: &Error) -> Got {
    tracing::warn!(%error, "not fetched");
    // Fetching changes nothing: it may be tried however the last try ended.
    let refused = Fault::of(error).is_some_and(|it| it.retry() == Retry::Never);
    let hopeless = refused || error.kind() == ErrorKind::LimitExceeded;
    Got::Not { fault: error.to_string(), hopeless }
}
