//! The provincial dialect of the axis: REST with a bearer token.

mod as_transport;
mod client;
mod credentials;
mod form;
mod message;
mod reply;

pub use self::client::Client;
pub use self::credentials::Credentials;
#[cfg(fuzzing)]
pub(crate) use self::reply::exhaust;
