//! XML signatures (XMLDSig 1.1, RFC 3275, RFC 9231): what is in a `ds:Signature`, which
//! nodes and files its references digest, and making one.
//!
//! What a reference covers is the set of nodes that was digested, and it is handed out as
//! such: nobody looks an element up a second time by its name. `KeyInfo` is a hint.
//! A `Manifest` is outside core validity (§4.4.3.1): its entries are checked one by one, for
//! whoever asks.
//!
//! No XSLT, no network, no keys by name, no HMAC: what is not done is *unsupported*, which
//! says nothing about the signature.

mod algorithm;
mod base64;
mod budget;
mod builder;
mod children;
mod create;
mod dereference;
mod files;
mod filter;
mod key_info;
mod key_value;
mod parse;
mod target;
mod transform;
mod value;
mod write;

pub(crate) use self::base64::octets;
pub(crate) use algorithm::{digest_algorithm, digest_uri, signature_algorithm, signature_uri};
pub(crate) use children::{Children, attribute};
pub(crate) use dereference::{Covered, Dereferencer, Found, Processed};
pub(crate) use files::ReadFiles;
pub(crate) use key_info::KeyInfo;
pub(crate) use parse::{Reference, Signature, SignatureMethod, SignedInfo, manifest};
pub(crate) use target::Target;
pub(crate) use transform::{FilterKind, Transform, canonicalization};
pub(crate) use value::value_in_xml;

pub use builder::SignatureBuilder;
pub(crate) use create::{
    CANONICALIZATION, Draft, NewReference, Parts, digest, digest_within, escaped, key_info,
    text_of, write_nodes,
};

/// The namespace of XMLDSig.
pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// That of what version 1.1 added.
pub(crate) const DSIG11: &str = "http://www.w3.org/2009/xmldsig11#";
/// That of XPath Filter 2.0.
pub(crate) const FILTER2: &str = "http://www.w3.org/2002/06/xmldsig-filter2";
/// That of the exclusive method, whose list of prefixes is in it.
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// That of the parameters of RSASSA-PSS (RFC 9231 §2.3.9).
pub(crate) const MORE_2007: &str = "http://www.w3.org/2007/05/xmldsig-more#";

#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;
