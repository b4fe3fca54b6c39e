//! Carrying questions to others, and keeping what they said: the crate's own
//! implementations of [`Retrieve`](crate::retrieval::Retrieve).

#[cfg(feature = "http")]
mod address;
mod cached;
mod entry;
#[cfg(feature = "http")]
mod http;

pub use cached::{Cached, Offline};
#[cfg(feature = "http")]
pub use http::Http;
