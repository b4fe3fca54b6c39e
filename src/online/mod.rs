//! Carrying questions to others, and keeping what they said: the crate's own
//! implementations of [`Retrieve`](crate::retrieval::Retrieve), and keys that a service
//! keeps.

#[cfg(feature = "http")]
mod address;
mod cached;
#[cfg(feature = "http")]
pub(crate) mod csc;
mod entry;
#[cfg(feature = "http")]
mod http;

pub use cached::{Cached, Offline};
#[cfg(feature = "http")]
pub use http::Http;
