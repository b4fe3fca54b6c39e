//! Getting the bytes of a message, from the axis or from the store.

use super::Inbox;
use super::read::Read;
use super::take::Parcel;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::store::{Body, Incoming, IncomingState, NotKept};
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
    Not { fault: String, hope: Hope },
}

/// Whether another attempt may help.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hope {
    /// It may, until all are used up.
    Later,
    /// It may, however often it takes.
    Always,
    /// It may, and this one does not count: the axis was not reached, or the store failed.
    Uncounted,
    /// It will not.
    None,
}

impl Inbox {
    pub(super) fn fetch(&self, transport: &dyn Transport, incoming: Incoming) -> Parcel {
        let got = match incoming.state {
            IncomingState::Listed if self.post.out_of_reach().is_some() => {
                Ok(Got::Not { fault: NOT_REACHED.to_owned(), hope: Hope::Uncounted })
            }
            IncomingState::Listed => self.fetched(transport, &incoming),
            IncomingState::Stored => self.kept(&incoming).map(Got::Kept),
            _ => Ok(Got::Decided),
        };
        let got = got.unwrap_or_else(|error| self.not(&error));
        Parcel::new(incoming, got)
    }

    fn fetched(&self, transport: &dyn Transport, incoming: &Incoming) -> Result<Got> {
        let bytes = transport.fetch_bytes(&incoming.transport_id)?;
        self.post.reached(true);
        let body = self.post.store().keep(&bytes)?;
        Ok(Got::Fetched(body, self.read(incoming, &bytes)))
    }

    fn kept(&self, incoming: &Incoming) -> Result<Read> {
        let source = self.post.store().open(&incoming.digest)?;
        let bytes = source.window(0..source.len())?;
        Ok(self.read(incoming, &bytes))
    }

    pub(super) fn not(&self, error: &Error) -> Got {
        tracing::warn!(%error, "not fetched");
        let fault = Fault::of(error);
        if let Some(fault) = fault {
            self.post.reached(!matches!(fault, Fault::NotSent(_)));
        }
        // Fetching changes nothing: it may be tried however the last try ended.
        let hope = match (fault, error.kind()) {
            _ if NotKept::is_behind(error) => Hope::Later,
            (Some(Fault::NotSent(_)), _) | (None, ErrorKind::Io) => Hope::Uncounted,
            (Some(it), _) if it.retry() == Retry::Never => Hope::None,
            (_, ErrorKind::LimitExceeded) => Hope::None,
            _ => Hope::Later,
        };
        Got::Not { fault: error.to_string(), hope }
    }
}

const NOT_REACHED: &str = "not tried: the axis was not reached a moment ago";
