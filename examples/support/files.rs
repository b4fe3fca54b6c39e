//! Files that appear whole or not at all.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes beside `path` and renames, so that nobody ever sees half a file. Who may read
/// it is for the umask to say, as with any other file.
#[allow(dead_code, reason = "some programs write secrets alone")]
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, 0o666, true, |out| out.write_all(bytes)).map_err(|error| at(path, &error))
}

/// The same for what is too large to be held: `fill` writes it.
#[allow(dead_code, reason = "most programs hold what they write")]
pub(crate) fn stream_whole(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    write(path, 0o666, true, |out| fill(out))
}

/// The same without waiting for the disk, as many files at once ask for: whoever counts on
/// them has them [written through](sync) before, all together.
#[allow(dead_code, reason = "most programs write few files")]
pub(crate) fn stream_unsynced(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    write(path, 0o666, false, |out| fill(out))
}

/// Waits until a file is on the disk.
#[allow(dead_code, reason = "most programs write few files")]
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(path);
    file.and_then(|file| file.sync_all()).map_err(|error| at(path, &error))
}

/// The same for a file that is its owner's alone.
#[allow(dead_code, reason = "most programs write no secrets")]
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, 0o600, true, |out| out.write_all(bytes)).map_err(|error| at(path, &error))
}

/// `mode` counts on Unix; elsewhere the folder's rules do.
fn write<E: From<io::Error>>(
    path: &Path,
    mode: u32,
    synced: bool,
    fill: impl FnOnce(&mut fs::File) -> Result<(), E>,
) -> Result<(), E> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut new = tempfile::Builder::new();
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = new.tempfile_in(folder)?;
    fill(file.as_file_mut())?;
    if synced {
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(io::Error::from)?;
    Ok(())
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display()))
}
