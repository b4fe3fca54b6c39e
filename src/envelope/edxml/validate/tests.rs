use super::*;
use crate::envelope::edxml::{
    Code, Date, MessageHeader, Organization, PromulgationInfo, TraceHeader,
};
use crate::keys::SoftwareSigner;
use crate::pki::TrustStore;
use crate::signature::{asic, cades, pades};
use crate::validation::{Conclusion, Form, Policy, Revocation};

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn signer() -> SoftwareSigner {
    SoftwareSigner::from_pem(&file("keys/p256.key.pem"), &file("keys/p256.crt.pem")).unwrap()
}

fn now() -> UtcTime {
    UtcTime::from_unix(1_790_000_000).unwrap()
}

fn validator() -> Validator {
    let trust = TrustStore::from_bytes(&file("keys/ca.crt.pem")).unwrap();
    let policy = Policy { revocation: Revocation::NotRequired, ..Policy::default() };
    Validator::new(trust, policy, now())
}

fn message() -> Envelope {
    let header = MessageHeader {
        from: Organization::new("000.00.01.H40", "Sở Nội vụ"),
        to: vec![Organization::new("000.00.00.G22", "Văn phòng Chính phủ")],
        document_id: "000.00.01.H40,2026/11/22,15/QĐ-SNV".into(),
        code: Code::new("15", "QĐ-SNV"),
        promulgation: PromulgationInfo {
            place: "Huế".into(),
            date: Date::new(2026, 11, 22).unwrap(),
        },
        subject: "Quyết định".into(),
        ..MessageHeader::default()
    };
    Envelope::new(header).sent_at(now()).attach("phụ lục.csv", b"1;2;3".to_vec())
}

fn checked(bytes: &[u8]) -> SignatureCheck {
    check_signature(bytes, &validator(), &Limits::default()).unwrap()
}

fn read(bytes: &[u8]) -> Envelope {
    match parse(bytes, &Limits::default()).unwrap().message {
        Message::Document(envelope) => envelope,
        Message::Status(_) => panic!("a status"),
    }
}

#[test]
fn a_message_that_is_still_as_signed_is_verified() {
    let signed = message().to_signed_bytes(&signer(), now()).unwrap();
    let text = String::from_utf8(signed.clone()).unwrap();
    let (signature, header) = (text.find("</ds:Signature>"), text.find("</edXML:edXMLHeader>"));
    assert!(signature.is_some() && signature < header, "the last of the header");
    let SignatureCheck::Holds(report) = checked(&signed) else { panic!("{:?}", checked(&signed)) };
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(report.signatures()[0].form(), Form::XmlDsig);
    assert!(message().signature.is_none() && read(&signed).signature.is_some());
    assert!(read(&signed).to_signed_bytes(&signer(), now()).is_err(), "not twice");
}

#[test]
fn the_cases_are_told_apart() {
    let plain = message().to_bytes().unwrap();
    assert!(matches!(checked(&plain), SignatureCheck::Absent));

    let signed = message().to_signed_bytes(&signer(), now()).unwrap();
    let text = String::from_utf8(signed).unwrap();
    let changed = text.replace("Quyết định<", "Quyết toán<");
    assert_ne!(changed, text);
    assert!(matches!(checked(changed.as_bytes()), SignatureCheck::Fails(_)));

    // As the axis does it: read, appended to, written anew.
    let mut travelled = read(text.as_bytes());
    travelled.trace.push(TraceHeader::default());
    let travelled = travelled.to_bytes().unwrap();
    let check = checked(&travelled);
    assert!(matches!(check, SignatureCheck::NoLongerVerifiable(Some(_))), "{check:?}");
    let moved = text
        .replace("xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", "")
        .replace("ds:", "edXML:");
    let check = checked(moved.as_bytes());
    assert!(matches!(check, SignatureCheck::NoLongerVerifiable(None)), "{check:?}");

    let dummy = text.split_once("<ds:SignatureValue").unwrap().0.to_owned()
        + "</ds:Signature>"
        + text.split_once("</ds:Signature>").unwrap().1;
    assert!(matches!(checked(dummy.as_bytes()), SignatureCheck::Dummy));
}

