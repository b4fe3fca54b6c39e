//! Cryptographic Message Syntax: `SignedData` (RFC 5652 §5).

pub(crate) mod create;
