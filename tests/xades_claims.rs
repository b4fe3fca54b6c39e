//! What signers claim in XAdES, in whatever way other programs write it, what becomes of
//! properties that nobody signed, and time-stamps that say one by one what they are over.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub, clippy::panic)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::tsp::TimeStampAuthority;
use kyso::{
    CheckId, Conclusion, DigestAlgorithm, Indeterminate, Level, Outcome, Policy, Report,
    SignatureLevel, SignatureReport, TimeStampType, Validator, xades,
};
use support::pki::{NOW, Pki};
use support::resigned::{between, canonical, resigned};
use support::tsa::TestTsa;

const LETTER: &[u8] = "công văn".as_bytes();
const TABLE: &[u8] = b"1;2;3\n";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

fn signed(pki: &Pki) -> String {
    let builder = xades::SignatureBuilder::detached("a.txt", &LETTER, NOW.parse().unwrap());
    let builder = builder.file("b.csv", &TABLE);
    String::from_utf8(builder.sign(&pki.signer()).unwrap()).unwrap()
}

fn judge_by(pki: &Pki, policy: Policy, signature: &str) -> Report {
    let lists = [pki.root.crl(&[]), pki.middle.crl(&[])];
    let validator = Validator::new(pki.trust(), policy, NOW.parse().unwrap()).with_crls(lists);
    let files = vec![("a.txt", LETTER.to_vec()), ("b.csv", TABLE.to_vec())];
    validator.validate_with_files(signature.as_bytes(), &files).unwrap()
}

fn judge(pki: &Pki, signature: &str) -> Report {
    judge_by(pki, Policy::default(), signature)
}

fn outcome(signature: &SignatureReport, id: CheckId) -> (Outcome, String) {
    let check = signature.checks().iter().find(|it| it.id == id).unwrap();
    (check.outcome, check.message_vi.clone())
}

#[test]
fn what_is_signed_anew_passes_as_before() {
    let pki = Pki::new();
    let again = resigned(&signed(&pki), &pki.signer());
    let report = judge(&pki, &again);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

#[test]
fn roles_place_and_commitments_are_told_as_claims() {
    let pki = Pki::new();
    let mut place = xades::ProductionPlace::default();
    (place.city, place.country) = ("Lạng Sơn".into(), "VN".into());
    let signature = xades::SignatureBuilder::detached("a.txt", &LETTER, NOW.parse().unwrap())
        .role("Chánh Văn phòng")
        .production_place(place)
        .commitment("http://uri.etsi.org/01903/v1.2.2#ProofOfApproval")
        .commitment("urn:khác")
        .sign(&pki.signer())
        .unwrap();
    let report = judge(&pki, &String::from_utf8(signature).unwrap());
    let claims = report.signatures()[0].claims();
    assert_eq!(claims.roles, ["Chánh Văn phòng"]);
    assert_eq!(claims.production_place, ["Lạng Sơn", "VN"]);
    assert_eq!(claims.commitments[1], "urn:khác");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["signatures"][0]["claims"]["roles"][0], "Chánh Văn phòng");
    let (text, html) = (report.to_string(), report.to_html());
    assert!(text.contains("Vai trò tự khai / Claimed role: Chánh Văn phòng"), "{text}");
    assert!(text.contains("Nơi ký tự khai / Claimed place: Lạng Sơn, VN"), "{text}");
    assert!(text.contains("phê duyệt / approval; urn:khác"), "{text}");
    assert!(html.contains("Vai trò tự khai") && html.contains("Chánh Văn phòng"), "{html}");
    let none = judge(&pki, &signed(&pki)).to_string();
    assert!(!none.contains("tự khai"), "{none}");
}

/// LibreOffice writes it so: XML Schema lets the zone be left out, and which moment it means is
/// never guessed.
#[test]
fn a_time_without_a_zone_is_a_claim_of_no_moment() {
    let pki = Pki::new();
    let (signed, stated) = (signed(&pki), format!("{NOW}</xades:SigningTime>"));
    for (said, is_time) in
        [("2026-06-15T07:00:00", true), ("2026-06-15T07:00:00.123456789", true), ("hôm nay", false)]
    {
        let other = signed.replacen(&stated, &format!("{said}</xades:SigningTime>"), 1);
        assert_ne!(other, signed);
        let report = judge(&pki, &resigned(&other, &pki.signer()));
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        let one = &report.signatures()[0];
        assert_eq!(one.claimed_time(), None);
        let expected = is_time.then_some(said);
        assert_eq!(one.claims().time_without_zone.as_deref(), expected);
        let (outcome, words) = outcome(one, CheckId::ClaimedTime);
        let level = match is_time {
            true => SignatureLevel::BaselineB,
            false => SignatureLevel::Bes,
        };
        assert_eq!(one.level(), level);
        assert_eq!(outcome == Outcome::Warning, is_time, "{words}");
        assert_eq!(words.contains(said) && words.contains("múi giờ"), is_time, "{words}");
        let malformed = one.checks().iter().any(|it| it.id == CheckId::SignedAttributes);
        assert_eq!(malformed, !is_time, "{report}");
    }
}

