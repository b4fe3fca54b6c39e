//! Stored validation data and time-stamps over documents.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

use super::long_term::{StoredData, store, time_stamp};
use super::tests::signer;
use super::*;
use crate::encoding::pdf::sample;
use crate::keys::Signer;
use crate::limits::Limits;
use crate::pki::{Certificate, Crl};
use crate::signature::tsp::TimeStampToken;
use crate::signature::tsp::sample::{TestTsa, params};

fn tsa() -> TestTsa {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = params("TSA", 7).unwrap().self_signed(&key).unwrap();
    TestTsa::new(key, vec![certificate.der().to_vec()])
}

fn crl() -> Crl {
    let key = KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 1, 1),
        next_update: rcgen::date_time_ymd(2026, 2, 1),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let issuer = rcgen::Issuer::from_params(&params, &key);
    Crl::from_der(list.signed_by(&issuer).unwrap().der().to_vec(), &Limits::default()).unwrap()
}

fn signed(document: &[u8]) -> Vec<u8> {
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    SignatureBuilder::new(document, at).sign(&signer()).unwrap()
}

fn stored(document: &[u8], certificates: &[Certificate], crls: &[Crl]) -> Option<Vec<u8>> {
    let data = StoredData { certificates, crls, responses: &[] };
    let update = store(&document, data, &Limits::default()).unwrap()?;
    Some([document, &update].concat())
}

fn stamped(document: &[u8], tsa: &TestTsa) -> Vec<u8> {
    let update = time_stamp(&document, tsa, &Limits::default()).unwrap();
    [document, &update].concat()
}

#[test]
fn data_and_time_stamps_leave_the_signature_as_it_is() {
    let objects = sample::with(&[]);
    for document in [sample::table(&objects), sample::streams(&objects, &[1, 2, 3])] {
        let (limits, crl, chain) =
            (Limits::default(), crl(), signer().certificate_chain().to_vec());
        let long = stored(&signed(&document), &chain, std::slice::from_ref(&crl)).unwrap();
        let archived = stamped(&long, &tsa());
        let renewed = stamped(&archived, &tsa().at("2030-01-01T00:00:00Z"));
        let found = parse(&renewed, &limits).unwrap();
        let [signature, first, second] = found.signatures.as_slice() else { panic!("{found:?}") };
        assert_eq!(signature.later_changes, LaterChanges::LtaUpdates);
        assert_eq!(first.later_changes, LaterChanges::LtaUpdates);
        assert_eq!((second.later_changes, second.covers_whole_file), (LaterChanges::None, true));
        assert_eq!(found.store.certificates.len(), chain.len());
        assert_eq!(found.store.crls[0].der, crl.der());
        for (stamp, end) in [(first, archived.len()), (second, renewed.len())] {
            assert_eq!(stamp.kind, SignatureKind::DocumentTimeStamp);
            assert!(stamp.findings.is_empty(), "{:?}", stamp.findings);
            let token = TimeStampToken::from_der(stamp.contents.as_slice(), &limits).unwrap();
            let range = stamp.byte_range.unwrap();
            assert_eq!(range.end(), u64::try_from(end).unwrap());
            let query = (range, crate::crypto::DigestAlgorithm::Sha256);
            let digest = digests(&renewed, &[query]).unwrap().remove(0);
            assert_eq!(token.info().imprint, digest.value());
        }
    }
}

#[test]
fn what_is_stored_is_not_stored_again() {
    let (document, crl, chain) =
        (signed(&sample::table(&sample::with(&[]))), crl(), signer().certificate_chain().to_vec());
    let once = stored(&document, &chain[..1], &[]).unwrap();
    assert_eq!(stored(&once, &chain[..1], &[]), None);
    let twice = stored(&once, &chain, &[crl]).unwrap();
    let found = parse(&twice, &Limits::default()).unwrap();
    assert_eq!((found.store.certificates.len(), found.store.crls.len()), (chain.len(), 1));
    assert_eq!(found.signatures[0].later_changes, LaterChanges::LtaUpdates);
}
