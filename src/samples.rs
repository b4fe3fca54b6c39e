//! Third-party samples for tests, where they are at hand. Never part of the crate;
//! the tests beside it use this very file.

use std::path::PathBuf;

#[path = "../tests/support/skip.rs"]
pub(crate) mod skip;

/// A folder of the corpus beside the project, or of `$KYSO_CORPUS`. Where it is not there, the
/// test says so and passes; `.ci/run` bears that only where `$KYSO_CORPUS` is said to be nothing.
pub(crate) fn corpus(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("KYSO_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if root.as_os_str().is_empty() {
        return None;
    }
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    skip::skipped(path.display());
    None
}
