//! Carries what an object store asks over the network, by the one client of this crate.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body::Body;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpService,
};
use ureq::{Agent, http};

/// How long to wait for a connection, and for any single piece of an answer.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);
/// Pieces of objects are asked for by the mebibyte; lists and errors are short.
const MOST: u64 = 64 << 20;

/// Makes clients; it has nothing to itself.
#[derive(Debug)]
pub(super) struct Carrier;

impl HttpConnector for Carrier {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let agent = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            // Signed headers go to the store and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(HttpClient::new(Client(agent)))
    }
}

#[derive(Debug)]
struct Client(Agent);

impl HttpService for Client {
    /// Blocks: the runtime that this is called in carries one request at a time, for a
    /// thread that waits for it.
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move { self.carry(request) })
    }
}

impl Client {
    fn carry(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let body = collected(body)?;
        // Only where the method has a body: others refuse one, even an empty one.
        let bodiless = [http::Method::GET, http::Method::HEAD, http::Method::DELETE];
        let answer = if body.is_empty() && bodiless.contains(&parts.method) {
            self.0.run(http::Request::from_parts(parts, ()))
        } else {
            self.0.run(http::Request::from_parts(parts, body))
        };
        let (parts, body) = answer.map_err(|error| lost(&error))?.into_parts();
        let bytes = body.into_with_config().limit(MOST).read_to_vec();
        let bytes = bytes.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
        Ok(HttpResponse::from_parts(parts, bytes.into()))
    }
}

/// A body that is in memory already, and therefore never lets anybody wait.
fn collected(mut body: HttpRequestBody) -> Result<Vec<u8>, HttpError> {
    let mut context = Context::from_waker(Waker::noop());
    let mut bytes = Vec::new();
    while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
        if let Ok(piece) = frame?.into_data() {
            bytes.extend_from_slice(&piece);
        }
    }
    Ok(bytes)
}

fn lost(error: &ureq::Error) -> HttpError {
    let kind = match error {
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Io(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, std::io::Error::other(error.to_string()))
}
