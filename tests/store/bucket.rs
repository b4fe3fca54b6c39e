//! Large messages in a bucket, against a small server that speaks as much S3 as is needed.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use kyso::exchange::store::objects::{Bucket, Objects};
use kyso::exchange::store::{PostOffice, Sqlite, SqliteOptions};
use kyso::{ErrorKind, Source, UtcTime};
use tiny_http::{Header, Method, Request, Response, Server};

use crate::Place;
use crate::bodies::{Endless, same};

#[derive(Default)]
struct Shelf {
    objects: BTreeMap<String, Vec<u8>>,
    /// What was sent in parts and not yet put together.
    parts: BTreeMap<(String, u32), Vec<u8>>,
    /// The largest piece that was asked for or sent at once.
    largest: usize,
    /// Requests that are answered with 500, first.
    failing: u32,
    /// When all was written, where it is not now.
    written: Option<UtcTime>,
}

impl Shelf {
    /// One object on each page.
    fn listed(&self, query: &str) -> String {
        let said = |name: &str| query.split('&').find_map(|it| it.strip_prefix(name));
        assert_eq!((said("list-type="), said("prefix=")), (Some("2"), Some("2026%2F")));
        let after = said("continuation-token=").unwrap_or_default();
        let mut rest = self.objects.iter().filter(|it| it.0.as_str() > after);
        let written = self.written.unwrap_or_else(UtcTime::now).to_string();
        let mut page = String::new();
        if let Some((key, bytes)) = rest.next() {
            let size = bytes.len();
            page = format!(
                "<Contents><Key>2026/{key}</Key><Size>{size}</Size><ETag>\"x\"</ETag>\
                 <LastModified>{written}</LastModified></Contents>"
            );
            if rest.next().is_some() {
                page += &format!("<NextContinuationToken>{key}</NextContinuationToken>");
            }
        }
        format!("<ListBucketResult>{page}</ListBucketResult>")
    }
}

struct S3 {
    server: Arc<Server>,
    shelf: Arc<Mutex<Shelf>>,
    thread: Option<JoinHandle<()>>,
}

impl S3 {
    fn start() -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let shelf: Arc<Mutex<Shelf>> = Arc::default();
        let thread = std::thread::spawn({
            let (server, shelf) = (server.clone(), shelf.clone());
            move || {
                while let Ok(mut request) = server.recv() {
                    let response = answer(&mut shelf.lock().unwrap(), &mut request);
                    let _ = request.respond(response);
                }
            }
        });
        Self { server, shelf, thread: Some(thread) }
    }

    fn bucket(&self) -> Bucket {
        let endpoint = format!("http://{}", self.server.server_addr());
        let options = [
            ("access_key_id", "post"),
            ("secret_access_key", "s3cr3t"),
            ("endpoint", endpoint.as_str()),
            ("region", "vn-1"),
            ("allow_http", "true"),
        ];
        Bucket::new("s3://messages/2026", &options).unwrap()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().unwrap().join();
    }
}

fn header<'r>(request: &'r Request, name: &'static str) -> Option<&'r str> {
    request.headers().iter().find(|it| it.field.equiv(name)).map(|it| it.value.as_str())
}

fn respond(status: u16, body: impl Into<Vec<u8>>) -> Response<Cursor<Vec<u8>>> {
    Response::from_data(body.into()).with_status_code(status).with_chunked_threshold(usize::MAX)
}

fn answer(shelf: &mut Shelf, request: &mut Request) -> Response<Cursor<Vec<u8>>> {
    let mut body = Vec::new();
    request.as_reader().read_to_end(&mut body).unwrap();
    let signed = header(request, "Authorization").is_some_and(|it| {
        it.starts_with("AWS4-HMAC-SHA256 Credential=post/") && it.contains("/vn-1/s3/")
    });
    if !signed {
        return respond(403, "");
    }
    if shelf.failing > 0 {
        shelf.failing -= 1;
        return respond(500, "");
    }
    shelf.largest = shelf.largest.max(body.len());
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    if path == "/messages" {
        return respond(200, shelf.listed(query));
    }
    let key = path.strip_prefix("/messages/2026/").unwrap().to_owned();
    let tagged = |it: Response<Cursor<Vec<u8>>>| {
        it.with_header("ETag: \"x\"".parse::<Header>().unwrap())
            .with_header("Last-Modified: Mon, 23 Nov 2026 03:00:00 GMT".parse::<Header>().unwrap())
    };
    match (request.method(), query) {
        (Method::Put, "") => {
            shelf.objects.insert(key, body);
            tagged(respond(200, ""))
        }
        (Method::Put, query) => {
            let number = query.split('&').find_map(|it| it.strip_prefix("partNumber="));
            shelf.parts.insert((key, number.unwrap().parse().unwrap()), body);
            tagged(respond(200, ""))
        }
        (Method::Post, query) if query.starts_with("uploads") => respond(
            200,
            "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>",
        ),
        (Method::Post, _) => {
            let parts = std::mem::take(&mut shelf.parts);
            shelf.objects.insert(key, parts.into_values().flatten().collect());
            respond(
                200,
                "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>",
            )
        }
        (Method::Delete, "") => {
            shelf.objects.remove(&key);
            respond(204, "")
        }
        (Method::Delete, _) => {
            shelf.parts.clear();
            respond(204, "")
        }
        (Method::Get | Method::Head, _) => match shelf.objects.get(&key) {
            None => respond(404, ""),
            Some(bytes) => {
                let range = header(request, "Range").map(|it| it["bytes=".len()..].to_owned());
                let Some((from, to)) = range.as_ref().and_then(|it| it.split_once('-')) else {
                    return tagged(respond(200, bytes.clone()));
                };
                let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
                let piece = &bytes[from..=to];
                shelf.largest = shelf.largest.max(piece.len());
                let place = format!("Content-Range: bytes {from}-{to}/{}", bytes.len());
                tagged(respond(206, piece)).with_header(place.parse::<Header>().unwrap())
            }
        },
        _ => respond(405, ""),
    }
}

