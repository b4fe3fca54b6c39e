//! Stored validation data and time-stamps over documents.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

use super::facts::SignatureKind;
use super::long_term::{StoredData, store, time_stamp};
use super::tests::signer;
use super::*;
use crate::encoding::pdf::{Dictionary, Object, Reader, Update, sample};
use crate::keys::Signer;
use crate::limits::Limits;
use crate::pki::{Certificate, Crl};
use crate::signature::tsp::TimeStampToken;
use crate::signature::tsp::sample::{TestTsa, params};

pub(super) fn tsa() -> TestTsa {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = params("TSA", 7).unwrap().self_signed(&key).unwrap();
    TestTsa::new(key, vec![certificate.der().to_vec()])
}

pub(super) fn crl() -> Crl {
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
    let update = store(&document, data, &[], &Password::default(), &Limits::default()).unwrap()?;
    Some([document, &update].concat())
}

fn stamped(document: &[u8], tsa: &TestTsa) -> Vec<u8> {
    let update = time_stamp(&document, tsa, &Password::default(), &Limits::default()).unwrap();
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

/// A revision that says `store` of the whole store, and nothing of what was there.
fn replaced(document: &[u8], store: impl FnOnce(&mut Update<'_>) -> Dictionary) -> Vec<u8> {
    let limits = Limits::default();
    let reader = Reader::open(&document, &limits).unwrap();
    let mut update = Update::new(&reader).unwrap();
    let (root, catalog) = update.view().catalog().unwrap();
    let store = store(&mut update);
    update
        .put(root, &Object::Dictionary((*catalog).clone().with("DSS", Object::Dictionary(store))));
    [document, &update.finish(b"replaced").unwrap().bytes].concat()
}

fn list(update: &mut Update<'_>, data: &[u8]) -> Object {
    let stream = update.allocate();
    update.put_stream(stream, Dictionary::new(), data);
    Object::Array(vec![Object::Reference(stream)])
}

/// Some writers put a new store in the place of the old one, which time-stamps still cover.
#[test]
fn stores_that_were_replaced_are_read() {
    let (document, crl, chain) =
        (signed(&sample::table(&sample::with(&[]))), crl(), signer().certificate_chain().to_vec());
    let once = stored(&document, &chain[..1], std::slice::from_ref(&crl)).unwrap();
    let stamped = stamped(&once, &tsa());
    let newest =
        replaced(&stamped, |update| Dictionary::new().with("Certs", list(update, chain[0].der())));
    let again = replaced(&newest, |_| Dictionary::new());
    for file in [&newest, &again] {
        let store = parse(file, &Limits::default()).unwrap().store;
        assert_eq!(store.crls.iter().map(|it| &it.der[..]).collect::<Vec<_>>(), [crl.der()]);
        assert!(store.for_revocation);
        // The same certificate in two places, of which the time-stamp covers one.
        let places: Vec<_> = store.certificates.iter().map(|it| it.place.end).collect();
        let covered = u64::try_from(stamped.len()).unwrap();
        assert_eq!(places.iter().map(|it| *it < covered).collect::<Vec<_>>(), [false, true]);
        assert!(store.certificates.iter().all(|it| it.der == chain[0].der()));
    }
}

/// What is only said of one signature is evidence, too.
#[test]
fn what_is_related_to_a_signature_is_read() {
    let (document, crl) = (signed(&sample::table(&sample::with(&[]))), crl());
    let file = replaced(&document, |update| {
        let lists = list(update, crl.der());
        let token = update.allocate();
        update.put_stream(token, Dictionary::new(), b"token");
        let related = Dictionary::new().with("CRL", lists).with("TS", Object::Reference(token));
        let name = "0123456789abcdef0123456789ABCDEF01234567";
        let all = Dictionary::new().with(name, Object::Dictionary(related));
        Dictionary::new().with("VRI", Object::Dictionary(all))
    });
    let found = parse(&file, &Limits::default()).unwrap();
    assert_eq!(found.store.crls[0].der, crl.der());
    let [token] = &found.store.time_stamps[..] else { panic!("{:?}", found.store) };
    assert_eq!(token.token.der, b"token");
    assert_eq!(token.signature, b"0123456789ABCDEF0123456789ABCDEF01234567");
    assert_eq!(found.signatures[0].name_in_store().len(), 40);
}

/// What stays where it is in revision after revision stands in the file once.
#[test]
fn many_revisions_have_one_store() {
    let document = signed(&sample::table(&sample::with(&[])));
    let mut file = stored(&document, signer().certificate_chain(), &[crl()]).unwrap();
    for _ in 0..20 {
        file = stamped(&file, &tsa());
    }
    let found = parse(&file, &Limits::default()).unwrap();
    let store = &found.store;
    assert_eq!((found.signatures.len(), store.crls.len()), (21, 1));
    assert_eq!(store.certificates.len(), signer().certificate_chain().len());
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
