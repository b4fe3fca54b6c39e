//! Evidence records of RFC 4998: one document, groups, trees, renewal; and what attackers
//! make of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub, clippy::panic)]

mod support;

use kyso::{
    Conclusion, DataObject, Digest, DigestAlgorithm, DocumentFormat, EvidenceRecordReport,
    EvidenceRecordType, Policy, Report, TimeStampType, Validator,
};
use support::evidence_record::{Lists, Record, Stamp};
use support::pki::{NOW, Pki};
use support::tsa::TestTsa;

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
const SHA512: DigestAlgorithm = DigestAlgorithm::Sha512;
const ONE: &[u8] = b"first document";
const TWO: &[u8] = b"second document";
/// Later than [`NOW`], when first time-stamps are made here.
const LATER: &str = "2026-06-15T01:00:00Z";
const AGAIN: &str = "2026-06-15T02:00:00Z";

fn leaf(document: &[u8]) -> Vec<u8> {
    SHA256.digest(document).value().to_vec()
}

fn over(pki: &Pki, lists: Lists) -> Record {
    Record::new(Stamp::over(&pki.tsa(), SHA256, lists))
}

/// A tree of four, seen from the first document.
fn tree() -> Lists {
    vec![vec![leaf(ONE), leaf(b"neighbour")], vec![leaf(b"the other half")]]
}

fn judge(pki: &Pki, record: &Record, contents: &[&[u8]]) -> Report {
    judge_at(pki, record, contents, "2026-06-16T00:00:00Z")
}

fn judge_at(pki: &Pki, record: &Record, contents: &[&[u8]], at: &str) -> Report {
    let validator = Validator::new(pki.trust(), Policy::pilot(), at.parse().unwrap());
    let names = ["one", "two", "three"];
    let objects = names.into_iter().zip(contents).map(|(name, it)| DataObject::new(name, it));
    validator.validate_evidence_record(&record.der(), objects).unwrap()
}

fn only(report: &Report) -> &EvidenceRecordReport {
    let [record] = report.evidence_records() else { panic!("{report}") };
    record
}

fn verdict(report: &Report) -> String {
    assert_eq!(report.evidence_conclusion(), Some(only(report).conclusion));
    assert!(report.conclusion().is_none() && !report.is_signed());
    only(report).conclusion.to_string()
}

fn references(report: &Report) -> Vec<(bool, Option<bool>)> {
    only(report).references.iter().map(|it| (it.found, it.intact)).collect()
}

fn imprints(report: &Report) -> Vec<Option<bool>> {
    only(report).timestamps.iter().map(|it| it.imprint_intact).collect()
}

#[test]
fn one_document_under_one_time_stamp() {
    let pki = Pki::new();
    let record = Record::new(Stamp::bare(&pki.tsa(), &SHA256.digest(ONE)));
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    assert_eq!((report.format(), report.signatures().len()), (DocumentFormat::EvidenceRecord, 0));
    assert_eq!(
        (references(&report), imprints(&report)),
        (vec![(true, Some(true))], vec![Some(true)])
    );
    let found = only(&report);
    assert_eq!(
        (found.kind, found.time.unwrap().to_string()),
        (EvidenceRecordType::Asn1, NOW.into())
    );
    assert_eq!(found.timestamps[0].kind, TimeStampType::EvidenceRecordTimestamp);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["format"], "EVIDENCE_RECORD");
    assert_eq!(json["evidence_records"][0]["type"], "ASN1_EVIDENCE_RECORD");
    assert_eq!(json["evidence_records"][0]["conclusion"], "TOTAL_PASSED");
    assert_eq!(json["evidence_records"][0]["timestamps"][0]["type"], "EVIDENCE_RECORD_TIMESTAMP");
    assert!(report.to_string().contains("Bản ghi bằng chứng hợp lệ"), "{report}");
    assert!(report.to_html().contains("Bản ghi bằng chứng hợp lệ"));
    assert!(report.detailed().to_string().contains("5.6.2.5 EVIDENCE_RECORD"));
    // Nobody signed.
    assert!(report.into_validated().is_err());
    // Another document, and none at all.
    let other = judge(&pki, &record, &[TWO]);
    assert_eq!(verdict(&other), "TOTAL_FAILED/HASH_FAILURE");
    assert_eq!(imprints(&other), [Some(false)]);
    let none = judge(&pki, &record, &[]);
    assert_eq!(verdict(&none), "INDETERMINATE/SIGNED_DATA_NOT_FOUND");
    assert_eq!((references(&none), imprints(&none)), (vec![(false, None)], vec![None]));
    assert!(only(&none).missing[0].starts_with("content"));
}

