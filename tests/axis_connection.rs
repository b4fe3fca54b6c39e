//! The client's connections: kept, over TLS, and to peers that are slow or hostile.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../examples/support/gateway.rs"]
mod gateway;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use gateway::{Agency, Gateway, Options};
use kyso::axis::{Client, Credentials};
use kyso::edxml::{OrganId, StatusCode, StatusMessage};
use kyso::exchange::{Fault, MessageKind, Retry, Submission, Timeouts, Transport, TransportState};
use kyso::{Error, ErrorKind, Limits, UtcTime};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const SECRET: &str = "a secret that nobody reads";

fn submission<'a>(message: &'a Vec<u8>, from: &'a OrganId) -> Submission<'a> {
    Submission { kind: MessageKind::Document, from, to: None, message, digest: None }
}

fn client(endpoint: impl Into<String>) -> Client {
    Client::new(endpoint, Credentials::new("H13", SECRET), UtcTime::now).unwrap()
}

fn short(client: Client, silence: u64, call: u64) -> Client {
    let mut timeouts = Timeouts::default();
    timeouts.silence = Duration::from_millis(silence);
    timeouts.call = Duration::from_millis(call);
    client.with_timeouts(timeouts)
}

/// Serves every connection in a thread of its own, and counts them.
fn serve(
    each: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, each) = (Arc::clone(&count), Arc::new(each));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), each) = (stream, Arc::clone(&each)) else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || each(stream));
        }
    });
    (format!("127.0.0.1:{}", address.port()), count)
}

/// Reads one request with its body; nothing at the end of the connection.
fn request(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            io::copy(&mut reader.take(length), &mut io::sink())?;
            return Ok(Some(head));
        }
        head.push_str(&line);
    }
}

const EMPTY_LIST: &str = r#"{"status":"OK","ErrorCode":"0","data":[]}"#;

fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn fault(error: &Error) -> &Fault {
    Fault::of(error).unwrap_or_else(|| panic!("{error:?}"))
}

/// All that one agency does in a day goes over one connection.
#[test]
fn one_connection_is_enough() {
    let agencies = ["H13", "H41"].map(|code| Agency::new(code, "UBND tỉnh", SECRET)).into();
    let gateway = Gateway::start(Options::default(), agencies).unwrap();
    let upstream = gateway.endpoint();
    let upstream = upstream.trim_start_matches("http://").trim_end_matches("/api").to_owned();
    let (address, connections) = serve(move |mut stream| {
        let mut server = TcpStream::connect(&upstream)?;
        let (mut back, mut forth) = (stream.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut forth, &mut back));
        io::copy(&mut stream, &mut server).map(drop)
    });
    let axis = client(format!("http://{address}/api"));
    for _ in 0..5 {
        let issuer = kyso::edxml::MessageHeader {
            from: kyso::edxml::Organization::new("H13", "UBND"),
            document_id: "H13,2026/11/22,1/UBND".into(),
            ..kyso::edxml::MessageHeader::default()
        };
        let us = kyso::edxml::Organization::new("H13", "UBND");
        let status = StatusMessage::answer(&issuer, us, StatusCode::Arrived, "", UtcTime::now());
        axis.send(&kyso::edxml::Message::Status(status)).unwrap();
        for pending in axis.pending(MessageKind::Status).unwrap() {
            axis.fetch_bytes(&pending.id).unwrap();
            axis.acknowledge(&pending.id, TransportState::Done).unwrap();
        }
        assert!(axis.fetch_bytes(&"none".to_owned().into()).is_err());
        axis.agencies().unwrap();
        axis.sent(MessageKind::Status, Some(UtcTime::now())).unwrap();
        assert_eq!(axis.count(MessageKind::Status).unwrap(), 0);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn to_a_name_that_is_not_found_nothing_is_sent() {
    let error = client("http://no..name/api").agencies().unwrap_err();
    assert!(matches!(fault(&error), Fault::NotSent(_)), "{error}");
}

/// A server may close a connection while nobody uses it: the next call opens another.
#[test]
fn a_connection_that_was_closed_meanwhile_is_not_used() {
    let (closed, is_closed) = channel();
    let (address, connections) = serve(move |stream| {
        let mut reader = BufReader::new(stream);
        request(&mut reader)?;
        reader.get_mut().write_all(answer(EMPTY_LIST).as_bytes())?;
        drop(reader);
        closed.send(()).map_err(io::Error::other)
    });
    let axis = client(format!("http://{address}"));
    for _ in 0..3 {
        assert_eq!(axis.pending(MessageKind::Document).unwrap(), []);
        is_closed.recv().unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

/// An authority, and the chain and key of a server that it certified.
fn certified(host: &str) -> (String, Arc<ServerConfig>) {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let pem = root.self_signed(&root_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key.into())
        .unwrap();
    (pem, Arc::new(config))
}

/// Answers every request over TLS with an empty list; counts requests.
fn over_tls(config: Arc<ServerConfig>) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let (address, _) = serve(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = BufReader::new(StreamOwned::new(connection, stream));
        while request(&mut stream)?.is_some() {
            counted.fetch_add(1, Ordering::SeqCst);
            stream.get_mut().write_all(answer(EMPTY_LIST).as_bytes())?;
            stream.get_mut().flush()?;
        }
        Ok(())
    });
    (address.replace("127.0.0.1", "localhost"), requests)
}

#[test]
fn tls_trusts_the_given_roots_and_no_others() {
    let (root, config) = certified("localhost");
    let (address, requests) = over_tls(config);
    let axis = || client(format!("https://{address}"));
    let ours = axis().with_roots(root.as_bytes()).unwrap();
    assert_eq!(ours.pending(MessageKind::Document).unwrap(), []);
    assert_eq!(ours.pending(MessageKind::Document).unwrap(), []);
    assert_eq!(requests.load(Ordering::SeqCst), 2);

    let (other, _) = certified("localhost");
    for stranger in [axis(), axis().with_roots(other.as_bytes()).unwrap()] {
        let error = stranger.pending(MessageKind::Document).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service);
        assert!(
            matches!(fault(&error), Fault::NotSent(why) if why.starts_with("invalid peer certificate")),
            "{error}"
        );
    }

    let (root, config) = certified("axis.example.gov.vn");
    let (address, elsewhere) = over_tls(config);
    let axis = client(format!("https://{address}")).with_roots(root.as_bytes()).unwrap();
    let error = axis.pending(MessageKind::Document).unwrap_err();
    assert!(
        matches!(fault(&error), Fault::NotSent(why) if why.contains("not valid for name")),
        "{error}"
    );
    assert_eq!(fault(&error).retry(), Retry::Later);
    assert_eq!(requests.load(Ordering::SeqCst) + elsewhere.load(Ordering::SeqCst), 2);

    for none in
        ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
    {
        assert!(client("https://localhost").with_roots(none.as_bytes()).is_err(), "{none:?}");
    }
}

