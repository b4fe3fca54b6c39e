//! Messages that somebody meddled with: never a panic, never more than the limits,
//! and what is read can be written, or says why not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use kyso::edxml::{
    self, Business, BusinessType, Code, Content, Date, DiagnosticCode, Envelope, Message,
    MessageHeader, Organization, OtherInfo, Parsed, Priority, PromulgationInfo, ReplacementInfo,
    ResponseFor, SignatureState, StaffInfo, StatusCode, StatusMessage, TraceHeader,
};
use kyso::{Error, ErrorKind, Limits, Result, UtcTime};
use proptest::prelude::*;
use std::io::Write;

const NS: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

fn now() -> UtcTime {
    "2026-11-22T08:00:00+07:00".parse().unwrap()
}

fn envelope() -> Envelope {
    let header = MessageHeader {
        from: Organization::new("000.00.00.G22", "Văn phòng Chính phủ"),
        to: vec![Organization::new("H13", "UBND thành phố Cần Thơ")],
        document_id: "000.00.00.G22,2026/11/22,7816/VPCP-TTĐT".into(),
        code: Code::new("7816", "VPCP-TTĐT"),
        promulgation: PromulgationInfo {
            place: "Hà Nội".into(),
            date: Date::new(2026, 11, 22).unwrap(),
        },
        subject: "V/v liên thông <phần mềm> & \"quản lý\"".into(),
        ..MessageHeader::default()
    };
    Envelope::new(header)
        .sent_at(now())
        .attach("a.pdf", b"%PDF-1.7 \xFF".to_vec())
        .attach("b.xlsx", vec![7; 500])
}

fn parse(bytes: &[u8]) -> Result<Parsed> {
    edxml::parse(bytes, &Limits::default())
}

fn codes(parsed: &Parsed) -> Vec<DiagnosticCode> {
    parsed.diagnostics.iter().map(|it| it.code).collect()
}

/// A small message around these attachments' elements.
fn with_attachments(attachments: &str) -> String {
    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let from = text.find("  <AttachmentEncoded>").unwrap();
    let body = text.find("<edXML:edXMLBody>").unwrap();
    let end = text.find("</edXML:edXMLBody>").unwrap() + "</edXML:edXMLBody>".len();
    format!(
        "{}{}<AttachmentEncoded>{attachments}</AttachmentEncoded></edXML>",
        &text[..body],
        &text[end..from]
    )
}

fn attachment(name: &str, content_type: &str, content: &[u8]) -> String {
    format!(
        "<Attachment><ContentId>cid:1</ContentId><AttachmentName>{name}</AttachmentName>\
         <ContentType>{content_type}</ContentType><ContentTransferEncoded>{}\
         </ContentTransferEncoded></Attachment>",
        STANDARD.encode(content)
    )
}

fn document(parsed: Parsed) -> Envelope {
    match parsed.message {
        Message::Document(envelope) => envelope,
        Message::Status(_) => panic!("a status"),
    }
}

#[test]
fn all_that_the_model_holds_survives() {
    let mut full = envelope();
    full.header.other_info = Some(OtherInfo {
        priority: Some(Priority::EXPRESS),
        sphere_of_promulgation: "Liên thông".into(),
        typer_notation: "TVC".into(),
        promulgation_amount: Some(1),
        page_amount: Some(0),
        reply_fors: vec!["a".into()],
        direction: true,
        reference_codes: vec!["b".into(), "c".into()],
        appendixes: vec!["Phụ lục I".into()],
    });
    full.header.response_for = vec![ResponseFor::to(&full.header), ResponseFor::default()];
    full.header.steering_type = Some(2);
    full.header.to_places = vec!["Như trên".into(), "Lưu: VT".into()];
    full.header.response_for_tasks = vec!["T1".into()];
    full.header.application_type = "MCDT_DT".into();
    full.header.content = "hai\ndòng".into();
    full.trace.push(TraceHeader::default());
    full.business = Some(Business {
        kind: BusinessType::Replacement,
        reason: "thay thế".into(),
        paper: Some(1),
        document_info: Some(edxml::BusinessDocumentInfo {
            document_info: Some(1),
            document_receiver: Some(0),
            receivers: vec![edxml::Receiver { organ_id: "H13".into(), receiver_type: Some(0) }],
        }),
        document_id: Some("x,y,z".into()),
        staff: Some(StaffInfo { staff: "Trần Thị B".into(), ..StaffInfo::default() }),
        replacements: vec![ReplacementInfo {
            document_id: "a,b,c".into(),
            organ_ids: vec!["H13".into(), "H41".into()],
        }],
    });
    full.attachments[0].description = "Văn bản chính".into();
    full.attachments[0].field_name = "f".into();
    full.attachments[0].mime_type = "application/pdf".into();
    let parsed = parse(&full.to_bytes().unwrap()).unwrap();
    assert_eq!(codes(&parsed), []);
    assert_eq!(document(parsed), full);

    for kind in [BusinessType::New, BusinessType::Revocation, BusinessType::Update] {
        full.business.as_mut().unwrap().kind = kind;
        assert_eq!(document(parse(&full.to_bytes().unwrap()).unwrap()), full);
    }
    for code in StatusCode::ALL {
        let from = Organization::new("H13", "UBND");
        let status = StatusMessage::answer(&full.header, from, code, "lý do", now());
        let parsed = parse(&status.to_bytes().unwrap()).unwrap();
        assert_eq!(codes(&parsed), []);
        assert_eq!(parsed.message, Message::Status(status));
    }
}

