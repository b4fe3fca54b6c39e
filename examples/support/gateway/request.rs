//! A request, from its headers to its answer.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming as Coming;
use hyper::header::{CONNECTION, CONTENT_TYPE, EXPECT, HeaderValue};
use hyper::{Request, Response, StatusCode};
use kyso::axis::{self, Call, ErrorCode, Rejection, Reply, Verified};
use tokio::time::{Instant, timeout, timeout_at};

use super::Patience;
use super::axis::Axis;
use super::body::{Incoming, Outgoing};
use super::refusal::No;

/// Bytes of a body that is no message.
const SMALL: u64 = 64 << 10;

/// Answers a request: its headers are verified, then its body is read, then a thread works
/// on it.
pub(super) async fn answer(
    axis: Arc<Axis>,
    patience: Patience,
    request: Request<Coming>,
) -> Result<Response<Outgoing>, Infallible> {
    let Some(call) = Call::from_path(request.uri().path()) else {
        return Ok(bare(StatusCode::NOT_FOUND));
    };
    let most = if call == Call::SendEdoc { axis.message_bytes() } else { SMALL };
    // Who asks before sending learns from the answer that nothing has to be sent.
    let asks_first = request.headers().contains_key(EXPECT);
    let caller = verify(&axis, &request).and_then(|it| fits(&request, most).map(|()| it));
    let mut body = request.into_body();
    let caller = match caller {
        Ok(caller) => caller,
        Err(no) => {
            let whole = !asks_first && drain(&mut body, axis.message_bytes(), patience).await;
            return Ok(refused(call, &no, !whole));
        }
    };
    let body = match receive(&axis, &mut body, most, patience).await {
        Ok(body) => body,
        Err(Cut::Refused(no)) => return Ok(refused(call, &no, true)),
        Err(Cut::TooSlow) => return Ok(bare(StatusCode::REQUEST_TIMEOUT)),
        Err(Cut::Broken) => return Ok(bare(StatusCode::BAD_REQUEST)),
    };
    let worked = tokio::task::spawn_blocking(move || axis.answer(call, &caller, body)).await;
    Ok(match worked {
        Ok(Ok(body)) if call == Call::DownloadEdoc => typed(body, "application/octet-stream"),
        Ok(Ok(body)) => typed(body, "application/json"),
        Ok(Err(no)) => refused(call, &no, false),
        Err(error) => refused(call, &No::failed(error), true),
    })
}

fn verify(axis: &Axis, request: &Request<Coming>) -> Result<Verified, No> {
    let headers = request.headers().iter();
    let pairs: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    axis::verify(pairs.iter().map(|(name, value)| (*name, value.as_ref())), |id| {
        axis.credentials(id)
    })
    .and_then(|caller| axis.is_fresh(&caller).map(|()| caller))
    .map_err(|why| match why {
        Rejection::UnknownSystem => No::because(ErrorCode::UNKNOWN_SENDER),
        other => No(ErrorCode::WRONG_CREDENTIALS, other.to_string()),
    })
}

/// What a body announces that is too large is not waited for. The kit appends a line end.
fn fits(request: &Request<Coming>, most: u64) -> Result<(), No> {
    let announced = hyper::body::Body::size_hint(request.body()).lower();
    if announced > most.saturating_add(2) { Err(too_large()) } else { Ok(()) }
}

fn too_large() -> No {
    No(ErrorCode::INVALID_FILE, "File qua lon".to_owned())
}

enum Cut {
    Refused(No),
    TooSlow,
    /// The connection, or what is said of its length.
    Broken,
}

/// Until when a body of so many bytes has to be there.
fn deadline(bytes: u64, patience: Patience) -> Instant {
    let now = Instant::now();
    let long = patience.body.saturating_add(Duration::from_secs(bytes >> 15));
    now.checked_add(long).unwrap_or(now)
}

async fn receive(
    axis: &Axis,
    body: &mut Coming,
    most: u64,
    patience: Patience,
) -> Result<Incoming, Cut> {
    let announced = hyper::body::Body::size_hint(body).exact().unwrap_or(most);
    let until = deadline(announced, patience);
    let mut kept = Incoming::new(axis.folder());
    let (mut length, most) = (0_u64, most.saturating_add(2));
    loop {
        let next = timeout_at(until, timeout(patience.idle, body.frame())).await;
        let frame = match next {
            Ok(Ok(Some(Ok(frame)))) => frame,
            Ok(Ok(None)) => return Ok(kept),
            Ok(Ok(Some(Err(_)))) => return Err(Cut::Broken),
            Ok(Err(_)) | Err(_) => return Err(Cut::TooSlow),
        };
        let Ok(piece) = frame.into_data() else { continue };
        length = length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if length > most {
            return Err(Cut::Refused(too_large()));
        }
        kept.write(&piece).map_err(|error: io::Error| Cut::Refused(No::failed(error)))?;
    }
}

/// Reads a body that nobody wants, whose sender would otherwise not read the answer: whether
/// it came to its end.
async fn drain(body: &mut Coming, most: u64, patience: Patience) -> bool {
    let announced = hyper::body::Body::size_hint(body).exact().unwrap_or(most);
    if announced > most.saturating_mul(2) {
        return false;
    }
    let until = deadline(announced, patience);
    let mut left = most.saturating_mul(2);
    loop {
        match timeout_at(until, timeout(patience.idle, body.frame())).await {
            Ok(Ok(None)) => return true,
            Ok(Ok(Some(Ok(frame)))) => {
                let length = frame.data_ref().map_or(0, hyper::body::Bytes::len);
                match left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX)) {
                    Some(rest) => left = rest,
                    None => return false,
                }
            }
            _ => return false,
        }
    }
}

fn bare(status: StatusCode) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(""));
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn typed(body: Outgoing, content_type: &'static str) -> Response<Outgoing> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn refused(call: Call, No(code, text): &No, last: bool) -> Response<Outgoing> {
    let body = Outgoing::whole(Reply::fail(call, *code, text).to_json());
    let mut response = typed(body, "application/json");
    if last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
