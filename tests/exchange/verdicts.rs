//! What the receiver makes of what it gets, and what the sender's clerk reads of it.

use kyso::asic::ContainerBuilder;
use kyso::edxml::{Attachment, StatusCode};
use kyso::exchange::directory::SIGNER_NOT_OF_AGENCY;
use kyso::exchange::journal::{Actor, Decision, Event, FileVerdict};
use kyso::exchange::{Doubt, Examine, Examiner, ExaminerRules};
use kyso::{Conclusion, DigestAlgorithm, Limits, Policy, Validator, cades};

use crate::office::{Office, RECEIVER, document, now, pdf, signed};
use crate::support::evidence_record::{Record, Stamp};
use crate::support::pki::Pki;

fn examined(office: &Office) -> (Decision, String, Vec<FileVerdict>) {
    let found = office.receiver.journal().into_iter().rev().find_map(|it| match it {
        Event::Examined { decision, reason, files } => Some((decision, reason, files)),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_signed_document_is_accepted() {
    let office = Office::new();
    let envelope = document("1", &[RECEIVER]).attach("qd.pdf", signed(&office.officers.ours));
    office.put(&envelope);
    office.run();
    let (decision, reason, files) = examined(&office);
    assert_eq!((decision, reason.as_str()), (Decision::Accepted, ""));
    assert_eq!(files[0].indication, "TOTAL_PASSED");
    assert_eq!(files[0].signatures[0].authorized, Some(true));
    assert_eq!(office.sender.told(StatusCode::Arrived).len(), 1);
    assert_eq!(office.sender.told(StatusCode::Accepted).len(), 1);
    assert_eq!(office.sender.handling("1"), Some(StatusCode::Accepted));
    assert_eq!(office.receiver.reports.lock().unwrap()[0].0, "qd.pdf");
}

#[test]
fn a_tampered_one_is_refused_with_file_and_check() {
    let office = Office::new();
    let mut tampered = signed(&office.officers.ours);
    let at = tampered.windows(9).position(|it| it == b"/MediaBox").unwrap();
    tampered[at + 12] = b'7';
    office.put(
        &document("2", &[RECEIVER])
            .attach("tờ trình.pdf", signed(&office.officers.ours))
            .attach("quyết định.pdf", tampered),
    );
    office.run();
    let reasons = office.sender.told(StatusCode::Refused);
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].contains("quyết định.pdf"), "{reasons:?}");
    assert!(reasons[0].contains("thay đổi"), "{reasons:?}");
    assert!(!reasons[0].contains("tờ trình.pdf"), "{reasons:?}");
    assert_eq!(office.sender.handling("2"), Some(StatusCode::Refused));
}

#[test]
fn an_indeterminate_one_is_held_for_a_person() {
    let office = Office::new();
    office.put(&document("3", &[RECEIVER]).attach("qd.pdf", signed(&office.officers.unknown)));
    office.run();
    let (decision, reason, files) = examined(&office);
    assert_eq!((decision, files[0].indication.as_str()), (Decision::Held, "INDETERMINATE"));
    assert!(reason.contains("qd.pdf"), "{reason}");
    assert_eq!(office.sender.handling("3"), Some(StatusCode::Arrived));
    let held = office.receiver.inbox.held(None, 9).unwrap();
    assert_eq!(held.len(), 1);
    let by = Actor::new("chị Hoa");
    office.receiver.inbox.decide(held[0].id, Decision::Accepted, "", &by).unwrap();
    office.run();
    assert_eq!(office.sender.handling("3"), Some(StatusCode::Accepted));
}

#[test]
fn an_unsigned_annex_is_for_the_agency_to_judge() {
    for (rule, wanted) in [
        (Doubt::Overlook, Decision::Accepted),
        (Doubt::Hold, Decision::Held),
        (Doubt::Refuse, Decision::Refused),
    ] {
        let rules = ExaminerRules { unsigned_file: rule, ..ExaminerRules::default() };
        let office = Office::by(rules);
        office.put(
            &document("4", &[RECEIVER])
                .attach("qd.pdf", signed(&office.officers.ours))
                .attach("phụ lục.pdf", pdf())
                .attach("bảng.xlsx", b"a table".to_vec()),
        );
        office.run();
        let (decision, reason, _) = examined(&office);
        assert_eq!(decision, wanted);
        let is_told = wanted != Decision::Accepted;
        assert_eq!(reason.contains("phụ lục.pdf") && reason.contains("bảng.xlsx"), is_told);
    }
}

#[test]
fn nothing_signed_is_held() {
    let office = Office::new();
    office.put(&document("5", &[RECEIVER]).attach("qd.pdf", pdf()));
    office.run();
    assert_eq!(examined(&office).0, Decision::Held);
}

#[test]
fn a_signature_beside_its_file() {
    let office = Office::new();
    let table = b"a table".to_vec();
    let signature =
        cades::SignatureBuilder::new(&table, now()).sign(&office.officers.ours).unwrap();
    office.put(
        &document("6", &[RECEIVER])
            .attach("bảng.xlsx", table.clone())
            .attach("bảng.xlsx.p7s", signature.clone()),
    );
    office.run();
    assert_eq!(examined(&office).0, Decision::Accepted);
    office.put(
        &document("7", &[RECEIVER])
            .attach("bảng.xlsx", b"another table".to_vec())
            .attach("bảng.xlsx.p7s", signature.clone()),
    );
    office.run();
    let (decision, reason, _) = examined(&office);
    assert_eq!(decision, Decision::Refused);
    assert!(reason.contains("bảng.xlsx"), "{reason}");
    office.put(&document("8", &[RECEIVER]).attach("khác.p7s", signature));
    office.run();
    assert_eq!(examined(&office).0, Decision::Refused, "a signature of nothing");
}

#[test]
fn one_who_may_not_sign_for_the_sender_is_a_finding_of_its_own() {
    let office = Office::new();
    office.put(&document("9", &[RECEIVER]).attach("qd.pdf", signed(&office.officers.others)));
    office.run();
    let (decision, reason, files) = examined(&office);
    assert_eq!((decision, files[0].indication.as_str()), (Decision::Held, "TOTAL_PASSED"));
    assert_eq!(files[0].signatures[0].authorized, Some(false));
    assert!(reason.contains("không được ký thay cơ quan"), "{reason}");
    let reports = office.receiver.reports.lock().unwrap();
    let text = serde_json::to_string(&reports[0].1).unwrap();
    assert!(text.contains(SIGNER_NOT_OF_AGENCY), "{text}");
}

/// Nothing passes for a seal under another name, with a page behind it, or as a second one.
#[test]
fn what_poses_as_a_seal_is_refused() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let sealed =
        document("19", &[RECEIVER]).attach("qd.pdf", signed(ours)).seal(ours, now()).unwrap();
    let seal = sealed.attachments[1].bytes().unwrap().to_vec();
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &seal);
    let page = format!("-----BEGIN CMS-----\n{text}\n-----END CMS-----\n<html>Phụ lục</html>");
    let followed = [&seal[..], b"<html>Phu luc</html>"].concat();
    for (name, bytes) in [
        ("Phụ lục.html", page.into_bytes()),
        ("Phụ lục.html", seal.clone()),
        ("edxml-seal-2.p7m", followed),
        ("edxml-seal.p7m", seal),
    ] {
        let forged = sealed.clone().attach(name, bytes);
        let examiner = Examiner::new(office.officers.validator());
        let found = examiner.examine(&forged, &[], now()).unwrap();
        assert_eq!(found.decision, Decision::Refused, "{name}: {}", found.reason);
        assert!(found.reason.contains(name), "{}", found.reason);
    }
}

