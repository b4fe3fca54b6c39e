//! Containers whose signatures are in XML (EN 319 162-1 §4.4.3.2), packed by any program and
//! changed by a forger.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs)]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use kyso::{Conclusion, ErrorKind, Form, Policy, Report, Source, UtcTime, Validator, xades};
use support::counted::Counted;
use support::pki::{NOW, Pki};

const LETTER: &[u8] = b"Pay 100.";
const SIGNATURES: &str = "META-INF/signatures0.xml";

fn now() -> UtcTime {
    NOW.parse().unwrap()
}

/// What one signs beside the letter, within the element of containers.
fn signature(pki: &Pki) -> String {
    let letter = LETTER.to_vec();
    let builder = xades::SignatureBuilder::detached("công văn.txt", &letter, now());
    let signed = String::from_utf8(builder.sign(&pki.signer()).unwrap()).unwrap();
    let signed = signed.split_once("?>").map_or(signed.as_str(), |it| it.1);
    let root = "asic:XAdESSignatures xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\"";
    format!("<{root}>{signed}</asic:XAdESSignatures>")
}

fn packed(letter: &[u8], signatures: &str) -> Vec<u8> {
    let entries: [(&str, &[u8]); 3] = [
        ("mimetype", b"application/vnd.etsi.asic-e+zip"),
        ("công văn.txt", letter),
        (SIGNATURES, signatures.as_bytes()),
    ];
    support::zip::stored(&entries.map(|(name, content)| (name.to_owned(), content.to_vec())))
}

fn validator(pki: &Pki) -> Validator {
    Validator::new(pki.trust(), Policy::pilot(), now())
}

fn judge(pki: &Pki, container: &[u8]) -> Report {
    validator(pki).validate(container).unwrap()
}

/// The first certificate in it, in Base64.
fn certificate(signature: &str) -> &str {
    let from = signature.split_once("X509Certificate>").unwrap().1;
    from.split_once("</").unwrap().0
}

#[test]
fn a_signature_in_xml_is_judged_over_the_file_that_it_names() {
    let pki = Pki::new();
    let report = judge(&pki, &packed(LETTER, &signature(&pki)));
    let [one] = report.signatures() else { panic!("{report:?}") };
    assert_eq!((one.form(), one.conclusion()), (Form::Xades, Conclusion::TotalPassed));
    assert!(report.uncovered_entries().is_empty());
}

#[test]
fn a_file_that_is_exchanged_fails_the_signature_in_xml() {
    let pki = Pki::new();
    let report = judge(&pki, &packed(b"Pay 900.", &signature(&pki)));
    let one = &report.signatures()[0];
    assert_eq!(one.conclusion().sub_indication(), Some("HASH_FAILURE"));
    assert_eq!(one.intact(), Some(false));
    assert_eq!(report.uncovered_entries(), ["công văn.txt"]);
}

/// A certificate in the signature is a hint, and no part of what is signed: with another one,
/// trusted as well, the signature is not that one's.
#[test]
fn a_certificate_that_is_exchanged_makes_nobody_the_signer() {
    let (pki, other) = (Pki::new(), Pki::new());
    let (signed, others) = (signature(&pki), signature(&other));
    let forged = signed.replace(certificate(&signed), certificate(&others));
    assert_ne!(signed, forged);
    let mut trust = pki.trust();
    trust.merge(other.trust());
    let validator = Validator::new(trust, Policy::pilot(), now());
    let passes = |it: &str| {
        let report = validator.validate(&packed(LETTER, it)).unwrap();
        report.signatures()[0].conclusion() == Conclusion::TotalPassed
    };
    assert!(passes(&signed) && passes(&others));
    assert!(!passes(&forged));
}

#[test]
fn a_second_directory_beside_signatures_in_xml_is_refused() {
    let pki = Pki::new();
    let signed = signature(&pki);
    let (container, other) = (packed(LETTER, &signed), packed(b"Pay 900.", &signed));
    for forged in [[&other[..], &container].concat(), support::zip::as_comment(&container, &other)]
    {
        let error = validator(&pki).validate(&forged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}

/// However many documents of signatures refer to a file, it is read once.
#[test]
fn a_file_is_digested_once_for_all_signatures() {
    let pki = Pki::new();
    let letter = vec![b'x'; 1 << 20];
    let builder = xades::SignatureBuilder::detached("letter.txt", &letter, now());
    let signed = builder.sign(&pki.signer()).unwrap();
    let names = (0..20).map(|n| format!("META-INF/signatures{n}.xml"));
    let mut entries = vec![
        ("mimetype".to_owned(), b"application/vnd.etsi.asic-e+zip".to_vec()),
        ("letter.txt".to_owned(), letter),
    ];
    entries.extend(names.map(|it| (it, signed.clone())));
    let bytes = support::zip::stored(&entries);
    let length = Source::len(&bytes);
    let counted = Counted { bytes, read: AtomicU64::new(0) };
    let report = validator(&pki).validate(&counted).unwrap();
    assert_eq!(report.signatures().len(), 20);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let read = counted.read.load(Ordering::Relaxed);
    assert!(read < length * 4, "{read} of {length}");
}
