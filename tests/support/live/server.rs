//! A server on loopback whose every path a test decides on, and which may be late, silent,
//! endless or a liar.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tiny_http::{Request, Response, StatusCode};

pub(crate) enum Reply {
    Bytes(Vec<u8>),
    Status(u16),
    /// After this time.
    Late(Duration, Vec<u8>),
    /// Bytes without end.
    Endless,
    /// A header that promises more bytes than come.
    Short(Vec<u8>),
    /// To another URL.
    Redirect(String),
}

type Route = Arc<dyn Fn(&[u8]) -> Reply + Send + Sync>;

pub(crate) struct Server {
    server: Arc<tiny_http::Server>,
    routes: Arc<Mutex<BTreeMap<String, Route>>>,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
        let routes: Arc<Mutex<BTreeMap<String, Route>>> = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let accepting = thread::spawn({
            let (server, routes, asked) = (server.clone(), routes.clone(), asked.clone());
            move || {
                for request in server.incoming_requests() {
                    let path = request.url().to_owned();
                    asked.lock().unwrap().push(path.clone());
                    let route = routes.lock().unwrap().get(&path).cloned();
                    // One that is late does not keep others waiting.
                    thread::spawn(move || answer(request, route));
                }
            }
        });
        Self { server, routes, asked, accepting: Some(accepting) }
    }

    /// The URL of a path, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.server_addr())
    }

    /// From now on, this path answers so.
    pub(crate) fn on(&self, path: &str, route: impl Fn(&[u8]) -> Reply + Send + Sync + 'static) {
        self.routes.lock().unwrap().insert(path.to_owned(), Arc::new(route));
    }

    /// What was asked for so far, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.accepting.take().map(thread::JoinHandle::join);
    }
}

/// A client that went away is no fault of the server's.
fn answer(mut request: Request, route: Option<Route>) {
    let mut body = Vec::new();
    let _ = request.as_reader().take(1 << 20).read_to_end(&mut body);
    let reply = route.map_or(Reply::Status(404), |route| route(&body));
    let _ = match reply {
        Reply::Bytes(bytes) => request.respond(Response::from_data(bytes)),
        Reply::Status(status) => request.respond(Response::empty(status)),
        Reply::Late(wait, bytes) => {
            thread::sleep(wait);
            request.respond(Response::from_data(bytes))
        }
        Reply::Endless => {
            let forever = io::repeat(b'0');
            request.respond(Response::new(StatusCode(200), Vec::new(), forever, None, None))
        }
        Reply::Short(bytes) => {
            let mut writer = request.into_writer();
            let length = bytes.len() + 1_000_000;
            write!(writer, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
                .and_then(|()| writer.write_all(&bytes))
                .and_then(|()| writer.flush())
        }
        Reply::Redirect(url) => {
            let header = tiny_http::Header::from_bytes("Location", url).unwrap();
            request.respond(Response::empty(302).with_header(header))
        }
    };
}
