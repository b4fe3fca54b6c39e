//! The national document axis' HTTP protocol, as its kit (SDK VXP 2.0) speaks it:
//! without any I/O, but for the client.

mod call;
mod client;
mod credentials;
mod error_code;
mod hash_file;
mod header;
mod reply;

pub use self::call::Call;
pub use self::client::Client;
pub use self::credentials::Credentials;
pub use self::error_code::ErrorCode;
pub use self::hash_file::{hash_file, hash_file_of, message_within};
pub use self::header::{Rejection, SignedHeaders, Verified, timestamp, verify};
pub use self::reply::{AgencyRow, ReceivedRow, Reply, SentRow};
