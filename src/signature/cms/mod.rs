//! Cryptographic Message Syntax: `SignedData` (RFC 5652 §5), as it is written and
//! as it is found. It says what stands in the bytes; what that is worth is judged
//! by validation.
//!
//! ```text
//! ContentInfo ::= SEQUENCE {
//!     contentType  OBJECT IDENTIFIER,
//!     content      [0] EXPLICIT ANY DEFINED BY contentType }
//!
//! SignedData ::= SEQUENCE {
//!     version           INTEGER,
//!     digestAlgorithms  SET OF AlgorithmIdentifier,
//!     encapContentInfo  SEQUENCE {
//!         eContentType  OBJECT IDENTIFIER,
//!         eContent      [0] EXPLICIT OCTET STRING OPTIONAL },
//!     certificates      [0] IMPLICIT SET OF CertificateChoices OPTIONAL,
//!     crls              [1] IMPLICIT SET OF RevocationInfoChoice OPTIONAL,
//!     signerInfos       SET OF SignerInfo }
//!
//! SignerInfo ::= SEQUENCE {
//!     version             INTEGER,
//!     sid                 SignerIdentifier,
//!     digestAlgorithm     AlgorithmIdentifier,
//!     signedAttrs         [0] IMPLICIT SET SIZE (1..MAX) OF Attribute OPTIONAL,
//!     signatureAlgorithm  AlgorithmIdentifier,
//!     signature           OCTET STRING,
//!     unsignedAttrs       [1] IMPLICIT SET SIZE (1..MAX) OF Attribute OPTIONAL }
//! ```
//!
//! <https://www.rfc-editor.org/rfc/rfc5652#section-5>

mod attributes;
mod claims;
pub(crate) mod create;
pub(crate) mod edit;
pub(crate) mod oids;
mod parse;
mod pem;
mod revocation_values;
mod signed;
mod signer;
mod unsigned;
mod without;

#[cfg(test)]
mod corpus_tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
mod tests;

pub(crate) use attributes::{Attribute, AttributeFault, Fault};
pub(crate) use parse::{Content, RevocationInfo, SignedData};
pub(crate) use pem::{besides_armour, unarmoured};
pub(crate) use signed::{CertificateReference, SignaturePolicy, SignedAttributes};
pub(crate) use signer::SignerInfo;
pub(crate) use unsigned::{TimeStampKind, UnsignedAttributes};
pub(crate) use without::Pieces;