#[test]
fn targets_by_the_readers_rule() {
    let mut it = envelope();
    assert!(it.targets().is_empty());
    it.business.as_mut().unwrap().kind = BusinessType::Revocation;
    assert_eq!(it.targets()[0].as_str(), "000.00.00.G22,2026/11/22,7816/VPCP-TTĐT");
    it.business.as_mut().unwrap().document_id = Some("named".into());
    assert_eq!(it.targets()[0].as_str(), "named");
    it.business.as_mut().unwrap().document_id = None;
    it.header.document_id = "".into();
    it.header.response_for =
        vec![ResponseFor { document_id: "answered".into(), ..ResponseFor::default() }];
    assert_eq!(it.targets()[0].as_str(), "answered");
    it.business.as_mut().unwrap().kind = BusinessType::Update;
    assert!(it.targets().is_empty());
    let parsed = parse(&it.to_bytes().unwrap()).unwrap();
    assert!(parsed.has(DiagnosticCode::BusinessTargetMissing));
    it.business.as_mut().unwrap().kind = BusinessType::Other(9);
    let parsed = parse(&it.to_bytes().unwrap()).unwrap();
    assert!(parsed.has(DiagnosticCode::BusinessTypeUnknown));
    assert_eq!(document(parsed), it);
}

#[test]
fn frames_that_are_none() {
    let kind = |text: &str| parse(text.as_bytes()).map_err(|it| it.kind()).map(|it| codes(&it));
    for text in [
        String::new(),
        "<a/>".into(),
        format!("<edXML xmlns='{NS}'/>"),
        format!("<edXML xmlns='{NS}'><edXMLHeader><MessageHeader/></edXMLHeader></edXML>"),
        format!("<edXML xmlns='{NS}'><edXMLEnvelope/></edXML>"),
        format!("<edXML xmlns='{NS}'><edXMLEnvelope><edXMLHeader/></edXMLEnvelope></edXML>"),
        format!("<edXML xmlns='{NS}'><edXMLEnvelope/><edXMLEnvelope/></edXML>"),
        "1212<?xml version='1.0'?><edXML/>".into(),
    ] {
        assert_eq!(kind(&text), Err(ErrorKind::Malformed), "{text}");
    }
    let foreign = "<edXML xmlns='http://www.go.vn/eDoc'/>";
    assert_eq!(kind(foreign), Err(ErrorKind::Unsupported));

    let twice = "<MessageHeader/>".repeat(2);
    let text = format!(
        "<edXML xmlns='{NS}'><edXMLEnvelope><edXMLHeader>{twice}</edXMLHeader></edXMLEnvelope></edXML>"
    );
    assert_eq!(kind(&text), Err(ErrorKind::Malformed), "which of the two would count?");

    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let header = "<edXML:edXMLHeader><edXML:TraceHeaderList/></edXML:edXMLHeader>";
    for (before, second) in [
        ("</edXML:edXMLEnvelope>", header),
        ("<edXML:edXMLHeader>", header),
        ("<edXML:edXMLBody>", "<edXML:edXMLBody/>"),
        ("</edXML:edXMLHeader>", "<edXML:TraceHeaderList/>"),
        (
            "  <AttachmentEncoded>",
            "<edXML:edXMLEnvelope xmlns:edXML='http://www.mic.gov.vn/TBT/QCVN_102_2016'/>",
        ),
    ] {
        let text = text.replacen(before, &format!("{second}{before}"), 1);
        assert_eq!(kind(&text), Err(ErrorKind::Malformed), "{second}");
    }
}