#[test]
fn large_messages_come_back_from_a_bucket_in_pieces() {
    let s3 = S3::start();
    let bucket = s3.bucket();
    for length in [1, 300 << 10, (20 << 20) + 17] {
        let digest = bucket.put(&Endless(length)).unwrap();
        assert!(bucket.has(&digest).unwrap());
        same(&*bucket.open(&digest).unwrap(), &Endless(length));
        assert_eq!(s3.shelf.lock().unwrap().objects[&digest].len() as u64, length);
        bucket.remove(&digest).unwrap();
        bucket.remove(&digest).unwrap();
        assert!(!bucket.has(&digest).unwrap());
        assert_eq!(bucket.open(&digest).err().map(|it| it.kind()), Some(ErrorKind::Io));
    }
    assert!(s3.shelf.lock().unwrap().largest <= 8 << 20, "a message passed as a whole");
    assert_eq!(bucket.has("../x").unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn a_server_that_stumbles_is_asked_again() {
    let s3 = S3::start();
    s3.shelf.lock().unwrap().failing = 2;
    let digest = s3.bucket().put(&Endless(300 << 10)).unwrap();
    s3.shelf.lock().unwrap().failing = 1;
    same(&*s3.bucket().open(&digest).unwrap(), &Endless(300 << 10));
}

/// Called off where its message cannot be read to its end.
struct Breaking;

impl Source for Breaking {
    fn len(&self) -> u64 {
        20 << 20
    }

    fn window(&self, range: std::ops::Range<u64>) -> kyso::Result<std::borrow::Cow<'_, [u8]>> {
        static READS: AtomicU32 = AtomicU32::new(0);
        // Its digest is reckoned first.
        if READS.fetch_add(1, Ordering::SeqCst) >= 80 + 60 {
            return Err(std::io::Error::other("the disk is gone").into());
        }
        Endless(20 << 20).window(range).map(|it| it.into_owned().into())
    }
}

#[test]
fn a_message_that_breaks_off_leaves_nothing() {
    let s3 = S3::start();
    let error = s3.bucket().put(&Breaking).unwrap_err();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    let shelf = s3.shelf.lock().unwrap();
    assert_eq!(shelf.largest, 8 << 20, "no part was sent");
    assert!(shelf.parts.is_empty() && shelf.objects.is_empty());
}

#[test]
fn what_a_bucket_needs_is_asked_for() {
    let kind = |url: &str, options: &[(&str, &str)]| {
        let error = Bucket::new(url, options).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cr3t"));
        error.kind()
    };
    let keys = [("access_key_id", "post"), ("secret_access_key", "s3cr3t")];
    assert_eq!(kind("https://messages", &keys), ErrorKind::Misuse);
    assert_eq!(kind("s3://messages", &keys[..1]), ErrorKind::Misuse);
    let unknown = [keys[0], keys[1], ("s3cr3t_option", "x")];
    assert!(Bucket::new("s3://messages", &unknown).is_err());
    assert!(!format!("{:?}", Bucket::new("s3://messages", &keys)).contains("s3cr3t"));
}

struct Beside(tempfile::TempDir, S3);

impl Beside {
    fn store(&self) -> Sqlite {
        let objects = Arc::new(self.1.bucket());
        SqliteOptions::new(self.0.path().join("post.db")).objects(objects).open().unwrap()
    }
}

impl Place for Beside {
    fn office(&self) -> Arc<dyn PostOffice> {
        Arc::new(self.store())
    }

    fn sweep(&self, before: UtcTime) -> u64 {
        self.store().sweep(before).unwrap()
    }

    fn sweep_unnamed(&self, before: UtcTime) -> u64 {
        self.store().sweep_unnamed(before, UtcTime::now()).unwrap()
    }

    fn age(&self, at: UtcTime) {
        self.1.shelf.lock().unwrap().written = Some(at);
    }
}

fn beside(_: &str) -> Option<Beside> {
    Some(Beside(tempfile::tempdir().unwrap(), S3::start()))
}

crate::contract! { beside:
    bodies::small_and_large_ones_come_back
    bodies::without_a_record_there_is_no_body
    bodies::only_what_is_finished_is_swept
    bodies::what_has_no_record_is_swept_after_a_day
}
