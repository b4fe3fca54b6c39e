//! What stands between the agencies and the axis: a way that loses, delays, doubles, mangles
//! and makes up what passes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::chance::Chance;

/// Longer than a client waits for an answer, so that some answers come too late for it.
const LONGEST_DELAY: u64 = 2_000;
const HTML: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close\r\n\
    Content-Length: 52\r\n\r\n<html><body><h1>502 Bad Gateway</h1></body></html>\r\n";

/// Runs as long as the test does.
#[derive(Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    to: SocketAddr,
    chance: Chance,
    /// Whether it does harm.
    harms: AtomicBool,
    harm_done: Mutex<BTreeMap<&'static str, usize>>,
}

/// What is done to a request and its answer.
#[derive(Clone, Copy)]
enum Harm {
    LoseRequest,
    CutRequest,
    LoseAnswer,
    CutAnswer,
    DelayRequest,
    DelayAnswer,
    Garble,
    Page,
    PageAfterwards,
    Twice,
    AgainLater,
    Trickle,
    EndlessHeaders,
    EndlessBody,
}

/// How often, in a thousand requests.
const HARMS: [(Harm, &str, u64); 14] = [
    (Harm::LoseRequest, "requests lost", 20),
    (Harm::CutRequest, "requests cut off", 20),
    (Harm::LoseAnswer, "answers lost", 30),
    (Harm::CutAnswer, "answers cut off", 30),
    (Harm::DelayRequest, "requests delayed", 40),
    (Harm::DelayAnswer, "answers delayed", 40),
    (Harm::Garble, "answers garbled", 30),
    (Harm::Page, "pages in place of the axis", 20),
    (Harm::PageAfterwards, "pages in place of answers", 20),
    (Harm::Twice, "requests doubled", 30),
    (Harm::AgainLater, "requests repeated later", 40),
    (Harm::Trickle, "answers trickled", 4),
    (Harm::EndlessHeaders, "headers without end", 3),
    (Harm::EndlessBody, "answers without end", 3),
];

impl Proxy {
    pub(crate) fn start(to: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            to,
            chance: Chance::new(seed),
            harms: AtomicBool::new(true),
            harm_done: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // Whoever is cut off sees it: the error is the harm.
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// From now on, all passes as it is.
    pub(crate) fn heal(&self) {
        self.shared.harms.store(false, Ordering::SeqCst);
    }

    pub(crate) fn harm_done(&self) -> BTreeMap<&'static str, usize> {
        self.shared.harm_done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn harm(&self) -> Option<Harm> {
        if !self.harms.load(Ordering::SeqCst) {
            return None;
        }
        let mut lot = self.chance.between(0, 999);
        for (harm, name, weight) in HARMS {
            if lot < weight {
                let mut done = self.harm_done.lock().unwrap_or_else(PoisonError::into_inner);
                *done.entry(name).or_default() += 1;
                return Some(harm);
            }
            lot -= weight;
        }
        None
    }

    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(Duration::from_secs(10)))?;
        client.set_write_timeout(Some(Duration::from_secs(10)))?;
        let request = read_request(&mut client)?;
        if request.is_empty() {
            return Ok(());
        }
        let answer = |it: &[u8]| -> io::Result<()> { (&client).write_all(it) };
        match self.harm() {
            None => answer(&self.ask(&request)?),
            Some(Harm::LoseRequest) => Ok(()),
            Some(Harm::CutRequest) => {
                let part = request.get(..self.chance.below(request.len())).unwrap_or_default();
                TcpStream::connect(self.to)?.write_all(part)
            }
            Some(Harm::LoseAnswer) => self.ask(&request).map(drop),
            Some(Harm::CutAnswer) => {
                let whole = self.ask(&request)?;
                answer(whole.get(..self.chance.below(whole.len())).unwrap_or_default())
            }
            Some(Harm::DelayRequest) => {
                self.pause();
                answer(&self.ask(&request)?)
            }
            Some(Harm::DelayAnswer) => {
                let whole = self.ask(&request)?;
                self.pause();
                answer(&whole)
            }
            Some(Harm::Garble) => {
                let mut whole = self.ask(&request)?;
                self.garble(&mut whole);
                answer(&whole)
            }
            Some(Harm::Page) => answer(HTML),
            Some(Harm::PageAfterwards) => {
                self.ask(&request)?;
                answer(HTML)
            }
            Some(Harm::Twice) => {
                self.ask(&request)?;
                answer(&self.ask(&request)?)
            }
            Some(Harm::AgainLater) => {
                answer(&self.ask(&request)?)?;
                drop(client);
                self.pause();
                self.ask(&request).map(drop)
            }
            Some(Harm::Trickle) => {
                for byte in self.ask(&request)? {
                    answer(&[byte])?;
                    thread::sleep(Duration::from_millis(500));
                }
                Ok(())
            }
            Some(Harm::EndlessHeaders) => without_end(&mut client, b"HTTP/1.1 200 OK\r\nX-A: "),
            Some(Harm::EndlessBody) => without_end(
                &mut client,
                b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"status\":\"",
            ),
        }
    }

    fn pause(&self) {
        thread::sleep(Duration::from_millis(self.chance.between(20, LONGEST_DELAY)));
    }

    /// Bytes that stand in no JSON: what is changed without a trace, only signatures tell.
    fn garble(&self, answer: &mut [u8]) {
        let head = answer.windows(4).position(|it| it == b"\r\n\r\n").map_or(0, |it| it + 4);
        let body = answer.get_mut(head..).unwrap_or_default();
        for _ in 0..self.chance.between(1, 8) {
            let at = self.chance.below(body.len());
            if let Some(byte) = body.get_mut(at) {
                *byte = if self.chance.once_in(2) { 0xff } else { 0x01 };
            }
        }
    }

    /// The axis' answer, as it came.
    fn ask(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut axis = TcpStream::connect(self.to)?;
        axis.set_read_timeout(Some(Duration::from_secs(10)))?;
        axis.write_all(request)?;
        let mut answer = Vec::new();
        axis.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// Until whoever listens has enough; a quarter of a gigabyte at most.
fn without_end(client: &mut TcpStream, start: &[u8]) -> io::Result<()> {
    client.write_all(start)?;
    for _ in 0..4096 {
        client.write_all(&[b'a'; 65536])?;
    }
    Ok(())
}

/// A request as it came, but for one header more: one connection carries one request.
fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 65536];
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        match client.read(&mut piece)? {
            0 => return Ok(Vec::new()),
            read => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
        }
    };
    let text = String::from_utf8_lossy(bytes.get(..head).unwrap_or_default()).to_lowercase();
    let mut lines = text.lines().filter_map(|it| it.split_once(':'));
    let length =
        lines.find(|(name, _)| *name == "content-length").map(|it| it.1.trim().parse::<usize>());
    let chunked = text.contains("transfer-encoding: chunked");
    let whole = |bytes: &[u8]| match &length {
        Some(Ok(length)) => bytes.len() >= head + 4 + length,
        _ => !chunked || bytes.ends_with(b"0\r\n\r\n"),
    };
    while !whole(&bytes) {
        match client.read(&mut piece)? {
            0 => break,
            read => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
        }
    }
    bytes.splice(head..head, b"\r\nConnection: close".iter().copied());
    Ok(bytes)
}