#[test]
fn a_signature_over_a_part_is_none_over_the_message() {
    let plain = String::from_utf8(message().to_bytes().unwrap()).unwrap();
    let marked = plain.replacen("<edXML:Subject>", "<edXML:Subject Id=\"s\">", 1);
    assert_ne!(marked, plain);
    let signed = SignatureBuilder::over(&marked.into_bytes(), ["s"], now())
        .inside_only("edXMLHeader")
        .sign(&signer())
        .unwrap();
    let check = checked(&signed);
    assert!(matches!(check, SignatureCheck::NotOverMessage(_)), "{check:?}");
    let report = validate(&signed, &validator(), &Limits::default()).unwrap();
    assert_eq!(report.conclusion(), None, "it does not count");
}

#[test]
fn a_report_on_a_message_is_on_all_its_files() {
    let pdf = file("pdf/libreoffice.pdf");
    let signed = pades::SignatureBuilder::new(&pdf, now()).sign(&signer()).unwrap();
    let table = b"1;2;3;4".to_vec();
    let beside = cades::SignatureBuilder::new(&table, now()).sign(&signer()).unwrap();
    let whole = message()
        .attach("quyết định.pdf", signed.clone())
        .attach("bảng.csv", table.clone())
        .attach("bảng.csv.p7s", beside.clone());
    let limits = Limits::default();
    let judged = |envelope: &Envelope| {
        validate(&envelope.to_signed_bytes(&signer(), now()).unwrap(), &validator(), &limits)
            .unwrap()
    };
    let report = judged(&whole);
    assert_eq!(report.format(), DocumentFormat::Edxml);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    let entries: Vec<_> =
        report.signatures().iter().filter_map(|it| it.covers().entry.as_deref()).collect();
    assert_eq!(entries, ["edXML", "quyết định.pdf", "bảng.csv"]);
    assert_eq!(report.uncovered_entries(), ["phụ lục.csv"]);

    let mut ours = whole.clone();
    ours.header.from.organ_name = "KYSO  Test".to_owned();
    let sealed = ours.seal(&signer(), now()).unwrap();
    assert!(judged(&sealed).uncovered_entries().is_empty());

    let mut tampered = signed;
    let at = tampered.windows(9).position(|it| it == b"/MediaBox").unwrap();
    tampered[at + 12] = b'7';
    let report = judged(&message().attach("quyết định.pdf", tampered));
    assert!(matches!(report.conclusion(), Some(Conclusion::TotalFailed(_))));
    let report = judged(&message().attach("hỏng.pdf", b"%PDF-1.7 broken".to_vec()));
    assert_eq!(report.uncovered_entries(), ["phụ lục.csv", "hỏng.pdf"]);
    assert!(report.diagnostics().any(|it| it.0.contains("hỏng.pdf")));
    assert!(is_message(&whole.to_bytes().unwrap()) && !is_message(b"<a/>") && !is_message(b"%PDF"));
}

/// A copy of the seal in armour, with a page behind it, is a file that nobody signed as it is.
#[test]
fn a_page_behind_a_seal_is_told() {
    let mut envelope = message();
    envelope.header.from.organ_name = "kyso TEST".to_owned();
    let sealed = envelope.seal(&signer(), now()).unwrap();
    let der = sealed.attachments.last().unwrap().bytes().unwrap().to_vec();
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    let page = format!("-----BEGIN CMS-----\n{text}\n-----END CMS-----\n<html>Khác</html>");
    let forged = sealed.attach("Phụ lục.html", page.into_bytes()).to_bytes().unwrap();
    let report = validate(&forged, &validator(), &Limits::default()).unwrap();
    assert!(matches!(report.conclusion(), Some(Conclusion::TotalFailed(_))), "{report}");
    assert!(report.diagnostics().any(|it| it.0.contains("Phụ lục.html")), "{report}");
    assert_eq!(report.uncovered_entries(), ["phụ lục.csv"]);
}