#[test]
fn it_is_recognised_by_its_content() {
    let pki = Pki::new();
    let record = over(&pki, tree()).der();
    let validator = Validator::new(pki.trust(), Policy::pilot(), LATER.parse().unwrap());
    let report = validator.validate_detached(&record, ONE).unwrap();
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    let report = validator.validate_digest(&record, SHA256.digest(ONE)).unwrap();
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    // By another digest nothing can be said.
    let report = validator.validate_digest(&record, SHA512.digest(ONE)).unwrap();
    assert_eq!(verdict(&report), "INDETERMINATE/SIGNED_DATA_NOT_FOUND", "{report}");
    let report = validator.validate(&record).unwrap();
    assert_eq!(verdict(&report), "INDETERMINATE/SIGNED_DATA_NOT_FOUND", "{report}");
}

#[test]
fn a_group_is_covered_document_by_document() {
    let pki = Pki::new();
    let record = over(&pki, vec![vec![leaf(ONE), leaf(TWO)], vec![leaf(b"others")]]);
    let both = judge(&pki, &record, &[ONE, TWO]);
    assert_eq!(
        (verdict(&both).as_str(), references(&both)),
        ("TOTAL_PASSED", vec![(true, Some(true)); 2])
    );
    // What else stands there need not be at hand, and is named by its digest.
    let one = judge(&pki, &record, &[ONE]);
    assert_eq!(
        (verdict(&one).as_str(), references(&one)),
        ("TOTAL_PASSED", vec![(true, Some(true)), (false, None)])
    );
    assert_eq!(only(&one).references[1].name, format!("SHA256:{}", SHA256.digest(TWO)));
    // What was handed in has to be covered, all of it.
    let strange = judge(&pki, &record, &[ONE, b"another"]);
    assert_eq!(verdict(&strange), "TOTAL_FAILED/HASH_FAILURE");
    assert_eq!(references(&strange)[1], (true, Some(false)));
}

#[test]
fn a_tree_leads_to_the_imprint_whatever_order_its_lists_are_in() {
    let pki = Pki::new();
    let mut record = over(&pki, tree());
    assert_eq!(verdict(&judge(&pki, &record, &[ONE])), "TOTAL_PASSED");
    record.chains[0][0].tree.as_mut().unwrap()[0].reverse();
    assert_eq!(verdict(&judge(&pki, &record, &[ONE])), "TOTAL_PASSED");
}

#[test]
fn a_tree_that_leads_elsewhere_fails() {
    let pki = Pki::new();
    let good = over(&pki, tree());
    let attack = |change: fn(&mut Lists)| {
        let mut record = good.clone();
        change(record.chains[0][0].tree.as_mut().unwrap());
        let report = judge(&pki, &record, &[ONE]);
        assert_eq!(verdict(&report), "TOTAL_FAILED/HASH_FAILURE", "{report}");
        assert_eq!(imprints(&report), [Some(false)]);
    };
    // A leaf swapped, a list swapped for the next, one left out, one added, a digest changed.
    attack(|lists| lists[0][1] = leaf(TWO));
    attack(|lists| lists.swap(0, 1));
    attack(|lists| drop(lists.pop()));
    attack(|lists| lists.push(vec![leaf(TWO)]));
    attack(|lists| lists[1][0][0] ^= 1);
    attack(|lists| lists[1].clear());
    // Digests cut at other places: the octets that are concatenated stay the same.
    attack(|lists| {
        lists[0].sort();
        let joined = lists[0].concat();
        lists[0] = vec![joined[..31].to_vec(), joined[31..].to_vec()];
    });
    // A node passed off as a document.
    let mut record = good.clone();
    let tree = record.chains[0][0].tree.as_mut().unwrap();
    tree.remove(0);
    tree[0].push(leaf(ONE));
    assert_eq!(verdict(&judge(&pki, &record, &[ONE])), "TOTAL_FAILED/HASH_FAILURE");
}

/// An authority whose certificate ends with the year 2027.
fn short_lived(pki: &Pki) -> TestTsa {
    pki.tsa_with(|params| params.not_after = rcgen::date_time_ymd(2028, 1, 1))
}

