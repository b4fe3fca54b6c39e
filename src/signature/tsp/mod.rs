//! Time-stamps (RFC 3161, RFC 5816): tokens, and those who issue them.

mod authority;
mod token;

pub use authority::TimeStampAuthority;
pub(crate) use token::TimeStampInfo;
pub use token::TimeStampToken;
