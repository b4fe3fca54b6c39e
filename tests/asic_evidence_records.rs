//! Evidence records in containers (EN 319 162-1): what they are over, what they prove of the
//! signatures there, and what they do not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub, clippy::panic)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::asic::{Container, ContainerBuilder};
use kyso::edxml::{self, Envelope, MessageHeader, Organization};
use kyso::{DigestAlgorithm, ErrorKind, Files, Limits, Policy, Report, Validator};
use support::evidence_record::{Record, Stamp};
use support::pki::{self, Authority, CONTENT, NOW, Pki};
use support::tsa::TestTsa;

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
/// Later than [`NOW`].
const LATER: &str = "2026-06-15T01:00:00Z";
const TOMORROW: &str = "2026-06-16T00:00:00Z";
const RECORD: &str = "META-INF/evidencerecord001.ers";
const MANIFEST: &str = "META-INF/ASiCEvidenceRecordManifest001.xml";
const SIGNATURE: &str = "META-INF/signature001.p7s";

type Entries = Vec<(String, Vec<u8>)>;

fn leaf(octets: &[u8]) -> Vec<u8> {
    SHA256.digest(octets).value().to_vec()
}

fn over(tsa: &TestTsa, all: &[&[u8]]) -> Record {
    let list = all.iter().map(|it| leaf(it)).collect();
    Record::new(Stamp::over(tsa, SHA256, vec![list, vec![leaf(b"of others")]]))
}

fn mime_type(kind: &str) -> Entries {
    vec![("mimetype".into(), format!("application/vnd.etsi.asic-{kind}+zip").into_bytes())]
}

/// One file with a record over what is said.
fn simple(record: &Record, file: &[u8]) -> Vec<u8> {
    let mut all = mime_type("s");
    all.push(("a.txt".into(), file.to_vec()));
    all.push(("META-INF/evidencerecord.ers".into(), record.der()));
    support::zip::stored(&all)
}

fn manifest(of: &str, listed: &[(&str, &[u8])]) -> Vec<u8> {
    let one = |(name, octets): &(&str, &[u8])| {
        let digest = STANDARD.encode(leaf(octets));
        format!(
            "<a:DataObjectReference URI=\"{name}\"><d:DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <d:DigestValue>{digest}</d:DigestValue></a:DataObjectReference>"
        )
    };
    let all: String = listed.iter().map(one).collect();
    format!(
        "<a:ASiCManifest xmlns:a=\"http://uri.etsi.org/02918/v1.2.1#\" \
         xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><a:SigReference URI=\"{of}\"/>\
         {all}</a:ASiCManifest>"
    )
    .into_bytes()
}

/// A container as it was signed, entry by entry.
fn signed(pki: &Pki) -> Entries {
    let builder = ContainerBuilder::extended(NOW.parse().unwrap()).file("a.txt", &CONTENT);
    let container = builder.sign(&pki.signer()).unwrap();
    let opened = Container::open(&container, &Limits::default()).unwrap();
    let names: Vec<_> = opened.names().into_iter().map(str::to_owned).collect();
    let content = |name: String| {
        let mut content = Vec::new();
        opened.extract(&name, &mut content).unwrap();
        (name, content)
    };
    names.into_iter().map(content).collect()
}

fn entry<'e>(entries: &'e Entries, name: &str) -> &'e [u8] {
    &entries.iter().find(|it| it.0 == name).unwrap().1
}

/// With a record over the signature, and a manifest that says so.
fn recorded(mut entries: Entries, record: impl FnOnce(&[u8]) -> Record) -> Vec<u8> {
    let signature = entry(&entries, SIGNATURE).to_vec();
    let record = record(&signature);
    entries.push((MANIFEST.into(), manifest(RECORD, &[(SIGNATURE, &signature)])));
    entries.push((RECORD.into(), record.der()));
    support::zip::stored(&entries)
}

