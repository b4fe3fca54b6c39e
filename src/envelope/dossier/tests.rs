mod forged;
mod people;

use super::record::Listed;
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

const KEYS: [&str; 5] = ["p256", "p384", "rsa2048", "ed25519", "rsa3072"];

/// Each officer has the name that the certificate of the same place says.
fn desk(n: usize) -> Desk {
    let units = ["Bộ phận Một cửa", "Văn thư", "Phòng chuyên môn", "Lãnh đạo", "Đóng dấu"];
    Desk::new(units[n], format!("kyso TEST {} - do not trust", KEYS[n]))
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
    signer(KEYS[desk])
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

/// A container that counts what is read of it.
struct Counted {
    bytes: Vec<u8>,
    read: std::sync::atomic::AtomicU64,
}

impl Source for Counted {
    fn len(&self) -> u64 {
        Source::len(&self.bytes)
    }

    fn window(&self, range: std::ops::Range<u64>) -> Result<std::borrow::Cow<'_, [u8]>> {
        self.read.fetch_add(range.end - range.start, std::sync::atomic::Ordering::Relaxed);
        self.bytes.window(range)
    }
}

/// Lists of many dossiers are made of their records, and a step needs each file once for the
/// record and the manifest, and once to be written.
#[test]
fn files_are_read_for_what_needs_them() {
    let mut octet = 1_u32;
    let mut next = || {
        octet = octet.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        octet.to_be_bytes()[0]
    };
    let plan: Vec<u8> = (0..1 << 20).map(|_| next()).collect();
    let counted = |bytes: Vec<u8>| Counted { bytes, read: 0.into() };
    let read = |it: &Counted| it.read.swap(0, std::sync::atomic::Ordering::Relaxed);
    let plan = counted(plan);
    let created =
        Dossier::create(receipt(), &[NewFile::new("1.pdf", &plan)], &signer_of(0)).unwrap();
    let length = Source::len(&plan);
    assert!(read(&plan) < length * 5 / 2);
    let source = counted(created);
    let dossier = Dossier::open(&source, &Limits::default()).unwrap();
    assert_eq!(dossier.holder(), Some(&desk(0)));
    assert_eq!(dossier.files().collect::<Vec<_>>(), ["1.pdf"]);
    assert!(overdue([&dossier], at(1)).is_empty());
    assert!(read(&source) < length / 2);
    let handed = dossier.hand_over(step(0, 1, 1, None), &[], &signer_of(0)).unwrap();
    assert!(read(&source) < length * 5 / 2);
    assert!(checked(&handed).holds());
}

#[test]
fn nobody_gets_a_finding_for_each_of_many_files() {
    let many = listing(3, 900);
    let findings = Dossier::open(&many, &Limits::default()).unwrap().chain_findings().unwrap();
    let files = findings.iter().filter(|it| it.code() == "FILE_DIFFERS").count();
    assert_eq!(files, 1_000);
    assert!(findings.contains(&Finding::MoreFiles { count: 1_700 }));
}
