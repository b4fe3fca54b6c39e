//! Each fault, the conclusion that follows from it, and the sentence that the clerk
//! reads. Among them every rule where verifiers disagree.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use kyso::{
    Acceptable, Certificate, CheckId, Conclusion, Failed, Indeterminate, Level, Outcome,
    PathRequirements, Policy, Report, Revocation, SignatureLevel, TrustAnchor, TrustStore, UtcTime,
    Validator,
};
use support::cms::{self, Cms, Identity};
use support::pdf::{Pdf, update};

const CONTENT: &[u8] = "Công văn".as_bytes();
const NOW: &str = "2026-11-22T08:00:00+07:00";

fn trust() -> TrustStore {
    TrustStore::from_bytes(&std::fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap()
}

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn pilot() -> Validator {
    Validator::new(trust(), Policy::pilot(), at(NOW))
}

fn detached(signature: &[u8]) -> Report {
    pilot().validate_detached(signature, CONTENT).unwrap()
}

/// The conclusion, and a part of one of the Vietnamese sentences.
#[track_caller]
fn assert_says(report: &Report, conclusion: &str, vietnamese: &str) {
    assert_eq!(report.conclusion().unwrap().to_string(), conclusion, "{report}");
    let signature = &report.signatures()[0];
    let said = signature.checks().iter().any(|check| check.message_vi.contains(vietnamese));
    assert!(said, "{vietnamese:?} is not said:\n{report}");
    for check in signature.checks() {
        for text in [&check.message_vi, &check.message_en] {
            assert!(text.ends_with('.') && !text.contains("  "), "no sentence: {text:?}");
        }
    }
}

fn warns(report: &Report, vietnamese: &str) -> bool {
    let checks = report.signatures()[0].checks();
    checks.iter().any(|it| it.outcome == Outcome::Warning && it.message_vi.contains(vietnamese))
}

#[test]
fn what_is_as_it_should_be_passes() {
    let rsa = Identity::rsa();
    let report = detached(&Cms::over(CONTENT, &rsa).signed_by(&rsa));
    assert_says(&report, "TOTAL_PASSED", "Giá trị chữ ký do đúng khóa của người ký tạo ra.");
    assert_says(&report, "TOTAL_PASSED", "chính sách “pilot” không yêu cầu");
    let signature = &report.signatures()[0];
    assert_eq!(signature.intact(), Some(true));
    assert_eq!(signature.agency(), Some("kyso TEST"));
    assert_eq!(signature.level(), SignatureLevel::BaselineB);
    assert!(report.into_validated().is_ok());
}

/// What is asked of paths beyond RFC 5280 can only take a pass away.
#[test]
fn requirements_on_the_path_are_the_callers() {
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let mut requirements = PathRequirements::default();
    requirements.max_depth = Some(0);
    let validate = |requirements: &PathRequirements| {
        let validator = pilot().with_requirements(requirements.clone());
        validator.validate_detached(&signature, CONTENT).unwrap()
    };
    assert_says(&validate(&requirements), "TOTAL_PASSED", "Đường dẫn chứng thực hợp lệ");
    requirements.require_explicit_policy = true;
    let failure = "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE";
    assert_says(&validate(&requirements), failure, "không có chính sách chứng thư");
}

/// RFC 5652 §5.4: the digest is over the attributes in DER order, however they stand.
#[test]
fn attributes_are_hashed_in_der_order() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.signed.reverse();
    assert_says(&detached(&cms.signed_by(&rsa)), "TOTAL_PASSED", "Giá trị chữ ký do đúng khóa");
    let stored = cms.with_value(&rsa, &rsa.sign_rsa(&cms.as_stored()));
    let report = detached(&stored);
    assert_says(&report, "TOTAL_FAILED/SIG_CRYPTO_FAILURE", "không theo thứ tự DER");
    assert_eq!(report.signatures()[0].intact(), Some(false));
}