/// Readers that search the whole document, or its text, find what ours passes over.
#[test]
fn what_others_would_find_elsewhere() {
    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let file = attachment("other.pdf", "application/pdf", b"%PDF-1.7 other");
    for (before, smuggled) in [
        ("<edXML:To>", "<edXML:From xmlns:edXML='x'><OrganId>H13</OrganId></edXML:From>"),
        ("</edXML:MessageHeader>", "<Extra><a><MessageHeader/></a></Extra>"),
        (
            "</edXML:MessageHeader>",
            "<x:Extra xmlns:x='x'><x:StatusCode>06</x:StatusCode></x:Extra>",
        ),
        ("</edXML:edXMLHeader>", "<Extra><TraceHeaderList/></Extra>"),
        ("</edXML:edXMLEnvelope>", &format!("<AttachmentEncoded>{file}</AttachmentEncoded>")),
        ("</edXML:edXMLEnvelope>", &format!("<x:y xmlns:x='x'>{file}</x:y>")),
        ("</AttachmentEncoded>", &format!("<Extra>{file}</Extra>")),
        ("</Attachment>", &file),
        ("</AttachmentEncoded>", "<edXMLEnvelope/>"),
        ("7816</edXML:CodeNumber>", "<b>9</b>"),
        ("2026/11/22</edXML:P", "<b>2027/11/22</b>"),
        ("</edXML:OrganId>", "<b>9</b>"),
    ] {
        assert!(text.contains(before), "{before}");
        let changed = text.replacen(before, &format!("{smuggled}{before}"), 1);
        let parsed = parse(changed.as_bytes()).unwrap();
        assert!(parsed.has(DiagnosticCode::ElementMisplaced), "{smuggled}: {:?}", codes(&parsed));
        assert_eq!(document(parsed), envelope(), "{smuggled}");
    }
    let renamed = text.replacen("<edXML:AttachmentName>a", "<edXML:AttachmentName>z", 1);
    assert_eq!(codes(&parse(renamed.as_bytes()).unwrap()), [DiagnosticCode::ReferenceNameDiffers]);
}

#[test]
fn statuses_that_are_none() {
    let status = |code: &str| {
        let text = format!(
            "<edXML xmlns='{NS}'><edXMLEnvelope><edXMLHeader><MessageHeader>\
             <From><OrganId>H13</OrganId></From><ResponseFor><DocumentId>x</DocumentId>\
             </ResponseFor><StatusCode>{code}</StatusCode><Timestamp>2026/11/22 08:00:00</Timestamp>\
             </MessageHeader></edXMLHeader></edXMLEnvelope></edXML>"
        );
        parse(text.as_bytes()).map(|it| codes(&it)).map_err(|it| it.kind())
    };
    assert_eq!(status("03"), Ok(vec![]));
    assert_eq!(status("3"), Ok(vec![DiagnosticCode::StatusCodeForm]));
    assert_eq!(status("07"), Ok(vec![DiagnosticCode::StatusCodeUnknown]));
    for none in ["", "x", "+3", "300", "-1", "٣٣"] {
        assert_eq!(status(none), Err(ErrorKind::Malformed), "{none}");
    }
}

#[test]
fn messages_that_are_half_of_each() {
    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let both = text.replace("<edXML:To>", "<edXML:StatusCode>03</edXML:StatusCode><edXML:To>");
    let parsed = parse(both.as_bytes()).unwrap();
    assert!(parsed.has(DiagnosticCode::StatusCarriesDocument));
    let foreign = text.replace("<edXML:To>", "<StatusCode xmlns='x'>03</StatusCode><edXML:To>");
    let parsed = parse(foreign.as_bytes()).unwrap();
    assert_eq!(codes(&parsed), [DiagnosticCode::ElementMisplaced]);
    assert_eq!(document(parsed), envelope());
    let foreign = text.replace("<edXML:To>", "<DocumentId xmlns='x'>other</DocumentId><edXML:To>");
    let parsed = parse(foreign.as_bytes()).unwrap();
    assert_eq!(codes(&parsed), [DiagnosticCode::ElementMisplaced]);
    assert_eq!(document(parsed), envelope());
    let xlink = text.replace("<edXML:Reference>", "<edXML:Reference xlink:href='cid:1'>");
    assert_eq!(codes(&parse(xlink.as_bytes()).unwrap()), [DiagnosticCode::PrefixUnbound]);
}

