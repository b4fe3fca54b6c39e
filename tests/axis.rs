//! Client and gateway of the document axis over real HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "../examples/support/gateway.rs"]
mod gateway;
#[path = "../src/samples.rs"]
mod samples;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use std::{fs, thread};

use gateway::{Agency, Gateway, Options};
use kyso::axis::{Client, Credentials, SignedHeaders, hash_file, message_within};
use kyso::edxml::{
    self, Code, Date, Envelope, Message, MessageHeader, Organization, PromulgationInfo, StatusCode,
    StatusMessage,
};
use kyso::exchange::{Fault, MessageKind, Retry, Submission, Transport, TransportState};
use kyso::{Error, ErrorKind, Limits, UtcTime};

const CENTRE: &str = "000.00.00.G22";
const PROVINCE: &str = "000.00.00.H41";
const CITY: &str = "H13";

fn gateway() -> Gateway {
    gateway_with(Options::default())
}

fn gateway_with(options: Options) -> Gateway {
    let agencies = vec![
        Agency::new(CENTRE, "Văn phòng Chính phủ", "centre-secret").known_as("G22"),
        Agency::new(PROVINCE, "UBND tỉnh Nghệ An", "province-secret").known_as("H41"),
        Agency::new(CITY, "UBND thành phố Cần Thơ", "city-secret"),
    ];
    Gateway::start(options, agencies).unwrap()
}

fn client(gateway: &Gateway, code: &str, secret: &str) -> Client {
    Client::new(gateway.endpoint(), Credentials::new(code, secret), UtcTime::now).unwrap()
}

fn now() -> UtcTime {
    "2026-11-22T08:00:00+07:00".parse().unwrap()
}

