use super::*;
use crate::keys::SoftwareSigner;
use crate::pki::TrustStore;
use crate::validation::{Conclusion, Policy, Revocation, Validator};

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
    std::fs::read(format!("{folder}/{name}.pem")).unwrap()
}

fn signer(name: &str) -> SoftwareSigner {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    SoftwareSigner::from_pem(&file(&key), &file(&certificate)).unwrap()
}

/// So many hours after the dossier was received.
fn at(hours: i64) -> UtcTime {
    UtcTime::from_unix(1_790_000_000).unwrap().plus_seconds(hours * 3_600)
}

fn validator() -> Validator {
    let trust = TrustStore::from_bytes(&file("ca.crt")).unwrap();
    let policy = Policy { revocation: Revocation::NotRequired, ..Policy::default() };
    Validator::new(trust, policy, at(1_000))
}

fn desk(n: usize) -> Desk {
    let units = ["Bộ phận Một cửa", "Văn thư", "Phòng chuyên môn", "Lãnh đạo", "Đóng dấu"];
    Desk::new(units[n], format!("Cán bộ {n}"))
}

fn receipt() -> Receipt {
    Receipt {
        number: DossierNumber::compose("000.00.01.H40", at(0), 7).unwrap(),
        procedure: "Cấp giấy phép <xây dựng> & sửa chữa".into(),
        procedure_code: "1.009994".into(),
        applicant: Applicant { name: "Nguyễn Thị Ốc".into(), ..Applicant::default() },
        desk: desk(0),
        received_at: at(0),
        promised_at: at(100),
        result_at: "Quầy 3".into(),
    }
}

const FORM: &[u8] = b"%PDF-1.7 the form";
const PLAN: &[u8] = b"%PDF-1.7 the plan";

fn created() -> Vec<u8> {
    let papers = [NewFile::new("đơn.pdf", &FORM), NewFile::new("bản vẽ/1.pdf", &PLAN)];
    Dossier::create(receipt(), &papers, &signer("p256")).unwrap()
}

/// Each desk has a certificate of its own.
fn signer_of(desk: usize) -> SoftwareSigner {
    signer(["p256", "p384", "rsa2048", "ed25519", "rsa3072"][desk])
}

fn step(from: usize, to: usize, hours: i64, due: Option<i64>) -> HandOver {
    HandOver {
        from: desk(from),
        to: desk(to),
        at: at(hours),
        due: due.map(at),
        note: String::new(),
    }
}

fn handed(container: &[u8], step: HandOver) -> Vec<u8> {
    let source = container.to_vec();
    let limits = Limits::default();
    let from = (0..5).find(|it| desk(*it) == step.from).unwrap();
    Dossier::open(&source, &limits).unwrap().hand_over(step, &[], &signer_of(from)).unwrap()
}

fn checked(container: &[u8]) -> DossierReport {
    let source = container.to_vec();
    Dossier::open(&source, &Limits::default()).unwrap().check(&validator()).unwrap()
}

fn codes(report: &DossierReport) -> Vec<&'static str> {
    report.findings().iter().map(Finding::code).collect()
}

/// The container made of some entries of another, as one who forges would.
fn rebuilt(container: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let source = container.to_vec();
    let container = Container::open(&source, &Limits::default()).unwrap();
    let mut out = Vec::new();
    let mut writer = crate::encoding::zip::Writer::new(&mut out);
    for entry in container.archive().entries() {
        let bytes = container.read(&entry.name, 1 << 20).unwrap();
        if let Some(bytes) = change(&entry.name, bytes) {
            writer.add(&entry.name, &bytes, crate::encoding::zip::Compression::Stored).unwrap();
        }
    }
    writer.finish().unwrap();
    out
}

#[test]
fn goes_through_five_desks() {
    let mut container = created();
    for (n, due) in [(1, Some(20)), (2, Some(30)), (3, None), (4, Some(60))] {
        container = handed(&container, step(n - 1, n, i64::try_from(n).unwrap() * 10, due));
    }
    let source = container.clone();
    let limits = Limits::default();
    let dossier = Dossier::open(&source, &limits).unwrap();
    assert_eq!(dossier.holder(), Some(&desk(4)));
    assert_eq!(dossier.number().unwrap().as_str(), "000.00.01.H40-260921-0007");
    let outcome =
        Outcome { kind: OutcomeKind::Granted, by: desk(4), at: at(50), note: "Đã ký".into() };
    let licence = b"%PDF-1.7 the licence".to_vec();
    let result = [NewFile::new("kết quả/giấy phép.pdf", &licence)];
    let container = dossier.conclude(outcome, &result, &signer_of(4)).unwrap();

    let source = container.clone();
    let dossier = Dossier::open(&source, &limits).unwrap();
    let report = dossier.check(&validator()).unwrap();
    assert!(report.holds(), "{:?} {:?}", report.findings(), report.report().conclusion());
    assert_eq!(report.steps().len(), 6);
    assert_eq!(dossier.receipt(), Some(&receipt()));
    for it in report.steps() {
        assert_eq!(it.signatures().len(), 1, "{:?}", it.step());
    }
    assert_eq!(report.signers(&report.steps()[1]).len(), 1);
    assert_eq!(dossier.holder(), None);
    assert!(dossier.delays(at(500)).is_empty(), "it has ended in time");
    let names: Vec<_> = dossier.files().collect();
    assert_eq!(names, ["bản vẽ/1.pdf", "kết quả/giấy phép.pdf", "đơn.pdf"]);
    let error = dossier.hand_over(step(4, 1, 60, None), &[], &signer("p256")).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Misuse);
}

