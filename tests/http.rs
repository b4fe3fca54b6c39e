//! Questions over real HTTP on loopback, to servers that behave and to those that do not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kyso::online::Http;
use kyso::{ErrorKind, Request, RequestKind, Retrieve};

/// A server that does with each connection what the test says; how many came.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            serve(stream.unwrap());
        }
    });
    (format!("http://{address}"), count)
}

/// Reads the head of a request, and its body where it has one.
fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap()
}

fn answering(answer: impl Into<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let answer = answer.into();
    server(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

fn redirect_to(location: &str) -> String {
    format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn http() -> Http {
    let (connect, whole) = (Duration::from_secs(2), Duration::from_secs(5));
    Http::new().allow_private_addresses().with_timeouts(connect, whole)
}

fn impatient() -> Http {
    let short = Duration::from_millis(400);
    Http::new().allow_private_addresses().with_timeouts(short, short)
}

fn get<'a>(url: &'a str) -> Request<'a> {
    Request::get(RequestKind::Crl, url, 1000)
}

#[track_caller]
fn assert_fails(http: &Http, request: &Request<'_>, kind: ErrorKind, why: &str) {
    let error = http.retrieve(request).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn what_is_asked_for_comes() {
    let (url, _) = answering(ok("a list"));
    assert_eq!(http().retrieve(&get(&url)).unwrap(), b"a list");
}

#[test]
fn a_question_goes_as_its_kind() {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ocsp", server.server_addr());
    let asked = thread::spawn(move || {
        let mut request = server.recv().unwrap();
        let mut body = Vec::new();
        request.as_reader().read_to_end(&mut body).unwrap();
        let fields: Vec<_> =
            request.headers().iter().map(|it| it.to_string().to_lowercase()).collect();
        let method = request.method().to_string();
        request.respond(tiny_http::Response::from_data(b"answer".to_vec())).unwrap();
        (method, fields, body)
    });
    let request = Request::post(RequestKind::Ocsp, &url, b"question", 1000);
    assert_eq!(http().retrieve(&request).unwrap(), b"answer");
    let (method, fields, body) = asked.join().unwrap();
    assert_eq!((method.as_str(), body.as_slice()), ("POST", &b"question"[..]));
    assert!(fields.contains(&"content-type: application/ocsp-request".to_owned()), "{fields:?}");
    assert!(fields.contains(&"accept-encoding: identity".to_owned()), "{fields:?}");
    assert!(!fields.iter().any(|it| it.starts_with("cookie") || it.starts_with("authorization")));
}

/// By number in any spelling, by name, and by a name that leads to loopback.
#[test]
fn addresses_that_are_not_public_are_not_asked() {
    let (url, count) = answering(ok("a secret"));
    let port = url.rsplit_once(':').unwrap().1;
    for host in [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "127.1",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00::1]",
    ] {
        let url = format!("http://{host}:{port}/");
        // Some systems know no addresses of that spelling, or of IPv6.
        assert!(Http::new().retrieve(&get(&url)).is_err(), "{host}");
    }
    assert_fails(&Http::new(), &get(&url), ErrorKind::Misuse, "no public address");
    assert_eq!(count.load(Ordering::SeqCst), 0, "something was asked");
}

#[test]
fn only_http_is_asked_and_without_credentials() {
    for url in [
        "file:///etc/passwd",
        "ftp://ca.test/crl",
        "ldap://ca.test/cn=CA",
        "gopher://ca.test/",
        "http:///crl",
        "crl",
        "",
        "http://",
        "http://a b/",
        "//ca.test/",
    ] {
        assert_eq!(http().retrieve(&get(url)).unwrap_err().kind(), ErrorKind::Misuse, "{url}");
    }
    let (url, count) = answering(ok("a list"));
    let with = url.replace("http://", "http://user:secret@");
    assert_fails(&http(), &get(&with), ErrorKind::Misuse, "a password");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn redirects_are_followed_within_bounds() {
    let (end, _) = answering(ok("a list"));
    let mut url = end;
    for _ in 0..3 {
        url = answering(redirect_to(&url)).0;
    }
    assert_eq!(http().retrieve(&get(&url)).unwrap(), b"a list");
    let (url, _) = answering(redirect_to(&url));
    assert_fails(&http(), &get(&url), ErrorKind::Service, "redirect");
    let (url, count) = answering(redirect_to("/again"));
    assert_fails(&http(), &get(&url), ErrorKind::Service, "redirect");
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[test]
fn redirects_lead_nowhere_else() {
    for target in ["file:///etc/passwd", "ldap://ca.test/", "http://user:pw@127.0.0.1/"] {
        let (url, _) = answering(redirect_to(target));
        assert!(http().retrieve(&get(&url)).is_err(), "{target}");
    }
}

#[test]
fn refusals_are_told() {
    for (answer, why) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "500"),
        ("nothing like HTTP\r\n\r\n", "no answer"),
        ("", "no answer"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", "compressed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "broke off"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off"),
    ] {
        let (url, _) = answering(answer);
        assert_fails(&http(), &get(&url), ErrorKind::Service, why);
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_fails(&http(), &get(&url), ErrorKind::Service, "no answer");
}

#[test]
fn more_than_asked_for_is_not_read() {
    let claims = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    assert_fails(&http(), &get(&answering(claims).0), ErrorKind::LimitExceeded, "1000 bytes");
    let (url, _) = answering(ok(&"x".repeat(1001)));
    assert_fails(&http(), &get(&url), ErrorKind::LimitExceeded, "1000 bytes");
    let (url, _) = answering(ok(&"x".repeat(1000)));
    assert_eq!(http().retrieve(&get(&url)).unwrap().len(), 1000);
    // Without a length it goes on for ever.
    let (url, _) = server(|mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    assert_fails(&http(), &get(&url), ErrorKind::LimitExceeded, "1000 bytes");
}

/// One time-out for all of it: a server that sends a byte now and then gains nothing.
#[test]
fn answers_that_never_end_are_given_up() {
    let drip = |start: &'static str| {
        move |mut stream: TcpStream| {
            head(&mut stream);
            let _ = stream.write_all(start.as_bytes());
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        }
    };
    for start in ["", "HTTP/1.1 200 OK\r\nX-Long: ", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"]
    {
        let (url, _) = server(drip(start));
        let began = Instant::now();
        let error = impatient().retrieve(&get(&url)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service, "{error}");
        assert!(began.elapsed() < Duration::from_secs(30), "{start:?}: {:?}", began.elapsed());
    }
    let (url, _) = server(|stream| {
        thread::sleep(Duration::from_secs(3));
        drop(stream);
    });
    assert_fails(&impatient(), &get(&url), ErrorKind::Service, "timeout");
}

#[test]
fn heads_without_end_are_given_up() {
    let (url, _) = server(|mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: and more and more\r\n").is_ok() {}
    });
    assert_fails(&http(), &get(&url), ErrorKind::Service, "no answer");
}