#[test]
fn a_renewed_time_stamp_outlives_its_authority() {
    let pki = Pki::new();
    let alone = Record::new(Stamp::over(&short_lived(&pki), SHA256, tree()));
    let at = "2030-01-01T00:00:00Z";
    let report = judge_at(&pki, &alone, &[ONE], at);
    assert_eq!(verdict(&report), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "{report}");
    let renew = |time: &str| {
        let previous = alone.last(SHA256).value().to_vec();
        let lists = vec![vec![previous, leaf(b"of another record")]];
        alone.clone().renewed(Stamp::over(&pki.tsa().at(time), SHA256, lists))
    };
    let report = judge_at(&pki, &renew("2027-06-01T00:00:00Z"), &[ONE], at);
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    assert_eq!(only(&report).time.unwrap().to_string(), NOW);
    // RFC 4998 §5.3: the older one has to be valid when the newer one was issued.
    let report = judge_at(&pki, &renew("2029-01-01T00:00:00Z"), &[ONE], at);
    assert_eq!(verdict(&report), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "{report}");
    // One over the token alone, without a tree.
    let bare = Stamp::bare(&pki.tsa().at("2027-06-01T00:00:00Z"), &alone.last(SHA256));
    let report = judge_at(&pki, &alone.clone().renewed(bare), &[ONE], at);
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
}

#[test]
fn a_renewal_over_another_time_stamp_fails() {
    let pki = Pki::new();
    let first = over(&pki, tree());
    let other = over(&pki, tree()).last(SHA256);
    for imprint in [other, SHA256.digest(ONE), SHA256.digest(&first.sequence())] {
        let record = first.clone().renewed(Stamp::bare(&pki.tsa().at(LATER), &imprint));
        let report = judge(&pki, &record, &[ONE]);
        assert_eq!(verdict(&report), "TOTAL_FAILED/HASH_FAILURE", "{report}");
        assert_eq!(imprints(&report), [Some(true), Some(false)]);
    }
    // The right one exchanged for another afterwards.
    let mut record = first.clone().renewed(Stamp::bare(&pki.tsa().at(LATER), &first.last(SHA256)));
    assert_eq!(verdict(&judge(&pki, &record, &[ONE])), "TOTAL_PASSED");
    record.chains[0][0] = over(&pki, tree()).chains[0][0].clone();
    assert_eq!(imprints(&judge(&pki, &record, &[ONE])), [Some(true), Some(false)]);
}

/// A record whose hash tree is renewed by SHA-512, after its time-stamp was renewed.
fn with_new_tree(pki: &Pki) -> Record {
    let first = over(pki, vec![vec![leaf(ONE), leaf(TWO)]]);
    let last = first.last(SHA256);
    let old = first.renewed(Stamp::bare(&pki.tsa().at(LATER), &last));
    let list = [ONE, TWO].map(|it| old.with_sequence(SHA512, it)).to_vec();
    let neighbour = SHA512.digest(b"neighbour").value().to_vec();
    let lists = vec![list, vec![neighbour]];
    old.clone().with_chain(Stamp::over(&pki.tsa().at(AGAIN), SHA512, lists))
}

#[test]
fn a_renewed_tree_covers_the_documents_and_all_before() {
    let pki = Pki::new();
    let record = with_new_tree(&pki);
    let report = judge(&pki, &record, &[ONE, TWO]);
    assert_eq!(verdict(&report), "TOTAL_PASSED", "{report}");
    assert_eq!(imprints(&report), [Some(true); 3]);
    // Without the documents nobody can say what the new tree is over.
    let without = judge(&pki, &record, &[]);
    assert_eq!(imprints(&without), [Some(true), Some(true), None]);
    assert_eq!(verdict(&without), "INDETERMINATE/SIGNED_DATA_NOT_FOUND");
    let validator = Validator::new(pki.trust(), Policy::pilot(), AGAIN.parse().unwrap());
    let weak = validator.validate_digest(&record.der(), SHA256.digest(ONE)).unwrap();
    assert_eq!(imprints(&weak), [Some(true), Some(true), None]);
}

#[test]
fn a_new_tree_over_other_documents_or_other_chains_fails() {
    let pki = Pki::new();
    let good = with_new_tree(&pki);
    let fails = |record: &Record| {
        let report = judge(&pki, record, &[ONE]);
        assert_eq!(verdict(&report), "TOTAL_FAILED/HASH_FAILURE", "{report}");
        assert_eq!(imprints(&report).last().unwrap(), &Some(false));
    };
    // The chains before were changed after they were covered.
    let mut changed = good.clone();
    changed.chains[0].pop();
    fails(&changed);
    let old = Record { chains: good.chains[..1].to_vec() };
    let chain = |digests: Vec<Vec<u8>>| {
        old.clone().with_chain(Stamp::over(&pki.tsa().at(AGAIN), SHA512, vec![digests]))
    };
    assert_eq!(
        verdict(&judge(&pki, &chain(vec![old.with_sequence(SHA512, ONE)]), &[ONE])),
        "TOTAL_PASSED"
    );
    // Another document, the document without the chains, the chains without the document.
    fails(&chain(vec![old.with_sequence(SHA512, b"another")]));
    fails(&chain(vec![SHA512.digest(ONE).value().to_vec()]));
    fails(&chain(vec![SHA512.digest(&old.sequence()).value().to_vec()]));
    // The other way round.
    let swapped = [SHA512.digest(&old.sequence()), SHA512.digest(ONE)];
    let swapped = swapped.iter().flat_map(Digest::value).copied().collect::<Vec<_>>();
    fails(&chain(vec![SHA512.digest(&swapped).value().to_vec()]));
}

