use crate::augmentation::cades::Level;
use crate::augmentation::cades::tests::{NOW, World};
use crate::encoding::asn1::Value;
use crate::encoding::asn1::writer::tlv;
use crate::envelope::edxml::{
    Attachment, Business, BusinessDocumentInfo, BusinessType, Code, Date, Difference, Envelope,
    Message, MessageHeader, Organization, OtherInfo, Priority, PromulgationInfo, Receiver,
    ReplacementInfo, ResponseFor, SealReport, StaffInfo, TraceHeader, parse, parse_files,
};
use crate::error::ErrorKind;
use crate::keys::SoftwareSigner;
use crate::limits::Limits;
use crate::pki::TrustStore;
use crate::signature::cades::SignatureBuilder;
use crate::signature::cms::edit::{self, Additions, attribute};
use crate::signature::cms::oids;
use crate::time::UtcTime;
use crate::validation::{Conclusion, Policy, Revocation, SignatureLevel, Validator};

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
    std::fs::read(format!("{folder}/{name}.pem")).unwrap()
}

fn signer() -> SoftwareSigner {
    SoftwareSigner::from_pem(&file("p256.key"), &file("p256.crt")).unwrap()
}

fn now() -> UtcTime {
    UtcTime::from_unix(1_790_000_000).unwrap()
}

fn validator() -> Validator {
    let trust = TrustStore::from_bytes(&file("ca.crt")).unwrap();
    let policy = Policy { revocation: Revocation::NotRequired, ..Policy::default() };
    Validator::new(trust, policy, now())
}

fn message() -> Envelope {
    let header = MessageHeader {
        from: Organization::new("000.00.01.H40", "Sở Nội vụ"),
        to: vec![
            Organization::new("000.00.00.G22", "Văn phòng Chính phủ"),
            Organization::new("000.00.00.H40", "UBND tỉnh"),
        ],
        document_id: "000.00.01.H40,2026/11/22,15/QĐ-SNV".into(),
        code: Code::new("15", "QĐ-SNV"),
        promulgation: PromulgationInfo {
            place: "Huế".into(),
            date: Date::new(2026, 11, 22).unwrap(),
        },
        subject: "Quyết định  phê duyệt\nkế hoạch".into(),
        other_info: Some(OtherInfo { priority: Some(Priority(0)), ..OtherInfo::default() }),
        ..MessageHeader::default()
    };
    Envelope::new(header)
        .attach("quyết định.pdf", b"%PDF-1.7 ...".to_vec())
        .attach("phụ lục.txt", "Phụ lục".as_bytes().to_vec())
}

fn travelled(envelope: &Envelope) -> Envelope {
    let bytes = envelope.to_bytes().unwrap();
    match parse(&bytes, &Limits::default()).unwrap().message {
        Message::Document(envelope) => envelope,
        Message::Status(_) => panic!("a status"),
    }
}

