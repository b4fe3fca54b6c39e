//! Evidence records of RFC 6283: what is renewed is digested in canonical form, and what is
//! put beside a document is put there openly.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub, clippy::panic)]

mod support;

use kyso::{
    DataObject, DigestAlgorithm, DocumentFormat, ErrorKind, EvidenceRecordReport,
    EvidenceRecordType, Policy, Report, Validator,
};
use support::evidence_record::{EXCLUSIVE, Lists, Stamp, XmlRecord};
use support::pki::{NOW, Pki};

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
const SHA512: DigestAlgorithm = DigestAlgorithm::Sha512;
const ONE: &[u8] = b"first document";
/// Later than [`NOW`], when first time-stamps are made here.
const LATER: &str = "2026-06-15T01:00:00Z";
const AGAIN: &str = "2026-06-15T02:00:00Z";

fn leaf(document: &[u8]) -> Vec<u8> {
    SHA256.digest(document).value().to_vec()
}

fn tree() -> Lists {
    vec![vec![leaf(ONE), leaf(b"neighbour")], vec![leaf(b"the other half")]]
}

fn over(pki: &Pki, lists: Lists) -> XmlRecord {
    XmlRecord::new(Stamp::over(&pki.tsa(), SHA256, lists))
}

fn judge_text(pki: &Pki, xml: &str, contents: &[&[u8]]) -> kyso::Result<Report> {
    let at = "2026-06-16T00:00:00Z".parse()?;
    let validator = Validator::new(pki.trust(), Policy::pilot(), at);
    let objects = contents.iter().map(|it| DataObject::new("document", it));
    validator.validate_evidence_record(xml.as_bytes(), objects)
}

fn judge(pki: &Pki, record: &XmlRecord, contents: &[&[u8]]) -> Report {
    judge_text(pki, &record.xml(), contents).unwrap()
}

fn only(report: &Report) -> &EvidenceRecordReport {
    let [record] = report.evidence_records() else { panic!("{report}") };
    record
}

fn verdict(report: &Report) -> String {
    only(report).conclusion.to_string()
}

fn imprints(report: &Report) -> Vec<Option<bool>> {
    only(report).timestamps.iter().map(|it| it.imprint_intact).collect()
}

#[test]
fn a_document_in_a_tree() {
    let pki = Pki::new();
    let record = over(&pki, tree());
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    assert_eq!(report.format(), DocumentFormat::EvidenceRecord);
    assert_eq!(
        (only(&report).kind, only(&report).time.unwrap().to_string()),
        (EvidenceRecordType::Xml, NOW.into())
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["evidence_records"][0]["type"], "XML_EVIDENCE_RECORD");
    assert_eq!(verdict(&judge(&pki, &record, &[b"another"])), "TOTAL_FAILED/HASH_FAILURE");
    let bare = XmlRecord::new(Stamp::bare(&pki.tsa(), &SHA256.digest(ONE)));
    assert_eq!(verdict(&judge(&pki, &bare, &[ONE])), "TOTAL_PASSED");
    let mut swapped = record.clone();
    swapped.chains[0][0].tree.as_mut().unwrap().swap(0, 1);
    assert_eq!(verdict(&judge(&pki, &swapped, &[ONE])), "TOTAL_FAILED/HASH_FAILURE");
    // Recognised by its content, whatever stands before it.
    let at = LATER.parse().unwrap();
    let validator = Validator::new(pki.trust(), Policy::pilot(), at);
    for before in ["", "\u{feff}", "<?xml version=\"1.0\"?>\n<!-- a record > -->\n"] {
        let text = format!("{before}{}", record.xml());
        let report = validator.validate(text.as_bytes()).unwrap();
        assert_eq!(verdict(&report), "INDETERMINATE/SIGNED_DATA_NOT_FOUND");
        let report = validator.validate_detached(text.as_bytes(), ONE).unwrap();
        assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    }
}

