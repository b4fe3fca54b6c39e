//! What insiders and others make of a dossier, and how it shows.

use super::*;

/// The next step, signed by a key that need not be the desk's.
fn handed_by(container: &[u8], step: HandOver, key: &SoftwareSigner) -> Vec<u8> {
    let source = container.to_vec();
    let dossier = Dossier::open(&source, &Limits::default()).unwrap().allow_broken_chain();
    dossier.hand_over(step, &[], key).unwrap()
}

fn confirmed_by(container: &[u8], key: &SoftwareSigner, hours: i64) -> Vec<u8> {
    let source = container.to_vec();
    Dossier::open(&source, &Limits::default()).unwrap().confirm(key, at(hours)).unwrap()
}

#[test]
fn one_who_makes_it_anew_cannot_sign_for_the_others() {
    let insider = signer_of(1);
    let later = Receipt { promised_at: at(900), ..receipt() };
    let anew = Dossier::create(later, &[], &insider).unwrap();
    let anew = handed_by(&anew, step(0, 1, 1, None), &insider);
    let anew = handed_by(&anew, step(1, 2, 2, None), &insider);
    let report = checked(&anew);
    assert_eq!(report.report().conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(codes(&report), ["SIGNS_FOR_ANOTHER"]);
    assert!(!report.holds());

    let twice = handed(&handed(&created(), step(0, 1, 1, None)), step(1, 0, 2, None));
    let twice = handed_by(&twice, step(0, 2, 3, None), &signer_of(3));
    assert_eq!(codes(&checked(&twice)), ["SIGNER_CHANGED"], "the first desk has its own");
}

#[test]
fn a_record_is_signed_by_whom_it_names() {
    let source = created();
    let container = Container::open(&source, &Limits::default()).unwrap();
    let bytes = container.read("records/000.xml", 1 << 20).unwrap();
    let papers = [("đơn.pdf", FORM), ("bản vẽ/1.pdf", PLAN)];
    let mut builder = ContainerBuilder::extended(at(0));
    for (name, content) in &papers {
        builder = builder.file(*name, content);
    }
    let stolen = builder.file("records/000.xml", &bytes).sign(&signer_of(3)).unwrap();
    assert_eq!(codes(&checked(&stolen)), ["SIGNER_CHANGED"]);
}

#[test]
fn who_confirmed_is_who_goes_on() {
    let given = handed(&created(), step(0, 1, 1, None));
    assert!(!checked(&given).steps()[1].is_confirmed());
    let own = confirmed_by(&given, &signer_of(0), 2);
    assert!(!checked(&own).steps()[1].is_confirmed(), "the giver does not receive");

    let taken = confirmed_by(&given, &signer_of(1), 2);
    assert!(checked(&handed(&taken, step(1, 2, 3, None))).holds());
    let other = handed_by(&taken, step(1, 2, 3, None), &signer_of(3));
    assert_eq!(codes(&checked(&other)), ["SIGNER_CHANGED"]);
}

/// The receipt's container, signed at another time than it says.
fn signed_at(hours: i64) -> ContainerParts {
    let source = created();
    let container = Container::open(&source, &Limits::default()).unwrap();
    ContainerParts { record: container.read("records/000.xml", 1 << 20).unwrap(), hours }
}

struct ContainerParts {
    record: Vec<u8>,
    hours: i64,
}

impl ContainerParts {
    fn signed(&self, level: Option<&dyn crate::signature::asic::Augment>) -> Vec<u8> {
        let mut builder = ContainerBuilder::extended(at(self.hours))
            .file("records/000.xml", &self.record)
            .file("đơn.pdf", &FORM)
            .file("bản vẽ/1.pdf", &PLAN);
        if let Some(level) = level {
            builder = builder.level(level);
        }
        builder.sign(&signer_of(0)).unwrap()
    }

    fn signed_in_xml(&self) -> Vec<u8> {
        ContainerBuilder::extended(at(self.hours))
            .file("records/000.xml", &self.record)
            .file("đơn.pdf", &FORM)
            .file("bản vẽ/1.pdf", &PLAN)
            .with_xades()
            .sign(&signer_of(0))
            .unwrap()
    }
}

#[test]
fn a_time_that_its_signature_contradicts_shows() {
    assert!(checked(&signed_at(0).signed(None)).holds());
    assert_eq!(codes(&checked(&signed_at(72).signed(None))), ["TIME_CONTRADICTED"]);
    assert_eq!(codes(&checked(&signed_at(-1).signed(None))), ["TIME_CONTRADICTED"]);
}

/// A container whose signatures are time-stamped so many hours after the receipt, and a
/// validator that trusts who did.
fn stamped(container: &[u8], hours: i64) -> (Vec<u8>, Validator) {
    use crate::augmentation::asic::Augmenter;
    use crate::augmentation::cades::Level;
    use crate::signature::tsp::sample::{TestTsa, params};

    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = params("TSA TEST", 1).unwrap().self_signed(&key).unwrap().der().to_vec();
    let tsa = TestTsa::new(key, vec![certificate.clone()]).at(at(hours));
    let source = container.to_vec();
    let stamped = Augmenter::new(Level::T(&tsa)).augment(&source).unwrap();
    let mut trust = TrustStore::from_bytes(&file("ca.crt")).unwrap();
    let certificate = crate::pki::Certificate::from_der(&certificate).unwrap();
    trust.add(crate::pki::TrustAnchor::from_certificate(certificate));
    let policy = Policy { revocation: Revocation::NotRequired, ..Policy::default() };
    (stamped, Validator::new(trust, policy, at(1_000)))
}

#[test]
fn what_time_stamps_say_counts_against_what_desks_say() {
    let given = handed(&handed(&created(), step(0, 1, 1, Some(10))), step(1, 2, 9, None));
    let (late, validator) = stamped(&given, 80);
    let dossier = Dossier::open(&late, &Limits::default()).unwrap();
    let report = dossier.check(&validator).unwrap();
    assert!(report.holds(), "signatures may be stamped later: {:?}", report.findings());
    assert_eq!(report.steps()[2].proven_at(), Some(at(80)));
    assert!(dossier.delays(at(90)).is_empty(), "the desk says that it was in time");
    let delays = report.delays_by_proof(at(90));
    assert_eq!((delays.len(), delays[0].ended), (1, Some(at(80))), "and proves it not");

    let (early, validator) = stamped(&given, 5);
    let dossier = Dossier::open(&early, &Limits::default()).unwrap();
    assert_eq!(codes(&dossier.check(&validator).unwrap()), ["TIME_CONTRADICTED"]);
}

/// What another program may make: the same signed by XAdES, one file of signatures each.
fn joined_in_xml(container: &[u8], record: Option<&[u8]>, key: &SoftwareSigner) -> Vec<u8> {
    let source = container.to_vec();
    let container = Container::open(&source, &Limits::default()).unwrap();
    let mut builder = ContainerBuilder::beside(&container, at(1)).with_xades();
    let record = record.map(<[u8]>::to_vec);
    if let Some(record) = &record {
        builder = builder.file("records/001.xml", record);
    }
    builder.sign(key).unwrap()
}

#[test]
fn a_confirmation_in_xml_is_missed() {
    let limits = Limits::default();
    let first = signed_at(0).signed_in_xml();
    let confirmed = joined_in_xml(&first, None, &signer_of(1));
    let dossier = Dossier::open(&confirmed, &limits).unwrap();
    assert_eq!(dossier.signatures.len(), 2);
    let signatures = dossier.signatures.iter();
    let signatures = signatures.map(|it| Digest::new(DigestAlgorithm::Sha256, it.as_slice()));
    let record = Record {
        sequence: 1,
        number: receipt().number,
        step: Step::HandOver(step(0, 2, 1, None)),
        signer: certificate_of(&signer_of(0)).unwrap(),
        previous: Some(Previous {
            record: dossier.records.last().unwrap().digest.clone(),
            signatures: signatures.collect::<Result<_>>().unwrap(),
        }),
        files: listed(dossier.digests().unwrap()),
    };
    let record = codec::write(&record).unwrap();
    let whole = joined_in_xml(&confirmed, Some(&record), &signer_of(0));
    assert!(checked(&whole).findings().is_empty(), "{:?}", codes(&checked(&whole)));

    let without = joined_in_xml(&first, Some(&record), &signer_of(0));
    assert_eq!(codes(&checked(&without)), ["SIGNATURE_GONE"]);
}

#[test]
fn a_confirmation_in_armour_is_missed() {
    let given = handed(&created(), step(0, 1, 1, None));
    let armoured = armoured(&confirmed_by(&given, &signer_of(1), 2));
    let whole = handed(&armoured, step(1, 2, 3, None));
    let report = checked(&whole);
    assert!(report.findings().is_empty(), "{:?}", report.findings());
    let first = "META-INF/signature001.p7s";
    let taken = rebuilt(&whole, |name, bytes| (name != first).then_some(bytes));
    assert!(codes(&checked(&taken)).contains(&"SIGNATURE_GONE"), "{:?}", codes(&checked(&taken)));
}

/// The same with its first signature in PEM.
fn armoured(container: &[u8]) -> Vec<u8> {
    rebuilt(container, |name, bytes| {
        Some(match name.contains("001") && name.ends_with(".p7s") {
            true => {
                let text = crate::encoding::base64::encode(&bytes);
                format!("-----BEGIN CMS-----\n{text}\n-----END CMS-----\n").into_bytes()
            }
            false => bytes,
        })
    })
}

#[test]
fn armour_takes_no_signature_away() {
    let whole = handed(&created(), step(0, 1, 1, None));
    assert!(checked(&whole).holds());
    assert!(!codes(&checked(&armoured(&whole))).contains(&"SIGNATURE_GONE"));
}

#[test]
fn nobody_signs_what_is_broken_unknowingly() {
    let given = handed(&created(), step(0, 1, 1, None));
    let broken = rebuilt(&given, |name, bytes| {
        Some(if name == "đơn.pdf" { PLAN.to_vec() } else { bytes })
    });
    let limits = Limits::default();
    let dossier = Dossier::open(&broken, &limits).unwrap();
    let key = signer_of(1);
    for refused in [dossier.confirm(&key, at(2)), dossier.hand_over(step(1, 2, 2, None), &[], &key)]
    {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Malformed, "{error}");
    }
    let dossier = dossier.allow_broken_chain();
    assert!(dossier.confirm(&key, at(2)).is_ok());
    let signed = dossier.hand_over(step(1, 2, 2, None), &[], &key).unwrap();
    assert!(!checked(&signed).holds());
}

