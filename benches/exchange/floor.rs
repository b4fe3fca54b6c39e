//! What nobody can do without who brings a signed dispatch from one agency to another with
//! these guarantees, each part by itself and by the same libraries: the calls, to a server
//! that does nothing; the transactions, in SQLite as it is, and the bytes of messages beside
//! it; the bytes that have to be looked at; the operations of the key.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener as Listener};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use kyso::axis::{Call, Credentials, EdocReply, Reply, SignedHeaders};
use kyso::{DigestAlgorithm, UtcTime};
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::keys::Bare;
use crate::processor_seconds;

/// What passes.
pub(crate) struct Sizes {
    /// The file, as it was signed.
    pub(crate) file: usize,
    pub(crate) message: usize,
    pub(crate) status: usize,
}

/// Milliseconds of processor for each document.
pub(crate) struct Floor {
    calls: f64,
    stores: f64,
    bytes: f64,
    keys: f64,
}

impl Floor {
    pub(crate) fn measure(sizes: &Sizes, key: &str, folder: &Path, times: usize) -> Self {
        let times = times.next_multiple_of(BATCH);
        let each = |work: &mut dyn FnMut()| {
            let before = processor_seconds();
            work();
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            let times = times as f64;
            (processor_seconds() - before) * 1e3 / times
        };
        let axis = Axis::start(sizes);
        let calls = each(&mut || (0..times).for_each(|_| axis.carry(sizes)));
        let mut stores = ["sender", "axis", "receiver"].map(|it| Store::new(folder, it));
        let body = vec![b'x'; sizes.message];
        let stores = each(&mut || {
            (0..times / BATCH).for_each(|_| keep(&mut stores, &body));
        });
        let bytes = each(&mut || (0..times).for_each(|_| look_at(sizes)));
        let bare = Bare::new(key);
        let keys = each(&mut || {
            (0..times).for_each(|_| {
                std::hint::black_box(bare.sign());
                bare.verify();
            });
        });
        Self { calls, stores, bytes, keys }
    }

    pub(crate) fn sum(&self) -> f64 {
        self.calls + self.stores + self.bytes + self.keys
    }

    pub(crate) fn tell(&self) {
        let Self { calls, stores, bytes, keys } = self;
        println!(
            "floor: {:.2} ms of processor for each: {calls:.2} calls, {stores:.2} stores, \
             {bytes:.2} SHA-256 and base64, {keys:.2} key",
            self.sum()
        );
    }
}

/// Messages that an agency works on at a time.
const BATCH: usize = 16;

/// A server that reads what comes and has its answers ready.
struct Axis {
    _runtime: Runtime,
    address: SocketAddr,
    agent: ureq::Agent,
    credentials: Credentials,
}

impl Axis {
    fn start(sizes: &Sizes) -> Self {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let runtime =
            Builder::new_multi_thread().worker_threads(cores.min(2)).enable_all().build().unwrap();
        let reply = |bytes: usize| {
            let (mut all, message) = (Vec::new(), vec![b'x'; bytes]);
            EdocReply::new(message.as_slice()).read_to_end(&mut all).unwrap();
            Bytes::from(all)
        };
        let (message, status) = (reply(sizes.message), reply(sizes.status));
        let short = Bytes::from(Reply::ok(Call::SendEdoc).with_doc_id(NAME).to_json());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let answers = [message.clone(), status.clone(), short.clone()];
                let service = service_fn(move |request: Request<Incoming>| {
                    let [message, status, short] = answers.clone();
                    let answer = match request.uri().path() {
                        "/api/message" => message,
                        "/api/status" => status,
                        _ => short,
                    };
                    async move {
                        let mut body = request.into_body();
                        while let Some(frame) = body.frame().await {
                            frame?;
                        }
                        Ok::<_, hyper::Error>(Response::new(Full::new(answer)))
                    }
                });
                let connection = http1::Builder::new()
                    .max_buf_size(64 << 10)
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        let credentials = Credentials::new("000.00.00.H99", "secret");
        Self { _runtime: runtime, address, agent: ureq::Agent::new_with_defaults(), credentials }
    }

    /// The document and both statuses, each sent, fetched and acknowledged.
    fn carry(&self, sizes: &Sizes) {
        for (name, length) in
            [("message", sizes.message), ("status", sizes.status), ("status", sizes.status)]
        {
            let digest = DigestAlgorithm::Sha256.digest(NAME.as_bytes()).to_string();
            let parameters = [
                ("servicetype", "eDoc"),
                ("messagetype", "edoc"),
                ("hash-file", digest.as_str()),
                ("from", "000.00.00.H99"),
            ];
            self.call("send", &parameters, &vec![b'x'; length]);
            self.call(name, &[("docId", NAME)], b"{}");
            self.call("update", &[("docId", NAME), ("status", "done")], b"{}");
        }
    }