fn dispatch(number: &str, to: &[&str]) -> Envelope {
    let header = MessageHeader {
        from: Organization::new(CENTRE, "Văn phòng Chính phủ"),
        to: to.iter().map(|code| Organization::new(*code, "Nơi nhận")).collect(),
        document_id: format!("{CENTRE},2026/11/22,{number}/VPCP-TTĐT").into(),
        code: Code::new(number, "VPCP-TTĐT"),
        promulgation: PromulgationInfo {
            place: "Hà Nội".into(),
            date: Date::new(2026, 11, 22).unwrap(),
        },
        subject: "V/v liên thông văn bản".into(),
        ..MessageHeader::default()
    };
    Envelope::new(header)
        .sent_at(now())
        .attach("công văn.pdf", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".repeat(100))
        .attach("phụ lục.xlsx", b"a table".to_vec())
}

fn refused(error: &Error) -> (i32, String, Retry) {
    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
    match Fault::of(error) {
        Some(Fault::Refused { code, text, retry }) => (*code, text.clone(), *retry),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dispatch_and_its_answers() {
    let gateway = gateway();
    let centre = client(&gateway, CENTRE, "centre-secret");
    let province: Box<dyn Transport> = Box::new(client(&gateway, PROVINCE, "province-secret"));
    let city = client(&gateway, CITY, "city-secret");
    let envelope = dispatch("7816", &["H41", CITY]);
    let sent = centre.send(&Message::Document(envelope.clone())).unwrap();

    let pending = province.pending(MessageKind::Document).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].from.as_str(), CENTRE);
    assert_eq!(pending[0].state, Some(TransportState::Initial));
    assert_ne!(pending[0].id, sent, "each receiver has a name of its own");
    let bytes = province.fetch_bytes(&pending[0].id).unwrap();
    assert_eq!(bytes, envelope.to_bytes().unwrap(), "to the byte, without the line end");
    let parsed = edxml::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(parsed.message, Message::Document(envelope.clone()));

    // Fetched is not taken over: a crash here must not lose it.
    let again = province.pending(MessageKind::Document).unwrap();
    assert_eq!(again[0].state, Some(TransportState::Processing));
    assert_eq!(city.count(MessageKind::Document).unwrap(), 1);
    let city = city.with_download_edoc();
    let waiting = city.pending(MessageKind::Document).unwrap();
    assert_eq!(city.fetch_bytes(&waiting[0].id).unwrap(), bytes);
    province.acknowledge(&pending[0].id, TransportState::Done).unwrap();
    assert!(province.pending(MessageKind::Document).unwrap().is_empty());

    let from = Organization::new(PROVINCE, "UBND tỉnh Nghệ An");
    for code in [StatusCode::Arrived, StatusCode::Accepted] {
        let answer =
            StatusMessage::answer(&envelope.header, from.clone(), code, code.name_vi(), now());
        province.send(&Message::Status(answer)).unwrap();
    }
    assert_eq!(centre.count(MessageKind::Status).unwrap(), 2);
    let codes: Vec<_> = centre
        .pending(MessageKind::Status)
        .unwrap()
        .into_iter()
        .map(|it| match edxml::parse(&centre.fetch_bytes(&it.id).unwrap(), &Limits::default()) {
            Ok(parsed) => match parsed.message {
                Message::Status(status) => status.code,
                Message::Document(_) => panic!("a document"),
            },
            Err(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(codes, [StatusCode::Arrived, StatusCode::Accepted]);

    let rows = centre.sent(MessageKind::Document, None).unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|it| it.id == sent && it.code == "7816/VPCP-TTĐT"));
    let at = |code: &str| rows.iter().find(|it| it.to.as_str() == code).unwrap().state;
    assert_eq!(at(PROVINCE), Some(TransportState::Done));
    assert_eq!(at(CITY), Some(TransportState::Processing));

    let taking_back = StatusMessage::take_back(&envelope.header, CITY.into(), "Gửi nhầm", now());
    centre.send(&Message::Status(taking_back)).unwrap();
    assert_eq!(city.count(MessageKind::Status).unwrap(), 1);
    gateway.shutdown();
}

#[test]
fn the_directory_has_both_codes() {
    let gateway = gateway();
    let centre = client(&gateway, CENTRE, "centre-secret");
    let agencies = centre.agencies().unwrap();
    assert_eq!(agencies.len(), 3);
    assert_eq!(agencies[0].name, "Văn phòng Chính phủ", "escaped, and read back");
    assert_eq!(agencies[0].other_code.as_ref().unwrap().as_str(), "G22");
    let rows = centre.agencies_list_qd20("").unwrap();
    assert_eq!(rows[1].code102, "H41");
}

#[test]
fn refuses_who_is_not_who_he_says() {
    let gateway = gateway();
    let envelope = dispatch("1", &[PROVINCE]);
    let message = Message::Document(envelope.clone());

    let error = client(&gateway, CENTRE, "wrong").send(&message).unwrap_err();
    let (code, _, retry) = refused(&error);
    assert_eq!((code, retry), (15, Retry::Never));
    let error = client(&gateway, "H99", "centre-secret").send(&message).unwrap_err();
    assert_eq!(refused(&error).0, 19, "not registered");
    // A registered system with a sound signature, in the name of another.
    let error = client(&gateway, CITY, "city-secret").send(&message).unwrap_err();
    let (code, text, _) = refused(&error);
    assert_eq!(code, 19);
    assert_eq!(text, format!("Don vi gui {CENTRE} khong dung voi ma da dang ky: {CITY}"));
    // The header says who he is, the message does not.
    let submission = Submission {
        kind: MessageKind::Document,
        from: &CITY.into(),
        to: None,
        message: &envelope.to_bytes().unwrap(),
        digest: None,
    };
    let error = client(&gateway, CITY, "city-secret").submit(&submission).unwrap_err();
    assert_eq!(refused(&error).0, 19);
    // What was damaged where it was kept is not the message that was put there.
    let damaged = "00".repeat(32);
    let submission = Submission { digest: Some(&damaged), ..submission };
    let error = client(&gateway, CITY, "city-secret").submit(&submission).unwrap_err();
    assert_eq!(refused(&error).0, 10);

    let error = client(&gateway, CENTRE, "centre-secret")
        .send(&Message::Document(dispatch("2", &[PROVINCE, "000.00.00.X99"])))
        .unwrap_err();
    assert_eq!(refused(&error).0, 18, "an unknown receiver");
    let province = client(&gateway, PROVINCE, "province-secret");
    assert_eq!(province.count(MessageKind::Document).unwrap(), 0, "for all receivers or for none");
}

#[test]
fn nobody_reads_anothers_post() {
    let gateway = gateway();
    let centre = client(&gateway, CENTRE, "centre-secret");
    let province = client(&gateway, PROVINCE, "province-secret");
    let city = client(&gateway, CITY, "city-secret");
    centre.send(&Message::Document(dispatch("3", &[PROVINCE]))).unwrap();
    let id = province.pending(MessageKind::Document).unwrap().remove(0).id;
    assert_eq!(refused(&city.fetch_bytes(&id).unwrap_err()).0, 21);
    assert!(city.acknowledge(&id, TransportState::Done).is_err());
    let city = city.with_download_edoc();
    assert_eq!(refused(&city.fetch_bytes(&id).unwrap_err()).0, 21);
    assert_eq!(province.count(MessageKind::Document).unwrap(), 1);
}

#[test]
fn refuses_what_is_no_message() {
    let gateway = gateway_with(Options { message_bytes: 10_000, ..Options::default() });
    let centre = client(&gateway, CENTRE, "centre-secret");
    let send = |kind, bytes: &[u8]| {
        let from = CENTRE.into();
        let error = centre
            .submit(&Submission { kind, from: &from, to: None, message: &bytes, digest: None })
            .unwrap_err();
        refused(&error).0
    };
    assert_eq!(send(MessageKind::Document, b"<edXML/>"), 22);
    assert_eq!(send(MessageKind::Document, b"<!DOCTYPE a><a/>"), 22);
    assert_eq!(send(MessageKind::Document, &[b' '; 10_003]), 10, "too large");
    let document = dispatch("4", &[PROVINCE]).to_bytes().unwrap();
    assert_eq!(send(MessageKind::Status, &document), 22, "a document is no status");
}

#[test]
fn a_receiver_named_in_two_ways_gets_one_letter() {
    let gateway = gateway();
    let centre = client(&gateway, CENTRE, "centre-secret");
    let to = [PROVINCE, CITY, "H41", PROVINCE];
    centre.send(&Message::Document(dispatch("9", &to))).unwrap();
    let province = client(&gateway, PROVINCE, "province-secret");
    let pending = province.pending(MessageKind::Document).unwrap();
    assert_eq!(pending.len(), 1);
    province.acknowledge(&pending[0].id, TransportState::Done).unwrap();
    assert_eq!(province.pending(MessageKind::Document).unwrap(), []);
}

/// How long the server may take to give each of many new connections a thread: one that
/// comes within the crowd may be put behind one that says nothing.
const SETTLE: Duration = Duration::from_millis(500);

/// Who is not registered cannot hold up who is, by bodies that never come.
#[test]
fn unfinished_requests_of_strangers_take_no_place() {
    let gateway = gateway();
    let address = gateway.endpoint();
    let address = address.trim_start_matches("http://").trim_end_matches("/api").to_owned();
    let slow: Vec<_> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            let head = "POST /api/sendEdoc HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    thread::sleep(SETTLE);
    let centre = client(&gateway, CENTRE, "centre-secret");
    centre.send(&Message::Document(dispatch("10", &[PROVINCE]))).unwrap();
    drop(slow);
}

/// A request by hand, and the body of its answer.
fn raw(gateway: &Gateway, call: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let address = gateway.endpoint();
    let address = address.trim_start_matches("http://").trim_end_matches("/api");
    let mut stream = TcpStream::connect(address).unwrap();
    let mut request = format!("POST /api/{call} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
    stream.write_all(request.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn signed(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    let credentials = Credentials::new(CENTRE, "centre-secret");
    SignedHeaders::new(&credentials, parameters, "application/octet-stream", now())
        .unwrap()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn sending(message: &[u8]) -> Vec<(String, String)> {
    let hash = hash_file(message);
    signed(&[
        ("servicetype", "eDoc"),
        ("messagetype", "edoc"),
        ("hash-file", &hash),
        ("from", CENTRE),
    ])
}

#[test]
fn headers_and_body_are_bound() {
    let gateway = gateway();
    let message = dispatch("5", &[PROVINCE]).to_bytes().unwrap();
    let headers = sending(&message);
    let code = |answer: &str| {
        assert!(answer.contains("\"DocId\""), "a failure names it too: {answer}");
        assert!(answer.is_ascii());
        let (_, rest) = answer.split_once("\"ErrorCode\":\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };

    let mut tampered = headers.clone();
    for (name, value) in &mut tampered {
        if name == "XroadVnpt-from" {
            *value = CITY.to_owned();
        }
    }
    assert_eq!(code(&raw(&gateway, "sendEdoc", &tampered, &message)), "15");

    let mut other = message.clone();
    let at = other.windows(4).position(|it| it == b"7816").unwrap_or(700);
    other[at] ^= 1;
    assert_eq!(code(&raw(&gateway, "sendEdoc", &headers, &other)), "10", "another body");

    // The line end after the message, none, and a digest padded by the rules.
    let mut with_line_end = message.clone();
    with_line_end.extend_from_slice(b"\r\n");
    let first = raw(&gateway, "sendEdoc", &headers, &with_line_end);
    assert_eq!(code(&first), "0");

    // The same signed headers again are the same message again.
    let again = raw(&gateway, "sendEdoc", &headers, &message);
    assert_eq!(again.split("DocId").nth(1), first.split("DocId").nth(1));
    let province = client(&gateway, PROVINCE, "province-secret");
    assert_eq!(province.count(MessageKind::Document).unwrap(), 1);

    // They can be carried to another call, where they let nobody do what their
    // parameters do not say.
    let elsewhere = raw(&gateway, "updateStatus", &headers, b"{}");
    assert!(elsewhere.contains("\"status\":\"FAIL\""), "{elsewhere}");
}

#[test]
fn expect_100_continue_and_idle_connections() {
    let gateway = gateway();
    let address = gateway.endpoint();
    let address = address.trim_start_matches("http://").trim_end_matches("/api").to_owned();
    // A hundred connections that say nothing hold up nobody.
    let idle: Vec<_> = (0..100).map(|_| TcpStream::connect(&address).unwrap()).collect();
    thread::sleep(SETTLE);
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let message = dispatch("6", &[PROVINCE]).to_bytes().unwrap();
    let mut request = format!("POST /api/sendEdoc HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in sending(&message) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", message.len()));
    stream.write_all(request.as_bytes()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 100", "asked for before it is sent");
    stream.write_all(&message).unwrap();
    let mut rest = vec![0; 4096];
    let mut got = 0;
    while !String::from_utf8_lossy(&rest[..got]).contains("DocId") {
        let n = stream.read(&mut rest[got..]).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&rest[..got]));
        got += n;
    }
    drop(idle);
}

#[test]
fn many_at_once() {
    let gateway = &gateway();
    thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                let centre = client(gateway, CENTRE, "centre-secret");
                for n in 0..5 {
                    let envelope = dispatch(&format!("{worker}{n}"), &[PROVINCE]);
                    centre.send(&Message::Document(envelope)).unwrap();
                }
            });
        }
    });
    let province = client(gateway, PROVINCE, "province-secret");
    let pending = province.pending(MessageKind::Document).unwrap();
    assert_eq!(pending.len(), 20);
    let mut codes: Vec<_> = pending
        .iter()
        .map(|it| {
            let bytes = province.fetch_bytes(&it.id).unwrap();
            match edxml::parse(&bytes, &Limits::default()).unwrap().message {
                Message::Document(it) => it.header.code.number,
                Message::Status(_) => panic!("a status"),
            }
        })
        .collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 20);
}