#[test]
fn the_receiver_signs_the_same() {
    let container = handed(&created(), step(0, 1, 1, None));
    let source = container.clone();
    let dossier = Dossier::open(&source, &Limits::default()).unwrap();
    let confirmed = dossier.confirm(&signer_of(1), at(2)).unwrap();
    let report = checked(&confirmed);
    assert!(report.holds(), "{:?}", report.findings());
    assert!(report.steps()[1].is_confirmed());
    assert_eq!(report.steps()[1].signatures().len(), 2);
    assert!(checked(&handed(&confirmed, step(1, 2, 3, None))).holds());
}

#[test]
fn only_the_holder_hands_over_and_time_goes_on() {
    let source = handed(&created(), step(0, 1, 5, None));
    let limits = Limits::default();
    let dossier = Dossier::open(&source, &limits).unwrap();
    for wrong in [step(0, 2, 6, None), step(1, 2, 4, None)] {
        let error = dossier.hand_over(wrong, &[], &signer("p256")).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Misuse, "{error}");
    }
    let taken = [NewFile::new("đơn.pdf", &PLAN)];
    assert!(dossier.hand_over(step(1, 2, 6, None), &taken, &signer("p256")).is_err());
    let kept = [NewFile::new("records/009.xml", &PLAN)];
    assert!(dossier.hand_over(step(1, 2, 6, None), &kept, &signer("p256")).is_err());
    let early = Receipt { promised_at: at(-1), ..receipt() };
    assert!(Dossier::create(early, &[], &signer("p256")).is_err());
}

#[test]
fn what_is_exchanged_taken_out_or_slipped_in_shows() {
    let whole = handed(&handed(&created(), step(0, 1, 1, None)), step(1, 2, 2, None));
    assert!(checked(&whole).holds());

    let exchanged = rebuilt(&whole, |name, bytes| {
        Some(if name == "đơn.pdf" { PLAN.to_vec() } else { bytes })
    });
    let report = checked(&exchanged);
    assert!(matches!(report.report().conclusion(), Some(Conclusion::TotalFailed(_))));
    assert!(codes(&report).contains(&"FILE_DIFFERS"), "{:?}", codes(&report));

    // A middle row of the sheet with its signature, which no signature of others misses.
    let report = checked(&rebuilt(&whole, |name, bytes| {
        let gone = name.starts_with("META-INF/") && name.contains("002");
        (!gone).then_some(bytes)
    }));
    assert!(codes(&report).contains(&"SIGNATURE_GONE"), "{:?}", codes(&report));
    assert!(codes(&report).contains(&"STEP_NOT_SIGNED"), "{:?}", codes(&report));

    let gap = rebuilt(&whole, |name, bytes| (name != "records/001.xml").then_some(bytes));
    assert!(Dossier::open(&gap, &Limits::default()).is_err(), "numbers have no gap");
}