#[test]
fn repeated_and_unknown_elements() {
    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let with = |old: &str, new: &str| {
        assert!(text.contains(old));
        parse(text.replace(old, new).as_bytes()).unwrap()
    };
    let id = "<edXML:DocumentId>";
    let parsed = with(id, "<edXML:DocumentId>other</edXML:DocumentId><edXML:DocumentId>");
    assert_eq!(codes(&parsed), [DiagnosticCode::ElementRepeated]);
    assert_eq!(document(parsed).header.document_id.as_str(), "other", "the first counts");
    let parsed = with(id, "<edXML:Extra><x/></edXML:Extra><edXML:DocumentId>");
    assert_eq!(codes(&parsed), [DiagnosticCode::ElementUnknown]);
    let parsed = with("<AttachmentEncoded>", "<AttachmentEncoded/><AttachmentEncoded>");
    assert_eq!(codes(&parsed), [DiagnosticCode::ElementRepeated]);
    let parsed = with("cid:2", "cid:1");
    assert!(parsed.has(DiagnosticCode::ContentIdRepeated));
    let parsed = with("2026/11/22</edXML:P", "2026-11-22</edXML:P");
    assert_eq!(codes(&parsed), [DiagnosticCode::DateMalformed]);
    let it = &parsed.diagnostics[0];
    assert_eq!((it.place.as_str(), it.found.as_str()), ("PromulgationDate", "2026-11-22"));
    assert!(it.offset.is_some() && it.message_vi.contains("Ngày tháng"));
}

/// An archive with these entries, each named, deflated.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let data = encoder.finish().unwrap();
        let mut header = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
        header.extend(crc32(content).to_le_bytes());
        header.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        header.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        header.extend([0, 0]);
        let offset = u32::try_from(out.len()).unwrap();
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&header);
        out.extend(name.bytes());
        out.extend(data);
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let offset = u32::try_from(out.len()).unwrap();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn archives_within_messages() {
    use DiagnosticCode::*;
    let read = |name: &str, content_type: &str, content: &[u8]| {
        let parsed = parse(with_attachments(&attachment(name, content_type, content)).as_bytes());
        let parsed = parsed.unwrap();
        let found: Vec<_> =
            codes(&parsed).into_iter().filter(|it| *it != ManifestMissing).collect();
        (document(parsed).attachments.remove(0).content, found)
    };
    let bytes = |it: &[u8]| Content::Bytes(it.to_vec());
    let zip = "application/zip";

    let one = archive(&[("x.pdf", b"%PDF-1.7")]);
    assert_eq!(read("a.pdf", zip, &one), (bytes(b"%PDF-1.7"), vec![]));
    // An office document that somebody calls an archive is kept whole.
    let docx = archive(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")]);
    assert_eq!(read("a.docx", zip, &docx), (bytes(&docx), vec![]));
    let odt = archive(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("c", b"")]);
    assert_eq!(read("a.odt", "application/odt", &odt), (bytes(&odt), vec![]));
    let two = archive(&[("a", b"1"), ("b", b"2")]);
    assert_eq!(read("a.pdf", zip, &two), (Content::Unreadable, vec![ZipNotOneEntry]));
    assert_eq!(read("a.zip", zip, &two), (bytes(&two), vec![]), "an archive is what was sent");
    let many: Vec<_> = (0..100).map(|_| ("same", &b""[..])).collect();
    assert_eq!(read("a", zip, &archive(&many)), (Content::Unreadable, vec![ZipNotOneEntry]));
    for path in ["../x", "/x", "a\\x", "C:x", "a/../x"] {
        let it = archive(&[(path, b"1")]);
        assert_eq!(read("a.txt", zip, &it), (bytes(b"1"), vec![ZipPathUnsafe]), "{path}");
    }
    let mut wrong = one.clone();
    wrong[14] ^= 1; // one of the two checksums
    assert_eq!(read("a.pdf", zip, &wrong), (Content::Unreadable, vec![ZipMalformed]));
    let at = wrong.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    wrong[at + 16] ^= 1; // and the other, so that they agree
    assert_eq!(read("a.pdf", zip, &wrong), (Content::Unreadable, vec![ZipMalformed]));
    assert_eq!(read("../a.pdf", zip, &one).1, [AttachmentNameUnsafe]);
    assert_eq!(read("", zip, &one).1, [AttachmentNameMissing]);
    assert_eq!(read("a.pdf", "application/pdf", b"").1, [ContentTypeDiffers, AttachmentEmpty]);
}

