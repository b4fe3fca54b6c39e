//! Evidence records in the attributes of CMS signatures (RFC 4998 Appendix A): what they are
//! over, and what they prove of the signature.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub, clippy::panic)]

mod support;

use kyso::cades::SignatureBuilder;
use kyso::{DigestAlgorithm, ErrorKind, Limits, Policy, Report, SignatureReport, Validator};
use support::cms::{attribute, items, seq, tlv};
use support::evidence_record::{Record, Stamp};
use support::pki::{self, Authority, CONTENT, NOW, Pki};
use support::tsa::TestTsa;

const INTERNAL: &str = "1.2.840.113549.1.9.16.2.49";
const EXTERNAL: &str = "1.2.840.113549.1.9.16.2.50";
const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
/// Later than [`NOW`].
const LATER: &str = "2026-06-15T01:00:00Z";

fn leaf(octets: &[u8]) -> Vec<u8> {
    SHA256.digest(octets).value().to_vec()
}

fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    items(bytes).into_iter().map(|(tag, content)| tlv(tag, content)).collect()
}

/// The CMS with one more unsigned attribute, in the order of DER.
fn with(cms: &[u8], attribute: Vec<u8>) -> Vec<u8> {
    let outer = items(items(cms)[0].1);
    let mut fields = parts(items(outer[1].1)[0].1);
    let signers = fields.pop().unwrap();
    let mut signer = parts(items(items(&signers)[0].1)[0].1);
    let mut unsigned = match signer.last() {
        Some(last) if last[0] == 0xa1 => parts(items(&signer.pop().unwrap())[0].1),
        _ => Vec::new(),
    };
    unsigned.push(attribute);
    unsigned.sort();
    signer.push(tlv(0xa1, unsigned.concat()));
    fields.push(tlv(0x31, seq(&signer)));
    seq(&[tlv(6, outer[0].1), tlv(0xa0, seq(&fields))])
}

/// A signature that holds its content, or one beside it.
fn signed(pki: &Pki, enveloping: bool) -> Vec<u8> {
    let builder = SignatureBuilder::new(CONTENT, NOW.parse().unwrap());
    let builder = if enveloping { builder.enveloping() } else { builder };
    builder.sign(&pki.signer()).unwrap()
}

fn internal(tsa: &TestTsa, cms: &[u8]) -> Record {
    Record::new(Stamp::over(tsa, SHA256, vec![vec![leaf(cms), leaf(b"of another")]]))
}

fn judge(pki: &Pki, cms: &[u8], content: Option<&[u8]>) -> Report {
    judge_at(pki, cms, content, "2026-06-16T00:00:00Z")
}

fn judge_at(pki: &Pki, cms: &[u8], content: Option<&[u8]>, at: &str) -> Report {
    let validator = Validator::new(pki.trust(), Policy::pilot(), at.parse().unwrap());
    let cms = cms.to_vec();
    let report = match content {
        Some(content) => validator.validate_detached(&cms, content),
        None => validator.validate(&cms),
    };
    report.unwrap()
}

fn only(report: &Report) -> &SignatureReport {
    let [signature] = report.signatures() else { panic!("{report}") };
    signature
}

fn records(report: &Report) -> Vec<String> {
    only(report).evidence_records().iter().map(|it| it.conclusion.to_string()).collect()
}

fn proven(report: &Report) -> Option<String> {
    only(report).best_signature_time().map(|it| it.to_string())
}

#[test]
fn an_internal_record_proves_when_the_signature_existed() {
    let pki = Pki::new();
    let cms = signed(&pki, true);
    let record = internal(&pki.tsa().at(LATER), &cms);
    let report = judge(&pki, &with(&cms, attribute(INTERNAL, record.der())), None);
    assert_eq!(records(&report), ["TOTAL_PASSED"], "{report}");
    assert_eq!(proven(&report).as_deref(), Some(LATER));
    let found = &only(&report).evidence_records()[0].references;
    assert_eq!(
        (found[0].name.as_str(), found[0].found, found[0].intact),
        ("signature", true, Some(true))
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["signatures"][0]["evidence_records"][0]["conclusion"], "TOTAL_PASSED");
    // It stands by itself: the signature's own time-stamps are none.
    assert_eq!(json["signatures"][0]["timestamps"].as_array().unwrap().len(), 0);
    assert!(report.to_html().contains("Bản ghi bằng chứng từ"));
}

