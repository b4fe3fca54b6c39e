//! Revocation information that stands in the document itself: used, and not believed more
//! than any other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use kyso::{Crl, Limits, Policy, Report, SoftwareSigner, TrustStore, Validator, pades};
use rcgen::RevocationReason;
use support::cms::{Cms, Identity, attribute, items, oid, seq, tlv};
use support::pdf::{Pdf, write};
use support::pki::{self, LEAF, NOW, Pki};

const CRL_VALUES: &str = "1.2.840.113549.1.9.16.2.24";
const REVOCATION_ARCHIVE: &str = "1.2.840.113583.1.1.8";
const OCSP_RESPONSE: &str = "1.3.6.1.5.5.7.16.2";

fn judge(trust: TrustStore, file: &[u8]) -> Report {
    judge_at(trust, file, NOW)
}

fn judge_at(trust: TrustStore, file: &[u8], at: &str) -> Report {
    Validator::new(trust, Policy::default(), at.parse().unwrap()).validate(file).unwrap()
}

#[track_caller]
fn assert_concludes(report: &Report, conclusion: &str) {
    assert_eq!(report.conclusion().unwrap().to_string(), conclusion, "{report}");
}

/// The lists that a document may hold, and what follows.
fn lists(pki: &Pki) -> [(&'static str, Vec<Crl>); 4] {
    let stranger = pki::root("Authority");
    let revoked = [(LEAF, RevocationReason::KeyCompromise)];
    [
        ("TOTAL_PASSED", vec![pki.root.crl(&[]), pki.middle.crl(&[])]),
        ("INDETERMINATE/REVOKED_NO_POE", vec![pki.root.crl(&[]), pki.middle.crl(&revoked)]),
        ("INDETERMINATE/TRY_LATER", vec![pki.root.crl(&[]), stranger.crl(&[])]),
        ("INDETERMINATE/TRY_LATER", vec![]),
    ]
}

/// The signed CMS with something more in its SignedData, before the signers, and among the
/// unsigned attributes of its signer.
fn with(cms: &[u8], crls: &[u8], unsigned: &[u8]) -> Vec<u8> {
    let parts = |bytes: &[u8]| -> Vec<Vec<u8>> {
        items(bytes).into_iter().map(|(tag, content)| tlv(tag, content)).collect()
    };
    let inside = |bytes: &[u8]| items(bytes)[0].1.to_vec();
    let content_info = parts(&inside(cms));
    let mut signed_data = parts(&inside(&inside(&content_info[1])));
    let signers = signed_data.pop().unwrap();
    let mut signer = parts(&inside(&inside(&signers)));
    signer.push(unsigned.to_vec());
    signed_data.push(crls.to_vec());
    signed_data.push(tlv(0x31, seq(&signer)));
    seq(&[content_info[0].clone(), tlv(0xa0, seq(&signed_data))])
}

fn all_of(crls: &[Crl]) -> Vec<u8> {
    crls.iter().flat_map(|it| it.der().to_vec()).collect()
}

#[test]
fn lists_in_the_cms_are_used() {
    let pki = Pki::new();
    for (conclusion, crls) in lists(&pki) {
        let file = with(&pki.signed(), &tlv(0xa1, all_of(&crls)), &[]);
        assert_concludes(&judge(pki.trust(), &file), conclusion);
    }
}

#[test]
fn revocation_values_are_used() {
    let pki = Pki::new();
    for (conclusion, crls) in lists(&pki) {
        let values = seq(&[tlv(0xa0, tlv(0x30, all_of(&crls)))]);
        let attribute = seq(&[oid(CRL_VALUES), tlv(0x31, values)]);
        let file = with(&pki.signed(), &[], &tlv(0xa1, attribute));
        assert_concludes(&judge(pki.trust(), &file), conclusion);
    }
}

#[test]
fn what_cannot_be_read_is_left_out() {
    let pki = Pki::new();
    let garbage = [vec![0x30, 3, 2, 1, 1], all_of(&lists(&pki)[0].1)].concat();
    let file = with(&pki.signed(), &tlv(0xa1, garbage), &[]);
    assert_concludes(&judge(pki.trust(), &file), "TOTAL_PASSED");
}

fn openssl(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/revocation/{name}")).unwrap()
}

/// Signed by the leaf that OpenSSL's responses are about.
fn signer() -> SoftwareSigner {
    let key = std::fs::read("testdata/keys/p256.key.pem").unwrap();
    SoftwareSigner::from_pem(&key, &openssl("leaf.pem")).unwrap()
}

const LATER: &str = "2027-01-01T00:00:00Z";

#[test]
fn responses_in_the_cms_are_used() {
    let trust = TrustStore::from_bytes(&openssl("ca.pem")).unwrap();
    let at = LATER.parse().unwrap();
    let content = pki::CONTENT.to_vec();
    let cms = kyso::cades::SignatureBuilder::new(&content, at).enveloping();
    let cms = cms.sign(&signer()).unwrap();
    for (name, conclusion) in [
        ("delegated.ors", "TOTAL_PASSED"),
        ("revoked.ors", "INDETERMINATE/REVOKED_NO_POE"),
        ("no-usage.ors", "INDETERMINATE/TRY_LATER"),
    ] {
        let other = tlv(0xa1, [oid(OCSP_RESPONSE), openssl(name)].concat());
        let file = with(&cms, &tlv(0xa1, other), &[]);
        assert_concludes(&judge_at(trust.clone(), &file, LATER), conclusion);
    }
}

/// A PDF with a document security store, which is then signed.
fn pdf(crls: &[Crl], responses: &[Vec<u8>], signer: &SoftwareSigner, at: &str) -> Vec<u8> {
    let values: Vec<(&str, Vec<u8>)> = crls
        .iter()
        .map(|it| ("CRLs", it.der().to_vec()))
        .chain(responses.iter().map(|it| ("OCSPs", it.clone())))
        .collect();
    let references = |kind| -> String {
        let numbers = values.iter().enumerate().filter(|(_, (it, _))| *it == kind);
        numbers.map(|(n, _)| format!("{} 0 R ", n + 4)).collect()
    };
    let store = format!("<</CRLs[{}]/OCSPs[{}]>>", references("CRLs"), references("OCSPs"));
    let mut objects = vec![
        format!("<</Type/Catalog/Pages 2 0 R/DSS{store}>>"),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>".into(),
    ];
    for (_, value) in &values {
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        let length = hex.len();
        objects.push(format!("<</Filter/ASCIIHexDecode/Length {length}>>stream\n{hex}\nendstream"));
    }
    let file = write(&objects);
    pades::SignatureBuilder::new(&file, at.parse().unwrap()).sign(signer).unwrap()
}

#[test]
fn the_document_security_store_is_used() {
    let pki = Pki::new();
    for (conclusion, crls) in lists(&pki) {
        let file = pdf(&crls, &[], &pki.signer(), NOW);
        assert_concludes(&judge(pki.trust(), &file), conclusion);
    }
    let trust = TrustStore::from_bytes(&openssl("ca.pem")).unwrap();
    for (name, conclusion) in [
        ("good.ors", "TOTAL_PASSED"),
        ("delegated-revoked.ors", "INDETERMINATE/REVOKED_NO_POE"),
        ("stranger.ors", "INDETERMINATE/TRY_LATER"),
        ("leaf.pem", "INDETERMINATE/TRY_LATER"),
    ] {
        let file = pdf(&[], &[openssl(name)], &signer(), LATER);
        assert_concludes(&judge_at(trust.clone(), &file, LATER), conclusion);
    }
}

/// A PDF as Adobe's programs sign it: the lists stand in the signature, signed along.
fn archived(pki: &Pki, crls: &[Crl]) -> Vec<u8> {
    let identity =
        Identity { certificate: pki.leaf.der().to_vec(), key: pki.leaf_key.serialize_der() };
    let dictionary = "/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/M(D:20260615000000Z)";
    Pdf { dictionary, ..Pdf::default() }.signed(|covered| {
        let mut cms = Cms::over(covered, &identity);
        cms.certificates.push(pki.middle.certificate.der().to_vec());
        cms.algorithm = seq(&[oid("1.2.840.10045.4.3.2")]);
        let lists = seq(&[tlv(0xa0, tlv(0x30, all_of(crls)))]);
        cms.signed.push(attribute(REVOCATION_ARCHIVE, lists));
        cms.with_value(&identity, &identity.sign_p256(&cms.in_order()))
    })
}

/// ISO 32000-1 §12.8.3.3.2. What is there needs nobody to be asked when it is raised.
#[test]
fn what_the_signer_archived_is_used() {
    let pki = Pki::new();
    for (conclusion, crls) in lists(&pki) {
        let file = archived(&pki, &crls);
        assert_concludes(&judge(pki.trust(), &file), conclusion);
        let validator = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap());
        let tsa = pki.tsa();
        let raised = pades::Augmenter::new(pades::Level::Lta(&tsa, &validator)).augment(&file);
        match conclusion {
            "TOTAL_PASSED" => {
                let raised = raised.unwrap().to_vec(&file).unwrap();
                assert_concludes(&judge(pki.trust(), &raised), conclusion);
            }
            "INDETERMINATE/TRY_LATER" => {
                let error = raised.unwrap_err();
                assert!(error.to_string().contains("CN=Leaf"), "{error}");
            }
            _ => assert!(raised.unwrap_err().to_string().contains("was revoked")),
        }
    }
}

/// A document that carries lists without end is not read without end.
#[test]
fn what_is_embedded_is_bounded() {
    let pki = Pki::new();
    let mut limits = Limits::default();
    limits.crl_bytes = 100;
    let file = pdf(&lists(&pki)[0].1, &[], &pki.signer(), NOW);
    let validator = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap());
    let refused = validator.with_limits(limits).validate(&file).unwrap_err();
    assert_eq!(refused.kind(), kyso::ErrorKind::LimitExceeded);
}
