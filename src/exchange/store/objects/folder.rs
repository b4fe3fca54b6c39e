//! Large messages as files.

use std::fs::{self, File};
use std::io::{ErrorKind as IoKind, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use ring::rand::{SecureRandom, SystemRandom};

use super::{Objects, check, failed, sync_folder};
use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{Seekable, Source, for_each_piece};
use crate::time::UtcTime;

/// A folder with a file for each message, in folders by the first two characters of its
/// digest.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// This folder, which is made where it is not there.
    ///
    /// # Errors
    /// `Io`.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(|error| failed("making the folder", &path, error))?;
        Ok(Self { path })
    }

    fn place(&self, digest: &str) -> Result<PathBuf> {
        check(digest)?;
        let (shard, _) = digest.split_at(2);
        Ok(self.path.join(shard).join(digest))
    }
}

impl Objects for Folder {
    fn put(&self, message: &dyn Source) -> Result<String> {
        let mut new = Unfinished::create(&self.path)?;
        let mut context = DigestContext::new(DigestAlgorithm::Sha256);
        for_each_piece(message, 0..message.len(), |piece| {
            context.update(piece);
            let written = new.file.write_all(piece);
            written.map_err(|error| failed("writing", &new.path, error))
        })?;
        new.file.sync_all().map_err(|error| failed("writing", &new.path, error))?;
        let digest = context.finish().to_string();
        let place = self.place(&digest)?;
        let shard = place.parent().unwrap_or(&self.path);
        fs::create_dir_all(shard).map_err(|error| failed("making the folder", shard, error))?;
        fs::rename(&new.path, &place).map_err(|error| failed("naming", &place, error))?;
        sync_folder(shard)?;
        sync_folder(&self.path)?;
        Ok(digest)
    }

    fn has(&self, digest: &str) -> Result<bool> {
        let place = self.place(digest)?;
        place.try_exists().map_err(|error| failed("looking for", &place, error))
    }

    fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        let place = self.place(digest)?;
        let file = File::open(&place).map_err(|error| failed("opening", &place, error))?;
        Ok(Box::new(Seekable::new(file)?))
    }

    fn remove(&self, digest: &str) -> Result<()> {
        let place = self.place(digest)?;
        match fs::remove_file(&place) {
            Err(error) if error.kind() != IoKind::NotFound => {
                Err(failed("removing", &place, error))
            }
            _ => Ok(()),
        }
    }

    fn older(&self, before: UtcTime, found: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        for (name, shard) in entries(&self.path)? {
            if name.len() != 2 || !shard.is_dir() {
                continue;
            }
            for (digest, path) in entries(&shard)? {
                let is_named = check(&digest).is_ok() && digest.starts_with(&name);
                if is_named && is_older(&path, before)? {
                    found(&digest)?;
                }
            }
        }
        Ok(())
    }

    fn clear(&self, before: UtcTime) -> Result<u64> {
        let mut cleared = 0_u64;
        for (name, path) in entries(&self.path)? {
            if !is_unfinished(&name) || !is_older(&path, before)? {
                continue;
            }
            match fs::remove_file(&path) {
                Ok(()) => cleared = cleared.saturating_add(1),
                Err(error) if error.kind() == IoKind::NotFound => {}
                Err(error) => return Err(failed("removing", &path, error)),
            }
        }
        Ok(cleared)
    }
}

/// What is in a folder, by name; names that are none of ours may be left out.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listed = fs::read_dir(folder).map_err(|error| failed("listing", folder, error))?;
    let mut all = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|error| failed("listing", folder, error))?;
        if let Ok(name) = entry.file_name().into_string() {
            all.push((name, entry.path()));
        }
    }
    Ok(all)
}

/// Whether a file was last written before an instant; one that is gone was not.
fn is_older(path: &Path, before: UtcTime) -> Result<bool> {
    let written = match fs::metadata(path).and_then(|it| it.modified()) {
        Ok(written) => written,
        Err(error) if error.kind() == IoKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("looking at", path, error)),
    };
    let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    Ok(micros < before.unix_micros())
}

fn is_unfinished(name: &str) -> bool {
    let number = name.strip_suffix(PART).unwrap_or_default();
    number.len() == 32 && number.bytes().all(|it| it.is_ascii_hexdigit())
}

/// At the end of a file's name that is being written.
const PART: &str = ".part";

/// A file that is removed again, unless it was given its name.
struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Unfinished {
    fn create(folder: &Path) -> Result<Self> {
        let mut name = [0; 16];
        SystemRandom::new()
            .fill(&mut name)
            .map_err(|_| Error::new(ErrorKind::Io, "the machine has no randomness to give"))?;
        let path = folder.join(format!("{:032x}{PART}", u128::from_be_bytes(name)));
        let file = File::create_new(&path).map_err(|error| failed("making", &path, error))?;
        Ok(Self { path, file })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
