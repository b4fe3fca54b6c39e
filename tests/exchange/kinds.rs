//! Files of a message that are signed in other ways than PDFs are: XML, and containers.

use kyso::asic::ContainerBuilder;
use kyso::edxml::StatusCode;
use kyso::exchange::journal::Decision;
use kyso::exchange::{Doubt, Examination, Examine, Examiner, ExaminerRules};
use kyso::{Signer, SoftwareSigner, xades};

use crate::office::{Office, Officers, RECEIVER, directory, document, now, signed};
use crate::support::zip;

const LETTER: &[u8] =
    "<?xml version=\"1.0\"?><vb><so Id=\"so\">15/QĐ</so><yeu>họp</yeu></vb>".as_bytes();
const TABLE: &[u8] = b"1;2;3\n";

fn xml(signer: &dyn Signer) -> Vec<u8> {
    xades::SignatureBuilder::enveloped(&LETTER, now()).sign(signer).unwrap()
}

fn container(signer: &dyn Signer) -> Vec<u8> {
    let builder = ContainerBuilder::extended(now()).file("bảng.csv", &TABLE);
    builder.file("công văn.xml", &LETTER).stored().sign(signer).unwrap()
}

fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let at = file.windows(from.len()).position(|it| it == from).unwrap();
    [&file[..at], to, &file[at + from.len()..]].concat()
}

/// What an examiner makes of a document with these files.
fn examine(office: &Office, files: &[(&str, Vec<u8>)]) -> Examination {
    let mut envelope = document("30", &[RECEIVER]);
    for (name, bytes) in files {
        envelope = envelope.attach(*name, bytes.clone());
    }
    Examiner::new(office.officers.validator()).examine(&envelope, &[], now()).unwrap()
}

#[test]
fn signed_xml_and_containers_are_verified_as_they_come() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let good = [("vb.xml", xml(ours)), ("hồ sơ.asice", container(ours))];
    for (n, (name, bytes)) in good.iter().enumerate() {
        let number = format!("3{n}");
        office.put(&document(&number, &[RECEIVER]).attach(*name, bytes.clone()));
        office.run();
        assert_eq!(office.sender.handling(&number), Some(StatusCode::Accepted), "{name}");
    }
    // What it is, its content tells.
    let found = examine(&office, &[("vb.dat", xml(ours)), ("hồ sơ.zip", container(ours))]);
    assert_eq!((found.decision, found.reason.as_str()), (Decision::Accepted, ""));
    assert!(found.files.iter().all(|it| it.indication == "TOTAL_PASSED"));
    let unknown = [xml(&office.officers.unknown), container(&office.officers.unknown)];
    for file in unknown {
        let found = examine(&office, &[("tệp", file)]);
        assert_eq!(found.decision, Decision::Held, "{}", found.reason);
    }
}

#[test]
fn a_broken_one_is_refused_with_the_reason() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let xml = xml(ours);
    let cut = xml[..xml.len() - 9].to_vec();
    let container = container(ours);
    let changed = replaced(&container, "1;2;3", "1;2;4");
    let broken = [
        ("vb.xml", replaced(&xml, "15/QĐ", "16/QĐ"), "đã bị thay đổi"),
        ("cut.xml", cut, "không đọc được"),
        // The checksum of the entry is another one then: the archive is broken.
        ("a.asice", changed, "không đọc được"),
        ("b.asice", container[..container.len() - 30].to_vec(), "không đọc được"),
        ("c.zip", container[..container.len() - 30].to_vec(), "không đọc được"),
        ("d.asics", b"what is no archive".to_vec(), "không đọc được"),
    ];
    for (name, bytes, why) in broken {
        let files = [("qd.pdf", signed(ours)), (name, bytes)];
        let found = examine(&office, &files);
        assert_eq!(found.decision, Decision::Refused, "{name}: {}", found.reason);
        assert!(found.reason.contains(name) && found.reason.contains(why), "{}", found.reason);
    }
    let file = replaced(&xml, "15/QĐ", "16/QĐ");
    office.put(&document("39", &[RECEIVER]).attach("vb.xml", file));
    office.run();
    let told = office.sender.told(StatusCode::Refused);
    assert!(told[0].contains("vb.xml") && told[0].contains("thay đổi"), "{told:?}");
}

