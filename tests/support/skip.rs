//! What a test does that lacks something of the machine that it runs on.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

/// Says what was not tried, and why, for whoever runs the test: past what the harness keeps to
/// itself. Where `KYSO_SKIP` is `never`, as in `.ci/run`, it is a failure.
#[track_caller]
pub(crate) fn skipped(why: impl Display) {
    let never = std::env::var_os("KYSO_SKIP").is_some_and(|it| it == "never");
    assert!(!never, "nothing is to be skipped: {why}");
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// Where the example is that goes by this name: `cargo test` builds the examples beside the
/// tests; a single test by name does not, and then this says so.
#[allow(dead_code, reason = "not every test runs one")]
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let tests = std::env::current_exe().ok()?;
    let folder = tests.parent()?.parent()?.join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Some(program);
    }
    skipped(format_args!("{} is not built", program.display()));
    None
}
