//! Signs PDFs by a folder that is a queue: one machine prepares, another has the key and
//! never sees a document, and the first completes. Each role may be stopped and run again at
//! any time.
//!
//! In the folder, by the name of the job: `states` is the preparing machine's own, `jobs` is
//! what the key is to sign, `answers` what came of it, and `done` tells what was completed.
//! The key's machine needs to read `jobs` and to write `answers`, and nothing else. Whoever
//! can write `jobs` says what is signed: give that to nobody else.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kyso::{
    Certificate, DigestAlgorithm, Limits, Prepared, Seekable, SignatureValue, Signer, Source,
    ToBeSigned, UtcTime, pades,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/options.rs"]
mod options;

use keys::Keys;

const USAGE: &str = "\
sign_by_queue prepare QUEUE --cert FILE... --algorithm RSA_SHA256 [OPTIONS] IN OUT   puts a PDF into the queue
sign_by_queue sign QUEUE KEY        signs what waits; sees no document
sign_by_queue complete QUEUE        writes each OUT for which the value has come

OPTIONS    --job NAME                            the document's digest, unless given
           --time 2026-11-22T08:00:00+07:00 --field NAME --reason TEXT";

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What the key's machine is asked.
#[derive(Serialize, Deserialize)]
struct Job {
    /// For whoever looks at it: the file's name and what is signed.
    description: String,
    to_be_signed: ToBeSigned,
    /// Of what is to be signed; the answer repeats it.
    digest: String,
    /// Whose key is meant.
    certificate: Certificate,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    digest: String,
    value: SignatureValue,
}

/// What waits for the value.
#[derive(Serialize, Deserialize)]
struct State {
    document: PathBuf,
    output: PathBuf,
    prepared: Prepared,
}

#[derive(Serialize, Deserialize)]
struct Done {
    /// Of the value that was put in.
    digest: String,
}

#[derive(Default)]
struct Options {
    keys: Keys,
    time: Option<UtcTime>,
    field: Option<String>,
    reason: Option<String>,
    job: Option<String>,
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let options = match arguments::all().and_then(Options::read) {
        Ok(options) => options,
        Err(error) => return keys::wrong_usage(&*error, USAGE),
    };
    let paths: Vec<&Path> = options.paths.iter().map(PathBuf::as_path).collect();
    let outcome = match paths.as_slice() {
        [role, queue, input, output] if *role == Path::new("prepare") => {
            prepare(&Queue::at(queue), input, output, &options)
        }
        [role, queue] if *role == Path::new("sign") => sign(&Queue::at(queue), &options),
        [role, queue] if *role == Path::new("complete") => complete(&Queue::at(queue)),
        _ => return keys::wrong_usage(&*Box::<dyn Error>::from("give a role"), USAGE),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("sign_by_queue", &*error),
    }
}

/// Done before, it does nothing: a second job with another time would be another signature.
fn prepare(queue: &Queue, input: &Path, output: &Path, options: &Options) -> Outcome<()> {
    let about = |error: io::Error| format!("{}: {error}", input.display());
    // Read once: the name is of what is signed, whoever writes to the file meanwhile.
    let (job, document): (String, Box<dyn Source>) = match &options.job {
        Some(job) => {
            let job = checked(job)?.to_owned();
            (job, Box::new(Seekable::new(File::open(input).map_err(about)?)?))
        }
        None => {
            let bytes = fs::read(input).map_err(about)?;
            (digest_of(&bytes), Box::new(bytes))
        }
    };
    if queue.path(JOBS, &job).exists() {
        println!("{job}: waits already");
        return Ok(());
    }
    let chain = Certificate::all_from(&options.keys.certificates()?, &Limits::default())?;
    let certificate = chain.first().cloned().ok_or("prepare needs --cert")?;
    let algorithm = options.keys.algorithm.ok_or("prepare needs --algorithm")?;
    let time = options.time.unwrap_or_else(UtcTime::now);
    let mut builder = pades::SignatureBuilder::new(&*document, time);
    if let Some(field) = &options.field {
        builder = builder.field(field);
    }
    if let Some(reason) = &options.reason {
        builder = builder.reason(reason);
    }
    let prepared = builder.prepare(&chain, algorithm)?;
    let to_be_signed = prepared.to_be_signed().clone();
    let name = input.file_name().unwrap_or_default().display();
    let description = format!("{name}, {time}, {}", options.reason.as_deref().unwrap_or_default());
    let digest = to_be_signed.digest().to_string();
    let (document, output) = (std::path::absolute(input)?, std::path::absolute(output)?);
    // The state first: there is no job then that nobody can complete.
    queue.put(STATES, &job, &State { document, output, prepared })?;
    queue.put(JOBS, &job, &Job { description, to_be_signed, digest, certificate })?;
    println!("{job}: waits for its value");
    Ok(())
}

