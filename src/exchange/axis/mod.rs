//! The national document axis' HTTP protocol, as its kit (SDK VXP 2.0) speaks it:
//! without any I/O, but for the client.

mod as_transport;
mod body_digest;
mod call;
mod calls;
mod client;
mod credentials;
mod edoc_reply;
mod error_code;
mod hash_file;
mod header;
mod message_reply;
mod raw_message;
mod replay;
mod reply;
mod rows;
mod timestamp;

pub use self::body_digest::BodyDigest;
pub use self::call::Call;
pub use self::client::Client;
pub use self::credentials::Credentials;
pub use self::edoc_reply::EdocReply;
pub use self::error_code::ErrorCode;
pub use self::hash_file::{hash_file, hash_file_of, message_within};
pub use self::header::{Rejection, SignedHeaders, Verified, verify};
pub use self::replay::{Freshness, Once};
pub use self::reply::Reply;
pub use self::rows::{AgencyRow, ReceivedRow, Registration, SentRow, UnitRow};
pub use self::timestamp::{parse_timestamp, timestamp};
