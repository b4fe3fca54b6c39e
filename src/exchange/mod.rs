//! Sending and receiving messages over an axis.
//!
//! [`Transport`] is the one joint: what sends and receives knows nothing of the
//! dialect behind it. The national axis' own protocol is the room `axis` (feature
//! `http`). Everything here is synchronous and usable as `dyn Transport`.

#[cfg(feature = "http")]
pub(crate) mod axis;
mod fault;
mod transport;

pub use self::fault::{Fault, Retry};
pub use self::transport::{
    Agency, MessageKind, Pending, Sent, Submission, Transport, TransportId, TransportState,
};