/// Anybody may take a seal away, change the message and seal it anew.
#[test]
fn a_seal_says_by_whom_it_is() {
    let said = |from: Organization| {
        let mut envelope = message();
        envelope.header.from = from;
        let sealed = envelope.seal(&signer(), now()).unwrap();
        let seals = read(&sealed.to_bytes().unwrap()).check_seals(&validator()).unwrap();
        assert!(seals.len() == 1 && seals[0].holds());
        assert_eq!(seals[0].sealer(), "kyso TEST p256 - do not trust, kyso TEST");
        let bytes = sealed.to_bytes().unwrap();
        let report = validate(&bytes, &validator(), &Limits::default()).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        let text = serde_json::to_string(&report).unwrap();
        assert!(report.diagnostics().any(|it| it.0.contains("kyso TEST p256 - do not trust")));
        let code = |of_sender| if of_sender { "SEALED_BY_SENDER" } else { "SEALED_BY_OTHER" };
        assert!(text.contains(code(seals[0].is_of_sender())), "{text}");
        assert!(!text.contains(code(!seals[0].is_of_sender())), "{text}");
        (seals[0].is_of_sender(), report.uncovered_entries().to_vec())
    };
    let uncovered = vec!["phụ lục.csv".to_owned()];
    for (code, name, expected) in [
        ("000.00.01.H40", "Sở Nội vụ", (false, uncovered.clone())),
        ("000.00.01.H40", "", (false, uncovered)),
        ("000.00.01.H40", "Kyso  TEST", (true, Vec::new())),
        ("kyso TEST", "Sở Nội vụ", (true, Vec::new())),
    ] {
        assert_eq!(said(Organization::new(code, name)), expected, "{code} {name}");
    }
}

/// Whoever opens the first of two of one name sees what no signature was held against.
#[test]
fn a_second_file_of_signatures_is_named() {
    let table = b"1;2;3;4".to_vec();
    let beside = cades::SignatureBuilder::new(&table, now()).sign(&signer()).unwrap();
    let twice = message()
        .attach("bảng.csv", table)
        .attach("bảng.csv.p7s", b"<html>".to_vec())
        .attach("bảng.csv.p7s", beside);
    let report = validate(&twice.to_bytes().unwrap(), &validator(), &Limits::default()).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(report.uncovered_entries(), ["phụ lục.csv", "bảng.csv.p7s"]);
}

/// Whoever signed the list of another message says nothing of this one.
#[test]
fn a_seal_that_the_message_contradicts_does_not_count() {
    let judged = |envelope: &Envelope| {
        validate(&envelope.to_bytes().unwrap(), &validator(), &Limits::default()).unwrap()
    };
    let grave: [fn(&mut Envelope); 4] = [
        |it| it.header.code.number = "16".into(),
        |it| it.header.promulgation.date = Date::new(2026, 1, 1).unwrap(),
        |it| it.header.from = Organization::new("000.00.02.H40", "Sở Tài chính"),
        |it| it.attachments[0] = Attachment::new("1", "phụ lục.csv", b"1;2;4".to_vec()),
    ];
    let failed = Some(Conclusion::TotalFailed(Failed::HashFailure));
    let table = b"1;2;3;4".to_vec();
    let beside = cades::SignatureBuilder::new(&table, now()).sign(&signer()).unwrap();
    let signed = message().attach("bảng.csv", table).attach("bảng.csv.p7s", beside);
    for envelope in [message(), signed.clone()] {
        let sealed = envelope.seal(&signer(), now()).unwrap();
        assert!(judged(&sealed).into_validated().is_ok());
        for change in grave {
            let mut changed = sealed.clone();
            change(&mut changed);
            let report = judged(&changed);
            assert_eq!(report.conclusion(), failed, "{report}");
            assert!(report.uncovered_entries().contains(&"phụ lục.csv".to_owned()));
            assert!(report.into_validated().is_err());
        }
    }
    // What the axis may have done spoils nothing that others signed, and counts for nothing.
    let changed = |envelope: Envelope| {
        let mut sealed = envelope.seal(&signer(), now()).unwrap();
        sealed.header.subject.push('!');
        judged(&sealed)
    };
    let report = changed(message());
    assert_eq!(report.conclusion(), None, "{report}");
    assert!(report.diagnostics().any(|it| it.0.contains("Trích yếu")), "{report}");
    let report = changed(signed);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures().len(), 1);
}

#[test]
fn files_of_a_container_are_named_with_it() {
    let annex = b"1;2;3;4".to_vec();
    let container = asic::ContainerBuilder::extended(now()).file("bảng.csv", &annex);
    let whole = message().attach("phụ lục.asice", container.sign(&signer()).unwrap());
    let report = validate(&whole.to_bytes().unwrap(), &validator(), &Limits::default()).unwrap();
    let covers = report.signatures()[0].covers();
    assert_eq!(covers.files, ["phụ lục.asice/bảng.csv"]);
    assert_eq!(report.uncovered_entries(), ["phụ lục.csv"]);
}
