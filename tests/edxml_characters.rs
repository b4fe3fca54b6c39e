//! Characters that cannot stand in XML, and bytes that are no UTF-8, are found wherever in a
//! message they stand: in the text of a file as in all else, of which each is looked at by
//! another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::unwrap_in_result,
    clippy::indexing_slicing
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::edxml::{self, Code, Content, DiagnosticCode, Envelope, Message, MessageHeader};
use kyso::edxml::{Organization, Parsed};
use kyso::{ErrorKind, Limits, Result};

const OFFENDERS: [&[u8]; 7] =
    [b"\0", b"\x0C", b"\x1F", b"\xFF", b"\xC3(", b"\xEF\xBF\xBF", b"\xED\xA0\x80"];

/// As long as what is decoded at once, and a little more.
const LONG: usize = (16 << 10) + 50;

fn parse(bytes: &[u8]) -> Result<Parsed> {
    edxml::parse(bytes, &Limits::default())
}

fn message(files: &[&[u8]]) -> Vec<u8> {
    let header = MessageHeader {
        from: Organization::new("G22", "Văn phòng Chính phủ"),
        to: vec![Organization::new("H13", "UBND thành phố Cần Thơ")],
        code: Code::new("7816", "VPCP-TTĐT"),
        ..MessageHeader::default()
    };
    let envelope = Envelope::new(header);
    let named = files.iter().enumerate();
    let envelope = named.fold(envelope, |it, (n, file)| it.attach(format!("{n}"), file.to_vec()));
    envelope.to_bytes().unwrap()
}

/// A message with one file, up to its text and after it.
fn around() -> (String, String) {
    let whole = String::from_utf8(message(&[b"abc"])).unwrap();
    let start = whole.find("<edXML:ContentTransferEncoded").unwrap();
    let (before, rest) = whole.split_at(start + whole[start..].find('>').unwrap() + 1);
    let behind = &rest[rest.find('<').unwrap()..];
    // Not an archive, as the national kit makes one of each.
    (before.replace("application/zip", "application/pdf"), behind.to_owned())
}

/// A message with one file whose text is `text`, and where that stands in it.
fn with_text(text: &[u8]) -> (Vec<u8>, usize) {
    let (before, behind) = around();
    ([before.as_bytes(), text, behind.as_bytes()].concat(), before.len())
}

/// The only file, or what was found wrong with it.
fn file(text: &[u8]) -> std::result::Result<Vec<u8>, Vec<DiagnosticCode>> {
    let parsed = parse(&with_text(text).0).unwrap();
    let codes = parsed.diagnostics.iter().map(|it| it.code).collect();
    let Message::Document(mut envelope) = parsed.message else { return Err(codes) };
    match envelope.attachments.remove(0).content {
        Content::Bytes(bytes) => Ok(bytes),
        _ => Err(codes),
    }
}

fn refused_at(bytes: &[u8], place: usize) {
    let error = parse(bytes).expect_err("a message with what cannot stand in it");
    let place = u64::try_from(place).unwrap();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Malformed, Some(place)), "{error}");
}

#[test]
fn anywhere_in_a_message() {
    let whole = message(&[b"abc", b"defgh"]);
    for place in 0..=whole.len() {
        for offender in OFFENDERS {
            let meddled = [&whole[..place], offender, &whole[place..]].concat();
            let error = parse(&meddled).expect_err("a message with what cannot stand in it");
            assert!(matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported));
        }
    }
}

#[test]
fn anywhere_in_the_text_of_a_file() {
    let text = STANDARD.encode(vec![7; LONG / 4 * 3]);
    let lines: Vec<_> = text.as_bytes().chunks(76).collect();
    for text in [text.clone().into_bytes(), lines.join(&b"\r\n"[..]), vec![b'Q'; 3], Vec::new()] {
        let last = text.len().saturating_sub(9).max(130);
        for at in (0..130).chain(16_375..16_395).chain(last..=text.len()) {
            let Some((before, behind)) = text.split_at_checked(at) else { continue };
            for offender in OFFENDERS {
                // With what makes it no base64 before it, or a piece of its own around it, too.
                for spoilt in [&b""[..], b"!", b"QQ==QQ", b"&#65;", b"<!---->", b"<![CDATA[]]>"] {
                    let meddled = [spoilt, before, offender, behind].concat();
                    let (whole, place) = with_text(&meddled);
                    refused_at(&whole, place + spoilt.len() + at);
                }
            }
        }
    }
}

#[test]
fn marks_count() {
    let (whole, place) = with_text(b"Q\x01");
    refused_at(&[b"\xEF\xBB\xBF", &whole[..]].concat(), place + 1 + 3);
    let (whole, _) = with_text(b"YWJj");
    let text = String::from_utf8(whole).unwrap();
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let utf16 = |text: &str| [b"\xFF\xFE", &units(text)[..]].concat();
    assert!(parse(&utf16(&text)).is_ok());
    let place = text.find("YWJj").unwrap();
    refused_at(&utf16(&text.replace("YWJj", "YW\u{1}Jj")), place + 2 + 2);
}

/// Who passes over the text of a file must not pass over what is none.
#[test]
fn what_is_no_text_is_not_passed_over() {
    assert_eq!(file(b"YW&#74;j"), Ok(b"abc".to_vec()));
    assert_eq!(file(b"YW<!-- c -->Jj"), Ok(b"abc".to_vec()));
    assert_eq!(file(b"<![CDATA[YW]]>Jj"), Ok(b"abc".to_vec()));
    assert_eq!(file(b" \t\r\nYWJj"), Ok(b"abc".to_vec()));
    for text in [&b"YWJ"[..], b"YWJj=", "YWJjế".as_bytes(), b"YW<x>Jj</x>", b"Y>WJj", b"YW]]>Jj"]
    {
        let codes = file(text).expect_err("no base64");
        let known = codes.contains(&DiagnosticCode::Base64Malformed);
        assert!(known, "{}: {codes:?}", text.escape_ascii());
    }
    for text in [&b"YWJj</"[..], b"YWJj<", b"YWJj&", b"YWJj&e;"] {
        assert!(parse(&with_text(text).0).is_err(), "{}", text.escape_ascii());
    }
    // One that is empty in a tag of its own, with what would be base64 behind it.
    let (before, behind) = around();
    let behind = behind.split_once('>').unwrap().1;
    let meddled = format!("{}/>YWJj{behind}", before.strip_suffix('>').unwrap());
    let Message::Document(envelope) = parse(meddled.as_bytes()).unwrap().message else {
        unreachable!("a document")
    };
    assert_eq!(envelope.attachments[0].bytes(), Some(&b""[..]));
}
