//! What a test does that lacks something of the machine that it runs on.

use std::fmt::Display;
use std::io::Write;

/// Says what was not tried, and why, for whoever runs the test: past what the harness keeps to
/// itself. Where `KYSO_SKIP` is `never`, as in `.ci/run`, it is a failure.
#[track_caller]
pub(crate) fn skipped(why: impl Display) {
    let never = std::env::var_os("KYSO_SKIP").is_some_and(|it| it == "never");
    assert!(!never, "nothing is to be skipped: {why}");
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
