//! The gateway of the examples when it is killed, and when its peers mean it ill.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/axis.rs"]
#[allow(dead_code, reason = "not every test needs all of it")]
mod agencies;
#[path = "../examples/support/gateway.rs"]
mod gateway;
#[path = "support/skip.rs"]
mod skip;

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use agencies::{
    CENTRE, CITY, PROVINCE, Program, address, client, dispatch, raw, secret, sending, signed,
};
use gateway::{Agency, Gateway, Options, Patience};
use kyso::edxml::{self, Message};
use kyso::exchange::{MessageKind, Transport, TransportState};
use kyso::{Limits, UtcTime};
use skip::program;

const DOCUMENT: MessageKind = MessageKind::Document;

/// Short enough for tests, and long enough for honest peers on a busy machine.
const IMPATIENT: Patience = Patience {
    headers: Duration::from_secs(2),
    idle: Duration::from_secs(2),
    body: Duration::from_secs(3),
    connection: Duration::from_secs(60),
};

fn start(options: Options) -> Gateway {
    let agencies = [CENTRE, PROVINCE, CITY].map(|code| Agency::new(code, code, &secret(code)));
    Gateway::start(options, agencies.into()).unwrap()
}

fn impatient() -> Gateway {
    start(Options { patience: IMPATIENT, workers: 2, ..Options::default() })
}

/// A message goes through, whatever else is going on.
fn serves(endpoint: &str, number: &str) {
    let id = client(endpoint, CENTRE).send(&Message::Document(dispatch(number, &[PROVINCE])));
    let province = client(endpoint, PROVINCE);
    let waiting = province.pending(DOCUMENT).unwrap();
    assert!(id.is_ok() && !waiting.is_empty());
    for row in waiting {
        province.fetch_bytes(&row.id).unwrap();
        province.acknowledge(&row.id, TransportState::Done).unwrap();
    }
}

/// Reads until the other side hangs up, and gives what it said.
fn until_the_end(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A connection that is reset has ended, too.
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn headers_that_drip_or_never_end_are_cut_off() {
    let gateway = impatient();
    let endpoint = gateway.endpoint();
    let streams: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&endpoint)).unwrap();
            stream.write_all(b"POST /api/sendEdoc HTTP/1.1\r\nHost: x\r\nX-").unwrap();
            stream
        })
        .collect();
    serves(&endpoint, "1");
    for mut stream in streams {
        // A byte each time, for ever, as far as it goes.
        let mut drip = stream.try_clone().unwrap();
        let dripping = thread::spawn(move || {
            while drip.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        });
        let said = until_the_end(&mut stream);
        assert!(!said.contains("200 OK"), "{said}");
        dripping.join().unwrap();
    }
    // A header without end is not kept in memory.
    let mut stream = TcpStream::connect(address(&endpoint)).unwrap();
    stream.write_all(b"POST /api/sendEdoc HTTP/1.1\r\nX: ").unwrap();
    let piece = [b'x'; 64 << 10];
    let mut written = 0;
    while written < (64 << 20) && stream.write_all(&piece).is_ok() {
        written += piece.len();
    }
    assert!(written < (16 << 20), "{written} bytes were read");
    serves(&endpoint, "2");
}

/// By agencies whose headers are sound.
#[test]
fn bodies_that_drip_or_never_come_hold_no_thread() {
    let gateway = impatient();
    let endpoint = gateway.endpoint();
    let message = dispatch("9", &[PROVINCE]).to_bytes().unwrap();
    let streams: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&endpoint)).unwrap();
            let head = sending(CENTRE, &message, UtcTime::now());
            let head = format!(
                "POST /api/sendEdoc HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {}\r\n\r\n",
                message.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&message[..100]).unwrap();
            stream
        })
        .collect();
    serves(&endpoint, "1");
    let dripping: Vec<_> = streams
        .iter()
        .take(5)
        .map(|stream| {
            let mut drip = stream.try_clone().unwrap();
            let message = message.clone();
            thread::spawn(move || {
                message[100..].iter().all(|byte| {
                    thread::sleep(Duration::from_millis(100));
                    drip.write_all(&[*byte]).is_ok()
                })
            })
        })
        .collect();
    for mut stream in streams {
        let said = until_the_end(&mut stream);
        assert!(!said.contains("\"DocId\":\"0") && !said.contains("200 OK"), "{said}");
    }
    assert!(dripping.into_iter().all(|it| !it.join().unwrap()), "until the end is too long");
    serves(&endpoint, "2");
    assert_eq!(client(&endpoint, PROVINCE).count(DOCUMENT).unwrap(), 0, "of those none came");
}

