//! Evidence records: one time-stamp over many documents, renewed before it grows weak, in
//! ASN.1 (RFC 4998) or in XML (RFC 6283). It says what stands in a record, and what each of its archive
//! time-stamps has to be over; whether any of them proves a time is judged by validation.
//!
//! ```text
//! EvidenceRecord ::= SEQUENCE {
//!     version                   INTEGER { v1(1) },
//!     digestAlgorithms          SEQUENCE OF AlgorithmIdentifier,
//!     cryptoInfos               [0] CryptoInfos OPTIONAL,
//!     encryptionInfo            [1] EncryptionInfo OPTIONAL,
//!     archiveTimeStampSequence  ArchiveTimeStampSequence }
//!
//! ArchiveTimeStampSequence ::= SEQUENCE OF ArchiveTimeStampChain
//! ArchiveTimeStampChain    ::= SEQUENCE OF ArchiveTimeStamp
//!
//! ArchiveTimeStamp ::= SEQUENCE {
//!     digestAlgorithm  [0] AlgorithmIdentifier OPTIONAL,
//!     attributes       [1] Attributes OPTIONAL,
//!     reducedHashtree  [2] SEQUENCE OF PartialHashtree OPTIONAL,
//!     timeStamp        ContentInfo }
//!
//! PartialHashtree ::= SEQUENCE OF OCTET STRING
//! ```
//!
//! <https://www.rfc-editor.org/rfc/rfc4998>

mod asn1;
mod bounds;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
mod record;
#[cfg(test)]
mod tests;
mod tree;
mod xml;

pub(crate) use asn1::is_record;
pub(crate) use record::{
    ArchiveTimeStamp, Chain, EvidenceRecord, Informations, RecordForm, StatedDigest,
};
pub(crate) use tree::{HashTree, group};
pub(crate) use xml::{ERS, is_xml_record};