#[test]
fn what_says_nothing_of_signatures_is_not_signed() {
    let office = Office::new();
    let page = b"<!DOCTYPE html><html><br>a page</html>".to_vec();
    let sheet = zip::stored(&[("xl/workbook.xml".to_owned(), b"<x/>".to_vec())]);
    let text = zip::stored(&[
        ("mimetype".to_owned(), b"application/vnd.oasis.opendocument.text".to_vec()),
        ("content.xml".to_owned(), b"<x/>".to_vec()),
    ]);
    for (name, bytes) in [
        ("trang.html", page),
        ("dữ liệu.xml", LETTER.to_vec()),
        ("bảng.xlsx", sheet.clone()),
        ("bảng.xlsx", sheet[..sheet.len() - 9].to_vec()),
        ("vb.odt", text),
    ] {
        let files = [("qd.pdf", signed(&office.officers.ours)), (name, bytes)];
        let found = examine(&office, &files);
        assert_eq!(found.decision, Decision::Held, "{name}: {}", found.reason);
        let reason = format!("{name}: tệp không có chữ ký số.");
        assert_eq!(found.reason, reason);
    }
}

/// Whoever opens it sees all of it, and takes all for signed.
#[test]
fn what_signatures_leave_out_is_an_unsigned_file() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let part = xades::SignatureBuilder::enveloped(&LETTER, now()).element("so").sign(ours);
    let signed = ContainerBuilder::extended(now()).file("a.txt", &LETTER).sign(ours).unwrap();
    let opened = |name: &str| {
        let mut out = Vec::new();
        let (source, limits) = (signed.as_slice(), kyso::Limits::default());
        let container = kyso::asic::Container::open(&source, &limits).unwrap();
        container.extract(name, &mut out).unwrap();
        (name.to_owned(), out)
    };
    let more = zip::stored(&[
        opened("mimetype"),
        opened("a.txt"),
        ("thêm.txt".to_owned(), TABLE.to_vec()),
        opened("META-INF/ASiCManifest001.xml"),
        opened("META-INF/signature001.p7s"),
    ]);
    for (name, bytes, why) in
        [("vb.xml", part.unwrap(), "một phần của tệp"), ("hồ sơ.asice", more, "thêm.txt")]
    {
        let found = examine(&office, &[(name, bytes.clone())]);
        assert_eq!(found.decision, Decision::Held, "{name}: {}", found.reason);
        assert!(found.reason.contains(why), "{}", found.reason);
        let rules = ExaminerRules { unsigned_file: Doubt::Overlook, ..ExaminerRules::default() };
        let examiner = Examiner::new(office.officers.validator()).with_rules(rules);
        let envelope = document("31", &[RECEIVER]).attach(name, bytes);
        let found = examiner.examine(&envelope, &[], now()).unwrap();
        assert_eq!(found.decision, Decision::Accepted, "{}", found.reason);
    }
}

/// Anybody whose certificate passes can sign a file and put it beside.
#[test]
fn who_may_not_sign_for_the_sender_adds_no_file() {
    let office = Office::new();
    let Officers { ours, others, .. } = &office.officers;
    let examine = |files: &[(&str, &[u8])]| {
        let examiner = Examiner::new(office.officers.validator());
        examiner.set_directory(directory());
        let mut envelope = document("32", &[RECEIVER]);
        for (name, bytes) in files {
            envelope = envelope.attach(*name, bytes.to_vec());
        }
        examiner.examine(&envelope, &[], now()).unwrap()
    };
    let signed = ContainerBuilder::extended(now()).file("a.txt", &LETTER).sign(ours).unwrap();
    let (source, limits) = (signed.as_slice(), kyso::Limits::default());
    let container = kyso::asic::Container::open(&source, &limits).unwrap();
    let added = |signer: &SoftwareSigner| {
        let builder = ContainerBuilder::beside(&container, now()).file("thêm.txt", &TABLE);
        builder.sign(signer).unwrap()
    };
    let found = examine(&[("hồ sơ.asice", &added(ours))]);
    assert_eq!(found.decision, Decision::Accepted, "{}", found.reason);
    let found = examine(&[("hồ sơ.asice", &added(others))]);
    assert_eq!(found.decision, Decision::Held, "{}", found.reason);
    assert!(found.reason.contains("“thêm.txt”"), "{}", found.reason);
    assert!(!found.reason.contains("a.txt"), "{}", found.reason);

    let part = xades::SignatureBuilder::enveloped(&LETTER, now()).element("so").sign(ours).unwrap();
    let whole = xades::SignatureBuilder::enveloped(&part, now()).sign(others).unwrap();
    let found = examine(&[("vb.xml", &whole)]);
    assert_eq!(found.decision, Decision::Held, "{}", found.reason);
    assert!(found.reason.contains("một phần của tệp"), "{}", found.reason);
}