/// Who asks for large messages and does not read them takes no thread either: there are two.
#[test]
fn answers_that_nobody_reads_hold_no_thread() {
    let gateway = impatient();
    let endpoint = gateway.endpoint();
    let large = dispatch("9", &[PROVINCE, CITY]).attach("lớn.pdf", vec![b'7'; 20 << 20]);
    client(&endpoint, CENTRE).send(&Message::Document(large)).unwrap();
    let city = client(&endpoint, CITY);
    let id = city.pending(DOCUMENT).unwrap().remove(0).id;
    let streams: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&endpoint)).unwrap();
            let head = signed(CITY, &[("docId", id.as_str())], UtcTime::now());
            let head = format!("POST /api/getEdoc HTTP/1.1\r\nHost: x\r\n{head}\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.read_exact(&mut [0; 100]).unwrap();
            stream
        })
        .collect();
    serves(&endpoint, "1");
    drop(streams);
}

#[test]
fn more_connections_than_there_may_be_wait_and_are_served() {
    let connections = 20;
    let gateway = start(Options { connections, patience: IMPATIENT, ..Options::default() });
    let endpoint = gateway.endpoint();
    let idle: Vec<_> =
        (0..connections * 2).map(|_| TcpStream::connect(address(&endpoint)).unwrap()).collect();
    serves(&endpoint, "1");
    drop(idle);
    // Those that were served before, and say nothing more, end as well.
    let served: Vec<_> = (0..connections)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&endpoint)).unwrap();
            let head = signed(CITY, &[], UtcTime::now());
            let head = format!(
                "POST /api/countReceiveEdoc HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 0\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.read_exact(&mut [0; 15]).unwrap();
            stream
        })
        .collect();
    serves(&endpoint, "2");
    drop(served);
}

