//! An XML signature counts over the content that was handed in where it is over that one,
//! wherever the same stands, and over nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "support/raw_key.rs"]
#[allow(dead_code, clippy::panic)] // it makes values of other forms, too
mod raw_key;
mod support;
#[path = "support/xml.rs"]
#[allow(dead_code)] // only what stands in a document is put together here
mod xml;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{
    Conclusion, DigestAlgorithm, Failed, Indeterminate, Policy, Report, SoftwareSigner, TrustStore,
    UtcTime, Validator, xades,
};
use xml::{
    DS, ENVELOPED, EXCLUSIVE, key_info, properties, qualifying, reference, signature,
    to_properties, xpath,
};

const TIME: &str = "2026-06-01T00:00:00Z";
const CONTENT: &[u8] = b"<r><a>15/CV</a></r>";
const OTHER: &[u8] = b"PK\x03\x04 another";
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";

fn now() -> UtcTime {
    TIME.parse().unwrap()
}

fn signer() -> SoftwareSigner {
    let read = |end: &str| std::fs::read(format!("testdata/keys/p256.{end}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

fn validator() -> Validator {
    let trust = std::fs::read("testdata/keys/ca.crt.pem").unwrap();
    Validator::new(TrustStore::from_bytes(&trust).unwrap(), Policy::pilot(), now())
}

fn over(signature: &[u8], content: &[u8]) -> Report {
    validator().validate_detached(signature, content).unwrap()
}

fn by_digest(signature: &[u8], content: &[u8]) -> Report {
    let digest = DigestAlgorithm::Sha256.digest(content);
    validator().validate_digest(signature, digest).unwrap()
}

/// A signature that stands alone, with these references and Objects.
fn made(references: &[String], objects: &str) -> Vec<u8> {
    let said = properties(TIME, "");
    let references = [references, &[to_properties(&said)]].concat();
    signature(&references, &(key_info() + &qualifying(&said) + objects)).into_bytes()
}

#[track_caller]
fn assert_passes(report: &Report) {
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures()[0].intact(), Some(true));
}

#[track_caller]
fn assert_is_over_another(report: &Report) {
    assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()), "{report}");
    assert_eq!(report.signatures()[0].intact(), Some(false));
    let last = report.signatures()[0].references().last().unwrap();
    assert_eq!((last.name.as_str(), last.intact), ("content", Some(false)));
}

#[test]
fn a_signed_document_is_no_signature_over_another() {
    let document = b"<vb><so>1</so></vb>".as_slice();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer()).unwrap();
    assert_passes(&validator().validate(&signed).unwrap());
    assert_is_over_another(&over(&signed, OTHER));
    assert_is_over_another(&over(&signed, CONTENT));
    // By a digest it cannot be told, as one form of the document has another.
    let report = by_digest(&signed, OTHER);
    assert_eq!(report.conclusion(), Some(Indeterminate::Generic.into()), "{report}");
    assert_eq!(report.signatures()[0].intact(), None);
    // The same document, before it was signed.
    assert_passes(&over(&signed, document));
    assert_is_over_another(&over(&signed, b"<vb><so>2</so></vb>"));
}

/// Whatever leaves the signature out: what is left is the content.
#[test]
fn what_an_expression_leaves_may_be_the_content() {
    let of_none = xpath("not(ancestor-or-self::ds:Signature)");
    let of_none = of_none.replace("<ds:XPath>", &format!("<ds:XPath xmlns:ds=\"{DS}\">"));
    let said = properties(TIME, "");
    let references = [reference("URI=\"\"", &[&of_none], CONTENT), to_properties(&said)];
    let signed = signature(&references, &(key_info() + &qualifying(&said)));
    let signed = String::from_utf8(CONTENT.to_vec()).unwrap().replace("</r>", &(signed + "</r>"));
    assert_passes(&over(signed.as_bytes(), CONTENT));
    assert_is_over_another(&over(signed.as_bytes(), b"<r><a>16/CV</a></r>"));
}

#[test]
fn a_signature_around_a_content_is_over_that_one() {
    let signed = xades::SignatureBuilder::enveloping(&OTHER, now()).sign(&signer()).unwrap();
    assert_passes(&over(&signed, OTHER));
    assert_passes(&by_digest(&signed, OTHER));
    for other in [CONTENT, b""] {
        assert_is_over_another(&over(&signed, other));
        assert_is_over_another(&by_digest(&signed, other));
    }
}

