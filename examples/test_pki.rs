//! Makes a PKI to try things with: `cargo run --example test_pki -- target/test-pki`.
//!
//! `--key FILE` certifies that private key (PKCS#8 PEM, such as an RSA key) for every
//! signer in place of fresh P-256 keys.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for a terminal

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use time::OffsetDateTime;

#[path = "support/files.rs"]
mod files;
#[path = "support/test_pki.rs"]
mod test_pki;

const USAGE: &str = "usage: test_pki [--key FILE] FOLDER";

fn main() -> ExitCode {
    let mut folder = None;
    let mut key = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--key" => key = arguments.next(),
            text if text.starts_with('-') || folder.is_some() => return usage(),
            text => folder = Some(PathBuf::from(text)),
        }
    }
    let Some(folder) = folder else { return usage() };
    match run(&folder, key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("test_pki: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(64)
}

fn run(folder: &std::path::Path, key: Option<String>) -> Result<(), Box<dyn Error>> {
    let key = key.map(fs::read_to_string).transpose()?;
    let domains = test_pki::make(OffsetDateTime::now_utc(), key.as_deref())?;
    test_pki::write(&domains, folder)?;
    for domain in &domains {
        println!("{}: trust/{}.pem", domain.label, domain.label);
        for signer in &domain.signers {
            println!("  {}.pem, {}.key.pem", signer.name, signer.name);
        }
    }
    Ok(())
}