/// What has an answer is passed over, so that nobody is asked twice. A job that cannot be read
/// keeps none of the others.
fn sign(queue: &Queue, options: &Options) -> Outcome<()> {
    let is_new = |name: &str| !queue.path(ANSWERS, name).exists();
    let (names, more) = queue.names(JOBS, AT_ONCE, is_new)?;
    let (mut waiting, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match queue.get::<Job>(JOBS, &name) {
            Ok(job) => waiting.push((name, job)),
            Err(error) => failures.push(error.to_string()),
        }
    }
    if more > 0 {
        println!("{more} more wait: sign again after these");
    }
    if waiting.is_empty() {
        println!("nothing waits");
        return report(&failures);
    }
    let signer = options.keys.open()?;
    waiting.retain(|(name, job)| match fits(job, &*signer) {
        Ok(()) => true,
        Err(why) => {
            failures.push(format!("{name}: {why}"));
            false
        }
    });
    for chunk in waiting.chunks(signer.batch_size().max(1)) {
        let batch: Vec<ToBeSigned> = chunk.iter().map(|(_, it)| it.to_be_signed.clone()).collect();
        let before = failures.len();
        for ((name, job), value) in chunk.iter().zip(signer.sign_all(&batch)) {
            match value {
                Ok(value) => {
                    let digest = job.digest.clone();
                    queue.put(ANSWERS, name, &Answer { digest, value })?;
                    println!("{name}: signed: {}", job.description.escape_debug());
                }
                Err(error) => failures.push(format!("{name}: {error}")),
            }
        }
        if failures.len() > before {
            // Whoever holds the key is not asked again: a PIN that is wrong twice is locked.
            failures.push("the rest was left: the key did not sign".into());
            break;
        }
    }
    report(&failures)
}

/// Whether this key is meant, and the job is whole.
fn fits(job: &Job, signer: &dyn Signer) -> Result<(), String> {
    if signer.certificate_chain().first() != Some(&job.certificate) {
        return Err(format!("it is for another key: {}", job.certificate.subject()));
    }
    if job.to_be_signed.algorithm() != signer.algorithm() {
        let (wanted, own) = (job.to_be_signed.algorithm(), signer.algorithm());
        return Err(format!("it wants {wanted}, and the key signs with {own}"));
    }
    if job.to_be_signed.digest().to_string() != job.digest {
        return Err("it was changed in the queue".into());
    }
    Ok(())
}

/// Each value is checked against the certificate before a byte is written. An answer that is
/// refused stays for a person to look at, and keeps none of the others.
fn complete(queue: &Queue) -> Outcome<()> {
    let mut failures = Vec::new();
    for name in queue.names(STATES, usize::MAX, |_| true)?.0 {
        if !queue.path(ANSWERS, &name).exists() {
            println!("{name}: waits for its value");
            continue;
        }
        if let Err(error) = complete_one(queue, &name) {
            failures.push(format!("{name}: {error}"));
        }
    }
    report(&failures)
}