/// Whatever a peer does, a call ends, and says that its outcome is not known.
fn endures(
    what: &str,
    client: impl Fn(String) -> Client,
    peer: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) {
    let (address, _) = serve(peer);
    let client = client(format!("http://{address}"));
    let id = "7".to_owned().into();
    let error = client.fetch(&id, &mut io::sink()).unwrap_err();
    assert!(
        matches!(Fault::of(&error), Some(Fault::Unknown(_)))
            || error.kind() == ErrorKind::LimitExceeded,
        "{what}: {error:?}"
    );
}

#[test]
fn slow_and_hostile_peers_hold_nobody() {
    let quick = |url| short(client(url), 60_000, 60_000);
    let small = |url| {
        let mut limits = Limits::default();
        limits.answer_bytes = 1 << 20;
        limits.message_bytes = 1 << 20;
        client(url).with_limits(limits)
    };
    let raw = move |url| small(url).with_download_edoc();
    let forever = |start: &'static str, more: &'static str| {
        move |mut stream: TcpStream| {
            request(&mut BufReader::new(stream.try_clone()?))?;
            stream.write_all(start.as_bytes())?;
            loop {
                stream.write_all(more.as_bytes())?;
            }
        }
    };
    endures("headers without end", quick, forever("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"));
    endures("one header without end", quick, forever("HTTP/1.1 200 OK\r\nX: ", "xxxxxxxxxxxxxxxx"));
    let ok = "HTTP/1.1 200 OK\r\n\r\n";
    endures("a reply without end", small, forever(ok, " {\"a\":[[[["));
    endures("blanks without end", small, forever(ok, "                "));
    endures(
        "a message without end",
        small,
        forever("HTTP/1.1 200 OK\r\n\r\n{\"data\":\"", "QUJDRUZH"),
    );
    endures("a raw message without end", raw, forever(ok, "<edXML>"));
    endures("raw blanks without end", raw, forever(ok, "                "));
    endures("an error page without end", raw, forever("HTTP/1.1 502 Bad\r\n\r\n", "<p>sorry</p>"));
}

/// The axis may have taken what was sent: to give it up would be as wrong as to send it again.
#[test]
fn an_answer_without_end_leaves_open_what_was_done() {
    let (address, _) = serve(|mut stream| {
        request(&mut BufReader::new(stream.try_clone()?))?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(b"                ")?;
        }
    });
    let mut limits = Limits::default();
    limits.answer_bytes = 1 << 20;
    let axis = client(format!("http://{address}")).with_limits(limits);
    let message = b"<edXML/>".to_vec();
    let error = axis.send_edoc(&submission(&message, &"H13".into())).unwrap_err();
    assert_eq!(Fault::of(&error).map(Fault::retry), Some(Retry::AskFirst), "{error}");
}

