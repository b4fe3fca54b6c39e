//! Attacks on CMS signatures, one test each: what is signed is turned into something
//! else, or something else is passed off as what is signed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, dead_code)]

mod support;

use kyso::{DigestAlgorithm, Policy, Report, TrustStore, UtcTime, Validator};
use support::cms::{self, Cms, Identity};

const CONTENT: &[u8] = "Công văn".as_bytes();

fn pilot() -> Validator {
    let trust = TrustStore::from_bytes(&std::fs::read("testdata/keys/ca.crt.pem").unwrap());
    let at: UtcTime = "2026-11-22T08:00:00+07:00".parse().unwrap();
    Validator::new(trust.unwrap(), Policy::pilot(), at)
}

fn conclusion(report: &Report) -> String {
    report.conclusion().unwrap().to_string()
}

fn detached(signature: &[u8]) -> Report {
    pilot().validate_detached(signature, CONTENT).unwrap()
}

/// `SigningCertificateV2` that names the certificate by a digest nobody here computes.
fn by_sha3(certificate: &[u8]) -> Vec<u8> {
    let id = [cms::algorithm("2.16.840.1.101.3.4.2.8"), cms::tlv(4, cms::sha256(certificate))];
    cms::seq(&[cms::seq(&[cms::seq(&id)])])
}

/// The unsigned identifier may point at another certificate with the same key.
#[test]
fn a_reference_that_cannot_be_computed_settles_nothing() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.without(cms::SIGNING_CERTIFICATE_V2);
    cms.signed.push(cms::attribute(cms::SIGNING_CERTIFICATE_V2, by_sha3(&rsa.certificate)));
    let open = "INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND";
    assert_eq!(conclusion(&detached(&cms.signed_by(&rsa))), open);
    // Beside it stands one that can be computed, and is another certificate's.
    let sha1 = cms::seq(&[cms::seq(&[cms::seq(&[cms::tlv(4, [7; 20])])])]);
    cms.signed.push(cms::attribute("1.2.840.113549.1.9.16.2.12", sha1));
    assert_eq!(conclusion(&detached(&cms.signed_by(&rsa))), open);
}

/// RFC 5652 §5.3: without signed attributes nothing protects the type.
#[test]
fn the_type_of_a_content_without_attributes_cannot_be_exchanged() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.signed.clear();
    let signature = cms.with_value(&rsa, &rsa.sign_rsa(CONTENT));
    assert_eq!(conclusion(&detached(&signature)), "TOTAL_PASSED");
    let data = cms::oid(cms::DATA);
    let at = signature.windows(data.len()).position(|it| it == data).unwrap();
    let mut other = signature;
    other[at + data.len() - 1] = 5;
    assert_eq!(conclusion(&detached(&other)), "TOTAL_FAILED/FORMAT_FAILURE");
}

/// Some programs show the content within, whatever they were handed to check.
#[test]
fn a_content_within_is_the_one_that_was_handed_in() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    for (within, expected) in [
        (CONTENT, "TOTAL_PASSED"),
        (b"forged", "TOTAL_FAILED/FORMAT_FAILURE"),
        (b"", "TOTAL_FAILED/FORMAT_FAILURE"),
    ] {
        cms.content = Some(within.to_vec());
        let signature = cms.signed_by(&rsa);
        let report = detached(&signature);
        assert_eq!(conclusion(&report), expected, "{report}");
        assert_eq!(report.signatures()[0].intact(), Some(expected == "TOTAL_PASSED"));
        let digest = DigestAlgorithm::Sha256.digest(CONTENT);
        let report = pilot().validate_digest(&signature[..], digest).unwrap();
        assert_eq!(conclusion(&report), expected, "{report}");
    }
}

/// Attributes cut out of another signature have a digest like any content.
#[test]
fn a_digest_is_not_enough_without_attributes() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    let (attributes, value) = (cms.in_order(), rsa.sign_rsa(&cms.in_order()));
    cms.signed.clear();
    let digest = DigestAlgorithm::Sha256.digest(&attributes);
    let report = pilot().validate_digest(&cms.with_value(&rsa, &value)[..], digest).unwrap();
    assert_eq!(conclusion(&report), "INDETERMINATE/SIG_CONSTRAINTS_FAILURE");
    assert_eq!(report.signatures()[0].intact(), Some(true));
}

