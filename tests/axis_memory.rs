//! A message of a hundred megabytes takes no hundred megabytes, in either direction.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::axis::{Client, Credentials, hash_file_of};
use kyso::exchange::{MessageKind, Submission, Transport};
use kyso::{Seekable, UtcTime};

const BLOCK: usize = 96 << 10;
const BLOCKS: usize = 1100;
const LENGTH: u64 = (BLOCK * BLOCKS) as u64;

/// In megabytes, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|it| it >> 10)
}

fn block() -> Vec<u8> {
    (0..BLOCK).map(|n| b' ' + u8::try_from(n * 7 % 89).unwrap()).collect()
}

/// An axis that keeps nothing: it tells the digest that was announced and how much came,
/// and hands the same blocks out again and again.
fn serve(stream: TcpStream, seen: &Sender<(String, u64)>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    loop {
        let (mut head, mut line) = (Vec::new(), String::new());
        while line.trim() != "" || head.is_empty() {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            head.push(line.trim().to_owned());
        }
        let value = |name: &str| {
            let mut values = head.iter().filter_map(|it| it.strip_prefix(name));
            values.next().unwrap_or_default().to_owned()
        };
        let length = value("content-length: ").parse().unwrap_or(0);
        let came = io::copy(&mut (&mut reader).take(length), &mut io::sink())?;
        let head_of =
            |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        if head[0].contains("sendEdoc") {
            let _ = seen.send((value("xroadvnpt-hash-file: "), came));
            let reply = r#"{"status":"OK","ErrorCode":"0","DocId":"7"}"#;
            out.write_all((head_of(reply.len()) + reply).as_bytes())?;
        } else if head[0].contains("downloadEdoc") {
            out.write_all(head_of(BLOCK * BLOCKS).as_bytes())?;
            let block = block();
            (0..BLOCKS).try_for_each(|_| out.write_all(&block))?;
        } else {
            let text = STANDARD.encode(block());
            let (start, end) = (r#"{"status":"OK","data":""#, r#"","ErrorCode":"0"}"#);
            let length = start.len() + text.len() * BLOCKS + end.len();
            out.write_all((head_of(length) + start).as_bytes())?;
            (0..BLOCKS).try_for_each(|_| out.write_all(text.as_bytes()))?;
            out.write_all(end.as_bytes())?;
        }
    }
}

#[test]
fn a_large_message_passes_in_little_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (seen, came) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, seen) = (stream.unwrap(), seen.clone());
            thread::spawn(move || serve(stream, &seen));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("message.edxml");
    let mut file = File::create(&path).unwrap();
    let block = block();
    (0..BLOCKS).for_each(|_| file.write_all(&block).unwrap());
    let message = Seekable::new(File::open(&path).unwrap()).unwrap();
    let digest = hash_file_of(&message).unwrap();

    let client =
        || Client::new(endpoint.clone(), Credentials::new("H13", "secret"), UtcTime::now).unwrap();
    let kind = MessageKind::Document;
    let submission =
        Submission { kind, from: &"H13".into(), to: None, message: &message, digest: None };
    let id = client().submit(&submission).unwrap();
    assert_eq!(came.recv().unwrap(), (digest.clone(), LENGTH + 2), "and a line end");

    for axis in [client(), client().with_download_edoc()] {
        let fetched = folder.path().join("fetched.edxml");
        let length = axis.fetch(&id, &mut File::create(&fetched).unwrap()).unwrap();
        assert_eq!(length, LENGTH);
        let fetched = Seekable::new(File::open(&fetched).unwrap()).unwrap();
        assert_eq!(hash_file_of(&fetched).unwrap(), digest);
    }
    if let Some(most) = most_memory() {
        println!("{most} MB at most");
        assert!(most < 64, "{most} MB");
    }
}