    fn call(&self, name: &str, parameters: &[(&str, &str)], body: &[u8]) {
        let now = UtcTime::now();
        let headers = SignedHeaders::new(&self.credentials, parameters, "application/json", now);
        let mut request = self.agent.post(format!("http://{}/api/{name}", self.address));
        for (name, value) in headers.unwrap().iter() {
            request = request.header(name, value);
        }
        let mut answer = request.send(body).unwrap().into_body().into_reader();
        let mut piece = [0; 64 << 10];
        while answer.read(&mut piece).unwrap() > 0 {}
    }
}

const NAME: &str = "0123456789abcdef01234567";

/// A database with one table and one index, and a file for messages.
struct Store {
    database: Connection,
    messages: File,
    next: i64,
}

impl Store {
    fn new(folder: &Path, name: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let database = Connection::open(folder.join(format!("floor-{name}.db"))).unwrap();
        database.pragma_update(None, "journal_mode", "WAL").unwrap();
        database
            .execute_batch(
                "CREATE TABLE records (id INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                 state TEXT NOT NULL, text TEXT NOT NULL); \
                 CREATE INDEX names ON records (name);",
            )
            .unwrap();
        let messages = File::create(folder.join(format!("floor-{name}.messages"))).unwrap();
        Self { database, messages, next: 0 }
    }

    /// One transaction, which waits for the disk or not: so many rows new, and so many changed.
    fn write(&mut self, waits: bool, new: usize, changed: usize) {
        self.database
            .pragma_update(None, "synchronous", if waits { "FULL" } else { "NORMAL" })
            .unwrap();
        let transaction =
            self.database.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO records (name, state, text) VALUES (?1, ?2, ?3)")
                .unwrap();
            for _ in 0..new {
                self.next += 1;
                let name = format!("{NAME}{:08}", self.next);
                insert.execute(params![name, "waiting", ROW]).unwrap();
            }
            let mut update =
                transaction.prepare_cached("UPDATE records SET state = ?2 WHERE id = ?1").unwrap();
            let changed = i64::try_from(changed).unwrap();
            for id in (self.next - changed).max(0) + 1..=self.next {
                update.execute(params![id, "done"]).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    fn append(&mut self, body: &[u8]) {
        self.messages.write_all(body).unwrap();
    }

    fn sync(&self) {
        self.messages.sync_data().unwrap();
    }
}

/// As long as records are, one with another.
const ROW: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                   0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                   0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What three parties write of a batch of documents: what is handed over or answered is kept
/// by then, one by one; what an agency does with what it has, for all at once. New are, with
/// each message, its record, who it is for, where its bytes are, and an entry of the journal;
/// with each step of it the record changes and there is an entry.
fn keep([sender, axis, receiver]: &mut [Store; 3], body: &[u8]) {
    for _ in 0..BATCH {
        sender.append(body);
        sender.sync();
        sender.write(true, 4, 0);
    }
    sender.write(true, BATCH, BATCH);
    for _ in 0..BATCH {
        axis.append(body);
        axis.sync();
        axis.write(true, 3, 0);
    }
    sender.write(true, BATCH, BATCH);
    receiver.write(true, BATCH, 0);
    (0..BATCH).for_each(|_| axis.write(false, 0, 1));
    (0..BATCH).for_each(|_| receiver.append(body));
    receiver.sync();
    // Received, and answered; then acknowledged, examined, and answered.
    receiver.write(true, BATCH * 6, BATCH);
    (0..BATCH).for_each(|_| axis.write(false, 0, 1));
    receiver.write(true, BATCH * 6, BATCH);
    // Both answers on their way, one like the other.
    receiver.write(true, BATCH * 2, BATCH * 2);
    (0..BATCH * 2).for_each(|_| axis.write(true, 3, 0));
    receiver.write(true, BATCH * 2, BATCH * 2);
    sender.write(true, BATCH * 2, 0);
    (0..BATCH * 2).for_each(|_| axis.write(false, 0, 1));
    sender.write(true, BATCH * 2, BATCH * 2);
    (0..BATCH * 2).for_each(|_| axis.write(false, 0, 1));
    sender.write(true, BATCH * 4, BATCH * 4);
}

/// Each party digests the message once, signing and verifying the file once; the file is in
/// base64 within the message, and the message once more on its way to the receiver.
fn look_at(sizes: &Sizes) {
    let (file, message) = (vec![b'x'; sizes.file], vec![b'x'; sizes.message]);
    for bytes in [&file, &message, &message, &message, &file] {
        std::hint::black_box(DigestAlgorithm::Sha256.digest(bytes));
    }
    for bytes in [&file, &message] {
        let encoded = STANDARD.encode(bytes);
        std::hint::black_box(STANDARD.decode(encoded).unwrap());
    }
}
