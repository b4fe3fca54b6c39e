//! Carrying questions to others, and keeping what they said: the crate's own
//! implementations of [`Retrieve`](crate::retrieval::Retrieve).

#[cfg(feature = "http")]
mod address;
#[cfg(feature = "http")]
mod http;

#[cfg(feature = "http")]
pub use http::Http;