#[test]
fn a_record_over_another_signature_proves_nothing_and_harms_nothing() {
    let pki = Pki::new();
    let cms = signed(&pki, true);
    for other in [signed(&Pki::new(), true), CONTENT.to_vec()] {
        let record = internal(&pki.tsa(), &other);
        let report = judge(&pki, &with(&cms, attribute(INTERNAL, record.der())), None);
        assert_eq!(records(&report), ["TOTAL_FAILED/HASH_FAILURE"], "{report}");
        assert_eq!(
            (proven(&report), only(&report).conclusion().to_string()),
            (None, "TOTAL_PASSED".into())
        );
    }
    // What is no record at all.
    for broken in [seq(&[]), vec![2, 1, 1]] {
        let report = judge(&pki, &with(&cms, attribute(INTERNAL, broken)), None);
        assert_eq!(records(&report), ["TOTAL_FAILED/FORMAT_FAILURE"], "{report}");
        assert_eq!(only(&report).conclusion().to_string(), "TOTAL_PASSED");
    }
    // Nor one by a stranger.
    let record = internal(&Pki::new().tsa(), &cms);
    let report = judge(&pki, &with(&cms, attribute(INTERNAL, record.der())), None);
    assert_eq!(records(&report), ["INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND"], "{report}");
    assert_eq!(proven(&report), None);
}

#[test]
fn an_external_record_is_over_the_content_too() {
    let pki = Pki::new();
    let cms = signed(&pki, false);
    let lists = vec![vec![leaf(&cms), leaf(CONTENT)], vec![leaf(b"others")]];
    let record = Record::new(Stamp::over(&pki.tsa(), SHA256, lists));
    let held = with(&cms, attribute(EXTERNAL, record.der()));
    let report = judge(&pki, &held, Some(CONTENT));
    assert_eq!(
        (records(&report), proven(&report)),
        (vec!["TOTAL_PASSED".into()], Some(NOW.into())),
        "{report}"
    );
    let other = judge(&pki, &held, Some(b"another"));
    assert_eq!(records(&other), ["TOTAL_FAILED/HASH_FAILURE"]);
    let without = judge(&pki, &held, None);
    assert_eq!(records(&without), ["INDETERMINATE/SIGNED_DATA_NOT_FOUND"]);
    // One over the signature alone is none.
    let record = internal(&pki.tsa(), &cms);
    let report = judge(&pki, &with(&cms, attribute(EXTERNAL, record.der())), Some(CONTENT));
    assert_eq!(
        (records(&report), proven(&report)),
        (vec!["TOTAL_FAILED/HASH_FAILURE".into()], None)
    );
}

#[test]
fn of_two_records_the_later_one_is_over_the_earlier_one() {
    let pki = Pki::new();
    let cms = signed(&pki, true);
    let first = with(&cms, attribute(INTERNAL, internal(&pki.tsa(), &cms).der()));
    let second = internal(&pki.tsa().at(LATER), &first);
    let both = with(&first, attribute(INTERNAL, second.der()));
    let report = judge(&pki, &both, None);
    assert_eq!(
        (records(&report), proven(&report)),
        (vec!["TOTAL_PASSED".into(); 2], Some(NOW.into())),
        "{report}"
    );
    assert_eq!(only(&report).evidence_records()[0].time.unwrap().to_string(), LATER);
    // As values of one attribute both are over what was there before.
    let records_of = |tsa: &TestTsa| internal(tsa, &cms).der();
    let (one, two) = (records_of(&pki.tsa()), records_of(&pki.tsa().at(LATER)));
    let mut values = [one, two];
    values.sort();
    let parallel = seq(&[support::cms::oid(INTERNAL), tlv(0x31, values.concat())]);
    let report = judge(&pki, &with(&cms, parallel), None);
    assert_eq!(records(&report), ["TOTAL_PASSED", "TOTAL_PASSED"], "{report}");
}