#[test]
fn silence_and_dripping_end() {
    let drip = |start: &'static str| {
        move |mut stream: TcpStream| {
            request(&mut BufReader::new(stream.try_clone()?))?;
            stream.write_all(start.as_bytes())?;
            loop {
                thread::sleep(Duration::from_millis(20));
                stream.write_all(b" ")?;
            }
        }
    };
    let whole = |url| short(client(url), 60_000, 300);
    endures("a dripping header", whole, drip("HTTP/1.1 200 OK\r\nX: "));
    endures("a dripping reply", whole, drip("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"));
    let silent = |url| short(client(url), 100, 600_000);
    endures("no answer", silent, |stream| {
        request(&mut BufReader::new(stream.try_clone()?))?;
        thread::sleep(Duration::from_secs(600));
        drop(stream);
        Ok(())
    });
    // Nothing has left before the handshake of TLS is over.
    let (address, _) = serve(|stream| {
        thread::sleep(Duration::from_secs(600));
        drop(stream);
        Ok(())
    });
    let mut timeouts = Timeouts::default();
    timeouts.connect = Duration::from_millis(200);
    let axis = client(format!("https://{address}")).with_timeouts(timeouts);
    let error = axis.pending(MessageKind::Document).unwrap_err();
    assert!(matches!(fault(&error), Fault::NotSent(_)), "{error}");
    // Who takes no more of a message is not waited for either.
    let (address, _) = serve(|stream| {
        thread::sleep(Duration::from_secs(600));
        drop(stream);
        Ok(())
    });
    let error = short(client(format!("http://{address}")), 200, 600_000)
        .send_edoc(&submission(&vec![b' '; 32 << 20], &"H13".into()))
        .unwrap_err();
    assert_eq!(fault(&error).retry(), Retry::AskFirst, "{error}");
}

/// A message that ends where the connection does may have been cut off.
#[test]
fn a_raw_message_is_whole_or_refused() {
    let message = format!("<edXML:edXML>{}</edXML:edXML>\r\n", "x".repeat(3000));
    let fetched = |head: &str, body: &str| {
        let answer = format!("HTTP/1.1 {head}\r\n\r\n{body}");
        let (address, _) = serve(move |mut stream| {
            request(&mut BufReader::new(stream.try_clone()?))?;
            stream.write_all(answer.as_bytes())
        });
        let axis = client(format!("http://{address}")).with_download_edoc();
        axis.fetch_bytes(&"7".to_owned().into())
    };
    let length = format!("200 OK\r\nContent-Length: {}", message.len());
    assert_eq!(fetched(&length, &message).unwrap(), message.as_bytes());
    assert_eq!(fetched("200 OK", &message).unwrap(), message.as_bytes());
    for (head, body) in [
        (length.as_str(), &message[..2000]),
        ("200 OK", &message[..2000]),
        ("200 OK\r\nTransfer-Encoding: chunked", "5\r\n<edXM\r\n"),
        ("200 OK", "<!DOCTYPE html><html>please log in edXML>"),
        ("502 Bad", &message),
        ("200 OK", ""),
        ("200 OK", r#"{"status":"OK","ErrorCode":"0"}"#),
    ] {
        let error = fetched(head, body).unwrap_err();
        assert!(matches!(fault(&error), Fault::Unknown(_)), "{head} {error}");
    }
    let no =
        fetched("200 OK", r#" {"status":"FAIL","ErrorCode":"21","ErrorDesc":"x"}"#).unwrap_err();
    assert_eq!(fault(&no).retry(), Retry::Later);
}

#[test]
fn headers_are_those_of_the_kit() {
    let heads = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&heads);
    let (address, _) = serve(move |stream| {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(head) = request(&mut reader)? {
            seen.lock().unwrap().push_str(&head);
            (&stream).write_all(answer(EMPTY_LIST).as_bytes())?;
        }
        Ok(())
    });
    client(format!("http://{address}/api/")).pending(MessageKind::Status).unwrap();
    let heads = heads.lock().unwrap();
    let lines: Vec<_> = heads.lines().collect();
    assert_eq!(lines[0], "POST /api/getReceivedEdocList HTTP/1.1");
    for line in [
        "user-agent: JAVASDKAgent/1.0.0 XRoad/VPCP",
        "xroadvnpt-version: 3.0.201608",
        "xroadvnpt-systemid: H13",
        "xroadvnpt-messagetype: status",
        "content-length: 0",
    ] {
        let found = lines.iter().filter(|it| {
            it.eq_ignore_ascii_case(line) && it.ends_with(line.split(": ").nth(1).unwrap())
        });
        assert_eq!(found.count(), 1, "{line} in {heads}");
    }
}
