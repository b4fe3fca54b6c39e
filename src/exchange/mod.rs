//! Sending and receiving messages over an axis, and keeping account of it.
//!
//! [`Transport`] is the joint to the axis: what sends and receives knows nothing of the
//! dialect behind it. The national axis' own protocol is the room `axis`, that of provinces
//! the room `lgsp` (feature `http`). [`store::Store`] is the joint to the database: what has
//! to outlive a crash is kept there, each step together with its entry in the [`journal`]
//! (feature `exchange`). Everything here is synchronous and usable as `dyn`.
//!
//! # The two loops of a document-management system
//!
//! With the features `http` and `sqlite`; each loop in a thread of its own, or both in one.
//!
//! ```no_run
//! # #[cfg(all(feature = "http", feature = "sqlite"))]
//! # fn example(trust: kyso::TrustStore, secret: &str, is_over: impl Fn() -> bool)
//! # -> kyso::Result<()> {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use kyso::axis::{Client, Credentials};
//! use kyso::edxml::Organization;
//! use kyso::exchange::store::Sqlite;
//! use kyso::exchange::{Examiner, Inbox, Outbox, Post};
//! use kyso::{Policy, UtcTime, Validator};
//!
//! let us = Organization::new("H37.15", "Sở Nội vụ tỉnh Lạng Sơn");
//! let axis = Client::new("https://axis.example.vn/api", Credentials::new("H37.15", secret), UtcTime::now)?;
//! let post = Post::new(Arc::new(Sqlite::open("/var/lib/dms/post.db")?), us, UtcTime::now);
//! post.release_claims()?; // only where no other program works on this post
//!
//! let examiner = Examiner::new(Validator::new(trust, Policy::default(), UtcTime::now()));
//! let (outbox, inbox) = (Outbox::new(&post), Inbox::new(&post, Arc::new(examiner)));
//! while !is_over() {
//!     // What was handed over with `outbox.put`, and the answers of the inbox.
//!     while !outbox.work(&axis)?.is_nothing() {}
//!     if let Err(error) = inbox.poll(&axis) {
//!         eprintln!("{error}"); // the axis is away: another time
//!     }
//!     while !inbox.work(&axis)?.is_nothing() {}
//!     // For a person: `inbox.held`, `inbox.decide`, `outbox.stopped`, `outbox.resume`.
//!     std::thread::sleep(Duration::from_secs(5));
//! }
//! # Ok(())
//! # }
//! ```

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
#[cfg(feature = "exchange")]
mod failing;
#[cfg(all(test, feature = "sqlite"))]
mod fake;
mod fault;
#[cfg(feature = "http")]
pub(crate) mod http;
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
pub use self::outbox::{AskedBack, Outbox};
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
