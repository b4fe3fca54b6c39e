//! Connections, and what they may cost.
//!
//! A connection is a task: it takes no thread while it is idle, sends its headers by drips,
//! brings a body or reads an answer slowly. All of that is bounded in time ([`Patience`])
//! and in memory: headers of at most 64 KiB, and of a body what fits in memory of a few
//! pieces, the rest in a file without a name. There are so many connections at most; the
//! next ones wait to be accepted until one ends.

use std::io;
use std::net::{self, SocketAddr};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::axis::Axis;
use super::{Options, Patience, request};

/// Bytes of the headers of a request, and of what else is read ahead.
const HEADER_BYTES: usize = 64 << 10;
/// Headers of a request; the kit sends some twenty.
const HEADERS: usize = 100;
/// Threads that watch over connections, at most.
const WATCHERS: usize = 2;
/// How long requests under way have to end when the gateway does.
const FAREWELL: Duration = Duration::from_secs(10);

/// What listens until it is dropped.
pub(super) struct Server {
    runtime: Option<Runtime>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    connections: Arc<Semaphore>,
    most: u32,
}

impl Server {
    pub(super) fn start(options: &Options, axis: &Arc<Axis>) -> io::Result<Self> {
        let listener = net::TcpListener::bind(&options.listen).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", options.listen))
        })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        // On one core a second one would only be woken, and find nothing.
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.min(WATCHERS))
            .max_blocking_threads(options.workers.max(1))
            .thread_name("axis")
            .enable_all()
            .build()?;
        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(Semaphore::new(options.connections));
        let most = u32::try_from(options.connections).unwrap_or(u32::MAX);
        let acceptor = Acceptor {
            axis: Arc::clone(axis),
            patience: options.patience,
            connections: Arc::clone(&connections),
            stopped,
        };
        let listener = {
            let _within = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(acceptor.accept(listener));
        Ok(Self { runtime: Some(runtime), address, stop, connections, most })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    /// Idle connections end at once; the others once they were answered.
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        let Some(runtime) = self.runtime.take() else { return };
        let all = self.connections.acquire_many(self.most);
        let _ = runtime.block_on(async { timeout(FAREWELL, all).await.is_ok() });
        runtime.shutdown_timeout(FAREWELL);
    }
}

#[derive(Clone)]
struct Acceptor {
    axis: Arc<Axis>,
    patience: Patience,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Acceptor {
    async fn accept(mut self, listener: TcpListener) {
        loop {
            let Ok(place) = Arc::clone(&self.connections).acquire_owned().await else { return };
            tokio::select! {
                came = listener.accept() => match came {
                    Ok((stream, _)) => {
                        tokio::spawn(self.clone().serve(stream, place));
                    }
                    // Too many files are open, or the peer is gone already.
                    Err(_) => sleep(Duration::from_millis(50)).await,
                },
                _ = self.stopped.changed() => return,
            }
        }
    }

    async fn serve(mut self, stream: TcpStream, _place: OwnedSemaphorePermit) {
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        // Reading has its times where it is known what is read: here it would cut off who
        // waits for an answer.
        stream.set_write_timeout(Some(self.patience.idle));
        let (axis, patience) = (self.axis, self.patience);
        let service = service_fn(move |request| {
            let axis = Arc::clone(&axis);
            async move { request::answer(axis, patience, request).await }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.headers)
            .max_headers(HEADERS)
            .max_buf_size(HEADER_BYTES)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
        tokio::pin!(connection);
        // What goes wrong on a connection is its peer's affair.
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.stopped.wait_for(|it| *it) => {}
            () = sleep(patience.connection) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(FAREWELL.max(patience.body), connection).await;
    }
}
