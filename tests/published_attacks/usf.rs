//! Universal signature forgery: the signature stays in sight, and what checks it is
//! taken away. What was signed is changed, too.

use kyso::CheckId::{self, PdfByteRange, PdfDictionary};

use crate::forge::{
    byte_range, contents, document, in_place, overwritten, refused, signed, victim,
};

/// The victim pays more.
fn forged() -> Vec<u8> {
    in_place(&victim(), "Pay 1000000", "Pay 9999999")
}

#[track_caller]
fn contents_are(text: &str, id: CheckId, words: &str) {
    let pdf = forged();
    refused(&overwritten(&pdf, contents(&pdf), text), id, words);
}

#[track_caller]
fn byte_range_is(text: &str, words: &str) {
    let pdf = forged();
    let place = byte_range(&pdf).0;
    // Spaces are kept behind it for longer numbers.
    let place = place.start..place.start + 64;
    refused(&overwritten(&pdf, place, text), PdfByteRange, words);
}

#[test]
fn usf_contents_missing() {
    contents_are("", PdfByteRange, "there are no Contents");
}

#[test]
fn usf_contents_without_value() {
    contents_are("/Contents", PdfByteRange, "there are no Contents");
}

#[test]
fn usf_contents_null() {
    contents_are("/Contents null", PdfByteRange, "there are no Contents");
}

#[test]
fn usf_contents_empty() {
    contents_are("/Contents <>", PdfByteRange, "there are no Contents");
}

#[test]
fn usf_contents_zero() {
    contents_are("/Contents <00>", PdfByteRange, "does not begin with an ASN.1 value");
    let zeros = format!("/Contents <{}>", "00".repeat(1_000));
    contents_are(&zeros, CheckId::FormatStructure, "The signature cannot be read");
}

#[test]
fn usf_contents_no_string() {
    contents_are("/Contents /Name", PdfByteRange, "there are no Contents");
    contents_are("/Contents 0", PdfByteRange, "there are no Contents");
}

#[test]
fn usf_contents_literal() {
    contents_are("/Contents (0\\202)", PdfByteRange, "no hexadecimal string");
}

#[test]
fn usf_contents_twice() {
    contents_are("/Contents <3000>/Contents <3000>", PdfDictionary, "a key stands twice");
}

/// The value of another document of the same signer.
#[test]
fn usf_contents_of_another() {
    let other = signed(&document(&[(5, "<</Type/Font/Subtype/Type1/BaseFont/Courier>>")]));
    let text = String::from_utf8_lossy(&other[contents(&other)]).into_owned();
    contents_are(&text, CheckId::MessageDigest, "");
}

#[test]
fn usf_byte_range_missing() {
    byte_range_is("", "there is no ByteRange");
}

#[test]
fn usf_byte_range_without_value() {
    byte_range_is("/ByteRange", "there is no ByteRange");
}

#[test]
fn usf_byte_range_null() {
    byte_range_is("/ByteRange null", "there is no ByteRange");
}

#[test]
fn usf_byte_range_zero() {
    byte_range_is("/ByteRange [0 0 0 0]", "not exactly the signature's Contents");
    byte_range_is("/ByteRange 0", "there is no ByteRange");
}

#[test]
fn usf_byte_range_negative() {
    byte_range_is("/ByteRange [-1 -1 -1 -1]", "a negative number");
    byte_range_is("/ByteRange [0 10 -20 10]", "a negative number");
}

#[test]
fn usf_byte_range_short() {
    byte_range_is("/ByteRange []", "four integers");
    byte_range_is("/ByteRange [0]", "four integers");
    byte_range_is("/ByteRange [0 100]", "four integers");
    byte_range_is("/ByteRange [0 100 200]", "four integers");
}

#[test]
fn usf_byte_range_long() {
    byte_range_is("/ByteRange [0 10 20 10 30 10]", "four integers");
}

#[test]
fn usf_byte_range_no_numbers() {
    byte_range_is("/ByteRange [null null null null]", "four integers");
    byte_range_is("/ByteRange [(0) (10) (20) (30)]", "four integers");
    byte_range_is("/ByteRange [0.0 10.0 20.0 30.0]", "four integers");
}

#[test]
fn usf_byte_range_out_of_file() {
    byte_range_is("/ByteRange [0 10 20 99999999]", "beyond the file");
    byte_range_is("/ByteRange [9223372036854775807 1 9223372036854775807 1]", "beyond the file");
}