#[test]
fn a_broken_pdf_and_two_files_of_one_name_are_refused() {
    let office = Office::new();
    office.put(&document("10", &[RECEIVER]).attach("qd.pdf", b"%PDF-1.7 broken".to_vec()));
    office.run();
    let (decision, reason, _) = examined(&office);
    assert_eq!(decision, Decision::Refused);
    assert!(reason.contains("không đọc được"), "{reason}");
    let one = signed(&office.officers.ours);
    office.put(&document("11", &[RECEIVER]).attach("qd.pdf", one.clone()).attach("qd.pdf", one));
    office.run();
    assert_eq!(examined(&office).0, Decision::Refused);
}

/// Whoever opens it sees a PDF, or nothing: what is signed in an archive is not what is shown.
#[test]
fn an_archive_by_the_name_of_a_pdf_is_refused() {
    let office = Office::new();
    let letter = b"a letter".to_vec();
    let builder = ContainerBuilder::extended(now()).file("a.txt", &letter);
    let container = builder.sign(&office.officers.ours).unwrap();
    office.put(
        &document("11", &[RECEIVER])
            .attach("qd.pdf", signed(&office.officers.ours))
            .attach("quyết định.PDF", container),
    );
    office.run();
    let (decision, reason, _) = examined(&office);
    assert_eq!(decision, Decision::Refused);
    assert!(reason.contains("quyết định.PDF: tệp mang tên PDF"), "{reason}");
    let reports = office.receiver.reports.lock().unwrap();
    assert_eq!(reports.iter().filter(|it| it.0 == "quyết định.PDF").count(), 1);
}

#[test]
fn a_signature_beside_a_file_hides_none_within() {
    let office = Office::new();
    let mut tampered = signed(&office.officers.ours);
    let at = tampered.windows(9).position(|it| it == b"/MediaBox").unwrap();
    tampered[at + 12] = b'7';
    let beside = |file: &[u8]| {
        cades::SignatureBuilder::new(file, now()).sign(&office.officers.ours).unwrap()
    };
    for (number, file, wanted) in [
        ("12", tampered, Decision::Refused),
        ("13", signed(&office.officers.unknown), Decision::Held),
        ("14", signed(&office.officers.ours), Decision::Accepted),
        ("15", pdf(), Decision::Accepted),
    ] {
        let signature = beside(&file);
        let name = if number == "14" { "qd.pdf.P7S" } else { "qd.pdf.p7s" };
        office.put(&document(number, &[RECEIVER]).attach("qd.pdf", file).attach(name, signature));
        office.run();
        let (decision, reason, _) = examined(&office);
        assert_eq!(decision, wanted, "{number}: {reason}");
    }
}

