//! No secret is ever logged or told, by either dialect. A test of its own: what a program
//! logs is a matter of all of it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "support/logged.rs"]
mod logged;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::{io, thread};

use kyso::exchange::{Fault, MessageKind, Transport};
use kyso::{Error, UtcTime, axis, lgsp};
use logged::LOGGED;

const SECRETS: [&str; 4] = ["a secret for HMAC", "key-of-the-system", "the password", "the.token"];

/// Answers what either dialect takes for a list, and once for all a login; keeps heads.
fn service() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&heads);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                head.push_str(&line);
                line.clear();
            }
            let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
            let length = length.map_or(0, |it| it.parse().unwrap());
            io::copy(&mut reader.take(length), &mut io::sink()).unwrap();
            let reply = if head.contains("gencies") {
                "<html>"
            } else {
                r#"{"status":"OK","ErrorCode":"0","success":true,"data":[],"token":"the.token"}"#
            };
            kept.lock().unwrap().push_str(&head);
            let length = reply.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{reply}"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (endpoint, heads)
}

fn told(error: &Error) -> String {
    format!("{error} {error:?} {:?}", Fault::of(error))
}

#[test]
fn no_secret_is_logged_or_told() {
    let (endpoint, heads) = service();
    log::set_logger(&LOGGED).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let [secret, key, password, _] = SECRETS;
    let credentials = || axis::Credentials::new("H37", secret);
    let national = axis::Client::new(endpoint.clone(), credentials(), UtcTime::now).unwrap();
    let who = || lgsp::Credentials::new("H37", key, "clerk", password);
    let province = lgsp::Client::new(endpoint, who(), UtcTime::now).unwrap();
    let mut all = format!("{national:?} {province:?} {:?} {:?}", credentials(), who());
    for axis in [&national as &dyn Transport, &province] {
        assert_eq!(axis.pending(MessageKind::Document).unwrap(), []);
        all += &told(&axis.agencies().unwrap_err());
    }
    let wrong = lgsp::Credentials::new("H37", format!("{key}\r\nX: y"), "clerk", password);
    all += &told(&lgsp::Client::new("http://localhost", wrong, UtcTime::now).unwrap_err());

    // Where bytes would be logged, nothing is sent, and it says why.
    let sent = heads.lock().unwrap().len();
    LOGGED.bytes.store(true, Ordering::SeqCst);
    for axis in [&national as &dyn Transport, &province] {
        let error = axis.pending(MessageKind::Document).unwrap_err();
        assert!(matches!(Fault::of(&error), Some(Fault::NotSent(_))), "{error}");
        assert!(error.to_string().contains("ureq_proto"), "{error}");
        all += &told(&error);
    }
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), sent);
    for sound in ["authorization: Bearer the.token", "x-secretkey: key-of-the-system"] {
        assert!(heads.contains(sound), "{sound} in {heads}");
    }
    let signature = heads.split("xroadvnpt-hash-header: ").nth(1).unwrap().get(..64).unwrap();
    let logged = LOGGED.lines.lock().unwrap();
    assert!(logged.contains("getReceivedEdocList") && logged.contains("syncReceivedEdocList"));
    for text in [all.as_str(), logged.as_str()] {
        for it in SECRETS.iter().chain([&signature]) {
            assert!(!text.contains(it), "{it} in {text}");
        }
    }
}