#[test]
fn what_was_cut_off_shows_by_the_head_kept_outside() {
    let first = handed(&created(), step(0, 1, 1, None));
    let whole = handed(&first, step(1, 2, 2, None));
    let limits = Limits::default();
    let head = Dossier::open(&whole, &limits).unwrap().head().unwrap().clone();
    let cut = rebuilt(&whole, |name, bytes| {
        let gone = name == "records/002.xml" || name.contains("003");
        (!gone).then_some(bytes)
    });
    assert!(checked(&cut).holds(), "by itself it is whole: {:?}", codes(&checked(&cut)));
    let against = |container: &Vec<u8>| {
        let dossier = Dossier::open(container, &limits).unwrap();
        codes(&dossier.check_against(&head, &validator()).unwrap())
    };
    assert_eq!(against(&cut), ["DOSSIER_CUT_OFF"]);
    assert!(against(&whole).is_empty());
    assert!(against(&handed(&whole, step(2, 3, 3, None))).is_empty(), "it went on");
}

#[test]
fn nothing_that_a_record_says_steers_what_shows_it() {
    let text = "Nam\u{202e}\u{1b}[2K\u{2066}";
    let desk = Desk::new(text, text);
    let found = Finding::FileDiffers { step: 1, file: text.into() };
    let number = DossierNumber::from(text);
    let said = [desk.to_string(), number.to_string(), found.to_string(), found.message_vi()];
    for it in said {
        assert!(it.contains("Nam") && !it.chars().any(crate::encoding::steers), "{it:?}");
    }
    assert_eq!(number.as_str(), text, "the value is as written");
}