#[test]
fn answers_are_bounded() {
    let gateway = gateway();
    let centre = client(&gateway, CENTRE, "centre-secret");
    centre.send(&Message::Document(dispatch("8", &[PROVINCE]))).unwrap();
    let mut limits = Limits::default();
    limits.message_bytes = 1000;
    let province = client(&gateway, PROVINCE, "province-secret").with_limits(limits.clone());
    let id = province.pending(MessageKind::Document).unwrap().remove(0).id;
    assert_eq!(province.fetch_bytes(&id).unwrap_err().kind(), ErrorKind::LimitExceeded);
    let province = province.with_download_edoc();
    assert_eq!(province.fetch_bytes(&id).unwrap_err().kind(), ErrorKind::LimitExceeded);
    limits.answer_bytes = 100;
    let province = client(&gateway, PROVINCE, "province-secret").with_limits(limits);
    let error = province.pending(MessageKind::Document).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

/// The digest under which the national kit sent a message that it had built, whose
/// rules of padding are its own.
#[test]
fn the_digest_of_the_national_kit() {
    let Some(corpus) = samples::corpus("edxml/documents") else { return };
    let mut body = fs::read(corpus.join("sdk_built_two_attachments.edxml")).unwrap();
    let sent = "ea82e6caf5a4659229833ac7e8e22e9d491f0e2d48f7977609ec248aaaa89e0";
    assert_eq!(hash_file(&body), sent);
    let len = body.len();
    body.extend_from_slice(b"\r\n");
    assert_eq!(body.len(), 6722, "as its Content-Length said");
    assert_eq!(message_within(&body, sent).unwrap().len(), len);
}

/// A server that answers every connection with these bytes and hangs up.
fn answering(answer: &'static [u8]) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // Enough of the request to be one, then the answer.
            let _ = stream.read(&mut [0; 65536]);
            let _ = stream.write_all(answer);
            thread::sleep(Duration::from_millis(50));
        }
    });
    format!("http://{address}")
}