#[test]
fn nor_within_one_that_holds_its_file() {
    let office = Office::new();
    let holding = |signer| {
        let builder = cades::SignatureBuilder::new(b"a table".as_slice(), now()).enveloping();
        builder.sign(signer).unwrap()
    };
    let officers = &office.officers;
    for (number, file, wanted) in [
        ("17", holding(&officers.unknown), Decision::Held),
        ("18", holding(&officers.ours), Decision::Accepted),
    ] {
        let signature = cades::SignatureBuilder::new(&file, now()).sign(&officers.ours).unwrap();
        office.put(
            &document(number, &[RECEIVER])
                .attach("bang.xlsx.p7m", file)
                .attach("bang.xlsx.p7m.p7s", signature),
        );
        office.run();
        let (decision, reason, _) = examined(&office);
        assert_eq!(decision, wanted, "{number}: {reason}");
    }
}

#[test]
fn what_this_program_cannot_read_is_held_and_said_in_vietnamese() {
    let office = Office::new();
    let mut limits = Limits::default();
    limits.pdf_objects = 3;
    for (limits, wanted) in [(limits, Decision::Held), (Limits::default(), Decision::Accepted)] {
        let examiner = Examiner::new(office.officers.validator().with_limits(limits));
        let envelope = document("16", &[RECEIVER]).attach("qd.pdf", signed(&office.officers.ours));
        let found = examiner.examine(&envelope, &[], now()).unwrap();
        assert_eq!(found.decision, wanted, "{}", found.reason);
        let held = wanted == Decision::Held;
        assert_eq!(found.reason.contains("vượt quá giới hạn"), held, "{}", found.reason);
        assert!(!found.reason.contains("limit"), "{}", found.reason);
    }
}

#[test]
fn a_sealed_message_is_held_against_its_seal() {
    let office = Office::new();
    let ours = &office.officers.ours;
    let sealed =
        document("17", &[RECEIVER]).attach("qd.pdf", signed(ours)).seal(ours, now()).unwrap();
    office.put(&sealed);
    office.run();
    let (decision, reason, files) = examined(&office);
    assert_eq!((decision, reason.as_str()), (Decision::Accepted, ""));
    assert_eq!(files.len(), 2);
    assert_eq!(files[1].indication, "TOTAL_PASSED");

    let examine = |rules, envelope| {
        let examiner = Examiner::new(office.officers.validator()).with_rules(rules);
        examiner.examine(&envelope, &[], now()).unwrap()
    };
    let mut redirected = sealed.clone();
    redirected.header.subject = "Về việc khác".to_owned();
    let found = examine(ExaminerRules::default(), redirected.clone());
    assert_eq!(found.decision, Decision::Held);
    assert!(found.reason.contains("Trích yếu đã thay đổi"), "{}", found.reason);
    let lax = ExaminerRules { differs_from_seal: Doubt::Overlook, ..ExaminerRules::default() };
    assert_eq!(examine(lax, redirected).decision, Decision::Accepted);

    let mut exchanged = sealed.clone();
    exchanged.attachments[0] = Attachment::new("1", "qd.pdf", signed(&office.officers.ours));
    let found = examine(lax, exchanged);
    assert_eq!(found.decision, Decision::Refused, "signed as well, but not what was sealed");
    assert!(found.reason.contains("qd.pdf"), "{}", found.reason);

    let stranger = document("18", &[RECEIVER])
        .attach("qd.pdf", signed(&office.officers.ours))
        .seal(&office.officers.unknown, now())
        .unwrap();
    assert_eq!(examine(ExaminerRules::default(), stranger).decision, Decision::Held);
}

/// An authority says when a file was there: anybody gets that said of anything.
#[test]
fn what_says_when_is_nobodys_signature() {
    let pki = Pki::new();
    let annex = b"a table".to_vec();
    let digest = DigestAlgorithm::Sha256.digest(&annex);
    let token = Stamp::bare(&pki.tsa(), &digest).token;
    let list = vec![digest.value().to_vec()];
    let record = Record::new(Stamp::over(&pki.tsa(), DigestAlgorithm::Sha256, vec![list])).der();
    let validator = || Validator::new(pki.trust(), Policy::pilot(), now());
    for beside in [token, record] {
        let report = validator().validate_detached(&beside, &annex).unwrap();
        assert!(!report.is_signed(), "{report}");
        let passed = [report.conclusion(), report.evidence_conclusion()];
        assert!(passed.contains(&Some(Conclusion::TotalPassed)), "it is about this file: {report}");
        assert!(report.into_validated().is_err());

        let examiner = Examiner::new(validator());
        let envelope = document("19", &[RECEIVER])
            .attach("bang.xlsx", annex.clone())
            .attach("bang.xlsx.p7s", beside);
        let found = examiner.examine(&envelope, &[], now()).unwrap();
        assert_eq!(found.decision, Decision::Held, "{}", found.reason);
        assert!(found.reason.contains("Không tệp nào"), "{}", found.reason);
    }
}
