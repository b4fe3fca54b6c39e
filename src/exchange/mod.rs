//! Sending and receiving messages over an axis, and keeping account of it.
//!
//! [`Transport`] is the joint to the axis: what sends and receives knows nothing of the
//! dialect behind it. The national axis' own protocol is the room `axis`, that of provinces
//! the room `lgsp` (feature `http`). [`store::Store`] is the joint to the database: what has
//! to outlive a crash is kept there, each step together with its entry in the [`journal`]
//! (feature `exchange`). Everything here is synchronous and usable as `dyn`.

#[cfg(feature = "http")]
pub(crate) mod axis;
#[cfg(feature = "exchange")]
mod content;
#[cfg(all(test, feature = "sqlite"))]
mod crash;
#[cfg(feature = "exchange")]
pub mod deadline;
#[cfg(feature = "exchange")]
pub mod directory;
#[cfg(feature = "exchange")]
mod examiner;
#[cfg(all(test, feature = "sqlite"))]
mod fake;
mod fault;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "exchange")]
mod inbox;
#[cfg(feature = "exchange")]
pub mod journal;
#[cfg(feature = "http")]
pub(crate) mod lgsp;
#[cfg(feature = "exchange")]
mod outbox;
#[cfg(feature = "exchange")]
mod post;
#[cfg(feature = "exchange")]
mod reach;
#[cfg(feature = "exchange")]
pub mod report;
#[cfg(feature = "exchange")]
mod retry;
#[cfg(feature = "exchange")]
pub mod store;
#[cfg(feature = "exchange")]
mod trace;
mod transport;

#[cfg(feature = "exchange")]
pub use self::examiner::{Doubt, Examiner, ExaminerRules};
pub use self::fault::{Fault, Retry};
#[cfg(feature = "http")]
pub use self::http::Timeouts;
#[cfg(feature = "exchange")]
pub use self::inbox::{Examination, Examine, Inbox, SenderIs};
#[cfg(feature = "exchange")]
pub use self::outbox::Outbox;
#[cfg(feature = "exchange")]
pub use self::post::{Post, PostRules, Worked};
#[cfg(feature = "exchange")]
pub use self::retry::Pauses;
pub use self::transport::{
    Agency, MessageKind, Pending, Sent, Submission, Transport, TransportId, TransportState,
};

/// For fuzzers: the room it is in is nobody else's.
#[cfg(all(fuzzing, feature = "http"))]
pub(crate) fn scan_reply(
    paths: &[&[&str]],
    bytes: &[u8],
    size: usize,
) -> Option<(Option<Vec<u8>>, Vec<u8>)> {
    self::http::exhaust(paths, bytes, size).ok()
}
