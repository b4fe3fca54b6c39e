//! Time-stamp tokens that stand alone (EN 319 102-1 §5.4).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use kyso::tsp::TimeStampAuthority;
use kyso::{
    Check, Conclusion, DigestAlgorithm, DocumentFormat, Outcome, Policy, Report, Validator,
};
use rcgen::RevocationReason;
use support::cms::{algorithm, items, seq, tlv};
use support::pki::{CONTENT, NOW, Pki, TSA};

fn token(pki: &Pki) -> Vec<u8> {
    let digest = DigestAlgorithm::Sha256.digest(CONTENT);
    pki.tsa().time_stamp(&digest).unwrap().der().to_vec()
}

fn validator(pki: &Pki) -> Validator {
    let crls = [pki.root.crl(&[]), pki.middle.crl(&[])];
    Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap()).with_crls(crls)
}

#[track_caller]
fn assert_concludes(report: &Report, expected: &str, intact: Option<bool>) {
    assert_eq!(report.format(), DocumentFormat::Tst);
    let signature = &report.signatures()[0];
    assert_eq!(report.conclusion().unwrap().to_string(), expected, "{report}");
    assert_eq!(signature.intact(), intact, "{report}");
    let stamp = &signature.timestamps()[0];
    assert_eq!(stamp.conclusion, signature.conclusion());
    assert_eq!(stamp.time.map(|it| it.to_string()).as_deref(), Some(NOW));
}

#[test]
fn a_token_over_a_file() {
    let pki = Pki::new();
    let (token, validator) = (token(&pki), validator(&pki));
    let good = validator.validate_time_stamp(&token, CONTENT).unwrap();
    assert_concludes(&good, "TOTAL_PASSED", Some(true));
    assert_eq!(good.signatures()[0].signer(), Some("CN=TSA"));
    let other = validator.validate_time_stamp(&token, &b"another"[..]).unwrap();
    assert_concludes(&other, "TOTAL_FAILED/HASH_FAILURE", Some(false));
    let without = validator.validate(&token).unwrap();
    assert_concludes(&without, "INDETERMINATE/SIGNED_DATA_NOT_FOUND", Some(false));
    assert!(!without.signatures()[0].missing().is_empty());
}

#[test]
fn an_authority_that_is_revoked_or_unknown() {
    let pki = Pki::new();
    let token = token(&pki);
    let revoked = pki.middle.crl(&[(TSA, RevocationReason::KeyCompromise)]);
    let report = validator(&pki).with_crls([revoked]).validate_time_stamp(&token, CONTENT).unwrap();
    assert_concludes(&report, "INDETERMINATE/REVOKED_NO_POE", Some(true));
    let report = validator(&Pki::new()).validate_time_stamp(&token, CONTENT).unwrap();
    assert_concludes(&report, "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", Some(true));
}

/// Nobody here asks for one over a SHA-1 digest, and authorities still made them: what such a
/// token is worth is the policy's to say.
#[test]
fn a_digest_by_sha_1_is_graded() {
    let pki = Pki::new();
    let sha1 = DigestAlgorithm::Sha1.digest(CONTENT);
    let imprint = seq(&[algorithm("1.3.14.3.2.26"), tlv(4, sha1.value())]);
    let request = seq(&[tlv(2, [1]), imprint, tlv(1, [0xff])]);
    let response = pki.tsa().respond(&request).unwrap();
    let (tag, token) = items(items(&response)[0].1)[1];
    let token = tlv(tag, token);
    let judge = |policy: Policy, content: &[u8]| {
        let crls = [pki.root.crl(&[]), pki.middle.crl(&[])];
        let validator = Validator::new(pki.trust(), policy, NOW.parse().unwrap()).with_crls(crls);
        validator.validate_time_stamp(&token, content).unwrap()
    };
    let warned = judge(Policy::vietnam_official(), CONTENT);
    assert_concludes(&warned, "TOTAL_PASSED", Some(true));
    let graded = |it: &&Check| it.message_en.contains("SHA1") && it.outcome == Outcome::Warning;
    assert!(warned.signatures()[0].checks().iter().any(|it| graded(&it)), "{warned}");
    let weak = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    assert_concludes(&judge(Policy::etsi(), CONTENT), weak, Some(true));
    let other = judge(Policy::vietnam_official(), b"another");
    assert_concludes(&other, "TOTAL_FAILED/HASH_FAILURE", Some(false));
}

/// Wherever it ends, and whatever byte is another one.
#[test]
fn no_broken_token_passes() {
    let pki = Pki::new();
    let (token, validator) = (token(&pki), validator(&pki));
    let passes = |bytes: &[u8]| {
        let report = validator.validate_time_stamp(bytes, CONTENT);
        report.is_ok_and(|it| it.conclusion() == Some(Conclusion::TotalPassed))
    };
    assert!(passes(&token));
    for end in 0..token.len() {
        assert!(!passes(&token[..end]), "the first {end} bytes");
    }
    let unsigned: Vec<_> = (0..token.len())
        .filter(|at| {
            let mut changed = token.clone();
            changed[*at] ^= 1;
            passes(&changed)
        })
        .collect();
    // What nobody signs: versions, sets of digest algorithms, and what only hints at the
    // signing certificate, which the signed reference names.
    assert!(unsigned.len() < 40, "{} {unsigned:?}", unsigned.len());
}

/// A reader of another format may take them for a document of its own.
#[test]
fn bytes_behind_a_token_are_no_part_of_it() {
    let pki = Pki::new();
    let token = token(&pki);
    let judge = |behind: &[u8]| {
        let whole = [&token, behind].concat();
        let report = validator(&pki).validate_time_stamp(&whole, &CONTENT.to_vec()).unwrap();
        report.conclusion().unwrap().to_string()
    };
    assert_eq!(judge(b"\r\n"), "TOTAL_PASSED");
    assert_eq!(judge(b"%PDF-1.7"), "TOTAL_FAILED/FORMAT_FAILURE");
}
