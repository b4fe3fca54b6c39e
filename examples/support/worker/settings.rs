//! What the command line of `worker` says.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kyso::exchange::store::objects::{Folder, Objects};
use kyso::{TrustStore, UtcTime};

use crate::job::{Level, PolicyName};
use crate::keys::Keys;
use crate::levels::Levels;
use crate::network::Network;
use crate::options::certificates;
use crate::queue::{Made, Server};

pub(crate) const USAGE: &str = "\
worker setup                                    makes the queue, where it is not there yet
worker serve --objects STORE [KEY] [OPTIONS]    works on jobs until it is told to end
worker put sign --cert FILE --algorithm NAME [OPTIONS] PATH...   jobs for files, and files in folders
worker put verify [OPTIONS] PATH...
worker results [OPTIONS]                        a table of what came of them

all      --nats URL[,URL]...         where NATS is, nats://USER:PASSWORD@HOST or tls://...; $NATS_URL or
                                     this machine, unless given
         --creds FILE                credentials, as NATS' own tools write them
         --nats-ca FILE | --nats-cert FILE --nats-key FILE    roots, and the client's certificate
         --queue NAME                kyso, unless given
         --replicas N --keep DAYS    of a queue that is made: servers that keep it, and for how long results
objects  --objects FOLDER            one that all workers see
         --objects s3://BUCKET/PREFIX [--s3 NAME=VALUE]...    built with the feature object-store; keys are
                                     in $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY
serve    KEY                         signs, too, where one is named: see below
         --trust FILE                verifies, too, by these roots
         --tsa URL --crl FILE --ocsp FILE --local             for the levels T, LT and LTA
         --online --allow-private --cache FOLDER              asks for what is missing when verifying
         --threads N                 as many as there are cores, unless given
         --ack-wait SECONDS          30: after so long the job of a worker that died goes to another
         --attempts N                10: then a job has failed
         --pause MILLISECONDS        1000: before the second attempt; each one waits twice as long
put      --level B|T|LT|LTA --reason TEXT --location TEXT     sign
         --policy vietnam|etsi|pilot --time TIME              verify
         --again                     what has failed is tried again
results  --wait                      until no job is left
         --failed                    these alone
         --json                      one JSON object a line
         --out FOLDER                writes signed documents and reports, named by what went in";

type Outcome<T> = Result<T, Box<dyn Error>>;

pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) queue: String,
    pub(crate) made: Made,
    objects: Option<String>,
    s3: Vec<(String, String)>,
    pub(crate) keys: Keys,
    pub(crate) trust: Option<TrustStore>,
    pub(crate) levels: Levels,
    pub(crate) network: Network,
    pub(crate) threads: usize,
    pub(crate) ack_wait: Duration,
    pub(crate) attempts: u64,
    pub(crate) pause: Duration,
    pub(crate) level: Level,
    pub(crate) reason: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) policy: PolicyName,
    pub(crate) time: Option<UtcTime>,
    pub(crate) again: bool,
    pub(crate) wait: bool,
    pub(crate) failed: bool,
    pub(crate) json: bool,
    pub(crate) out: Option<PathBuf>,
    /// What to do, and with which files.
    pub(crate) words: Vec<String>,
}

