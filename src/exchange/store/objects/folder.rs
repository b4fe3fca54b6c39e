//! Large messages as files.

use std::fs::{self, File};
use std::io::{ErrorKind as IoKind, Write};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};

use super::{Objects, check};
use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{Seekable, Source, for_each_piece};

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
}

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
        let path = folder.join(format!("{:032x}.part", u128::from_be_bytes(name)));
        let file = File::create_new(&path).map_err(|error| failed("making", &path, error))?;
        Ok(Self { path, file })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A name is kept across a crash once its folder is written. Only Unix opens folders.
#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|it| it.sync_all());
    synced.map_err(|error| failed("writing the folder", path, error))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

fn failed(doing: &str, path: &Path, error: std::io::Error) -> Error {
    let text = format!("{doing} {} failed: {error}", path.display());
    Error::new(ErrorKind::Io, text).because(error)
}
