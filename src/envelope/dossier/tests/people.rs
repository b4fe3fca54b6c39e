//! Who confirms, and who may sign for a desk.

use super::*;

/// People with certificates that nobody but themselves issued.
struct People {
    trust: TrustStore,
}

impl People {
    fn new() -> Self {
        Self { trust: TrustStore::from_bytes(&file("ca.crt")).unwrap() }
    }

    fn join(&mut self, name: &str, serial: u64) -> SoftwareSigner {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.serial_number = Some(serial.into());
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2040, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let read = crate::pki::Certificate::from_der(certificate.der()).unwrap();
        self.trust.add(crate::pki::TrustAnchor::from_certificate(read));
        let (key, certificate) = (key.serialize_pem(), certificate.pem());
        SoftwareSigner::from_pem(key.as_bytes(), certificate.as_bytes()).unwrap()
    }

    fn checked(&self, container: &[u8]) -> DossierReport {
        let source = container.to_vec();
        let policy = Policy { revocation: Revocation::NotRequired, ..Policy::default() };
        let validator = Validator::new(self.trust.clone(), policy, at(1_000));
        Dossier::open(&source, &Limits::default()).unwrap().check(&validator).unwrap()
    }
}

fn by(container: &[u8], step: HandOver, key: &SoftwareSigner) -> Result<Vec<u8>> {
    let source = container.to_vec();
    Dossier::open(&source, &Limits::default())?.hand_over(step, &[], key)
}

fn confirmed(container: &[u8], key: &SoftwareSigner, hours: i64) -> Vec<u8> {
    let source = container.to_vec();
    Dossier::open(&source, &Limits::default()).unwrap().confirm(key, at(hours)).unwrap()
}

/// A step that its giver wrote on behalf of the receiver, signed by nobody.
#[test]
fn nobody_confirms_by_a_record_that_is_not_signed() {
    let whole = handed(&handed(&created(), step(0, 1, 1, None)), step(1, 2, 2, None));
    assert!(checked(&whole).steps()[1].is_confirmed());
    let unsigned =
        rebuilt(&whole, |name, bytes| (!name.contains("META-INF/signature003")).then_some(bytes));
    let report = checked(&unsigned);
    assert!(codes(&report).contains(&"STEP_NOT_SIGNED"), "{:?}", codes(&report));
    assert!(!report.steps()[1].is_confirmed());
}

#[test]
fn who_receives_is_told_by_name() {
    let mut people = People::new();
    let given = handed(&created(), step(0, 1, 1, None));
    let second = people.join("kyso TEST p256 - do not trust", 7);
    let seal = people.join("Sở Nội vụ", 1);
    for other in [&second, &seal] {
        let report = people.checked(&confirmed(&given, other, 1));
        assert!(report.holds(), "{:?}", report.findings());
        assert_eq!(report.steps()[1].signatures().len(), 2);
        assert!(!report.steps()[1].is_confirmed(), "neither is the receiver");
    }
    let unit = people.join("  VĂN  thư", 1);
    assert!(people.checked(&confirmed(&given, &unit, 1)).steps()[1].is_confirmed());
}

#[test]
fn a_seal_beside_the_giver_ends_no_dossier() {
    let mut people = People::new();
    let seal = people.join("Sở Nội vụ", 1);
    let sealed = confirmed(&handed(&created(), step(0, 1, 1, None)), &seal, 1);
    let whole = handed(&sealed, step(1, 2, 2, None));
    let report = people.checked(&whole);
    assert!(report.holds(), "{:?}", report.findings());
    assert!(report.steps()[1].is_confirmed());

    let both = confirmed(&sealed, &signer_of(1), 2);
    assert!(people.checked(&handed(&both, step(1, 2, 2, None))).holds());
    // The seal is not the receiver, and neither is one whom the hand-over does not name.
    for (container, other) in [(&both, &seal), (&both, &signer_of(3)), (&sealed, &signer_of(3))] {
        let report = people.checked(&by(container, step(1, 2, 2, None), other).unwrap());
        assert_eq!(codes(&report), ["SIGNER_CHANGED"]);
    }
}

#[test]
fn a_desk_goes_on_with_a_renewed_certificate() {
    let mut people = People::new();
    let (old, new) = (people.join("Lê Văn Nam", 1), people.join("Lê Văn Nam", 2));
    let begun = handed(&created(), step(0, 1, 1, None));
    let back = by(&begun, step(1, 0, 2, None), &old).unwrap();
    let again = confirmed(&handed(&back, step(0, 1, 3, None)), &old, 3);
    let whole = by(&again, step(1, 2, 4, None), &new).unwrap();
    let report = people.checked(&whole);
    assert!(report.holds(), "{:?}", report.findings());

    // Another person of another name is none, and the renewed one is at no other desk.
    let other = people.join("Lê Văn Bắc", 2);
    let refused = by(&again, step(1, 2, 4, None), &other).unwrap_err();
    assert_eq!(refused.kind(), crate::error::ErrorKind::Misuse, "{refused}");
    let refused = by(&whole, step(2, 3, 5, None), &old).unwrap_err();
    assert_eq!(refused.kind(), crate::error::ErrorKind::Misuse, "{refused}");
    let source = whole.clone();
    let dossier = Dossier::open(&source, &Limits::default()).unwrap().allow_broken_chain();
    let forged = dossier.hand_over(step(2, 3, 5, None), &[], &old).unwrap();
    assert_eq!(codes(&people.checked(&forged)), ["SIGNS_FOR_ANOTHER"]);
}