fn only(envelope: &Envelope) -> SealReport {
    let mut all = envelope.check_seals(&validator()).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn what_is_sealed_is_a_text_for_people() {
    let text = message().sealed_content().unwrap();
    let lines: Vec<&str> = text.as_str().lines().map(|it| it.split_once(' ').unwrap().0).collect();
    let names = [
        "edXML",
        "date",
        "document-id",
        "file",
        "file",
        "from",
        "from-name",
        "notation",
        "number",
        "place",
        "subject",
        "to",
        "to",
    ];
    assert_eq!(lines, names);
    assert!(text.as_str().contains("\nsubject Quyết định phê duyệt kế hoạch\n"), "{text:?}");
    let start = "edXML seal 2\ndate 2026/11/22\ndocument-id 000.00.01.H40,2026/11/22,15/QĐ-SNV\n";
    assert!(text.as_str().starts_with(start), "{text:?}");
    let digest = crate::crypto::DigestAlgorithm::Sha256.digest(b"%PDF-1.7 ...");
    assert!(text.as_str().contains(&format!("file {digest}\t12\tquyết định.pdf\n")), "{text:?}");
}

/// With all that a sender may say.
fn talkative() -> Envelope {
    let mut envelope = message();
    envelope.header.from.organization_in_charge = "UBND tỉnh".into();
    envelope.header.from.email = "snv@example.vn".into();
    envelope.header.to.push(Organization::new("", "Các phòng"));
    envelope.header.steering_type = Some(0);
    envelope.header.document_type.detail = Some(-1);
    let other = envelope.header.other_info.get_or_insert_default();
    other.direction = true;
    other.typer_notation = "TVC".into();
    envelope.business = Some(Business {
        reason: "Văn bản điện tử mới".into(),
        paper: Some(1),
        staff: Some(StaffInfo { staff: "Nguyễn Văn A".into(), ..StaffInfo::default() }),
        ..Business::default()
    });
    envelope.attachments[0].description = "Văn bản chính".into();
    envelope
}

/// What the axis is known to do: it appends itself to the trace, drops what is empty, orders
/// elements its own way, wraps files differently, and may lose the business of a new document.
#[test]
fn a_seal_survives_the_axis() {
    for (envelope, loses) in [(message(), true), (talkative(), false), (talkative(), true)] {
        let sealed = envelope.seal(&signer(), now()).unwrap();
        let mut arrived = travelled(&sealed);
        arrived.trace.push(TraceHeader::default());
        arrived.header.to.reverse();
        arrived.header.other_info = arrived.header.other_info.filter(|it| it.direction);
        arrived.header.subject = "Quyết định phê duyệt kế hoạch ".into();
        if loses {
            arrived.business = None;
        }
        arrived.attachments.reverse();
        for attachment in &mut arrived.attachments {
            let bytes = attachment.bytes().unwrap().to_vec();
            let (name, description) = (attachment.name.clone(), attachment.description.clone());
            *attachment = Attachment { description, ..Attachment::new("9", name, bytes) };
        }
        let report = only(&travelled(&arrived));
        assert_eq!(report.report().conclusion(), Some(Conclusion::TotalPassed));
        assert!(report.differences().is_empty(), "{:?}", report.differences());
        assert!(report.holds());
        assert_eq!(report.name(), "edxml-seal.p7m");
    }
}

type Change = fn(&mut Envelope);

/// Holds what arrived of `envelope`, each time with one change, against its seal.
fn each_shows(envelope: &Envelope, changes: &[(&str, bool, Change)]) {
    let sealed = envelope.clone().seal(&signer(), now()).unwrap();
    for (n, (field, grave, change)) in changes.iter().enumerate() {
        let mut arrived = travelled(&sealed);
        change(&mut arrived);
        let report = only(&travelled(&arrived));
        assert!(!report.holds(), "{n}");
        assert_eq!(report.report().conclusion(), Some(Conclusion::TotalPassed), "{n}");
        let fields: Vec<_> = report.differences().iter().map(Difference::field).collect();
        assert_eq!(fields, [*field], "{n}");
        assert_eq!(report.differences()[0].is_grave(), *grave, "{n}");
        assert!(report.differences()[0].message_vi().len() > 30, "{n}");
        assert!(!report.differences()[0].message_vi().starts_with(field), "{n}: a label");
    }
}

#[test]
fn whatever_is_changed_shows() {
    let changes: [(&str, bool, Change); 10] = [
        ("subject", false, |it| it.header.subject.push('!')),
        ("number", true, |it| it.header.code.number = "16".into()),
        ("to", false, |it| drop(it.header.to.pop())),
        ("due-date", false, |it| it.header.due_date = Date::new(2027, 1, 1).unwrap()),
        ("date", true, |it| it.header.promulgation.date = Date::new(2026, 1, 1).unwrap()),
        ("answers", true, |it| {
            let answered = ResponseFor { code: "9/CV".into(), ..ResponseFor::default() };
            it.header.response_for.push(answered);
        }),
        ("file", true, |it| {
            it.attachments[0] = Attachment::new("1", "quyết định.pdf", b"%PDF-1.7 other".to_vec());
        }),
        ("file", true, |it| drop(it.attachments.remove(1))),
        ("file", true, |it| it.attachments.push(Attachment::new("9", "new.txt", b"x".to_vec()))),
        ("business", true, |it| {
            it.business = Some(Business { kind: BusinessType::Revocation, ..Business::default() });
        }),
    ];
    each_shows(&message(), &changes);
}

/// What people read, and systems act on, besides the document's own number and files.
#[test]
fn so_does_what_is_said_besides() {
    let changes: [(&str, bool, Change); 17] = [
        ("from-name", false, |it| it.header.from.organ_name = "Bộ Công an".into()),
        ("from-in-charge", false, |it| it.header.from.organization_in_charge.clear()),
        ("from-contact", false, |it| it.header.from.email = "snv@example.com".into()),
        ("to", false, |it| it.header.to[0].organ_name = "Bộ Công an".into()),
        ("to", false, |it| it.header.to[2].organ_name = "Các sở".into()),
        ("direction", false, |it| it.header.other_info.as_mut().unwrap().direction = false),
        ("typer", false, |it| {
            it.header.other_info.as_mut().unwrap().typer_notation = "X".into();
        }),
        ("business-reason", false, |it| it.business.as_mut().unwrap().reason = "Khẩn".into()),
        ("business-paper", false, |it| it.business.as_mut().unwrap().paper = None),
        ("business-staff", false, |it| it.business.as_mut().unwrap().staff = None),
        ("business-target", true, |it| {
            it.business.as_mut().unwrap().document_id = Some("000.00.01.H40,x,1/QĐ".into());
        }),
        ("business-replaces", true, |it| {
            let replaced = ReplacementInfo { document_id: "x".into(), organ_ids: Vec::new() };
            it.business.as_mut().unwrap().replacements.push(replaced);
        }),
        ("business-information", true, |it| updates(it).document_info = Some(1)),
        ("business-receivers", true, |it| updates(it).document_receiver = Some(1)),
        ("business-receiver", true, |it| {
            let receiver = Receiver { organ_id: "H13".into(), receiver_type: Some(1) };
            updates(it).receivers.push(receiver);
        }),
        ("file-description", false, |it| it.attachments[0].description = "Bản nháp".into()),
        ("file-description", false, |it| it.attachments[1].field_name = "don".into()),
    ];
    each_shows(&talkative(), &changes);
}

fn updates(envelope: &mut Envelope) -> &mut BusinessDocumentInfo {
    envelope.business.as_mut().unwrap().document_info.get_or_insert_default()
}

/// The axis may lose what is said of a new document's business, and not what it does to others.
#[test]
fn what_a_new_document_does_to_others_is_not_lost() {
    let mut envelope = talkative();
    let business = envelope.business.as_mut().unwrap();
    business.document_id = Some("000.00.01.H40,x,1/QĐ".into());
    business.replacements.push(ReplacementInfo { document_id: "x".into(), organ_ids: Vec::new() });
    let mut arrived = travelled(&envelope.seal(&signer(), now()).unwrap());
    arrived.business = None;
    let report = only(&travelled(&arrived));
    let fields: Vec<_> = report.differences().iter().map(Difference::field).collect();
    assert_eq!(fields, ["business-replaces", "business-target"]);
    assert!(report.differences().iter().all(Difference::is_grave) && !report.holds());
}

/// "Nobody sealed it" would be said of a message whose seals are elsewhere.
#[test]
fn seals_that_were_handed_out_are_not_said_to_be_none() {
    let sealed = message().seal(&signer(), now()).unwrap().to_bytes().unwrap();
    let read = parse_files(&sealed, &Limits::default(), &mut |_| Ok(())).unwrap();
    let Message::Document(envelope) = read.message else { panic!("a status") };
    let error = envelope.check_seals(&validator()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[test]
fn a_list_that_was_changed_fails_and_says_nothing() {
    let mut arrived = travelled(&message().seal(&signer(), now()).unwrap());
    let seal = arrived.attachments.last_mut().unwrap();
    let mut bytes = seal.bytes().unwrap().to_vec();
    let at = bytes.windows(7).position(|it| it == b"2026/11").unwrap();
    bytes[at] = b'3';
    *seal = Attachment::new("3", "edxml-seal.p7m", bytes);
    let report = only(&arrived);
    assert!(matches!(report.report().conclusion(), Some(Conclusion::TotalFailed(_))));
    assert!(!report.holds());
}

#[test]
fn several_seal_the_same() {
    let twice = message().seal(&signer(), now()).unwrap().seal(&signer(), now()).unwrap();
    let names: Vec<_> = twice.attachments.iter().map(|it| it.name.as_str()).collect();
    let expected = ["quyết định.pdf", "phụ lục.txt", "edxml-seal.p7m", "edxml-seal-2.p7m"];
    assert_eq!(names, expected);
    let reports = travelled(&twice).check_seals(&validator()).unwrap();
    assert!(reports.len() == 2 && reports.iter().all(SealReport::holds));
    let mut many = message();
    for _ in 0..16 {
        many = many.seal(&signer(), now()).unwrap();
    }
    assert!(many.check_seals(&validator()).unwrap().iter().all(SealReport::holds));
    assert!(many.seal(&signer(), now()).is_err());
}

#[test]
fn other_signatures_are_no_seals() {
    let signed = SignatureBuilder::new(&b"edXML"[..], now()).enveloping().sign(&signer()).unwrap();
    let envelope = message().attach("edxml-seal.p7m", signed);
    assert!(envelope.check_seals(&validator()).unwrap().is_empty());
    assert!(envelope.sealed_content().unwrap().as_str().contains("edxml-seal.p7m"));
}

/// Whoever opens a file sees what stands behind a signature, or beside it: what is taken for a
/// seal is covered by no list, and has to be one and nothing else.
#[test]
fn whatever_hides_as_a_seal_is_a_file() {
    let sealed = message().seal(&signer(), now()).unwrap();
    let der = sealed.attachments.last().unwrap().bytes().unwrap().to_vec();
    let armoured = format!(
        "-----BEGIN CMS-----\n{}\n-----END CMS-----\n<html>Phụ lục khác</html>",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der)
    );
    let followed = [&der[..], b"<html>Phu luc khac</html>"].concat();
    let additions = Additions {
        attributes: vec![(0, attribute(oids::CONTENT_HINTS, b"\x0c\x04<p/>"))],
        ..Additions::default()
    };
    let with = |it: Additions| edit::add(&der, it, &Limits::default()).unwrap();
    let with_info = |it| with(Additions { revocation_infos: vec![it], ..Additions::default() });
    let with_token = |it: Vec<u8>| {
        let attributes = vec![(0, attribute(oids::SIGNATURE_TIME_STAMP, &it))];
        with(Additions { attributes, ..Additions::default() })
    };
    let stuffed = with(additions);
    let forged = [
        ("Phụ lục.html", armoured.clone().into_bytes()),
        ("edxml-seal-2.p7m", armoured.into_bytes()),
        ("edxml-seal-2.p7m", followed),
        ("edxml-seal-2.p7m", stuffed),
        ("edxml-seal-2.p7m", with_digests(&der, b"<html>Phu luc khac</html>".repeat(9).as_slice())),
        (
            "edxml-seal-2.p7m",
            with(Additions { certificates: vec![page()], ..Additions::default() }),
        ),
        ("edxml-seal-2.p7m", with_info(page())),
        ("edxml-seal-2.p7m", with_info(answer(oids::OCSP_RESPONSE, &page()))),
        ("edxml-seal-2.p7m", with_info(answer(oids::OCSP_RESPONSE, &refusal()))),
        ("edxml-seal-2.p7m", with_info(answer(oids::OCSP_BASIC, &page()))),
        ("edxml-seal-2.p7m", with_token(token(&page()))),
        ("Phụ lục.html", der.clone()),
        ("edxml-seal-17.p7m", der.clone()),
        ("edxml-seal.p7m", der.clone()),
    ];
    for (n, (name, bytes)) in forged.into_iter().enumerate() {
        let arrived = travelled(&sealed.clone().attach(name, bytes));
        let report = only(&arrived);
        assert_eq!(report.name(), "edxml-seal.p7m", "{n}");
        assert!(!report.holds(), "{n}");
        let fields: Vec<_> = report.differences().iter().map(Difference::field).collect();
        assert_eq!(fields, ["file"], "{n}");
        assert!(report.differences()[0].arrived().unwrap().ends_with(name), "{n}");
    }
}

/// What is no certificate, no CRL and no answer.
fn page() -> Vec<u8> {
    tlv(0x30, &[&tlv(4, &[b"<html>Phu luc khac</html>"])])
}

/// An OCSP answer among CRLs (RFC 5940 §2.1).
fn answer(format: der::asn1::ObjectIdentifier, der: &[u8]) -> Vec<u8> {
    tlv(0xa1, &[&tlv(6, &[format.as_bytes()]), der])
}

/// Of an OCSP responder that says nothing, with something behind it (RFC 6960 §4.2.1).
fn refusal() -> Vec<u8> {
    tlv(0x30, &[&tlv(10, &[&[6]]), &tlv(0xa0, &[&page()])])
}

/// A CMS of a time-stamp token's type that is signed by nobody.
fn token(info: &[u8]) -> Vec<u8> {
    let oid = |it: der::asn1::ObjectIdentifier| tlv(6, &[it.as_bytes()]);
    let content = tlv(0xa0, &[&tlv(4, &[info])]);
    let content = tlv(0x30, &[&oid(oids::ID_CT_TST_INFO), &content]);
    let data = tlv(0x30, &[&tlv(2, &[&[3]]), &tlv(0x31, &[]), &content, &tlv(0x31, &[])]);
    tlv(0x30, &[&oid(oids::ID_SIGNED_DATA), &tlv(0xa0, &[&data])])
}

/// The set of digests says nothing that counts, and may hold anything.
fn with_digests(der: &[u8], octets: &[u8]) -> Vec<u8> {
    let outer = Value::only(der, 64).unwrap();
    let mut fields = outer.sequence().unwrap();
    let kind = fields.required().unwrap().raw();
    let signed_data = fields.required().unwrap().explicit().unwrap();
    let mut fields = signed_data.sequence().unwrap();
    let version = fields.required().unwrap().raw();
    let digests = fields.required().unwrap().content();
    let digests = tlv(0x31, &[digests, &tlv(4, &[octets])]);
    let signed_data = tlv(0x30, &[version, &digests, fields.rest()]);
    tlv(0x30, &[kind, &tlv(0xa0, &[&signed_data])])
}

#[test]
fn a_seal_that_does_not_hold_lets_none_hold_beside_it() {
    let mut other = message();
    other.header.subject = "Về việc khác".to_owned();
    let other = other.seal(&signer(), now()).unwrap().attachments.pop().unwrap();
    let both = message().seal(&signer(), now()).unwrap().with_seal(other.bytes().unwrap().to_vec());
    let reports = travelled(&both).check_seals(&validator()).unwrap();
    let fields = |it: &SealReport| {
        it.differences().iter().map(|it| it.field().to_owned()).collect::<Vec<_>>()
    };
    let fields: Vec<_> = reports.iter().map(fields).collect();
    assert_eq!(fields, [["seal"], ["subject"]]);
    let told = &reports[0].differences()[0];
    assert!(told.message_vi().contains("edxml-seal-2.p7m") && !told.is_grave());
    assert!(told.to_string().contains("edxml-seal-2.p7m"), "{told}");
}

/// What a level adds is no hiding place.
#[test]
fn a_seal_of_level_lta_is_one() {
    let world = World::new();
    let content = message().sealed_content().unwrap();
    let level = Level::Lta(&world.tsa, &world.validator);
    let seal = SignatureBuilder::new(content.as_str().as_bytes(), NOW.parse().unwrap())
        .enveloping()
        .level(&level)
        .sign(&world.signer)
        .unwrap();
    let seals = travelled(&message().with_seal(seal)).check_seals(&world.validator).unwrap();
    assert!(seals.len() == 1 && seals[0].holds());
    assert_eq!(seals[0].report().signatures()[0].level(), SignatureLevel::BaselineLta);
}