#[test]
fn failures_say_whether_the_request_may_have_arrived() {
    let sent_to = |endpoint: String| {
        let client =
            Client::new(endpoint, Credentials::new(CENTRE, "centre-secret"), UtcTime::now).unwrap();
        let status = StatusMessage::answer(
            &dispatch("9", &[PROVINCE]).header,
            Organization::new(CENTRE, "x"),
            StatusCode::Arrived,
            "",
            now(),
        );
        let error = client.send(&Message::Status(status)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service, "{error}");
        assert!(!format!("{error} {client:?}").contains("centre-secret"));
        Fault::of(&error).unwrap().retry()
    };
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert_eq!(sent_to(closed), Retry::Later, "nobody listens");
    assert_eq!(sent_to(answering(b"")), Retry::AskFirst, "hung up");
    let half = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":\"OK\"");
    assert_eq!(sent_to(half), Retry::AskFirst, "cut off");
    let html = answering(b"HTTP/1.1 502 Bad\r\nContent-Length: 13\r\n\r\n<html></html>");
    assert_eq!(sent_to(html), Retry::AskFirst, "an error page");
    let no = answering(
        b"HTTP/1.1 500 X\r\nContent-Length: 32\r\n\r\n{\"status\":\"FAIL\",\"ErrorCode\":20}",
    );
    assert_eq!(sent_to(no), Retry::Later, "the axis says later");
    let away =
        answering(b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(sent_to(away), Retry::AskFirst, "redirects are not followed");
}
