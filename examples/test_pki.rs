//! Makes a PKI to try things with: `cargo run --example test_pki -- target/test-pki`.
//!
//! `--key FILE` certifies that private key (PKCS#8 PEM, such as an RSA key) for every
//! signer in place of fresh P-256 keys.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use time::OffsetDateTime;

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;
#[path = "support/test_pki.rs"]
mod test_pki;

const USAGE: &str = "test_pki [--key FILE] FOLDER";

fn main() -> ExitCode {
    let (folder, key) = match read() {
        Ok(options) => options,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    match run(&folder, key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("test_pki", &*error),
    }
}

fn read() -> Result<(PathBuf, Option<String>), Box<dyn Error>> {
    let (mut folder, mut key) = (None, None);
    let mut arguments = arguments::all()?;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--key" => key = Some(arguments.next().ok_or("--key wants a file")?),
            text if text.starts_with('-') => return Err(format!("no option {text}").into()),
            text if folder.is_some() => return Err(format!("{text}: one folder only").into()),
            text => folder = Some(PathBuf::from(text)),
        }
    }
    Ok((folder.ok_or("name a folder")?, key))
}

fn run(folder: &std::path::Path, key: Option<String>) -> Result<(), Box<dyn Error>> {
    let key = key.map(|it| fs::read_to_string(&it).map_err(|error| format!("{it}: {error}")));
    let key = key.transpose()?;
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
