//! Third-party samples for tests, where they are at hand. Never part of the crate;
//! the tests beside it use this very file.
#![allow(clippy::print_stdout)] // a skipped test says so

use std::path::PathBuf;

/// A folder of the corpus beside the project, or of `$KYSO_CORPUS`. Where it is not
/// there, the test says so and passes.
pub(crate) fn corpus(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("KYSO_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let path = root.join(folder);
    if path.is_dir() {
        Some(path)
    } else {
        println!("skipped: {} is not there", path.display());
        None
    }
}