#[test]
fn time_does_not_run_backwards() {
    let pki = Pki::new();
    let first = Record::new(Stamp::over(&pki.tsa().at(LATER), SHA256, tree()));
    let record = first.clone().renewed(Stamp::bare(&pki.tsa(), &first.last(SHA256)));
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(verdict(&report), "INDETERMINATE/TIMESTAMP_ORDER_FAILURE", "{report}");
    let list = vec![vec![first.with_sequence(SHA256, ONE)]];
    let record = first.clone().with_chain(Stamp::over(&pki.tsa(), SHA256, list));
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(verdict(&report), "INDETERMINATE/TIMESTAMP_ORDER_FAILURE", "{report}");
}

#[test]
fn a_chain_is_by_one_digest() {
    let pki = Pki::new();
    let first = over(&pki, tree());
    let record = first.clone().renewed(Stamp::bare(&pki.tsa().at(LATER), &first.last(SHA512)));
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(verdict(&report), "TOTAL_FAILED/FORMAT_FAILURE", "{report}");
    // What is stated is what the time-stamp was made by.
    let mut record = first;
    record.chains[0][0].digest = DigestAlgorithm::Sha384;
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(imprints(&report), [Some(false)], "{report}");
}

#[test]
fn a_weak_digest_needs_a_stronger_tree_in_time() {
    let pki = Pki::new();
    let sha1 = DigestAlgorithm::Sha1;
    let tree = vec![vec![sha1.digest(ONE).value().to_vec(), vec![7; 20]]];
    let weak = Record::new(Stamp::over(&pki.tsa(), sha1, tree));
    let report = judge(&pki, &weak, &[ONE]);
    assert_ne!(only(&report).conclusion, Conclusion::TotalPassed, "{report}");
    // That it was renewed when SHA-1 was weak already does not help.
    let list = vec![vec![weak.with_sequence(SHA256, ONE)]];
    let renewed = weak.clone().with_chain(Stamp::over(&pki.tsa().at(LATER), SHA256, list));
    let report = judge(&pki, &renewed, &[ONE]);
    assert_eq!(imprints(&report), [Some(true); 2]);
    assert_ne!(only(&report).conclusion, Conclusion::TotalPassed, "{report}");
}

#[test]
fn a_stranger_proves_nothing() {
    let (pki, stranger) = (Pki::new(), Pki::new());
    let report = judge(&pki, &over(&stranger, tree()), &[ONE]);
    assert_eq!(verdict(&report), "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", "{report}");
    assert!(!only(&report).missing.is_empty());
    // Nor does one whose value is forged.
    let tsa = pki.tsa().answering(|answer| answer.forged = true);
    let record = Record::new(Stamp::over(&tsa, SHA256, tree()));
    let report = judge(&pki, &record, &[ONE]);
    assert_eq!(only(&report).timestamps[0].signature_intact, Some(false), "{report}");
    assert!(verdict(&report).starts_with("TOTAL_FAILED"), "{report}");
}

#[test]
fn files_beside_a_record_are_what_it_is_over() {
    let pki = Pki::new();
    let leaf = |it: &str| DigestAlgorithm::Sha256.digest(it.as_bytes()).value().to_vec();
    let lists = vec![vec![leaf("one"), leaf("two")]];
    let record = Record::new(Stamp::over(&pki.tsa(), DigestAlgorithm::Sha256, lists)).der();
    let judged = |files: &[(&str, &[u8])]| {
        let validator = Validator::new(pki.trust(), Policy::pilot(), NOW.parse().unwrap());
        let files: Vec<_> = files.iter().map(|(name, it)| (*name, it.to_vec())).collect();
        validator.validate_with_files(&record, &files).unwrap().evidence_conclusion().unwrap()
    };
    assert_eq!(judged(&[("a", b"one"), ("b", b"two")]).to_string(), "TOTAL_PASSED");
    let changed = judged(&[("a", b"one"), ("b", b"three")]);
    assert!(matches!(changed, Conclusion::TotalFailed(_)), "{changed}");
    assert!(matches!(judged(&[]), Conclusion::Indeterminate(_)));
}
