//! Messages to bytes and back. The wire's own names, misspelt ones included, stay here.

mod fields;
mod files;
mod read;
mod read_header;
mod write;

pub use self::read::{parse, parse_files};

/// The namespace of QCVN 102:2016.
const NAMESPACE: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

/// The namespace of XML Signature, which some senders use for `Signature`.
const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