#[test]
fn two_names_of_the_digest_have_to_agree() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.digest = cms::algorithm("2.16.840.1.101.3.4.2.3");
    let sha512 = ring::digest::digest(&ring::digest::SHA512, CONTENT);
    cms.signed = vec![
        cms::attribute(cms::CONTENT_TYPE, cms::oid(cms::DATA)),
        cms::attribute(cms::MESSAGE_DIGEST, cms::tlv(4, sha512)),
    ];
    let report = detached(&cms.signed_by(&rsa));
    let failure = "TOTAL_FAILED/SIG_CRYPTO_FAILURE";
    assert_says(&report, failure, "hai hàm băm khác nhau: SHA512 và SHA256");
    assert_eq!(report.signatures()[0].signature_value_ok(), Some(false));
    // A digest that cannot be computed here disagrees all the same.
    cms.algorithm = cms::algorithm("2.16.840.1.101.3.4.3.14");
    assert_says(&detached(&cms.signed_by(&rsa)), failure, "hai hàm băm khác nhau");
}

/// RFC 8017 §9.2 note 2: old signers left the NULL out of DigestInfo.
#[test]
fn a_digest_info_without_null_passes_with_a_warning() {
    let rsa = Identity::rsa();
    let cms = Cms::over(CONTENT, &rsa);
    let digest_info = |algorithm: &[Vec<u8>]| {
        let digest = cms::sha256(&cms.in_order());
        cms::seq(&[cms::seq(algorithm), cms::tlv(4, digest)])
    };
    let without = digest_info(&[cms::oid(cms::SHA256)]);
    let report = detached(&cms.with_value(&rsa, &rsa.sign_digest_info(&without)));
    assert_says(&report, "TOTAL_PASSED", "thiếu tham số NULL");
    assert!(warns(&report, "thiếu tham số NULL"));
    // A DigestInfo that names another digest is no signature by this algorithm.
    let other = digest_info(&[cms::oid("2.16.840.1.101.3.4.2.2"), vec![5, 0]]);
    let report = detached(&cms.with_value(&rsa, &rsa.sign_digest_info(&other)));
    assert_says(&report, "TOTAL_FAILED/SIG_CRYPTO_FAILURE", "Giá trị chữ ký sai");
}

#[test]
fn protected_algorithms_are_compared() {
    let rsa = Identity::rsa();
    for (signature, expected) in [
        (cms::SHA256_RSA, "TOTAL_PASSED"),
        ("1.2.840.113549.1.1.13", "TOTAL_FAILED/SIG_CRYPTO_FAILURE"),
    ] {
        let mut cms = Cms::over(CONTENT, &rsa);
        let mut named = cms::algorithm(signature);
        named[0] = 0xa1;
        let protection = cms::seq(&[cms::algorithm(cms::SHA256), named]);
        cms.signed.push(cms::attribute(cms::ALGORITHM_PROTECTION, protection));
        let report = detached(&cms.signed_by(&rsa));
        assert_eq!(report.conclusion().unwrap().to_string(), expected);
    }
}

#[test]
fn an_attribute_that_is_there_twice_fails() {
    let rsa = Identity::rsa();
    for kind in [cms::SIGNING_TIME, cms::SIGNING_CERTIFICATE_V2, "1.2.3.4"] {
        let mut cms = Cms::over(CONTENT, &rsa);
        let value = match kind {
            cms::SIGNING_TIME => cms::tlv(23, "250601000000Z"),
            _ => cms::reference_to(b"another one"),
        };
        cms.signed.push(cms::attribute(kind, value.clone()));
        cms.signed.push(cms::attribute(kind, value));
        let report = detached(&cms.signed_by(&rsa));
        let failure = "TOTAL_FAILED/SIG_CRYPTO_FAILURE";
        assert_says(&report, failure, "Thuộc tính được ký không đúng chuẩn");
    }
}

/// RFC 5652 §5.4 gives signed attributes and a bare content the same bytes, so that the
/// attributes of a signature, cut out, are a content that the same value signs.
#[test]
fn attributes_cut_out_of_a_signature_are_no_content() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    let (attributes, value) = (cms.in_order(), rsa.sign_rsa(&cms.in_order()));
    cms.signed.clear();
    let bare = cms.with_value(&rsa, &value);
    let report = pilot().validate_detached(&bare, &attributes).unwrap();
    let cut = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE";
    assert_says(&report, cut, "có dạng thuộc tính của một chữ ký khác");
    let honest = cms.with_value(&rsa, &rsa.sign_rsa(CONTENT));
    assert_eq!(detached(&honest).conclusion(), Some(Conclusion::TotalPassed));
}

