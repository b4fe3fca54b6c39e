//! The leader signs, the clerk puts number and date on the page, the agency signs. What
//! was put there passes under the agency's signature, where it only adds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use std::fs;

use kyso::pades::{DrawingKind, SignatureBuilder};
use kyso::{
    CheckId, Conclusion, Level, Outcome, Policy, Report, Revocation, SigningOverride,
    SoftwareSigner, TrustStore, UtcTime, Validator,
};
use support::pdf::{update_all, write};

const NOW: &str = "2026-11-22T08:00:00+07:00";
const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>";

fn signer(key: &str, certificate: &str) -> SoftwareSigner {
    let read = |name: &str| fs::read(format!("testdata/keys/{name}.pem")).unwrap();
    let (key, certificate) = (read(&format!("{key}.key")), read(&format!("{certificate}.crt")));
    SoftwareSigner::from_pem(&key, &certificate).unwrap()
}

fn stream(data: &str) -> String {
    format!("<</Length {}>>\nstream\n{data}\nendstream", data.len())
}

fn now() -> UtcTime {
    NOW.parse().unwrap()
}

/// A decision that waits for its number, as the leader signs it.
fn signed() -> Vec<u8> {
    let pdf = write(&[
        "<</Type/Catalog/Pages 2 0 R>>".into(),
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>".into(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>".into(),
        stream("BT /F 12 Tf 20 150 Td (So:        /QD-UBND) Tj ET"),
        FONT.into(),
    ]);
    SignatureBuilder::new(&pdf, now()).sign(&signer("p256", "p256")).unwrap()
}

/// What the clerk makes of it, at this place on the line.
fn numbered(signed: &[u8], left: u32) -> Vec<u8> {
    let page = "<</Type/Page/Parent 2 0 R/Contents[30 0 R 4 0 R 31 0 R]/Annots[7 0 R]\
                /Resources<</Font<</F 5 0 R/K 32 0 R>>>>>>";
    let added = stream(&format!("Q q BT /K 12 Tf {left} 150 Td (15) Tj ET Q"));
    let objects = [(3, page), (30, &stream("q")), (31, &added), (32, FONT)];
    update_all(signed, 40, &objects)
}

fn sealed(pdf: &[u8], certificate: &str) -> Vec<u8> {
    let builder = SignatureBuilder::new(pdf, now()).allow(SigningOverride::ExpiredCertificate);
    let key = if certificate == "expired" { "p256" } else { certificate };
    builder.sign(&signer(key, certificate)).unwrap()
}

fn validated(pdf: &[u8], policy: Policy) -> Report {
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    Validator::new(trust, policy, now()).validate(pdf).unwrap()
}

fn leaders(pdf: &[u8], policy: Policy) -> (Conclusion, &'static str, String) {
    let report = validated(pdf, policy);
    let leader = &report.signatures()[0];
    let why = leader.checks().iter().map(|it| it.message_en.clone()).collect();
    (leader.conclusion(), leader.later_changes().unwrap(), why)
}

#[test]
fn number_and_date_pass_under_the_agencys_signature() {
    let pdf = sealed(&numbered(&signed(), 38), "rsa2048");
    let report = validated(&pdf, Policy::pilot());
    let [leader, agency] = report.signatures() else { panic!("two signatures") };
    assert_eq!(leader.later_changes(), Some("CLERK_ADDITION"));
    assert_eq!(leader.conclusion(), Conclusion::TotalPassed, "{report}");
    assert_eq!(agency.conclusion(), Conclusion::TotalPassed);
    let [added, sealed] = report.revisions() else { panic!("two revisions") };
    assert_eq!((added.kind(), sealed.kind()), (Some("CLERK_ADDITION"), Some("SIGNATURES")));
    let [drawing] = added.drawings() else { panic!("one line: {added:?}") };
    assert_eq!((drawing.text.as_str(), drawing.page), ("15", Some(1)));
    assert_eq!((drawing.kind, added.revision()), (DrawingKind::Text, 3));
    assert_eq!(sealed.drawings(), []);
    let said = leader.checks().iter().find(|it| it.id == CheckId::ClerkAddition).unwrap();
    assert_eq!(said.outcome, Outcome::Warning);
    let told = "revision 3: text “15” at x 13 mm, y 52 mm (page 1)";
    assert!(said.message_en.contains(told), "{}", said.message_en);
    let told = "phiên bản 3: chữ “15” tại x 13 mm, y 52 mm (trang 1)";
    assert!(said.message_vi.contains(told), "{}", said.message_vi);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["revisions"][0]["drawings"][0]["text"], "15");
    assert_eq!(json["revisions"][0]["drawings"][0]["kind"], "TEXT");
}

