//! Attempts to have something proven to be older than it is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]
#![allow(clippy::arithmetic_side_effects)]

mod support;

use kyso::pades::SignatureBuilder;
use kyso::tsp::TimeStampAuthority;
use kyso::{DigestAlgorithm, Policy, Validator};
use support::pdf::{Pdf, update};
use support::pki::{NOW, Pki};

const TIME_STAMP: &str = "/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161";
const LATER: &str = "2026-06-20T00:00:00Z";

/// With the highest number of an object that an update needs.
fn updated(file: &[u8], number: usize, object: &str) -> Vec<u8> {
    let updated = update(file, number, object);
    let (kept, rest) = updated.split_at(file.len());
    let at = rest.windows(9).position(|it| it == b"<</Size 6").unwrap();
    [kept, &rest[..at], b"<</Size 99", &rest[at + 9..]].concat()
}

/// A second dictionary with the same Contents, whose ByteRange leaves out bytes that an old
/// time-stamp is over, does not put the signature under that time-stamp.
#[test]
fn a_gap_in_old_bytes_makes_no_signature_old() {
    let pki = Pki::new();
    let old = Pdf { dictionary: TIME_STAMP, ..Pdf::default() }.signed(|covered| {
        let digest = DigestAlgorithm::Sha256.digest(covered);
        pki.tsa().time_stamp(&digest).unwrap().der().to_vec()
    });
    let signed = SignatureBuilder::new(&old, LATER.parse().unwrap()).sign(&pki.signer()).unwrap();
    let text = String::from_utf8_lossy(&signed);
    let (_, contents) = text.rsplit_once("/Contents").unwrap();
    let contents = &contents[..=contents.find('>').unwrap()];
    let (_, fields) = text.rsplit_once("/Fields").unwrap();
    let fields = fields[..fields.find(']').unwrap()].trim().trim_start_matches('[');
    let twin = format!(
        "<</FT/Sig/T(twin)/V<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached\
         /ByteRange[0 20 30 {}]/Contents{contents}>>>>",
        signed.len() - 30
    );
    let catalog =
        format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{fields} 90 0 R]/SigFlags 3>>>>");
    let file = updated(&updated(&signed, 90, &twin), 1, &catalog);
    let judge = |file: &Vec<u8>| {
        let now = "2026-07-01T00:00:00Z".parse().unwrap();
        Validator::new(pki.trust(), Policy::pilot(), now).validate(file).unwrap()
    };
    assert_eq!(judge(&signed).document_timestamps()[0].time.unwrap().to_string(), NOW);
    let report = judge(&file);
    assert_eq!(report.signatures().len(), 2, "{report}");
    assert_eq!(report.document_timestamps()[0].conclusion.to_string(), "TOTAL_PASSED");
    for signature in report.signatures() {
        assert_eq!(signature.best_signature_time(), None, "{report}");
    }
}