/// Which of two signatures in one file was looked at must not be left to chance.
#[test]
fn a_pem_file_holds_one_signature() {
    use base64::Engine;
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let text = base64::engine::general_purpose::STANDARD.encode(signature);
    let pem = format!("-----BEGIN CMS-----\n{text}\n-----END CMS-----\n");
    assert_eq!(conclusion(&detached(pem.as_bytes())), "TOTAL_PASSED");
    let error = pilot().validate_detached(pem.repeat(2).as_bytes(), CONTENT).unwrap_err();
    assert!(error.to_string().contains("more than one CMS"), "{error}");
}

/// What is called a page shows as one, whatever armour it begins with.
#[test]
fn armour_hides_no_text() {
    use base64::Engine;
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.content = Some(CONTENT.to_vec());
    let text = base64::engine::general_purpose::STANDARD.encode(cms.signed_by(&rsa));
    let pem = format!("-----BEGIN CMS-----\n{text}\n-----END CMS-----\n");
    let judge = |pem: &str| conclusion(&pilot().validate(pem.as_bytes()).unwrap());
    assert_eq!(judge(&pem), "TOTAL_PASSED");
    for forged in [
        format!("{pem}<html>another</html>"),
        format!("{pem}-----BEGIN X-----\nAAAA\n-----END X-----\n"),
        pem.replace("-----END CMS-----", "-----END CMS-----<html>another</html>"),
        pem.replacen("-----\n", "-----\n<html style=\"a:b\">another</html>\n", 1),
    ] {
        assert_eq!(judge(&forged), "TOTAL_FAILED/FORMAT_FAILURE", "{forged}");
    }
    // Beside its file, it is the file that people open (RFC 7468 §2).
    let text = format!("Subject: a signature\n{pem}");
    assert_eq!(conclusion(&detached(text.as_bytes())), "TOTAL_PASSED");
}

/// A reader of PDFs takes a header within the first 1024 bytes, and shows what follows.
#[test]
fn a_signature_is_no_pdf_besides() {
    let rsa = Identity::rsa();
    let pdf = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj";
    let mut cms = Cms::over(pdf, &rsa);
    cms.content = Some(pdf.to_vec());
    // What is signed may well be a PDF.
    assert_eq!(conclusion(&pilot().validate(&cms.signed_by(&rsa)[..]).unwrap()), "TOTAL_PASSED");
    // What nobody signed may not: the set of digests, say, is a place to hide one.
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.content = Some(CONTENT.to_vec());
    let signature = cms.signed_by(&rsa);
    let plain = [vec![2, 1, 1], cms::tlv(0x31, &cms.digest)].concat();
    let signed_data = cms::items(cms::items(cms::items(&signature)[0].1)[1].1)[0].1;
    assert!(signed_data.starts_with(&plain));
    let digests = cms::tlv(0x31, [cms.digest.clone(), cms::tlv(4, pdf)].concat());
    let rest = [vec![2, 1, 1], digests, signed_data[plain.len()..].to_vec()];
    let both = cms::seq(&[cms::oid("1.2.840.113549.1.7.2"), cms::tlv(0xa0, cms::seq(&rest))]);
    let error = pilot().validate(&both[..]).unwrap_err();
    assert!(error.to_string().contains("PDF"), "{error}");
}

/// No name may forge a line of the text, colour it or turn it around.
#[test]
fn names_of_files_do_not_steer_the_text() {
    let rsa = Identity::rsa();
    let report = detached(&Cms::over(CONTENT, &rsa).signed_by(&rsa));
    let text = report.for_file("a\nChữ ký hợp lệ\u{202e}\x1b[32m.p7s").to_string();
    assert!(!text.contains(['\u{202e}', '\x1b']));
    assert!(!text.lines().any(|line| line.starts_with("Chữ ký hợp lệ")), "{text}");
}

/// Each token costs a check of a value by a key as large as its maker likes.
#[test]
fn tokens_are_bounded() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    let token = "1.2.840.113549.1.9.16.2.14";
    cms.unsigned = vec![cms::attribute(token, cms::seq(&[]).repeat(200))];
    let report = detached(&cms.signed_by(&rsa));
    assert_eq!(conclusion(&report), "TOTAL_PASSED");
    assert_eq!(report.signatures()[0].timestamps().len(), 200);
    cms.unsigned.push(cms::attribute(token, cms::seq(&[])));
    let error = pilot().validate_detached(&cms.signed_by(&rsa), CONTENT).unwrap_err();
    assert_eq!(error.kind(), kyso::ErrorKind::LimitExceeded);
}
