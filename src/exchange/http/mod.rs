//! What the dialects over HTTP share: connections, time-outs, roots of TLS, and answers
//! that are read within bounds.

mod base64_decoder;
mod connection;
mod connector;
pub(super) mod json;
mod latest;
mod loopback;
mod message;
mod scanner;
mod timeouts;
mod unescape;

pub(super) use self::base64_decoder::Base64Decoder;
pub(super) use self::connection::for_each_piece;
pub(crate) use self::connection::{Connection, lost, read};
pub(crate) use self::latest::{Latest, Token};
pub(crate) use self::loopback::is_loopback;
pub(super) use self::message::MessageOut;
#[cfg(fuzzing)]
pub(super) use self::scanner::exhaust;
pub(super) use self::scanner::{Halt, Scanner};
pub use self::timeouts::Timeouts;