#[test]
fn a_document_in_xml_may_be_there_in_canonical_form() {
    let pki = Pki::new();
    let written = "<?xml version='1.0'?>\n<a  b='c'  a='d'><e/><!-- said --></a>\n";
    let canonical = "<a a=\"d\" b=\"c\"><e></e></a>";
    let record = over(&pki, vec![vec![leaf(canonical.as_bytes()), leaf(ONE)]]);
    assert_eq!(verdict(&judge(&pki, &record, &[written.as_bytes()])), "TOTAL_PASSED");
    assert_eq!(verdict(&judge(&pki, &record, &[canonical.as_bytes()])), "TOTAL_PASSED");
    let other = written.replace("<e/>", "<f/>");
    assert_eq!(verdict(&judge(&pki, &record, &[other.as_bytes()])), "TOTAL_FAILED/HASH_FAILURE");
    // No DTD is followed to make one document of another.
    let trick = written.replace("<a ", "<!DOCTYPE a [<!ENTITY x 'y'>]><a ");
    assert_eq!(verdict(&judge(&pki, &record, &[trick.as_bytes()])), "TOTAL_FAILED/HASH_FAILURE");
    // In ASN.1 a document is what it is.
    let asn1 = support::evidence_record::Record::new(record.chains[0][0].clone());
    let validator = Validator::new(pki.trust(), Policy::pilot(), LATER.parse().unwrap());
    let report = validator.validate_detached(&asn1.der(), written.as_bytes()).unwrap();
    assert_eq!(verdict(&report), "TOTAL_FAILED/HASH_FAILURE");
}

#[test]
fn a_renewal_is_over_the_element_of_the_time_stamp() {
    let pki = Pki::new();
    for blank in ["", "\n  "] {
        let first = XmlRecord { blank, ..over(&pki, tree()) };
        let list = vec![vec![first.last(SHA256).value().to_vec(), leaf(b"of another")]];
        let record = first.clone().renewed(Stamp::over(&pki.tsa().at(LATER), SHA256, list));
        assert_eq!(verdict(&judge(&pki, &record, &[ONE])), "TOTAL_PASSED");
        // The token alone is not what is renewed here, nor is another time-stamp.
        let token = SHA256.digest(&first.chains[0][0].token);
        for imprint in [token, over(&pki, tree()).last(SHA256)] {
            let record = first.clone().renewed(Stamp::bare(&pki.tsa().at(LATER), &imprint));
            let report = judge(&pki, &record, &[ONE]);
            assert_eq!(verdict(&report), "TOTAL_FAILED/HASH_FAILURE", "{report}");
            assert_eq!(imprints(&report), [Some(true), Some(false)]);
        }
        // Time does not run backwards.
        let early = Stamp::bare(&pki.tsa().at("2026-06-14T00:00:00Z"), &first.last(SHA256));
        let report = judge(&pki, &first.renewed(early), &[ONE]);
        assert_eq!(verdict(&report), "INDETERMINATE/TIMESTAMP_ORDER_FAILURE", "{report}");
    }
}