#[test]
fn bounds_hold() {
    let mut tight = Limits::default();
    tight.attachment_bytes = 1 << 20;
    tight.attachments_bytes = 2 << 20;
    tight.attachments = 3;
    tight.xml_depth = 12;
    tight.xml_text_bytes = 2000;
    let kind = |text: &str| {
        edxml::parse(text.as_bytes(), &tight).map(|_| ()).map_err(|it: Error| it.kind())
    };
    let over = Err(ErrorKind::LimitExceeded);
    let bomb = archive(&[("x", &vec![0; 8 << 20])]);
    assert!(bomb.len() < 20_000);
    assert_eq!(kind(&with_attachments(&attachment("a", "", &bomb))), over, "a bomb");
    let large = attachment("a.pdf", "", &vec![0; (1 << 20) + 1]);
    assert_eq!(kind(&with_attachments(&large)), over, "one large file");
    let half = archive(&[("x", &vec![0; 1 << 20])]);
    let three = attachment("a", "", &half).repeat(3);
    assert_eq!(kind(&with_attachments(&three)), over, "many that are large together");
    assert_eq!(kind(&with_attachments(&attachment("a", "", b"x").repeat(4))), over, "many");
    assert_eq!(kind(&with_attachments(&"<x>".repeat(20))), over, "deep");
    let long = format!("<Attachment><Description>{}</Description></Attachment>", "x".repeat(2001));
    assert_eq!(kind(&with_attachments(&long)), over, "a long text");
    tight.message_bytes = 100;
    let error = edxml::parse(&envelope().to_bytes().unwrap(), &tight).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

/// A million faults are not a million diagnostics, and the gravest is not lost.
#[test]
fn floods_of_findings_are_bounded() {
    let mut text = "<x/>".repeat(20_000);
    text.push_str(&attachment("a.pdf", "application/pdf", b"%PDF-").replace("JVBERi0=", "!"));
    let parsed = parse(with_attachments(&text).as_bytes()).unwrap();
    assert!(parsed.diagnostics.len() < 600, "{}", parsed.diagnostics.len());
    assert!(parsed.has(DiagnosticCode::Base64Malformed));
}

#[test]
fn signatures_are_kept_and_told_apart() {
    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let long = "A".repeat(800);
    let sign = |open: &str, prefix: &str, certificate: &str| {
        let signature = format!(
            "<{prefix}Signature{open}><{prefix}SignatureValue>QUJD</{prefix}SignatureValue>\
             <{prefix}X509Certificate>{certificate}</{prefix}X509Certificate></{prefix}Signature>\
             </edXML:edXMLHeader>"
        );
        text.replace("</edXML:edXMLHeader>", &signature)
    };
    let dsig = " xmlns='http://www.w3.org/2000/09/xmldsig#'";
    for (message, state) in [
        (sign("", "", "MIIFqTCCBJG"), SignatureState::Dummy),
        (sign("", "", &long), SignatureState::WrongNamespace),
        (sign(dsig, "", &long), SignatureState::Present),
        (
            sign("", "ds:", &long).replace(
                "<edXML:edXMLHeader>",
                "<edXML:edXMLHeader xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>",
            ),
            SignatureState::Present,
        ),
        (
            sign(" a='>' xmlns:ds = 'http://www.w3.org/2000/09/xmldsig#'", "ds:", &long)
                .replace("<edXML:edXMLHeader>", "<edXML:edXMLHeader xmlns:ds='x'>"),
            SignatureState::Present,
        ),
    ] {
        let parsed = parse(message.as_bytes()).unwrap();
        let envelope = document(parsed);
        assert_eq!(envelope.signature.as_ref().unwrap().state(), state);
        // It stands alone: it means the same in the message that we write.
        let again = document(parse(&envelope.to_bytes().unwrap()).unwrap());
        assert_eq!(again, envelope);
    }
}

#[test]
fn utf_16_is_read() {
    let text = String::from_utf8(envelope().to_bytes().unwrap()).unwrap();
    let text = text.replace("encoding=\"UTF-8\"", "encoding=\"UTF-16\"");
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(document(parse(&bytes).unwrap()), envelope());
}

#[test]
fn what_cannot_be_written_says_so() {
    let mut it = envelope();
    it.header.subject = "x\u{1}y".into();
    assert_eq!(it.to_bytes().unwrap_err().kind(), ErrorKind::Misuse);
    let mut it = envelope();
    it.header.to.clear();
    assert_eq!(it.to_bytes().unwrap_err().kind(), ErrorKind::Misuse);
    let mut it = envelope();
    for content in [Content::Unreadable, Content::HandedOut] {
        it.attachments[0].content = content;
        assert_eq!(it.to_bytes().unwrap_err().kind(), ErrorKind::Misuse);
    }
}

/// Files that are handed out are those that would be kept, and all else is the same.
#[test]
fn files_are_handed_out_one_by_one() {
    let mut sent = envelope();
    for n in 0..4_u8 {
        let (long, name) = (usize::from(4 - n) * 9_000, ["pdf", "xlsx"][usize::from(n % 2)]);
        sent = sent.attach(format!("{n}.{name}"), vec![n; long]);
    }
    let text = String::from_utf8(sent.to_bytes().unwrap()).unwrap();
    // The last one is no base64.
    let at = text.rfind("</edXML:ContentTransferEncoded>").unwrap();
    let text = format!("{}!{}", &text[..at], &text[at..]);
    let kept = parse(text.as_bytes()).unwrap();
    let mut files = Vec::new();
    let parsed = edxml::parse_files(text.as_bytes(), &Limits::default(), &mut |it| {
        files.push(it.clone());
        Ok(())
    });
    let parsed = parsed.unwrap();
    assert_eq!(parsed.diagnostics, kept.diagnostics);
    let (mut expected, handed) = (document(kept), document(parsed));
    assert_eq!(files, expected.attachments);
    assert_eq!(files.last().unwrap().content, Content::Unreadable);
    for it in expected.attachments.iter_mut().filter(|it| it.bytes().is_some()) {
        it.content = Content::HandedOut;
    }
    assert_eq!(handed, expected);
    // Who is given them may end it.
    let mut count = 0;
    let ended = edxml::parse_files(text.as_bytes(), &Limits::default(), &mut |_| {
        count += 1;
        Err(std::io::Error::other("the disk is full").into())
    });
    assert_eq!((ended.unwrap_err().kind(), count), (ErrorKind::Io, 1));
}

/// What is read and written again is read as the same.
fn settles(bytes: &[u8]) {
    let Ok(parsed) = parse(bytes) else { return };
    if let Ok(written) = parsed.message.to_bytes() {
        let again = parse(&written).unwrap();
        assert_eq!(again.message.to_bytes().unwrap(), written);
    }
}

#[test]
fn cut_anywhere() {
    let bytes = envelope().to_bytes().unwrap();
    for end in 0..bytes.len() - 2 {
        assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        settles(&bytes);
    }

    #[test]
    fn changed_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = envelope().to_bytes().unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        settles(&bytes);
    }

    #[test]
    fn moved_pieces(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), len in 1..400_usize) {
        let mut bytes = envelope().to_bytes().unwrap();
        let from = from.index(bytes.len());
        let piece: Vec<u8> = bytes[from..].iter().take(len).copied().collect();
        let to = to.index(bytes.len());
        bytes.splice(to..to, piece);
        settles(&bytes);
    }

    #[test]
    fn any_texts(subject in ".{0,40}", name in ".{0,20}", content in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut it = envelope();
        it.header.subject = subject;
        it = it.attach(name, content);
        if let Ok(bytes) = it.to_bytes() {
            settles(&bytes);
            let read = document(parse(&bytes).unwrap());
            prop_assert_eq!(read.attachments[2].bytes(), it.attachments[2].bytes());
        }
    }
}
