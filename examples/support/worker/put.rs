//! Puts documents among the objects, and jobs for them into the queue.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};

use kyso::exchange::store::objects::Objects;
use kyso::{Certificate, Limits, Seekable};

use crate::job::{Job, Profile, Sha256, Signing, Verifying};
use crate::queue::Queue;
use crate::say;
use crate::settings::Settings;

/// What `put` is told to have done: `sign` or `verify`.
pub(crate) fn profile(kind: &str, settings: &Settings) -> Result<Profile, Box<dyn Error>> {
    match kind {
        "sign" => {
            let chain = Certificate::all_from(&settings.keys.certificates()?, &Limits::default())?;
            let signer = chain.first().ok_or("give --cert, the signer's certificate")?;
            let algorithm = settings.keys.algorithm.map(|it| it.to_string());
            Ok(Profile::Sign(Signing {
                signer: Sha256::of_certificate(signer),
                algorithm: algorithm.ok_or("give --algorithm, as ECDSA_SHA256 or RSA_SHA256")?,
                level: settings.level,
                reason: settings.reason.clone(),
                location: settings.location.clone(),
            }))
        }
        "verify" => Ok(Profile::Verify(Verifying { policy: settings.policy, time: settings.time })),
        other => Err(format!("put sign or verify, not {other}").into()),
    }
}

/// Files, and those in folders, in the order of their names.
pub(crate) fn files(paths: &[String]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for path in paths.iter().map(Path::new) {
        let at = |error| format!("{}: {error}", path.display());
        if !path.is_dir() {
            files.push(path.to_owned());
            continue;
        }
        let entries = fs::read_dir(path).map_err(at)?;
        let mut within: Vec<_> =
            entries.map(|it| it.map(|it| it.path())).collect::<Result<_, _>>()?;
        within.retain(|it| it.is_file());
        within.sort();
        files.extend(within);
    }
    if files.is_empty() { Err("no file is named".into()) } else { Ok(files) }
}

/// How many are written at once: each waits for the disk, or for the bucket.
const AT_ONCE: usize = 8;

/// The objects first: no job names what is not there. Not to be called within a runtime.
pub(crate) fn jobs(
    objects: &dyn Objects,
    profile: &Profile,
    files: &[PathBuf],
) -> Result<Vec<Job>, String> {
    let job = |file: &PathBuf| job(objects, profile, file);
    let each = files.len().div_ceil(AT_ONCE).max(1);
    thread::scope(|scope| {
        let parts = files.chunks(each);
        let parts = parts.map(|part| scope.spawn(move || part.iter().map(job).collect()));
        let parts: Vec<ScopedJoinHandle<'_, Result<Vec<Job>, String>>> = parts.collect();
        let mut all = Vec::new();
        for part in parts {
            all.extend(part.join().map_err(|_| "a thread that wrote objects panicked")??);
        }
        Ok(all)
    })
}

fn job(objects: &dyn Objects, profile: &Profile, path: &Path) -> Result<Job, String> {
    let at = |error: &dyn Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| at(&error))?;
    let file = Seekable::new(file).map_err(|error| at(&error))?;
    let digest = objects.put(&file).map_err(|error| at(&error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Job { input: Sha256::try_from(digest)?, name, profile: profile.clone() }.checked()
}

/// A job that was put twice is done once: whoever stopped half-way puts all again.
pub(crate) async fn put(queue: &Queue, jobs: &[Job], again: bool) -> Result<(), Box<dyn Error>> {
    let mut forgotten = 0_usize;
    for (n, job) in jobs.iter().enumerate() {
        let of = jobs.len();
        let failed = |error| format!("{n} of {of} jobs are put, put all of them again: {error}");
        if again && queue.forget_failed(&job.key()).await.map_err(failed)? {
            forgotten = forgotten.saturating_add(1);
        }
        queue.put(job).await.map_err(failed)?;
    }
    say(&format!("{} jobs are put; {forgotten} of them had failed", jobs.len()));
    Ok(())
}