#[test]
fn a_new_chain_is_over_the_documents_and_all_before() {
    let pki = Pki::new();
    for blank in ["", "\n  "] {
        let first = XmlRecord { blank, ..over(&pki, tree()) };
        let old = first.clone().renewed(Stamp::bare(&pki.tsa().at(LATER), &first.last(SHA256)));
        let tsa = pki.tsa().at(AGAIN);
        let chain = |lists: Lists| old.clone().with_chain(Stamp::over(&tsa, SHA512, lists));
        let document = SHA512.digest(ONE).value().to_vec();
        let before = old.all(SHA512).value().to_vec();
        let good = chain(vec![vec![document.clone(), before.clone()], vec![vec![9; 64]]]);
        let report = judge(&pki, &good, &[ONE]);
        assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
        assert_eq!(imprints(&report), [Some(true); 3]);
        // Without a tree it is over both at once.
        let mut both = [document.clone(), before.clone()];
        both.sort();
        let bare = Stamp::bare(&tsa, &SHA512.digest(&both.concat()));
        let report = judge(&pki, &old.clone().with_chain(bare), &[ONE]);
        assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
        // One of them wanting, or what came before changed since.
        let fails = |record: &XmlRecord| {
            let report = judge(&pki, record, &[ONE]);
            assert_eq!(verdict(&report), "TOTAL_FAILED/HASH_FAILURE", "{report}");
            assert_eq!(imprints(&report).last().unwrap(), &Some(false));
        };
        fails(&chain(vec![vec![document.clone(), vec![7; 64]]]));
        fails(&chain(vec![vec![vec![7; 64], before.clone()]]));
        fails(&chain(vec![vec![document.clone()], vec![before.clone()]]));
        fails(&old.clone().with_chain(Stamp::bare(&tsa, &SHA512.digest(ONE))));
        let mut changed = good.clone();
        changed.chains[0].pop();
        fails(&changed);
        // A third chain is over both before it.
        let sum = vec![document, good.all(SHA512).value().to_vec()];
        let third = good.clone().with_chain(Stamp::over(
            &pki.tsa().at("2026-06-15T03:00:00Z"),
            SHA512,
            vec![sum],
        ));
        let report = judge(&pki, &third, &[ONE]);
        assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    }
}

#[test]
fn what_is_no_record_is_refused() {
    let pki = Pki::new();
    let good = over(&pki, tree()).xml();
    let kind = |text: &str| judge_text(&pki, text, &[ONE]).unwrap_err().kind();
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        kind(&good.replacen(from, to, 1))
    };
    assert_eq!(changed("Version=\"1.0\"", "Version=\"2.0\""), ErrorKind::Unsupported);
    assert_eq!(changed("RFC3161", "XMLENTRUST"), ErrorKind::Unsupported);
    let encrypted = "<EncryptionInformation></EncryptionInformation><ArchiveTimeStampSequence";
    assert_eq!(changed("<ArchiveTimeStampSequence", encrypted), ErrorKind::Unsupported);
    assert_eq!(changed("Order=\"1\"", "Order=\"2\""), ErrorKind::Malformed);
    assert_eq!(changed("Order=\"2\"", "Order=\"1\""), ErrorKind::Malformed);
    assert_eq!(changed("urn:ietf:params:xml:ns:ers", "urn:other"), ErrorKind::Malformed);
    assert_eq!(changed("<DigestValue>", "<DigestValue>?"), ErrorKind::Malformed);
    assert_eq!(changed("<HashTree>", "<HashTree>text"), ErrorKind::Malformed);
    assert_eq!(changed("<EvidenceRecord", "<!DOCTYPE a><EvidenceRecord"), ErrorKind::Malformed);
    assert_eq!(
        kind("<EvidenceRecord xmlns=\"urn:ietf:params:xml:ns:ers\"/>"),
        ErrorKind::Malformed
    );
}

#[test]
fn what_is_not_known_is_open() {
    let pki = Pki::new();
    let first = over(&pki, tree());
    let record = first.clone().renewed(Stamp::bare(&pki.tsa().at(LATER), &first.last(SHA256)));
    let text = record.xml().replace(EXCLUSIVE, "urn:another-canonical-form");
    let report = judge_text(&pki, &text, &[ONE]).unwrap();
    assert_eq!(imprints(&report), [Some(true), None]);
    assert!(verdict(&report).starts_with("INDETERMINATE"), "{report}");
    let text =
        record.xml().replace("http://www.w3.org/2001/04/xmlenc#sha256", "urn:another-digest");
    let report = judge_text(&pki, &text, &[ONE]).unwrap();
    assert_eq!(imprints(&report), [None, None]);
    assert!(verdict(&report).starts_with("INDETERMINATE"), "{report}");
}