#[test]
fn an_xml_signature_is_over_other_files_of_the_message() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let beside = |signer: &dyn Signer| {
        let builder = xades::SignatureBuilder::detached("bảng 1.csv", &TABLE, now());
        builder.sign(signer).unwrap()
    };
    let files =
        |signature, table: &[u8]| vec![("bảng 1.csv", table.to_vec()), ("chữ ký.xml", signature)];
    let found = examine(&office, &files(beside(ours), TABLE));
    assert_eq!((found.decision, found.reason.as_str()), (Decision::Accepted, ""));
    assert!(found.files.iter().all(|it| it.indication == "TOTAL_PASSED"));
    let found = examine(&office, &files(beside(ours), b"1;2;4\n"));
    assert_eq!(found.decision, Decision::Refused, "{}", found.reason);
    let found = examine(&office, &[("chữ ký.xml", beside(ours))]);
    assert_eq!(found.decision, Decision::Held, "{}", found.reason);
    let found = examine(&office, &files(beside(&office.officers.unknown), TABLE));
    assert_eq!(found.decision, Decision::Held, "{}", found.reason);
    assert!(found.reason.contains("bảng 1.csv: tệp không có chữ ký số"), "{}", found.reason);
}

/// What the agency signed long ago says nothing of the file that somebody puts it beside.
#[test]
fn a_signed_xml_is_no_signature_beside_another_file() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let found = examine(&office, &[("a.docx", TABLE.to_vec()), ("a.docx.p7s", xml(ours))]);
    assert_eq!(found.decision, Decision::Refused, "{}", found.reason);
    let around = xades::SignatureBuilder::enveloping(&TABLE, now()).sign(ours).unwrap();
    let found = examine(&office, &[("a.docx", TABLE.to_vec()), ("a.docx.p7s", around)]);
    assert_eq!(found.decision, Decision::Accepted, "{}", found.reason);
    // Of a part of a file, the rest may be anybody's.
    let found = examine(&office, &[("a.docx", LETTER.to_vec()), ("a.docx.p7s", xml(ours))]);
    assert!(found.reason.contains("một phần của tệp"), "{}", found.reason);
}

/// The name that a signature gives to the file beside it is no file of the message.
#[test]
fn a_signature_beside_a_file_says_nothing_of_another() {
    let office = Office::new();
    let builder = xades::SignatureBuilder::detached("to-trinh.txt", &TABLE, now());
    let signature = builder.sign(&office.officers.ours).unwrap();
    let files = |more: &[(&'static str, Vec<u8>)]| {
        let mut all = vec![("a.txt", TABLE.to_vec()), ("a.txt.p7s", signature.clone())];
        all.extend(more.iter().cloned());
        examine(&office, &all)
    };
    let found = files(&[]);
    assert_eq!(found.decision, Decision::Accepted, "{}", found.reason);
    let found = files(&[("to-trinh.txt", b"anything".to_vec())]);
    let forged = found.files.iter().find(|it| it.name == "to-trinh.txt").unwrap();
    assert_ne!(forged.indication, "TOTAL_PASSED", "{}", found.reason);
    assert!(forged.signatures.is_empty());
}
