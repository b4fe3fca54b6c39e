//! Evidence records in XML signatures (EN 319 132-3 §5): what they seal, and what they prove of
//! the signature.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub, clippy::panic)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{DigestAlgorithm, ErrorKind, Limits, Policy, Report, Validator, xades};
use support::evidence_record::{Record, Stamp, XmlRecord};
use support::pki::{NOW, Pki};
use support::resigned::{DS, between, digest, resigned};
use support::tsa::TestTsa;

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
const CONTENT: &[u8] = b"a letter";
/// Later than [`NOW`].
const LATER: &str = "2026-06-15T01:00:00Z";
const TOMORROW: &str = "2026-06-16T00:00:00Z";
const SEALING: &str = "en:SealingEvidenceRecords";

fn leaf(octets: &[u8]) -> Vec<u8> {
    SHA256.digest(octets).value().to_vec()
}

/// A signature beside its file.
fn signed(pki: &Pki) -> String {
    let builder = xades::SignatureBuilder::detached("a.txt", &CONTENT, NOW.parse().unwrap());
    String::from_utf8(builder.sign(&pki.signer()).unwrap()).unwrap()
}

/// The digests of all that records seal in this signature, whose parts are written as their
/// exclusive canonical form is, but for the namespace: not all of them declare it.
fn group(signed: &str) -> Vec<Vec<u8>> {
    let signed = &signed.replace(DS, "");
    let info = between(signed, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let stated = info.split("<ds:DigestValue>").skip(1);
    let stated = stated.map(|it| STANDARD.decode(it.split('<').next().unwrap()).unwrap());
    let part = |name: &str| {
        let inside = between(signed, &format!("<{name}"), &format!("</{name}>"));
        leaf(format!("<{name}{DS}{inside}</{name}>").as_bytes())
    };
    stated.chain(["ds:SignedInfo", "ds:SignatureValue", "ds:KeyInfo"].map(part)).collect()
}

fn over(tsa: &TestTsa, list: Vec<Vec<u8>>) -> Stamp {
    let sealed = support::evidence_record::node(SHA256, list);
    Stamp::over(tsa, SHA256, vec![vec![sealed, leaf(b"of another")], vec![leaf(b"the rest")]])
}

fn asn1(stamp: Stamp) -> String {
    let record = STANDARD.encode(Record::new(stamp).der());
    format!("<en:ASN1EvidenceRecord>{record}</en:ASN1EvidenceRecord>")
}

fn property(records: &str) -> String {
    format!("<{SEALING} xmlns:en=\"http://uri.etsi.org/19132/v1.1.1#\">{records}</{SEALING}>")
}

fn with(signed: &str, properties: &str) -> String {
    let end = "</xades:SignedProperties>";
    let (before, after) = signed.split_once(end).unwrap();
    format!(
        "{before}{end}<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{properties}\
         </xades:UnsignedSignatureProperties></xades:UnsignedProperties>{after}"
    )
}

fn judge_at(pki: &Pki, signed: &str, content: &[u8], at: &str) -> Report {
    let validator = Validator::new(pki.trust(), Policy::pilot(), at.parse().unwrap());
    let files = vec![("a.txt", content.to_vec())];
    validator.validate_with_files(signed.as_bytes(), &files).unwrap()
}

fn judge(pki: &Pki, signed: &str) -> Report {
    judge_at(pki, signed, CONTENT, TOMORROW)
}

/// The records' conclusions, the signature's, and since when that is proven to exist.
fn said(report: &Report) -> (Vec<String>, String, Option<String>) {
    let [signature] = report.signatures() else { panic!("{report}") };
    let records = signature.evidence_records().iter().map(|it| it.conclusion.to_string());
    let proven = signature.best_signature_time().map(|it| it.to_string());
    (records.collect(), signature.conclusion().to_string(), proven)
}

fn passed() -> String {
    "TOTAL_PASSED".into()
}

#[test]
fn a_record_proves_when_the_signature_existed() {
    let pki = Pki::new();
    let (signed, tsa) = (signed(&pki), pki.tsa().at(LATER));
    let xml = XmlRecord::new(over(&tsa, group(&signed))).xml();
    for record in [asn1(over(&tsa, group(&signed))), xml] {
        let report = judge(&pki, &with(&signed, &property(&record)));
        let expected = (vec![passed()], passed(), Some(LATER.to_owned()));
        assert_eq!(said(&report), expected, "{report}");
        let found = &report.signatures()[0].evidence_records()[0].references[0];
        assert_eq!((found.name.as_str(), found.intact), ("signature", Some(true)));
    }
}

#[test]
fn a_record_over_something_else_proves_nothing_and_harms_nothing() {
    let pki = Pki::new();
    let (own, tsa) = (signed(&pki), pki.tsa());
    let fewer = group(&own).split_off(1);
    for list in [group(&signed(&Pki::new())), fewer, vec![leaf(CONTENT)]] {
        let report = judge(&pki, &with(&own, &property(&asn1(over(&tsa, list)))));
        let failed = vec!["TOTAL_FAILED/HASH_FAILURE".to_owned()];
        assert_eq!(said(&report), (failed, passed(), None), "{report}");
    }
    // Nor does what is none.
    let none = ["<en:ASN1EvidenceRecord>!</en:ASN1EvidenceRecord>", "<en:Other>MAA=</en:Other>"];
    for record in none {
        let report = judge(&pki, &with(&own, &property(record)));
        let failed = vec!["TOTAL_FAILED/FORMAT_FAILURE".to_owned()];
        assert_eq!(said(&report), (failed, passed(), None), "{report}");
    }
}

#[test]
fn a_file_that_was_swapped_or_is_gone_is_not_sealed() {
    let pki = Pki::new();
    let signed = signed(&pki);
    let sealed = with(&signed, &property(&asn1(over(&pki.tsa(), group(&signed)))));
    let report = judge_at(&pki, &sealed, b"swapped", TOMORROW);
    assert_eq!(said(&report).0, ["TOTAL_FAILED/HASH_FAILURE"], "{report}");
    let validator = Validator::new(pki.trust(), Policy::pilot(), TOMORROW.parse().unwrap());
    let report = validator.validate(sealed.as_bytes()).unwrap();
    assert_eq!(said(&report).0, ["INDETERMINATE/SIGNED_DATA_NOT_FOUND"], "{report}");
    assert_eq!(said(&report).2, None);
}

#[test]
fn a_later_property_is_over_the_earlier_one() {
    let pki = Pki::new();
    let signed = signed(&pki);
    let short = pki.tsa_with(|params| params.not_after = rcgen::date_time_ymd(2028, 1, 1));
    let first = property(&asn1(over(&short, group(&signed))));
    let at = "2029-01-01T00:00:00Z";
    let old = judge_at(&pki, &with(&signed, &first), CONTENT, at);
    assert_eq!(said(&old).0, ["INDETERMINATE/OUT_OF_BOUNDS_NO_POE"], "{old}");
    let late = pki.tsa().at("2027-06-01T00:00:00Z");
    let all = group(&signed).into_iter().chain([leaf(first.as_bytes())]).collect();
    let second = property(&asn1(over(&late, all)));
    let both = judge_at(&pki, &with(&signed, &format!("{first}{second}")), CONTENT, at);
    assert_eq!(said(&both).0, [passed(), passed()], "{both}");
    assert_eq!(said(&both).2.as_deref(), Some(NOW));
    // Side by side in one property, neither is over the other.
    let records = [asn1(over(&short, group(&signed))), asn1(over(&late, group(&signed)))].concat();
    let both = judge_at(&pki, &with(&signed, &property(&records)), CONTENT, at);
    assert!(said(&both).0.contains(&"INDETERMINATE/OUT_OF_BOUNDS_NO_POE".into()), "{both}");
}

#[test]
fn records_are_bounded() {
    let pki = Pki::new();
    let signed = signed(&pki);
    let record = asn1(over(&pki.tsa(), group(&signed)));
    let sealed = with(&signed, &property(&record.repeat(3)));
    let mut limits = Limits::default();
    limits.cms_time_stamps = 2;
    let validator = Validator::new(pki.trust(), Policy::pilot(), TOMORROW.parse().unwrap());
    let error = validator.with_limits(limits).validate(sealed.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
}

/// EN 319 132-3 §5.2, step 6: what signed manifests list is sealed, besides what is signed.
#[test]
fn what_a_signed_manifest_lists_is_sealed() {
    let pki = Pki::new();
    let (plain, tsa) = (signed(&pki), pki.tsa().at(LATER));
    let method = "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">\
                  </ds:DigestMethod>";
    let listed = |uri: &str, kind: &str, value: &str| {
        format!(
            "<ds:Reference{kind} URI=\"{uri}\">{method}<ds:DigestValue>{value}</ds:DigestValue>\
             </ds:Reference>"
        )
    };
    let manifest = |id: &str, inside: &str, ns: &str| {
        format!("<ds:Manifest{ns} Id=\"{id}\">{inside}</ds:Manifest>")
    };
    let kind = " Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\"";
    let entry = listed("a.txt", "", &digest(CONTENT));
    let inner = manifest("inner", &entry, DS);
    let nested = listed("#inner", kind, &digest(inner.as_bytes()));
    for (inside, beside, expected) in [
        (entry.clone(), String::new(), "TOTAL_PASSED"),
        // One that lists another manifest is not followed: what it seals is open.
        (nested, manifest("inner", &entry, ""), "INDETERMINATE/SIGNED_DATA_NOT_FOUND"),
    ] {
        let canonical = manifest("m", &inside, DS);
        let start = plain.find("<ds:Reference").unwrap();
        let end = plain.find("</ds:Reference>").unwrap();
        let id = format!(" Id=\"{}\"{kind}", between(&plain[start..], "Id=\"", "\""));
        let reference = listed("#m", &id, &digest(canonical.as_bytes()));
        let object = format!("<ds:Object>{}{beside}</ds:Object>", manifest("m", &inside, ""));
        let changed = format!(
            "{}{reference}{}",
            &plain[..start],
            plain[end + "</ds:Reference>".len()..].replacen(
                "</ds:KeyInfo>",
                &format!("</ds:KeyInfo>{object}"),
                1
            )
        );
        let own = resigned(&changed, &pki.signer());
        let (open, close) = ("<ds:Object>", "</ds:Object>");
        let object = object.replacen(open, &format!("<ds:Object{DS}>"), 1);
        assert!(own.contains(open) && object.ends_with(close));
        let all = [group(&own), vec![leaf(object.as_bytes())]].concat();
        for (list, expected) in [
            ([all.clone(), vec![leaf(CONTENT)]].concat(), expected),
            (all, if expected == "TOTAL_PASSED" { "TOTAL_FAILED/HASH_FAILURE" } else { expected }),
        ] {
            let report = judge(&pki, &with(&own, &property(&asn1(over(&tsa, list)))));
            let (records, signature, _) = said(&report);
            assert_eq!((records, signature), (vec![expected.to_owned()], passed()), "{report}");
        }
    }
}