fn judge_at(pki: &Pki, container: &[u8], at: &str) -> Report {
    let validator = Validator::new(pki.trust(), Policy::pilot(), at.parse().unwrap());
    validator.validate(container).unwrap()
}

fn judge(pki: &Pki, container: &[u8]) -> Report {
    judge_at(pki, container, TOMORROW)
}

fn records(report: &Report) -> Vec<String> {
    report.evidence_records().iter().map(|it| it.conclusion.to_string()).collect()
}

/// The references of the first record: what, whether it is there, whether it is as it was.
fn references(report: &Report) -> Vec<(&str, bool, Option<bool>)> {
    let all = report.evidence_records()[0].references.iter();
    all.filter(|it| !it.name.starts_with("SHA256:"))
        .map(|it| (it.name.as_str(), it.found, it.intact))
        .collect()
}

fn codes(report: &Report) -> Vec<String> {
    let json = serde_json::to_value(report).unwrap();
    let all = json["diagnostics"].as_array().unwrap().iter();
    all.map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_record_is_over_the_only_file() {
    let pki = Pki::new();
    let container = simple(&over(&pki.tsa(), &[CONTENT]), CONTENT);
    let report = judge(&pki, &container);
    assert_eq!(records(&report), ["TOTAL_PASSED"], "{report}");
    assert_eq!(references(&report), [("a.txt", true, Some(true))]);
    assert_eq!(report.evidence_records()[0].time.unwrap().to_string(), NOW);
    assert!(report.detailed().to_string().contains("META-INF/evidencerecord.ers"));
    // Nobody signed it, whatever the record says.
    assert!(report.conclusion().is_none() && !report.is_signed());
    assert!(report.to_string().starts_with("Tài liệu không có chữ ký số. Bản ghi"), "{report}");
    assert_eq!(report.uncovered_entries(), ["a.txt"]);
    assert_eq!(codes(&report), ["UNCOVERED_ENTRIES", "EVIDENCE_RECORD"]);
    assert!(report.into_validated().is_err());
}

/// In an ASiC-S no manifest is asked what a record is over: one is a file like any other.
#[test]
fn a_manifest_beside_the_only_file_is_in_no_use() {
    let pki = Pki::new();
    let record = "META-INF/evidencerecord.ers";
    let mut all = mime_type("s");
    all.push(("a.txt".into(), CONTENT.to_vec()));
    all.push((MANIFEST.into(), manifest(record, &[("a.txt", CONTENT)])));
    all.push((record.into(), over(&pki.tsa(), &[CONTENT]).der()));
    let report = judge(&pki, &support::zip::stored(&all));
    assert_eq!(records(&report), ["TOTAL_PASSED"], "{report}");
    assert_eq!(report.uncovered_entries(), ["a.txt", MANIFEST]);
}

#[test]
fn a_file_that_was_swapped_fails() {
    let pki = Pki::new();
    let report = judge(&pki, &simple(&over(&pki.tsa(), &[CONTENT]), b"swapped"));
    assert_eq!(records(&report), ["TOTAL_FAILED/HASH_FAILURE"], "{report}");
    assert_eq!(references(&report), [("a.txt", true, Some(false))]);
    assert_eq!(codes(&report), ["UNCOVERED_ENTRIES"]);
}

#[test]
fn what_is_no_record_is_told() {
    let pki = Pki::new();
    let mut all = mime_type("s");
    all.push(("a.txt".into(), CONTENT.to_vec()));
    for octets in [&b"\x30\x03\x02\x01\x01"[..], b"<EvidenceRecord/>", b""] {
        let mut all = all.clone();
        all.push(("META-INF/evidencerecord.xml".into(), octets.to_vec()));
        let report = judge(&pki, &support::zip::stored(&all));
        assert_eq!(records(&report), ["TOTAL_FAILED/FORMAT_FAILURE"], "{report}");
    }
}

#[test]
fn a_record_is_over_what_its_manifest_lists() {
    let pki = Pki::new();
    let two = b"second file";
    let record = over(&pki.tsa(), &[CONTENT, two]);
    let container = |listed: &[(&str, &[u8])], second: Option<&[u8]>| {
        let mut all = mime_type("e");
        all.push(("a.txt".into(), CONTENT.to_vec()));
        all.extend(second.map(|it| ("b.txt".into(), it.to_vec())));
        all.push((MANIFEST.into(), manifest(RECORD, listed)));
        all.push((RECORD.into(), record.der()));
        support::zip::stored(&all)
    };
    let both: [(&str, &[u8]); 2] = [("a.txt", CONTENT), ("b.txt", two)];
    let good = judge(&pki, &container(&both, Some(two)));
    assert_eq!(records(&good), ["TOTAL_PASSED"], "{good}");
    assert_eq!(references(&good), [("a.txt", true, Some(true)), ("b.txt", true, Some(true))]);
    // Swapped; swapped in the manifest, too; gone; listed by another digest than the record's.
    let swapped = judge(&pki, &container(&both, Some(b"swapped")));
    assert_eq!(records(&swapped), ["TOTAL_FAILED/HASH_FAILURE"], "{swapped}");
    let listed = [both[0], ("b.txt", &b"swapped"[..])];
    let swapped = judge(&pki, &container(&listed, Some(b"swapped")));
    assert_eq!(references(&swapped)[1], ("b.txt", true, Some(false)));
    let gone = judge(&pki, &container(&both, None));
    assert_eq!(records(&gone), ["INDETERMINATE/SIGNED_DATA_NOT_FOUND"], "{gone}");
    let other = judge(&pki, &container(&listed, Some(two)));
    assert_eq!(records(&other), ["TOTAL_FAILED/HASH_FAILURE"], "{other}");
    // Without its manifest it may be over either.
    let mut all = mime_type("e");
    all.extend(both.map(|(name, it)| (name.to_owned(), it.to_vec())));
    all.push((RECORD.into(), record.der()));
    let none = judge(&pki, &support::zip::stored(&all));
    assert_eq!(records(&none), ["INDETERMINATE/SIGNED_DATA_NOT_FOUND"], "{none}");
}

#[test]
fn a_record_proves_when_the_signature_existed() {
    let pki = Pki::new();
    let proven = |container: &[u8]| {
        let report = judge(&pki, container);
        report.signatures()[0].best_signature_time().map(|it| it.to_string())
    };
    let entries = signed(&pki);
    assert_eq!(proven(&support::zip::stored(&entries)), None);
    let tsa = pki.tsa().at(LATER);
    let container = recorded(entries.clone(), |it| over(&tsa, &[it]));
    assert_eq!(proven(&container).as_deref(), Some(LATER));
    // The file is covered by the signature, and so nothing has to be said.
    assert!(codes(&judge(&pki, &container)).is_empty());
    // One over something else proves nothing, nor does one of a stranger.
    assert_eq!(proven(&recorded(entries.clone(), |_| over(&tsa, &[b"another"]))), None);
    let stranger = Pki::new().tsa();
    assert_eq!(proven(&recorded(entries, |it| over(&stranger, &[it]))), None);
}

#[test]
fn a_signature_outlives_its_certificate_by_a_record_beside_it() {
    let mut pki = Pki::new();
    let mut params = pki::params("Leaf", pki::LEAF);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params.key_usages = vec![rcgen::KeyUsagePurpose::ContentCommitment];
    pki.leaf = Authority::certify(&pki.middle, &params, &pki.leaf_key);
    let (entries, at) = (signed(&pki), "2028-06-01T00:00:00Z");
    let conclusion =
        |container: &[u8]| judge_at(&pki, container, at).signatures()[0].conclusion().to_string();
    let bare = support::zip::stored(&entries);
    assert_eq!(conclusion(&bare), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    let with = recorded(entries.clone(), |it| over(&pki.tsa(), &[it]));
    assert_eq!(conclusion(&with), "TOTAL_PASSED");
    let late = pki.tsa().at("2027-06-01T00:00:00Z");
    let with = recorded(entries, |it| over(&late, &[it]));
    assert_eq!(conclusion(&with), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
}

/// One record over another whose authority's certificate has ended.
#[test]
fn a_record_is_under_another() {
    let pki = Pki::new();
    let short = pki.tsa_with(|params| params.not_after = rcgen::date_time_ymd(2028, 1, 1));
    let first = over(&short, &[CONTENT]);
    let second = "META-INF/evidencerecord002.ers";
    let mut all = mime_type("e");
    all.push(("a.txt".into(), CONTENT.to_vec()));
    all.push((MANIFEST.into(), manifest(RECORD, &[("a.txt", CONTENT)])));
    all.push((RECORD.into(), first.der()));
    let at = "2029-01-01T00:00:00Z";
    let report = judge_at(&pki, &support::zip::stored(&all), at);
    assert_eq!(records(&report), ["INDETERMINATE/OUT_OF_BOUNDS_NO_POE"], "{report}");
    let listed = manifest(second, &[(RECORD, &first.der())]);
    all.push(("META-INF/ASiCEvidenceRecordManifest002.xml".into(), listed));
    let late = pki.tsa().at("2027-06-01T00:00:00Z");
    all.push((second.into(), over(&late, &[&first.der()]).der()));
    let report = judge_at(&pki, &support::zip::stored(&all), at);
    assert_eq!(records(&report), ["TOTAL_PASSED", "TOTAL_PASSED"], "{report}");
}

#[test]
fn records_of_a_container_are_bounded() {
    let pki = Pki::new();
    let container = simple(&over(&pki.tsa(), &[CONTENT]), CONTENT);
    let mut limits = Limits::default();
    limits.cms_time_stamps = 0;
    let validator = Validator::new(pki.trust(), Policy::pilot(), TOMORROW.parse().unwrap());
    let error = validator.with_limits(limits).validate(&container).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
}

/// A time-stamp of the container whose authority's certificate has ended, under a record.
#[test]
fn a_time_stamp_is_under_a_record() {
    let pki = Pki::new();
    let short = pki.tsa_with(|params| params.not_after = rcgen::date_time_ymd(2028, 1, 1));
    let stamp = "META-INF/timestamp001.tst";
    let list = manifest(stamp, &[("a.txt", CONTENT)]);
    let token = Stamp::bare(&short, &SHA256.digest(&list)).token;
    let mut all = mime_type("e");
    all.push(("a.txt".into(), CONTENT.to_vec()));
    all.push(("META-INF/ASiCManifest001.xml".into(), list));
    all.push((stamp.into(), token.clone()));
    let conclusion = |all: &Entries| {
        let report = judge_at(&pki, &support::zip::stored(all), "2029-01-01T00:00:00Z");
        report.document_timestamps()[0].conclusion.to_string()
    };
    assert_eq!(conclusion(&all), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    all.push((MANIFEST.into(), manifest(RECORD, &[(stamp, &token)])));
    all.push((RECORD.into(), over(&pki.tsa().at("2027-06-01T00:00:00Z"), &[&token]).der()));
    assert_eq!(conclusion(&all), "TOTAL_PASSED");
}

/// A time-stamp token says when a file of a message was there; nobody signs by it, either.
#[test]
fn a_time_stamp_token_of_a_message_signs_no_file() {
    let pki = Pki::new();
    let stamp =
        |over: &[u8]| support::evidence_record::Stamp::bare(&pki.tsa(), &SHA256.digest(over));
    let header = MessageHeader { to: vec![Organization::default()], ..MessageHeader::default() };
    let envelope = Envelope::new(header)
        .attach("bảng.csv", CONTENT.to_vec())
        .attach("bảng.csv.p7s", stamp(CONTENT).token)
        .attach("khác.p7m", stamp(b"another").token);
    let validator = Validator::new(pki.trust(), Policy::pilot(), TOMORROW.parse().unwrap());
    let message = envelope.to_bytes().unwrap();
    let report = edxml::validate(&message, &validator, &Limits::default()).unwrap();
    assert!(!report.is_signed() && report.signatures().is_empty(), "{report}");
    assert_eq!(report.conclusion(), None);
    assert_eq!(report.uncovered_entries(), ["bảng.csv", "khác.p7m"]);
    let stamps: Vec<_> = report.document_timestamps().iter().collect();
    let over: Vec<_> = stamps.iter().map(|it| (it.entry.as_deref(), it.imprint_intact)).collect();
    assert_eq!(over, [(Some("bảng.csv"), Some(true)), (Some("khác.p7m"), None)]);
    assert_eq!(report.time_stamps().len(), 2);
    assert!(report.into_validated().is_err());
}

/// A record says since when a file of a message is there; nobody signs by it, and what is said of
/// it names the file.
#[test]
fn of_a_message_it_covers_no_file() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let container = simple(&over(&tsa, &[CONTENT]), CONTENT);
    let header = MessageHeader { to: vec![Organization::default()], ..MessageHeader::default() };
    let envelope = Envelope::new(header)
        .attach("kế hoạch.asics", container)
        .attach("bảng.csv", CONTENT.to_vec())
        .attach("bảng.csv.p7s", over(&tsa, &[CONTENT]).der())
        .attach("khác.csv", b"another".to_vec())
        .attach("khác.csv.p7s", over(&tsa, &[CONTENT]).der());
    let judge = |envelope: &Envelope| {
        let validator = Validator::new(pki.trust(), Policy::pilot(), TOMORROW.parse().unwrap());
        let message = envelope.to_bytes().unwrap();
        edxml::validate(&message, &validator, &Limits::default()).unwrap()
    };
    let report = judge(&envelope);
    assert_eq!(report.signatures().len(), 0);
    let entries: Vec<_> =
        report.evidence_records().iter().map(|it| it.entry.as_deref().unwrap()).collect();
    assert_eq!(entries, ["kế hoạch.asics", "bảng.csv", "khác.csv"], "{report}");
    assert!(records(&report)[0] == "TOTAL_PASSED" && records(&report)[2] != "TOTAL_PASSED");
    let uncovered = ["kế hoạch.asics", "bảng.csv", "khác.csv"];
    assert_eq!(report.uncovered_entries(), uncovered);
    let told: Vec<_> = report.diagnostics().filter(|it| it.1.contains("record alone")).collect();
    assert_eq!(told.len(), 1, "{report}");
    assert!(told[0].0.starts_with("kế hoạch.asics: ") && told[0].1.starts_with("kế hoạch.asics: "));
    assert!(report.clone().into_validated().is_err());
    assert!(report.to_string().contains("“khác.csv”:") && report.to_html().contains("khác.csv"));

    // What somebody signed is judged by that alone, in whichever order the files are.
    let signer = pki.signer();
    let signature = kyso::cades::SignatureBuilder::new(CONTENT, NOW.parse().unwrap()).enveloping();
    let signature = signature.sign(&signer).unwrap();
    let validator = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap())
        .with_crls([pki.root.crl(&[]), pki.middle.crl(&[])]);
    for first in [true, false] {
        let mut mixed = envelope.clone().attach("đơn.p7m", signature.clone());
        if first {
            mixed.attachments.rotate_right(1);
        }
        let message = mixed.to_bytes().unwrap();
        let report = edxml::validate(&message, &validator, &Limits::default()).unwrap();
        assert_eq!(report.conclusion(), Some(kyso::Conclusion::TotalPassed), "{report}");
    }
}