/// As a CMS without a signed reference to the certificate.
#[test]
fn properties_that_nobody_signed_count_for_nothing() {
    let pki = Pki::new();
    let signed = signed(&pki);
    let at = signed.find("#SignedProperties\"").unwrap();
    let start = signed[..at].rfind("<ds:Reference").unwrap();
    let end = at + signed[at..].find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
    let alone = resigned(&[&signed[..start], &signed[end..]].concat(), &pki.signer());
    let report = judge_by(&pki, Policy::pilot(), &alone);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let one = &report.signatures()[0];
    assert_eq!((one.claimed_time(), one.level()), (None, SignatureLevel::NotEtsi));
    let (outcome, words) = outcome(one, CheckId::SigningCertificateReference);
    assert_eq!(outcome, Outcome::Warning, "{words}");
    for text in [report.to_string(), report.to_html()] {
        assert!(text.contains("không được chữ ký này ký"), "{text}");
        assert!(text.contains("[!]"), "{text}");
    }
    assert!(report.to_string().contains("CHÚ Ý: hợp lệ nhưng có"), "{report}");
    // Who wants it signed says so.
    let presets = [Policy::pilot(), Policy::default(), Policy::vietnam_official(), Policy::etsi()];
    for mut policy in presets {
        policy.levels.insert(CheckId::SigningCertificateReference, Level::Fail);
        let report = judge_by(&pki, policy.clone(), &alone);
        let refused = Conclusion::from(Indeterminate::SigConstraintsFailure);
        assert_eq!(report.conclusion(), Some(refused), "{report}");
        let report = judge_by(&pki, policy, &signed);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    }
    let whole = judge_by(&pki, Policy::pilot(), &signed).to_string();
    assert!(!whole.contains("CHÚ Ý"), "{whole}");
}

fn token(tsa: &TestTsa, octets: &[u8]) -> String {
    let token = tsa.time_stamp(&DigestAlgorithm::Sha256.digest(octets)).unwrap();
    let token = STANDARD.encode(token.der());
    format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <xades:EncapsulatedTimeStamp>{token}</xades:EncapsulatedTimeStamp>"
    )
}

fn imprints(report: &Report) -> Vec<(TimeStampType, Option<bool>)> {
    report.signatures()[0].timestamps().iter().map(|it| (it.kind, it.imprint_intact)).collect()
}

/// EN 319 132-1 §5.1.4.3.2, §5.2.8.2: over what the Reference of this Id refers to.
#[test]
fn a_time_stamp_includes_signed_data_one_by_one() {
    let pki = Pki::new();
    let (signed, tsa) = (signed(&pki), pki.tsa());
    let id = |uri: &str| {
        let before = signed.split_once(uri).unwrap().0;
        before.rsplit_once(" Id=\"").unwrap().1.split_once('"').unwrap().0
    };
    let (letter, table) = (id(" URI=\"a.txt\""), id(" URI=\"b.csv\""));
    let both = [LETTER, TABLE].concat();
    let include =
        |id: &str| format!("<xades:Include URI=\"#{id}\" referencedData=\"true\"></xades:Include>");
    let property = id_of_properties(&signed);
    for (includes, over, expected) in [
        (include(table), TABLE, Some(true)),
        (include(letter), LETTER, Some(true)),
        (include(letter) + &include(table), &both, Some(true)),
        (include(table) + &include(letter), &both, Some(false)),
        (include(letter), TABLE, Some(false)),
        // They lead nowhere, or to no data.
        (include("none"), LETTER, None),
        (include(property), LETTER, None),
        (include(letter).replace("true", "false"), LETTER, None),
    ] {
        let stamp = format!(
            "<xades:IndividualDataObjectsTimeStamp>{includes}{}</xades:IndividualDataObjectsTimeStamp>",
            token(&tsa, over)
        );
        let end = "</xades:SignedDataObjectProperties>";
        let with = signed.replacen(end, &format!("{stamp}{end}"), 1);
        let report = judge(&pki, &resigned(&with, &pki.signer()));
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{includes}: {report}");
        let kind = TimeStampType::IndividualDataObjectsTimestamp;
        assert_eq!(imprints(&report), [(kind, expected)], "{includes}");
    }
}

fn id_of_properties(signed: &str) -> &str {
    between(signed, "<xades:SignedProperties Id=\"", "\"")
}

/// TS 101 903 §7.5.2: over elements of the signature, by their Ids.
#[test]
fn a_time_stamp_includes_elements_one_by_one() {
    let pki = Pki::new();
    let (signed, tsa) = (signed(&pki), pki.tsa());
    let references = "<xades:CompleteCertificateRefs Id=\"refs\"><xades:CertRefs>\
                      </xades:CertRefs></xades:CompleteCertificateRefs>";
    let over = canonical(references);
    let with = |properties: String| {
        let end = "</xades:SignedProperties>";
        let unsigned = format!(
            "{end}<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{properties}\
             </xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
        );
        signed.replacen(end, &unsigned, 1)
    };
    let stamp = |uri: &str, over: &str| {
        format!(
            "<xades:RefsOnlyTimeStamp><xades:Include URI=\"{uri}\"></xades:Include>{}\
             </xades:RefsOnlyTimeStamp>",
            token(&tsa, over.as_bytes())
        )
    };
    for (properties, expected) in [
        (format!("{references}{}", stamp("#refs", &over)), Some(true)),
        // What stands behind it is included, too, where it says so.
        (format!("{}{references}", stamp("#refs", &over)), Some(true)),
        (format!("{references}{}", stamp("#refs", "other")), Some(false)),
        (format!("{references}{}", stamp("#none", &over)), None),
        // Which of two is meant is open.
        (format!("{references}{references}{}", stamp("#refs", &over)), None),
    ] {
        let report = judge(&pki, &with(properties));
        let kind = TimeStampType::ValidationDataRefsTimestamp;
        assert_eq!(imprints(&report), [(kind, expected)], "{report}");
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    }
}
