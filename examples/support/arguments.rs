//! What a program was told on its command line.

use std::process::ExitCode;

/// The arguments behind the program's name.
pub(crate) fn all() -> Result<std::vec::IntoIter<String>, Box<dyn std::error::Error>> {
    let texts: Result<Vec<_>, _> = std::env::args_os()
        .skip(1)
        .map(|it| it.into_string().map_err(|it| format!("{} is no UTF-8", it.display())))
        .collect();
    Ok(texts?.into_iter())
}

/// Says what was wrong and how it is used: exit code 64, as `sysexits.h` has it.
#[allow(clippy::print_stderr, reason = "a program speaks to who runs it")]
pub(crate) fn wrong_usage(error: &dyn std::error::Error, usage: &str) -> ExitCode {
    eprintln!("{error}\n\n{usage}");
    ExitCode::from(64)
}

/// What went wrong, and exit code 1.
#[allow(clippy::print_stderr, reason = "a program speaks to who runs it")]
#[allow(dead_code, reason = "not every program can fail in one way alone")]
pub(crate) fn failed(program: &str, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{program}: {error}");
    ExitCode::FAILURE
}