/// A seal is no text, and is told all the same.
#[test]
fn pictures_and_lines_are_told_with_their_place() {
    let page = "<</Type/Page/Parent 2 0 R/Contents[30 0 R 4 0 R 31 0 R]/Annots[7 0 R]\
                /Resources<</Font<</F 5 0 R>>/XObject<</S 32 0 R>>>>>>";
    let added = stream("Q q 72 0 0 36 36 54 cm /S Do Q 36 20 72 9 re f");
    let seal = "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray\
                /BitsPerComponent 8/Length 1>>\nstream\n0\nendstream";
    let objects = [(3, page), (30, &stream("q")), (31, &added), (32, seal)];
    let pdf = sealed(&update_all(&signed(), 40, &objects), "rsa2048");
    let report = validated(&pdf, Policy::pilot());
    let leader = &report.signatures()[0];
    assert_eq!(leader.later_changes(), Some("CLERK_ADDITION"), "{report}");
    let said = leader.checks().iter().find(|it| it.id == CheckId::ClerkAddition).unwrap();
    for (message, told) in [
        (&said.message_en, ["a picture at x 13 mm, y 19 mm", "lines at x 13 mm, y 7 mm"]),
        (&said.message_vi, ["hình ảnh tại x 13 mm, y 19 mm", "nét vẽ tại x 13 mm, y 7 mm"]),
    ] {
        assert!(told.iter().all(|it| message.contains(it)), "{message}");
        assert!(report.to_html().contains(message.as_str()), "{message}");
    }
}

#[test]
fn nobody_else_answers_for_what_was_added() {
    let added = numbered(&signed(), 38);
    for (what, pdf) in [
        ("uncovered", added.clone()),
        ("covered by one that does not pass", sealed(&added, "expired")),
        ("added behind the agency's", numbered(&sealed(&signed(), "rsa2048"), 38)),
    ] {
        let (conclusion, changes, why) = leaders(&pdf, Policy::pilot());
        assert!(conclusion.to_string().contains("SIG_CONSTRAINTS_FAILURE"), "{what}: {why}");
        if what != "added behind the agency's" {
            assert_eq!(changes, "CLERK_ADDITION", "{what}");
            assert!(why.contains("no later signature which passes covers"), "{what}: {why}");
        }
    }
}

#[test]
fn what_covers_text_passes_under_nobody() {
    let pdf = sealed(&numbered(&signed(), 22), "rsa2048");
    let (conclusion, changes, why) = leaders(&pdf, Policy::pilot());
    assert_eq!(changes, "OTHER");
    assert!(conclusion.to_string().contains("SIG_CONSTRAINTS_FAILURE"), "{why}");
}

#[test]
fn the_policy_says_whether_anything_may_be_added() {
    let pdf = sealed(&numbered(&signed(), 38), "rsa2048");
    let mut never = Policy::pilot();
    never.levels.insert(CheckId::ClerkAddition, Level::Fail);
    let (conclusion, changes, why) = leaders(&pdf, never);
    assert_eq!(changes, "CLERK_ADDITION");
    assert!(conclusion.to_string().contains("SIG_CONSTRAINTS_FAILURE"), "{why}");
    // What nobody answers for passes under no policy.
    let mut always = Policy::pilot();
    always.levels.insert(CheckId::ClerkAddition, Level::Ignore);
    let (conclusion, _, why) = leaders(&numbered(&signed(), 38), always);
    assert!(conclusion.to_string().contains("SIG_CONSTRAINTS_FAILURE"), "{why}");
    for (mut policy, passes) in
        [(Policy::vietnam_official(), true), (Policy::default(), true), (Policy::etsi(), false)]
    {
        policy.revocation = Revocation::NotRequired;
        let (conclusion, _, why) = leaders(&pdf, policy);
        assert_eq!(conclusion == Conclusion::TotalPassed, passes, "{why}");
    }
}
