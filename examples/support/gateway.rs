//! A gateway of the document axis, for many agencies: the protocol and the store are the
//! library's, HTTP is `hyper`'s.
//!
//! It keeps the rules that the unmodified national kit depends on, and these: headers are
//! verified before a body is read, `from` is the caller, the digest is the body's, the
//! message's own sender is the caller, receivers are registered, nothing is delivered twice.
//! A message is in the store, across a crash of the machine, before its name is answered.
//!
//! A connection that has not brought a whole request takes no thread, and a bounded amount
//! of memory and of time: see `server`. Threads work on whole requests alone.
//!
//! It is an axis to try things out with: it serves plain HTTP, and the secrets of its
//! agencies are known to whoever starts it.

#[path = "gateway/axis.rs"]
mod axis;
#[path = "gateway/body.rs"]
mod body;
#[path = "gateway/directory.rs"]
mod directory;
#[path = "gateway/lists.rs"]
mod lists;
#[path = "gateway/refusal.rs"]
mod refusal;
#[path = "gateway/request.rs"]
mod request;
#[path = "gateway/server.rs"]
mod server;
#[path = "gateway/take.rs"]
mod take;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use kyso::axis::Freshness;
use kyso::exchange::store::objects::Folder;
use kyso::exchange::store::{PostOffice, Postgres, SqliteOptions};
use tempfile::TempDir;

use self::axis::Axis;
pub(crate) use self::directory::Agency;
use self::server::Server;

/// How a gateway runs.
pub(crate) struct Options {
    /// Where to listen; port 0 takes any free one.
    pub(crate) listen: String,
    /// Where messages are kept, by SQLite; where there is none, in a folder that is removed
    /// with the gateway.
    pub(crate) folder: Option<PathBuf>,
    /// The PostgreSQL server that keeps the messages instead, and the large ones, too large
    /// for it, in `folder`: `postgres://…`.
    pub(crate) postgres: Option<String>,
    /// `false`: what was taken last may be lost in a power cut, though not by a kill.
    pub(crate) durable: bool,
    /// Most bytes of a message.
    pub(crate) message_bytes: u64,
    /// How far the time of a request may be from the gateway's; any time where there is none.
    pub(crate) freshness: Option<Freshness>,
    /// Writes each message anew under this code, as the national axis does: with a trace of
    /// its own, and without what it does not know. To the byte as it came where there is none.
    pub(crate) rewrite_as: Option<String>,
    /// Most connections at once; more wait until one ends.
    pub(crate) connections: usize,
    /// Threads that work on requests.
    pub(crate) workers: usize,
    /// How patient it is with its peers.
    pub(crate) patience: Patience,
}

/// How long a peer may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// For the headers of a request, and between two requests.
    pub(crate) headers: Duration,
    /// Without a byte that comes or goes.
    pub(crate) idle: Duration,
    /// For a body, beside a second for each 32 KiB of it.
    pub(crate) body: Duration,
    /// For all requests of a connection, which ends then, once it has been answered.
    pub(crate) connection: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            folder: None,
            postgres: None,
            durable: true,
            message_bytes: 128 << 20,
            freshness: None,
            rewrite_as: None,
            connections: 1_000,
            workers: 8,
            patience: Patience::default(),
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            body: Duration::from_secs(30),
            connection: Duration::from_secs(900),
        }
    }
}

/// A gateway that runs until it is shut down or dropped.
pub(crate) struct Gateway {
    server: Option<Server>,
    address: SocketAddr,
    axis: Arc<Axis>,
    /// Removed after the store was closed.
    _temporary: Option<TempDir>,
}

impl Gateway {
    /// Serves these agencies.
    pub(crate) fn start(options: Options, agencies: Vec<Agency>) -> io::Result<Self> {
        let temporary = match &options.folder {
            Some(_) => None,
            None => Some(tempfile::tempdir()?),
        };
        let folder = match (&options.folder, &temporary) {
            (Some(folder), _) => folder.clone(),
            (None, temporary) => temporary.as_ref().map(|it| it.path().into()).unwrap_or_default(),
        };
        let store = open(&options, &folder)?;
        let axis = Arc::new(Axis::new(store, agencies, folder, &options)?);
        let server = Server::start(&options, &axis)?;
        let address = server.address();
        Ok(Self { server: Some(server), address, axis, _temporary: temporary })
    }

    /// What clients are given: `http://127.0.0.1:…/api`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// Messages taken and messages taken over since it started.
    #[allow(dead_code, reason = "only a program tells it")]
    pub(crate) fn progress(&self) -> (u64, u64) {
        self.axis.progress()
    }

    /// Ends it; requests under way are answered.
    #[allow(dead_code, reason = "some programs run until they are interrupted")]
    pub(crate) fn shutdown(mut self) {
        self.server.take();
    }
}

fn open(options: &Options, folder: &Path) -> io::Result<Arc<dyn PostOffice>> {
    fs::create_dir_all(folder)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
    match &options.postgres {
        Some(url) => {
            let large = Folder::new(folder.join("messages")).map_err(io::Error::other)?;
            Ok(Arc::new(Postgres::open(url, Arc::new(large)).map_err(io::Error::other)?))
        }
        None => {
            let sqlite = SqliteOptions::new(folder.join("axis.db")).durable(options.durable);
            Ok(Arc::new(sqlite.open().map_err(io::Error::other)?))
        }
    }
}