#[test]
fn a_signature_outlives_its_certificate_by_a_renewed_record() {
    let mut pki = Pki::new();
    let mut params = pki::params("Leaf", pki::LEAF);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params.key_usages = vec![rcgen::KeyUsagePurpose::ContentCommitment];
    pki.leaf = Authority::certify(&pki.middle, &params, &pki.leaf_key);
    let cms = signed(&pki, true);
    let at = "2030-01-01T00:00:00Z";
    let bare = judge_at(&pki, &cms, None, at);
    assert_eq!(only(&bare).conclusion().to_string(), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    let short = pki.tsa_with(|params| params.not_after = rcgen::date_time_ymd(2028, 1, 1));
    let first = internal(&short, &cms);
    let held = |record: &Record| with(&cms, attribute(INTERNAL, record.der()));
    let old = judge_at(&pki, &held(&first), None, at);
    assert_eq!(only(&old).conclusion().to_string(), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    let renewal = Stamp::bare(&pki.tsa().at("2027-06-01T00:00:00Z"), &first.last(SHA256));
    let renewed = first.renewed(renewal);
    let report = judge_at(&pki, &held(&renewed), None, at);
    assert_eq!(
        (records(&report), proven(&report)),
        (vec!["TOTAL_PASSED".into()], Some(NOW.into())),
        "{report}"
    );
    assert_eq!(only(&report).conclusion().to_string(), "TOTAL_PASSED", "{report}");
    // The same record, taken from this signature and put beside another one.
    let other = signed(&pki, true);
    let stolen = with(&other, attribute(INTERNAL, renewed.der()));
    if other != cms {
        let report = judge_at(&pki, &stolen, None, at);
        assert_eq!(only(&report).conclusion().to_string(), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    }
}

#[test]
fn a_signature_in_ber_is_digested_as_it_is_written() {
    let pki = Pki::new();
    let cms = signed(&pki, true);
    // Indefinite lengths of the two outermost values.
    let outer = items(items(&cms)[0].1);
    let ber = |explicit: &[u8]| {
        let content =
            [tlv(6, outer[0].1), vec![0xa0, 0x80], explicit.to_vec(), vec![0, 0]].concat();
        [vec![0x30, 0x80], content, vec![0, 0]].concat()
    };
    let plain = ber(outer[1].1);
    let der = with(&cms, attribute(INTERNAL, internal(&pki.tsa(), &plain).der()));
    let held = ber(items(items(&der)[0].1)[1].1);
    assert_eq!(records(&judge(&pki, &held, None)), ["TOTAL_PASSED"]);
    // ETSI TS 119 122-3 asks for DER whatever it is written in.
    let der = with(&cms, attribute(INTERNAL, internal(&pki.tsa(), &cms).der()));
    let held = ber(items(items(&der)[0].1)[1].1);
    assert_eq!(records(&judge(&pki, &held, None)), ["TOTAL_PASSED"]);
}

/// Two values of one attribute are over the same, and not over one another: otherwise one that
/// is made today by the stolen key of an old authority would seem as old as the one beside it.
#[test]
fn records_side_by_side_do_not_vouch_for_each_other() {
    let pki = Pki::new();
    let cms = signed(&pki, true);
    let short = pki.tsa_with(|params| params.not_after = rcgen::date_time_ymd(2028, 1, 1));
    let forged = internal(&short.at("2020-06-15T00:00:00Z"), &cms).der();
    let good = internal(&pki.tsa().at("2027-06-01T00:00:00Z"), &cms).der();
    let at = "2030-01-01T00:00:00Z";
    for others in [vec![forged.clone(), good.clone()], vec![good.clone(), forged.clone()]] {
        let both = seq(&[support::cms::oid(INTERNAL), tlv(0x31, others.concat())]);
        let report = judge_at(&pki, &with(&cms, both), None, at);
        let mut said = records(&report);
        said.sort();
        assert_eq!(said, ["INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "TOTAL_PASSED"], "{report}");
        assert_eq!(proven(&report).as_deref(), Some("2027-06-01T00:00:00Z"));
    }
    // In attributes of their own, the younger one would have to be over the elder one.
    let forged = attribute(INTERNAL, forged);
    let report = judge_at(&pki, &with(&with(&cms, attribute(INTERNAL, good)), forged), None, at);
    let mut said = records(&report);
    said.sort();
    assert_eq!(said, ["INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "TOTAL_FAILED/HASH_FAILURE"]);
    assert_eq!(proven(&report), None);
}

#[test]
fn records_are_bounded_before_they_cost_anything() {
    let pki = Pki::new();
    let cms = signed(&pki, true);
    let record = internal(&pki.tsa(), &cms).der();
    let held = with(&cms, attribute(INTERNAL, record));
    let refused = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        let at = LATER.parse().unwrap();
        let validator = Validator::new(pki.trust(), Policy::pilot(), at).with_limits(limits);
        validator.validate(&held).unwrap_err().kind()
    };
    assert_eq!(refused(|it| it.cms_time_stamps = 0), ErrorKind::LimitExceeded);
    assert_eq!(refused(|it| it.evidence_record_digested_bytes = 1_000), ErrorKind::LimitExceeded);
}