/// What cannot be computed is not known, and never failed.
#[test]
fn unknown_algorithms_are_indeterminate() {
    let rsa = Identity::rsa();
    // Ed448 (RFC 8410), then PSS with SHA-512/256 throughout.
    let short = cms::algorithm("2.16.840.1.101.3.4.2.6");
    let mask = cms::seq(&[cms::oid("1.2.840.113549.1.1.8"), short.clone()]);
    let pss = cms::seq(&[cms::tlv(0xa0, &short), cms::tlv(0xa1, mask)]);
    let pss = cms::seq(&[cms::oid("1.2.840.113549.1.1.10"), pss]);
    for algorithm in [cms::algorithm("1.3.101.113"), pss] {
        let mut cms = Cms::over(CONTENT, &rsa);
        cms.algorithm = algorithm;
        let report = detached(&cms.signed_by(&rsa));
        assert_says(&report, "INDETERMINATE/GENERIC", "không được hỗ trợ");
        assert_eq!(report.signatures()[0].intact(), None);
    }
}

#[test]
fn the_certificate_may_be_among_the_values_only() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    let values = cms::seq(&std::mem::take(&mut cms.certificates));
    let report = detached(&cms.signed_by(&rsa));
    let unknown = "INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND";
    assert_says(&report, unknown, "Không có chứng thư số nào trùng");
    cms.unsigned.push(cms::attribute(cms::CERTIFICATE_VALUES, values));
    assert_says(&detached(&cms.signed_by(&rsa)), "TOTAL_PASSED", "Chữ ký ghi đúng chứng thư số");
    // The embedding application may know it, too.
    cms.unsigned.clear();
    let known = Certificate::from_der(&rsa.certificate).unwrap();
    let validator = pilot().with_certificates([known]);
    let report = validator.validate_detached(&cms.signed_by(&rsa), CONTENT).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
}

/// RFC 5035: the signed reference decides, not who else has the same key.
#[test]
fn another_certificate_than_the_one_signed_for_does_not_do() {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.signed.pop();
    cms.signed
        .retain(|it| !it.windows(11).any(|it| it == &cms::oid(cms::SIGNING_CERTIFICATE_V2)[2..]));
    cms.signed.push(cms::attribute(cms::SIGNING_CERTIFICATE_V2, cms::reference_to(b"other")));
    let report = detached(&cms.signed_by(&rsa));
    let conclusion = report.conclusion().unwrap();
    assert_eq!(conclusion, Indeterminate::NoSigningCertificateFound.into(), "{report}");
}

/// EU DSS reports LT only where the anchor is known; structure is structure.
#[test]
fn the_level_does_not_depend_on_trust() {
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let nobody = Validator::new(TrustStore::new(), Policy::default(), at(NOW));
    let report = nobody.validate_detached(&signature, CONTENT).unwrap();
    let untrusted = "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND";
    assert_says(&report, untrusted, "Chứng thư số không tin cậy");
    assert_eq!(report.signatures()[0].level(), SignatureLevel::BaselineB);
    assert_eq!(report.signatures()[0].intact(), Some(true));
    assert!(report.signatures()[0].missing()[0].contains("kyso TEST ca"));
}

/// What signs the content with the P-256 key under another certificate.
fn under(certificate: &str) -> Vec<u8> {
    let identity = Identity { certificate: cms::pem(certificate), key: cms::pem("p256.key.pem") };
    let mut cms = Cms::over(CONTENT, &identity);
    cms.algorithm = cms::seq(&[cms::oid("1.2.840.10045.4.3.2")]);
    let value = identity.sign_p256(&cms.in_order());
    cms.with_value(&identity, &value)
}