impl Settings {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut settings = Self::new();
        let (mut certificate, mut key) = (None, None);
        while let Some(argument) = arguments.next() {
            let mut next = || arguments.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                "--nats" => settings.server.url = next()?,
                "--creds" => settings.server.credentials = Some(next()?.into()),
                "--nats-ca" => settings.server.roots = Some(next()?.into()),
                "--nats-cert" => certificate = Some(next()?.into()),
                "--nats-key" => key = Some(next()?.into()),
                "--queue" => settings.queue = next()?,
                "--replicas" => settings.made.replicas = next()?.parse()?,
                "--keep" => settings.made.keep = Some(days(&next()?)?),
                "--objects" => settings.objects = Some(next()?),
                "--s3" => settings.s3.push(pair(&next()?)?),
                "--trust" => settings.trust(&next()?)?,
                "--cache" => settings.network.keep_in(next()?),
                flag if settings.network.flag(flag) => {}
                "--tsa" | "--crl" | "--ocsp" | "--local" => {
                    settings.levels.read(&argument, &mut next)?;
                }
                "--threads" => settings.threads = next()?.parse()?,
                "--ack-wait" => settings.ack_wait = Duration::from_secs(next()?.parse()?),
                "--attempts" => settings.attempts = next()?.parse()?,
                "--pause" => settings.pause = Duration::from_millis(next()?.parse()?),
                "--level" => settings.level = named(&next()?)?,
                "--reason" => settings.reason = Some(next()?),
                "--location" => settings.location = Some(next()?),
                "--policy" => settings.policy = named(&next()?)?,
                "--time" => settings.time = Some(next()?.parse()?),
                "--again" => settings.again = true,
                "--wait" => settings.wait = true,
                "--failed" => settings.failed = true,
                "--json" => settings.json = true,
                "--out" => settings.out = Some(next()?.into()),
                option if settings.keys.read(option, &mut next)? => {}
                text if text.starts_with("--") => return Err(format!("no option {text}").into()),
                word => settings.words.push(word.to_owned()),
            }
        }
        settings.server.client = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => return Err("--nats-cert and --nats-key go together".into()),
        };
        settings.checked()
    }

    fn new() -> Self {
        let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".into());
        let threads = std::thread::available_parallelism().map_or(1, Into::into);
        Self {
            server: Server { url, credentials: None, roots: None, client: None },
            queue: "kyso".into(),
            made: Made { replicas: 1, keep: None },
            objects: None,
            s3: Vec::new(),
            keys: Keys::default(),
            trust: None,
            levels: Levels::default(),
            network: Network::default(),
            threads,
            ack_wait: Duration::from_secs(30),
            attempts: 10,
            pause: Duration::from_secs(1),
            level: Level::B,
            reason: None,
            location: None,
            policy: PolicyName::Vietnam,
            time: None,
            again: false,
            wait: false,
            failed: false,
            json: false,
            out: None,
            words: Vec::new(),
        }
    }

    fn checked(self) -> Outcome<Self> {
        let bounds = self.threads > 0 && self.attempts > 0 && !self.ack_wait.is_zero();
        if !bounds {
            return Err("--threads, --attempts and --ack-wait are 1 at least".into());
        }
        let name = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if self.queue.is_empty() || !self.queue.chars().all(name) {
            return Err("--queue takes letters, digits, - and _".into());
        }
        Ok(self)
    }

    /// Also what time-stamps and signatures at LT and LTA are held against.
    fn trust(&mut self, file: &str) -> Outcome<()> {
        let roots = certificates(file)?.into_iter().collect();
        self.trust.get_or_insert_with(TrustStore::new).merge(roots);
        self.levels.read("--trust", || Ok(file.to_owned()))?;
        Ok(())
    }

    pub(crate) fn objects(&self) -> Outcome<Box<dyn Objects>> {
        let place = self.objects.as_deref().ok_or("give --objects")?;
        if place.starts_with("s3://") {
            return self.bucket(place);
        }
        Ok(Box::new(Folder::new(Path::new(place))?))
    }

    #[cfg(feature = "object-store")]
    fn bucket(&self, url: &str) -> Outcome<Box<dyn Objects>> {
        let secret = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
        let (id, key) = (secret("AWS_ACCESS_KEY_ID")?, secret("AWS_SECRET_ACCESS_KEY")?);
        let mut options = vec![("access_key_id", &*id), ("secret_access_key", &*key)];
        options.extend(self.s3.iter().map(|(name, value)| (&**name, &**value)));
        Ok(Box::new(kyso::exchange::store::objects::Bucket::new(url, &options)?))
    }

    #[cfg(not(feature = "object-store"))]
    fn bucket(&self, url: &str) -> Outcome<Box<dyn Objects>> {
        Err(format!("{url}: build this program with the feature object-store").into())
    }
}

/// By the name that jobs have it by.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Outcome<T> {
    Ok(serde_json::from_value(name.into())?)
}

fn days(text: &str) -> Outcome<Duration> {
    let seconds = text.parse::<u64>()?.checked_mul(24 * 60 * 60);
    Ok(Duration::from_secs(seconds.ok_or("so many days are none")?))
}

fn pair(text: &str) -> Outcome<(String, String)> {
    let (name, value) = text.split_once('=').ok_or("--s3 takes NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