fn complete_one(queue: &Queue, name: &str) -> Outcome<()> {
    let State { document, output, prepared } = queue.get(STATES, name)?;
    let answer: Answer = queue.get(ANSWERS, name)?;
    let done = Done { digest: digest_of(answer.value.bytes()) };
    let before: Option<Done> =
        queue.path(DONE, name).exists().then(|| queue.get(DONE, name)).transpose()?;
    if before.is_some_and(|it| it.digest == done.digest) && output.exists() {
        println!("{name}: done already: {}", output.display());
        return Ok(());
    }
    if answer.digest != prepared.to_be_signed().digest().to_string() {
        return Err("the answer is to another question".into());
    }
    let signed = prepared.complete(&answer.value)?;
    let file = File::open(&document).map_err(|it| format!("{}: {it}", document.display()))?;
    let document = Seekable::new(file)?;
    files::stream_whole(&output, |out| Ok(signed.write_to(&document, out)?))?;
    queue.put(DONE, name, &done)?;
    println!("{name}: signed: {}", output.display());
    Ok(())
}

fn report(failures: &[String]) -> Outcome<()> {
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

const STATES: &str = "states";
const JOBS: &str = "jobs";
const ANSWERS: &str = "answers";
const DONE: &str = "done";
/// Bytes of one file of the queue: what a signature adds to a PDF, twice over.
const MOST: u64 = 64 << 20;
/// Bytes of a job: attributes that are to be signed, and a certificate.
const JOB: u64 = 256 << 10;
/// Jobs that are signed by one call.
const AT_ONCE: usize = 1_000;

/// Folders of files in JSON, each of which appears whole or not at all.
struct Queue(PathBuf);

impl Queue {
    fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn path(&self, folder: &str, name: &str) -> PathBuf {
        self.0.join(folder).join(format!("{name}.json"))
    }

    fn put(&self, folder: &str, name: &str, value: &impl Serialize) -> Outcome<()> {
        Ok(files::write_whole(&self.path(folder, name), &serde_json::to_vec_pretty(value)?)?)
    }

    fn get<T: DeserializeOwned>(&self, folder: &str, name: &str) -> Outcome<T> {
        let path = self.path(folder, name);
        let about = |error: &dyn Error| format!("{}: {error}", path.display());
        let most = if folder == JOBS { JOB } else { MOST };
        let bytes = read(&path, most).map_err(|it| about(&it))?;
        Ok(serde_json::from_slice(&bytes).map_err(|it| about(&it))?)
    }

    /// The first of those wanted, in order, and how many more there are; files that are none of
    /// the queue's are passed over.
    fn names(
        &self,
        folder: &str,
        most: usize,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Outcome<(BTreeSet<String>, usize)> {
        let (path, mut names, mut more) = (self.0.join(folder), BTreeSet::new(), 0_usize);
        if !path.exists() {
            return Ok((names, more));
        }
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
            let is_job = path.extension().is_some_and(|it| it == "json") && checked(name).is_ok();
            if is_job && is_wanted(name) {
                names.insert(name.to_owned());
            }
            if names.len() > most {
                names.pop_last();
                more = more.saturating_add(1);
            }
        }
        Ok((names, more))
    }
}

/// What cannot lead out of a folder.
fn checked(name: &str) -> Result<&str, String> {
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        Ok(name)
    } else {
        Err(format!("{name:?} is no name of a job: 1 to 64 letters, digits, - and _"))
    }
}

fn digest_of(bytes: &[u8]) -> String {
    DigestAlgorithm::Sha256.digest(bytes).to_string()
}

/// A file of the folder itself: a link may lead anywhere, and a pipe has no end.
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("is no plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|it| it <= most) {
        Ok(bytes)
    } else {
        Err(io::Error::other("too large"))
    }
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut next = || arguments.next().ok_or(format!("{argument} wants a value"));
            if options.keys.read(&argument, &mut next)? {
                continue;
            }
            match argument.as_str() {
                "--time" => options.time = Some(next()?.parse()?),
                "--field" => options.field = Some(next()?),
                "--reason" => options.reason = Some(next()?),
                "--job" => options.job = Some(next()?),
                text if text.starts_with("--") => return Err(format!("no option {text}").into()),
                path => options.paths.push(path.into()),
            }
        }
        Ok(options)
    }
}