/// A claimed time never proves anything: it is 2026 in all of these.
#[test]
fn times_are_the_validation_time_alone() {
    let expired = under("expired.crt.pem");
    let no_proof = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_says(&detached(&expired), no_proof, "đã hết hạn ngày 2011-01-01");
    assert_says(&detached(&under("future.crt.pem")), no_proof, "chưa có hiệu lực");
    let then = Validator::new(trust(), Policy::pilot(), at("2010-06-01T00:00:00Z"));
    let report = then.validate_detached(&expired, CONTENT).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

#[test]
fn keys_must_be_meant_for_signing() {
    let report = detached(&under("encipherment.crt.pem"));
    let forbidden = "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE";
    assert_says(&report, forbidden, "không cho phép dùng khóa này để ký");
    assert_eq!(detached(&under("plain.crt.pem")).conclusion(), Some(Conclusion::TotalPassed));
}

#[test]
fn contents_have_to_be_at_hand_and_the_same() {
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let changed = pilot().validate_detached(&signature, "Công vặn".as_bytes()).unwrap();
    assert_says(&changed, "TOTAL_FAILED/HASH_FAILURE", "Tài liệu đã bị thay đổi");
    let alone = pilot().validate(&signature).unwrap();
    assert_says(&alone, "INDETERMINATE/SIGNED_DATA_NOT_FOUND", "hãy cung cấp tệp gốc");
    assert_eq!(alone.signatures()[0].missing(), ["content: the signed file"]);
    // A content within does not excuse that another one was handed in.
    let mut cms = Cms::over(CONTENT, &rsa);
    cms.content = Some(CONTENT.to_vec());
    let enveloping = cms.signed_by(&rsa);
    assert_eq!(pilot().validate(&enveloping).unwrap().conclusion(), Some(Conclusion::TotalPassed));
    let other = pilot().validate_detached(&enveloping, b"other".as_slice()).unwrap();
    assert_says(&other, "TOTAL_FAILED/HASH_FAILURE", "Tài liệu đã bị thay đổi");
}

#[test]
fn revocation_is_asked_for_unless_the_policy_waives_it_by_name() {
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let strict = Validator::new(trust(), Policy::default(), at(NOW));
    let report = strict.validate_detached(&signature, CONTENT).unwrap();
    assert_says(&report, "INDETERMINATE/TRY_LATER", "Chưa biết chứng thư số");
    let outcomes: Vec<_> = report.signatures()[0].checks().iter().map(|it| it.outcome).collect();
    assert!(outcomes.contains(&Outcome::NotChecked));
    assert!(report.signatures()[0].missing()[0].starts_with("revocation: CN=kyso TEST rsa2048"));
}

#[test]
fn strength_is_the_policys_to_grade() {
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let mut policy = Policy::pilot();
    policy.algorithms.rsa = [(3072, Acceptable::Always)].into();
    let weak = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE";
    for (level, conclusion) in
        [(Level::Fail, weak), (Level::Warn, "TOTAL_PASSED"), (Level::Inform, "TOTAL_PASSED")]
    {
        policy.levels.insert(CheckId::KeyStrength, level);
        let validator = Validator::new(trust(), policy.clone(), at(NOW));
        let report = validator.validate_detached(&signature, CONTENT).unwrap();
        assert_says(&report, conclusion, "Khóa RSA 2048 bit quá yếu");
        assert_eq!(warns(&report, "quá yếu"), level == Level::Warn);
    }
}

/// The time that is asked about decides, and a time that the signer claims is none.
#[test]
fn strength_has_an_end() {
    let rsa = Identity::rsa();
    // It claims to be of long ago.
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let report = |acceptable| {
        let mut policy = Policy::pilot();
        policy.algorithms.rsa = [(2048, acceptable)].into();
        Validator::new(trust(), policy, at(NOW)).validate_detached(&signature, CONTENT).unwrap()
    };
    let claimed = pilot().validate_detached(&signature, CONTENT).unwrap().signatures()[0]
        .claimed_time()
        .unwrap();
    assert!(claimed < at(NOW));
    assert_eq!(report(Acceptable::Until(at(NOW))).conclusion(), Some(Conclusion::TotalPassed));
    let between = claimed.plus_seconds(1);
    let ended = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    assert_says(&report(Acceptable::Until(between)), ended, "Chỉ được chấp nhận đến");
    let never = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE";
    assert_says(&report(Acceptable::Never), never, "Khóa RSA 2048 bit quá yếu");
    let discouraged = report(Acceptable::Discouraged);
    assert_says(&discouraged, "TOTAL_PASSED", "vẫn tạm chấp nhận");
    assert!(warns(&discouraged, "vẫn tạm chấp nhận"));
}

/// What an anchor signed itself with is no part of the path.
#[test]
fn an_anchors_own_signature_does_not_matter() {
    const BY_SHA256: [u8; 12] = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const BY_SHA1: [u8; 11] = [0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
    let mut root = cms::pem("ca.crt.pem");
    for _ in 0..2 {
        let place = root.windows(12).position(|it| it == BY_SHA256).unwrap();
        root.splice(place..place + 12, BY_SHA1);
    }
    // Both of its SEQUENCEs have two octets for their lengths: one is two shorter now.
    assert_eq!([root[1], root[5]], [0x82; 2]);
    (root[3], root[7]) = (root[3] - 2, root[7] - 1);
    let root = Certificate::from_der(&root).unwrap();
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    for mut policy in [Policy::default(), Policy::etsi(), Policy::vietnam_official()] {
        policy.revocation = Revocation::NotRequired;
        let validator = Validator::new([root.clone()].into_iter().collect(), policy, at(NOW));
        let report = validator.validate_detached(&signature, CONTENT).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        assert!(!warns(&report, "SHA1"));
    }
}

/// A policy is plain data, and cannot waive what a signature is.
#[test]
fn policies_are_data_with_limits() {
    let text = r#"{"name": "xã", "revocation": "NOT_REQUIRED", "levels":
        {"SIGNATURE_VALUE": "IGNORE", "MESSAGE_DIGEST": "IGNORE", "CERTIFICATION_PATH": "WARN",
         "SIGNING_CERTIFICATE_REFERENCE": "FAIL"}}"#;
    let policy: Policy = serde_json::from_str(text).unwrap();
    let again = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&again).unwrap(), policy);
    assert!(serde_json::from_str::<Policy>(r#"{"revokation": "NOT_REQUIRED"}"#).is_err());
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let nobody = Validator::new(TrustStore::new(), policy.clone(), at(NOW));
    let report = nobody.validate_detached(&signature, CONTENT).unwrap();
    assert_eq!(report.conclusion(), Some(Indeterminate::NoCertificateChainFound.into()));
    let somebody = Validator::new(trust(), policy, at(NOW));
    let changed = somebody.validate_detached(&signature, b"changed".as_slice()).unwrap();
    assert_eq!(changed.conclusion(), Some(Failed::HashFailure.into()));
    let mut bare = Cms::over(CONTENT, &rsa);
    bare.without(cms::SIGNING_CERTIFICATE_V2);
    let report = somebody.validate_detached(&bare.signed_by(&rsa), CONTENT).unwrap();
    assert_says(
        &report,
        "INDETERMINATE/SIG_CONSTRAINTS_FAILURE",
        "không ghi chứng thư số của người ký",
    );
}

#[test]
fn the_domain_of_trust_is_repeated() {
    let certificate = Certificate::from_der(&cms::pem("ca.crt.pem")).unwrap();
    let anchor = TrustAnchor::from_certificate(certificate).with_domain("công vụ");
    let validator = Validator::new([anchor].into_iter().collect(), Policy::pilot(), at(NOW));
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let report = validator.validate_detached(&signature, CONTENT).unwrap();
    assert_eq!(report.signatures()[0].trust_domain(), Some("công vụ"));
    assert_says(&report, "TOTAL_PASSED", "(công vụ)");
}

#[test]
fn what_follows_a_signature_is_named() {
    let rsa = Identity::rsa();
    let mut signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    signature.extend(b"\r\n");
    assert_eq!(detached(&signature).conclusion(), Some(Conclusion::TotalPassed));
    signature.extend(b"more");
    assert_says(&detached(&signature), "TOTAL_FAILED/FORMAT_FAILURE", "6 byte lạ nằm ngoài chữ ký");
}

#[test]
fn what_is_no_signature_is_an_error() {
    for (bytes, kind) in [
        (&b""[..], kyso::ErrorKind::Malformed),
        (b"PK\x03\x04", kyso::ErrorKind::Malformed),
        (b"<xml>", kyso::ErrorKind::Malformed),
        (b"%PDF-1.7\n", kyso::ErrorKind::Malformed),
    ] {
        let error = pilot().validate(bytes).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let report = Report::unreadable(&error).for_file("x");
        assert!(report.error().is_some() && report.conclusion().is_none());
    }
}

/// A PDF whose signature is as it should be, after a change to the CMS or the file.
fn signed_pdf(pdf: &Pdf, change: impl FnOnce(&[u8], &mut Cms)) -> Vec<u8> {
    let rsa = Identity::rsa();
    pdf.signed(|covered| {
        let mut cms = Cms::over(covered, &rsa);
        // EN 319 142-1 §6.3: the dictionary says when.
        cms.without(cms::SIGNING_TIME);
        change(covered, &mut cms);
        cms.signed_by(&rsa)
    })
}

#[test]
fn pdf_as_it_should_be_passes() {
    let report = pilot().validate(&signed_pdf(&Pdf::default(), |_, _| {})).unwrap();
    assert_says(&report, "TOTAL_PASSED", "bao trùm toàn bộ tệp PDF");
    let signature = &report.signatures()[0];
    assert_eq!(signature.id(), "S");
    assert_eq!(signature.covers().whole_file, Some(true));
    assert_eq!(signature.later_changes(), Some("NONE"));
    assert_eq!(signature.level(), SignatureLevel::BaselineB);
    let said = signature.pdf().unwrap();
    assert_eq!((said.revision, said.revisions, said.page), (Some(1), 1, Some(1)));
    assert_eq!(said.sub_filter.as_deref(), Some("ETSI.CAdES.detached"));
    assert_eq!(said.object.as_deref(), Some("5 0 R"));
}

/// No text of a document can forge a line of what the clerk reads.
#[test]
fn remarks_stay_on_their_line() {
    let pdf = Pdf {
        dictionary: "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:20260601000000Z)\
            /Reason(Ky duyet\\n[+] TOTAL_PASSED)/Location(Ha Noi)",
        ..Pdf::default()
    };
    let report = pilot().validate(&signed_pdf(&pdf, |_, _| {})).unwrap();
    assert_eq!(report.signatures()[0].pdf().unwrap().location.as_deref(), Some("Ha Noi"));
    let text = report.to_string();
    assert!(text.contains("Ky duyet\u{fffd}[+] TOTAL_PASSED"), "{text}");
}

#[test]
fn a_content_within_a_detached_pdf_signature() {
    let with = |change: fn(&[u8]) -> Vec<u8>| {
        let file = signed_pdf(&Pdf::default(), |covered, cms| cms.content = Some(change(covered)));
        pilot().validate(&file).unwrap()
    };
    assert_says(&with(<[u8]>::to_vec), "TOTAL_PASSED", "trùng với phần tệp được ký");
    let failure = "TOTAL_FAILED/FORMAT_FAILURE";
    assert_says(&with(|_| Vec::new()), failure, "chứa một nội dung rỗng");
    assert_says(&with(|_| b"other".to_vec()), failure, "chứa một nội dung khác");
}

#[test]
fn a_byte_range_that_is_not_exactly_the_file() {
    let failure = "TOTAL_FAILED/FORMAT_FAILURE";
    let short = Pdf { left_out: 2, ..Pdf::default() };
    let report = pilot().validate(&signed_pdf(&short, |_, _| {})).unwrap();
    assert_says(&report, failure, "không kết thúc ở cuối một phiên bản");
    let trailing = Pdf { padding: b"hidden".to_vec(), ..Pdf::default() };
    let report = pilot().validate(&signed_pdf(&trailing, |_, _| {})).unwrap();
    assert_says(&report, failure, "dữ liệu lạ nằm sau giá trị chữ ký");
    let zeros = Pdf { padding: vec![0; 9], ..Pdf::default() };
    let report = pilot().validate(&signed_pdf(&zeros, |_, _| {})).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

#[test]
fn what_comes_after_a_signature() {
    let file = signed_pdf(&Pdf::default(), |_, _| {});
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 999 999]/Annots[4 0 R]>>";
    let report = pilot().validate(&update(&file, 3, page)).unwrap();
    let changed = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE";
    assert_says(&report, changed, "đã có những thay đổi khác sau khi ký");
    assert_eq!(report.signatures()[0].intact(), Some(true));
    assert_eq!(report.signatures()[0].covers().whole_file, Some(false));
    // Certified as not to be changed at all.
    let certified = Pdf {
        dictionary: "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:20260601000000Z)\
            /Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams\
            <</Type/TransformParams/P 1/V/1.2>>>>]",
        catalog: "/Perms<</DocMDP 5 0 R>>",
        ..Pdf::default()
    };
    let file = signed_pdf(&certified, |_, _| {});
    let report = pilot().validate(&file).unwrap();
    assert_says(&report, "TOTAL_PASSED", "trong giới hạn người ký cho phép");
    let report = pilot().validate(&update(&file, 3, page)).unwrap();
    assert_says(&report, "TOTAL_FAILED/FORMAT_FAILURE", "ngoài giới hạn người ký cho phép");
}

/// Two programs may read two documents in a file that has to be repaired.
#[test]
fn a_repaired_file_never_passes() {
    let file = signed_pdf(&Pdf::default(), |_, _| {});
    let mut broken = file.clone();
    broken.extend(b"\nstartxref\n7\n%%EOF\n");
    let report = pilot().validate(&broken).unwrap();
    assert_ne!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert!(report.diagnostics().next().is_some());
}

/// The JSON of the contract.
#[test]
fn json_keeps_its_form() {
    let rsa = Identity::rsa();
    let signature = Cms::over(CONTENT, &rsa).signed_by(&rsa);
    let report = detached(&signature).for_file("cong-van.p7s");
    let json: serde_json::Value = serde_json::to_value(&report).unwrap();
    assert_eq!(json["file"], "cong-van.p7s");
    assert_eq!(json["format"], "CMS");
    assert!(json["error"].is_null());
    assert_eq!(json["conclusion"], "TOTAL_PASSED");
    assert!(json["uncovered_entries"].is_array() && json["diagnostics"].is_array());
    let one = &json["signatures"][0];
    for (key, value) in [
        ("id", serde_json::json!("1")),
        ("form", "CAdES".into()),
        ("level", "BASELINE-B".into()),
        ("sub_indication", serde_json::Value::Null),
        ("intact", true.into()),
        ("signature_value_ok", true.into()),
        ("signature_algorithm", "RSA_SHA256".into()),
        ("digest_algorithm", "SHA256".into()),
        ("issuer", "CN=kyso TEST ca - do not trust,O=kyso TEST,C=VN".into()),
        ("claimed_time", "2026-06-01T00:00:00Z".into()),
        ("best_signature_time", serde_json::Value::Null),
        ("trust_domain", serde_json::Value::Null),
        ("counter_signature", false.into()),
        ("later_changes", serde_json::Value::Null),
        ("permitted", serde_json::Value::Null),
        ("timestamps", serde_json::json!([])),
        ("missing", serde_json::json!([])),
        ("references", serde_json::json!([{"name": "content", "found": true, "intact": true}])),
        ("covers", serde_json::json!({"whole_file": null, "byte_range": null, "entry": null})),
    ] {
        assert_eq!(one[key], value, "{key}");
    }
    let check = &one["checks"][0];
    assert_eq!(check["id"], "FORMAT_STRUCTURE");
    assert_eq!(check["clause"], "EN 319 102-1 5.2.2");
    assert_eq!(check["outcome"], "OK");
    let error = kyso::Validator::new(trust(), Policy::pilot(), at(NOW)).validate(b"x".as_slice());
    let json = serde_json::to_value(Report::unreadable(&error.unwrap_err())).unwrap();
    assert_eq!(json["error"]["kind"], "Malformed");
    assert_eq!(json["error"]["offset"], 0);
    assert_eq!(json["format"], "UNKNOWN");
    assert!(json["conclusion"].is_null());
}
