//! The store by a PostgreSQL server.

mod connection;
mod pool;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ::postgres::Config;
use ::postgres::config::SslMode;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::pool::Pool;
use super::objects::Objects;
use super::sql::{self, Database, Kept, Room};
use crate::error::{Error, ErrorKind, Result};
use crate::pki::Certificate;

/// A store in a database of a PostgreSQL server, version 13 or later, for any number of
/// workers on any number of machines. Large messages are kept beside it, in a place that all
/// of them reach.
///
/// Synchronous: not to be called from within an asynchronous runtime, but from one of its
/// threads for blocking work. A connection that was lost is made anew when one is needed; a
/// transaction that the server could not bring in line with others is carried out again.
pub struct Postgres {
    room: Room,
}

/// How a [`Postgres`] store is to be opened.
#[derive(Clone)]
#[must_use]
pub struct PostgresOptions {
    url: String,
    objects: Arc<dyn Objects>,
    within: u64,
    connections: u32,
    roots: Vec<Certificate>,
}

/// After that, a server that does not answer is one that is not there.
const PATIENCE: Duration = Duration::from_secs(10);
/// Acknowledgements of what was sent, in a network that loses them.
const SILENCE: Duration = Duration::from_secs(30);

impl PostgresOptions {
    /// `url` as libpq writes it: `postgresql://user:password@host:5432/database`. Large
    /// messages, those of more than 256 KiB, go to `objects`. At most eight connections.
    pub fn new(url: impl Into<String>, objects: Arc<dyn Objects>) -> Self {
        let (within, connections) = (256 << 10, 8);
        Self { url: url.into(), objects, within, connections, roots: Vec::new() }
    }

    /// Messages of more bytes are kept beside the database.
    pub fn within(mut self, bytes: u64) -> Self {
        self.within = bytes;
        self
    }

    /// Most connections at once; a thread that needs one more waits.
    pub fn connections(mut self, most: u32) -> Self {
        self.connections = most.max(1);
        self
    }

    /// The server is spoken to by TLS only, and its certificate has to lead to one of these
    /// and to name its host.
    pub fn trusting(mut self, roots: &[Certificate]) -> Self {
        self.roots = roots.to_vec();
        self
    }

    /// Opens the store; its tables are made where there are none.
    ///
    /// # Errors
    /// `Misuse` where the URL cannot be understood, or asks for TLS and there are no roots
    /// to trust; `Io` where the server is not reached or refuses; `Unsupported` where a
    /// newer version of this crate made the tables.
    pub fn open(self) -> Result<Postgres> {
        // What the parser says may quote the URL, and the password in it.
        let mut config = Config::from_str(&self.url)
            .map_err(|_| Error::misuse("the URL of the database cannot be understood"))?;
        config.connect_timeout(PATIENCE).tcp_user_timeout(SILENCE);
        let tls = self.tls(&mut config)?;
        let pool = Pool::new(config, tls, self.connections);
        pool.write(Kept::AtOnce, &mut |connection| sql::migrate(connection))?;
        Ok(Postgres { room: Room::new(Box::new(pool), self.objects, self.within) })
    }

    fn tls(&self, config: &mut Config) -> Result<Option<MakeRustlsConnect>> {
        if self.roots.is_empty() {
            return if config.get_ssl_mode() == SslMode::Require {
                Err(Error::misuse("the URL asks for TLS, and no roots were given to trust"))
            } else {
                Ok(None)
            };
        }
        let mut roots = RootCertStore::empty();
        for root in &self.roots {
            let added = roots.add(CertificateDer::from(root.der()));
            added.map_err(|error| Error::malformed("a root cannot be used").because(error))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(ErrorKind::Unsupported, "TLS").because(error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.ssl_mode(SslMode::Require);
        Ok(Some(MakeRustlsConnect::new(tls)))
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens the store, as [`PostgresOptions::new`] has it.
    ///
    /// # Errors
    /// As [`PostgresOptions::open`].
    pub fn open(url: &str, objects: Arc<dyn Objects>) -> Result<Self> {
        PostgresOptions::new(url, objects).open()
    }
}

sql::kept_in_a_room! { Postgres }

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}