#[test]
fn a_file_that_nobody_recorded_shows() {
    let whole = created();
    let source = whole.clone();
    let container = Container::open(&source, &Limits::default()).unwrap();
    let added = ContainerBuilder::beside(&container, at(1))
        .file("thêm.pdf", &PLAN)
        .sign(&signer("p256"))
        .unwrap();
    let report = checked(&added);
    assert_eq!(report.report().conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(codes(&report), ["FILE_UNRECORDED"]);
    assert!(!report.holds());
}

#[test]
fn a_chain_that_was_made_anew_from_the_middle_shows() {
    let first = handed(&created(), step(0, 1, 1, None));
    let other = handed(&created(), step(0, 2, 1, None));
    let whole = handed(&first, step(1, 2, 2, None));
    let source = other.clone();
    let forged = Container::open(&source, &Limits::default()).unwrap();
    let record = forged.read("records/001.xml", 1 << 20).unwrap();
    let report = checked(&rebuilt(&whole, |name, bytes| {
        Some(if name == "records/001.xml" { record.clone() } else { bytes })
    }));
    let found = codes(&report);
    assert!(found.contains(&"STEP_UNCHAINED") && found.contains(&"NOT_THE_HOLDER"), "{found:?}");
}

#[test]
fn the_overdue_are_listed_the_latest_first() {
    let late = handed(&created(), step(0, 1, 1, Some(10)));
    let later = handed(&handed(&created(), step(0, 1, 1, Some(5))), step(1, 2, 8, Some(9)));
    let limits = Limits::default();
    let fresh = created();
    let opened: Vec<Dossier<'_>> =
        [&late, &later, &fresh].into_iter().map(|it| Dossier::open(it, &limits).unwrap()).collect();
    assert!(overdue(&opened, at(4)).is_empty());
    let found: Vec<i64> = overdue(&opened, at(20)).into_iter().map(|it| it.1).collect();
    assert_eq!(found, [11 * 3_600, 10 * 3_600]);
    let delays = opened[1].delays(at(20));
    assert_eq!(delays.len(), 2);
    assert_eq!((delays[0].ended, delays[0].seconds(at(20))), (Some(at(8)), 3 * 3_600));
    assert!(opened[2].is_overdue(at(101)) && !opened[2].is_overdue(at(100)));
    assert!(opened[2].delays(at(101))[0].promised);
}

#[test]
fn records_are_read_as_they_are_written() {
    let record = Record {
        sequence: 3,
        number: "x".into(),
        step: Step::HandOver(step(0, 1, 1, Some(2))),
        signer: DigestAlgorithm::Sha256.digest(b"0"),
        previous: Some(Previous {
            record: DigestAlgorithm::Sha256.digest(b"1"),
            signatures: vec![DigestAlgorithm::Sha256.digest(b"2")],
        }),
        files: vec![Listed {
            name: "a&b.pdf".into(),
            digest: DigestAlgorithm::Sha256.digest(b"3"),
        }],
    };
    let limits = Limits::default();
    let bytes = codec::write(&record).unwrap();
    assert_eq!(codec::read(&bytes, &limits).unwrap(), record);
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("<Sequence>3</Sequence>", ""),
        ("<Sequence>3", "<Sequence>x"),
        ("<Due>", "<At>"),
        ("urn:kyso:dossier:1", "urn:other"),
        ("<Number>x</Number>", "<Number>x</Number><Number>y</Number>"),
    ] {
        let broken = text.replace(from, to);
        assert_ne!(broken, text);
        assert!(codec::read(broken.as_bytes(), &limits).is_err(), "{from}");
    }
    assert!(codec::read(format!("{text}<a/>").as_bytes(), &limits).is_err());
}

#[test]
fn numbers_are_composed_as_portals_write_them() {
    let day: UtcTime = "2026-11-22T18:00:00Z".parse().unwrap();
    let number = DossierNumber::compose("000.00.01.H40", day, 42).unwrap();
    assert_eq!(number.as_str(), "000.00.01.H40-261123-0042", "it is the next day in Vietnam");
    assert!(DossierNumber::compose("x", day, 0).is_err());
    assert!(DossierNumber::compose("x", day, 10_000).is_err());
}

/// A container, signed by nobody, of so many records that list so many files each.
fn listing(records: usize, files: usize) -> Vec<u8> {
    let unknown = |n: usize| Listed {
        name: format!("không có {n}"),
        digest: DigestAlgorithm::Sha256.digest(b""),
    };
    let mut record = Record {
        sequence: 0,
        number: receipt().number,
        step: Step::Receipt(receipt()),
        signer: DigestAlgorithm::Sha256.digest(b"0"),
        previous: None,
        files: (0..files).map(unknown).collect(),
    };
    let mut out = Vec::new();
    let mut writer = crate::encoding::zip::Writer::new(&mut out);
    let kind = "application/vnd.etsi.asic-e+zip".as_bytes();
    writer.add("mimetype", &kind, crate::encoding::zip::Compression::Stored).unwrap();
    for n in 0..records {
        record.sequence = n;
        let bytes = codec::write(&record).unwrap();
        let stored = crate::encoding::zip::Compression::Stored;
        writer.add(&record_name(n), &bytes, stored).unwrap();
    }
    writer.finish().unwrap();
    out
}

#[test]
fn what_records_list_is_bounded() {
    let limits = Limits::default();
    let many = listing(1, limits.attachments + 1);
    let error = Dossier::open(&many, &limits).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::LimitExceeded, "in one record");
    let small = Limits { asic_references: 1_000, ..Limits::default() };
    let many = listing(11, 100);
    let error = Dossier::open(&many, &small).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::LimitExceeded, "in all records");
    let few = listing(1, 100);
    assert!(Dossier::open(&few, &small).is_ok());
}

#[test]
fn nobody_gets_a_finding_for_each_of_many_files() {
    let many = listing(3, 900);
    let findings = Dossier::open(&many, &Limits::default()).unwrap().chain_findings();
    let files = findings.iter().filter(|it| it.code() == "FILE_DIFFERS").count();
    assert_eq!(files, 1_000);
    assert!(findings.contains(&Finding::MoreFiles { count: 1_700 }));
}

/// The next step, signed by a key that need not be the desk's.
fn handed_by(container: &[u8], step: HandOver, key: &SoftwareSigner) -> Vec<u8> {
    let source = container.to_vec();
    Dossier::open(&source, &Limits::default()).unwrap().hand_over(step, &[], key).unwrap()
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
        files: listed(&dossier.files),
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