#[test]
fn an_object_is_read_as_what_it_says_that_it_is() {
    let encoded = |encoding: &str| {
        let object = format!(
            "<ds:Object xmlns:ds=\"{DS}\"{encoding} Id=\"o\">{}</ds:Object>",
            STANDARD.encode(OTHER)
        );
        made(&[reference("URI=\"#o\"", &[EXCLUSIVE], object.as_bytes())], &object)
    };
    let said = encoded(&format!(" Encoding=\"{BASE64}\""));
    assert_passes(&over(&said, OTHER));
    assert_passes(&by_digest(&said, OTHER));
    assert_is_over_another(&over(&said, CONTENT));
    assert_is_over_another(&over(&encoded(""), OTHER));

    let content = String::from_utf8(CONTENT.to_vec()).unwrap();
    let object = format!("<ds:Object xmlns:ds=\"{DS}\" Id=\"o\">{content}</ds:Object>");
    let signed = made(&[reference("URI=\"#o\"", &[EXCLUSIVE], object.as_bytes())], &object);
    assert_passes(&over(&signed, CONTENT));
    assert_passes(&over(&signed, b"<?xml version='1.0'?>\n<r ><a>15/CV</a></r >"));
    assert_is_over_another(&over(&signed, b"<r><a>15/CV</a><!-- 16 --></r>"));
    assert_is_over_another(&over(&signed, OTHER));
    // Another one beside it, which may be what is shown.
    let two = object.replace("</ds:Object>", "<r/></ds:Object>").replace("<r/>", "<r></r>");
    let signed = made(&[reference("URI=\"#o\"", &[EXCLUSIVE], two.as_bytes())], &two);
    assert_is_over_another(&over(&signed, CONTENT));
}

#[test]
fn a_file_counts_by_what_of_it_is_signed() {
    let whole = made(&[reference("URI=\"a.xml\"", &[], CONTENT)], "");
    let report = over(&whole, CONTENT);
    assert_passes(&report);
    assert_eq!(report.signatures()[0].covers().whole_file, None);
    assert_passes(&by_digest(&whole, CONTENT));
    let report = over(&whole, OTHER);
    assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()));
    // What the signer called it is no name of what was handed in.
    assert!(over(&whole, CONTENT).signatures()[0].covers().files.is_empty());

    let unnamed = made(&[reference("Type=\"urn:x\"", &[], CONTENT)], "");
    assert_passes(&over(&unnamed, CONTENT));
    for transforms in [&[xpath("not(self::a)"), INCLUSIVE.to_owned()][..], &[INCLUSIVE.to_owned()]]
    {
        let transforms: Vec<_> = transforms.iter().map(String::as_str).collect();
        let left = if transforms.len() == 1 { CONTENT } else { b"<r>15/CV</r>" };
        let part = made(&[reference("URI=\"a.xml\"", &transforms, left)], "");
        let report = over(&part, CONTENT);
        assert_passes(&report);
        assert_eq!(report.signatures()[0].covers().whole_file, Some(false), "{report}");
    }
}

#[test]
fn a_manifest_that_is_signed_may_list_the_content() {
    let listed = |entry: String| {
        let manifest = format!("<ds:Manifest xmlns:ds=\"{DS}\" Id=\"m\">{entry}</ds:Manifest>");
        let object = format!("<ds:Object>{manifest}</ds:Object>");
        let whole = reference("URI=\"#m\"", &[EXCLUSIVE], manifest.as_bytes());
        let nothing = reference("URI=\"#m\"", &[&xpath("false()")], b"");
        let other = reference("URI=\"\"", &[ENVELOPED, &xpath("false()")], b"");
        (made(&[whole], &object), made(&[nothing, other], &object))
    };
    let (whole, nothing) = listed(reference("URI=\"a.xml\"", &[], CONTENT));
    assert_passes(&over(&whole, CONTENT));
    assert_ne!(over(&nothing, CONTENT).conclusion(), Some(Conclusion::TotalPassed));
    assert_ne!(over(&whole, OTHER).conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(over(&whole, OTHER).signatures()[0].intact(), Some(false));
    let (elsewhere, _) = listed(reference("URI=\"#v\"", &[EXCLUSIVE], b"no matter"));
    assert_is_over_another(&over(&elsewhere, CONTENT));
}
