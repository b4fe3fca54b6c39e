//! The queue of jobs, and the results by their keys: JetStream's, by `async-nats`.
//!
//! Jobs are in a stream from which each is taken once (`retention: workqueue`). Those of one
//! signing key are a part of it, those to be verified another; a durable consumer for each
//! part is shared by all workers that serve it. Results are in a key-value bucket, where a
//! value is created once.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::Context;
use async_nats::jetstream::kv::{self, CreateErrorKind, Operation};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, Stream};
use async_nats::{Client, ConnectOptions, ServerAddr};
use futures_util::TryStreamExt;

use crate::job::{Job, Key, MOST_BYTES, Record};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// For who keeps to one thread.
pub(crate) fn plain(error: Failure) -> Box<dyn std::error::Error> {
    error
}

/// A result repeats its job.
const MOST_OF_RESULT: i32 = 32 << 10;
/// Jobs in the hands of all workers of a part at once.
const MOST_IN_HAND: i64 = 1000;

/// Where NATS is, and who says so.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) roots: Option<PathBuf>,
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

/// How the queue is made, where it is not there yet.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) replicas: usize,
    /// How long results are kept; for good, unless given.
    pub(crate) keep: Option<Duration>,
}

pub(crate) struct Queue {
    name: String,
    context: Context,
    stream: Stream,
    results: kv::Store,
}

/// What became of a result that was handed in.
pub(crate) enum Entered {
    Ours,
    /// This one was there before.
    Others(Box<Record>),
}

impl Server {
    async fn connect(&self) -> Result<Client, Failure> {
        let mut options = ConnectOptions::new().name("kyso worker");
        if let Some(file) = &self.credentials {
            options = options.credentials_file(file).await?;
        }
        if let Some(file) = &self.roots {
            options = options.add_root_certificates(file.clone());
        }
        if let Some((certificate, key)) = &self.client {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        // A URL may hold a password: it is not repeated.
        let servers = self.url.split(',').map(str::parse).collect::<Result<Vec<ServerAddr>, _>>();
        let servers = servers.map_err(|error| format!("a URL is wrong: {error}"))?;
        if let Some((user, password)) = servers.iter().find_map(who)
            && self.credentials.is_none()
        {
            if [user, password].iter().any(|it| it.contains('%')) {
                return Err("for signs that a URL cannot hold, give --creds".into());
            }
            options = options.user_and_password(user.to_owned(), password.to_owned());
        }
        let connected = options.connect(servers).await;
        Ok(connected.map_err(|error| format!("NATS cannot be reached: {error}"))?)
    }
}

/// The client itself passes over it.
fn who(server: &ServerAddr) -> Option<(&str, &str)> {
    Some((server.username()?, server.password().unwrap_or_default()))
}

impl Queue {
    /// Makes what is not there; what is there stays as it is, with settings that others made.
    pub(crate) async fn open(server: &Server, name: &str, made: &Made) -> Result<Self, Failure> {
        let client = server.connect().await?;
        let context = async_nats::jetstream::new(client);
        let stream = context.get_or_create_stream(jobs(name, made)).await?;
        if stream.cached_info().config.retention != RetentionPolicy::WorkQueue {
            return Err(format!("the stream {name} is there, but no queue: give --queue").into());
        }
        context.get_or_create_stream(results_of(name, made)).await?;
        let results = context.get_key_value(bucket(name)).await?;
        Ok(Self { name: name.to_owned(), context, stream, results })
    }

    /// Shared by all who serve this part of the queue.
    pub(crate) async fn consumer(
        &self,
        part: &str,
        ack_wait: Duration,
    ) -> Result<PullConsumer, Failure> {
        let name = part.replace('.', "-");
        let config = pull::Config {
            durable_name: Some(name.clone()),
            filter_subject: self.subject(part),
            ack_policy: AckPolicy::Explicit,
            ack_wait,
            // Workers count for themselves: what a server gives up would stay in the queue
            // without a result, and nobody would be told.
            max_deliver: -1,
            max_ack_pending: MOST_IN_HAND,
            ..pull::Config::default()
        };
        Ok(self.stream.get_or_create_consumer(&name, config).await?)
    }

    pub(crate) fn subject(&self, part: &str) -> String {
        format!("{}.jobs.{part}", self.name)
    }

    /// In the queue, across a crash of the worker or the server, once this returns.
    pub(crate) async fn put(&self, job: &Job) -> Result<(), Failure> {
        let subject = self.subject(&job.profile.part());
        self.context.publish(subject, serde_json::to_vec(job)?.into()).await?.await?;
        Ok(())
    }

    /// How many jobs have no result yet.
    pub(crate) async fn waiting(&self) -> Result<u64, Failure> {
        Ok(self.stream.get_info().await?.state.messages)
    }

    pub(crate) async fn result(&self, key: &Key) -> Result<Option<Record>, Failure> {
        Ok(self.entry(key.as_str()).await?.map(|it| it.0))
    }

    async fn entry(&self, key: &str) -> Result<Option<(Record, u64)>, Failure> {
        let Some(entry) = self.results.entry(key).await? else { return Ok(None) };
        if entry.operation != Operation::Put {
            return Ok(None);
        }
        let record = serde_json::from_slice(&entry.value);
        let record = record.map_err(|error| format!("the result {key} cannot be read: {error}"))?;
        Ok(Some((record, entry.revision)))
    }

    /// The first result of a key counts.
    pub(crate) async fn enter(&self, key: &Key, record: &Record) -> Result<Entered, Failure> {
        let value = serde_json::to_vec(record)?;
        match self.results.create(key.as_str(), value.into()).await {
            Ok(_) => Ok(Entered::Ours),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                let there = self.result(key).await?.ok_or(error)?;
                // An earlier attempt to enter it, whose answer was lost.
                if there == *record { Ok(Entered::Ours) } else { Ok(Entered::Others(there.into())) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a failed result away, so that the job is tried again; whether there was one.
    pub(crate) async fn forget_failed(&self, key: &Key) -> Result<bool, Failure> {
        match self.entry(key.as_str()).await? {
            Some((record, revision)) if record.has_failed() => {
                self.results.purge_expect_revision(key.as_str(), Some(revision)).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(crate) async fn results(&self) -> Result<Vec<Record>, Failure> {
        let mut keys = self.results.keys().await?.try_collect::<Vec<_>>().await?;
        keys.sort();
        let mut all = Vec::new();
        for key in keys {
            all.extend(self.entry(&key).await?.map(|it| it.0));
        }
        Ok(all)
    }
}

fn jobs(name: &str, made: &Made) -> stream::Config {
    stream::Config {
        name: name.to_owned(),
        subjects: vec![format!("{name}.jobs.>")],
        retention: RetentionPolicy::WorkQueue,
        max_message_size: i32::try_from(MOST_BYTES).unwrap_or(i32::MAX),
        num_replicas: made.replicas,
        ..stream::Config::default()
    }
}

/// A bucket as clients make them, also for servers of before 2.10, which do not answer what
/// `create_key_value` asks of them.
fn results_of(name: &str, made: &Made) -> stream::Config {
    let bucket = bucket(name);
    stream::Config {
        name: format!("KV_{bucket}"),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        max_message_size: MOST_OF_RESULT,
        max_age: made.keep.unwrap_or_default(),
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: made.replicas,
        ..stream::Config::default()
    }
}

fn bucket(name: &str) -> String {
    format!("{name}-results")
}
