//! Doors for fuzzers into rooms that have no other: there only when fuzzing.
#![allow(missing_docs, clippy::must_use_candidate)]

use crate::crypto::{SignatureAlgorithm, verify};
use crate::encoding::zip;
use crate::signature::cades::exhaust::exhaust_index;
use crate::signature::cms::exhaust;

/// Whether the value holds; nothing where the key is none.
pub fn verify_value(
    public_key_info: &[u8],
    algorithm: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
) -> Option<bool> {
    verify(public_key_info, algorithm, message, value).ok().map(|it| it.is_valid())
}

pub fn zip(bytes: &[u8]) -> Option<Vec<u8>> {
    let _ = zip::list(bytes, 64);
    zip::exhaust::exhaust(bytes);
    zip::read_single(bytes, 1 << 20).ok()
}

/// A container of what the bytes say, as fuzzers hardly find one by themselves.
pub fn container(bytes: &[u8]) -> Option<Vec<u8>> {
    zip::exhaust::packed(bytes)
}

pub fn xml(bytes: &[u8]) -> bool {
    crate::signature::xmldsig::exhaust::document(bytes)
}

pub fn c14n(bytes: &[u8]) -> bool {
    crate::signature::xmldsig::exhaust::canonical(bytes)
}

pub fn xmldsig(bytes: &[u8]) -> bool {
    crate::signature::xmldsig::exhaust::signatures(bytes)
}

pub fn cms(bytes: &[u8]) -> bool {
    exhaust::exhaust(bytes)
}

pub fn pdf(bytes: &[u8]) -> bool {
    crate::encoding::pdf::exhaust::exhaust(bytes)
}

pub fn pdf_content(bytes: &[u8]) -> usize {
    crate::encoding::pdf::content::exhaust::exhaust(bytes)
}

#[cfg(feature = "encrypted-pdf")]
pub fn pdf_encryption(bytes: &[u8]) -> bool {
    crate::encoding::pdf::exhaust::exhaust_encryption(bytes)
}

pub fn pdf_signatures(bytes: &[u8]) -> bool {
    crate::signature::pades::exhaust::exhaust(bytes)
}

pub fn pdf_changes(bytes: &[u8]) -> bool {
    crate::signature::pades::exhaust::exhaust_changes(bytes).is_some()
}

pub fn path(bytes: &[u8]) -> usize {
    crate::pki::path::exhaust::exhaust(bytes)
}

pub fn revocation(bytes: &[u8]) -> usize {
    crate::pki::revocation::exhaust::exhaust(bytes)
}

pub fn hash_index(bytes: &[u8]) -> bool {
    exhaust_index(bytes)
}

pub fn cms_attributes(bytes: &[u8]) -> bool {
    exhaust::exhaust_attributes(bytes)
}

/// Evidence records in ASN.1 and in XML.
pub fn evidence_record(bytes: &[u8]) -> bool {
    crate::signature::evidence::exhaust::exhaust(bytes)
}

pub fn tsp(bytes: &[u8]) -> bool {
    crate::signature::tsp::exhaust::exhaust(bytes)
}

/// Whether text in this font can be written.
#[cfg(feature = "appearance")]
pub fn font(bytes: &[u8]) -> bool {
    crate::appearance::exhaust::font(bytes)
}

#[cfg(feature = "appearance")]
pub fn image(bytes: &[u8]) -> bool {
    crate::appearance::exhaust::image(bytes)
}

/// The message in a reply that comes in pieces of this size, and the reply without it.
#[cfg(feature = "http")]
pub fn axis_reply(bytes: &[u8], size: usize) -> Option<(Option<Vec<u8>>, Vec<u8>)> {
    let paths: &[&[&str]] = &[&["data"], &["data", "edxml"]];
    crate::exchange::scan_reply(paths, bytes, size)
}

#[cfg(feature = "http")]
pub fn lgsp_reply(status: u16, bytes: &[u8]) -> usize {
    crate::exchange::lgsp::exhaust(status, bytes)
}

/// How many ways there are to read the answer of a service that keeps keys.
#[cfg(feature = "http")]
pub fn csc_reply(status: u16, bytes: &[u8]) -> usize {
    crate::online::csc::exhaust::exhaust(status, bytes)
}
