//! Time-stamps (RFC 3161, RFC 5816): asking for them, what tokens say, and those who
//! issue them.
//!
//! ```text
//! TimeStampReq ::= SEQUENCE {
//!     version         INTEGER { v1(1) },
//!     messageImprint  MessageImprint,
//!     reqPolicy       OBJECT IDENTIFIER OPTIONAL,
//!     nonce           INTEGER OPTIONAL,
//!     certReq         BOOLEAN DEFAULT FALSE,
//!     extensions      [0] IMPLICIT Extensions OPTIONAL }
//!
//! TimeStampResp ::= SEQUENCE {
//!     status          PKIStatusInfo,
//!     timeStampToken  ContentInfo OPTIONAL }
//!
//! TSTInfo ::= SEQUENCE {
//!     version         INTEGER { v1(1) },
//!     policy          OBJECT IDENTIFIER,
//!     messageImprint  MessageImprint,
//!     serialNumber    INTEGER,
//!     genTime         GeneralizedTime,
//!     accuracy        Accuracy OPTIONAL,
//!     ordering        BOOLEAN DEFAULT FALSE,
//!     nonce           INTEGER OPTIONAL,
//!     tsa             [0] GeneralName OPTIONAL,
//!     extensions      [1] IMPLICIT Extensions OPTIONAL }
//!
//! MessageImprint ::= SEQUENCE {
//!     hashAlgorithm   AlgorithmIdentifier,
//!     hashedMessage   OCTET STRING }
//! ```
//!
//! <https://www.rfc-editor.org/rfc/rfc3161#section-2.4>

mod authority;
mod info;
mod online;
mod request;
mod response;
mod token;

#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub(crate) use authority::{Authorities, token_over};
pub use authority::{Several, TimeStampAuthority};
pub(crate) use info::TimeStampInfo;
pub use online::Online;
pub use request::TimeStampRequest;
pub use token::TimeStampToken;