#[test]
fn what_is_too_large_or_not_what_was_signed_is_refused() {
    let gateway = start(Options { message_bytes: 1 << 20, ..Options::default() });
    let endpoint = gateway.endpoint();
    let now = UtcTime::now();
    let message = dispatch("1", &[PROVINCE]).to_bytes().unwrap();
    let headers = sending(CENTRE, &message, now);
    let mut other = message.clone();
    other.reverse();
    let answer = raw(&endpoint, "sendEdoc", &headers, &other);
    assert!(answer.contains("\"ErrorCode\":\"10\"") && answer.contains("\"DocId\""), "{answer}");

    let large = vec![b' '; (1 << 20) + 3];
    let answer = raw(&endpoint, "sendEdoc", &sending(CENTRE, &large, now), &large);
    assert!(answer.contains("\"ErrorCode\":\"10\""), "{answer}");
    // Announced as endless, and cut off where it is too much.
    let mut stream = TcpStream::connect(address(&endpoint)).unwrap();
    let head = format!(
        "POST /api/sendEdoc HTTP/1.1\r\nHost: x\r\n{}Transfer-Encoding: chunked\r\n\r\n",
        sending(CENTRE, &large, now)
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut written = 0;
    while written < (64 << 20) && stream.write_all(b"10000\r\n").is_ok() {
        let piece = [&[b' '; 0x10000][..], b"\r\n"].concat();
        if stream.write_all(&piece).is_err() {
            break;
        }
        written += piece.len();
    }
    assert!(written < (32 << 20), "{written} bytes were read");
    // And more than once is not what anybody signed.
    let twice = format!("{headers}XroadVnpt-from: {CITY}\r\n");
    let answer = raw(&endpoint, "sendEdoc", &twice, &message);
    assert!(answer.contains("\"ErrorCode\":\"15\""), "{answer}");
    assert_eq!(client(&endpoint, PROVINCE).count(DOCUMENT).unwrap(), 0);
    serves(&endpoint, "2");
}

/// Until it is answered.
fn insist<T>(mut work: impl FnMut() -> kyso::Result<T>) -> T {
    loop {
        if let Ok(done) = work() {
            return done;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

const SENDERS: usize = 3;
const EACH: usize = 25;
const KILLS: usize = 12;

/// Agencies that repeat what was not answered; a gateway that is killed time and again.
#[test]
fn killed_in_the_middle_it_delivers_everything_exactly_once() {
    let Some(program) = program("axis") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut running = Program::start(&program, folder.path(), "127.0.0.1:0");
    let endpoint = running.endpoint.clone();
    let (sent, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let came: Mutex<HashMap<(&str, String), HashSet<String>>> = Mutex::default();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (endpoint, sent) = (&endpoint, &sent);
            scope.spawn(move || {
                for n in 0..EACH {
                    // Every fifth is large enough to be kept as a file.
                    let size = if n % 5 == 0 { 400_000 } else { 10 };
                    let document = dispatch(&format!("{sender}.{n}"), &[PROVINCE, CITY])
                        .attach("phụ lục.pdf", vec![b'x'; size]);
                    let message = Message::Document(document);
                    let first = insist(|| client(endpoint, CENTRE).send(&message));
                    assert_eq!(insist(|| client(endpoint, CENTRE).send(&message)), first);
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for receiver in [PROVINCE, CITY] {
            let (endpoint, over, came) = (&endpoint, &over, &came);
            scope.spawn(move || {
                loop {
                    let last = over.load(Ordering::SeqCst);
                    let waiting = insist(|| client(endpoint, receiver).pending(DOCUMENT));
                    if last && waiting.is_empty() {
                        break;
                    }
                    for row in waiting {
                        let axis = client(endpoint, receiver);
                        let bytes = insist(|| axis.fetch_bytes(&row.id));
                        let parsed = edxml::parse(&bytes, &Limits::default()).unwrap();
                        let Message::Document(it) = parsed.message else { panic!("a status") };
                        let key = (receiver, it.header.code.number);
                        came.lock().unwrap().entry(key).or_default().insert(row.id.to_string());
                        insist(|| axis.acknowledge(&row.id, TransportState::Done));
                    }
                }
            });
        }
        for kill in 1..=KILLS {
            let enough = SENDERS * EACH * kill / (KILLS + 2);
            while sent.load(Ordering::SeqCst) < enough {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_millis(u64::try_from(kill).unwrap() * 7 % 23));
            running.kill();
            running = Program::start(&program, folder.path(), address(&endpoint));
        }
        while sent.load(Ordering::SeqCst) < SENDERS * EACH {
            thread::sleep(Duration::from_millis(5));
        }
        over.store(true, Ordering::SeqCst);
    });
    let came = came.into_inner().unwrap();
    assert_eq!(came.len(), 2 * SENDERS * EACH, "everything came");
    assert!(came.values().all(|it| it.len() == 1), "and nothing twice");
    let rows = client(&endpoint, CENTRE).sent_rows(DOCUMENT, None, None).unwrap();
    assert_eq!(rows.len(), 2 * SENDERS * EACH);
    assert!(rows.iter().all(|it| it.receive_status == "done"));
}

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_told_to() {
    let Some(program) = program("axis") else { return };
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        let running = Program::start(&program, folder.path(), "127.0.0.1:0");
        serves(&running.endpoint, signal);
        // Idle connections do not hold it up.
        let _idle = TcpStream::connect(address(&running.endpoint)).unwrap();
        let id = running.id().to_string();
        let told = std::process::Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(told.success());
        let (well, said) = running.wait();
        assert!(well && said.contains("1 messages taken, 1 handed over"), "{said}");
    }
}

/// What the program took at most, in megabytes.
#[cfg(target_os = "linux")]
fn most_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<u64>().unwrap() >> 10
}

/// A message of a hundred megabytes, sent and fetched by several at once.
#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::print_stdout, reason = "the figure is what is asked for")]
fn large_messages_take_little_memory() {
    let Some(program) = program("axis") else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = Program::start(&program, folder.path(), "127.0.0.1:0");
    let content: Vec<u8> = (0..75_u32 << 20).map(|n| (n % 251).to_le_bytes()[0]).collect();
    let message = dispatch("1", &[PROVINCE, CITY]).attach("lớn.pdf", content);
    let bytes = message.to_bytes().unwrap();
    drop(message);
    let from = CENTRE.into();
    let submission = kyso::exchange::Submission {
        kind: DOCUMENT,
        from: &from,
        to: None,
        message: &bytes,
        digest: None,
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| client(&running.endpoint, CENTRE).submit(&submission).unwrap());
        }
    });
    let sent = most_memory(running.id());
    for (code, newer) in [(PROVINCE, false), (CITY, true)] {
        let axis = client(&running.endpoint, code);
        let axis = if newer { axis.with_download_edoc() } else { axis };
        let waiting = axis.pending(DOCUMENT).unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(axis.fetch_bytes(&waiting[0].id).unwrap() == bytes);
    }
    let most = most_memory(running.id());
    println!("{sent} MB to take {} MB, {most} MB in all", bytes.len() >> 20);
    assert!(most < 400, "{most} MB");
}
